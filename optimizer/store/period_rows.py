"""Closed periods, settled lots in order, and the newest numbers. A part of ``Session``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select

from optimizer.accounts.ledger import Period
from optimizer.store import schema
from optimizer.store.bulk import append
from optimizer.store.rows import unreadable
from optimizer.waybills.codec import to_plain


@dataclass(frozen=True, slots=True)
class AsRead:
    """Where the books stood when something was read: all that a settlement rests on is only ever added to, so two
    views of the same standing say the same. ``issued``: waybill versions so far."""

    issued: int
    last_event_seq: int
    last_closed: str
    last_seq: int


class PeriodRows:
    """The part of a session that closes months and walks through settled lots."""

    _connection: Connection

    def add_period(self, period: Period) -> None:
        """Close a period."""
        row = {"period": period.period, "closed_at": to_plain(period.closed_at), "last_seq": period.last_seq}
        append(self._connection, "periods", [row])

    def periods(self) -> list[Period]:
        """Closed periods in order."""
        rows = self._connection.execute(select(schema.periods).order_by(schema.periods.c.period))
        return [Period(row.period, _moment(row), row.last_seq) for row in rows]

    def last_closed(self) -> str:
        """The last closed period, empty when none is."""
        return self._connection.execute(select(func.max(schema.periods.c.period))).scalar() or ""

    def first_open_booking(self) -> str:
        """The earliest period with bookings that is not closed, empty when there is none."""
        period = schema.transactions.c.period
        query = select(func.min(period)).where(period > self.last_closed())
        return self._connection.execute(query).scalar() or ""

    def settled_after(self, after: tuple[str, int], count: int) -> list[tuple[str, int]]:
        """The next settled lots in order of waybill and lot, at most ``count``."""
        entries = schema.transactions.c
        query = (
            select(entries.number, entries.lot_no)
            .where(entries.kind == "SETTLE")
            .where((entries.number > after[0]) | ((entries.number == after[0]) & (entries.lot_no > after[1])))
            .order_by(entries.number, entries.lot_no)
            .limit(count)
        )
        return [(row.number, row.lot_no) for row in self._connection.execute(query)]

    def last_seq(self) -> int:
        """The sequence number of the newest transaction, 0 when there is none."""
        return self._next(schema.transactions) - 1

    def as_read(self) -> AsRead:
        """Where the books stand in this view (SQLite)."""
        issued = self._connection.exec_driver_sql("SELECT COALESCE(MAX(rowid), 0) FROM waybills").scalar_one()
        return AsRead(int(issued), self.last_event_seq(), self.last_closed(), self.last_seq())

    def last_event_seq(self) -> int:
        """The sequence number of the newest event, 0 when there is none."""
        return self._next(schema.events) - 1

    def _next(self, table: Table) -> int:
        return int(self._connection.execute(select(func.coalesce(func.max(table.c.seq), 0))).scalar_one()) + 1


def _moment(row: Any) -> datetime:
    try:
        return datetime.fromisoformat(row.closed_at)
    except ValueError as error:
        raise unreadable(f"账期 {row.period}", f"period {row.period}", error) from error
