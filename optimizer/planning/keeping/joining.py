"""What is kept and what was planned around it as one plan: voyages with all that is aboard, shared anew."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from optimizer.errors import Message
from optimizer.planning.document import plan_to_json
from optimizer.planning.keeping.held import Held
from optimizer.planning.keeping.move_reasons import Why
from optimizer.planning.keeping.reserving import ROOM
from optimizer.planning.keeping.tours import Tour, trimmed
from optimizer.planning.layout.given import KEPT
from optimizer.planning.offer import OWN_VOYAGE_ID
from optimizer.planning.plan import Binding, Kept, Leg, Lot, Moved, Plan, PlannedShipment, Voyage
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.voyages.sailings import borne_by_lots
from optimizer.planning.voyages.totals import objective_yuan, plan_totals, planned_shipment
from optimizer.quantities import FEN_PER_YUAN, KG_PER_T, apportion, to_integer

NOTE = Message(
    "下界与间隙只对保留部分不动的计划成立。", "Bound and gap hold for all plans that leave what is kept as it is."
)


@dataclass(frozen=True, slots=True)
class KeptPart:
    """What is kept, written down alone. ``floor_yuan``: no plan that keeps it spends less on it. ``wtw_g``: its grams
    while no round trip without cargo is left out."""

    floor_yuan: float
    wtw_g: int


def kept_alone(held: Held, settings: PlanSettings) -> KeptPart:
    """What the kept part costs at least, and what it emits."""
    tasks = [item.shipment for item in held.shipments.values()]
    shared = _written(held, held.loads_kg, {}, floor=True)
    yuan = objective_yuan(tasks, held.book.network, settings, shared.shipments)
    loads = held.loads_kg
    whole = [held.book.with_load(v, loads[v.voyage_id]) for v in held.voyages]
    sailed = sum(voyage.co2e_wtw_g for voyage in whole)
    services = [
        leg.co2e_wtw_g for item in held.shipments.values() for lot in item.lots for leg in lot.legs if not leg.voyage_id
    ]
    return KeptPart(yuan, sailed + sum(services))


def joined(rest: Plan, held: Held, part: KeptPart, tasks: Sequence[Shipment], settings: PlanSettings) -> Plan:
    """One plan of what is kept (``part``) and what was planned around it. ``tasks``: all shipments inside the horizon.

    Objective and totals are those of the whole; the bound is the rest's and the least that the kept part costs. What
    the kept part costs above that least lies open too, beside each limit that binds.
    """
    added: Counter[str] = Counter()
    new: list[Voyage] = []
    number = {}
    for voyage in rest.voyages:
        if voyage.market == KEPT:
            number[voyage.voyage_id] = voyage.voyage_id.removeprefix(ROOM)
            added[number[voyage.voyage_id]] += voyage.load_kg
        elif OWN_VOYAGE_ID.fullmatch(voyage.voyage_id):
            number[voyage.voyage_id] = f"V{int(voyage.voyage_id[1:]) + held.last_number:05d}"
            new.append(replace(voyage, voyage_id=number[voyage.voyage_id]))
        else:
            new.append(voyage)
    planned = {p.shipment_id: _renamed(p, number) for p in rest.shipments}
    written = _written(held, held.loads_kg + added, planned, new)
    done = {entry.shipment_id: entry for entry in written.shipments}
    shipments = tuple(done[task.shipment_id] for task in tasks)
    objective = objective_yuan(tasks, held.book.network, settings, shipments)
    bound = part.floor_yuan + rest.bound_yuan
    return replace(
        rest,
        objective_yuan=objective,
        bound_yuan=bound,
        gap=(objective - bound) / max(abs(objective), 1.0),
        shipments=shipments,
        voyages=written.voyages,
        binding=opened(rest.binding, objective - part.floor_yuan - rest.objective_yuan),
        settings={**rest.settings, "co2e_cap_t": settings.co2e_cap_t},
        totals=plan_totals(tasks, shipments, written.voyages),
        # It was proven of the rest alone, whose costs nobody sees here.
        left_behind=None,
        kept=_kept(held, written.voyages),
        moved=_moved(held, done),
    )


def opened(limits: Sequence[Binding], kept_yuan: float) -> tuple[Binding, ...]:
    """Limits of the rest, where so many yuan more lie between the whole plan and its bound."""
    more_yuan = max(kept_yuan, 0.0)
    return tuple(
        limit
        if limit.at_most_yuan is None
        else replace(limit, at_most_yuan=limit.at_most_yuan + more_yuan / limit.days)
        for limit in limits
    )


@dataclass(frozen=True, slots=True)
class _Written:
    shipments: tuple[PlannedShipment, ...]
    voyages: tuple[Voyage, ...]


def _written(
    held: Held,
    loads: Mapping[str, int],
    planned: Mapping[str, PlannedShipment],
    new: Sequence[Voyage] = (),
    *,
    floor: bool = False,
) -> _Written:
    """Kept voyages with these loads, then new ones; the shipments with what they bear of all of them."""
    voyages = (*_kept_voyages(held, loads, floor=floor), *new)
    chains: dict[str, list[tuple[int, tuple[Leg, ...]]]] = {
        name: [(lot.mass_kg, lot.legs) for lot in item.lots] for name, item in held.shipments.items()
    }
    chains.update({name: [(lot.mass_kg, lot.legs) for lot in item.lots] for name, item in planned.items()})
    shared = _shared(held, voyages, chains)
    done = []
    for name, item in held.shipments.items():
        entry = planned_shipment(item.shipment, shared[name], item.baseline_legs)
        was = item.planned
        done.append(replace(entry, on_road_because=was.on_road_because, left_kg=was.left_kg, reason=was.reason))
    for name, entry in planned.items():
        if entry.status == "rejected":
            done.append(entry)
            continue
        # Only costs and grams of voyages change; saving follows from them.
        spent = _spent(shared[name]), _spent(entry.lots)
        saving = entry.saving
        if saving is not None:
            less = [now - was for now, was in zip(*spent, strict=True)]
            saving = replace(
                saving,
                cost_fen=saving.cost_fen - less[0],
                co2e_ttw_g=saving.co2e_ttw_g - less[1],
                co2e_wtw_g=saving.co2e_wtw_g - less[2],
            )
        done.append(replace(entry, lots=shared[name], saving=saving))
    return _Written(tuple(done), voyages)


def _spent(lots: Sequence[Lot]) -> tuple[int, int, int]:
    legs = [leg for lot in lots for leg in lot.legs]
    return sum(g.cost_fen for g in legs), sum(g.co2e_ttw_g for g in legs), sum(g.co2e_wtw_g for g in legs)


def _kept_voyages(held: Held, loads: Mapping[str, int], *, floor: bool) -> list[Voyage]:
    """Voyages of kept tours with their loads, priced hull by hull. Round trips without cargo are left out where that
    saves anything (a hired hull may have to wait for more than its fuel); ``floor``: at the least that either costs."""
    done: list[Voyage] = []
    for tour in held.tours:
        whole = _priced(held, tour, loads)
        cut = trimmed(tour, loads)
        if cut == tour:
            done += whole
            continue
        short = [] if cut is None else _priced(held, cut, loads, waits_free=floor)
        done += min(short, whole, key=lambda voyages: sum(voyage.cost_fen for voyage in voyages))
    for voyage in held.bought:
        loaded = held.book.with_load(voyage, loads.get(voyage.voyage_id, 0))
        done.append(replace(loaded, cost_fen=held.book.cost_fen(loaded, None, set())))
    return sorted(done, key=lambda voyage: voyage.voyage_id)


def _priced(held: Held, tour: Tour, loads: Mapping[str, int], *, waits_free: bool = False) -> list[Voyage]:
    done: list[Voyage] = []
    for voyage in tour.voyages:
        loaded = held.book.with_load(voyage, loads.get(voyage.voyage_id, 0))
        before = done[-1] if done and not waits_free else None
        bases = held.bases.get((voyage.vessel_class, voyage.market), set())
        done.append(replace(loaded, cost_fen=held.book.cost_fen(loaded, before, bases)))
    return done


def _shared(
    held: Held, voyages: Sequence[Voyage], chains: Mapping[str, Sequence[tuple[int, tuple[Leg, ...]]]]
) -> dict[str, tuple[Lot, ...]]:
    """Lots whose legs by voyage bear their part of it by mass, and their own tolls."""
    borne = borne_by_lots(voyages)
    by_id = {voyage.voyage_id: voyage for voyage in voyages}
    aboard: dict[str, list[tuple[str, int, int, int]]] = defaultdict(list)
    legs: dict[tuple[str, int], list[Leg]] = {}
    for name, lots in chains.items():
        for lot, (mass_kg, chain) in enumerate(lots):
            legs[(name, lot)] = list(chain)
            for place, leg in enumerate(chain):
                if leg.voyage_id:
                    aboard[leg.voyage_id].append((name, lot, place, mass_kg))
    for voyage_id, items in aboard.items():
        whole, masses = borne[voyage_id], [mass_kg for *_, mass_kg in items]
        columns = [apportion(amount, masses) for amount in (whole.cost_fen, whole.co2e_ttw_g, whole.co2e_wtw_g)]
        toll = _toll_yuan_per_t(held, by_id[voyage_id])
        for (name, lot, place, mass_kg), cost_fen, ttw_g, wtw_g in zip(items, *columns, strict=True):
            toll_fen = to_integer(toll * mass_kg * FEN_PER_YUAN / KG_PER_T)
            leg = legs[(name, lot)][place]
            legs[(name, lot)][place] = replace(leg, cost_fen=cost_fen + toll_fen, co2e_ttw_g=ttw_g, co2e_wtw_g=wtw_g)
    return {
        name: tuple(
            Lot(number, mass_kg, tuple(legs[(name, number - 1)])) for number, (mass_kg, _) in enumerate(lots, start=1)
        )
        for name, lots in chains.items()
    }


def _toll_yuan_per_t(held: Held, voyage: Voyage) -> float:
    lane = held.book.lane(voyage)
    return 0.0 if voyage.offer is not None or lane is None else lane.toll_yuan_per_t


def _renamed(planned: PlannedShipment, number: Mapping[str, str]) -> PlannedShipment:
    """The shipment with the ids that voyages have in the whole plan."""

    def name(leg: Leg) -> Leg:
        return replace(leg, voyage_id=number.get(leg.voyage_id, leg.voyage_id))

    lots = tuple(replace(lot, legs=tuple(map(name, lot.legs))) for lot in planned.lots)
    return replace(planned, lots=lots)


def _kept(held: Held, voyages: Sequence[Voyage]) -> Kept:
    loads = held.loads_kg
    return Kept(
        sha256(plan_to_json(held.accepted).encode()).hexdigest(),
        tuple(sorted(held.shipments)),
        tuple(voyage.voyage_id for voyage in voyages if loads[voyage.voyage_id]),
        NOTE,
        held.issued_only,
    )


def _moved(held: Held, done: Mapping[str, PlannedShipment]) -> tuple[Moved, ...]:
    """What became of every other shipment that the accepted plan had planned, in its order. One without a waybill is
    told of only where its voyages changed."""
    found = []
    for planned in held.accepted.shipments:
        why: Why | None = held.moved.get(planned.shipment_id)
        if why is None or why.code == "left_out":
            continue
        now = done.get(planned.shipment_id)
        was_on, now_on = _voyages_of(planned), _voyages_of(now) if now is not None else ()
        if why.code == "not_issued" and was_on == now_on:
            continue
        found.append(Moved(planned.shipment_id, why.code, why.message, was_on, now_on))
    return tuple(found)


def _voyages_of(planned: PlannedShipment) -> tuple[str, ...]:
    return tuple(dict.fromkeys(leg.voyage_id for lot in planned.lots for leg in lot.legs if leg.voyage_id))
