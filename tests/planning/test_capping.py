"""Caps on CO2e on the way of large plans: the cap is kept or there is no plan, and the bound is that of the cap."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from optimizer.errors import InputError, SolverError
from optimizer.planning.bounds.ascent import DEARER, climb_on, climb_up
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.relaxation import relax
from optimizer.planning.design import Effort
from optimizer.planning.document import plan_to_json
from optimizer.planning.layout.fleetflow import FleetFlow
from optimizer.planning.layout.program import PlanProgram, make_program
from optimizer.planning.layout.ways import Ways
from optimizer.planning.plan import Plan
from optimizer.planning.settings import PlanSettings
from optimizer.planning.solving import emission_caps, neighbourhoods, problem_layout
from optimizer.planning.solving.carbon_price import repriced
from optimizer.planning.solving.column_pool import services_only
from optimizer.planning.solving.emission_caps import below_cap, plan_near_cap
from optimizer.planning.solving.problem import Problem
from tests.network.tiny import tiny_network
from tests.planning.corridor import START, corridor
from tests.planning.random_tasks import Task, any_tasks, cargo, faults, planned
from tests.planning.solved import Case, lay_out
from tests.planning.test_interrupts import Ticking
from tests.planning.test_relaxation import proof_of

LOOK = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def emitted_t(plan: Plan) -> float:
    """Tonnes CO2e WTW of a plan."""
    return plan.totals.planned.co2e_wtw_g / 1e6


def planned_large(task: Task, cap_t: float) -> Plan | None:
    """The plan of the large way under a cap, None where it finds none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(problem_layout, "is_large", lambda ways, most: True)
        try:
            return planned(*task, PlanSettings(gap=0.0, co2e_cap_t=cap_t))
        except (InputError, SolverError):
            return None


@LOOK
@given(any_tasks(4), st.sampled_from([0.7, 0.9, 0.99, 1.2]))
def test_a_large_plan_keeps_its_cap_and_proves_no_more_than_the_optimum(task: Task, part: float) -> None:
    """Beside the exact plan under the same cap: never above the cap, never a bound above the optimum, and no fault."""
    cap_t = emitted_t(planned(*task)) * part
    assume(cap_t > 1.0)  # Rows hold to some 10 g; of a cap of a few kilograms that would be much.
    plan = planned_large(task, cap_t)
    if plan is None:
        return
    assert emitted_t(plan) <= cap_t + 1e-5  # What is written down is rounded to grams, leg by leg.
    assert faults(plan, task[1], task[0]) == []
    best = planned(*task, PlanSettings(gap=0.0, co2e_cap_t=cap_t))
    assert plan.bound_yuan <= best.objective_yuan + 0.05


def test_a_fleet_of_no_hulls_is_no_error_in_a_large_plan_under_a_cap() -> None:
    """The table names a class of which there is none: corridors are looked for where no pool of hulls is."""
    none = tuple(replace(entry, count=0) for entry in tiny_network().fleet if entry.vessel_class == "SMALL")
    wanted = (
        cargo(0, 0.001, "UP", "DOWN", code="coal", due_h=0.0, value=0.0),
        cargo(1, 500.0, "DOWN", "MILL", code="coal", due_h=0.0, value=0.0),
    )
    cap_t = 2.160004
    plan = planned_large((tiny_network(fleet=none), wanted), cap_t)
    assert plan is None or emitted_t(plan) <= cap_t + 1e-5


def test_what_a_cap_may_be_missed_by_closes_no_gap() -> None:
    """7 kg by road for 0.21 yuan beside 1,000 t left behind for a cap: a bound of 0 proves no optimum, though a hair of
    the cap is worth more than that."""
    wanted = (
        cargo(0, 0.007, "UP", "MID", code="steel", due_h=0.0, value=0.0, start=START),
        cargo(1, 1000.0, "UP", "ISLE", code="steel", due_h=0.0, value=0.0, start=START, splittable=False),
    )
    plan = planned_large((corridor(), wanted), 6.6129587999999995)
    assert plan is not None
    assert (plan.status, plan.bound_yuan) != ("optimal", 0.0)
    assert faults(plan, wanted, corridor()) == []


def test_cargo_that_must_sail_and_finds_no_vessel_stays_behind() -> None:
    """5,000 t for the island, 0.7 of what they emit allowed: the dispatcher takes no vessel that is not there."""
    steel = cargo(0, 5000.0, "UP", "ISLE", code="steel", due_h=0.0, value=0.0, start=START)
    plan = planned_large((corridor(), (steel,)), 40.8364236)
    assert plan is None or emitted_t(plan) <= 40.8364236 + 1e-5


def week() -> tuple[Task, Case, Problem]:
    """Five loads whose time is dear: some take the road although ships emit less."""
    shipments = tuple(cargo(n, 450.0 + 20 * n, ready_h=7.0 * n, due_h=70 + 7.0 * n, value=100_000.0) for n in range(5))
    case = lay_out(tiny_network(), shipments, PlanSettings(co2e_cap_t=1e6))
    return (
        (tiny_network(), shipments),
        case,
        Problem(case.network, case.space, case.fleet, case.program, proof_of(case)),
    )


def under(problem: Problem, cap_t: float, made: np.ndarray) -> Problem:
    """The problem under a cap, made with a plan."""
    capped = repriced(problem, 0.0, cap_t)
    return Problem(capped.network, capped.space, capped.fleet, capped.program, capped.proof, made=made)


def test_a_climb_is_not_lost_where_the_cap_has_no_limit() -> None:
    """As a frontier asks for plans at a price: it proves as much as the same program without a row for the cap."""
    _, case, problem = week()
    free = repriced(problem, 300.0)
    nothing = np.zeros(len(case.program.row_slot))
    climb = climb_on(free.proof, nothing, lambda: np.inf, DEARER)
    priced = nothing.copy()
    priced[free.proof.cap] = -50.0  # Left over from a cap: worth nothing now.
    assert climb_on(free.proof, priced, lambda: np.inf, DEARER).bound == climb.bound
    program = make_program(free.space, free.fleet, free.network)
    alone = LagrangianBound(program, free.fleet, free.space.ways)
    without = climb_on(alone, nothing[: len(program.row_slot)], lambda: np.inf, DEARER)
    assert climb.steps > 1
    assert np.isfinite(climb.prices).all()
    assert climb.bound > free.proof.prove(nothing)[0]
    assert climb.bound == pytest.approx(without.bound, rel=1e-9)


def test_from_a_plan_above_the_cap_one_is_found_that_keeps_it() -> None:
    """The plan of least cost, and a cap three per cent below what it emits."""
    _, case, problem = week()
    best = case.solve()
    assert best.x is not None
    wtw = case.program.wtw_kg
    cap_t = float(wtw @ best.x) / 1000 * 0.97
    task = under(problem, cap_t, best.x)
    with pytest.MonkeyPatch.context() as patch:
        # The relaxation of five loads sends parts of ships: what whole ships do looks dear at its prices.
        patch.setattr(neighbourhoods, "MARGIN_YUAN_PER_T", np.inf)
        patch.setattr(neighbourhoods, "HULL_MARGIN_YUAN", np.inf)
        cleaned = below_cap(task, relax(task.program, task.proof, Effort()), 0)
    kept = cleaned.x
    assert kept is not None
    assert cleaned.cleanest_t == float(wtw @ kept) / 1000
    assert float(wtw @ kept) / 1000 <= cap_t + 1e-9
    room = task.program.program
    activity = room.matrix @ kept
    assert (activity <= room.row_upper + 1e-5).all()
    assert (activity >= room.row_lower - 1e-5).all()


def test_the_harder_a_cap_is_for_parts_of_ships_the_dearer_is_the_first_price() -> None:
    """Ships in parts of the week emit some 13.4 t at least at no great cost: with a cap near that, whole ones must be
    pushed harder than where parts keep it with ease."""
    _, case, _ = week()
    best = case.solve()
    assert best.x is not None
    ways, emits_t = case.space.ways, float(case.program.wtw_kg @ best.x) / 1000

    def services(ways: Ways, fleet: FleetFlow, cap_t: float | None) -> PlanProgram:
        return make_program(services_only(ways), fleet, case.network, cap_t)

    prices = []
    for part in (1.2, 0.92, 0.85):
        proof = LagrangianBound(services(ways, case.fleet, emits_t * part), case.fleet, ways)
        climb = climb_up(proof, lambda: np.inf)
        made = plan_near_cap(services, proof, climb, 0)
        assert made is not None
        assert made.priced is not None
        prices.append(made.priced.carbon_yuan_per_t / climb.bound * emits_t)
    assert prices[0] == 0.0
    assert 0.9 < prices[1] < 1.1
    assert 2 * prices[1] < prices[2] <= 27 * prices[1]


def test_a_cap_below_what_anything_emits_is_kept_by_no_plan() -> None:
    """The search ends, and says that there is none."""
    _, case, problem = week()
    best = case.solve()
    assert best.x is not None
    task = under(problem, 0.5, best.x)
    relaxed = relax(problem.program, problem.proof, Effort())
    cleaned = below_cap(task, relaxed, 0)
    assert cleaned.x is None
    assert cleaned.cleanest_t is not None
    assert 0.5 < cleaned.cleanest_t <= float(problem.program.wtw_kg @ best.x) / 1000


def test_a_plan_that_keeps_its_cap_stays_as_it_is() -> None:
    """And without one there is nothing to keep."""
    _, case, problem = week()
    best = case.solve()
    assert best.x is not None
    relaxed = relax(problem.program, problem.proof, Effort())
    assert below_cap(under(problem, 1e6, best.x), relaxed, 0).x is best.x
    assert below_cap(problem, relaxed, 0).x is None


def test_the_large_way_finds_a_plan_under_a_cap_that_binds() -> None:
    """Two and eight per cent less than the plan without a cap emits, and dearer."""
    task, _, _ = week()
    free = planned_large(task, 1e6)
    assert free is not None
    for part in (0.98, 0.92):
        plan = planned_large(task, emitted_t(free) * part)
        assert plan is not None
        assert emitted_t(plan) <= emitted_t(free) * part
        assert plan.objective_yuan > free.objective_yuan


def test_the_same_cap_and_seed_give_the_same_bytes() -> None:
    """On the large way, which climbs, makes a plan at a price and searches around it."""
    task, _, _ = week()
    free = planned_large(task, 1e6)
    assert free is not None
    first, second = (planned_large(task, emitted_t(free) * 0.95) for _ in range(2))
    assert first is not None
    assert second is not None
    assert plan_to_json(first) == plan_to_json(second)


def test_ctrl_c_on_the_way_to_a_cap_leaves_what_the_cleanest_plan_emits(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no plan yet that keeps it; whoever stops the run hears how near it came."""
    _, case, problem = week()
    best = case.solve()
    assert best.x is not None

    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(emission_caps, "climb_on", pressed)
    emits_t = float(problem.program.wtw_kg @ best.x) / 1000
    cleaned = below_cap(under(problem, emits_t * 0.97, best.x), relax(problem.program, problem.proof, Effort()), 0)
    assert cleaned.x is None
    assert cleaned.interrupted
    assert cleaned.cleanest_t == emits_t


def test_whenever_it_is_stopped_a_plan_under_a_cap_keeps_it_or_there_is_none() -> None:
    """Ctrl-C at looks at the clock from the first to the last, and limits of time as many: a plan that keeps the cap,
    proven no better than the best, or the word that none was found."""
    task, _, _ = week()
    free = planned_large(task, 1e6)
    assert free is not None
    cap_t = emitted_t(free) * 0.95
    whole, best = Ticking(1.0), planned(*task, PlanSettings(gap=0.0, co2e_cap_t=cap_t))
    asked = PlanSettings(gap=0.0, co2e_cap_t=cap_t, time_limit_s=1e6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(problem_layout, "is_large", lambda ways, most: True)
        done = planned(*task, asked, clock=whole)
        assert emitted_t(done) <= cap_t + 1e-5
        found = 0
        for look in range(8, whole.looks, max(whole.looks // 6, 1)):
            for clock, limit_s in ((Ticking(1.0, look), 1e6), (Ticking(1.0), float(look))):
                try:
                    plan = planned(*task, replace(asked, time_limit_s=limit_s), clock=clock)
                except (InputError, SolverError):
                    continue
                found += 1
                assert emitted_t(plan) <= cap_t + 1e-5
                assert plan.bound_yuan <= best.objective_yuan + 0.05
        assert found


def test_who_asks_for_too_low_a_cap_hears_how_near_a_plan_came() -> None:
    """In both languages, so that the next cap that is tried is no guess."""
    task, _, _ = week()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(problem_layout, "is_large", lambda ways, most: True)
        with pytest.raises(InputError) as refused:
            planned(*task, PlanSettings(gap=0.0, co2e_cap_t=1.0))
    found = [re.search(pattern, text) for pattern, text in (
        (r"the cleanest that was seen emits ([\d,.]+) t;", refused.value.message.en),
        (r"所见最清洁的计划排放 ([\d,.]+) 吨；", refused.value.message.zh),
    )]  # fmt: skip
    near_t = {float(one.group(1).replace(",", "")) for one in found if one}
    assert len(near_t) == 1
    assert 1.0 < near_t.pop() <= emitted_t(planned(*task))
