"""A believable month of shipments of any size, made from yearly flows.

Deterministic: the same flows, month, count and seed give the same shipments, byte for byte. Each flow draws from its
own generator, so adding a flow leaves the shipments of the others alone. Only ``Random.random`` is used, the one
method whose sequence Python promises to keep between versions.
"""

from __future__ import annotations

import calendar
import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

from optimizer.demo.seed_files import Flow
from optimizer.errors import Fault, InputError, Message
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME, KG_PER_T, apportion, iso, to_integer, tonnes

DEMO_MONTH = "2026-10"
DEMO_SEED = 1
"""``seeds/shipments.csv`` is ``generate_shipments(read_flows(), DEMO_MONTH, None, DEMO_SEED)``."""

MAX_COUNT = 10_000_000
"""Largest month that is generated; ten times the largest that the product means to plan."""

SMALL_SHARE = 0.08
"""Share of shipments of 30 to 120 t: too little for a barge of their own, most stay on the road."""
WHOLE_SHARE = 0.04
"""Share of shipments that must not be split; each is at most one shipload of the common 800 t class."""
URGENT_SHARE = 0.04
"""Share of shipments due in one to two days: no barge on the upper river makes that."""

BOX_T = 11
"""Boxed cargo comes in whole boxes; mean load of a twenty-foot box in the network's cargo table."""
SMALL_T = (30.0, 120.0)
WHOLE_T = (300.0, 700.0)

HEADER = (
    "shipment_id",
    "shipper_id",
    "cargo_code",
    "mass_t",
    "origin",
    "destination",
    "ready_at",
    "due_at",
    "splittable",
    "cargo_value_yuan_per_t",
    "reference",
)
"""Columns of shipments.csv, in the order in which they are written."""

_WEEKDAY_WEIGHT = (1.0, 1.0, 1.0, 1.0, 1.0, 0.6, 0.3)
_HOLIDAYS = {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}
"""Statutory holidays with a fixed date in China; those of the lunar calendar move and are left out."""
_HOLIDAY_WEIGHT = 0.3
_OFF_DAY_WEIGHT = 0.25
_CAMPAIGN_DAYS = 8
_GOLDEN_RATIO = (5**0.5 - 1) / 2


def generate_shipments(flows: Sequence[Flow], month: str, count: int | None, seed: int) -> list[Shipment]:
    """Shipments that become ready in ``month`` (``"2026-10"``), ordered by ready time, then id.

    ``count`` shipments are shared among the flows in proportion to their own number of lots; None takes the number that
    carries the flows' tonnage of that month (kt_per_year x days / 365). A larger count means more lots, not smaller
    ones, so the tonnage grows with it. Masses are spread around ``lot_t``; a few shipments are small, urgent, or must
    not be split. Raises InputError for a month or count that cannot be, and
    for shipments asked of no flows.
    """
    first = _first_day(month)
    if count is not None and not 0 <= count <= MAX_COUNT:
        raise _refusal(
            "count",
            "bad_count",
            f"货单数 {count} 不在 0 到 {MAX_COUNT} 之间。",
            f"A count of {count} shipments is not between 0 and {MAX_COUNT}.",
        )
    days = calendar.monthrange(first.year, first.month)[1]
    lots = [flow.kt_per_year * 1000 * days / 365 / _mean_mass_t(flow) for flow in flows]
    total = to_integer(sum(lots, 0.0)) if count is None else count
    if not total:
        return []
    if not flows:
        raise _refusal(
            "flows", "no_flows", "没有流向，无从生成货单；请至少给出一条。", "There are no flows; give at least one."
        )
    shipments: list[Shipment] = []
    for flow, number in zip(flows, apportion(total, lots), strict=True):
        shipments += _flow_shipments(flow, first, number, Random(f"{seed}/{month}/{flow.flow_id}"))
    return sorted(shipments, key=lambda shipment: (shipment.ready_at, shipment.shipment_id))


def write_shipments_csv(shipments: Iterable[Shipment], path: Path) -> None:
    """Write shipments.csv in UTF-8 (see :func:`shipments_csv`)."""
    path.write_text(shipments_csv(shipments), encoding="utf-8", newline="")


def shipments_csv(shipments: Iterable[Shipment]) -> str:
    """The text of shipments.csv: comma, LF, masses in t with three decimals, times with offset."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(_row(shipment) for shipment in shipments)
    return buffer.getvalue()


def _row(shipment: Shipment) -> tuple[str, ...]:
    return (
        shipment.shipment_id,
        shipment.shipper_id,
        shipment.cargo_code,
        tonnes(shipment.mass_kg),
        shipment.origin,
        shipment.destination,
        iso(shipment.ready_at),
        iso(shipment.due_at),
        "true" if shipment.splittable else "false",
        f"{shipment.cargo_value_yuan_per_t:g}",
        shipment.reference,
    )


def _flow_shipments(flow: Flow, first: date, number: int, rng: Random) -> list[Shipment]:
    """``number`` shipments of one flow, numbered in the order in which they become ready."""
    days = _ready_days(flow, first, number, rng)
    times = sorted(_ready_time(day, rng) for day in days)
    # Kinds step by the golden ratio from a random start: their shares hold in a small month too, where
    # independent draws would move the month's tonnage by a few per cent.
    start = rng.random()
    return [
        _shipment(flow, ready_at, order, (start + order * _GOLDEN_RATIO) % 1, rng)
        for order, ready_at in enumerate(times, start=1)
    ]


def _shipment(flow: Flow, ready_at: datetime, order: int, kind: float, rng: Random) -> Shipment:
    small = kind < SMALL_SHARE
    whole = SMALL_SHARE <= kind < SMALL_SHARE + WHOLE_SHARE
    urgent = SMALL_SHARE + WHOLE_SHARE <= kind < SMALL_SHARE + WHOLE_SHARE + URGENT_SHARE
    return Shipment(
        shipment_id=f"{flow.flow_id}-{ready_at:%y%m}-{order:04d}",
        shipper_id=flow.shipper_id,
        cargo_code=flow.cargo_code,
        mass_kg=_mass_kg(flow, small, whole, rng),
        origin=flow.origin,
        destination=flow.destination,
        ready_at=ready_at,
        due_at=_due_time(flow, ready_at, urgent, rng),
        splittable=flow.splittable and not whole,
        cargo_value_yuan_per_t=flow.cargo_value_yuan_per_t,
        reference=flow.flow_id,
    )


def _mass_kg(flow: Flow, small: bool, whole: bool, rng: Random) -> int:
    """A mass to 100 kg, or to whole boxes where the flow travels boxed."""
    if small:
        mass_t = _between(*SMALL_T, rng.random())
    elif whole:
        mass_t = min(flow.lot_t, _spread(*WHOLE_T, rng))
    else:
        mass_t = flow.lot_t * _spread(0.7, 1.3, rng)
    if rng.random() < flow.share_container:
        return max(1, to_integer(mass_t / BOX_T)) * BOX_T * KG_PER_T
    return to_integer(mass_t * 10) * KG_PER_T // 10


def _mean_mass_t(flow: Flow) -> float:
    """Expected mass of a shipment of the flow, so that the number of shipments carries the flow's tonnage."""
    regular = 1 - SMALL_SHARE - WHOLE_SHARE
    return SMALL_SHARE * sum(SMALL_T) / 2 + WHOLE_SHARE * min(flow.lot_t, sum(WHOLE_T) / 2) + regular * flow.lot_t


def _ready_days(flow: Flow, first: date, number: int, rng: Random) -> list[date]:
    """Days on which the flow's lots become ready.

    A daily flow follows the working week, a weekly one has three call-off weekdays, a monthly one arrives in one
    campaign of eight days. Lots are laid evenly along the weights, so that a month is never empty or full by chance.
    """
    days = [date.fromordinal(first.toordinal() + i) for i in range(calendar.monthrange(first.year, first.month)[1])]
    weights = [_day_weight(day) for day in days]
    if flow.frequency == "weekly":
        start = int(rng.random() * 5)
        call_off = {start, (start + 2) % 5, (start + 3) % 5}
        weights = [
            w if day.weekday() in call_off else w * _OFF_DAY_WEIGHT for day, w in zip(days, weights, strict=True)
        ]
    elif flow.frequency == "monthly":
        start = int(rng.random() * (len(days) - _CAMPAIGN_DAYS + 1))
        weights = [w if start <= i < start + _CAMPAIGN_DAYS else 0.0 for i, w in enumerate(weights)]
    ends = list(accumulate(weights))
    chosen = []
    day_index = 0
    for i in range(number):
        position = (i + rng.random()) / number * ends[-1]
        while ends[day_index] <= position and ends[day_index] < ends[-1]:
            day_index += 1
        chosen.append(days[day_index])
    return chosen


def _day_weight(day: date) -> float:
    weight = _WEEKDAY_WEIGHT[day.weekday()]
    return min(weight, _HOLIDAY_WEIGHT) if (day.month, day.day) in _HOLIDAYS else weight


def _ready_time(day: date, rng: Random) -> datetime:
    """A half hour of the working day, 07:00 to 17:30."""
    half_hours = 14 + int(rng.random() * 22)
    return datetime.combine(day, time(half_hours // 2, half_hours % 2 * 30), CHINA_TIME)


def _due_time(flow: Flow, ready_at: datetime, urgent: bool, rng: Random) -> datetime:
    """18:00 of a day around ready + max_days; an urgent one 24 to 48 whole hours after it is ready."""
    if urgent:
        return ready_at + timedelta(hours=24 + int(rng.random() * 25))
    due = ready_at + timedelta(days=max(1.0, flow.max_days * _spread(0.85, 1.35, rng)))
    return datetime.combine(due.date(), time(18), CHINA_TIME)


def _spread(low: float, high: float, rng: Random) -> float:
    """Triangular around the middle of low..high."""
    return _between(low, high, (rng.random() + rng.random()) / 2)


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def _first_day(month: str) -> date:
    try:
        if len(month) != len("2026-10"):
            raise ValueError(month)
        return date.fromisoformat(f"{month}-01")
    except ValueError:
        raise _refusal(
            "month",
            "bad_month",
            f"月份“{month}”无法识别，请写成 2026-10 的形式。",
            f'"{month}" is not a month; write it like 2026-10.',
        ) from None


def _refusal(column: str, code: str, zh: str, en: str) -> InputError:
    return InputError.of([Fault("generate", None, column, code, Message(zh, en))])
