"""Linking cuts: they hold for every whole plan, cut off parts of ships, and prove more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import chain, combinations
from math import ceil

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from optimizer.network.model import WaterLevel
from optimizer.planning.bounds import relaxation
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.linking import Linker, LinkingCut, with_cuts
from optimizer.planning.bounds.relaxation import relax
from optimizer.planning.design import Effort, Floats, proven_bound, solve_linear
from optimizer.planning.layout.kernels import scan_stretches
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.settings import PlanSettings
from optimizer.planning.solving import cut_rounds
from optimizer.planning.solving.cut_rounds import strengthened
from optimizer.planning.solving.problem import Problem
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.random_tasks import Task, any_tasks, cargo, planned
from tests.planning.solved import Case, lay_out
from tests.planning.test_relaxation import proof_of

LOOK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EXACT = Effort(gap=1e-9)


def cuts_of(case: Case, shares: Floats) -> list[LinkingCut]:
    """What some shares break."""
    return Linker(case.program, case.space).broken(shares)


def linear(plan: PlanProgram) -> tuple[float, Floats]:
    """Objective and solution of the linear relaxation."""
    outcome = solve_linear(plan.program, EXACT, "simplex")
    assert outcome.x is not None
    return outcome.objective, outcome.x


def anything(case: Case, seed: int) -> Floats:
    """Shares of nothing that sails at all, so that many cuts are broken."""
    draw = np.random.default_rng(seed)
    shares = draw.uniform(0, 1, len(case.program.column_slot)) * (
        draw.uniform(0, 1, len(case.program.column_slot)) < 0.3
    )
    shares[case.program.cargo_count :] *= 0.2
    return np.asarray(shares)


@LOOK
@given(any_tasks(), st.integers(0, 10**6))
def test_the_best_whole_plan_breaks_no_cut(task: Task, seed: int) -> None:
    """Cuts that any shares break hold for the best plan, and it breaks none itself."""
    case = lay_out(*task)
    best = case.solve()
    assert best.x is not None
    assert cuts_of(case, best.x) == []
    cuts = cuts_of(case, anything(case, seed)) + cuts_of(case, linear(case.program)[1])
    if cuts:
        block = (stronger := with_cuts(case.program, case.space, cuts)).block("linking")
        room = stronger.program.row_upper - stronger.program.matrix @ best.x
        assert room[block.first :].min() >= -1e-3


@LOOK
@given(any_tasks(), st.integers(0, 10**6), st.sampled_from([0.0, 10.0, 1000.0, 1e5]))
def test_any_prices_of_cuts_prove_a_bound_on_every_plan(task: Task, seed: int, scale: float) -> None:
    """Random prices of all rows, cuts among them: never above the best plan, and the program itself says the same."""
    case = lay_out(*task)
    cuts = cuts_of(case, anything(case, seed))
    if not cuts:
        return
    stronger = with_cuts(case.program, case.space, cuts)
    proof = LagrangianBound(stronger, case.fleet, case.space.ways)
    prices = np.random.default_rng(seed).normal(0.0, scale, len(stronger.row_slot))
    bound, mended = proof.prove(prices)
    best = case.solve().objective
    assert bound <= best + 1e-6 * (1 + abs(best))
    assert proven_bound(stronger.program, mended) == pytest.approx(bound, rel=1e-7, abs=0.01)


def test_a_ship_for_one_small_load_is_a_whole_ship() -> None:
    """200 t in a ship of more: without cuts part of a ship sails, with them the bound is what the plan costs."""
    case = lay_out(tiny_network(), [cargo(0, 200.0)])
    plan, best = case.program, case.solve().objective
    before, x = linear(plan)
    assert before < best - 1.0
    cuts: list[LinkingCut] = []
    while fresh := [cut for cut in cuts_of(case, x) if cut not in cuts]:
        cuts += fresh
        plan = with_cuts(case.program, case.space, cuts)
        after, x = linear(plan)
    assert after == pytest.approx(best, abs=1.0)
    assert all(cut.hulls == 1 and cut.rest_t == pytest.approx(200.0) for cut in cuts)


def test_single_shipments_are_told_beside_the_worst_stretch() -> None:
    """Two loads of 200 t aboard 0.4 of a ship: together they break their cut most, and each alone breaks its own."""
    case = lay_out(tiny_network(), [cargo(number, 200.0) for number in range(2)])
    plan, columns = case.program, case.space.columns
    family = int(columns.family[columns.family >= 0][0])
    shares = np.zeros(len(plan.column_slot))
    for number in range(2):
        shares[np.flatnonzero((columns.shipment == number) & (columns.family == family))[0]] = 1.0
    shares[next(iter(plan.sailing_columns[family, int(columns.slot[np.flatnonzero(shares)[0]])]))] = 0.4
    cuts = {cut.shipments: cut for cut in cuts_of(case, shares)}
    assert set(cuts) == {(0,), (1,), (0, 1)}
    assert {(cut.hulls, cut.rest_t) for cut in cuts.values()} == {(1, 200.0), (1, 400.0)}


def test_what_exceeds_full_ships_needs_one_more() -> None:
    """Two loads of 350 t where a ship takes 500: D = 700, so two ships, the last with 200 t; half of it aboard one ship
    is no matter, all of it aboard 1.4 ships breaks the cut by 0.6 x 200 t."""
    missed = np.full(2, -1, dtype=np.int64)
    first, last, mass_t = np.array([0, 0]), np.array([3, 3]), np.array([350.0, 350.0])
    room = np.full(4, 500.0)
    for share, ships, broken in ((1.0, 1.4, True), (0.5, 1.0, False), (1.0, 2.0, False)):
        missed[:] = -1
        sailed = np.array([0.0, 0.0, ships, ships, ships])
        scan_stretches(first, last, np.full(2, share), mass_t, sailed, room, 119.0, missed)
        assert (missed[0] == 3) == broken


@LOOK
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.floats(0.01, 0.9), st.integers(20, 600)),
        min_size=1,
        max_size=5,
    ),
    st.lists(st.sampled_from([0.0, 0.3, 0.7, 1.0, 1.6]), min_size=5, max_size=5),
)
def test_no_set_of_shipments_is_missed_by_more(loads: list[tuple[int, int, float, int]], ships: list[float]) -> None:
    """Against every set between every two slots of ships that have room: where a cut of more than 100 t is broken, the
    scan finds one."""
    loads = sorted(((min(a, b), max(a, b), x, m) for a, b, x, m in loads), key=lambda load: load[1])
    room = np.array([500.0, 400.0, 500.0, 450.0, 500.0])
    sailed = np.concatenate([[0.0], np.cumsum(ships)])
    for begin, end in combinations(range(6), 2):
        aboard_t = sum(x * m for first, last, x, m in loads if first >= begin and last < end)
        assume(aboard_t <= float(room[begin:end].max()) * (sailed[end] - sailed[begin]))
    ends = np.full(len(loads), -1, dtype=np.int64)
    columns = [np.array(column) for column in zip(*loads, strict=True)]
    scan_stretches(columns[0], columns[1], columns[2], columns[3].astype(float), sailed, room, 100.0, ends)
    for begin in range(5):
        worst = max(
            (_missed(sets, begin, end, sailed, room) for end in range(begin, 5) for sets in _sets(loads, begin, end)),
            default=0,
        )
        starts = [number for number, load in enumerate(loads) if load[0] == begin]
        if starts and worst > 100.0 + 1e-6:
            assert any(ends[number] >= begin for number in starts)
        for number in starts:
            if ends[number] >= 0:
                assert (
                    max(
                        _missed(sets, begin, int(ends[number]), sailed, room)
                        for sets in _sets(loads, begin, int(ends[number]))
                    )
                    > 100.0
                )


def _sets(
    loads: list[tuple[int, int, float, int]], begin: int, end: int
) -> list[tuple[tuple[int, int, float, int], ...]]:
    inside = [load for load in loads if load[0] >= begin and load[1] <= end]
    return list(chain.from_iterable(combinations(inside, size) for size in range(1, len(inside) + 1)))


def _missed(
    loads: tuple[tuple[int, int, float, int], ...], begin: int, end: int, sailed: Floats, room: Floats
) -> float:
    """Tonnes by which the cut of a set is broken."""
    all_t, most_t = sum(load[3] for load in loads), float(room[begin : end + 1].max())
    hulls = ceil(all_t / most_t - 1e-9)
    rest_t = all_t - most_t * (hulls - 1)
    return float(rest_t * (hulls - (sailed[end + 1] - sailed[begin])) - sum(m * (1 - x) for _, _, x, m in loads))


def test_low_water_for_a_while_asks_for_no_ship_that_high_water_spares() -> None:
    """Ships load less on the first day only: a stretch that reaches beyond it counts with what they load later."""
    shallow = WaterLevel("MID-DOWN", TINY_START, TINY_START + timedelta(hours=24), 1.5, MADE_UP)
    case = lay_out(tiny_network(water_levels=(shallow,)), [cargo(0, 300.0), cargo(1, 250.0)])
    room = case.space.ways.capacity_t
    shares = np.zeros(len(case.program.column_slot))
    aboard = np.flatnonzero(case.program.column_family[: case.program.cargo_count] >= 0)
    shares[aboard] = 1.0
    cuts = cuts_of(case, shares)
    varied = [cut for cut in cuts if np.ptp(room[cut.family, cut.first : cut.last + 1]) > 0]
    assert varied
    for cut in varied:
        all_t = sum((300.0, 250.0)[k] for k in cut.shipments)
        assert cut.hulls == ceil(all_t / room[cut.family, cut.first : cut.last + 1].max())


def problem_of(case: Case) -> Problem:
    """What a search would work on."""
    return Problem(case.network, case.space, case.fleet, case.program, proof_of(case))


@LOOK
@given(any_tasks())
def test_each_round_proves_more_and_no_round_too_much(task: Task) -> None:
    """Rounds of cuts: bounds rise from that without cuts and stay below the best plan."""
    case = lay_out(*task)
    problem, best = problem_of(case), case.solve().objective
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relaxation, "SMALL", -1)
        patch.setattr(cut_rounds, "LEAST_GAIN", -1.0)
        before = relax(case.program, problem.proof, EXACT)
        bounds = [before.bound, *(step.bound_yuan for step in strengthened(problem, before, 0))]
    assert bounds == sorted(bounds)
    assert bounds[-1] <= best + 1e-6 * (1 + abs(best))


def test_small_loads_are_proven_far_closer_with_cuts() -> None:
    """Nine loads of 30 to 70 t at times of their own: the cuts close most of what the relaxation leaves open."""
    shipments = [cargo(n, 30.0 + 5 * n, ready_h=11.0 * n, due_h=40 + 11.0 * n) for n in range(9)]
    case = lay_out(tiny_network(), shipments)
    best = case.solve(gap=1e-6).objective
    before = relax(case.program, proof_of(case), EXACT)
    *_, after = strengthened(problem_of(case), before, 0)
    assert best - after.bound_yuan < 0.6 * (best - before.bound)


def test_cuts_are_given_up_where_their_program_comes_to_less_than_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine small loads, and a bound that is theirs already: one linear program, and no second round of cuts."""
    shipments = [cargo(n, 30.0 + 5 * n, ready_h=11.0 * n, due_h=40 + 11.0 * n) for n in range(9)]
    case = lay_out(tiny_network(), shipments)
    proven = replace(relax(case.program, proof_of(case), EXACT), bound=case.solve(gap=1e-6).objective)
    solve, solved = relaxation.solve_linear, []
    monkeypatch.setattr(relaxation, "SMALL", -1)
    monkeypatch.setattr(relaxation, "solve_linear", lambda *args: solved.append(solve(*args)) or solved[-1])
    steps = list(strengthened(problem_of(case), proven, 0))
    assert [step.bound_yuan for step in steps] == [proven.bound]
    assert len(solved) == 1
    assert solved[0].objective <= proven.bound


def test_a_search_in_steps_proves_what_cuts_prove() -> None:
    """A plan made in steps, its bound raised by cuts and closed with them, is the plan of branch and bound."""
    shipments = [cargo(n, 60.0 + 20 * n, ready_h=9.0 * n, due_h=60 + 9.0 * n, splittable=n % 2 == 0) for n in range(5)]
    exact = planned(tiny_network(), shipments)
    told: list[tuple[str, float]] = []
    stepped = planned(
        tiny_network(),
        shipments,
        in_steps=True,
        tell=lambda progress: told.append((progress.stage, progress.bound_yuan)),
    )
    assert stepped.bound_yuan <= exact.objective_yuan * (1 + 1e-6) + 1.0
    assert stepped.objective_yuan == pytest.approx(exact.objective_yuan, rel=2e-5, abs=1.0)
    assert [bound for _, bound in told] == sorted(bound for _, bound in told)


def test_without_time_no_round_is_made() -> None:
    """The time is up: nothing is laid out."""
    case = lay_out(tiny_network(), [cargo(0, 200.0)], PlanSettings())
    relaxed = replace(relax(case.program, proof_of(case), EXACT))
    assert list(strengthened(problem_of(case), relaxed, 0, lambda: 0.0)) == []
