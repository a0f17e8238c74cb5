"""The search: prices and a bound first, then plans that only get better.

Small programs (up to :data:`EXACT_COLUMNS` columns) go whole to branch and bound and come back optimal. A few shipments
(up to :data:`FEW_SHIPMENTS`) on a large network are settled by a program that is coarse in time (``exact``). Larger
ones get prices and a bound from the coarse relaxation, a first plan from full ships, and are then improved by spans of
days, corridor by corridor where they lose most, and window by window, until the gap, nothing improves any more, or the
time is up.

Before anything is solved there is a plan (services only) and a bound: whenever it is stopped, the best so far stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from optimizer.planning.bounds.ascent import climb_on
from optimizer.planning.bounds.closing import close_gap
from optimizer.planning.bounds.relaxation import LEAST_S, Relaxation, relax, relax_whole, tightened, unrelaxed
from optimizer.planning.design import Effort, Floats, solve_integer
from optimizer.planning.exact.refine import Refinement
from optimizer.planning.settings import SLOTS_PER_DAY, PlanSettings
from optimizer.planning.solving.batches import BatchBuilder, batch_plan, changes_ships
from optimizer.planning.solving.cut_rounds import Strengthened, strengthened
from optimizer.planning.solving.dispatch import dispatch
from optimizer.planning.solving.emission_caps import Cleaned, at_a_price, below_cap, keeps_cap
from optimizer.planning.solving.fallback_plans import by_services
from optimizer.planning.solving.neighbourhoods import Neighbourhoods
from optimizer.planning.solving.offer_selection import takings
from optimizer.planning.solving.problem import Problem, Start
from optimizer.planning.solving.spans import FINE, SHORT, Rounds, Spans
from optimizer.planning.solving.windows import FEASIBLE, Windows, WindowSizes, violation
from optimizer.planning.watch import Progress, Watch, relative_gap

EXACT_COLUMNS, EXACT_NODES = 6_000, 2_000
"""Plans up to this size are solved to optimality in one piece, if so many nodes of branch and bound do: a great mass in
many like ships may keep it busy for ever. Those are improved like larger ones."""
FEW_SHIPMENTS = 60
"""Up to so many shipments the optimum is sought by refinement in time before anything else is tried."""
QUICK_SHIPMENTS = 10
"""Above that, and under a time limit, a plan is made the common way first: refinement may take a while to its first."""
OPTIMAL_SHIPMENTS = 20
"""Up to so many the optimum is proven whatever gap was asked for; above, the gap asked for is enough."""
EXACT_GAP = 1e-6
"""Gap at which such a plan counts as solved; what is asked for may be less."""
CLOSE_COLUMNS, CLOSE_NODES, CLOSE_COLUMNS_TIMED = 25_000, 1_000, 100_000
"""What may be left open, and how long branch and bound may try, when no time limit was set: an amount of work, so that
equal input gives equal output. The last: what may be left open when a time limit stops the try."""
BATCHES_SHARE = 0.6
"""Part of the time left that the program over batches may take in a large plan."""
ROUNDING = 1e-9
"""A bound above a plan by no more than this part is the last bits of two sums of the same."""
CROWDED = 0.04
"""Quays are crowded where their prices make up this part of the bound."""
CROWDED_WINDOWS = WindowSizes(decide_days=4, look_days=2, hull_margin_yuan=800.0)
"""Windows of the first plan of such a month."""
ROLL_S_PER_COLUMN, ROLL_SHARE = 1e-4, 0.6
"""With less time these windows are not begun; of the time left they may take this part, for batches come after them."""
CROWDED_GAP = 0.05
"""With no wider a gap after these, batches are not asked as well."""
CORRIDOR_SHARE = 0.5
"""Part of the time left that corridors may take before a finer bound is sought."""
WHOLE_COLUMNS = 10_000
"""Up to so many columns, the widest corridor (``neighbourhoods.LADDER``), no corridor is searched."""
IMPROVE_DAYS = 5
"""Days set free at once while improving."""


class Search:
    """The best plan so far and what is proven of it. ``x`` is None while no plan is known (under a cap on CO2e only).
    ``stopped_by``: gap | exhausted | time_limit | interrupt | infeasible (proven)."""

    def __init__(self, problem: Problem, settings: PlanSettings, watch: Watch, start: Start | None = None) -> None:
        self.problem, self.settings, self.watch, self.start = problem, settings, watch, start
        self.program = problem.program.program
        self.relaxation = problem.relaxation or unrelaxed(problem.program, problem.proof)
        self.bound_yuan = self.relaxation.bound
        self.x: Floats | None = None
        self.windows: Windows | None = None
        self.stronger: Strengthened | None = None
        self.cleaned = Cleaned(None)
        self.stopped_by = "exhausted"
        for x in by_services(problem, capped=settings.co2e_cap_t is not None):
            self._offer(x)
        for known in (problem.made, None if start is None else start.x):
            if known is not None:
                self._offer(known)

    @property
    def cost_yuan(self) -> float | None:
        """Objective of the best plan so far."""
        return None if self.x is None else float(self.program.cost @ self.x)

    @property
    def is_small(self) -> bool:
        """Whether the program goes whole to branch and bound."""
        return len(self.program.cost) <= EXACT_COLUMNS

    def tell(self, stage: str) -> None:
        """Report the stage that was just finished."""
        columns, cost_yuan, bound_yuan = len(self.program.cost), self.cost_yuan, self.bound_yuan
        if cost_yuan is not None and bound_yuan <= cost_yuan * (1 + ROUNDING):
            bound_yuan = min(bound_yuan, cost_yuan)
        self.watch.listener(Progress(stage, cost_yuan, bound_yuan, columns, self.watch.seconds()))

    def run(self) -> None:
        """Search until something stops it."""
        self._until_interrupt(self._run)

    def improve(self, gap: float) -> None:
        """Go on improving after :meth:`run`, now down to ``gap``."""
        self._until_interrupt(lambda: self._improve(gap))

    def _until_interrupt(self, work: Callable[[], str]) -> None:
        try:
            found = work()  # Infeasible beside a plan: that keeps the cap to a hair, and the solver is stricter.
            self.stopped_by = found if found != "infeasible" or self.x is None else "exhausted"
        except KeyboardInterrupt:
            self.stopped_by = "interrupt"

    def _run(self) -> str:
        self.tell("layout")
        plan, proof = self.problem.program, self.problem.proof
        prices = None if self.start is None else self.start.prices
        if self.problem.only_given:
            self.relaxation = relax_whole(plan, proof, self._effort(0.0))
        elif not self._partial():
            self.relaxation = relax(plan, proof, Effort(seed=self.settings.seed), self.watch.left_s, prices)
        self.bound_yuan = self.relaxation.bound
        if not self.relaxation.feasible:
            return "infeasible"
        self.tell("bound")
        if self._late():
            return "time_limit"
        if self._partial():
            return self._solve_in_steps()  # What follows is proven of the columns written down only.
        if self.is_small and (ended := self._solve_exactly()):
            return ended
        if self.problem.only_given:
            return self._take_offers()
        # The refinement thins out slots; a given sailing has one, and so has the end of a kept hull's tour.
        given = any(pool.sailing_id for pool in self.problem.fleet.pools) or bool(self.problem.fleet.reserved)
        if not given and not self.is_small and len(self.problem.space.shipments) <= FEW_SHIPMENTS:
            if len(self.problem.space.shipments) > QUICK_SHIPMENTS or self.settings.time_limit_s is not None:
                self._first_plan()
            self._refine()
            if self._gap() <= max(self.settings.gap, EXACT_GAP):
                return "gap"
            if self._late():
                return "time_limit"
        return self._solve_in_steps()

    def _partial(self) -> bool:
        """Whether only promising columns are written down: what their program proves is no bound of the plan."""
        return self.problem.relaxation is not None

    def _take_offers(self) -> str:
        """No fleet to balance: round the relaxation, with more sailings left open in each round."""
        plan, owner, left_s = self.problem.program, self.problem.space.columns.shipment, self.watch.left_s
        effort, gap = self._effort, max(self.settings.gap / 4, EXACT_GAP)
        for x in takings(plan, owner, self.relaxation, lambda: effort(gap, CLOSE_NODES), left_s):
            self._offer(x)
            self.tell("improve")
            if self._gap() <= max(self.settings.gap, EXACT_GAP):
                return "gap"
        return self._close()

    def _refine(self) -> None:
        """Few shipments: the optimum by a program coarse in time, refined where that is too coarse."""
        problem = self.problem
        refinement = Refinement(problem.program, problem.space, problem.fleet, self.settings.seed, self.watch.left_s)
        if self.x is not None:
            refinement.offer(self.x)
        for step in refinement.steps():
            if step.x is not None:
                self._offer(step.x)
            if self.x is not None:
                refinement.offer(self.x)
            self.bound_yuan = max(self.bound_yuan, step.bound_yuan)
            self.tell("exact")
            if len(problem.space.shipments) > OPTIMAL_SHIPMENTS and self._gap() <= self.settings.gap:
                return

    def _solve_exactly(self) -> str:
        """How it ended; nothing where it is open and there is time to go on."""
        outcome = solve_integer(self.program, self._effort(min(self.settings.gap, EXACT_GAP), EXACT_NODES), self.x)
        if outcome.status == "infeasible":
            return "infeasible"
        if outcome.x is not None and (self.x is None or outcome.objective < float(self.program.cost @ self.x)):
            self.x = outcome.x
        self.bound_yuan = max(self.bound_yuan, outcome.bound)
        self.tell("exact")
        reached = outcome.status == "optimal" or self._gap() <= self.settings.gap
        return "gap" if reached else "time_limit" if self._late() else ""

    def _first_plan(self) -> None:
        """Full ships, polished; where they come to no plan, or cannot to all of one, window after window."""
        plan, left_s, seed = self.problem.program, self.watch.left_s, self.settings.seed
        self.windows = windows = Windows(plan, self.relaxation, WindowSizes(), seed)
        moves = ~windows.is_cargo & (plan.column_family < 0) & windows.promising
        problem = at_a_price(self.problem, self.relaxation, self._made, seed, left_s)
        self.cleaned = below_cap(problem, self.relaxation, seed, left_s)
        if self.cleaned.interrupted:
            raise KeyboardInterrupt
        if self.cleaned.x is not None:
            self._offer(self.cleaned.x)
            return
        if self._partial():
            self._dispatch()
        if self.problem.interrupted:
            return
        if self._is_crowded() and self._roll_forward() and self._gap() <= CROWDED_GAP:
            return
        effort = self._effort(2e-3, 200)
        if effort.seconds is not None and self._partial():
            effort = replace(effort, seconds=effort.seconds * BATCHES_SHARE)  # Too large a program would spend it all.
        x = batch_plan(plan, self.problem.space, self.relaxation, moves, effort)
        if x is not None:
            self._polish(x)
        if (self.x is None or changes_ships(self.problem.space, self.relaxation)) and not self._late():
            x = windows.roll_forward(left_s)
            if x is not None:
                self._polish(x)

    def _made(self, problem: Problem, relaxation: Relaxation) -> Floats | None:
        """The first plan of a like problem without a cap."""
        inner = Search(problem, replace(self.settings, co2e_cap_t=None), self.watch.unheard())
        inner.relaxation, inner.bound_yuan = relaxation, relaxation.bound
        inner._first_plan()
        return inner.x

    def _is_crowded(self) -> bool:
        """Whether full quays make up much of the bound, and there is time to plan window after window."""
        columns = len(self.program.cost)
        if self._partial() or columns <= WHOLE_COLUMNS or self.watch.left_s() < ROLL_S_PER_COLUMN * columns:
            return False
        rows, prices = self.problem.proof.terminal, self.relaxation.prices
        return -float(prices[rows] @ self.program.row_upper[rows]) > CROWDED * abs(self.bound_yuan)

    def _roll_forward(self) -> bool:
        """A first plan window after window, each with the quays of the whole month in view; or none in time."""
        self._climb_on()
        windows = Windows(self.problem.program, self.relaxation, CROWDED_WINDOWS, self.settings.seed)
        left_s = self.watch.left_s()
        kept_s = (1 - ROLL_SHARE) * left_s if np.isfinite(left_s) else 0.0
        x = windows.roll_forward(lambda: self.watch.left_s() - kept_s)
        if x is not None:
            self._polish(x)
            self._search_spans(FINE)  # What such a plan still loses it loses over weeks at once.
        return x is not None

    def _solve_in_steps(self) -> str:
        if self.windows is None:
            self._first_plan()
        if self.problem.interrupted or self._late():
            return "interrupt" if self.problem.interrupted else "time_limit"
        if not self._partial():
            self._climb_on()
        self._search_spans(SHORT if self._partial() else FINE)  # First plans lose over weeks at once.
        self._search_corridors(CORRIDOR_SHARE)
        if not self._partial() and self._gap() > self.settings.gap:
            self._strengthen()
            self._search_corridors(1.0)
        self._search_spans(FINE)
        self._search_corridors(1.0)
        if not self._partial() and self._gap() > self.settings.gap:
            self._tighten()
        stopped_by = self._improve(self.settings.gap)
        tried = self.is_small and not self._partial()
        return self._close() if stopped_by == "exhausted" and not tried else stopped_by

    def _dispatch(self) -> None:
        """A plan within seconds, however large the month."""
        builder = BatchBuilder(self.problem.program, self.problem.space, self.relaxation)
        x = dispatch(builder, builder.batches(), self.problem.fleet)
        if x is not None:
            self._offer(x)
        self.tell("dispatch")

    def _close(self) -> str:
        """Let branch and bound settle what plan and bound leave open, where that is little enough."""
        if self.x is None:
            return "exhausted"
        unlimited = np.isinf(self.watch.left_s())
        most, nodes = (CLOSE_COLUMNS, CLOSE_NODES) if unlimited else (CLOSE_COLUMNS_TIMED, None)
        effort = self._effort(min(self.settings.gap, EXACT_GAP), nodes)
        plan, proof, prices = self.problem.program, self.problem.proof, self.relaxation.prices
        known = self.stronger or Strengthened(plan, proof, prices, self.bound_yuan)
        closed = close_gap(known.plan, known.proof, known.prices, self.x, effort, most)
        if closed is not None:
            self._offer(closed.x)
            if not self._partial():
                self.bound_yuan = max(self.bound_yuan, closed.bound_yuan)
            self.tell("exact")
        if self._gap() <= max(self.settings.gap, EXACT_GAP):
            return "gap"
        return "time_limit" if self._late() else "exhausted"

    def _polish(self, x: Floats) -> None:
        """Fleet, then cargo and fleet again, each solved afresh around the other."""
        assert self.windows is not None
        left_s = self.watch.left_s
        self._offer(x)
        for stage in ("batches", "polish"):
            if self._late():
                return
            x = self.windows.polish_fleet(self.windows.polish_cargo(x, left_s) if stage == "polish" else x, left_s)
            self._offer(x)
            self.tell(stage)

    def _search_corridors(self, share: float) -> None:
        """Set free what loses most, again and again, while the plan's gap is too wide; for a share of the time left."""
        if self.x is None or self._gap() <= self.settings.gap:
            return
        if len(self.program.cost) <= WHOLE_COLUMNS:
            return  # A corridor would be all of it: windows and branch and bound settle that.
        kept_s = (1 - share) * self.watch.left_s() if np.isfinite(self.watch.left_s()) else 0.0
        around = Neighbourhoods(self.problem, self.relaxation, self.x, self.settings.seed, self.settings.corridors_by)
        self._take(around.better(lambda: self.watch.left_s() - kept_s))

    def _search_spans(self, short: Rounds) -> None:
        """While the gap is too wide, spans of days whole: ``short`` rounds, then the longest."""
        if self.x is None or self._gap() <= self.settings.gap or len(self.program.cost) <= WHOLE_COLUMNS:
            return
        around = Neighbourhoods(self.problem, self.relaxation, self.x, self.settings.seed)
        self._take(Spans(around, short).better(self.watch.left_s))

    def _take(self, better: Iterator[Floats]) -> None:
        """Better and better plans, until the gap is reached."""
        for x in better:
            self._offer(x)
            self.tell("improve")
            if self._gap() <= self.settings.gap:
                return

    def _climb_on(self) -> None:
        """A bound that knows slots, in a few seconds, while the plan's gap is too wide."""
        # What a least load asks of cargo is no part of the steps.
        if self._late() or self._gap() <= self.settings.gap or self.problem.program.block("least").keys:
            return
        climb = climb_on(self.problem.proof, self.relaxation.prices, self.watch.left_s)
        if climb.bound > self.bound_yuan:
            self.relaxation = replace(self.relaxation, prices=climb.prices, bound=climb.bound)
            self.bound_yuan = climb.bound
        self.tell("bound")

    def _strengthen(self) -> None:
        """A bound that knows whole ships, until the plan's gap is what was asked for."""
        for stronger in strengthened(self.problem, self.relaxation, self.settings.seed, self.watch.left_s):
            if stronger.bound_yuan > self.bound_yuan:
                self.stronger, self.bound_yuan = stronger, stronger.bound_yuan
            self.tell("bound")
            if self._gap() <= self.settings.gap:
                return

    def _tighten(self) -> None:
        """Finer bounds in time, until the plan's gap is what was asked for."""
        problem, seed = self.problem, self.settings.seed
        for finer in tightened(problem.program, self.relaxation, problem.proof, Effort(seed=seed), self.watch.left_s):
            self.relaxation, self.bound_yuan = finer, max(self.bound_yuan, finer.bound)
            self.tell("bound")
            if self._gap() <= self.settings.gap:
                return

    def _improve(self, gap: float) -> str:
        """Free one window after another until the gap is reached, a whole round gains nothing, or the time is up."""
        windows, step, left_s = self.windows, IMPROVE_DAYS * SLOTS_PER_DAY, self.watch.left_s
        if windows is None or self.x is None:
            return "exhausted"
        while True:
            before = float(self.program.cost @ self.x)
            for start in range(0, windows.last_slot + 1, step // 2):
                if self._gap() <= gap:
                    return "gap"
                if self._late():
                    return "time_limit"
                self._offer(windows.improve(self.x, start, start + step, left_s))
                self.tell("improve")
            self._offer(windows.polish_fleet(windows.polish_cargo(self.x, left_s), left_s))
            if float(self.program.cost @ self.x) > before * (1 - 1e-5):
                return "time_limit" if self._late() else "exhausted"

    def _offer(self, x: Floats) -> None:
        """Keep a plan that holds and is cheaper than the best so far."""
        cheaper = self.x is None or float(self.program.cost @ x) < float(self.program.cost @ self.x)
        if cheaper and violation(self.program, x) <= FEASIBLE and keeps_cap(self.problem.program, x):
            self.x = x

    def _gap(self) -> float:
        cost_yuan = self.cost_yuan
        return np.inf if cost_yuan is None else relative_gap(cost_yuan, self.bound_yuan)

    def _late(self) -> bool:
        return self.watch.left_s() <= 0

    def _effort(self, gap: float, nodes: int | None = None) -> Effort:
        seconds = max(self.watch.left_s(), LEAST_S)
        return Effort(gap, None if np.isinf(seconds) else seconds, nodes, self.settings.seed)
