"""Voyages of the plan: moves of hulls with what they carry, their times, fuel, cost and grams.

A loaded vessel is taken from berthing until the slot in which it is free again. A sailing for which no cargo is left
casts off as planned (its lockages are counted for that hour) but needs no berths: it is an empty voyage that takes
the vessel as many slots as an empty lane would. A hired vessel that waits away from its base is paid for the wait by
its next voyage.

Own amounts of a voyage are its fuel and days. What the lots of a voyage bear is that, and their share of the empty
voyages of the same vessel class by tonne-kilometres, so that all lots together bear all voyages.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from optimizer.emissions.operations import fuel_emissions, vessel_fuel_kg
from optimizer.network.graph import Lane
from optimizer.planning.layout.fleetflow import LOADED, FleetFlow
from optimizer.planning.layout.given import OFFERED
from optimizer.planning.layout.timespace import TimeSpace
from optimizer.planning.plan import LockPassage, Voyage
from optimizer.planning.routing import tariff
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import SLOT_H
from optimizer.planning.voyages.given_voyage import given_voyage
from optimizer.planning.voyages.hulls import Move, tours_of
from optimizer.planning.voyages.lots import Part, Sailing, capacity_kg
from optimizer.planning.voyages.packing import Item, stow
from optimizer.quantities import FEN_PER_YUAN, G_PER_KG, KG_PER_T, apportion, to_integer

DAY = timedelta(days=1)
Aboard = tuple[tuple[int, int], ...]
"""(part number, kg) of everything a hull carries on one move."""


@dataclass(frozen=True, slots=True)
class Borne:
    """What the lots of a voyage bear together: fen and grams, empty running included."""

    cost_fen: int
    co2e_ttw_g: int
    co2e_wtw_g: int


def load_hulls(space: TimeSpace, moves: Sequence[Move], parts: Sequence[Part]) -> tuple[dict[Move, Aboard], list[Part]]:
    """Pack the parts of each sailing into the hulls that make it, pool by pool.

    Returns what is aboard each loaded move, and the parts that fit no hull. A part that changes ships is packed twice,
    and not always into the same pieces.
    """
    making: dict[Sailing, list[Move]] = defaultdict(list)
    for move in moves:
        if move.sailing is not None:
            making[move.sailing].append(move)
    items: dict[Sailing, list[Item]] = defaultdict(list)
    for number, part in enumerate(parts):
        for sailing in part.sailings:
            splittable = space.shipments[part.shipment].splittable
            items[sailing].append(Item(number, part.mass_kg, splittable))
    aboard: dict[Move, Aboard] = {}
    ashore: list[Part] = []
    for sailing in sorted(items):
        hulls = sorted(making.get(sailing, []), key=lambda move: (move.pool, move.vessel_id))
        stowage = stow(items[sailing], len(hulls), capacity_kg(space, sailing))
        aboard.update((move, tuple(hold)) for move, hold in zip(hulls, stowage.holds, strict=True) if hold)
        ashore.extend(parts[number] for number in stowage.ashore)
    return aboard, list(dict.fromkeys(ashore))


def without_idle_tours(moves: Sequence[Move], aboard: dict[Move, Aboard]) -> list[Move]:
    """Leave out hulls that carry nothing on a whole round trip; when nobody carries anything, all of them."""
    if not aboard:
        return []
    moves = [move for move in moves if not move.given or move in aboard]
    idle = {
        vessel_id
        for vessel_id, tour in tours_of(moves).items()
        if tour[0].origin == tour[-1].destination and not any(move in aboard for move in tour)
    }
    return [move for move in moves if move.vessel_id not in idle]


class VoyageMaker:
    """Turns moves into voyages on one time-space."""

    def __init__(self, space: TimeSpace, fleet: FleetFlow, book: RouteBook) -> None:
        self.space, self.fleet, self.book, self.network = space, fleet, book, book.network
        self.bases: dict[tuple[str, str], set[str]] = defaultdict(set)
        for entry in self.network.fleet:
            self.bases[(entry.vessel_class, entry.market)].add(entry.location_id)

    def voyages(self, moves: Sequence[Move], aboard: dict[Move, Aboard]) -> dict[Move, Voyage]:
        """One voyage for each move, numbered by (berth_from, origin, destination, vessel_id); a given sailing keeps its
        own name. Given ones come first."""
        made: list[tuple[Move, Voyage]] = []
        named = {move: self._given(move, sum(kg for _, kg in aboard.get(move, ()))) for move in moves if move.given}
        for tour in tours_of([move for move in moves if not move.given]).values():
            left: Voyage | None = None
            for move in tour:
                voyage = self._voyage(move, sum(kg for _, kg in aboard.get(move, ())))
                made.append((move, self._priced(voyage, left)))
                left = voyage
        made.sort(key=lambda pair: (pair[1].berth_from, pair[1].origin, pair[1].destination, pair[1].vessel_id))
        own = {move: replace(voyage, voyage_id=f"V{n:05d}") for n, (move, voyage) in enumerate(made, start=1)}
        return {**named, **own}

    def _given(self, move: Move, load_kg: int) -> Voyage:
        given = self.space.families[move.item].given
        assert given is not None
        return given_voyage(given, load_kg, self.book)

    def _voyage(self, move: Move, load_kg: int) -> Voyage:
        """Times, load and fuel; the cost follows."""
        pool = self.fleet.pools[move.pool]
        vessel = self.network.vessel_classes[pool.vessel_class]
        lane = self._lane(move)
        berth_from, departs_at, arrives_at, free_at = self._times(move, lane, load_kg > 0)
        if load_kg > 0:
            family = self.space.families[move.item]
            group, most_kg = family.cargo_group, capacity_kg(self.space, (move.item, move.slot))
        else:
            group, most_kg = "", to_integer(self.book.graph.capacity_t(lane, departs_at) * KG_PER_T)
        fuel_kg = vessel_fuel_kg(vessel, lane.distance_km, load_kg / KG_PER_T)
        burnt = fuel_emissions(vessel.energy_carrier, "inland_waterway", fuel_kg, self.book.factors, self.book.on)
        return Voyage(
            voyage_id="",
            vessel_id=move.vessel_id,
            vessel_class=pool.vessel_class,
            market=pool.market,
            origin=move.origin,
            destination=move.destination,
            berth_from=berth_from,
            departs_at=departs_at,
            arrives_at=arrives_at,
            free_at=free_at,
            cargo_group=group,
            load_kg=load_kg,
            capacity_kg=most_kg,
            empty=load_kg == 0,
            distance_km=lane.distance_km,
            locks=passages_of(lane, departs_at),
            fuel_g=to_integer(fuel_kg * G_PER_KG),
            cost_fen=0,
            co2e_ttw_g=to_integer(burnt.ttw_kg * G_PER_KG),
            co2e_wtw_g=to_integer(burnt.wtw_kg * G_PER_KG),
        )

    def _lane(self, move: Move) -> Lane:
        if move.kind != LOADED:
            return self.fleet.empty_lanes[move.item].lane
        lane = self.space.families[move.item].leg.lane
        assert lane is not None, "a planned leg has a lane"
        return lane

    def _times(self, move: Move, lane: Lane, loaded: bool) -> tuple[datetime, datetime, datetime, datetime]:
        """(berth_from, departs_at, arrives_at, free_at)."""
        moment = self.space.grid.moment
        begin_h = move.slot * float(SLOT_H)
        end_h = begin_h + move.slots_taken * SLOT_H
        if move.kind != LOADED:
            return moment(begin_h), moment(begin_h), moment(begin_h + lane.transit_h), moment(end_h)
        off_h = begin_h + self.space.families[move.item].load_h
        if not loaded:
            taken_h = max(1, -(-(lane.transit_h - 1e-9) // SLOT_H)) * SLOT_H
            end_h = min(off_h + taken_h, end_h)
            begin_h = end_h - taken_h
        return moment(begin_h), moment(off_h), moment(off_h + lane.transit_h), moment(end_h)

    def _priced(self, voyage: Voyage, before: Voyage | None) -> Voyage:
        """With cost: days taken (and waited away from the base, on the spot market) x day rate + fuel x price."""
        vessel = self.network.vessel_classes[voyage.vessel_class]
        days = (voyage.free_at - voyage.berth_from) / DAY
        if before is not None and voyage.market == "spot" and before.destination not in self.bases[_kind(voyage)]:
            days += (voyage.berth_from - before.free_at) / DAY
        fuel_kg = vessel_fuel_kg(vessel, voyage.distance_km, voyage.load_kg / KG_PER_T)
        cost_yuan = tariff.day_rate_yuan(vessel, voyage.market) * days
        cost_yuan += fuel_kg * tariff.energy_price_yuan(self.network, vessel.energy_carrier)
        return replace(voyage, cost_fen=to_integer(cost_yuan * FEN_PER_YUAN))


def borne_by_lots(voyages: Sequence[Voyage]) -> dict[str, Borne]:
    """What the lots of each loaded voyage bear: its own amounts and its share of the empty voyages of its class.

    The share goes by kg·km. Empty voyages of a class that carries nothing are borne by all loaded voyages.
    """
    borne = {v.voyage_id: [v.cost_fen, v.co2e_ttw_g, v.co2e_wtw_g] for v in voyages if not v.empty}
    # Whoever buys a carrier's sailing does not pay for the empty running of the planner's fleet.
    loaded = [voyage for voyage in voyages if not voyage.empty and voyage.market != OFFERED]
    carrying = {voyage.vessel_class for voyage in loaded}
    empty: Counter[tuple[str, int]] = Counter()
    for voyage in voyages:
        if voyage.empty:
            group = voyage.vessel_class if voyage.vessel_class in carrying else ""
            for number, amount in enumerate((voyage.cost_fen, voyage.co2e_ttw_g, voyage.co2e_wtw_g)):
                empty[(group, number)] += amount
    for (group, number), amount in sorted(empty.items()):
        bearers = [voyage for voyage in loaded if group in ("", voyage.vessel_class)]
        weights = [to_integer(voyage.load_kg * voyage.distance_km) for voyage in bearers]
        for voyage, part in zip(bearers, apportion(amount, weights), strict=True):
            borne[voyage.voyage_id][number] += part
    return {voyage_id: Borne(*amounts) for voyage_id, amounts in borne.items()}


def _kind(voyage: Voyage) -> tuple[str, str]:
    return voyage.vessel_class, voyage.market


def passages_of(lane: Lane, departs_at: datetime) -> tuple[LockPassage, ...]:
    """Each lock at the moment the vessel leaves it: that day it counts."""
    return tuple(
        LockPassage(passage.lock_id, departs_at + timedelta(seconds=round(passage.leaves_h * 3600)))
        for passage in lane.passages
    )
