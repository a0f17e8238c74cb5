"""Closing the gap: what plan and bound rule out is ruled out rightly, and small plans end optimal either way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.planning.bounds.closing import close_gap, remainder
from optimizer.planning.design import Effort
from tests.network.tiny import tiny_network
from tests.planning.random_tasks import Task, any_tasks, cargo, planned
from tests.planning.solved import lay_out
from tests.planning.test_relaxation import proof_of

LOOK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EXACT = Effort(gap=1e-9)


@LOOK
@given(any_tasks(most=3))
def test_the_way_of_large_plans_ends_at_the_optimum_where_it_closes(task: Task) -> None:
    """Batched, polished, improved and closed: as good as branch and bound on the whole, never a bound above it."""
    network, shipments = task
    exact, stepped = planned(network, shipments), planned(network, shipments, in_steps=True)
    assert stepped.bound_yuan <= exact.objective_yuan * (1 + 1e-6) + 1.0
    assert stepped.objective_yuan == pytest.approx(exact.objective_yuan, rel=2e-5, abs=1.0)


@LOOK
@given(any_tasks(most=3), st.integers(0, 10**6), st.sampled_from([0.0, 300.0]))
def test_what_is_left_holds_the_best_plan(task: Task, seed: int, scale: float) -> None:
    """With any prices, the best plan fits into what a plan of its own cost leaves open."""
    network, shipments = task
    case = lay_out(network, shipments)
    best = case.solve()
    assert best.x is not None
    prices = np.random.default_rng(seed).normal(0.0, scale, len(case.program.row_slot))
    bound, mended = proof_of(case).prove(prices)
    rest = remainder(case.program, mended, best.objective - bound)
    left_out = np.delete(best.x, rest.columns)
    cheap = np.delete(case.program.program.cost, rest.columns)
    assert float(cheap @ left_out) == pytest.approx(0.0, abs=1e-4)
    assert np.all(best.x[rest.columns] <= rest.program.upper + 1e-6)


@LOOK
@given(any_tasks(most=3))
def test_closing_proves_the_best_plan(task: Task) -> None:
    """Given the best plan and prices of nothing, closing finds nothing better and proves that."""
    network, shipments = task
    case = lay_out(network, shipments)
    best = case.solve()
    assert best.x is not None
    proof, program = proof_of(case), case.program
    nothing = np.zeros(len(program.row_slot))
    closed = close_gap(program, proof, nothing, best.x, EXACT, 10**6)
    assert closed is not None
    assert closed.settled
    assert float(program.program.cost @ closed.x) == pytest.approx(best.objective, rel=1e-6, abs=1e-3)
    assert closed.bound_yuan <= best.objective + 1e-6 * (1 + abs(best.objective))
    assert closed.bound_yuan == pytest.approx(best.objective, rel=1e-5, abs=0.01)


def test_too_much_left_is_not_tried() -> None:
    """Above the limit the answer is None, and nothing is solved."""
    case = lay_out(tiny_network(), (cargo(1, 600.0),))
    x = case.solve().x
    assert x is not None
    assert close_gap(case.program, proof_of(case), np.zeros(len(case.program.row_slot)), x, EXACT, 0) is None
