"""Does a plan made around an accepted one say truly why each shipment moved?

Each code has words of its own, and the sentence names what stopped the shipment: a voyage that it was on, the closure,
the lock, the terminal, the mass then and now. With the accepted plan at hand, what the tables and the new files prove
or refute is held: a closure that does not meet the voyage, a sailing that is still offered, water that bears the load.
Whether a hull could still have been home in time, or had a passage, depends on what else is kept: there the names alone
are held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from optimizer.errors import Message
from optimizer.network.model import Mode
from optimizer.planning.check.kept import voyages_of
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.words import Figures, check_words, figures_of
from optimizer.planning.check.workings import Workings
from optimizer.planning.plan import Moved, Plan, PlannedShipment, Voyage

WORDS: Mapping[str, Message] = {
    "missing": Message("没有此票", "does not have it"),
    "not_issued": Message("尚未签发", "was not issued"),
    "after_horizon": Message("计划期之后", "after the new horizon"),
    "mass_changed": Message("质量已改", "mass changed"),
    "doors_changed": Message("起点或终点已改", "origin or destination changed"),
    "ready_later": Message("可提货时间晚于", "is ready later"),
    "not_whole": Message("不可拆分", "must stay whole"),
    "way_changed": Message("运输链", "chain is no more"),
    "voyage_gone": Message("航次已不在", "voyage is not there"),
    "closed": Message("遇停航", "meets a closure"),
    "terminal_closed": Message("码头停用", "terminal is closed"),
    "shallow": Message("水深不足", "water is too low"),
    "below_least": Message("最低载量", "least load"),
    "vessel_gone": Message("没有这艘船", "has its vessel no more"),
    "vessel_late": Message("不能按时", "no longer be there in time"),
    "lock_full": Message("过闸名额不足", "too few passages"),
    "terminal_full": Message("装卸能力不足", "cannot handle as much"),
}
"""What the sentence of a code says, whatever else it does."""


def check_moved(work: Workings, found: Findings) -> None:
    """Every move has a known reason, told in its own words with names and figures that are there; against the accepted
    plan, where it is given, the reason can be true."""
    plan, accepted = work.plan, work.accepted
    if plan.moved and plan.kept is None:
        found.add("kept_unknown", "kept", "what the moves were made around", "nothing")
        return
    before = {p.shipment_id: p for p in accepted.shipments if p.status == "planned"} if accepted is not None else {}
    issued_only = plan.kept is not None and plan.kept.issued_only
    for item in plan.moved:
        where = f"moved/{item.shipment_id}"
        was = before.get(item.shipment_id)
        if item.code not in WORDS or (item.code == "not_issued" and not issued_only):
            found.add("moved_reason", where, "a reason that there is", item.code)
        elif (item.code if item.code in OF_THE_FILE else "") != _of_the_file(work, item):
            found.add("moved_reason", where, _of_the_file(work, item) or "another reason", item.code)
        elif accepted is not None and was is not None and not _holds(Move(item, was, work, accepted)):
            found.add("moved_reason", where, "a reason that holds", item.code)
        else:
            _check_told(work, found, where, item, was)


@dataclass(frozen=True, slots=True)
class Move:
    """A move with what the shipment was in the accepted plan."""

    item: Moved
    was: PlannedShipment
    work: Workings
    accepted: Plan

    @property
    def voyages(self) -> list[Voyage]:
        """The accepted voyages that it was on."""
        found = (self.work.accepted_voyage.get(name) for name in voyages_of(self.was))
        return [voyage for voyage in found if voyage is not None]


def _check_told(work: Workings, found: Findings, where: str, item: Moved, was: PlannedShipment | None) -> None:
    tries: list[Findings] = []
    for names, figures in _told(work, item, was):
        tries.append(Findings())
        names = [WORDS[item.code], *names]
        check_words(tries[-1], "moved_reason", where, item.message, names, [figures], relative=0.0)
        if not tries[-1].violations:
            return
    if tries:
        found.violations += tries[-1].violations
    else:
        found.add("moved_reason", where, "what stopped it", item.message.en)


def _told(work: Workings, item: Moved, was: PlannedShipment | None) -> Iterator[tuple[list[Message], Figures]]:
    """Names and figures with which a reason may be told."""
    said = figures_of(item.message.zh, *item.was)
    match item.code:
        case "mass_changed":
            now = work.shipment_by_id.get(item.shipment_id)
            before_t = _mass_kg(was) / 1000 if was is not None else (said or (0.0,))[0]
            yield [], (before_t, now.mass_kg / 1000 if now is not None else 0.0)
        case "way_changed":
            yield [], ()
            yield from (([_same(name)], ()) for name in item.was)
        case "voyage_gone" | "below_least" | "vessel_late":
            yield from (([_same(name)], ()) for name in item.was)
        case "closed":
            for name in item.was:
                yield from (([_same(name), _same(closure)], ()) for closure in _closures(work, name))
        case "terminal_closed":
            for name in item.was:
                yield from (([_same(name), _same(place)], ()) for place in _ports(work, name))
        case "shallow":
            for name in item.was:
                yield [_same(name)], ()
                yield from (([_same(name)], loads) for loads in _loads(work, name, said))
        case "vessel_gone":
            hulls = {work.accepted_voyage[name].vessel_id for name in item.was if name in work.accepted_voyage}
            inside = item.message.zh.partition("（")[2].partition("）")[0]
            yield from (([_same(hull)], ()) for hull in hulls or ({inside} if inside else ()))
        case "lock_full":
            for name in item.was:
                yield from (([_same(lock), _same(name)], ()) for lock in work.network.locks)
        case "terminal_full":
            for place, group in _quays(work, item, was):
                yield [_same(place), _same(group)], ()
        case _:
            yield [], ()


def _same(name: str) -> Message:
    return Message(name, name)


def _mass_kg(was: PlannedShipment) -> int:
    return sum(lot.mass_kg for lot in was.lots) + was.left_kg


def _closures(work: Workings, name: str) -> list[str]:
    """Closures that the accepted voyage meets; all of the network's where it is not known."""
    voyage = work.accepted_voyage.get(name)
    if voyage is None:
        return [closure.closure_id for closure in work.network.closures]
    course = work.course(voyage) if work.voyage_misfit(voyage) is None else None
    return work.ways.closures(course, voyage.departs_at) if course is not None else []


def _ports(work: Workings, name: str) -> list[str]:
    voyage = work.accepted_voyage.get(name)
    return [voyage.origin, voyage.destination] if voyage is not None else list(work.network.locations)


def _loads(work: Workings, name: str, said: Figures) -> Iterator[Figures]:
    """What the voyage may load today, and what was to be aboard: more than that and no more than was accepted."""
    voyage = work.accepted_voyage.get(name)
    if voyage is None:
        yield from [said] if len(said) == 2 and said[0] < said[1] else []
        return
    allowed_t = (_allowed_kg(work, voyage) or 0) / 1000
    yield from ((allowed_t, load_t) for load_t in said if allowed_t < load_t <= voyage.load_kg / 1000)


def _allowed_kg(work: Workings, voyage: Voyage) -> int | None:
    """What an accepted voyage may carry today; None where it has no way."""
    if work.voyage_misfit(voyage) is not None:
        return None
    course, vessel = work.course(voyage), work.network.vessel_classes[voyage.vessel_class]
    assert course is not None
    if work.ways.draught_m(course, voyage.departs_at) < vessel.light_draught_m:
        return 0
    allowed_kg = int(work.ways.capacity_t(course, vessel, voyage.departs_at) * 1000 + 1e-6)
    offer = work.offer_by_id.get(voyage.voyage_id) if voyage.offer is not None else None
    return min(allowed_kg, offer.capacity_kg) if offer is not None else allowed_kg


def _quays(work: Workings, item: Moved, was: PlannedShipment | None) -> list[tuple[str, str]]:
    shipment = work.shipment_by_id.get(item.shipment_id)
    groups = [work.group(shipment)] if shipment is not None else []
    if was is None:
        return [key for key in work.network.terminals if key[1] in groups]
    places = {leg.origin for lot in was.lots for leg in lot.legs if leg.mode == Mode.HUB}
    return [(place, group) for place in sorted(places) for group in groups]


OF_THE_FILE = ("missing", "after_horizon")
"""Reasons that the new file alone proves or refutes; they come before all others."""


def _of_the_file(work: Workings, item: Moved) -> str:
    """Which of them it is, empty where neither."""
    shipment = work.shipment_by_id.get(item.shipment_id)
    if shipment is None:
        return "missing"
    return "after_horizon" if work.after_horizon(shipment) else ""


def _holds(move: Move) -> bool:
    """Whether a reason can be true; those that depend on what else is kept are not followed up."""
    test = REASONS.get(move.item.code)
    return test is None or test(move)


def _mass_changed(move: Move) -> bool:
    shipment = move.work.shipment_by_id.get(move.was.shipment_id)
    return shipment is not None and shipment.mass_kg != _mass_kg(move.was)


def _doors_changed(move: Move) -> bool:
    shipment = move.work.shipment_by_id.get(move.was.shipment_id)
    ends = {(lot.legs[0].origin, lot.legs[-1].destination) for lot in move.was.lots if lot.legs}
    return shipment is not None and ends != {(shipment.origin, shipment.destination)}


def _ready_later(move: Move) -> bool:
    shipment = move.work.shipment_by_id.get(move.was.shipment_id)
    return shipment is not None and shipment.ready_at > min(lot.legs[0].departs_at for lot in move.was.lots)


def _not_whole(move: Move) -> bool:
    shipment = move.work.shipment_by_id.get(move.was.shipment_id)
    return shipment is not None and not shipment.splittable and (len(move.was.lots) > 1 or move.was.left_kg > 0)


def _voyage_gone(move: Move) -> bool:
    """A carrier offers one of its sailings no more, or otherwise; or the accepted plan did not have it at all."""
    known = move.voyages
    return len(known) < len(voyages_of(move.was)) or any(
        voyage.offer is not None and not _still_offered(move.work, voyage) for voyage in known
    )


def _still_offered(work: Workings, voyage: Voyage) -> bool:
    offer, terms = work.offer_by_id.get(voyage.voyage_id), voyage.offer
    if offer is None or terms is None:
        return False
    asked = (terms.carrier_id, terms.fixed_yuan, terms.price_yuan_per_t, terms.least_kg)
    sails = (voyage.vessel_class, voyage.origin, voyage.destination, voyage.departs_at, voyage.arrives_at)
    return (
        asked == (offer.carrier_id, offer.fixed_yuan, offer.price_yuan_per_t, offer.least_kg)
        and sails == (offer.vessel_class, offer.origin, offer.destination, offer.departs_at, offer.arrives_at)
        and voyage.cargo_group in offer.cargo_groups
        and voyage.capacity_kg <= offer.capacity_kg
    )


def _below_least(move: Move) -> bool:
    return any(voyage.offer is not None and voyage.offer.least_kg > 0 for voyage in move.voyages)


def _shallow(move: Move) -> bool:
    allowed = [(voyage, _allowed_kg(move.work, voyage)) for voyage in move.voyages]
    return any(kg is not None and kg < voyage.load_kg for voyage, kg in allowed)


def _closed(move: Move) -> bool:
    return any(_closures(move.work, voyage.voyage_id) for voyage in move.voyages)


def _terminal_closed(move: Move) -> bool:
    return any(
        move.work.ways.terminal_closures(place, opens, ends)
        for voyage in move.voyages
        for place, opens, ends in (
            (voyage.origin, voyage.berth_from, voyage.departs_at),
            (voyage.destination, voyage.arrives_at, voyage.free_at),
        )
    )


def _terminal_full(move: Move) -> bool:
    """On a day on which the shipment is handled, all that was accepted there is more than the terminal bears today."""
    handled_kg: Counter[tuple[str, str, date]] = Counter()
    mine: set[tuple[str, str, date]] = set()
    for planned in move.accepted.shipments:
        shipment = move.work.shipment_by_id.get(planned.shipment_id)
        for lot in planned.lots if shipment is not None else ():
            for leg in lot.legs:
                if leg.mode == Mode.HUB:
                    assert shipment is not None
                    key = (leg.origin, move.work.group(shipment), _day(leg.departs_at))
                    handled_kg[key] += lot.mass_kg
                    if planned.shipment_id == move.was.shipment_id:
                        mine.add(key)
    for place, group, day in mine:
        terminal = move.work.network.terminals.get((place, group))
        if terminal is None or handled_kg[(place, group, day)] > terminal.handling_t_per_day * 1000:
            return True
    return False


def _day(moment: datetime) -> date:
    return moment.date()


REASONS: Mapping[str, Callable[[Move], bool]] = {
    "doors_changed": _doors_changed,
    "not_whole": _not_whole,
    "mass_changed": _mass_changed,
    "ready_later": _ready_later,
    "voyage_gone": _voyage_gone,
    "below_least": _below_least,
    "shallow": _shallow,
    "closed": _closed,
    "terminal_closed": _terminal_closed,
    "terminal_full": _terminal_full,
}
"""Reasons that the tables or the new files prove or refute."""
