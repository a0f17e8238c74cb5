"""What carrying costs: the price formulas of road, rail, sea service, terminals and voyages.

    road, rail, sea service   max(minimum, fixed + yuan_per_tkm x km) per tonne   (table ``tariffs``) terminal
    transfer + harbour due at sea ports, per tonne and operation loss                      value x handling_loss_rel
    of the cargo, per tonne and terminal operation storage                   max(0, days waited - free days) x storage
    rate, per tonne voyage                    days taken x daily cost + fuel x price, per sailing; tolls per tonne
    carried time                      value x time_value_rel_per_year x hours / 8760, per tonne      (objective only)
    lateness                  days late x (value x lateness_rel_per_day + lateness_yuan_per_t_day), per tonne
    (objective only)

Prices are yuan as floats: they enter the solver. The plan document rounds each leg once, to fen.
"""

from __future__ import annotations

from optimizer.network.graph import Way
from optimizer.network.model import Mode, Network, Tariff, Terminal, VesselClass

HOURS_PER_YEAR = 8760.0
SHORT_HAUL_KM = 50.0
"""Below this distance hauliers price by the short-haul row (row ``short_haul`` of the tariffs table)."""


def service_tariff(network: Network, mode: Mode, service: str) -> Tariff:
    """The tariff row of a mode and service; KeyError when the table has none (the reader checks the needed ones)."""
    for tariff in network.tariffs.values():
        if tariff.mode is mode and tariff.service == service:
            return tariff
    raise KeyError(f"no tariff for {mode} {service}")


def carriage_yuan_per_t(tariff: Tariff, distance_km: float) -> float:
    """Price of carrying one tonne: max(minimum, fixed + yuan_per_tkm x km)."""
    return max(tariff.minimum_yuan_per_t, tariff.fixed_yuan_per_t + tariff.yuan_per_tkm * distance_km)


def haul_yuan_per_t(network: Network, way: Way) -> float:
    """A truck straight from door to door: the short-haul price below 50 km, else the line-haul price."""
    service = "short_haul" if way.distance_km < SHORT_HAUL_KM else "line_haul"
    return carriage_yuan_per_t(service_tariff(network, Mode.ROAD, service), way.distance_km)


def drayage_yuan_per_t(network: Network, way: Way) -> float:
    """A truck between a door and a terminal."""
    return carriage_yuan_per_t(service_tariff(network, Mode.ROAD, "drayage"), way.distance_km)


def transfer_yuan_per_t(network: Network, terminal: Terminal) -> float:
    """One operation between ship (or train) and yard: the charge, and the harbour due at sea ports."""
    at_sea = network.locations[terminal.location_id].kind == "sea_port"
    due = network.value("sea_harbour_due_yuan_per_t") if at_sea else 0.0
    return terminal.transfer_yuan_per_t + due


def storage_yuan_per_t(terminal: Terminal, waited_h: float) -> float:
    """Storage of one tonne that waits in the yard, after the free days."""
    return max(0.0, waited_h / 24 - terminal.storage_free_days) * terminal.storage_yuan_per_t_day


def day_rate_yuan(vessel: VesselClass, market: str) -> float:
    """What a vessel costs a day without fuel: own vessels at operating cost, spot vessels at charter."""
    return vessel.charter_yuan_per_day if market == "spot" else vessel.cost_yuan_per_day


def energy_price_yuan(network: Network, energy_carrier: str) -> float:
    """Price of one kg of diesel or one kWh."""
    electric = energy_carrier == "Electric"
    return network.value("electricity_price_yuan_per_kwh" if electric else "diesel_price_yuan_per_kg")


def time_yuan_per_t_h(network: Network, value_yuan_per_t: float) -> float:
    """What one hour under way binds of the cargo's value, per tonne."""
    return value_yuan_per_t * network.value("time_value_rel_per_year") / HOURS_PER_YEAR


def lateness_yuan_per_t_h(network: Network, value_yuan_per_t: float) -> float:
    """What one hour after the due time costs, per tonne."""
    per_day = value_yuan_per_t * network.value("lateness_rel_per_day") + network.value("lateness_yuan_per_t_day")
    return per_day / 24
