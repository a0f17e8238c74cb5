"""Network and factors as shipped, together: whatever moves has a price and a factor on every day of the demo month."""

from __future__ import annotations

from datetime import date

import pytest

from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.emissions.operations import (
    hub_operation,
    rail_operation,
    sea_service_operation,
    truck_operation,
    vessel_operation,
)
from optimizer.network.model import Mode, Network
from optimizer.network.reader import read_network
from optimizer.planning.routing.tariff import day_rate_yuan, energy_price_yuan, service_tariff

DAYS = (date(2026, 10, 1), date(2026, 11, 20))
SERVICES = {
    Mode.ROAD: ("line_haul", "short_haul", "drayage"),
    Mode.SEA: ("river_sea",),
    Mode.RAIL: (),
}


@pytest.fixture(scope="module")
def network() -> Network:
    """The shipped network."""
    return read_network()


@pytest.fixture(scope="module")
def factors() -> FactorTable:
    """The shipped factors."""
    return load_factors()


@pytest.mark.parametrize("on", DAYS)
def test_everything_that_moves_or_lifts_has_a_factor(network: Network, factors: FactorTable, on: date) -> None:
    """Trucks, vessels with a consumption, trains and terminals all come to more than nothing, per tkm or per tonne."""
    found = [truck_operation(truck, factors, on) for truck in network.truck_classes.values()]
    found += [hub_operation(terminal, factors, on) for terminal in network.terminals.values()]
    found.append(rail_operation(factors, on))
    for vessel in network.vessel_classes.values():
        if vessel.fuel_loaded_kg_per_km > 0:
            found.append(vessel_operation(vessel, vessel.capacity_t, 0.2, factors, on))
            if vessel.waters == "river_sea":
                found.append(sea_service_operation(vessel, 0.9, 0.5, factors, on))
    assert min(intensity.wtw_kg for intensity in found) > 0


def test_every_vessel_of_the_fleet_has_a_consumption(network: Network) -> None:
    """A class without fuel figures is for reference; the fleet has none of it."""
    classes = {entry.vessel_class for entry in network.fleet}
    assert min(network.vessel_classes[code].fuel_empty_kg_per_km for code in classes) > 0


def test_every_mode_of_the_links_has_a_price(network: Network) -> None:
    """Road, sea and rail by tariff (rail for each cargo's class), inland water by day rates and fuel."""
    modes = {link.mode for link in network.links.values()}
    assert modes == {Mode.ROAD, Mode.SEA, Mode.RAIL, Mode.INLAND_WATERWAY}
    prices = [service_tariff(network, mode, service) for mode in SERVICES for service in SERVICES[mode]]
    prices += [service_tariff(network, Mode.RAIL, cargo.rail_service) for cargo in network.cargo.values()]
    assert min(row.fixed_yuan_per_t + row.yuan_per_tkm for row in prices) > 0
    vessels = [network.vessel_classes[entry.vessel_class] for entry in network.fleet]
    assert min(day_rate_yuan(v, market) for v in vessels for market in ("own", "spot")) > 0
    assert min(energy_price_yuan(network, v.energy_carrier) for v in vessels) > 0


def test_every_cargo_of_the_seeds_fits_a_truck_of_each_use(network: Network) -> None:
    """No cargo group is without a line-haul and a drayage truck, so each shipment on land has a road."""
    groups = {cargo.cargo_group for cargo in network.cargo.values()}
    for use in ("line_haul", "drayage"):
        carried = {
            group for truck in network.truck_classes.values() if truck.use == use for group in truck.cargo_groups
        }
        assert groups <= carried


def test_classes_and_depths_agree(network: Network) -> None:
    """On every inland link the smallest inland class of the fleet floats at least light at the guaranteed depth."""
    clearance = network.value("keel_clearance_m")
    lightest = min(network.vessel_classes[entry.vessel_class].light_draught_m for entry in network.fleet)
    inland = [link for link in network.links.values() if link.mode is Mode.INLAND_WATERWAY]
    assert min(link.min_depth_m - clearance for link in inland if link.min_depth_m is not None) > lightest
