"""What lets an entry into the ledger on SQLite since revision 0017, and its tables. Used by migrations only.

The rules are those of ``line_rules``; what is looked up differs. An original and what corrects it are about one lot, so
the index on lots finds both; an id is found by its first characters and then compared whole. The plus keeps SQLite from
putting the whole id into the start as well, which would make that condition always true and the index of no use.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from optimizer.store.migrations import line_rules
from optimizer.store.rows import TRANSACTION_COLUMNS

ENTRY_COLUMNS = TRANSACTION_COLUMNS

_TEXT, _AMOUNT = sa.Text(), sa.BigInteger()
RUN_COLUMNS: tuple[tuple[str, sa.types.TypeEngine[Any], str | None], ...] = (
    ("run_id", _TEXT, None),
    ("number", _TEXT, None),
    ("lot_no", sa.Integer(), None),
    *((name, _TEXT, None) for name in ("method", "inputs_sha256", "result_sha256", "factors_version")),
    *((name, _TEXT, None) for name in ("network_version", "code_version", "run_at")),
    ("document", sa.LargeBinary(), None),
    *((name, _AMOUNT, "0") for name in ("mass_kg", "baseline_wtw_g", "actual_wtw_g", "expected_wtw_g")),
    *((name, _AMOUNT, "0") for name in ("credited_wtw_g", "energy_saved_g")),
    ("tier", _TEXT, ""),
    ("activity", _TEXT, "{}"),
)
"""Name, type and default of ``calculation_runs``."""

_SAME_LOT = "number = NEW.number AND lot_no = NEW.lot_no"
_NO_ORIGINAL = f"""NOT EXISTS (SELECT 1 FROM transactions WHERE {_SAME_LOT} AND transaction_id = NEW.resolves
        AND (CASE WHEN NEW.kind IN ('POST','VOID') THEN kind = 'ESTIMATE'
          ELSE kind IN ('SETTLE','RESTATE','REVERSE') END))"""
_CORRECTED = f"""EXISTS (SELECT 1 FROM transactions WHERE {_SAME_LOT} AND resolves = NEW.resolves AND (kind = NEW.kind
          OR (kind IN ('REVERSE','RESTATE') AND NEW.kind IN ('REVERSE','RESTATE'))))"""
_SAID = line_rules.SAID

_GIVEN = """EXISTS (SELECT 1 FROM transactions
          WHERE substr(transaction_id, 1, 8) = substr(NEW.transaction_id, 1, 8)
          AND +transaction_id = NEW.transaction_id)"""
_SETTLED = f"(NEW.kind = 'SETTLE' AND EXISTS (SELECT 1 FROM transactions WHERE {_SAME_LOT} AND kind = 'SETTLE'))"


def may_enter(*, ids_by_index: bool, no_run: str = line_rules.NO_RUN) -> str:
    """The trigger that lets entries in. ``ids_by_index``: it finds an id that is given by the index on how ids begin;
    since revision 0018 the close of a batch holds that. ``no_run``: the run that the entry names is not there."""
    return f"""CREATE TRIGGER transactions_may_enter BEFORE INSERT ON transactions BEGIN
    SELECT CASE
      WHEN NOT EXISTS (SELECT 1 FROM ledger_batch) THEN RAISE(ABORT, '{_SAID["batch"]}')
      WHEN {line_rules.GAP} THEN RAISE(ABORT, '{_SAID["gap"]}')
      WHEN {line_rules.CLOSED} THEN RAISE(ABORT, '{_SAID["closed"]}')
      WHEN {f"{_GIVEN} OR {_SETTLED}" if ids_by_index else _SETTLED}
        THEN RAISE(ABORT, '{_SAID["once"]}')
      WHEN {no_run} THEN RAISE(ABORT, '{_SAID["run"]}')
      WHEN NEW.resolves IS NOT NULL AND ({_NO_ORIGINAL} OR {_CORRECTED})
        THEN RAISE(ABORT, '{_SAID["original"]}')
    END;
    END"""
