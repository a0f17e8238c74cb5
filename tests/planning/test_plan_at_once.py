"""A month planned at once: hulls follow averages, cargo is stowed on their voyages, hulls are sent better ways."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.network.model import Network
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.design import Effort, Floats, solve_integer, solve_linear
from optimizer.planning.layout.fleetflow import LOADED, WAIT, FleetFlow, make_fleetflow
from optimizer.planning.layout.line_layout import make_ways
from optimizer.planning.layout.program import PlanProgram, make_program
from optimizer.planning.layout.timespace import TimeSpace, all_columns, columns_of
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solving import rerouting, stowage
from optimizer.planning.solving.column_pool import needy_shipments, services_only
from optimizer.planning.solving.fleet_rounding import follow
from optimizer.planning.solving.problem_layout import task_of
from optimizer.planning.solving.rerouting import reroute
from optimizer.planning.solving.stowage import Stowage, stow
from optimizer.planning.solving.windows import violation
from tests.network.tiny import tiny_network
from tests.planning.random_tasks import Task, any_tasks, cargo
from tests.planning.round_factors import round_factors

LOOK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Laid:
    """A task laid out: the full program, and the proof over services only as large plans begin with."""

    def __init__(self, network: Network, shipments: tuple[Shipment, ...]) -> None:
        book, inside = task_of(shipments, network, round_factors(), PlanSettings())
        ways = make_ways(inside, book, book.graph, PlanSettings())
        self.fleet: FleetFlow = make_fleetflow(ways, book, book.graph, 0.1)
        self.space = TimeSpace(ways, columns_of(ways, *all_columns(ways)))
        self.full: PlanProgram = make_program(self.space, self.fleet, network)
        self.proof = LagrangianBound(make_program(services_only(ways), self.fleet, network), self.fleet, ways)
        self.none_needed = np.zeros(len(ways.families), dtype=bool)
        self.free = np.zeros(len(self.proof.plan.row_slot))

    def x(self, stowage: Stowage, hulls: Floats) -> Floats:
        """The plan as a solution of the full program."""
        cargo, width = self.space.columns, self.space.grid.slots + 2
        code = {
            key: number
            for number, key in enumerate(zip(*(self._numbers(cargo.shipment, cargo.route, cargo.slot)), strict=True))
        }
        assert len(code) == len(cargo.slot) < width**4
        stowed = columns_of(self.space.ways, stowage.line, stowage.slot)
        x = np.zeros(len(self.full.program.cost))
        for key, share in zip(
            zip(*self._numbers(stowed.shipment, stowed.route, stowed.slot), strict=True), stowage.shares, strict=True
        ):
            if share:
                x[code[key]] += share
        x[self.full.cargo_count :] = hulls
        return x

    @staticmethod
    def _numbers(*parts: np.ndarray) -> list[list[int]]:
        return [part.tolist() for part in parts]


def averages(laid: Laid, seed: int) -> Floats:
    """Made-up parts of hulls on all voyages, more than there are hulls for."""
    noise = np.random.default_rng(seed).random(len(laid.fleet.columns.kind))
    return np.where(laid.fleet.columns.kind == WAIT, 0.0, np.where(noise > 0.9, noise, 0.0))


@LOOK
@given(any_tasks(3), st.integers(0, 5))
def test_hulls_that_follow_whatever_averages_keep_the_flow_the_locks_and_their_homes(task: Task, seed: int) -> None:
    """With cargo stowed the result is a solution of the full program, whole numbers and all; better ways keep it one,
    and each costs less than the one before."""
    laid = Laid(*task)
    hulls = follow(laid.proof, averages(laid, seed), laid.none_needed)
    assert hulls is not None
    assert (hulls == np.round(hulls)).all()
    stowage = stow(laid.proof, hulls, laid.free, 0)
    assert stowage is not None
    x = laid.x(stowage, hulls)
    assert violation(laid.full.program, x) <= 1e-6
    assert (x >= -1e-9).all()
    cost = float(laid.full.program.cost @ x)
    for other, cargo_of in reroute(laid.proof, hulls, stowage, laid.free, 0):
        better = laid.x(cargo_of, other)
        assert violation(laid.full.program, better) <= 1e-6
        assert (better >= -1e-9).all()
        assert float(laid.full.program.cost @ better) < cost
        cost = float(laid.full.program.cost @ better)


@LOOK
@given(any_tasks(3), st.integers(0, 5))
def test_cargo_is_stowed_as_well_as_any_program_over_all_ways_could(task: Task, seed: int) -> None:
    """Ways are priced as they are needed; the cost is that of the linear program with every way written down."""
    network, shipments = task
    laid = Laid(network, tuple(replace(shipment, splittable=True) for shipment in shipments))
    hulls = follow(laid.proof, averages(laid, seed), laid.none_needed)
    assert hulls is not None
    stowage = stow(laid.proof, hulls, laid.free, 0)
    program, count = laid.full.program, laid.full.cargo_count
    fixed = np.concatenate([np.zeros(count), hulls])
    whole = solve_linear(
        replace(
            program,
            lower=np.where(np.arange(len(fixed)) < count, program.lower, fixed),
            upper=np.where(np.arange(len(fixed)) < count, program.upper, fixed),
        ),
        Effort(),
    )
    assert stowage is not None
    assert float(program.cost[count:] @ hulls) + stowage.yuan == pytest.approx(whole.objective, rel=1e-6, abs=1.0)


@LOOK
@given(any_tasks(3), st.integers(0, 5))
def test_ways_are_looked_for_until_all_of_them_could_gain_nothing(task: Task, seed: int) -> None:
    """What is said to be the least cost is never above any that is reached; once they meet no round is begun."""
    network, shipments = task
    laid = Laid(network, tuple(replace(shipment, splittable=True) for shipment in shipments))
    hulls = follow(laid.proof, averages(laid, seed), laid.none_needed)
    assert hulls is not None
    least, reached = [], []
    bound_yuan, solve = stowage._Stower._bound_yuan, stowage.solve_linear
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stowage._Stower, "_bound_yuan", lambda self: least.append(bound_yuan(self)) or least[-1])
        patch.setattr(stowage, "solve_linear", lambda *args: reached.append(solve(*args)) or reached[-1])
        assert stow(laid.proof, hulls, laid.free, 0) is not None
    yuan = [outcome.objective for outcome in reached]
    assert max(least) <= min(yuan) + 1e-6 * abs(min(yuan))
    assert len(yuan) == len(least)
    assert all(cost - bound > stowage.CLOSE * abs(cost) for cost, bound in zip(yuan[:-1], least[:-1], strict=True))


def test_a_whole_shipment_goes_aboard_where_a_splittable_one_can_make_room() -> None:
    """Stowed in parts it would fill the ship; it must not lose its place to what could go in parts elsewhere."""
    laid = Laid(
        tiny_network(),
        (cargo(1, 400.0, due_h=300.0), cargo(2, 500.0, due_h=300.0, splittable=False, value=3_000.0)),
    )
    columns = laid.fleet.columns
    one = np.zeros(len(columns.kind))
    one[np.flatnonzero((columns.kind == LOADED) & (columns.slot == 4))[1]] = 1.0
    hulls = follow(laid.proof, one, laid.none_needed)
    assert hulls is not None
    stowage = stow(laid.proof, hulls, laid.free, 0)
    assert stowage is not None
    program, count = laid.full.program, laid.full.cargo_count
    fixed = np.concatenate([np.zeros(count), hulls])
    cargo_columns = np.arange(len(fixed)) < count
    best = solve_integer(
        replace(
            program,
            lower=np.where(cargo_columns, program.lower, fixed),
            upper=np.where(cargo_columns, program.upper, fixed),
        ),
        Effort(gap=0.0),
    )
    assert float(program.cost[count:] @ hulls) + stowage.yuan == pytest.approx(best.objective, rel=1e-6, abs=1.0)


def test_a_hull_that_lies_idle_is_sent_for_cargo_that_gains() -> None:
    """From a fleet at home, rerouting alone finds the voyage that a full ship of stone is worth."""
    laid = Laid(tiny_network(), (cargo(1, 800.0, due_h=300.0), cargo(2, 700.0, due_h=300.0)))
    home = follow(laid.proof, np.zeros(len(laid.fleet.columns.kind)), laid.none_needed)
    assert home is not None
    at_home = stow(laid.proof, home, laid.free, 0)
    assert at_home is not None
    found = list(reroute(laid.proof, home, at_home, laid.free, 0))
    assert found
    assert list(reroute(laid.proof, home, at_home, laid.free, 0, enough_yuan=at_home.yuan)) == []
    hulls, stowage = found[-1]
    cost = laid.full.program.cost[laid.full.cargo_count :]
    assert float(cost @ hulls) + stowage.yuan < at_home.yuan - rerouting.LEAST_YUAN


def test_cargo_without_a_road_is_known() -> None:
    """Only what may be left behind needs its vessel before others."""
    laid = Laid(tiny_network(), (cargo(1, 300.0),))
    assert not needy_shipments(laid.space.ways).any()
