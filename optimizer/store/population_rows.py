"""The population of settled lots, read for the auditor. A part of ``Session``."""

from __future__ import annotations

from sqlalchemy import Connection, text

from optimizer.accounts.population import AMOUNTS, PopulationItem
from optimizer.store.sorted_ids import joined_runs

_STANDING = """
SELECT t.seq, t.transaction_id, t.kind, t.number AS waybill_number, t.lot_no, t.period, t.effective_at,
  COALESCE(b.consignor_id, '') AS consignor_id, COALESCE(b.cargo_code, '') AS cargo_code, r.tier, r.run_id,
  r.mass_kg, r.baseline_wtw_g, r.actual_wtw_g, r.expected_wtw_g, r.credited_wtw_g
FROM transactions AS t
{runs}
LEFT JOIN waybills AS b ON b.number = t.number AND b.version = 1
WHERE t.kind IN ('SETTLE','RESTATE','REVERSE') AND t.seq <= :until
AND NOT EXISTS (SELECT 1 FROM transactions AS c WHERE c.number = t.number AND c.lot_no = t.lot_no
  AND c.resolves = t.transaction_id AND c.kind IN ('REVERSE','RESTATE') AND c.seq <= :until)
ORDER BY t.seq"""

_HELD = """
SELECT COALESCE(SUM(amount), 0) FROM (
  SELECT amount FROM posting_lines WHERE ledger = 1 AND bucket <> 1 AND account_no > 0 AND transaction_seq <= :until
  UNION ALL SELECT -amount FROM posting_lines WHERE ledger = 1 AND counter_bucket <> 1 AND counter_account_no > 0
    AND transaction_seq <= :until) AS moves"""
"""Claim (ledger 1) that parties (numbers above zero) hold or have retired (bucket 1 is what is reserved)."""


class PopulationRows:
    """The part of a session that an auditor samples from."""

    _connection: Connection

    def population(self, until_seq: int) -> list[PopulationItem]:
        """Every settled lot as it stood after an entry, in order of entry."""
        rows = self._connection.execute(
            text(_STANDING.format(runs=joined_runs(self._connection, "t.run_id"))), {"until": until_seq}
        ).mappings()
        return [_item(dict(row)) for row in rows]

    def claim_held(self, until_seq: int) -> int:
        """Claim that all parties held or had retired after an entry, g CO2e."""
        return int(self._connection.execute(text(_HELD), {"until": until_seq}).scalar_one())


def _item(row: dict[str, object]) -> PopulationItem:
    gone = dict.fromkeys(AMOUNTS, 0) if row["kind"] == "REVERSE" else {}
    return PopulationItem(**{**row, **gone})  # type: ignore[arg-type]
