"""Whether an accepted voyage can still sail as it was to, and what it may carry today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from math import floor

from optimizer.emissions.operations import fuel_emissions, vessel_fuel_kg
from optimizer.network.graph import Lane
from optimizer.planning.keeping.move_reasons import Why, named
from optimizer.planning.layout.families import Grid, empty_slots
from optimizer.planning.layout.given import GivenSailing
from optimizer.planning.plan import Voyage
from optimizer.planning.routing import tariff
from optimizer.planning.routing.route import hub_hours
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import SLOT_H
from optimizer.planning.voyages.sailings import passages_of
from optimizer.quantities import FEN_PER_YUAN, G_PER_KG, KG_PER_T, to_integer

CLOCK = timedelta(seconds=2)
DAY = timedelta(days=1)


class VoyageBook:
    """Looks accepted voyages up in today's network, and prices them. ``offered_kg``: room of carriers' sailings by
    id."""

    def __init__(self, book: RouteBook, grid: Grid, offered_kg: Mapping[str, int]) -> None:
        self.book, self.network, self.graph, self.grid = book, book.network, book.graph, grid
        self.offered_kg = offered_kg

    def lane(self, voyage: Voyage) -> Lane | None:
        """The voyage's way today."""
        known = {voyage.origin, voyage.destination} <= self.network.locations.keys()
        if voyage.vessel_class not in self.network.vessel_classes or not known:
            return None
        return self.graph.lane(voyage.origin, voyage.destination, voyage.vessel_class)

    def trouble(self, voyage: Voyage) -> Why | None:
        """Why it cannot sail at its hours whatever it carries, None when it can."""
        lane = self.lane(voyage)
        if lane is None:
            return Why("way_changed", named(voyage.voyage_id))
        if voyage.offer is None and not self._same_way(voyage, lane):
            return Why("way_changed", named(voyage.voyage_id))
        shut = self.graph.closed(lane, voyage.departs_at)
        if shut is not None:
            return Why("closed", named(f"{voyage.voyage_id}, {shut}"))
        if not self.graph.floats(lane, voyage.departs_at):
            return Why("shallow", named(voyage.voyage_id))
        return None if voyage.empty else self._quay_trouble(voyage)

    def _same_way(self, voyage: Voyage, lane: Lane) -> bool:
        hours = abs((voyage.arrives_at - voyage.departs_at) - timedelta(hours=lane.transit_h)) <= CLOCK
        locks = passages_of(lane, voyage.departs_at)
        passes = [lock.lock_id for lock in locks] == [lock.lock_id for lock in voyage.locks] and all(
            abs(one.at - other.at) <= CLOCK for one, other in zip(locks, voyage.locks, strict=True)
        )
        return hours and passes and abs(lane.distance_km - voyage.distance_km) <= 1e-6

    def _quay_trouble(self, voyage: Voyage) -> Why | None:
        vessel = self.network.vessel_classes[voyage.vessel_class]
        if voyage.cargo_group not in vessel.cargo_groups:
            return Why("way_changed", named(voyage.voyage_id))
        ends = (
            (voyage.origin, voyage.berth_from, voyage.departs_at),
            (voyage.destination, voyage.arrives_at, voyage.free_at),
        )
        for place, opens, closes in ends:
            terminal = self.network.terminals.get((place, voyage.cargo_group))
            if terminal is None or terminal.max_vessel_dwt_t < vessel.capacity_t:
                return Why("way_changed", named(voyage.voyage_id))
            work = timedelta(hours=hub_hours(self.network, terminal, vessel.capacity_t))
            if closes - opens < work - CLOCK:
                return Why("way_changed", named(voyage.voyage_id))
            # A vessel may lie idle after its work; only the work needs an open terminal.
            if self.graph.terminal_closed(place, opens, min(closes, opens + work)):
                return Why("terminal_closed", named(f"{voyage.voyage_id}, {place}"))
        return None

    def capacity_kg(self, voyage: Voyage) -> int:
        """What a loaded voyage may carry today; of a carrier's no more than is offered."""
        lane = self.lane(voyage)
        assert lane is not None, "a voyage without trouble has a lane"
        allowed_kg = floor(self.graph.capacity_t(lane, voyage.departs_at) * KG_PER_T + 1e-6)
        return allowed_kg if voyage.offer is None else min(allowed_kg, self.offered_kg[voyage.voyage_id])

    def with_load(self, voyage: Voyage, load_kg: int) -> Voyage:
        """The voyage with this load: fuel and grams follow; its cost is set apart. A hull that was to load and has
        nothing aboard casts off as it was to, and is taken as long as an empty one."""
        lane = self.lane(voyage)
        assert lane is not None, "a voyage without trouble has a lane"
        if load_kg == 0 and not voyage.empty:
            voyage = self._in_ballast(voyage, lane)
        vessel = self.network.vessel_classes[voyage.vessel_class]
        fuel_kg = vessel_fuel_kg(vessel, lane.distance_km, load_kg / KG_PER_T)
        burnt = fuel_emissions(vessel.energy_carrier, "inland_waterway", fuel_kg, self.book.factors, self.book.on)
        if load_kg:
            capacity_kg = self.capacity_kg(voyage)
        else:
            capacity_kg = to_integer(self.graph.capacity_t(lane, voyage.departs_at) * KG_PER_T)
        return replace(
            voyage,
            load_kg=load_kg,
            capacity_kg=capacity_kg,
            distance_km=lane.distance_km,
            locks=() if voyage.offer is not None else passages_of(lane, voyage.departs_at),
            fuel_g=to_integer(fuel_kg * G_PER_KG),
            co2e_ttw_g=to_integer(burnt.ttw_kg * G_PER_KG),
            co2e_wtw_g=to_integer(burnt.wtw_kg * G_PER_KG),
        )

    def _in_ballast(self, voyage: Voyage, lane: Lane) -> Voyage:
        hour, moment = self.grid.hour, self.grid.moment
        taken_h = empty_slots(lane.transit_h) * float(SLOT_H)
        end_h = min(hour(voyage.departs_at) + taken_h, hour(voyage.free_at))
        begin_h = max(end_h - taken_h, hour(voyage.berth_from))
        return replace(voyage, berth_from=moment(begin_h), free_at=moment(end_h), cargo_group="", empty=True, load_kg=0)

    def cost_fen(self, voyage: Voyage, before: Voyage | None, bases: set[str]) -> int:
        """Days taken (a hired hull's also while it waits away from ``bases`` after the voyage before) x day rate +
        fuel; a carrier's: fixed sum + price x tonnes."""
        if voyage.offer is not None:
            yuan = voyage.offer.fixed_yuan + voyage.offer.price_yuan_per_t * voyage.load_kg / KG_PER_T
            return to_integer(yuan * FEN_PER_YUAN)
        vessel = self.network.vessel_classes[voyage.vessel_class]
        days = (voyage.free_at - voyage.berth_from) / DAY
        if before is not None and voyage.market == "spot" and before.destination not in bases:
            days += (voyage.berth_from - before.free_at) / DAY
        yuan = tariff.day_rate_yuan(vessel, voyage.market) * days
        fuel_kg = vessel_fuel_kg(vessel, voyage.distance_km, voyage.load_kg / KG_PER_T)
        yuan += fuel_kg * tariff.energy_price_yuan(self.network, vessel.energy_carrier)
        return to_integer(yuan * FEN_PER_YUAN)

    def ballast(self, name: str, like: Voyage, lane: Lane, slot: int) -> Voyage:
        """A new empty voyage of a hull in a slot; load, fuel and cost are filled in later."""
        moment = self.grid.moment
        begin_h = slot * float(SLOT_H)
        begins = moment(begin_h)
        return replace(
            like,
            voyage_id=name,
            origin=lane.origin,
            destination=lane.destination,
            berth_from=begins,
            departs_at=begins,
            arrives_at=moment(begin_h + lane.transit_h),
            free_at=moment(begin_h + empty_slots(lane.transit_h) * SLOT_H),
            cargo_group="",
            load_kg=0,
            capacity_kg=0,
            empty=True,
            distance_km=lane.distance_km,
            locks=passages_of(lane, begins),
            fuel_g=0,
            cost_fen=0,
            co2e_ttw_g=0,
            co2e_wtw_g=0,
        )

    def room(self, voyage: Voyage, name: str, market: str, load_kg: int) -> GivenSailing | None:
        """The room that a kept voyage has left, as a given sailing; None when it is full. Cargo is ashore once it is
        discharged, though the vessel may lie idle until its slot ends."""
        lane = self.lane(voyage)
        room_kg = self.capacity_kg(voyage) - load_kg
        if lane is None or room_kg <= 0:
            return None
        vessel = self.network.vessel_classes[voyage.vessel_class]
        quay = self.network.terminals[(voyage.destination, voyage.cargo_group)]
        discharge = timedelta(seconds=round(hub_hours(self.network, quay, vessel.capacity_t) * 3600))
        return GivenSailing(
            voyage_id=name,
            market=market,
            vessel_class=voyage.vessel_class,
            cargo_group=voyage.cargo_group,
            origin=voyage.origin,
            destination=voyage.destination,
            berth_from=voyage.berth_from,
            departs_at=voyage.departs_at,
            arrives_at=voyage.arrives_at,
            free_at=voyage.arrives_at + discharge,
            room_kg=room_kg,
            least_kg=0,
            lane=lane,
            agreed_yuan_per_t=None if voyage.offer is None else voyage.offer.price_yuan_per_t,
        )
