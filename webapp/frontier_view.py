"""A frontier as the page shows it: cost against CO2e, each point leading to its plan."""

from __future__ import annotations

from flask import url_for

from optimizer.actions.frontier_runs import KeptFrontier
from optimizer.planning.frontier import FrontierPoint
from optimizer.quantities import FEN_PER_YUAN, G_PER_T
from webapp.charts.figure import Figure
from webapp.charts.scatter import Point, scatter_chart
from webapp.language import text

WAN_YUAN = 10_000


def frontier_chart(found: KeptFrontier) -> Figure:
    """Money alone against CO2e; time and lateness, which the planner weighs too, stand in the table."""
    columns = (
        *(text("frontier.plan"), text("frontier.cost"), text("frontier.co2e"), text("frontier.marginal")),
        *(text("frontier.price"), text("frontier.weighed"), text("frontier.water"), text("frontier.gap")),
    )
    points = [
        Point(
            point.co2e_wtw_t,
            point.cost_yuan / WAN_YUAN,
            _cells(number, point),
            url_for("plans_page.show_run", run_id=run_id),
        )
        for number, (point, run_id) in enumerate(zip(found.points, found.run_ids, strict=True), 1)
    ]
    # The road alone lies so far away that the plans would shrink to a dot beside it: it is told in words.
    road = found.baseline
    road_words = text(
        "frontier.road",
        cost=f"{road.cost_fen / FEN_PER_YUAN:,.0f}",
        co2e=f"{road.co2e_wtw_g / G_PER_T:,.1f}",
    )
    return scatter_chart(
        "frontier",
        text("frontier.chart"),
        text("frontier.co2e"),
        text("frontier.cost_axis"),
        points,
        columns,
        note=text("frontier.note") + road_words,
    )


def _cells(number: int, point: FrontierPoint) -> tuple[str, ...]:
    by_cap = point.co2e_cap_t is not None
    return (
        str(number),
        f"{point.cost_yuan:,.0f}",
        f"{point.co2e_wtw_t:,.1f}",
        f"{point.marginal_yuan_per_t:,.0f}" if number > 1 else "—",
        text("frontier.cap", cap=f"{point.co2e_cap_t:,.1f}") if by_cap else f"{point.carbon_price_yuan_per_t:,.2f}",
        f"{point.weighed_yuan:,.0f}",
        f"{point.water_share_t:.1%}",
        f"{point.gap:.2%}",
    )
