"""Planning as a recipe: lay out time and space, search, write down.

What is written down has been rounded to whole kilograms and fen, and its gap is measured there, against the bound of
the search. Where that rounding leaves the gap wider than asked for, the search goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf

import numpy as np

from optimizer.emissions.factors import FactorTable
from optimizer.errors import InputError, Message
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network
from optimizer.planning import tariff
from optimizer.planning.ascent import climb_up
from optimizer.planning.assemble import assemble, settings_of, versions_of
from optimizer.planning.design import Floats
from optimizer.planning.fleetflow import FleetFlow, make_fleetflow
from optimizer.planning.given import offered_sailings
from optimizer.planning.given_hulls import with_given_hulls
from optimizer.planning.given_ways import add_given
from optimizer.planning.keeping.held import Accepted, Held, hold, kept_grid, rest_of
from optimizer.planning.keeping.joining import joined, kept_alone
from optimizer.planning.keeping.reserving import rooms, without_kept_hulls, without_kept_use
from optimizer.planning.lagrange import LagrangianBound
from optimizer.planning.offer import Offer
from optimizer.planning.plan import Plan, PlannedShipment, Reason
from optimizer.planning.pool import plan_at_once, promising, services_only
from optimizer.planning.problem import Problem
from optimizer.planning.program import PlanProgram, make_program
from optimizer.planning.relaxation import Relaxation
from optimizer.planning.routes import RouteBook
from optimizer.planning.search import FEW_SHIPMENTS, Search
from optimizer.planning.settings import MAX_HORIZON_DAYS, PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.timespace import TimeSpace, all_columns, columns_of
from optimizer.planning.totals import G_PER_T, ShipmentPrices, plan_totals
from optimizer.planning.watch import Progress, Tell, Watch
from optimizer.planning.way_maker import make_ways
from optimizer.planning.ways import Ways
from optimizer.quantities import KG_PER_T

__all__ = ["OPTIMAL_GAP", "Progress", "Tell", "plan_shipments"]

OPTIMAL_GAP = 1e-5
"""Legs are rounded to fen and lots to kg after solving; a gap below this is that rounding."""
WRITE_S = 5e-4
"""Part of a time limit that is kept, for each shipment, to write the plan down."""
WRITTEN_DOWN = 1_500_000
"""Up to so many columns a plan is solved with all of them written down."""
CLIMB_SHARE = 0.6
"""Share of the time that is kept for plans when prices are found; without a limit their steps are counted."""
MORE_TRIES = 3
"""How often the search goes on because the plan as written down misses the gap that was asked for."""


def plan_shipments(
    shipments: Sequence[Shipment],
    network: Network,
    factors: FactorTable,
    settings: PlanSettings,
    *,
    clock: Callable[[], float],
    tell: Tell = lambda progress: None,
    offers: Sequence[Offer] = (),
    keep: Accepted | None = None,
) -> Plan:
    """Plan all shipments together; ``offers`` are carriers' sailings that the plan may take beside its own voyages.
    What of ``keep`` can stay as it was stays, and the rest is planned around it.

    ``clock`` gives seconds from any origin (``time.monotonic``); it sets the stopwatch and the time limit, nothing
    else. A KeyboardInterrupt once time and space are laid out ends the search, not the plan. Raises InputError without
    shipments, for a horizon beyond MAX_HORIZON_DAYS and where no plan keeps the cap on CO2e, FactorError when the
    factors do not cover the plan's date.
    """
    watch = Watch(clock, settings.time_limit_s, tell, WRITE_S * len(shipments))
    book, inside = task_of(shipments, network, factors, settings)
    if keep is None:
        plan = _planned(inside, book, settings, offers, watch, lambda made: made)
    else:
        plan = _planned_around(keep, inside, book, settings, offers, watch)
    return _with_rejected(plan, shipments, settings)


def _planned(
    shipments: Sequence[Shipment],
    book: RouteBook,
    settings: PlanSettings,
    offers: Sequence[Offer],
    watch: Watch,
    whole: Callable[[Plan], Plan],
    held: Held | None = None,
) -> Plan:
    """Lay out, search, write down; ``whole`` makes the plan of everything from the plan of what was searched."""
    problem = lay_out(shipments, book, settings, offers, watch=watch, held=held)
    search = Search(problem, settings, watch)
    search.run()
    plan = whole(written(search, book))
    target = settings.gap
    for _ in range(MORE_TRIES):
        if search.windows is None or search.stopped_by != "gap" or plan.gap <= settings.gap:
            break
        target = max(0.0, target - 1.5 * (plan.gap - settings.gap))
        search.improve(target)
        plan = whole(written(search, book))
    return plan


def _planned_around(
    keep: Accepted,
    inside: Sequence[Shipment],
    book: RouteBook,
    settings: PlanSettings,
    offers: Sequence[Offer],
    watch: Watch,
) -> Plan:
    """Keep what can be kept; plan the rest with what that leaves."""
    held = hold(keep, inside, book, kept_grid(inside, book, keep.plan), offers)
    rest, network, part = rest_of(held, inside), book.network, kept_alone(held, settings)

    def whole(made: Plan) -> Plan:
        plan = joined(made, held, part, inside, settings)
        slack = _rounding_yuan(plan, inside, network, settings)
        if plan.objective_yuan < plan.bound_yuan <= plan.objective_yuan + slack:
            plan = replace(plan, bound_yuan=plan.objective_yuan, gap=0.0)
        return replace(plan, status=_status(plan.gap, str(plan.settings["stop"])))

    if not rest:
        nothing = plan_totals((), (), ())
        said = {**settings_of(settings, "optimal", 0.0), "stop": "gap"}
        blank = Plan("optimal", 0.0, 0.0, 0.0, watch.seconds(), said, versions_of(network, book), (), (), (), nothing)
        return whole(blank)
    bought = {voyage.voyage_id for voyage in held.bought}
    free = [offer for offer in offers if offer.sailing_id not in bought]
    if settings.co2e_cap_t is not None:
        left_t = settings.co2e_cap_t - part.wtw_g / G_PER_T
        if left_t < 0:
            raise _above_cap(settings.co2e_cap_t)
        return _planned(rest, book, replace(settings, co2e_cap_t=left_t), free, watch, whole, held)
    return _planned(rest, book, settings, free, watch, whole, held)


def _above_cap(cap_t: float) -> InputError:
    return InputError(
        Message(
            f"仅保留的部分已超过排放上限 {cap_t:g} 吨 CO2e；请提高上限或少保留。",
            f"What is kept alone emits more than the cap of {cap_t:g} t CO2e; raise the cap or keep less.",
        )
    )


def task_of(
    shipments: Sequence[Shipment], network: Network, factors: FactorTable, settings: PlanSettings
) -> tuple[RouteBook, list[Shipment]]:
    """The routes and the shipments of a task, those beyond the horizon left out.

    Raises InputError without shipments and for a horizon beyond MAX_HORIZON_DAYS.
    """
    if not shipments:
        raise InputError(Message("没有可规划的货单。", "There are no shipments to plan."))
    inside = _within_horizon(shipments, settings)
    on = min(shipment.ready_at for shipment in shipments).date()
    return RouteBook(network, NetworkGraph(network), factors, on), inside


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
    relaxation, made, interrupted = None, None, False
    givens = offered_sailings(offers, graph)
    widely = replace(settings, co2e_cap_t=inf) if keep_cleaner else settings
    grid = None if held is None else held.book.grid
    sailings = [*givens.sailings, *(rooms(held) if held is not None else ())]
    ways = make_ways(ordered, book, graph, widely, grid, lambda maker: add_given(maker, sailings))
    # A carrier's sailing has one slot, so that all columns of a market of offers are few enough to write down.
    if watch is not None and not offers and settings.own_voyages and not keep_cleaner and is_large(ways):
        if held is not None:
            # Too large to write all of it down: then the rest has no room on kept voyages.
            ways = make_ways(ordered, book, graph, widely, grid)
        fleet = _without_kept(make_fleetflow(ways, book, graph, carbon), held)
        space, relaxation, made, interrupted = _promising(ways, fleet, network, settings, watch, held)
    else:
        space = TimeSpace(ways, columns_of(ways, *all_columns(ways)))
        own = _without_kept(make_fleetflow(space, book, graph, carbon), held)
        fleet = with_given_hulls(own, space, book, carbon)
    program = _program(space, fleet, network, widely.co2e_cap_t, held)
    proof = LagrangianBound(program, fleet, ways, settings.workers)
    return Problem(network, space, fleet, program, proof, relaxation, made, interrupted)


def _without_kept(fleet: FleetFlow, held: Held | None) -> FleetFlow:
    return fleet if held is None else without_kept_hulls(fleet, held)


def _program(
    space: TimeSpace, fleet: FleetFlow, network: Network, co2e_cap_t: float | None, held: Held | None
) -> PlanProgram:
    program = make_program(space, fleet, network, co2e_cap_t)
    return program if held is None else without_kept_use(program, held)


def is_large(ways: Ways) -> bool:
    """Whether a plan has too many columns to write all of them down."""
    return len(ways.shipments) > FEW_SHIPMENTS and int(ways.counts().sum()) > WRITTEN_DOWN


def _promising(
    ways: Ways, fleet: FleetFlow, network: Network, settings: PlanSettings, watch: Watch, held: Held | None
) -> tuple[TimeSpace, Relaxation, Floats | None, bool]:
    """Prices and a bound over all columns, the columns that they make worth writing down, a plan of these where one
    could be made at once, and whether somebody pressed Ctrl-C meanwhile."""
    base = _program(services_only(ways), fleet, network, settings.co2e_cap_t, held)
    proof = LagrangianBound(base, fleet, ways, settings.workers)
    columns = int(ways.counts().sum())
    share = CLIMB_SHARE * watch.left_s()

    def tell(bound_yuan: float) -> None:
        watch.listener(Progress("bound", None, bound_yuan, columns, watch.seconds()))

    climb = climb_up(proof, lambda: watch.left_s() - share, tell)
    made, interrupted = None, climb.interrupted
    if settings.co2e_cap_t is None and not interrupted:
        # Stowing keeps terminals and voyages; a cap on CO2e would be only priced.
        try:
            made = plan_at_once(proof, climb, settings.seed, watch.left_s)
        except KeyboardInterrupt:
            interrupted = True
    if made is not None:
        space, x = made
        return space, Relaxation(climb.prices, climb.bound, x, partial=True), x, False
    space, shares = promising(proof, climb, watch.left_s)
    x = np.concatenate([shares, np.zeros(len(fleet.columns.kind))])
    return space, Relaxation(climb.prices, climb.bound, x, partial=True), None, interrupted


def written(search: Search, book: RouteBook) -> Plan:
    """The best plan of a search as a document. Interrupted here, it begins anew: whoever stops a run wants its plan."""
    if search.x is None:
        raise _no_plan(search)
    try:
        return _document(search, search.x, book.network, book)
    except KeyboardInterrupt:
        return _document(search, search.x, book.network, book)


def _document(search: Search, x: Floats, network: Network, book: RouteBook) -> Plan:
    search.tell("write")
    problem, settings = search.problem, search.settings
    proven, prices = problem.proof.prove(search.relaxation.prices)
    plan = assemble(
        problem.space,
        problem.fleet,
        problem.program,
        x,
        network,
        book,
        settings,
        bound_yuan=search.bound_yuan,
        seconds=search.watch.seconds(),
        status="feasible",
        row_prices=search.relaxation.prices,
        shipment_prices=ShipmentPrices(proven, prices[problem.proof.assign]),
    )
    if (
        plan.objective_yuan
        < plan.bound_yuan
        <= plan.objective_yuan + _rounding_yuan(plan, problem.space.shipments, network, settings)
    ):
        plan = replace(plan, bound_yuan=plan.objective_yuan, gap=0.0)
    status = _status(plan.gap, search.stopped_by)
    return replace(plan, status=status, settings={**plan.settings, "stop": search.stopped_by})


def _rounding_yuan(plan: Plan, shipments: Sequence[Shipment], network: Network, settings: PlanSettings) -> float:
    """What rounding may take off the objective: half a second of each arrival, half a fen and half a gram of each leg.
    The bound is on exact times and prices, so an optimal plan may come out that much below it."""
    price = settings.carbon_price_yuan_per_t
    yuan_per_h = 0.0
    for shipment in shipments:
        value = shipment.cargo_value_yuan_per_t
        rate = tariff.time_yuan_per_t_h(network, value) + tariff.lateness_yuan_per_t_h(network, value)
        yuan_per_h += rate * shipment.mass_kg / KG_PER_T
    legs = sum(len(lot.legs) for planned in plan.shipments for lot in planned.lots)
    return 0.5 * (yuan_per_h / 3600 + legs * (0.01 + price * 1e-6))


def _status(gap: float, stopped_by: str) -> str:
    """The document's word for how the run ended; ``optimal`` only when nothing but rounding to fen is left of the
    gap."""
    if gap <= OPTIMAL_GAP:
        return "optimal"
    return "time_limit" if stopped_by in ("time_limit", "interrupt") else "feasible"


def _no_plan(search: Search) -> InputError:
    """Without a cap on CO2e there is always a plan; under a cap there may be none, or none was found."""
    cap = f"{search.settings.co2e_cap_t or 0:g}"
    if search.stopped_by == "infeasible":
        return InputError(
            Message(
                f"没有计划能把排放控制在 {cap} 吨 CO2e 以内；请提高上限。",
                f"No plan keeps emissions within {cap} t CO2e; raise the cap.",
            )
        )
    return InputError(
        Message(
            f"未找到排放在 {cap} 吨 CO2e 以内的计划；请提高上限或放宽时限。",
            f"No plan within {cap} t CO2e was found; raise the cap or allow more time.",
        )
    )


def _with_rejected(plan: Plan, shipments: Sequence[Shipment], settings: PlanSettings) -> Plan:
    """The plan with one entry per shipment, in the order of the input."""
    reason = Reason(
        f"货单在 {settings.horizon_days} 天的计划期之后才可提货；请延长计划期。",
        f"the shipment becomes ready after the horizon of {settings.horizon_days} days; plan a longer horizon",
        "after_horizon",
        lacks="time",
    )
    planned = {entry.shipment_id: entry for entry in plan.shipments}
    for shipment_id in {shipment.shipment_id for shipment in shipments} - planned.keys():
        planned[shipment_id] = PlannedShipment(shipment_id, "rejected", reason, None, (), None, (), None, 0)
    return replace(plan, shipments=tuple(planned[shipment.shipment_id] for shipment in shipments))
