"""Settle verified lots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from optimizer.accounts import settlement
from optimizer.accounts.ledger import Transaction
from optimizer.actions.versions import code_version
from optimizer.emissions.factors import FactorTable
from optimizer.network.model import Network
from optimizer.store.engine import Store
from optimizer.waybills.finding import Finding
from optimizer.waybills.lifecycle import settled_status


@dataclass(frozen=True, slots=True)
class SettleResult:
    """What a settlement run did. Grams are CO2e WTW of the lots settled now; ``carbon`` counts all lots by their carbon
    status before it (those of earlier runs are SETTLED); ``findings`` are notes and disputes about any lot."""

    settled_lots: int
    mass_kg: int
    baseline_g: int
    actual_g: int
    expected_g: int
    credited_g: int
    transactions: int
    carbon: Mapping[str, int]
    tiers: Mapping[str, int]
    findings: tuple[Finding, ...]


def settle(store: Store, network: Network, factors: FactorTable, at: datetime) -> SettleResult:
    """Settle every verified lot that is not settled yet: credit, memo ledgers, estimate resolved.

    Running it again settles nothing twice. Raises FactorError when a lot needs a factor that does not exist; then
    nothing is written.
    """
    with store.write() as session:
        waybills = session.waybills()
        recorded = session.transactions()
        reviewed = settlement.review(waybills, session.events())
        settlements = settlement.settle(
            waybills,
            reviewed,
            recorded,
            network,
            factors,
            code_version(),
            at,
            session.last_closed(),
        )
        session.add_runs([item.run for item in settlements])
        written = session.add_transactions([entry for item in settlements for entry in item.transactions])
    results = [item.run.result for item in settlements]
    lots = [lot for state in reviewed.states.values() for lot in state.lots]
    return SettleResult(
        settled_lots=len(results),
        mass_kg=sum(result.mass_kg for result in results),
        baseline_g=sum(result.baseline_wtw_g for result in results),
        actual_g=sum(result.actual_wtw_g for result in results),
        expected_g=sum(result.expected_wtw_g for result in results),
        credited_g=sum(result.credited_wtw_g for result in results),
        transactions=len(written),
        carbon=_carbon(reviewed, recorded),
        tiers=dict(Counter(result.tier for result in results)),
        findings=tuple(finding for lot in lots for finding in lot.findings),
    )


def _carbon(reviewed: settlement.Review, recorded: Iterable[Transaction]) -> dict[str, int]:
    kinds: dict[tuple[str, int], set[str]] = {}
    for entry in recorded:
        kinds.setdefault((entry.waybill_number, entry.lot_no), set()).add(entry.kind.value)
    return dict(
        Counter(
            settled_status(lot.carbon, kinds.get((number, lot.lot_no), ())).value
            for number, state in reviewed.states.items()
            for lot in state.lots
        )
    )
