"""The legs of a lot: its route run through time and priced in fen and grams.

Services cost and emit per tonne; a hub also loses its share of the cargo's value, and the hub before a planned voyage
charges the days that the cargo waited in its yard. A leg by planned voyage bears its part of what the voyage's lots
bear together, and its tolls. A lot that changes ships has two such legs and waits in two yards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from optimizer.network.model import Network
from optimizer.planning.layout.families import Grid
from optimizer.planning.plan import Amounts, Leg, Voyage
from optimizer.planning.routing import tariff
from optimizer.planning.routing.route import Route, RouteLeg, begin_h
from optimizer.planning.shipment import Shipment
from optimizer.planning.voyages.sailings import Borne
from optimizer.quantities import FEN_PER_YUAN, G_PER_KG, KG_PER_T, to_integer

FEN_PER_YUAN_T_KG = FEN_PER_YUAN / KG_PER_T
"""yuan/t x kg gives this many fen."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A lot's place on a voyage: what it bears of it, tolls apart, and the factors of its fuel."""

    voyage: Voyage
    share: Borne
    factor_ids: tuple[str, ...]


class LegPricer:
    """Runs routes for shipments of one plan."""

    def __init__(self, network: Network, grid: Grid) -> None:
        self.network, self.grid = network, grid

    def services(self, route: Route, shipment: Shipment, mass_kg: int) -> tuple[Leg, ...]:
        """The legs of a chain without planned voyage that starts when the shipment is ready."""
        return _numbered(self._run(route.legs, shipment, mass_kg, self.grid.hour(shipment.ready_at))[0])

    def by_voyage(self, route: Route, shipment: Shipment, mass_kg: int, passages: Sequence[Passage]) -> tuple[Leg, ...]:
        """The legs of a chain with planned voyages, one passage for each in order."""
        done: list[Leg] = []
        hour, begin = self.grid.hour(shipment.ready_at), 0
        for at, passage in zip(route.voyages, passages, strict=True):
            before, yard_h = self._run(route.legs[begin : at - 1], shipment, mass_kg, hour)
            berth_h = self.grid.hour(passage.voyage.berth_from)
            storage = self._storage_yuan_per_t(route.legs[at - 1], shipment, berth_h - yard_h)
            loading = self._leg(route.legs[at - 1], shipment, mass_kg, berth_h, storage)
            done += [*before, loading, _aboard(route.legs[at], mass_kg, passage)]
            hour, begin = berth_h + route.legs[at - 1].hours + route.legs[at].hours, at + 1
        after, _ = self._run(route.legs[begin:], shipment, mass_kg, hour)
        return _numbered([*done, *after])

    def _run(self, legs: Sequence[RouteLeg], shipment: Shipment, mass_kg: int, hour: float) -> tuple[list[Leg], float]:
        """Legs one after the other from an hour of the plan, and the hour at which the last one ends."""
        done = []
        for leg in legs:
            start_h = begin_h(leg, hour)
            done.append(self._leg(leg, shipment, mass_kg, start_h))
            hour = start_h + leg.hours
        return done, hour

    def _leg(self, leg: RouteLeg, shipment: Shipment, mass_kg: int, start_h: float, storage: float = 0.0) -> Leg:
        yuan_per_t = leg.yuan_per_t + leg.loss_rel * shipment.cargo_value_yuan_per_t + storage
        return Leg(
            seq=0,
            role=leg.role,
            mode=str(leg.mode),
            origin=leg.origin,
            destination=leg.destination,
            vehicle_class=leg.vehicle_class,
            voyage_id="",
            departs_at=self.grid.moment(start_h),
            arrives_at=self.grid.moment(start_h + leg.hours),
            distance_km=leg.distance_km,
            activity_kgkm=to_integer(mass_kg * leg.distance_km),
            cost_fen=to_integer(yuan_per_t * mass_kg * FEN_PER_YUAN_T_KG),
            co2e_ttw_g=_grams(leg.ttw_kg_per_t, mass_kg),
            co2e_wtw_g=_grams(leg.wtw_kg_per_t, mass_kg),
            data_tier=leg.tier,
            factor_ids=leg.factor_ids,
        )

    def _storage_yuan_per_t(self, hub: RouteLeg, shipment: Shipment, waited_h: float) -> float:
        group = self.network.cargo[shipment.cargo_code].cargo_group
        return tariff.storage_yuan_per_t(self.network.terminals[(hub.origin, group)], waited_h)


def _aboard(main: RouteLeg, mass_kg: int, passage: Passage) -> Leg:
    voyage, share = passage.voyage, passage.share
    toll_fen = to_integer(main.yuan_per_t * mass_kg * FEN_PER_YUAN_T_KG)
    return Leg(
        seq=0,
        role="main",
        mode=str(main.mode),
        origin=main.origin,
        destination=main.destination,
        vehicle_class=main.vehicle_class,
        voyage_id=voyage.voyage_id,
        departs_at=voyage.departs_at,
        arrives_at=voyage.arrives_at,
        distance_km=main.distance_km,
        activity_kgkm=to_integer(mass_kg * main.distance_km),
        cost_fen=share.cost_fen + toll_fen,
        co2e_ttw_g=share.co2e_ttw_g,
        co2e_wtw_g=share.co2e_wtw_g,
        data_tier=main.tier,
        factor_ids=passage.factor_ids,
    )


def sum_of(legs: Sequence[Leg], duration_s: int) -> Amounts:
    """Amounts of several legs that take ``duration_s`` together."""
    return Amounts(
        sum(leg.cost_fen for leg in legs),
        sum(leg.co2e_ttw_g for leg in legs),
        sum(leg.co2e_wtw_g for leg in legs),
        duration_s,
    )


def seconds(span: timedelta) -> int:
    """Whole seconds of a span."""
    return round(span.total_seconds())


def _grams(kg_per_t: float, mass_kg: int) -> int:
    return to_integer(kg_per_t * mass_kg * G_PER_KG / KG_PER_T)


def _numbered(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    return tuple(replace(leg, seq=number) for number, leg in enumerate(legs, start=1))
