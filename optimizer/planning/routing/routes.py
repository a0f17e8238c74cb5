"""Door-to-door routes: which chains of legs can carry a cargo from one place to another.

A route is a chain of priced legs. One or two of them may be *planned* legs: a voyage of an inland vessel whose sailing,
load and return are the planner's decision. Everything else is a service sold by the tonne (truck, rail, river-sea
ship):

    road            truck from door to door; where a door is an island, river-sea ship to a mainland port and truck
    river           [truck] hub  voyage  hub [truck]
    sea-river       hub  ship  hub  voyage  hub [truck]          and the mirror image river-sea
    rail            [truck] hub  train  hub [truck]
    sea             hub  ship  hub                               between two sea ports
    sea-rail        hub  ship  hub  hub  train  hub [truck]      and the mirror image rail-sea
    river-rail      [truck] hub  voyage  hub  hub  train  hub [truck]    and the mirror image rail-river

    river-river     [truck] hub  voyage  hub  hub  voyage  hub [truck]     (see ``transshipment``)

A change between water and rails takes two operations, ship to yard and yard to train. From river-sea ship to barge it
is one, board to board.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property

from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import Intensity, hub_operation, rail_operation, truck_operation
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network, Terminal, TruckClass, VesselClass
from optimizer.planning.routing.doors import Doors
from optimizer.planning.routing.route import Route
from optimizer.planning.routing.transshipment import transshipments


class RouteBook:
    """All routes of one network at one date, priced once per (origin, destination, cargo) and kept."""

    def __init__(self, network: Network, graph: NetworkGraph, factors: FactorTable, on: date) -> None:
        self.network, self.graph, self.factors, self.on = network, graph, factors, on
        self._kept: dict[tuple[str, str, str], tuple[Route, ...]] = {}
        self._transshipped: dict[tuple[str, str, str], tuple[Route, ...]] = {}
        self._hubs: dict[tuple[str, str], Intensity] = {}
        self._trucks: dict[tuple[str, str], tuple[TruckClass, Intensity]] = {}

    def routes(self, origin: str, destination: str, cargo_code: str) -> tuple[Route, ...]:
        """Every chain of the grammar above, road first; empty when nobody can move it. KeyError for unknown codes."""
        key = (origin, destination, cargo_code)
        if key not in self._kept:
            cargo = self.network.cargo[cargo_code]
            door = Doors(self, origin, destination, cargo)
            by_rail = (*door.rail(), *door.rail_and_water())
            self._kept[key] = (*door.road(), *door.river(), *door.sea_and_river(), *by_rail, *door.sea())
        return self._kept[key]

    def transshipped(self, origin: str, destination: str, cargo_code: str) -> tuple[Route, ...]:
        """Every chain of two inland voyages (see ``transshipment``). KeyError for unknown codes.

        A quote offers them all, a plan those that may pay (see ``changes``).
        """
        key = (origin, destination, cargo_code)
        if key not in self._transshipped:
            door = Doors(self, origin, destination, self.network.cargo[cargo_code])
            self._transshipped[key] = tuple(transshipments(door))
        return self._transshipped[key]

    def inland_vessels(self, cargo_group: str) -> list[VesselClass]:
        """Inland classes of the fleet that may carry a cargo group, in table order."""
        return [v for v in self._fleet_vessels if v.waters == "inland" and cargo_group in v.cargo_groups]

    def sea_vessel(self, cargo_group: str) -> VesselClass | None:
        """The river-sea class that sells per-tonne services for a cargo group: the smallest one."""
        fitting = [
            v for v in self.network.vessel_classes.values() if v.waters == "river_sea" and cargo_group in v.cargo_groups
        ]
        return min(fitting, key=lambda v: (v.capacity_t, v.vessel_class), default=None)

    def hub_intensity(self, terminal: Terminal) -> Intensity:
        """Emissions of one handling operation per tonne."""
        key = (terminal.location_id, terminal.cargo_group)
        if key not in self._hubs:
            self._hubs[key] = hub_operation(terminal, self.factors, self.on)
        return self._hubs[key]

    def truck(self, use: str, cargo_group: str) -> tuple[TruckClass, Intensity]:
        """The truck class of a use that carries a cargo group (first in table order), with its intensity per tkm."""
        key = (use, cargo_group)
        if key not in self._trucks:
            trucks = [t for t in self.network.truck_classes.values() if t.use == use and cargo_group in t.cargo_groups]
            if not trucks:
                raise KeyError(f"no {use} truck carries {cargo_group}")
            self._trucks[key] = (trucks[0], truck_operation(trucks[0], self.factors, self.on))
        return self._trucks[key]

    @cached_property
    def rail_intensity(self) -> Intensity:
        """Emissions of rail per tkm."""
        return rail_operation(self.factors, self.on)

    @cached_property
    def _fleet_vessels(self) -> list[VesselClass]:
        in_fleet = {entry.vessel_class for entry in self.network.fleet}
        return [v for code, v in self.network.vessel_classes.items() if code in in_fleet]
