"""Close a period."""

from __future__ import annotations

import re
from datetime import datetime

from optimizer.accounts.ledger import Kind, Period, month_after, month_of
from optimizer.accounts.settlement import review
from optimizer.errors import ConflictError, InputError, Message
from optimizer.store.engine import Store
from optimizer.store.session import Session
from optimizer.waybills.lifecycle import CarbonStatus, lot_record

_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def close(store: Store, period: str, at: datetime) -> Period:
    """Close a month: nothing is booked into it afterwards; what comes late is booked in the next open one.

    Closing a closed month answers what was recorded then. Raises InputError for a text that is no month, ConflictError
    when the month is not over, when an earlier month has bookings and is open, or when a verified lot of it is not
    settled.
    """
    require_period(period)
    with store.write() as session:
        closed = {item.period: item for item in session.periods()}
        if period in closed:
            return closed[period]
        _require_closable(session, period, at)
        record = Period(period, at, session.last_seq())
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
    transactions = session.transactions()
    earlier = sorted({entry.period for entry in transactions if entry.period < period and entry.period > last_closed})
    if earlier or (expected and period != expected):
        first = earlier[0] if earlier else expected
        raise ConflictError(Message(f"须先关闭 {first}，再关闭 {period}。", f"Close {first} first, then {period}."))
    settled = {(entry.waybill_number, entry.lot_no) for entry in transactions if entry.kind is Kind.SETTLE}
    open_lots = [
        lot_record(number, lot.lot_no)
        for number, state in review(session.waybills(), session.events()).states.items()
        for lot in state.lots
        if lot.carbon is CarbonStatus.VERIFIED
        and (number, lot.lot_no) not in settled
        and lot.delivered_at is not None
        and month_of(lot.delivered_at) <= period
    ]
    if open_lots:
        raise ConflictError(
            Message(
                f"{period} 有 {len(open_lots)} 个已核证批次未结算（如 {open_lots[0]}）；请先结算。",
                f"{len(open_lots)} verified lot(s) of {period} are not settled (such as {open_lots[0]}); settle first.",
            )
        )
