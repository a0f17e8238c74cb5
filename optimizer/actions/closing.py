"""Close a period."""

from __future__ import annotations

import re
from datetime import datetime

from optimizer.accounts.ledger import Period, month_after, month_before, month_of
from optimizer.errors import ConflictError, InputError, Message
from optimizer.store.engine import Store
from optimizer.store.session import Session
from optimizer.waybills.finding import lot_record

_PERIOD = re.compile(r"2\d{3}-(0[1-9]|1[0-2])", re.ASCII)
"""Of the years that an event may lie in: a month after and before each is in the calendar."""


def close(store: Store, period: str, at: datetime) -> Period:
    """Close a month: nothing is booked into it afterwards; what comes late is booked in the next open one.

    Closing a closed month answers what was recorded then. Raises InputError for a text that is no month, ConflictError
    when the month is not over, when an earlier month has bookings and is open, when it lies two months or more before
    all that is booked or closed (while nothing is, before the present month), or when a verified lot of it is not
    settled.
    """
    require_period(period)
    with store.write() as session:
        closed = {item.period: item for item in session.periods()}
        if period in closed:
            return closed[period]
        _require_closable(session, period, at)
        # By a clock that runs behind, a month would else be closed before the one before it.
        closed_at = max([at, *(item.closed_at for item in closed.values())])
        record = Period(period, closed_at, session.last_seq())
        session.add_period(record)
    return record


def require_period(period: str) -> None:
    """Raise InputError unless the text is a month like ``2026-10``."""
    if not _PERIOD.fullmatch(period):
        raise InputError(
            Message(f"“{period}”不是月份；应如 2026-10。", f"'{period}' is no month; write it like 2026-10.")
        )


def _require_closable(session: Session, period: str, at: datetime) -> None:
    if month_of(at) <= period:
        raise ConflictError(
            Message(f"{period} 尚未结束，不能关账。", f"{period} is not over yet and cannot be closed.")
        )
    last_closed = session.last_closed()
    expected = month_after(last_closed) if last_closed else ""
    booked = session.first_open_booking()
    first_closed = min((item.period for item in session.periods()), default=booked)
    just_over = month_before(month_of(at))
    if not first_closed and period != just_over:
        # Nothing stands in the books: any older month would have every month after it closed one by one, for nothing.
        raise ConflictError(
            Message(
                f"账上尚无入账，{period} 无可关闭；此时只能关刚结束的 {just_over}（此后晚到的记入下月）。",
                f"Nothing is booked yet, so there is nothing of {period} to close; only {just_over}, which has just "
                "ended, may be closed before the first booking.",
            )
        )
    if first_closed and month_after(period) < first_closed:
        # Months close one after the other: after a wrong year nobody could close the right one for a long time. The
        # month before the first is closed by who wants nothing late in it.
        raise ConflictError(
            Message(
                f"{period} 早于账上最早的月份 {first_closed}，且不相邻，无可关闭；请核对年月。",
                f"{period} lies before {first_closed}, the first month of the books, by more than a month: there is "
                "nothing to close. Check the year.",
            )
        )
    earlier = booked if booked and booked < period else ""
    if earlier or (expected and period != expected):
        first = earlier or expected
        raise ConflictError(Message(f"须先关闭 {first}，再关闭 {period}。", f"Close {first} first, then {period}."))
    open_lots = session.outbox.waiting_until(period)
    if open_lots:
        record = lot_record(open_lots[0].number, open_lots[0].lot_no)
        raise ConflictError(
            Message(
                f"{period} 有 {len(open_lots)} 个已核证批次未结算（如 {record}）；请先结算。",
                f"{len(open_lots)} verified lot(s) of {period} are not settled (such as {record}); settle first.",
            )
        )
