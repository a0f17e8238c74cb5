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

from optimizer.emissions.factors import FactorTable
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network
from optimizer.planning.routing.doors import Doors
from optimizer.planning.routing.route import Route
from optimizer.planning.routing.transport_means import TransportMeans
from optimizer.planning.routing.transshipment import transshipments


class RouteBook(TransportMeans):
    """All routes of one network at one date, priced once per (origin, destination, cargo) and kept."""

    def __init__(self, network: Network, graph: NetworkGraph, factors: FactorTable, on: date) -> None:
        super().__init__(network, graph, factors, on)
        self._kept: dict[tuple[str, str, str], tuple[Route, ...]] = {}
        self._transshipped: dict[tuple[str, str, str], tuple[Route, ...]] = {}

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
