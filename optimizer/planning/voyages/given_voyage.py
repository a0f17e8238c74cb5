"""A given sailing that was taken, as a voyage of the plan."""

from __future__ import annotations

from optimizer.emissions.operations import fuel_emissions, vessel_fuel_kg
from optimizer.planning.layout.given import GivenSailing
from optimizer.planning.plan import OfferTerms, Voyage
from optimizer.planning.routing import tariff
from optimizer.planning.routing.routes import RouteBook
from optimizer.quantities import FEN_PER_YUAN, G_PER_KG, KG_PER_T, to_integer


def given_voyage(given: GivenSailing, load_kg: int, book: RouteBook) -> Voyage:
    """A given sailing that carries ``load_kg``. An offer: cost = fixed sum + price x tonnes; fuel and grams by the
    class's fuel model on its lane with that load. A kept voyage sails anyway: fuel, grams and cost of the load
    alone."""
    offer, network = given.offer, book.network
    vessel = network.vessel_classes[given.vessel_class]
    fuel_kg = vessel_fuel_kg(vessel, given.lane.distance_km, load_kg / KG_PER_T)
    if offer is None:
        fuel_kg -= vessel_fuel_kg(vessel, given.lane.distance_km, 0.0)
    burnt = fuel_emissions(vessel.energy_carrier, "inland_waterway", fuel_kg, book.factors, book.on)
    if given.price_yuan_per_t is not None:
        cost_yuan = given.fixed_yuan + given.price_yuan_per_t * load_kg / KG_PER_T
    else:
        cost_yuan = fuel_kg * tariff.energy_price_yuan(network, vessel.energy_carrier)
    return Voyage(
        voyage_id=given.voyage_id,
        vessel_id=given.voyage_id,
        vessel_class=given.vessel_class,
        market=given.market,
        origin=given.origin,
        destination=given.destination,
        berth_from=given.berth_from,
        departs_at=given.departs_at,
        arrives_at=given.arrives_at,
        free_at=given.free_at,
        cargo_group=given.cargo_group,
        load_kg=load_kg,
        capacity_kg=given.room_kg,
        empty=load_kg == 0,
        distance_km=given.lane.distance_km,
        locks=(),
        fuel_g=to_integer(fuel_kg * G_PER_KG),
        cost_fen=to_integer(cost_yuan * FEN_PER_YUAN),
        co2e_ttw_g=to_integer(burnt.ttw_kg * G_PER_KG),
        co2e_wtw_g=to_integer(burnt.wtw_kg * G_PER_KG),
        offer=None
        if offer is None
        else OfferTerms(offer.carrier_id, offer.fixed_yuan, offer.price_yuan_per_t, offer.least_kg),
    )
