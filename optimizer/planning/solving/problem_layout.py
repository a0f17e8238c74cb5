"""Laying out: shipments, the network and what is held become a program over time and space.

A plan that is too large to write all of its columns down gets prices and a bound over all of them first, and the
columns that these make worth writing down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf
from typing import TypeVar

import numpy as np

from optimizer.emissions.factors import FactorTable
from optimizer.errors import InputError, Message
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network
from optimizer.network.order import in_order
from optimizer.planning.bounds.ascent import climb_up
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.relaxation import Relaxation
from optimizer.planning.keeping.held import Held
from optimizer.planning.keeping.reserving import rooms, without_kept_hulls, without_kept_use
from optimizer.planning.layout.fleetflow import FleetFlow, make_fleetflow
from optimizer.planning.layout.given import offered_sailings
from optimizer.planning.layout.given_hulls import with_given_hulls
from optimizer.planning.layout.given_ways import add_given
from optimizer.planning.layout.line_layout import make_ways
from optimizer.planning.layout.program import PlanProgram, make_program
from optimizer.planning.layout.timespace import TimeSpace, all_columns, columns_of
from optimizer.planning.layout.ways import Ways
from optimizer.planning.offer import Offer
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import MAX_HORIZON_DAYS, PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solving.column_pool import Made, plan_at_once, promising, services_only
from optimizer.planning.solving.emission_caps import plan_near_cap
from optimizer.planning.solving.problem import Problem
from optimizer.planning.solving.search import FEW_SHIPMENTS
from optimizer.planning.watch import Progress, Watch

Result = TypeVar("Result")

WRITTEN_DOWN = 800_000
"""Up to so many columns a plan is solved with all of them written down. Months above it crowd the quays: there climbing
proves as much in less time than a program, and hulls that follow a linear program of the month are soon within 1.5 % of
it; of the months of 1,500 shipments that were measured, windows took about three times as long and more."""
WRITTEN_DOWN_AROUND = 1_500_000
"""The same where kept voyages offer their room to the rest, which a large plan leaves empty."""
CLIMB_SHARE = 0.6
"""Share of the time that is kept for plans when prices are found; without a limit their steps are counted."""


def task_of(
    shipments: Sequence[Shipment], network: Network, factors: FactorTable, settings: PlanSettings
) -> tuple[RouteBook, list[Shipment]]:
    """The routes and the shipments of a task, those beyond the horizon left out. The order in which the network's
    tables were read is forgotten here, so that it changes nothing.

    Raises InputError without shipments and for a horizon beyond MAX_HORIZON_DAYS.
    """
    if not shipments:
        raise InputError(Message("没有可规划的货单。", "There are no shipments to plan."))
    inside = _within_horizon(shipments, settings)
    on, ordered = min(shipment.ready_at for shipment in shipments).date(), in_order(network)
    return RouteBook(ordered, NetworkGraph(ordered), factors, on), inside


def _within_horizon(shipments: Sequence[Shipment], settings: PlanSettings) -> list[Shipment]:
    """Shipments that become ready inside the horizon."""
    first = min(shipment.ready_at for shipment in shipments).date()
    day = {shipment.shipment_id: (shipment.ready_at.date() - first).days for shipment in shipments}
    days = max(day.values()) + 1 if settings.horizon_days is None else settings.horizon_days
    if not 1 <= days <= MAX_HORIZON_DAYS:
        raise InputError(
            Message(
                f"计划期为 {days} 天；一次最多规划 1 至 {MAX_HORIZON_DAYS} 天，请用 --horizon-days 缩短或拆分货单。",
                f"The horizon is {days} days; one plan covers 1 to {MAX_HORIZON_DAYS}."
                " Shorten it with --horizon-days or split the shipments.",
            )
        )
    return [shipment for shipment in shipments if day[shipment.shipment_id] < days]


def lay_out(
    shipments: Sequence[Shipment],
    book: RouteBook,
    settings: PlanSettings,
    offers: Sequence[Offer] = (),
    *,
    keep_cleaner: bool = False,
    watch: Watch | None = None,
    held: Held | None = None,
) -> Problem:
    """The program of a planning task. It does not depend on the order of shipments and offers. ``keep_cleaner``: ways
    that are dearer than the road but emit less take part, as they do under a cap on CO2e. ``held``: what is kept and no
    matter of this program."""
    ordered = sorted(shipments, key=lambda shipment: shipment.shipment_id)
    graph, network = book.graph, book.network
    carbon = settings.carbon_price_yuan_per_t / 1000
    relaxation, made, priced, interrupted = None, None, None, False
    givens = offered_sailings(offers, graph)
    widely = replace(settings, co2e_cap_t=inf) if keep_cleaner else settings
    grid = None if held is None else held.book.grid
    sailings = [*givens.sailings, *(rooms(held) if held is not None else ())]
    unusable = list(givens.unusable)
    ways = make_ways(ordered, book, graph, widely, grid, lambda maker: unusable.extend(add_given(maker, sailings)))
    most = WRITTEN_DOWN if held is None else WRITTEN_DOWN_AROUND
    # A carrier's sailing has one slot, so that all columns of a market of offers are few enough to write down.
    if watch is not None and not offers and settings.own_voyages and not keep_cleaner and is_large(ways, most):
        if held is not None:
            # Too large to write all of it down: then the rest has no room on kept voyages.
            ways = make_ways(ordered, book, graph, widely, grid)
        fleet = _without_kept(make_fleetflow(ways, book, graph, carbon), held)
        space, relaxation, plan, interrupted = _promising(ways, fleet, network, settings, watch, held)
        made, priced = (None, None) if plan is None else (plan.x, plan.priced)
    else:
        space = TimeSpace(ways, columns_of(ways, *all_columns(ways)))
        own = _without_kept(make_fleetflow(space, book, graph, carbon), held)
        fleet = with_given_hulls(own, space, book, carbon)

    def write_out() -> tuple[PlanProgram, LagrangianBound]:
        program = _program(space, fleet, network, widely.co2e_cap_t, held)
        return program, LagrangianBound(program, fleet, ways, settings.workers)

    if relaxation is None:
        program, proof = write_out()
    else:
        (program, proof), again = _all_the_same(write_out)
        interrupted = interrupted or again
    unusable.sort(key=lambda item: item.offer.sailing_id)
    return Problem(network, space, fleet, program, proof, relaxation, made, priced, tuple(unusable), interrupted)


def _without_kept(fleet: FleetFlow, held: Held | None) -> FleetFlow:
    return fleet if held is None else without_kept_hulls(fleet, held)


def _program(
    space: TimeSpace, fleet: FleetFlow, network: Network, co2e_cap_t: float | None, held: Held | None
) -> PlanProgram:
    program = make_program(space, fleet, network, co2e_cap_t)
    return program if held is None else without_kept_use(program, held)


def is_large(ways: Ways, most: int) -> bool:
    """Whether a plan has more columns than ``most``, too many to write all of them down."""
    return len(ways.shipments) > FEW_SHIPMENTS and int(ways.counts().sum()) > most


def _promising(
    ways: Ways, fleet: FleetFlow, network: Network, settings: PlanSettings, watch: Watch, held: Held | None
) -> tuple[TimeSpace, Relaxation, Made | None, bool]:
    """Prices and a bound over all columns, the columns that they make worth writing down, a plan of these where one
    could be made at once, and whether somebody pressed Ctrl-C meanwhile."""

    def services(ways: Ways, fleet: FleetFlow, cap_t: float | None) -> PlanProgram:
        return _program(services_only(ways), fleet, network, cap_t, held)

    cap_t = settings.co2e_cap_t
    proof = LagrangianBound(services(ways, fleet, cap_t), fleet, ways, settings.workers)
    columns = int(ways.counts().sum())
    kept_s: list[float] = []

    def tell(bound_yuan: float) -> None:
        watch.listener(Progress("bound", None, bound_yuan, columns, watch.seconds()))

    def left_s() -> float:
        left = watch.left_s()
        if not kept_s:
            kept_s.append(CLIMB_SHARE * left)
        return left if np.isinf(left) else left - kept_s[0]

    # Nothing looks at the clock before the climb, which is the first that can be stopped.
    climb = climb_up(proof, left_s, tell)
    made, interrupted = None, climb.interrupted
    if not interrupted:
        try:
            if cap_t is None:
                made = plan_at_once(proof, climb, settings.seed, watch.left_s, settings.gap)
            else:
                made = plan_near_cap(services, proof, climb, settings.seed, watch.left_s)
        except KeyboardInterrupt:
            interrupted = True
    if made is not None:
        space = TimeSpace(ways, columns_of(ways, made.line, made.slot))
        return space, Relaxation(climb.prices, climb.bound, made.x, partial=True), made, made.interrupted
    (space, shares), again = _all_the_same(lambda: promising(proof, climb, watch.left_s))
    x = np.concatenate([shares, np.zeros(len(fleet.columns.kind))])
    return space, Relaxation(climb.prices, climb.bound, x, partial=True), None, interrupted or again


def _all_the_same(make: Callable[[], Result]) -> tuple[Result, bool]:
    """What is made, and whether somebody pressed Ctrl-C meanwhile: then it is made once more, for whoever stops a run
    wants its plan. A second Ctrl-C means it."""
    try:
        return make(), False
    except KeyboardInterrupt:
        return make(), True
