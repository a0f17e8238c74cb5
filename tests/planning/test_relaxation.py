"""The bound: valid for any prices, never above what any plan costs, and better the more is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.planning.bounds import relaxation
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.relaxation import (
    best_per_key,
    column_keys,
    relax,
    summed_sides,
    summing,
    tighten,
    unrelaxed,
)
from optimizer.planning.design import Effort, proven_bound
from optimizer.planning.settings import PlanSettings
from tests.network.tiny import tiny_network
from tests.planning.random_tasks import Task, any_tasks, cargo, tiny_tasks
from tests.planning.solved import Case, lay_out

LOOK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EXACT = Effort(gap=1e-9)


def proof_of(case: Case) -> LagrangianBound:
    """The bound's maker for a case."""
    return LagrangianBound(case.program, case.fleet, case.space.ways)


@LOOK
@given(any_tasks(), st.integers(0, 10**6), st.sampled_from([0.0, 10.0, 1000.0, 1e5]))
def test_any_prices_prove_a_bound_on_every_plan(task: Task, seed: int, scale: float) -> None:
    """Random prices of hulls, room, locks, quays and CO2e: the bound stays below the best whole plan."""
    network, shipments = task
    case = lay_out(network, shipments, PlanSettings(co2e_cap_t=1e6))
    prices = np.random.default_rng(seed).normal(0.0, scale, len(case.program.row_slot))
    bound, _ = proof_of(case).prove(prices)
    best = case.solve().objective
    assert bound <= best + 1e-6 * (1 + abs(best))


@LOOK
@given(any_tasks(), st.integers(0, 10**6))
def test_mended_prices_are_prices_and_prove_as_much(task: Task, seed: int) -> None:
    """Handed to the proof that knows nothing of ships, the mended prices hold for every column and prove the same."""
    network, shipments = task
    case = lay_out(network, shipments)
    prices = np.random.default_rng(seed).normal(0.0, 500.0, len(case.program.row_slot))
    bound, mended = proof_of(case).prove(prices)
    assert proven_bound(case.program.program, mended) == pytest.approx(bound, rel=1e-7, abs=0.01)
    plain = proven_bound(case.program.program, _with_assignments(case, prices))
    assert bound >= plain - 1e-6 * abs(plain) - 0.01


def _with_assignments(case: Case, prices: np.ndarray) -> np.ndarray:
    """Prices with each shipment's cheapest reduced cost at its assignment row."""
    block = case.program.block("assign")
    prices = prices.copy()
    rows = slice(block.first, block.first + len(block.keys))
    prices[rows] = 0.0
    program = case.program.program
    signed = np.where(np.isneginf(program.row_lower), np.minimum(prices, 0.0), prices)
    gains = (program.cost - program.matrix.T @ signed)[: case.program.cargo_count]
    cheapest = np.full(len(block.keys), np.inf)
    np.minimum.at(cheapest, case.space.columns.shipment, gains)
    prices[rows] = np.where(np.isinf(cheapest), 0.0, cheapest)
    return prices


@LOOK
@given(any_tasks())
def test_a_small_relaxation_is_solved_to_the_end(task: Task) -> None:
    """Slot by slot the bound is the linear optimum; in one span no higher, and still not below knowing nothing."""
    case = lay_out(*task)
    proof, (linear, _) = proof_of(case), case.relaxed()
    slack = relaxation.CLOSE_ENOUGH * abs(linear) + 0.01
    fine = relax(case.program, proof, EXACT)
    assert linear - slack <= fine.bound <= linear + 1e-6 * abs(linear) + 0.01
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relaxation, "SMALL", -1)
        coarse = relax(case.program, proof, EXACT)
    nothing = unrelaxed(case.program, proof)
    assert nothing.bound <= coarse.bound <= linear + 1e-6 * abs(linear) + 0.01


def test_finer_spans_never_loosen_the_bound() -> None:
    """One span, then two days, then one: each bound at least the last, none above the linear optimum."""
    shipments = [cargo(n, 130.0 + 60 * n, ready_h=9.0 * n, due_h=60 + 9.0 * n, splittable=n % 2 == 0) for n in range(9)]
    case = lay_out(tiny_network(), shipments)
    proof = proof_of(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relaxation, "SMALL", -1)
        now = relax(case.program, proof, EXACT)
    bounds = [now.bound]
    for span in (8, 4, 1):
        now = tighten(case.program, span, now, proof, EXACT)
        bounds.append(now.bound)
    assert bounds == sorted(bounds)
    linear, _ = case.relaxed()
    assert bounds[-1] <= linear + 0.01
    assert bounds[-1] > bounds[0]


def test_without_time_the_bound_is_that_of_knowing_nothing() -> None:
    """Every shipment at its cheapest way in a hull that costs only its own trip: no program is solved."""
    case = lay_out(tiny_network(), [cargo(0, 400.0), cargo(1, 300.0)])
    proof = proof_of(case)
    late = relax(case.program, proof, EXACT, lambda: 0.0)
    assert late.bound == unrelaxed(case.program, proof).bound > 0
    assert late.feasible
    assert not late.used.any()


def test_an_impossible_cap_is_proven() -> None:
    """No tonne moves without a gram: the relaxation itself has no answer, and says so."""
    case = lay_out(tiny_network(), [cargo(0, 400.0)], PlanSettings(co2e_cap_t=0.0))
    assert not relax(case.program, proof_of(case), EXACT).feasible
    roomy = lay_out(tiny_network(), [cargo(0, 400.0)], PlanSettings(co2e_cap_t=100.0))
    assert relax(roomy.program, proof_of(roomy), EXACT).feasible


@LOOK
@given(tiny_tasks(2), st.integers(1, 9), st.integers(0, 12))
def test_summed_rows_hold_for_every_solution_of_the_fine_ones(task: Task, span: int, beyond: int) -> None:
    """Summing adds rows up and forgets none: what holds by slots holds by spans; rows before ``beyond`` stay alone."""
    case = lay_out(*task)
    x, program = case.solve().x, case.program.program
    assert x is not None
    sums = summing(case.program, span, beyond)
    assert (np.asarray(sums.sum(axis=0)).ravel() == 1).all()
    activity = sums @ (program.matrix @ x)
    assert (activity <= summed_sides(sums, program.row_upper) + 1e-5).all()
    assert (activity >= summed_sides(sums, program.row_lower) - 1e-5).all()
    summed = sums.tocsc().indices
    alone = np.bincount(summed)[summed] == 1
    assert alone[case.program.row_slot < beyond].all()


def test_columns_share_a_key_only_inside_a_span() -> None:
    """With spans of one slot every column is its own key; with one span, one key for each thing and length."""
    case = lay_out(tiny_network(), [cargo(0, 400.0)])
    plan = case.program
    assert len(np.unique(column_keys(plan, 1))) == len(plan.column_slot)
    keys = column_keys(plan, 10_000)
    pairs = {(int(thing), int(slot < 0)) for thing, slot in zip(plan.column_thing, plan.column_slot, strict=True)}
    assert len(np.unique(keys)) == len(pairs)


def test_the_best_of_each_key_is_the_cheapest_and_first() -> None:
    """Keys 0 0 1 1 1 2: eligible columns only, ties to the first."""
    keys, gains = np.array([0, 0, 1, 1, 1, 2]), np.array([3.0, 1.0, 2.0, 2.0, 0.0, 5.0])
    eligible = np.array([True, True, True, True, False, False])
    assert best_per_key(keys, gains, eligible).tolist() == [False, True, True, False, False, False]
    assert not best_per_key(keys, gains, np.zeros(6, dtype=bool)).any()


def test_shares_are_those_of_the_linear_solution() -> None:
    """Where water pays, the relaxation sends the cargo by water."""
    case = lay_out(tiny_network(), [cargo(0, 450.0)])
    used = np.flatnonzero(relax(case.program, proof_of(case), EXACT).used[: case.program.cargo_count])
    assert (case.space.columns.family[used] >= 0).all()
    assert len(used) >= 1
    cheap = replace(tiny_network(), fleet=())
    road = lay_out(cheap, [cargo(0, 450.0)])
    used = np.flatnonzero(relax(road.program, proof_of(road), EXACT).used[: road.program.cargo_count])
    assert road.space.columns.family[used].tolist() == [-1]
