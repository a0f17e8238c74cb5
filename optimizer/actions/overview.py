"""What the city and its enterprises saved."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.accounts.settlement import review
from optimizer.accounts.totals import GROUPS, GroupBy, SavingsRow, grouped, lot_savings
from optimizer.errors import InputError, Message
from optimizer.store.engine import Store


def savings(store: Store, group_by: GroupBy, filters: Mapping[str, str] | None = None) -> list[SavingsRow]:
    """Savings by month, cargo, enterprise, corridor, county or lot; ``filters`` maps any of these to a key.

    Settled lots and, apart from them, open ones. Rows add up to the lots. Raises InputError for an unknown grouping.
    """
    unknown = [name for name in (group_by, *(filters or {})) if name not in GROUPS]
    if unknown:
        choices = ", ".join(GROUPS)
        raise InputError(
            Message(f"不能按“{unknown[0]}”汇总；可选 {choices}。", f"Cannot group by '{unknown[0]}'; choose {choices}.")
        )
    with store.read() as session:
        waybills = session.waybills()
        lots = lot_savings(waybills, review(waybills, session.events()), session.transactions(), session.runs())
    return grouped(lots, group_by, filters)
