"""Energy saved by settled lots in tonnes of coal equivalent (GB/T 2589), and the diesel behind it by use.

Quzhou gives enterprises that shift cargo energy budget (用能预算) for it; the figure is that of the settled
calculations. The diesel feeds the account of air pollutants, which stands apart and credits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optimizer.accounts.lot_chain import ElementInput, chain_of
from optimizer.accounts.product_footprint import SettledRun, in_period, require_period
from optimizer.emissions.chain import ElementFootprint
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.footprint.rates import USES
from optimizer.emissions.operations import COMBUSTION, ELECTRIC, energy_rates
from optimizer.quantities import G_PER_KG

DISTILLATES = ("Diesel", "MGO")
"""What burns as diesel does: by its factors of pollutants, and by those of CO2 (``mgo-cn-ttw-co2``)."""


@dataclass(frozen=True, slots=True)
class EnergySaved:
    """One enterprise in a period. Energy g of coal equivalent, baseline less actual, may be negative. Fuel: kg of
    diesel by use, on the road that would have run and on the way that did; another fuel stands apart, as ``HFO:sea``,
    and no pollutant factor covers it."""

    party_id: str
    party_zh: str
    party_en: str
    period: str
    lots: int
    mass_kg: int
    energy_saved_g: int
    baseline_fuel_kg: Mapping[str, float]
    actual_fuel_kg: Mapping[str, float]


def energy_saved(settled: Sequence[SettledRun], period: str, factors: FactorTable) -> list[EnergySaved]:
    """One entry per enterprise for the lots delivered in a period, in order of ids. Raises InputError for a period of
    another form, FactorError when a factor of a stored calculation is gone."""
    require_period(period)
    groups: dict[str, list[SettledRun]] = {}
    for one in settled:
        if in_period(one.run.inputs.on.isoformat(), period):
            groups.setdefault(one.lot.labels["enterprise"][0], []).append(one)
    return [_group(items, period, factors) for _, items in sorted(groups.items())]


def _group(items: Sequence[SettledRun], period: str, factors: FactorTable) -> EnergySaved:
    baseline: dict[str, float] = {}
    actual: dict[str, float] = {}
    for one in items:
        for target, elements in ((baseline, one.run.inputs.baseline), (actual, one.run.inputs.project)):
            _add_fuel(target, elements, one, factors)
    name = items[0].lot.labels["enterprise"]
    return EnergySaved(
        party_id=name[0],
        party_zh=name[1],
        party_en=name[2],
        period=period,
        lots=len(items),
        mass_kg=sum(one.run.result.mass_kg for one in items),
        energy_saved_g=sum(one.run.result.energy_saved_g for one in items),
        baseline_fuel_kg=baseline,
        actual_fuel_kg=actual,
    )


def _add_fuel(
    fuel_kg: dict[str, float], elements: Sequence[ElementInput], one: SettledRun, factors: FactorTable
) -> None:
    for element in chain_of(elements, factors, one.run.inputs.on).elements:
        carrier, use = _carrier(element), USES[element.mode]
        burnt = use if carrier in DISTILLATES else f"{carrier}:{use}"
        fuel_kg[burnt] = fuel_kg.get(burnt, 0.0) + _fuel_kg(element, carrier, use, one, factors)


def _carrier(element: ElementFootprint) -> str:
    """What the element burnt, by its error of combustion; diesel where only a factor per tonne-kilometre is known.
    Electricity burns nothing on board, so it decides only where nothing else does, and then as nought."""
    named = [source.key.partition(":")[2] for source in element.errors if source.key.startswith(f"{COMBUSTION}:")]
    return next((carrier for carrier in named if carrier != ELECTRIC), DISTILLATES[0])


def _fuel_kg(element: ElementFootprint, carrier: str, use: str, one: SettledRun, factors: FactorTable) -> float:
    """Only burning emits in operation, so the fuel follows from the operation's grams."""
    rates = energy_rates(carrier, use, factors, one.run.inputs.on)
    if element.ttw_co2 is not None and rates.ttw_co2_kg:
        return element.ttw_co2.total_g / G_PER_KG / rates.ttw_co2_kg
    return element.wtw_co2e.ttw_g / G_PER_KG / rates.ttw_kg
