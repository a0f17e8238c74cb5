"""What may carry and handle a cargo on one network at one date, and what each emits: found once and kept."""

from __future__ import annotations

from datetime import date
from functools import cached_property

from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import Intensity, hub_operation, rail_operation, truck_operation
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network, Terminal, TruckClass, VesselClass


class TransportMeans:
    """Vessels, trucks, trains and terminals by the cargo that they take, with their intensities."""

    def __init__(self, network: Network, graph: NetworkGraph, factors: FactorTable, on: date) -> None:
        self.network, self.graph, self.factors, self.on = network, graph, factors, on
        self._hubs: dict[tuple[str, str], Intensity] = {}
        self._trucks: dict[tuple[str, str], tuple[TruckClass, Intensity]] = {}

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
