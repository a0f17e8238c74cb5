"""What the city and its enterprises saved."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from optimizer.accounts.settlement import review
from optimizer.accounts.totals import GROUPS, GroupBy, LotSaving, SavingsRow, grouped, lot_savings
from optimizer.errors import InputError, Message
from optimizer.store.engine import Store


class SavingsOverview:
    """The savings of a database, folded once and again only after something was recorded. Threads may share it.

    Folding a month (1,100 waybills, 25,000 events) takes seconds; a page that is asked again must not pay that twice.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._mark: tuple[int, int] | None = None
        self._lots: list[LotSaving] = []

    def savings(self, group_by: GroupBy, filters: Mapping[str, str] | None = None) -> list[SavingsRow]:
        """Savings by month, cargo, enterprise, corridor, county or lot; ``filters`` maps any of these to a key.

        Settled lots and, apart from them, open ones. Rows add up to the lots. Raises InputError for an unknown
        grouping.
        """
        _require_known((group_by, *(filters or {})))
        return grouped(self._present_lots(), group_by, filters)

    def lots(self) -> list[LotSaving]:
        """Every lot behind the savings, in order of waybill and lot."""
        return list(self._present_lots())

    def _present_lots(self) -> list[LotSaving]:
        with self._lock, self._store.read() as session:
            # Whatever changes a saving appends a transaction or an event.
            mark = session.last_seq(), session.last_event_seq()
            if mark != self._mark:
                waybills, events = session.waybills(), session.events()
                self._lots = lot_savings(waybills, review(waybills, events), session.transactions(), session.runs())
                self._mark = mark
            return self._lots


def savings(store: Store, group_by: GroupBy, filters: Mapping[str, str] | None = None) -> list[SavingsRow]:
    """One look at the savings; who asks again keeps a :class:`SavingsOverview`. Raises InputError as there."""
    return SavingsOverview(store).savings(group_by, filters)


def _require_known(names: tuple[str, ...]) -> None:
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        choices = ", ".join(GROUPS)
        raise InputError(
            Message(f"不能按“{unknown[0]}”汇总；可选 {choices}。", f"Cannot group by '{unknown[0]}'; choose {choices}.")
        )
