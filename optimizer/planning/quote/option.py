"""One option in full: its legs with times, money and grams, each rounded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from optimizer.errors import Message
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Mode
from optimizer.planning.plan import Amounts
from optimizer.planning.quote.calendar import FIRST_SLOT_AT, SLOT, slot_at
from optimizer.planning.quote.records import QuoteLeg, QuoteOption
from optimizer.planning.quote.timing import ServiceTimes, Span
from optimizer.planning.quote.voyage import load_per_vessel_t, vessels_needed, voyage_intensity, voyage_price
from optimizer.planning.quote.words import option_title, service_words, voyage_words
from optimizer.planning.routing import tariff
from optimizer.planning.routing.route import Route, RouteLeg
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import SLOT_H, SLOTS_PER_DAY
from optimizer.planning.shipment import Shipment
from optimizer.quantities import FEN_PER_YUAN, G_PER_KG, KG_PER_T, to_integer


@dataclass(frozen=True, slots=True)
class _Worked:
    """What one leg comes to before rounding."""

    yuan: float
    ttw_kg: float
    wtw_kg: float
    tier: str
    factor_ids: tuple[str, ...]
    vessels: int = 0
    load_t: float = 0.0


class OptionMaker:
    """Makes the options of one shipment. ``slot_zero`` is the calendar slot of midnight of its ready day."""

    def __init__(self, shipment: Shipment, book: RouteBook, graph: NetworkGraph, times: ServiceTimes) -> None:
        self.shipment, self.book, self.graph, self.times = shipment, book, graph, times
        self.network = book.network
        self.mass_t = shipment.mass_kg / KG_PER_T
        self.slot_zero = midnight_slot(shipment.ready_at)
        self.midnight = FIRST_SLOT_AT + self.slot_zero * SLOT
        self.ready_h = (shipment.ready_at - self.midnight).total_seconds() / 3600

    def services(self, route: Route) -> QuoteOption | None:
        """A route of services only, begun when the cargo is ready; None when a closure on its way never ends."""
        spans = self.times.run(route.legs, self.ready_h, self.slot_zero)
        return None if spans[-1][1] == float("inf") else self._option(route, spans, {}, {})

    def voyage(self, route: Route, slot: int, capacity_t: float) -> QuoteOption | None:
        """A route whose vessel berths in ``slot`` (from midnight on) and may load ``capacity_t``; None as above."""
        return self.voyages(route, [slot], [capacity_t])

    def voyages(self, route: Route, slots: Sequence[int], capacity_t: Sequence[float]) -> QuoteOption | None:
        """A route of one or two voyages, each with its slot and what its vessels may load then; None as above."""
        spans: list[Span] = []
        most_t: dict[int, float] = {}
        waited_h: dict[int, float] = {}
        hour = self.ready_h
        for at, slot, capacity in zip(route.voyages, slots, capacity_t, strict=True):
            legs = route.legs[len(spans) : at - 1]
            before = self.times.run(legs, hour, self.slot_zero)
            berths = slot * float(SLOT_H)
            sails = berths + route.legs[at - 1].hours
            arrives = sails + route.legs[at].hours
            waited_h[at - 1], most_t[at] = berths - before[-1][1], capacity
            hour = arrives + route.legs[at + 1].hours
            spans += [*before[: len(legs)], (berths, sails), (sails, arrives), (arrives, hour)]
        legs = route.legs[len(spans) :]
        spans += self.times.run(legs, hour, self.slot_zero)[: len(legs)]
        return None if spans[-1][1] == float("inf") else self._option(route, spans, most_t, waited_h)

    def _option(
        self, route: Route, spans: list[Span], most_t: Mapping[int, float], waited_h: Mapping[int, float]
    ) -> QuoteOption:
        """``most_t``: what a vessel of each voyage leg may load; ``waited_h``: how long cargo lay before its hub."""
        legs: list[QuoteLeg] = []
        said: list[Message] = []
        for i, (leg, span) in enumerate(zip(route.legs, spans, strict=True)):
            if i in most_t:
                worked = self._voyage(route, i, most_t[i])
                said.append(voyage_words(self.network, leg, worked.vessels, worked.load_t, most_t[i], self.mass_t))
            else:
                worked = self._service(leg, waited_h.get(i, 0.0))
                said += service_words(self.network, leg)
            legs.append(self._leg(i + 1, leg, span, worked))
        arrives_at = legs[-1].arrives_at
        seconds = (arrives_at - self.shipment.ready_at) // timedelta(seconds=1)
        return QuoteOption(
            kind=route.kind,
            title=option_title(self.network, route, [leg.vessels for leg in legs]),
            legs=tuple(legs),
            amounts=Amounts(
                sum(leg.cost_fen for leg in legs),
                sum(leg.co2e_ttw_g for leg in legs),
                sum(leg.co2e_wtw_g for leg in legs),
                seconds,
            ),
            saving=None,
            departs_at=legs[0].departs_at,
            arrives_at=arrives_at,
            late_s=max(0, (arrives_at - self.shipment.due_at) // timedelta(seconds=1)),
            labels=(),
            dominated=False,
            assumptions=tuple(dict.fromkeys(said)),
        )

    def _service(self, leg: RouteLeg, waited_h: float) -> _Worked:
        """A truck, train, ship or hub, sold by the tonne; a hub also loses cargo and, before a voyage, stores it."""
        yuan_per_t = leg.yuan_per_t + leg.loss_rel * self.shipment.cargo_value_yuan_per_t
        if waited_h > 0:
            group = self.network.cargo[self.shipment.cargo_code].cargo_group
            yuan_per_t += tariff.storage_yuan_per_t(self.network.terminals[(leg.origin, group)], waited_h)
        return _Worked(
            yuan_per_t * self.mass_t,
            leg.ttw_kg_per_t * self.mass_t,
            leg.wtw_kg_per_t * self.mass_t,
            leg.tier,
            leg.factor_ids,
        )

    def _voyage(self, route: Route, at: int, capacity_t: float) -> _Worked:
        """This shipment's part of the voyage, see ``voyage``."""
        leg = route.legs[at]
        load_t = load_per_vessel_t(self.mass_t, capacity_t, self.network.value("voyage_load_factor"))
        price = voyage_price(self.book, route.legs, at)
        intensity = voyage_intensity(self.book, self.network.vessel_classes[leg.vehicle_class], load_t)
        tkm = self.mass_t * leg.distance_km
        return _Worked(
            (leg.yuan_per_t + price.cost_yuan_per_t(load_t)) * self.mass_t,
            intensity.ttw_kg * tkm,
            intensity.wtw_kg * tkm,
            str(intensity.tier),
            tuple(intensity.factor_ids),
            vessels_needed(self.mass_t, capacity_t),
            load_t,
        )

    def _leg(self, seq: int, leg: RouteLeg, span: Span, worked: _Worked) -> QuoteLeg:
        return QuoteLeg(
            seq=seq,
            role=leg.role,
            mode=leg.mode.value,
            origin=leg.origin,
            destination=leg.destination,
            vehicle_class=leg.vehicle_class,
            departs_at=self._moment(span[0]),
            arrives_at=self._moment(span[1]),
            distance_km=leg.distance_km,
            distance_basis=distance_basis(self.graph, leg),
            activity_kgkm=to_integer(self.shipment.mass_kg * leg.distance_km),
            cost_fen=to_integer(worked.yuan * FEN_PER_YUAN),
            co2e_ttw_g=to_integer(worked.ttw_kg * G_PER_KG),
            co2e_wtw_g=to_integer(worked.wtw_kg * G_PER_KG),
            data_tier=worked.tier,
            factor_ids=worked.factor_ids,
            vessels=worked.vessels,
            load_kg=to_integer(worked.load_t * KG_PER_T),
            reckoned_load_t=worked.load_t,
        )

    def _moment(self, hour: float) -> datetime:
        return self.midnight + timedelta(seconds=round(hour * 3600))


def midnight_slot(moment: datetime) -> int:
    """The calendar slot that begins with a day (China time)."""
    return slot_at(moment) // SLOTS_PER_DAY * SLOTS_PER_DAY


def distance_basis(graph: NetworkGraph, leg: RouteLeg) -> str:
    """How a leg's distance is known (``network.measured.Measured``): actual | sfd; empty at a hub."""
    if leg.mode is Mode.HUB:
        return ""
    return graph.measured(leg.mode, leg.origin, leg.destination, leg.vehicle_class).basis
