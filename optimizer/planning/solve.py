"""Planning as a recipe: lay out time and space, search, write down.

What is written down has been rounded to whole kilograms and fen, and its gap is measured there, against the bound of
the search. Where that rounding leaves the gap wider than asked for, the search goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from optimizer.emissions.factors import FactorTable
from optimizer.errors import InputError, Message
from optimizer.network.model import Network
from optimizer.planning.answer.assemble import settings_of, versions_of
from optimizer.planning.answer.writing import OPTIMAL_GAP, rounding_yuan, status_of, with_rejected, written
from optimizer.planning.keeping.held import Accepted, Held, hold, rest_of
from optimizer.planning.keeping.joining import joined, kept_alone
from optimizer.planning.layout.horizon import kept_grid
from optimizer.planning.offer import Offer
from optimizer.planning.plan import Plan
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solving.problem_layout import lay_out, task_of
from optimizer.planning.solving.search import Search
from optimizer.planning.voyages.totals import plan_totals
from optimizer.planning.watch import Progress, Tell, Watch
from optimizer.quantities import G_PER_T

__all__ = ["OPTIMAL_GAP", "Progress", "Tell", "plan_shipments"]

WRITE_S = 5e-4
"""Part of a time limit that is kept, for each shipment, to write the plan down."""
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
        later_ids = {shipment.shipment_id for shipment in shipments} - {shipment.shipment_id for shipment in inside}
        plan = _planned_around(keep, inside, later_ids, book, settings, offers, watch)
    return with_rejected(plan, shipments, settings)


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
    try:
        search = Search(problem, settings, watch)
    except KeyboardInterrupt:
        search = Search(problem, settings, watch)
        search.stopped_by = "interrupt"
    else:
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
    later_ids: Collection[str],
    book: RouteBook,
    settings: PlanSettings,
    offers: Sequence[Offer],
    watch: Watch,
) -> Plan:
    """Keep what can be kept; plan the rest with what that leaves."""
    held = hold(keep, inside, book, kept_grid(inside, book, keep.plan), offers, later_ids)
    rest, network, part = rest_of(held, inside), book.network, kept_alone(held, settings)

    def whole(made: Plan) -> Plan:
        plan = joined(made, held, part, inside, settings)
        slack = rounding_yuan(plan, inside, network, settings)
        if plan.objective_yuan < plan.bound_yuan <= plan.objective_yuan + slack:
            plan = replace(plan, bound_yuan=plan.objective_yuan, gap=0.0)
        return replace(plan, status=status_of(plan, str(plan.settings["stop"]), slack))

    if not rest:
        nothing = plan_totals((), (), ())
        said = {**settings_of(settings, "optimal", 0.0), "stop": "gap"}
        blank = Plan("optimal", 0.0, 0.0, 0.0, watch.seconds(), said, versions_of(network, book), (), (), (), nothing)
        return _within_cap(whole(blank), settings.co2e_cap_t)
    bought = {voyage.voyage_id for voyage in held.bought}
    free = [offer for offer in offers if offer.sailing_id not in bought]
    if settings.co2e_cap_t is not None:
        left_t = settings.co2e_cap_t - part.wtw_g / G_PER_T
        if left_t < 0:
            raise _above_cap(settings.co2e_cap_t)
        return _planned(rest, book, replace(settings, co2e_cap_t=left_t), free, watch, whole, held)
    return _planned(rest, book, settings, free, watch, whole, held)


def _within_cap(plan: Plan, cap_t: float | None) -> Plan:
    """A plan of kept cargo alone, if it keeps the cap to the rounding of its legs; raises InputError otherwise."""
    legs = sum(len(lot.legs) for planned in plan.shipments for lot in planned.lots)
    if cap_t is not None and plan.totals.planned.co2e_wtw_g > cap_t * G_PER_T + legs + 1:
        raise _above_cap(cap_t)
    return plan


def _above_cap(cap_t: float) -> InputError:
    return InputError(
        Message(
            f"仅保留的部分已超过排放上限 {cap_t:g} 吨 CO2e；请提高上限或少保留。",
            f"What is kept alone emits more than the cap of {cap_t:g} t CO2e; raise the cap or keep less.",
        )
    )
