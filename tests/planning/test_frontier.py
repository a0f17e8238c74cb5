"""Cost against CO2e: ends, order, proofs, and what is carried over from point to point."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from optimizer.planning import frontier as module
from optimizer.planning.frontier import CLEANEST_YUAN_PER_T, Frontier, FrontierPoint, frontier, repriced
from optimizer.planning.frontier_document import drawing, frontier_to_csv, frontier_to_json
from optimizer.planning.plan import Plan
from optimizer.planning.settings import PlanSettings
from optimizer.planning.solve import Progress, plan_shipments
from optimizer.planning.solving.problem_layout import lay_out, task_of
from tests.network.tiny import tiny_network
from tests.planning.random_tasks import cargo
from tests.planning.round_factors import round_factors
from tests.planning.test_offers import offer

TINY = tiny_network()
EXACT = PlanSettings(gap=0.0, own_voyages=False)
SHIPMENTS = [
    cargo(n, mass_t, origin, code=code, ready_h=3.0 * n, due_h=40.0 + 9 * n, value=value)
    for n, (mass_t, origin, code, value) in enumerate(
        [
            (300, "MILL", "stone", 0.0),
            (180, "PIT", "stone", 400.0),
            (95, "UP", "coal", 0.0),
            (60, "MILL", "coal", 900.0),
        ]
    )
]
OFFERS = [
    offer(
        n,
        20.5 + 7 * n,
        price_yuan_per_t=12.0 + 14 * n,
        fixed_yuan=150.0 * n,
        capacity_kg=120_000,
        cargo_groups=("coal", "mineral"),
    )
    for n in range(5)
]


def traced(points: int = 7, *, warm: bool = True) -> Frontier:
    """The frontier of a small market, with a clock that stands still."""
    return frontier(SHIPMENTS, TINY, round_factors(), EXACT, points, clock=lambda: 0.0, offers=OFFERS, warm=warm)


def alone(price: float) -> tuple[float, float]:
    """Objective and t CO2e of the plan at a price of carbon, planned by itself."""
    asked = replace(EXACT, carbon_price_yuan_per_t=price)
    plan = plan_shipments(SHIPMENTS, TINY, round_factors(), asked, clock=lambda: 0.0, offers=OFFERS)
    return plan.objective_yuan, plan.totals.planned.co2e_wtw_g / 1e6


def test_each_point_costs_more_and_emits_less_than_the_one_before() -> None:
    """No point beats another; among those found by prices the next tonne never gets cheaper to avoid."""
    points = traced().points
    assert len(points) >= 4
    for left, right in pairwise(points):
        assert right.weighed_yuan > left.weighed_yuan
        assert right.co2e_wtw_t < left.co2e_wtw_t
    convex = [point for point in points if point.co2e_cap_t is None]
    steps = [
        (right.weighed_yuan - left.weighed_yuan) / (left.co2e_wtw_t - right.co2e_wtw_t)
        for left, right in pairwise(convex)
    ]
    assert all(later >= earlier * (1 - 1e-3) - 5 for earlier, later in pairwise(steps))


@pytest.mark.parametrize("stage", ["layout", "write"])
def test_an_interrupt_ends_the_frontier_with_what_is_found(stage: str) -> None:
    """Pressed once, while the third point is sought or written down: that one is the last."""
    seen: list[FrontierPoint] = []
    pressed: list[str] = []

    def press(progress: Progress) -> None:
        if len(seen) == 2 and progress.stage == stage and not pressed:
            pressed.append(progress.stage)
            raise KeyboardInterrupt

    found = frontier(
        SHIPMENTS,
        TINY,
        round_factors(),
        EXACT,
        7,
        clock=lambda: 0.0,
        tell=press,
        tell_point=seen.append,
        offers=OFFERS,
    )
    assert pressed
    assert len(seen) == 3
    assert len(found.points) >= 2


@pytest.mark.parametrize("points", [0, 2])
def test_an_interrupt_between_points_leaves_those_that_are_found(monkeypatch: pytest.MonkeyPatch, points: int) -> None:
    """And is passed on where there are none: there is nothing to show then."""
    seen: list[FrontierPoint] = []
    prices = module.repriced

    def pressed(*task: Any) -> Any:
        if len(seen) == points:
            raise KeyboardInterrupt
        return prices(*task)

    monkeypatch.setattr(module, "repriced", pressed)

    def trace() -> Frontier:
        return frontier(
            SHIPMENTS, TINY, round_factors(), EXACT, 7, clock=lambda: 0.0, tell_point=seen.append, offers=OFFERS
        )

    if points:
        assert len(trace().points) == points
    else:
        with pytest.raises(KeyboardInterrupt):
            trace()


def test_the_ends_are_the_cheapest_and_the_cleanest_plan() -> None:
    """The first costs what a plan without a carbon price costs, the last emits as little as any price brings about."""
    points = traced().points
    assert points[0].weighed_yuan == pytest.approx(alone(0.0)[0], abs=5)
    assert points[-1].co2e_wtw_t == pytest.approx(alone(CLEANEST_YUAN_PER_T)[1], rel=1e-4)


def test_every_bound_is_proven_for_its_price() -> None:
    """The bound of a point is not above the plan made alone at that price, nor above the point's own."""
    for point in traced().points:
        assert point.bound_yuan <= point.objective_yuan + 1e-6
        if point.co2e_cap_t is None:
            assert point.bound_yuan <= alone(point.carbon_price_yuan_per_t)[0] + 5
        else:
            assert point.co2e_wtw_t <= point.co2e_cap_t + 1e-5
        assert point.objective_yuan == pytest.approx(
            point.weighed_yuan + point.carbon_price_yuan_per_t * point.co2e_wtw_t
        )


def test_a_warm_start_changes_the_work_and_not_the_points() -> None:
    """With and without what the neighbour knows the same plans come out; warm, time and space are laid out once."""
    laid_out = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "lay_out", lambda *args, **more: laid_out.append(1) or lay_out(*args, **more))
        warm, after_warm = traced(), len(laid_out)
        cold = traced(warm=False)
    assert after_warm == 1
    assert len(laid_out) - after_warm > len(cold.points)
    for one, other in zip(warm.points, cold.points, strict=True):
        assert one.weighed_yuan == pytest.approx(other.weighed_yuan, abs=5)
        assert one.co2e_wtw_t == pytest.approx(other.co2e_wtw_t, rel=1e-3)


@pytest.mark.parametrize("price", [0.0, 250.0, 9000.0])
def test_a_repriced_problem_is_the_problem_at_that_price(price: float) -> None:
    """Rows, columns and costs are those of a lay-out made at that price (with every cleaner way kept)."""
    book, inside = task_of(SHIPMENTS, TINY, round_factors(), EXACT)
    free = lay_out(inside, book, replace(EXACT, carbon_price_yuan_per_t=0.0), OFFERS, keep_cleaner=True)
    there = lay_out(inside, book, replace(EXACT, carbon_price_yuan_per_t=price), OFFERS, keep_cleaner=True)
    moved = repriced(free, price)
    known = {key(moved, n): float(moved.program.program.cost[n]) for n in range(len(moved.program.program.cost))}
    costs = there.program.program.cost
    assert all(known[key(there, n)] == pytest.approx(float(costs[n]), abs=1e-6) for n in range(len(costs)))


def key(problem: object, column: int) -> tuple[object, ...]:
    """What a column is, apart from its number."""
    plan, space, fleet = problem.program, problem.space, problem.fleet  # type: ignore[attr-defined]
    if column < plan.cargo_count:
        route, columns = int(space.columns.route[column]), space.columns
        legs = tuple((leg.origin, leg.destination, leg.vehicle_class, leg.hours) for leg in space.routes[route].legs)
        family = space.families[int(columns.family[column])] if columns.family[column] >= 0 else None
        name = (family.given.voyage_id if family.given else "", family.cargo_group) if family else None
        return int(columns.shipment[column]), legs, name, int(columns.slot[column])
    hulls, number = fleet.columns, column - plan.cargo_count
    kind, item, pool = int(hulls.kind[number]), int(hulls.item[number]), fleet.pools[int(hulls.pool[number])]
    what = space.families[item] if kind == 0 else fleet.empty_lanes[item].lane if kind == 1 else None
    ends = (
        (what.origin, what.destination, getattr(what, "cargo_group", ""))
        if what
        else fleet.node_place[int(hulls.tail[number])]
    )
    return kind, pool.vessel_class, pool.market, pool.sailing_id, ends, int(hulls.slot[number])


def test_documents_hold_every_point() -> None:
    """JSON and CSV agree; the drawing shows the first and the last point."""
    found = traced()
    tree = json.loads(frontier_to_json(found, {"gap": 0.0}, {"network": "tiny"}))
    rows = list(csv.DictReader(io.StringIO(frontier_to_csv(found))))
    assert len(tree["points"]) == len(rows) == len(found.points)
    for point, row in zip(tree["points"], rows, strict=True):
        assert {name: "" if value is None else str(value) for name, value in point.items()} == row
    lines = drawing(found)
    assert lines[1][1] == "1"
    assert lines[-3].rstrip()[-1] == str(len(found.points))


def test_each_plan_is_handed_on_and_the_line_ends_when_nobody_wants_more() -> None:
    """The plan of a point says what the point says; after two of them the frontier is those two."""
    kept: list[tuple[float, float]] = []

    def keep(point: module.FrontierPoint, plan: Plan) -> None:
        kept.append((point.co2e_wtw_t, plan.totals.planned.co2e_wtw_g / 1e6))

    found = frontier(
        SHIPMENTS,
        TINY,
        round_factors(),
        EXACT,
        7,
        clock=lambda: 0.0,
        offers=OFFERS,
        keep_plan=keep,
        go_on=lambda: len(kept) < 2,
    )
    assert len(kept) == 2
    assert all(said == planned for said, planned in kept)
    assert [point.co2e_wtw_t for point in found.points] == sorted((said for said, _ in kept), reverse=True)
    again = module.frontier_of([replace(point, marginal_yuan_per_t=9.0) for point in found.points], 0.0)
    assert [point.co2e_wtw_t for point in again.points] == [point.co2e_wtw_t for point in found.points]
    assert again.points[0].marginal_yuan_per_t == 0.0
