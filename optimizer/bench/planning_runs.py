"""One planning run each, by the planner and by its baselines, on the same files. They run in processes of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.errors import InputError, SolverError
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network
from optimizer.network.reader import read_network
from optimizer.planning.check import check_plan
from optimizer.planning.design import Effort, Floats, Outcome, Program, solve_by_cp_sat, solve_integer
from optimizer.planning.files.sailing_file import read_sailings
from optimizer.planning.files.shipment_file import read_shipments
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.layout.timespace import REJECT_YUAN_PER_T, TimeSpace
from optimizer.planning.offer import Offer
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solve import Progress, plan_shipments
from optimizer.planning.solving.problem_layout import lay_out as laid_out
from optimizer.quantities import G_PER_KG, KG_PER_T

CLOSE_GAP = 0.01
"""The gap whose first reaching is timed."""
LEAST_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class PlanTask:
    """``network_dir`` None: the shipped network; ``sailings``: offers of carriers, None: there are none. The settings
    hold for every method."""

    shipments: Path
    network_dir: Path | None
    settings: PlanSettings
    sailings: Path | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """A gap that was proven on the way, after so many seconds of wall and of processor time. Cargo left behind counts
    with the price that the program puts on it."""

    gap: float
    seconds: float
    processor_s: float


@dataclass(frozen=True, slots=True)
class PlanRun:
    """What one run came to. ``ending``: gap | exhausted | time_limit | interrupt | no_solution | infeasible, for the
    road: summed. ``seconds`` is wall time from read shipments to a plan, reading not included; ``seconds_to_close``
    until the gap was at most :data:`CLOSE_GAP`. None: not known or nothing found. ``processor_s``: over all threads;
    ``left_t``: cargo that stays behind; ``on_the_way``: each better gap, of the planner only; ``faults``: what
    the check finds in a plan under a cap on CO2e, from its own sums."""

    ending: str
    seconds: float | None
    seconds_to_close: float | None
    objective_yuan: float | None
    bound_yuan: float | None
    co2e_wtw_t: float | None
    columns: int
    shipments: int
    versions: dict[str, str]
    processor_s: float | None = None
    left_t: float | None = None
    on_the_way: tuple[Sign, ...] = ()
    faults: int | None = None

    @property
    def gap(self) -> float | None:
        """(objective - bound) / |objective| as the plan document has it."""
        if self.objective_yuan is None or self.bound_yuan is None:
            return None
        return (self.objective_yuan - self.bound_yuan) / max(abs(self.objective_yuan), 1.0)


def run_planner(task: PlanTask) -> PlanRun:
    """The planner. Raises InputError for bad files; finding no plan within the limit is an ending, no error."""
    network, factors, shipments = read_task(task)
    offers = _offers(task, network)
    told: list[Progress] = []
    signs: list[Sign] = []

    def tell(progress: Progress) -> None:
        told.append(progress)
        if progress.gap is not None and progress.gap < min((sign.gap for sign in signs), default=np.inf):
            signs.append(Sign(progress.gap, progress.seconds, time.process_time() - busy))

    start, busy = time.perf_counter(), time.process_time()
    try:
        plan = plan_shipments(
            shipments, network, factors, task.settings, clock=time.perf_counter, tell=tell, offers=offers
        )
    except (SolverError, InputError) as refused:
        # The files have been read: what is refused now is a cap that no plan was found to keep.
        if isinstance(refused, InputError) and task.settings.co2e_cap_t is None:
            raise
        return _nothing(time.perf_counter() - start, told[-1].columns if told else 0, len(shipments))
    seconds = time.perf_counter() - start
    processor_s = time.process_time() - busy
    capped = task.settings.co2e_cap_t is not None
    close = (progress.seconds for progress in told if progress.gap is not None and progress.gap <= CLOSE_GAP)
    return PlanRun(
        ending=str(plan.settings["stop"]),
        seconds=seconds,
        seconds_to_close=next(close, None),
        objective_yuan=plan.objective_yuan,
        bound_yuan=_finite(plan.bound_yuan),
        co2e_wtw_t=plan.totals.planned.co2e_wtw_g / G_PER_KG / KG_PER_T,
        columns=told[-1].columns,
        shipments=len(shipments),
        versions=dict(plan.versions),
        processor_s=processor_s,
        faults=len(check_plan(plan, shipments, network, factors, offers)) if capped else None,
        on_the_way=tuple(signs),
        left_t=(sum(shipment.mass_kg for shipment in shipments) - plan.totals.mass_kg) / KG_PER_T,
    )


def run_direct(task: PlanTask) -> PlanRun:
    """The same program given whole to HiGHS; laying it out counts against the same time limit."""
    return _direct(task, solve_integer)


def run_cp_sat(task: PlanTask) -> PlanRun:
    """The same program given whole to CP-SAT, which makes shares of shipments whole numbers as well."""
    return _direct(task, solve_by_cp_sat)


def _direct(task: PlanTask, solve: Callable[[Program, Effort], Outcome]) -> PlanRun:
    network, factors, shipments = read_task(task)
    offers = _offers(task, network)
    start = time.perf_counter()
    space, plan = lay_out(shipments, network, factors, task.settings, offers)
    limit_s = task.settings.time_limit_s
    left_s = None if limit_s is None else max(limit_s - (time.perf_counter() - start), LEAST_SECONDS)
    effort = Effort(gap=task.settings.gap, seconds=left_s, seed=task.settings.seed)
    try:
        outcome = solve(plan.program, effort)
    except SolverError:
        return replace(_nothing(time.perf_counter() - start, len(plan.program.cost), len(shipments)), ending="failed")
    seconds = time.perf_counter() - start
    # A plan's document counts what stays behind in tonnes, not at the price that keeps a program from leaving it.
    left_t = 0.0 if outcome.x is None else _left_t(space, outcome.x)
    priced_yuan = REJECT_YUAN_PER_T * left_t
    endings = {"optimal": "gap", "feasible": "time_limit"}
    return PlanRun(
        ending=endings.get(outcome.status, outcome.status),
        seconds=seconds,
        seconds_to_close=None,
        objective_yuan=None if outcome.x is None else outcome.objective - priced_yuan,
        bound_yuan=_finite(outcome.bound - priced_yuan),
        co2e_wtw_t=float(plan.wtw_kg @ outcome.x) / KG_PER_T if outcome.x is not None else None,
        columns=len(plan.program.cost),
        shipments=len(shipments),
        versions={},
        left_t=None if outcome.x is None else left_t,
    )


def _left_t(space: TimeSpace, x: Floats) -> float:
    """Tonnes that a solution of the program leaves behind."""
    cargo = space.columns
    stays = np.flatnonzero(cargo.route < 0)
    mass_t = np.array([shipment.mass_kg / KG_PER_T for shipment in space.shipments])
    return float(x[stays] @ mass_t[cargo.shipment[stays]])


def run_road(task: PlanTask) -> PlanRun:
    """Every shipment on its road, priced as in the program. Nothing known where one has no road."""
    network, factors, shipments = read_task(task)
    space, _ = lay_out(shipments, network, factors, task.settings)
    columns = space.columns
    by_road = np.array([route.kind == "road" for route in space.routes], dtype=bool)
    chosen = np.flatnonzero((columns.route >= 0) & by_road[columns.route])
    complete = len(chosen) == len(shipments) == len(np.unique(columns.shipment[chosen]))
    return PlanRun(
        ending="summed",
        seconds=None,
        seconds_to_close=None,
        objective_yuan=float(columns.cost[chosen].sum()) if complete else None,
        bound_yuan=None,
        co2e_wtw_t=float(columns.wtw_kg[chosen].sum()) / KG_PER_T if complete else None,
        columns=len(chosen),
        shipments=len(shipments),
        versions={},
    )


def lay_out(
    shipments: list[Shipment],
    network: Network,
    factors: FactorTable,
    settings: PlanSettings,
    offers: Sequence[Offer] = (),
) -> tuple[TimeSpace, PlanProgram]:
    """The program that the planner solves for these shipments and offers, column by column (a whole horizon)."""
    book = RouteBook(network, NetworkGraph(network), factors, min(s.ready_at for s in shipments).date())
    problem = laid_out(shipments, book, settings, offers)
    return problem.space, problem.program


def _offers(task: PlanTask, network: Network) -> list[Offer]:
    return read_sailings(task.sailings, network) if task.sailings else []


def read_task(task: PlanTask) -> tuple[Network, FactorTable, list[Shipment]]:
    """The network, its own factors where it has some, and the shipments. Raises InputError for bad files."""
    network = read_network(task.network_dir)
    own = task.network_dir if task.network_dir and (task.network_dir / "factors.csv").exists() else None
    return network, load_factors(own), read_shipments(task.shipments, network)


def _nothing(seconds: float, columns: int, shipments: int) -> PlanRun:
    return PlanRun("no_solution", seconds, None, None, None, None, columns, shipments, {})


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
