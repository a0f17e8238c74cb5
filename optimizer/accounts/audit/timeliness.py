"""Is every lot accounted for, and in time? Lots by where they are, delays, and the records that were late.

Completeness: each lot of each issued waybill is in exactly one place, so the places add up to the lots issued.
Timeliness: days from an event to its arrival here, and from delivery to settlement; and estimates that nothing resolved
long after the cargo was due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from optimizer.accounts.corrections import verified_again
from optimizer.accounts.ledger import Kind, Transaction
from optimizer.errors import Message
from optimizer.quantities import iso
from optimizer.waybills.finding import Finding, lot_record
from optimizer.waybills.lifecycle import CarbonStatus, WaybillState
from optimizer.waybills.waybill import Waybill

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Delays:
    """Days, smallest to largest: how many, the median, the 95th percentile, the largest, and how many above a limit."""

    count: int
    median_days: float
    p95_days: float
    largest_days: float
    late: int


@dataclass(frozen=True, slots=True)
class Timeliness:
    """``lots``: every lot issued, by where it is; their sum is ``issued``. ``reporting``: event to arrival.
    ``settling``: delivery to settlement."""

    issued: int
    lots: Mapping[str, int]
    reporting: Delays
    settling: Delays
    findings: tuple[Finding, ...]


def timeliness(
    waybills: Mapping[str, Waybill],
    states: Mapping[str, WaybillState],
    arrivals: Sequence[tuple[str, str, datetime, datetime]],
    transactions: Sequence[Transaction],
    jobs: Iterable[tuple[str, int]],
    at: datetime,
    limit: timedelta,
) -> Timeliness:
    """Look at everything as of ``at``. ``arrivals``: event id, waybill number, event time, arrival of every fact;
    ``jobs``: lots in the outbox; a settled one there was reversed since and is verified again."""
    settled = {(item.waybill_number, item.lot_no): item for item in transactions if item.kind is Kind.SETTLE}
    waiting = set(jobs)
    places = {"settled": 0, "open_job": 0, "frozen": 0, "under_way": 0, "ended": 0, "verified_without_job": 0}
    issued, findings = 0, list[Finding]()
    for number, state in states.items():
        for lot in state.lots:
            key = (number, lot.lot_no)
            issued += 1
            places[_place(key, lot.carbon, settled, waiting)] += 1
            if key in settled and key in waiting:
                findings.append(verified_again(*key))
            overdue = lot.delivered_at is None and at - waybills[number].due_at > limit
            if overdue and lot.carbon is not CarbonStatus.NONE and key not in settled:
                findings.append(_never_delivered(lot_record(*key), waybills[number].due_at))
    delays = [arrived - happened for _, _, happened, arrived in arrivals]
    findings += [
        _reported_late(f"event {event_id} (waybill {number})", happened, arrived)
        for event_id, number, happened, arrived in arrivals
        if arrived - happened > limit
    ]
    booking = [item.booked_at - item.effective_at for item in settled.values()]
    findings += list(_settled_late(settled.values(), limit))
    return Timeliness(issued, places, _delays(delays, limit), _delays(booking, limit), tuple(findings))


def _place(
    key: tuple[str, int],
    carbon: CarbonStatus,
    settled: Mapping[tuple[str, int], Transaction],
    jobs: set[tuple[str, int]],
) -> str:
    if key in settled:
        return "settled"
    if key in jobs:
        return "open_job"
    if carbon in (CarbonStatus.DISPUTED, CarbonStatus.EVIDENCE_LOST):
        return "frozen"
    if carbon is CarbonStatus.NONE:
        return "ended"
    return "verified_without_job" if carbon is CarbonStatus.VERIFIED else "under_way"


def _delays(found: Sequence[timedelta], limit: timedelta) -> Delays:
    days = sorted(item / DAY for item in found)
    if not days:
        return Delays(0, 0.0, 0.0, 0.0, 0)
    middle, high = days[(len(days) - 1) // 2], days[-(-95 * len(days) // 100) - 1]
    return Delays(len(days), middle, high, days[-1], sum(item > limit for item in found))


def _never_delivered(record: str, due_at: datetime) -> Finding:
    return Finding(
        "never_delivered",
        record,
        Message(
            f"{record}：约定 {iso(due_at)} 到达，至今未交付，预留仍在。",
            f"{record}: was due at {iso(due_at)} and never delivered; its estimate is still reserved.",
        ),
        blocks=False,
    )


def _reported_late(record: str, happened: datetime, arrived: datetime) -> Finding:
    days = (arrived - happened) / DAY
    return Finding(
        "reported_late",
        record,
        Message(
            f"{record}：{iso(happened)} 发生，{days:.1f} 天后才收到。",
            f"{record}: happened at {iso(happened)} and arrived {days:.1f} days later.",
        ),
        blocks=False,
    )


def _settled_late(settled: Iterable[Transaction], limit: timedelta) -> Iterator[Finding]:
    for entry in settled:
        if entry.booked_at - entry.effective_at > limit:
            record = lot_record(entry.waybill_number, entry.lot_no)
            days = (entry.booked_at - entry.effective_at) / DAY
            yield Finding(
                "settled_late",
                record,
                Message(
                    f"{record}：{iso(entry.effective_at)} 交付，{days:.1f} 天后才结算。",
                    f"{record}: delivered at {iso(entry.effective_at)}, settled {days:.1f} days later.",
                ),
                blocks=False,
            )
