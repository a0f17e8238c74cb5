"""The recipe for network design: a bound by Lagrange, designs by ruin and recreate, small problems whole.

Linear problems go to :mod:`flow`. Otherwise:

1. climb     the Lagrangian bound, whose averaged modules guide what follows
2. build     a first design; where building fails, the linear flow gives one, or proves that there is none
3. whole     of small problems: a moment of annealing, arcs and flows fixed or limited by reduced costs, then the exact
             program with all strong links by branch and bound, with annealing beside it on the second core
4. anneal    of larger ones, in epochs while there is time: chains from the first design, each to a design of its own;
             then, cooler, among the arcs that any of the best designs uses; then the cheapest flow in the incumbent's
             modules, exactly. Beside it, on the second core, the bound climbs on, and then rises by branching
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import count

import numpy as np

from optimizer.errors import InputError, Message
from optimizer.planning.design import Effort, Floats, Outcome
from optimizer.planning.netdesign.exact import MOST_CELLS, solve_whole
from optimizer.planning.netdesign.flow import solve_flow
from optimizer.planning.netdesign.instance import MOST_DENSE, Instance, Progress, Result, Settings, cost_of
from optimizer.planning.netdesign.paths import Pricer
from optimizer.planning.netdesign.relaxation import first_relaxation
from optimizer.planning.netdesign.rerouting import cheapest_within, design_of, flow_of
from optimizer.planning.netdesign.search import (
    COLD,
    HOT,
    MOST_CLIMBS,
    WARM,
    Search,
    annealing,
    begin_anew,
    climb_slice,
    climb_steps,
    cooling,
    first_flow,
    gather,
    join_elite,
    moves_per_slice,
    raising,
    restart,
    room_of_elite,
    tighten_limits,
)

EPOCHS, STARTS = 2, 3
START_SHARE, AMONG_SHARE = 0.085, 0.2
"""Two epochs of three starts and one annealing among the best, their lengths as shares of the slices that fit the time
limit. One long chain ends where chance leads it: on generated problems of 200 commodities, chains of eight slices ended
4.4 to 6.1 % above the bound and one of 24 slices at 4.9 %; six short ones and the arcs they use gave 4.1 %."""
SLICES_PER_SECOND = 0.6
WITHOUT_LIMIT_S = 60.0
"""A solve without a time limit plans its cycles as if it had this one, and ends after them."""
QUICK_STEPS, QUICK_PART = 1000, 0.25
"""Steps of climbing and share of a slice of annealing before branch and bound: some 0.5 s together, after which the
incumbent of a small problem is rarely 0.1 % from the best."""
ALONE_S = 2.0
"""Branch and bound is left alone so long: most that it can close it closes by then, and cores are often shared."""
SLICE_MARGIN = 1.2
"""No slice is begun that would likely end after the limit."""


class _Ended(Exception):  # noqa: N818 - it carries an ending, not an error
    def __init__(self, ending: str) -> None:
        self.ending = ending


@dataclass(slots=True)
class _Run:
    """The clock, the settings and the count of slices of one solve."""

    instance: Instance
    settings: Settings
    clock: Callable[[], float]
    tell: Callable[[Progress], None]
    start_s: float
    slices: int = 0
    longest_s: float = 0.0

    @property
    def seconds(self) -> float:
        return self.clock() - self.start_s

    @property
    def left_s(self) -> float | None:
        limit_s = self.settings.time_limit_s
        return None if limit_s is None else max(0.0, limit_s - self.seconds)


def solve_design(
    instance: Instance,
    settings: Settings,
    clock: Callable[[], float],
    tell: Callable[[Progress], None] = lambda progress: None,
) -> Result:
    """The best design within the settings and a proven bound. ``clock`` gives seconds. A KeyboardInterrupt ends it with
    the best so far. Raises InputError where the problem is too large for memory."""
    if instance.linear:
        return solve_flow(instance, settings, clock, tell)
    if instance.arcs * instance.commodities > MOST_DENSE:
        raise InputError(
            Message(
                f"弧数乘货流数应不超过 {MOST_DENSE:,}。", f"Arcs times commodities should not exceed {MOST_DENSE:,}."
            )
        )
    run = _Run(instance, settings, clock, tell, clock())
    if instance.commodities == 0:
        return Result.of_nothing(instance.arcs)
    if len(stranded := Pricer(instance, instance.unit_cost).stranded()):
        return Result.without_way(instance, stranded)
    search = Search(
        instance, first_relaxation(instance), instance.most_modules.copy(), np.zeros_like(instance.most_modules)
    )
    try:
        ending = _recipe(run, search)
    except _Ended as ended:
        ending = ended.ending
    except KeyboardInterrupt:
        ending = "interrupt"
    gather(search)
    return _result(search, settings, ending, run.slices)


def _recipe(run: _Run, search: Search) -> str:
    # One kernel at a time: the second core has nothing to do yet, or there is none, and all the climbing is done here.
    steps = min(QUICK_STEPS, climb_steps(run.instance)) if _small(search) else climb_steps(run.instance)
    for _ in range(1 if run.settings.threads > 1 else MOST_CLIMBS):
        if search.climbs:
            climb_slice(search, steps)
    _build(run, search)
    _report(run, search, "build")
    if _small(search) and _whole(run, search):
        return "gap"
    planned, anywhere = _planned(run), run.instance.most_capacity
    # Without a time limit there is a plan to end with; with one, what is left of the time may still give something.
    # Branching begins then: large problems need both cores for a good design first.
    for epoch in range(EPOCHS) if run.settings.time_limit_s is None else count():
        search.branches = epoch >= EPOCHS
        for _ in range(STARTS):
            begin_anew(search, _chains(run, search))
            _cycle(run, search, max(2, round(START_SHARE * planned)), HOT, anywhere)
            join_elite(search)
        restart(search, _chains(run, search))
        _cycle(run, search, max(2, round(AMONG_SHARE * planned)), WARM, room_of_elite(search))
        _reroute(run, search)
        join_elite(search)
        _report(run, search, "anneal")
    return "work"


def _chains(run: _Run, search: Search) -> int:
    """Chains of the next cycle: one for each core, but for the one that raises the bound."""
    return max(1, run.settings.threads - int(raising(search) is not None))


def _planned(run: _Run) -> float:
    """Slices that fit the time limit."""
    return SLICES_PER_SECOND * (run.settings.time_limit_s or WITHOUT_LIMIT_S)


def _build(run: _Run, search: Search) -> None:
    """A first incumbent. Raises _Ended where there is none or none was found in time."""
    first_flow(search)
    search.first = search.flow
    if search.flow is not None:
        return
    instance = run.instance
    costs = instance.unit_cost + instance.fixed_cost / np.maximum(instance.capacity, 1e-9)
    settings = Settings(gap=1e-3, time_limit_s=run.left_s, seed=run.settings.seed)
    found = solve_flow(instance, settings, run.clock, unit_cost=costs)
    if found.status == "infeasible":
        raise _Ended("infeasible")
    if found.design is None:
        raise _Ended("time_limit" if found.ending == "time_limit" else "work")
    search.take(flow_of(instance, found.design))
    search.first = search.flow


def _cycle(run: _Run, search: Search, length: int, hot: float, most: Floats) -> None:
    """One annealing cycle of the chains as they stand, from ``hot`` to cold within the capacities ``most``; beside it
    the bound is raised while that pays."""
    for number in range(length):
        temperatures = cooling(hot, number, length)
        tasks: list[Callable[[], object]] = [
            annealing(search, chain, temperatures, _slice_seed(run, chain), most) for chain in range(len(search.chains))
        ]
        beside = raising(search)
        if beside is not None:
            tasks.append(beside)
        _together(run, tasks)
        gather(search)
        search.moves += moves_per_slice(run.instance) * len(search.chains)
        _report(run, search, "anneal")


def _slice_seed(run: _Run, chain: int) -> int:
    return run.settings.seed * 1_000_003 + run.slices * 64 + chain


def _together(run: _Run, tasks: list[Callable[[], object]]) -> None:
    """Run slices at the same time and wait for all: what they give does not depend on which ends first."""
    left_s = run.left_s
    if left_s is not None and left_s < SLICE_MARGIN * run.longest_s:
        raise _Ended("time_limit")
    begun_s = run.clock()
    with ThreadPoolExecutor(max_workers=max(1, run.settings.threads)) as pool:
        done = [pool.submit(task) for task in tasks]
        while wait(done, timeout=0.2).not_done:
            pass
    for answer in done:
        answer.result()
    run.slices += 1
    run.longest_s = max(0.7 * run.longest_s, run.clock() - begun_s)


def _reroute(run: _Run, search: Search) -> None:
    """The cheapest flow in the incumbent's modules; it may even need fewer."""
    assert search.flow is not None
    left_s = run.left_s
    modules = design_of(run.instance, search.flow).modules
    flow = cheapest_within(run.instance, modules, run.clock, left_s)
    if flow is not None:
        search.take(flow)


def _small(search: Search) -> bool:
    return int(np.sum(search.most > 0)) * search.instance.commodities <= MOST_CELLS


def _whole(run: _Run, search: Search) -> bool:
    """Branch and bound on what is left open. Returns whether it closed the gap."""
    anywhere = run.instance.most_capacity
    restart(search, max(1, run.settings.threads))
    _together(
        run,
        [
            annealing(search, chain, (WARM, COLD), _slice_seed(run, chain), anywhere, QUICK_PART)
            for chain in range(len(search.chains))
        ],
    )
    gather(search)
    climb_slice(search, QUICK_STEPS)
    search.fix()
    tighten_limits(search)
    _report(run, search, "whole")
    effort = Effort(gap=run.settings.gap, seconds=run.left_s, seed=run.settings.seed, threads=run.settings.threads)
    with ThreadPoolExecutor(max_workers=1) as pool:
        answer = pool.submit(
            solve_whole, run.instance, search.most, search.least, search.relaxation.limit.copy(), effort
        )
        _meanwhile(run, search, answer)
    outcome, flow = answer.result()
    proven = outcome.status in ("optimal", "infeasible")
    if proven:
        # How far the annealing came beside it depends on the machine; what is handed back may not.
        search.chains = []
    gather(search)
    if flow is not None:
        search.take(flow)
    # Infeasible: nothing within the fixings and limits is better than the incumbent.
    search.bound = max(search.bound, search.best if outcome.status == "infeasible" else min(outcome.bound, search.best))
    _report(run, search, "whole")
    return proven


def _meanwhile(run: _Run, search: Search, answer: Future[tuple[Outcome, Floats | None]]) -> None:
    """Anneal on the other core while branch and bound works: a problem that it cannot close needs a good design."""
    wait([answer], timeout=ALONE_S)
    restart(search, run.settings.threads - 1)
    length = max(2, round(_planned(run)))
    for number in range(length if search.chains else 0):
        if answer.done() or (run.left_s is not None and run.left_s < SLICE_MARGIN * run.longest_s):
            break
        begun_s = run.clock()
        temperatures = cooling(HOT, number, length)
        annealing(search, 0, temperatures, _slice_seed(run, number + 1), run.instance.most_capacity)()
        run.longest_s = max(0.7 * run.longest_s, run.clock() - begun_s)
    while not wait([answer], timeout=0.2).done:
        pass


def _report(run: _Run, search: Search, stage: str) -> None:
    """Tell, and end the solve where the gap or the amount of work asked for is reached."""
    objective = search.best if np.isfinite(search.best) else None
    run.tell(Progress(stage, run.seconds, objective, search.bound, search.moves))
    if search.gap <= run.settings.gap:
        raise _Ended("gap")
    if run.settings.work is not None and run.slices >= run.settings.work:
        raise _Ended("work")
    if run.left_s is not None and run.left_s <= 0:
        raise _Ended("time_limit")


def _result(search: Search, settings: Settings, ending: str, slices: int) -> Result:
    if ending == "infeasible":
        return Result.without_room(slices)
    if search.flow is None:
        return Result("no_solution", ending, None, None, search.bound, slices)
    design = design_of(search.instance, search.flow)
    objective = cost_of(search.instance, design)
    bound = min(search.bound, objective)
    closed = objective - bound <= max(settings.gap, 1e-9) * max(abs(objective), 1e-9)
    return Result("optimal" if closed else "feasible", ending, design, objective, bound, slices)
