"""What quotes on one route book share: calendars of sailings, and a table for each pair of doors and cargo."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from optimizer.network.graph import NetworkGraph
from optimizer.planning.quote.calendar import SailingCalendar, moments_of_change
from optimizer.planning.quote.chains import ChainTable
from optimizer.planning.quote.missing import barred_routes
from optimizer.planning.quote.records import MissingRoute
from optimizer.planning.quote.table import VoyageTable
from optimizer.planning.quote.timing import ServiceTimes
from optimizer.planning.routing.route import Route
from optimizer.planning.routing.routes import RouteBook


@dataclass(frozen=True, slots=True)
class DoorTable:
    """The routes between two doors: services, those with a voyage and those with two (None when there are none).
    ``barred`` says why others cannot exist on any day."""

    services: tuple[Route, ...]
    voyages: VoyageTable | None
    chains: ChainTable | None
    barred: tuple[MissingRoute, ...]


class QuoteDesk:
    """Tables of one book. It does not hold the book: the book is the key under which it is kept, and must be freed."""

    def __init__(self, graph: NetworkGraph) -> None:
        self.graph = graph
        self.moments = moments_of_change(graph.network)
        self.times = ServiceTimes(graph, self.moments)
        self._tables: dict[tuple[str, str, str], DoorTable] = {}
        self._calendars: dict[tuple[str, str, str, float, float], SailingCalendar] = {}

    def table(self, book: RouteBook, origin: str, destination: str, cargo_code: str) -> DoorTable:
        """The table of two doors and a cargo, made once. Raises KeyError and FactorError as :func:`quote`."""
        key = (origin, destination, cargo_code)
        if key not in self._tables:
            routes = book.routes(*key)
            planned = [route for route in routes if route.planned_at is not None]
            group = book.network.cargo[cargo_code].cargo_group
            calendars = [self._calendar(route, at) for route in planned for at in route.voyages]
            chains = book.transshipped(*key)
            pairs = [(self._calendar(r, r.voyages[0]), self._calendar(r, r.voyages[1])) for r in chains]
            self._tables[key] = DoorTable(
                tuple(route for route in routes if route.planned_at is None),
                VoyageTable(book, self.times, planned, calendars, group) if planned else None,
                ChainTable(book, self.times, chains, pairs, group) if chains else None,
                barred_routes(book, self.graph, key, planned),
            )
        return self._tables[key]

    def _calendar(self, route: Route, at: int) -> SailingCalendar:
        leg, load_h, discharge_h = route.legs[at], route.legs[at - 1].hours, route.legs[at + 1].hours
        key = (leg.origin, leg.destination, leg.vehicle_class, load_h, discharge_h)
        if key not in self._calendars:
            self._calendars[key] = SailingCalendar(self.graph, self.moments, leg, load_h, discharge_h)
        return self._calendars[key]


_DESKS: WeakKeyDictionary[RouteBook, QuoteDesk] = WeakKeyDictionary()


def desk_of(book: RouteBook, graph: NetworkGraph) -> QuoteDesk:
    """The desk of a book, opened at its first quote."""
    desk = _DESKS.get(book)
    if desk is None or desk.graph is not graph:
        desk = _DESKS[book] = QuoteDesk(graph)
    return desk
