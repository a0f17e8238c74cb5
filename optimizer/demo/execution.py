"""The month as it was carried out: what carriers report for every waybill, incidents included.

Pure and deterministic: the same waybills, incidents and seed give the same events, in the order in which they were
recorded. First each voyage is sailed (delay, vessel, fuel), then each lot travels its legs on those voyages, then the
reports are written. Masses only shrink on the way (handling loss); times never overtake each other, because a leg takes
at most a third of the planned gap before it for loading and after it for discharging.

Not modelled: a late vessel delays the cargo on board and that cargo's next vessels, but not its own next voyage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from optimizer.demo.incidents import IncidentHits, draw_incidents
from optimizer.demo.reports import LegRun, ReportDesk, VoyageRun
from optimizer.demo.seed_files import Incident
from optimizer.network.model import WATER_MODES
from optimizer.quantities import to_integer
from optimizer.waybills.event import Event
from optimizer.waybills.waybill import Waybill, WaybillLeg, WaybillLot

FUEL_SPREAD_REL = 0.08
"""Logged fuel lies within this of the planned voyage's fuel model."""
WEIGHING_SPREAD_REL = 0.003
"""Carrier's scale against the shipper's word."""
HANDLING_LOSS_REL = 0.0005
"""Most that is lost between loading and discharging a leg."""

_USUAL_DELAY_MIN = 90
_AT_BERTH = {True: timedelta(hours=2), False: timedelta(minutes=20)}
"""Longest time before departure and after arrival for loading and discharging: by water, otherwise."""

LotKey = tuple[str, int]
"""Waybill number, lot number."""

_WayKey = tuple[tuple[int, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class _Month:
    """What was drawn and how every lot travelled; ``by_way`` groups the lots by their sequence of legs."""

    hits: IncidentHits
    runs: Mapping[LotKey, tuple[LegRun, ...]]
    by_way: Mapping[_WayKey, Sequence[tuple[LotKey, tuple[LegRun, ...]]]]
    seed: int


def execute_month(waybills: Sequence[Waybill], incidents: Iterable[Incident], seed: int) -> list[Event]:
    """Every event that carriers, ports and consignees report about the waybills, ordered by record time, then id.

    LOAD, DEPA, ARRI, DISC for each transport leg, GTIN and GTOT for each hub, DLV for each lot; masses weighed,
    evidence by digest (``reports.evidence_text`` is the text behind it), the voyage's fuel on ARRI where it was logged.
    """
    hits = draw_incidents(waybills, incidents, seed)
    voyages = sail(waybills, hits, seed)
    runs = {
        (waybill.number, lot.lot_no): _travel(waybill, lot, voyages, hits, seed)
        for waybill in waybills
        for lot in waybill.lots
    }
    by_way: dict[_WayKey, list[tuple[LotKey, tuple[LegRun, ...]]]] = {}
    for key, run in runs.items():
        by_way.setdefault(_way(run), []).append((key, run))
    month = _Month(hits, runs, by_way, seed)
    events = [event for waybill in waybills for event in _waybill_reports(waybill, month)]
    return sorted(events, key=lambda event: (event.record_time, event.event_id))


def sail(waybills: Sequence[Waybill], hits: IncidentHits, seed: int) -> dict[str, VoyageRun]:
    """Each voyage as it went. A voyage waits for the cargo of a late one that its lots arrive on."""
    planned: dict[str, WaybillLeg] = {}
    feeders: dict[str, set[str]] = {}
    for waybill in waybills:
        for lot in waybill.lots:
            before: set[str] = set()
            for leg in lot.transport_legs:
                if leg.voyage_id:
                    planned.setdefault(leg.voyage_id, leg)
                    feeders.setdefault(leg.voyage_id, set()).update(before)
                    before.add(leg.voyage_id)
    runs: dict[str, VoyageRun] = {}
    for voyage_id in sorted(planned, key=lambda item: (planned[item].planned_departs_at, item)):
        leg = planned[voyage_id]
        rng = Random(f"{seed}/voyage/{voyage_id}")
        own = timedelta(minutes=int(rng.random() * _USUAL_DELAY_MIN))
        late_h = hits.size("late", voyage_id)
        if late_h is not None:
            own += timedelta(minutes=to_integer(late_h * 60))
        delay = max([own, *(runs[feeder].delay for feeder in feeders[voyage_id] if feeder in runs)])
        fuel = to_integer(leg.voyage_fuel_g * (1 + FUEL_SPREAD_REL * (2 * rng.random() - 1)))
        logged = fuel > 0 and hits.size("missing_fuel_log", voyage_id) is None
        changed = hits.size("vessel_changed", voyage_id) is not None
        vessel_id = f"{leg.vessel_id}-R" if changed else leg.vessel_id
        runs[voyage_id] = VoyageRun(voyage_id, delay, vessel_id, fuel if logged else None)
    return runs


def _travel(
    waybill: Waybill, lot: WaybillLot, voyages: Mapping[str, VoyageRun], hits: IncidentHits, seed: int
) -> tuple[LegRun, ...]:
    """One lot along its legs."""
    rng = Random(f"{seed}/lot/{waybill.number}/{lot.lot_no}")
    legs = lot.transport_legs
    short = hits.size("partial_delivery", waybill.number) or 0.0
    under = hits.size("weigh_difference", waybill.number)
    difference = -under if under else WEIGHING_SPREAD_REL * (2 * rng.random() - 1)
    mass_kg = to_integer(lot.declared_mass_kg * (1 + difference))
    delay = timedelta(0)
    runs = []
    for index, leg in enumerate(legs):
        voyage = voyages.get(leg.voyage_id)
        delay = max(delay, voyage.delay) if voyage else delay
        before = _third_of_gap(legs[index - 1], leg) if index else None
        after = _third_of_gap(leg, legs[index + 1]) if index + 1 < len(legs) else None
        at_berth = _AT_BERTH[leg.mode in WATER_MODES]
        departed_at, arrived_at = leg.planned_departs_at + delay, leg.planned_arrives_at + delay
        kept = 1 - HANDLING_LOSS_REL * rng.random() - (short if index + 1 == len(legs) else 0.0)
        discharged_kg = to_integer(mass_kg * kept)
        runs.append(
            LegRun(
                leg=leg,
                loaded_at=departed_at - (at_berth if before is None else min(at_berth, before)),
                departed_at=departed_at,
                arrived_at=arrived_at,
                discharged_at=arrived_at + (at_berth if after is None else min(at_berth, after)),
                loaded_kg=mass_kg,
                discharged_kg=discharged_kg,
                voyage=voyage,
            )
        )
        mass_kg = discharged_kg
    return tuple(runs)


def _third_of_gap(first: WaybillLeg, second: WaybillLeg) -> timedelta:
    gap_s = (second.planned_departs_at - first.planned_arrives_at).total_seconds()
    return timedelta(seconds=max(0, int(gap_s // 3)))


def _first_by_water(waybill: Waybill) -> int:
    return next((lot.lot_no for lot in waybill.lots if lot.by_water), waybill.lots[0].lot_no)


def _copied_run(waybill: Waybill, month: _Month) -> tuple[LegRun, ...] | None:
    """For a duplicate report: the run of another waybill's lot that went the same way in other vessels, nearest in time
    and then in mass. None when there is no such lot: then there is nothing to copy and the incident does not happen."""
    if month.hits.size("duplicate_report", waybill.number) is None:
        return None
    own = month.runs[(waybill.number, _first_by_water(waybill))]
    candidates = [
        (abs(run[0].departed_at - own[0].departed_at), abs(run[0].loaded_kg - own[0].loaded_kg), key)
        for key, run in month.by_way[_way(own)]
        if key[0] != waybill.number
        and month.hits.size("duplicate_report", key[0]) is None
        and all(mine.leg.vessel_id != other.leg.vessel_id for mine, other in zip(own, run, strict=True) if mine.voyage)
    ]
    return month.runs[min(candidates)[2]] if candidates else None


def _way(run: Sequence[LegRun]) -> _WayKey:
    return tuple((item.leg.seq, item.leg.mode, item.leg.origin, item.leg.destination) for item in run)


def _waybill_reports(waybill: Waybill, month: _Month) -> Iterator[Event]:
    """All reports about one waybill; its incidents are told of its first lot by water."""
    copied = _copied_run(waybill, month)
    lost = month.hits.size("lost_evidence", waybill.number) is not None
    withdrawn = month.hits.size("withdrawn_event", waybill.number) is not None
    for lot in waybill.lots:
        met = lot.lot_no == _first_by_water(waybill)
        run = copied if copied and met else month.runs[(waybill.number, lot.lot_no)]
        rng = Random(f"{month.seed}/reports/{waybill.number}/{lot.lot_no}")
        yield from ReportDesk(waybill, lot, rng, without_weighing=met and lost).reports(run, met and withdrawn)
