"""Planning as a recipe: lay out time and space, bound, batch, polish, improve, write down.

Small plans (up to :data:`EXACT_COLUMNS` columns) go whole to branch and bound and come back optimal. Larger ones get
prices and a proven bound from the coarse relaxation, a first plan from full ships, and are then improved window by
window until the gap that was asked for is reached, nothing improves any more, or the time is up. Interrupted
(Ctrl-C), the best plan so far is written down with its gap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.emissions.factors import FactorTable
from optimizer.errors import InputError, Message, SolverError
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network
from optimizer.planning.assemble import assemble
from optimizer.planning.batches import batch_plan
from optimizer.planning.design import Effort, Floats, solve_integer
from optimizer.planning.fleetflow import FleetFlow, make_fleetflow
from optimizer.planning.lagrange import LagrangianBound
from optimizer.planning.plan import Plan, PlannedShipment
from optimizer.planning.program import PlanProgram, make_program
from optimizer.planning.relaxation import Relaxation, relax, tighten
from optimizer.planning.routes import RouteBook
from optimizer.planning.settings import SLOTS_PER_DAY, PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.timespace import TimeSpace, make_timespace
from optimizer.planning.windows import FEASIBLE, Windows, WindowSizes, violation

EXACT_COLUMNS = 6_000
"""Plans up to this size are solved to optimality in one piece."""
OPTIMAL_GAP = 1e-5
"""Legs are rounded to fen and lots to kg after solving; a gap below this is that rounding."""
TIGHTEN_SPANS = (8, 4)
"""Finer resolutions (slots) of the relaxation that are tried when the first bound leaves too wide a gap."""
IMPROVE_DAYS = 5
"""Days set free at once while improving."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A sign of life. ``stage``: layout | bound | batches | polish | improve | exact | write. Costs in yuan, None
    while unknown."""

    stage: str
    incumbent_yuan: float | None
    bound_yuan: float | None
    columns: int
    seconds: float

    @property
    def gap(self) -> float | None:
        """(incumbent - bound) / |incumbent|, None while one of them is unknown."""
        if self.incumbent_yuan is None or self.bound_yuan is None:
            return None
        return (self.incumbent_yuan - self.bound_yuan) / max(abs(self.incumbent_yuan), 1.0)


Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class _Problem:
    """What one run works on."""

    space: TimeSpace
    fleet: FleetFlow
    program: PlanProgram
    proof: LagrangianBound


@dataclass(frozen=True, slots=True)
class _Solution:
    """A solution of the program with its proof. ``stopped_by``: gap | exhausted | time_limit | interrupt."""

    x: Floats
    bound_yuan: float
    prices: Floats
    stopped_by: str


def plan_shipments(
    shipments: Sequence[Shipment],
    network: Network,
    factors: FactorTable,
    settings: PlanSettings,
    *,
    clock: Callable[[], float],
    tell: Tell = lambda progress: None,
) -> Plan:
    """Plan all shipments together.

    ``clock`` gives seconds from any origin (``time.monotonic``); it sets the stopwatch and the time limit, nothing
    else. Raises InputError without shipments, FactorError when the factors do not cover the plan's date."""
    if not shipments:
        raise InputError(Message("没有可规划的货单。", "There are no shipments to plan."))
    watch = _Watch(clock, settings.time_limit_s, tell)
    inside, outside = _within_horizon(shipments, settings)
    graph = NetworkGraph(network)
    book = RouteBook(network, graph, factors, min(s.ready_at for s in shipments).date())
    problem = _lay_out(inside, network, graph, book, settings)
    watch.tell("layout", problem.program)
    solution = _solve(problem, settings, watch)
    watch.tell("write", problem.program, float(problem.program.program.cost @ solution.x), solution.bound_yuan)
    plan = assemble(
        problem.space,
        problem.fleet,
        problem.program,
        solution.x,
        network,
        book,
        settings,
        bound_yuan=solution.bound_yuan,
        seconds=watch.seconds(),
        status="feasible",
        row_prices=solution.prices,
    )
    plan = replace(plan, status=_status(plan, solution), settings={**plan.settings, "stop": solution.stopped_by})
    return _with_rejected(plan, shipments, outside, settings)


class _Watch:
    """The stopwatch, and the door for signs of life."""

    def __init__(self, clock: Callable[[], float], limit_s: float | None, tell: Tell) -> None:
        self.clock, self.start, self.limit_s, self.listener = clock, clock(), limit_s, tell

    def seconds(self) -> float:
        return self.clock() - self.start

    def left_s(self) -> float:
        return np.inf if self.limit_s is None else self.limit_s - self.seconds()

    def tell(
        self, stage: str, program: PlanProgram, incumbent: float | None = None, bound: float | None = None
    ) -> None:
        self.listener(Progress(stage, incumbent, bound, len(program.column_slot), self.seconds()))


def _within_horizon(shipments: Sequence[Shipment], settings: PlanSettings) -> tuple[list[Shipment], set[str]]:
    """Shipments that become ready inside the horizon, and the ids of the others."""
    if settings.horizon_days is None:
        return list(shipments), set()
    first = min(shipment.ready_at for shipment in shipments).date()
    inside = [s for s in shipments if (s.ready_at.date() - first).days < settings.horizon_days]
    return inside, {s.shipment_id for s in shipments} - {s.shipment_id for s in inside}


def _lay_out(
    shipments: Sequence[Shipment], network: Network, graph: NetworkGraph, book: RouteBook, settings: PlanSettings
) -> _Problem:
    # The plan must not depend on the order of the rows in a file.
    ordered = sorted(shipments, key=lambda shipment: shipment.shipment_id)
    space = make_timespace(ordered, book, graph, settings)
    fleet = make_fleetflow(space, book, graph, settings.carbon_price_yuan_per_t / 1000)
    program = make_program(space, fleet, network, settings.co2e_cap_t)
    return _Problem(space, fleet, program, LagrangianBound(program, fleet, space.columns.shipment))


def _solve(problem: _Problem, settings: PlanSettings, watch: _Watch) -> _Solution:
    effort = Effort(gap=1e-6, seed=settings.seed, seconds=_limit(watch))
    relaxation = relax(problem.program, problem.proof, effort)
    watch.tell("bound", problem.program, None, relaxation.bound)
    if len(problem.program.column_slot) <= EXACT_COLUMNS:
        return _solve_exactly(problem, relaxation, settings, watch)
    return _solve_in_steps(problem, relaxation, settings, watch)


def _solve_exactly(problem: _Problem, relaxation: Relaxation, settings: PlanSettings, watch: _Watch) -> _Solution:
    effort = Effort(gap=min(settings.gap, 1e-6), seed=settings.seed, seconds=_limit(watch))
    outcome = solve_integer(problem.program.program, effort)
    if outcome.x is None:
        if outcome.status == "infeasible":
            raise _infeasible(settings)
        raise SolverError(Message("限时内没有找到可行计划。", "no feasible plan was found within the time limit"))
    stop = "gap" if outcome.status == "optimal" else "time_limit"
    watch.tell("exact", problem.program, outcome.objective, outcome.bound)
    return _Solution(outcome.x, max(outcome.bound, relaxation.bound), relaxation.prices, stop)


def _solve_in_steps(problem: _Problem, relaxation: Relaxation, settings: PlanSettings, watch: _Watch) -> _Solution:
    plan, cost = problem.program, problem.program.program.cost
    windows = Windows(plan, relaxation, WindowSizes(), settings.seed)
    moves = ~windows.is_cargo & (plan.column_family < 0) & windows.promising
    effort = Effort(gap=2e-3, nodes=200, seed=settings.seed, seconds=_limit(watch))
    x = batch_plan(plan, problem.space, relaxation, moves, effort)
    if x is None:
        x = windows.roll_forward(watch.left_s)
    x = windows.polish_fleet(x, watch.left_s)
    watch.tell("batches", plan, float(cost @ x), relaxation.bound)
    x = windows.polish_fleet(windows.polish_cargo(x, watch.left_s), watch.left_s)
    watch.tell("polish", plan, float(cost @ x), relaxation.bound)
    if violation(plan.program, x) > FEASIBLE:
        raise _infeasible(settings)
    for span in TIGHTEN_SPANS:
        if _gap(float(cost @ x), relaxation.bound) <= settings.gap or watch.left_s() <= 0:
            break
        relaxation = tighten(plan, span, relaxation, problem.proof, Effort(seed=settings.seed, seconds=_limit(watch)))
        watch.tell("bound", plan, float(cost @ x), relaxation.bound)
    x, stopped_by = _improve(x, windows, relaxation, settings, watch)
    return _Solution(x, relaxation.bound, relaxation.prices, stopped_by)


def _improve(
    x: Floats, windows: Windows, relaxation: Relaxation, settings: PlanSettings, watch: _Watch
) -> tuple[Floats, str]:
    """Free one window after another until the gap is reached, a whole round gains nothing, or the time is up."""
    cost = windows.program.cost
    step = IMPROVE_DAYS * SLOTS_PER_DAY
    try:
        while True:
            before = float(cost @ x)
            for start in range(0, windows.last_slot + 1, step // 2):
                if _gap(float(cost @ x), relaxation.bound) <= settings.gap:
                    return x, "gap"
                if watch.left_s() <= 0:
                    return x, "time_limit"
                x = windows.improve(x, start, start + step, watch.left_s)
                watch.tell("improve", windows.plan, float(cost @ x), relaxation.bound)
            x = windows.polish_fleet(windows.polish_cargo(x, watch.left_s), watch.left_s)
            if float(cost @ x) > before * (1 - 1e-5):
                return x, "exhausted"
    except KeyboardInterrupt:
        return x, "interrupt"


def _gap(objective: float, bound: float) -> float:
    return (objective - bound) / max(abs(objective), 1.0)


def _status(plan: Plan, solution: _Solution) -> str:
    """The document's word for how the run ended; ``optimal`` only when nothing but rounding to fen is left of the
    gap."""
    if plan.gap <= OPTIMAL_GAP:
        return "optimal"
    return "time_limit" if solution.stopped_by in ("time_limit", "interrupt") else "feasible"


def _limit(watch: _Watch) -> float | None:
    left = watch.left_s()
    return None if np.isinf(left) else max(left, 0.1)


def _infeasible(settings: PlanSettings) -> InputError:
    if settings.co2e_cap_t is not None:
        cap = f"{settings.co2e_cap_t:g}"
        return InputError(
            Message(
                f"没有计划能把排放控制在 {cap} 吨 CO2e 以内；请提高上限。",
                f"No plan keeps emissions within {cap} t CO2e; raise the cap.",
            )
        )
    return InputError(Message("没有可行的计划。", "There is no feasible plan."))


def _with_rejected(plan: Plan, shipments: Sequence[Shipment], outside: set[str], settings: PlanSettings) -> Plan:
    """The plan with one entry per shipment, in the order of the input."""
    reason = Message(
        f"货单在 {settings.horizon_days} 天的计划期之后才可提货；请延长计划期。",
        f"the shipment becomes ready after the horizon of {settings.horizon_days} days; plan a longer horizon",
    )
    planned = {entry.shipment_id: entry for entry in plan.shipments}
    for shipment_id in outside:
        planned[shipment_id] = PlannedShipment(shipment_id, "rejected", reason, None, (), None, (), None, 0)
    return replace(plan, shipments=tuple(planned[shipment.shipment_id] for shipment in shipments))
