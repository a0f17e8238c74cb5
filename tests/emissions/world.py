"""Records small enough to reckon with by hand: one truck, one vessel, one terminal, and a table of round factors."""

from __future__ import annotations

from datetime import date
from typing import Any

from optimizer.emissions.factors import Factor, FactorTable
from optimizer.emissions.operations import Intensity
from optimizer.emissions.uncertainty import ErrorKind, ErrorSource
from optimizer.errors import Message
from optimizer.network.model import Evidence, Provenance, Terminal, TruckClass, VesselClass

DAY = date(2026, 10, 5)
SOURCE = Provenance("test", "", Evidence.ASSUMED, (), "")


def factor(factor_id: str, **fields: Any) -> Factor:
    """A factor with everything neutral that ``fields`` does not set."""
    values: dict[str, Any] = {
        "version": "1",
        "mode": "energy",
        "energy_carrier": "Diesel",
        "uses": ("road", "inland_waterway", "sea", "hub"),
        "description": Message("测试", "test"),
        "unit": "kg",
        "wtt_kg": None,
        "ttw_kg": None,
        "wtw_kg": None,
        "kgce": None,
        "gas_basis": "CO2e",
        "gwp_set": "AR6",
        "boundary": "wtw",
        "region": "CN",
        "size_min_t": None,
        "size_max_t": None,
        "valid_from": date(2025, 1, 1),
        "valid_to": None,
        "page": "",
        "licence": "",
        "uncertainty_rel": None,
        "provenance": SOURCE,
    }
    return Factor(factor_id=factor_id, **{**values, **fields})


def energy_factors(carrier: str, ttw_kg: float, wtt_kg: float, co2_kg: float, kgce: float) -> list[Factor]:
    """The three rows that make a carrier computable in both boundaries."""
    return [
        factor(f"{carrier}-wtw", energy_carrier=carrier, ttw_kg=ttw_kg, wtt_kg=wtt_kg),
        factor(f"{carrier}-co2", energy_carrier=carrier, ttw_kg=co2_kg, gas_basis="CO2", boundary="ttw"),
        factor(f"{carrier}-coal", mode="coal_equivalent", energy_carrier=carrier, kgce=kgce, gas_basis="none"),
    ]


def round_table() -> FactorTable:
    """Diesel 3.2 TTW + 0.8 WTT kg CO2e/kg, 3.0 kg CO2/kg, 1.5 kgce/kg; electricity 0 + 0.6 kg/kWh, 0, 0.1 kgce/kWh."""
    return FactorTable(energy_factors("Diesel", 3.2, 0.8, 3.0, 1.5) + energy_factors("Electric", 0.0, 0.6, 0.0, 0.1))


def truck(**fields: Any) -> TruckClass:
    """20 t payload, 0.3 kg/km loaded, 0.2 kg/km empty, one third of all km empty."""
    values: dict[str, Any] = {
        "truck_class": "T20",
        "name_zh": "车",
        "name_en": "truck",
        "use": "line_haul",
        "cargo_groups": ("coal",),
        "payload_t": 20.0,
        "energy_carrier": "Diesel",
        "fuel_loaded_kg_per_km": 0.3,
        "fuel_empty_kg_per_km": 0.2,
        "empty_share": 1 / 3,
        "speed_km_h": 60.0,
        "provenance": SOURCE,
    }
    return TruckClass(**{**values, **fields})


def vessel(**fields: Any) -> VesselClass:
    """500 t, 3 kg/km full, 2 kg/km empty."""
    values: dict[str, Any] = {
        "vessel_class": "B500",
        "name_zh": "船",
        "name_en": "barge",
        "kind": "inland_bulk",
        "waters": "inland",
        "cargo_groups": ("coal",),
        "capacity_t": 500.0,
        "teu": None,
        "draught_m": 2.0,
        "light_draught_m": 0.7,
        "air_draught_m": 6.0,
        "fuel_loaded_kg_per_km": 3.0,
        "fuel_empty_kg_per_km": 2.0,
        "energy_carrier": "Diesel",
        "cost_yuan_per_day": 2000.0,
        "charter_yuan_per_day": 3000.0,
        "provenance": SOURCE,
    }
    return VesselClass(**{**values, **fields})


def terminal(diesel_kg_per_t: float = 0.1, electricity_kwh_per_t: float = 0.5) -> Terminal:
    """A terminal whose machines burn 0.1 kg diesel and 0.5 kWh for each tonne."""
    return Terminal("P", "coal", 5000.0, 300.0, 10.0, 0.1, 7.0, diesel_kg_per_t, electricity_kwh_per_t, 1000.0, SOURCE)


def intensity(
    wtw_kg: float, unit: str = "tkm", key: str = "model", kind: ErrorKind = ErrorKind.FUEL_MODEL
) -> Intensity:
    """An intensity of which four fifths are operation, with one error of its own and 3/4 of it as CO2."""
    return Intensity(
        unit, 0.8 * wtw_kg, 0.2 * wtw_kg, 0.75 * wtw_kg, 0.4 * wtw_kg, "modelled", (key,), (ErrorSource(key, kind),),
        Message("测试", "test"),
    )  # fmt: skip
