"""Frontiers in the background: cost against CO2e, each point a plan that can be opened and accepted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from optimizer.actions.plan_runs import Teller, end, unknown_run
from optimizer.actions.submitting import open_shipments
from optimizer.emissions.factors import FactorTable
from optimizer.errors import ModalshiftError
from optimizer.network.model import Network
from optimizer.planning.document import plan_to_json
from optimizer.planning.frontier import Frontier, FrontierPoint, frontier, frontier_of
from optimizer.planning.frontier_document import frontier_to_json
from optimizer.planning.plan import Amounts, Plan
from optimizer.planning.run import PlanRun, RunProgress
from optimizer.planning.watch import Progress
from optimizer.store.engine import Store

CANCELLED = "已取消，没有留下任何点。\nCancelled; no point was kept."
Question = tuple[float, float | None]
"""Carbon price and cap of a point: no two points of a frontier have both alike."""


@dataclass(frozen=True, slots=True)
class KeptFrontier:
    """What a run traced: points in order of cost, the run of each one's plan, and the road alone for comparison."""

    points: tuple[FrontierPoint, ...]
    run_ids: tuple[str, ...]
    baseline: Amounts
    dominated: int


def carry_out_frontier(
    store: Store,
    run_id: str,
    network: Network,
    factors: FactorTable,
    *,
    clock: Callable[[], float],
    now: Callable[[], datetime],
) -> None:
    """Trace the frontier of a queued run; each point's plan is kept as a run of its own. Nothing is raised for what
    fails. Whoever asks it to stop gets the points found so far."""
    with store.write() as session:
        if not session.take_run(run_id, now()):
            return
        run = session.run(run_id)
        assert run is not None
        shipments, offers = open_shipments(session.submitted(ids=run.shipment_ids)), session.run_offers(run_id)
    keeper = _Keeper(store, run, clock, now)
    document, failure, begun = None, "", clock()
    versions = {"network": network.version, "factors": factors.version}
    try:
        found = frontier(
            shipments,
            network,
            factors,
            run.settings,
            run.points,
            clock=clock,
            tell=keeper.tell,
            keep_plan=keeper.keep,
            go_on=keeper.wanted,
            offers=offers,
        )
        document = _document(found, run, keeper, versions)
    except ModalshiftError as error:
        failure = f"{error.text('zh')}\n{error.text('en')}"
    except KeyboardInterrupt:
        # Stopped where no point was being sought: those that are kept are the frontier.
        if keeper.points:
            document = _document(frontier_of(keeper.points, clock() - begun), run, keeper, versions)
        else:
            failure = CANCELLED
    end(store, run_id, now(), document, failure)
    beaten = set(keeper.kept.values()) - (set() if document is None else set(_run_ids(document)))
    with store.write() as session:
        session.forget_runs(sorted(beaten))


def frontier_of_run(store: Store, run_id: str) -> KeptFrontier:
    """What a run traced. Raises UnknownRecordError while there is nothing, and for a run that is one plan."""
    with store.read() as session:
        run, text = session.run(run_id), session.run_document(run_id)
    if run is None or not run.points or text is None:
        raise unknown_run(run_id)
    document = json.loads(text)
    points = [dict(point) for point in document["points"]]
    run_ids = tuple(point.pop("run_id") for point in points)
    return KeptFrontier(
        tuple(FrontierPoint(**point) for point in points),
        run_ids,
        Amounts(**document["baseline"]),
        document["dominated"],
    )


class _Keeper:
    """Keeps each plan as it is found, and hears whether the frontier is still wanted."""

    def __init__(self, store: Store, run: PlanRun, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        self.store, self.run, self.now = store, run, now
        self.kept: dict[Question, str] = {}
        self.points: list[FrontierPoint] = []
        self.baseline: Amounts | None = None
        self._teller = Teller(store, run.run_id, clock)

    def tell(self, progress: Progress) -> None:
        """A sign of life of the point being made, with the number of those that are there."""
        stage = f"{len(self.kept) + 1}: {progress.stage}"
        self._teller.tell(replace(progress, stage=stage))

    def wanted(self) -> bool:
        """Whether nobody asked the run to stop."""
        with self.store.read() as session:
            run = session.run(self.run.run_id)
        return run is not None and not run.cancelled

    def keep(self, point: FrontierPoint, plan: Plan) -> None:
        """The plan of a point as a run that is done."""
        name = f"modalshift:frontier:{self.run.run_id}:{len(self.kept)}"
        run_id, at = str(uuid5(NAMESPACE_URL, name)), self.now()
        price, cap_t = question = (point.carbon_price_yuan_per_t, point.co2e_cap_t)
        settings = replace(self.run.settings, carbon_price_yuan_per_t=price, co2e_cap_t=cap_t)
        progress = RunProgress("done", plan.objective_yuan, plan.bound_yuan, plan.gap, 0, plan.seconds)
        self.baseline = plan.totals.baseline
        with self.store.write() as session:
            session.add_run(
                PlanRun(
                    run_id,
                    self.run.user_id,
                    "queued",
                    settings,
                    self.run.shipment_ids,
                    at,
                    progress=progress,
                    frontier_id=self.run.run_id,
                    sailings=self.run.sailings,
                )
            )
            session.take_run(run_id, at)
            session.end_run(run_id, at, document=plan_to_json(plan))
        self.kept[question] = run_id
        self.points.append(point)


def _document(found: Frontier, run: PlanRun, keeper: _Keeper, versions: dict[str, str]) -> str:
    """As ``modalshift frontier`` writes it, and beside it the run of each point and the road alone."""
    asked = {"points": run.points, "gap": run.settings.gap, "time_limit_s": run.settings.time_limit_s}
    document = json.loads(frontier_to_json(found, {**asked, "seed": run.settings.seed}, versions))
    for point, written in zip(found.points, document["points"], strict=True):
        written["run_id"] = keeper.kept[point.carbon_price_yuan_per_t, point.co2e_cap_t]
    road = keeper.baseline or Amounts(0, 0, 0, 0)
    document["baseline"] = {
        "cost_fen": road.cost_fen,
        "co2e_ttw_g": road.co2e_ttw_g,
        "co2e_wtw_g": road.co2e_wtw_g,
        "duration_s": road.duration_s,
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def _run_ids(document: str) -> list[str]:
    return [point["run_id"] for point in json.loads(document)["points"]]
