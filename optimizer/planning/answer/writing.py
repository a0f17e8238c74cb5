"""Writing down: the best plan of a search as a document, with its gap and the word for how the run ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from optimizer.errors import InputError, Message
from optimizer.network.model import Network
from optimizer.planning.answer.assemble import assemble
from optimizer.planning.answer.binding import OnceMore, Widening
from optimizer.planning.answer.marginal_value import Again
from optimizer.planning.design import Floats
from optimizer.planning.layout.unusable import told
from optimizer.planning.plan import Plan, PlannedShipment, Reason
from optimizer.planning.routing import tariff
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solving.search import Search
from optimizer.planning.solving.windows import FEASIBLE
from optimizer.planning.voyages.totals import ShipmentPrices, left_behind
from optimizer.planning.watch import relative_gap
from optimizer.quantities import KG_PER_T

OPTIMAL_GAP = 1e-5
"""Legs are rounded to fen and lots to kg after solving; a gap below this is that rounding."""


def written(search: Search, book: RouteBook) -> Plan:
    """The best plan of a search as a document. Interrupted here, it begins anew, and the search is over: whoever stops
    a run wants its plan."""
    if search.x is None:
        raise _no_plan(search)
    try:
        return _document(search, search.x, book.network, book)
    except KeyboardInterrupt:
        search.stopped_by = "interrupt"
        return _document(search, search.x, book.network, book, hurried=True)


def _document(search: Search, x: Floats, network: Network, book: RouteBook, *, hurried: bool = False) -> Plan:
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
        once_more=_nothing_known if hurried else _once_more(search, x),
    )
    rounding = rounding_yuan(plan, problem.space.shipments, network, settings)
    # The row of a cap may be missed by a hair, which is worth its price: a plan below its bound, no proof of a gap.
    hair = FEASIBLE * -float(prices[problem.proof.cap].sum())
    if plan.objective_yuan < plan.bound_yuan <= plan.objective_yuan + rounding + hair:
        plan = replace(plan, bound_yuan=plan.objective_yuan, gap=0.0)
    return replace(
        plan,
        status=status_of(plan, search.stopped_by, rounding),
        settings={**plan.settings, "stop": search.stopped_by},
        left_behind=left_behind(search.bound_yuan, plan.objective_yuan, problem.space, plan.shipments),
        unusable_offers=tuple(told(unusable, network) for unusable in problem.unusable),
    )


def _nothing_known(_widening: Widening) -> None:
    """Nobody plans again."""


def _once_more(search: Search, x: Floats) -> OnceMore:
    """Small plans that are proven the best are planned again with one unit more of what is scarce."""
    problem = search.problem
    small = problem.relaxation is None and search.is_small
    gap = relative_gap(float(problem.program.program.cost @ x), search.bound_yuan)
    if not small or search.stopped_by != "gap" or gap > OPTIMAL_GAP:
        return _nothing_known
    again: list[Again] = []

    def once_more(widening: Widening) -> float | None:
        # Where nothing is scarce nothing is solved.
        if not again:
            again.append(Again(problem.program, problem.fleet, x, search.settings.seed, search.watch.left_s))
        return again[0](widening)

    return once_more


def rounding_yuan(plan: Plan, shipments: Sequence[Shipment], network: Network, settings: PlanSettings) -> float:
    """What rounding may take off the objective: half a second of each arrival, half a fen and half a gram of each leg.
    The bound is on exact times and prices, so an optimal plan may come out that much below it. What stays behind
    arrives nowhere."""
    price = settings.carbon_price_yuan_per_t
    arriving = {planned.shipment_id for planned in plan.shipments if planned.lots}
    yuan_per_h = 0.0
    for shipment in shipments:
        if shipment.shipment_id not in arriving:
            continue
        value = shipment.cargo_value_yuan_per_t
        rate = tariff.time_yuan_per_t_h(network, value) + tariff.lateness_yuan_per_t_h(network, value)
        yuan_per_h += rate * shipment.mass_kg / KG_PER_T
    legs = sum(len(lot.legs) for planned in plan.shipments for lot in planned.lots)
    return 0.5 * (yuan_per_h / 3600 + legs * (0.01 + price * 1e-6))


def status_of(plan: Plan, stopped_by: str, slack_yuan: float) -> str:
    """The document's word for how the run ended; ``optimal`` only when nothing but rounding is left of the gap. Of a
    plan of a few yuan the fen of its legs, ``slack_yuan``, are a larger part than of others."""
    if plan.gap <= OPTIMAL_GAP or plan.objective_yuan - plan.bound_yuan <= slack_yuan:
        return "optimal"
    return "time_limit" if stopped_by in ("time_limit", "interrupt") else "feasible"


def _no_plan(search: Search) -> InputError:
    """Without a cap on CO2e there is always a plan; under a cap there may be none, or none was found."""
    cap = f"{search.settings.co2e_cap_t or 0:g}"
    if search.stopped_by == "infeasible":
        return InputError(
            Message(
                f"没有计划能把排放控制在 {cap} 吨 CO2e 以内；请提高上限（modalshift frontier 求出最低碳的计划）。",
                f"No plan keeps emissions within {cap} t CO2e; raise the cap"
                " (modalshift frontier finds the cleanest plan).",
            )
        )
    near = Message("", "")
    if search.cleaned.cleanest_t is not None:
        tonnes = f"{search.cleaned.cleanest_t:,.1f}"
        near = Message(f"；所见最清洁的计划排放 {tonnes} 吨", f"; the cleanest that was seen emits {tonnes} t")
    return InputError(
        Message(
            f"未找到排放在 {cap} 吨 CO2e 以内的计划{near.zh}；请提高上限或放宽时限。",
            f"No plan within {cap} t CO2e was found{near.en}; raise the cap or allow more time.",
        )
    )


def with_rejected(plan: Plan, shipments: Sequence[Shipment], settings: PlanSettings) -> Plan:
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
