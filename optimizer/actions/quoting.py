"""``quote``: every way of one shipment worth a thought, road and water side by side. It writes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from threading import Lock

from optimizer.emissions.factors import FactorTable
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network
from optimizer.planning.quote import Quote
from optimizer.planning.quote import quote as quote_shipment
from optimizer.planning.quote.sheet import QuoteSheet, quote_sheet
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME

MAX_DOORS_KEPT = 500
"""Pairs of doors (with a cargo) whose routes are remembered; one takes some hundred kilobytes at
most. Beyond that everything is forgotten and begun anew."""


class QuoteDesk:
    """Quotes on one network and its factors. Keep one: routes and lanes are worked out once. Threads may share it."""

    def __init__(self, network: Network, factors: FactorTable) -> None:
        self.network, self.factors = network, factors
        self._graph = NetworkGraph(network)
        self._books: dict[date, RouteBook] = {}
        self._doors: set[tuple[date, str, str, str]] = set()
        self._lock = Lock()
        ends = {factor.valid_to + timedelta(days=1) for factor in factors.factors if factor.valid_to is not None}
        self._factor_days = sorted(ends | {factor.valid_from for factor in factors.factors})

    def quote(self, shipment: Shipment) -> Quote:
        """The options of a valid shipment (see ``shipment_file``), with the factors of the day it is ready.

        Raises FactorError where no factor is valid on that day.
        """
        return quote_shipment(shipment, self._book(shipment), self._graph)

    def explain(self, answer: Quote) -> QuoteSheet:
        """The calculation sheet of a quote of this desk. Raises ConflictError for a quote made with other tables."""
        return quote_sheet(answer, self.network, self.factors, self._day(answer.shipment))

    def _day(self, shipment: Shipment) -> date:
        """Between two days on which a factor changes, all days are alike: the first of them."""
        ready_on = shipment.ready_at.astimezone(CHINA_TIME).date()
        return max((day for day in self._factor_days if day <= ready_on), default=ready_on)

    def _book(self, shipment: Shipment) -> RouteBook:
        """The routes as priced on the day."""
        on = self._day(shipment)
        with self._lock:
            self._doors.add((on, shipment.origin, shipment.destination, shipment.cargo_code))
            if len(self._doors) > MAX_DOORS_KEPT:
                self._books.clear()
                self._doors.clear()
            if on not in self._books:
                self._books[on] = RouteBook(self.network, self._graph, self.factors, on)
            return self._books[on]


def quote(network: Network, factors: FactorTable, shipment: Shipment) -> Quote:
    """One quote on its own; who asks for many keeps a :class:`QuoteDesk`. Raises FactorError as there."""
    return QuoteDesk(network, factors).quote(shipment)
