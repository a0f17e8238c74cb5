"""A quote: every way of one shipment from door to door that no other way beats in cost, CO2e WTW and arrival.

    quote = routes x slots -> price -> arrive in time -> Pareto set -> labels -> the six that are shown

The set is exact: it holds every (route, slot) of the grammar of ``routes`` and every chain of two voyages of
``transshipment`` with both slots, on the planner's 6 h grid, from the ready day's midnight to ``MAX_LATE_H`` after
due_at, that no other one dominates (of equal ones the first). ``table`` and ``chains`` say why they need not look at
every slot, and settle most comparisons in floats with a margin; what is left is compared as the rounded amounts that
are shown. Nothing is known of other shipments; ``voyage`` says how a vessel is priced then.

A water way that is dearer, slower or dirtier than the road is an answer: the road and the cheapest water way are always
part of the quote, whatever beats them, and ``missing`` says why there is none.
"""

from __future__ import annotations

from optimizer.network.graph import NetworkGraph
from optimizer.planning.quote.choice import MAX_SHOWN, beside, displayed, front, with_saving
from optimizer.planning.quote.desk import desk_of
from optimizer.planning.quote.missing import missed_routes
from optimizer.planning.quote.option import OptionMaker
from optimizer.planning.quote.records import LABEL_NAMES, MissingRoute, Quote, QuoteLeg, QuoteOption
from optimizer.planning.quote.sailings import Sailings
from optimizer.planning.quote.words import general_assumptions, verdict
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import MAX_LATE_H
from optimizer.planning.shipment import Shipment

__all__ = ["LABEL_NAMES", "MAX_SHOWN", "MissingRoute", "Quote", "QuoteLeg", "QuoteOption", "quote"]


def quote(shipment: Shipment, book: RouteBook, graph: NetworkGraph) -> Quote:
    """Every undominated way of a shipment, the road beside it, and why others are missing.

    ``book`` and ``graph`` belong to one network and should be kept between quotes: they remember routes and lanes, and
    what is worked out here is remembered with the book. Raises KeyError for a place or cargo the network does not have
    (shipments from ``shipment_file`` have been checked) and FactorError where the factors do not reach the book's day.
    """
    desk = desk_of(book, graph)
    table = desk.table(book, shipment.origin, shipment.destination, shipment.cargo_code)
    maker = OptionMaker(shipment, book, graph, desk.times)
    services = [option for route in table.services if (option := maker.services(route)) is not None]
    # The road is the baseline however late it is; anything else may be late by the planner's allowance at most.
    timely = [option for option in services if option.kind == "road" or option.late_s <= MAX_LATE_H * 3600]
    sailings = Sailings(table.voyages, table.chains, maker, timely)
    baseline = next((option for option in timely if option.kind == "road"), None)
    pareto = with_saving(front([*timely, *sailings.worth_comparing(timely)], baseline), baseline)
    road = beside(baseline, pareto, baseline)
    water = beside(sailings.cheapest_by_water(timely), pareto, baseline)
    shown = displayed(pareto)
    return Quote(
        shipment=shipment,
        options=shown,
        pareto=pareto,
        baseline=road,
        water=water,
        verdict=verdict(road, water, shown[0] if shown else None),
        missing=(*table.barred, *missed_routes(shipment, graph.network, services, sailings)),
        assumptions=general_assumptions(shipment.cargo_value_yuan_per_t),
    )
