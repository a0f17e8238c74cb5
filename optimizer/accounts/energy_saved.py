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
from optimizer.emissions.operations import energy_rates
from optimizer.quantities import G_PER_KG


@dataclass(frozen=True, slots=True)
class EnergySaved:
    """One enterprise in a period. Energy g of coal equivalent, baseline less actual, may be negative. Fuel: kg of
    diesel by use, on the road that would have run and on the way that did."""

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
        use = USES[element.mode]
        fuel_kg[use] = fuel_kg.get(use, 0.0) + _diesel_kg(element, use, one, factors)


def _diesel_kg(element: ElementFootprint, use: str, one: SettledRun, factors: FactorTable) -> float:
    """Only burning emits in operation, so the fuel follows from the operation's grams."""
    diesel = energy_rates("Diesel", use, factors, one.run.inputs.on)
    if element.ttw_co2 is not None:
        return element.ttw_co2.total_g / G_PER_KG / diesel.ttw_co2_kg
    return element.wtw_co2e.ttw_g / G_PER_KG / diesel.ttw_kg
