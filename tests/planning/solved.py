"""Small programs solved to the end and put together as plans: what the tests of assembling start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network
from optimizer.planning.answer.assemble import assemble
from optimizer.planning.check import Violation, check_plan
from optimizer.planning.design import Effort, Floats, Outcome, solve_integer, solve_linear
from optimizer.planning.layout.families import Family
from optimizer.planning.layout.fleetflow import EMPTY, LOADED, FleetFlow, make_fleetflow
from optimizer.planning.layout.program import PlanProgram, make_program
from optimizer.planning.layout.timespace import TimeSpace, make_timespace
from optimizer.planning.plan import Plan, PlannedShipment, Voyage
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.voyages.totals import left_behind
from tests.planning.round_factors import round_factors

EXACT = Effort(gap=1e-9)


@dataclass(frozen=True)
class Case:
    """One planning task laid out as a program."""

    network: Network
    shipments: tuple[Shipment, ...]
    settings: PlanSettings
    book: RouteBook
    space: TimeSpace
    fleet: FleetFlow
    program: PlanProgram

    def solve(self, at_least: Mapping[int, float] | None = None, gap: float = 1e-9) -> Outcome:
        """The best solution in which some columns have at least a value."""
        lower = self.program.program.lower.copy()
        for column, value in (at_least or {}).items():
            lower[column] = value
        outcome = solve_integer(replace(self.program.program, lower=lower), Effort(gap=gap))
        assert outcome.x is not None, outcome.status
        return outcome

    def relaxed(self) -> tuple[float, Floats]:
        """Objective and row prices of the linear relaxation. Bounds on hulls follow from the rows of their nodes; left
        out as in ``relaxation``, what a hull is worth stands in the prices of these rows alone."""
        upper = self.program.program.upper.copy()
        upper[self.program.cargo_count :] = np.inf
        outcome = solve_linear(replace(self.program.program, upper=upper), EXACT, "simplex")
        assert outcome.row_prices is not None
        return outcome.objective, outcome.row_prices

    def assemble(self, x: Floats) -> Plan:
        """The plan of a solution."""
        bound_yuan, prices = self.relaxed()
        plan = assemble(
            self.space,
            self.fleet,
            self.program,
            x,
            self.network,
            self.book,
            self.settings,
            bound_yuan=bound_yuan,
            seconds=1.0,
            status="feasible",
            row_prices=prices,
        )
        return replace(plan, left_behind=left_behind(bound_yuan, plan.objective_yuan, self.space, plan.shipments))

    def check(self, plan: Plan) -> list[Violation]:
        """What the second opinion finds wrong."""
        return check_plan(plan, self.shipments, self.network, round_factors())

    def family(self, column: int) -> Family:
        """The sailings that a cargo column is part of."""
        return self.space.families[self.space.columns.family[column]]

    def cargo_columns(self, shipment: int, *, by_water: bool = True) -> list[int]:
        """Column numbers of a shipment, with a planned voyage or without."""
        columns = self.space.columns
        mine = (columns.shipment == shipment) & ((columns.family >= 0) == by_water)
        return [int(c) for c in np.flatnonzero(mine)]

    def hull_columns(self, origin: str, destination: str, vessel_class: str, kind: int = LOADED) -> list[int]:
        """Column numbers of loaded or empty moves between two places, in order of slot (first pool first)."""
        columns, found = self.fleet.columns, []
        for number in np.flatnonzero(columns.kind == kind):
            item = int(columns.item[number])
            way = self.fleet.empty_lanes[item].lane if kind == EMPTY else self.space.families[item]
            if (way.origin, way.destination, way.vessel_class) == (origin, destination, vessel_class):
                found.append(int(number) + self.program.cargo_count)
        return found


def lay_out(network: Network, shipments: Sequence[Shipment], settings: PlanSettings | None = None) -> Case:
    """The program of a planning task."""
    settings = settings or PlanSettings()
    graph = NetworkGraph(network)
    book = RouteBook(network, graph, round_factors(), min(s.ready_at for s in shipments).date())
    space = make_timespace(shipments, book, graph, settings)
    fleet = make_fleetflow(space, book, graph, settings.carbon_price_yuan_per_t / 1000)
    program = make_program(space, fleet, network, settings.co2e_cap_t)
    return Case(network, tuple(shipments), settings, book, space, fleet, program)


def best_plan(network: Network, shipments: Sequence[Shipment], settings: PlanSettings | None = None) -> Plan:
    """The optimal plan of a planning task."""
    case = lay_out(network, shipments, settings)
    x = case.solve().x
    assert x is not None
    return case.assemble(x)


def by_id(plan: Plan, shipment_id: str) -> PlannedShipment:
    """One shipment of a plan."""
    return next(planned for planned in plan.shipments if planned.shipment_id == shipment_id)


def loaded(plan: Plan) -> list[Voyage]:
    """The voyages with cargo."""
    return [voyage for voyage in plan.voyages if not voyage.empty]
