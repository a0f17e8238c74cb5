"""A factor table of round numbers: a kilogram of diesel emits 3 kg CO2e, its provision 1 kg, a kWh 0.5 kg."""

from __future__ import annotations

from datetime import date

from optimizer.emissions.factor import Factor
from optimizer.emissions.factors import FactorTable
from optimizer.errors import Message
from tests.planning.corridor import MADE_UP

USES = ("road", "inland_waterway", "sea", "rail", "hub")


def row(
    factor_id: str, mode: str, carrier: str, unit: str, ttw_kg: float | None, wtt_kg: float | None, gas: str
) -> Factor:
    """One factor valid since 2020; ``gas`` is CO2e, CO2 or none."""
    boundary = {"CO2e": "wtw", "CO2": "ttw"}.get(gas, "unstated")
    whole = None if ttw_kg is None or wtt_kg is None else ttw_kg + wtt_kg
    uses = ("default",) if mode == "rail" else USES
    return Factor(
        factor_id,
        "1",
        mode,
        carrier,
        uses,
        Message("", ""),
        unit,
        wtt_kg,
        ttw_kg,
        whole,
        1.4 if gas == "none" else None,
        gas,
        "",
        boundary,
        "CN",
        None,
        None,
        date(2020, 1, 1),
        None,
        "",
        "",
        0.1,
        MADE_UP,
    )


def round_factors() -> FactorTable:
    """Diesel, electricity and the train."""
    return FactorTable(
        [
            row("diesel", "energy", "Diesel", "kg", 3.0, 1.0, "CO2e"),
            row("diesel-co2", "energy", "Diesel", "kg", 3.0, None, "CO2"),
            row("diesel-coal", "coal_equivalent", "Diesel", "kg", None, None, "none"),
            row("power", "energy", "Electric", "kWh", 0.0, 0.5, "CO2e"),
            row("power-co2", "energy", "Electric", "kWh", 0.0, None, "CO2"),
            row("power-coal", "coal_equivalent", "Electric", "kWh", None, None, "none"),
            row("train", "rail", "", "tkm", 0.01, 0.01, "CO2e"),
        ]
    )
