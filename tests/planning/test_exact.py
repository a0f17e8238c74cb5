"""Refinement in time: the coarse program never shuts a plan out, and what it ends with is the optimum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from optimizer.network.model import FleetEntry
from optimizer.planning.design import Effort, Floats, proven_bound, solve_integer, solve_linear
from optimizer.planning.exact.coarse import Coarse, coarsen
from optimizer.planning.exact.disaggregate import disaggregate
from optimizer.planning.exact.refine import Refinement
from optimizer.planning.exact.resolution import Clock, Resolution
from optimizer.planning.exact.valid_inequalities import Covering, Strengthener, strengthened
from optimizer.planning.offer import Offer
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solving.windows import FEASIBLE, violation
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.corridor import START, corridor
from tests.planning.random_tasks import Task, any_tasks, cargo, faults, planned
from tests.planning.solved import Case, lay_out
from tests.planning.test_offers import OFFER, SHIPMENT, numbered

LOOK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def mass_t(case: Case) -> Floats:
    """Tonnes of each shipment."""
    return np.array([shipment.mass_kg / 1000 for shipment in case.shipments])


def some_resolution(case: Case, seed: int, cuts: int) -> Resolution:
    """The coarsest resolution with some more cuts anywhere."""
    clock, chance = Clock(case.space, case.fleet), np.random.default_rng(seed)
    nodes = chance.integers(0, len(case.fleet.node_slot), cuts) if len(case.fleet.node_slot) else np.zeros(0, dtype=int)
    families = len(case.space.families)
    sailings = np.stack(
        [chance.integers(0, max(families, 1), cuts), chance.integers(0, case.space.grid.slots, cuts)], axis=1
    )
    return clock.cut(clock.coarsest(), nodes, sailings if families else sailings[:0])


def in_classes(coarse: Coarse, x: Floats) -> Floats:
    """A full solution as one of the coarse program."""
    known = coarse.class_of >= 0
    return np.asarray(np.bincount(coarse.class_of[known], x[known], len(coarse.first)), dtype=np.float64)


def any_plan(case: Case, seed: int) -> Floats:
    """The best plan at prices all of its own: often odd, always a plan."""
    program = case.program.program
    chance = np.random.default_rng(seed)
    cost = program.cost * chance.choice([0.1, 1.0, 3.0], len(program.cost))
    found = solve_integer(replace(program, cost=cost), Effort(gap=1e-4)).x
    assert found is not None
    return np.where(program.integer, np.round(found), found)


def refined(case: Case) -> Refinement:
    """A refinement run to its end, every plan checked as the search does."""
    run = Refinement(case.program, case.space, case.fleet, 0, lambda: np.inf)
    bounds: list[float] = [-np.inf]
    for step in run.steps():
        if step.x is not None and violation(case.program.program, step.x) <= FEASIBLE:
            run.offer(step.x)
        assert step.bound_yuan >= bounds[-1]
        bounds.append(step.bound_yuan)
    return run


@LOOK
@given(any_tasks(), st.integers(0, 10**6), st.sampled_from([0, 3, 30]))
def test_no_plan_is_shut_out(task: Task, seed: int, cuts: int) -> None:
    """Any plan, at any resolution, keeps every row of the strengthened coarse program and costs no more there."""
    network, shipments = task
    case = lay_out(network, shipments)
    coarse = coarsen(case.program, case.space, case.fleet, some_resolution(case, seed, cuts))
    x = any_plan(case, seed)
    image = in_classes(coarse, x)
    program, _ = strengthened(coarse, mass_t(case), 20, Effort())
    assert violation(program, image) <= 1e-4
    assert np.all(image <= program.upper + 1e-6)
    assert float(program.cost @ image) <= float(case.program.program.cost @ x) + 1e-3


@LOOK
@given(any_tasks(), st.integers(0, 10**6))
def test_covering_rows_hold_for_every_plan(task: Task, seed: int) -> None:
    """Whatever sailings are counted by hulls and whatever the unit: no plan breaks a covering row."""
    network, shipments = task
    case, chance = lay_out(network, shipments), np.random.default_rng(seed)
    coarse = coarsen(case.program, case.space, case.fleet, some_resolution(case, seed, 5))
    helper, image = Strengthener(coarse, mass_t(case)), in_classes(coarse, any_plan(case, seed))
    capacities = [float(c) for c in np.unique(coarse.capacity_t)] + [float(chance.uniform(50, 900))]
    stranded = set(case.space.stranded)
    rows = [
        Covering(members, unit_t, chance.random(len(coarse.capacity_t)) < 0.6)
        for members in helper.sets()
        for unit_t in capacities
        if unit_t > 0 and not stranded & set(members)
        if 1e-3 < (sum(mass_t(case)[list(members)]) / unit_t) % 1 < 1 - 1e-3
    ]
    matrix, sides = helper.coverings(rows)
    assert np.all(matrix @ image >= sides - 1e-4)
    assert np.all(helper.boarding() @ image <= 1e-6)


@LOOK
@given(any_tasks())
def test_refinement_ends_at_the_optimum(task: Task) -> None:
    """Closures, low water, locks and terminals at their limit, lateness, whole shipments: as branch and bound on the
    full program has it."""
    network, shipments = task
    case = lay_out(network, shipments)
    best = case.solve().objective
    run = refined(case)
    assert run.bound_yuan <= best * (1 + 1e-6) + 1e-3
    assert run.best_yuan == pytest.approx(best, rel=2e-6, abs=0.01)
    assert run.gap <= 1e-6


def test_a_span_over_two_days_cannot_load_with_the_room_of_both() -> None:
    """1,000 t past their due date at a quay of 500 t a day: a coarse sailing loads 800 t with the room of two days, and
    no slot of it can. The hull that is sent then holds and costs what its classes cost, and still is no optimum."""
    network = corridor()
    quays = {key: replace(quay, handling_t_per_day=500.0) for key, quay in network.terminals.items()}
    late = cargo(0, 1000.0, "MID", "UP", code="steel", due_h=0.0, value=0.0, start=START)
    case = lay_out(replace(network, terminals=quays), (late,))
    run = refined(case)
    assert run.best_yuan == pytest.approx(case.solve().objective, rel=2e-6)
    assert run.gap <= 1e-6


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_tasks(most=2), st.sampled_from([0.3, 0.7, 1.0]))
def test_a_cap_on_co2e_is_kept_on_the_way(task: Task, part: float) -> None:
    """Under a cap between the cleanest plan and the cheapest, refinement finds the same optimum or nothing at all."""
    network, shipments = task
    free = lay_out(network, shipments)
    x = free.solve().x
    assert x is not None
    cleanest = solve_integer(replace(free.program.program, cost=free.program.wtw_kg), Effort(gap=1e-9))
    emitted_t = float(free.program.wtw_kg @ x) / 1000
    cap_t = cleanest.objective / 1000 + part * (emitted_t - cleanest.objective / 1000) + 1e-3
    case = lay_out(network, shipments, PlanSettings(co2e_cap_t=cap_t))
    best = case.solve().objective
    run = refined(case)
    assert run.bound_yuan <= best * (1 + 1e-6) + 1e-3
    assert np.isinf(run.best_yuan) or run.best_yuan >= best * (1 - 1e-6) - 1e-3


@LOOK
@given(any_tasks(), st.integers(0, 10**6))
def test_a_coarse_bound_is_a_bound(task: Task, seed: int) -> None:
    """The strengthened linear program proves no more than the optimum."""
    network, shipments = task
    case = lay_out(network, shipments)
    coarse = coarsen(case.program, case.space, case.fleet, some_resolution(case, seed, 4))
    program, linear = strengthened(coarse, mass_t(case), 20, Effort())
    assert linear.row_prices is not None
    best = case.solve().objective
    assert proven_bound(program, linear.row_prices) <= best * (1 + 1e-6) + 1e-3


def test_strengthening_makes_a_hull_whole() -> None:
    """600 t that only a hull of 1,000 t carries in one go: the relaxation pays six tenths of it, whole hulls do not."""
    case = lay_out(tiny_network(), (cargo(1, 600.0),))
    clock = Clock(case.space, case.fleet)
    coarse = coarsen(case.program, case.space, case.fleet, clock.coarsest())
    plain = solve_linear(coarse.program, Effort()).objective
    program, linear = strengthened(coarse, mass_t(case), 20, Effort())
    assert linear.objective > plain * 1.01
    assert linear.objective == pytest.approx(solve_integer(program, Effort(gap=1e-9)).objective, rel=1e-6)
    assert linear.objective == pytest.approx(case.solve().objective, rel=1e-6)


def test_a_hull_cannot_sail_before_it_came() -> None:
    """A hull at home up the river, cargo up now and down days later. In uncut time it goes down with the one and comes
    up with the other; sailed, it would have to go back in time, and that is where time is cut."""
    network = tiny_network()
    hull = FleetEntry("F", "SMALL", "UP", 1, TINY_START, "own", MADE_UP)
    shipments = (
        cargo(0, 500.0, "DOWN", "UP", ready_h=14.0, due_h=40.0),
        cargo(1, 500.0, "UP", "DOWN", ready_h=150.0, due_h=200.0),
    )
    case = lay_out(replace(network, fleet=(hull,)), shipments)
    coarse = coarsen(case.program, case.space, case.fleet, Clock(case.space, case.fleet).coarsest())
    outcome = solve_integer(coarse.program, Effort(gap=1e-9))
    assert outcome.x is not None
    found = disaggregate(case.program, case.fleet, coarse, outcome.x, Effort(gap=1e-9))
    assert found is not None
    assert outcome.objective < case.solve().objective - 1.0
    assert not found.holds
    assert refined(case).best_yuan == pytest.approx(case.solve().objective, rel=1e-6)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_tasks())
@example((tiny_network(), tuple(cargo(n, 300.0 + 100 * n, code="coal", ready_h=5.0 * n) for n in range(4))))
def test_the_product_plans_few_shipments_to_the_optimum(task: Task) -> None:
    """The same optimum by refinement as by branch and bound on the whole, in any order of rows, and nothing for the
    second opinion to find."""
    network, shipments = task
    whole, by_refinement = planned(network, shipments), planned(network, shipments, refined=True)
    assert by_refinement.objective_yuan == pytest.approx(whole.objective_yuan, rel=2e-5, abs=1.0)
    assert by_refinement.status == whole.status
    assert not faults(by_refinement, shipments, network)
    turned = planned(network, shipments[::-1], refined=True)
    assert replace(turned, shipments=turned.shipments[::-1]) == by_refinement


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(SHIPMENT, min_size=1, max_size=3),
    st.lists(OFFER, min_size=1, max_size=3),
    st.booleans(),
)
def test_offers_are_weighed_on_the_way_too(shipments: list[Shipment], offers: list[Offer], own_voyages: bool) -> None:
    """With carriers' sailings, their least loads among them: the same optimum as by branch and bound on the whole."""
    shipments, offers = numbered(shipments, offers)
    asked = PlanSettings(gap=0.0, own_voyages=own_voyages)
    whole, by_refinement = (
        planned(tiny_network(), shipments, asked, offers=offers, refined=refined) for refined in (False, True)
    )
    assert by_refinement.objective_yuan == pytest.approx(whole.objective_yuan, rel=2e-5, abs=1.0)
    assert by_refinement.bound_yuan <= whole.objective_yuan * (1 + 1e-6) + 1.0
    assert by_refinement.status == whole.status
