"""The calculation sheet of a settled lot: every number of its run, line by line, recomputed from the stored inputs.

A sheet is made only where the recomputation gives the run's result to the gram. Each line holds the numbers that its
grams are the product of, as they were multiplied (floats unrounded), so that a reader can do the same sum:

    leg with an intensity   mass kg x distance km = kg·km;  x kg/tkm                                    = g
    hub                     mass kg x kg/t                                                              = g
    logged voyage           (logged g / 1000) x (1 + empty fuel ratio) x own kg / load kg x 1000 x kg/kg = g
      with return cargo     the logged amount also x k = FR x (fuel out + fuel back) / fuel out, FR = T / (T + TR)
      with a tour           plus the fuel of the tour's empties that the voyage bears (no ratio then)
    modelled voyage with return cargo or a tour: both are inside its kg/tkm, and the line says so
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from optimizer.accounts.calculation import CalculationRun, LotInputs, calculate
from optimizer.accounts.lot_chain import ElementInput, VoyageShare, chain_of, logged_kg
from optimizer.emissions.chain import ElementFootprint
from optimizer.emissions.factor import Factor
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import energy_rates
from optimizer.emissions.reduction import Reduction, shift_v1
from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.sensitivity import Influence, LoggingGain, influences, logging_gain
from optimizer.emissions.tour import Tour
from optimizer.emissions.uncertainty import config_of
from optimizer.errors import ConflictError, Message
from optimizer.network.model import Mode
from optimizer.quantities import G_PER_KG, to_integer


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One element with its arithmetic. ``side``: baseline | project. ``ttw_kg`` and ``wtt_kg`` are kg CO2e per
    ``unit`` (tkm, t, or kg or kWh of logged energy); ``log`` where energy was logged; ``round_trip`` where return cargo
    shares the voyage; ``tour`` where it bears empties of its tour. ``gcd_km`` above zero: the distance is that great
    circle times a detour factor."""

    side: str
    mode: Mode
    place: str
    mass_kg: int
    distance_km: float
    distance_basis: str
    gcd_km: float
    activity_kgkm: int
    unit: str
    ttw_kg: float
    wtt_kg: float
    log: VoyageShare | None
    round_trip: RoundTrip | None
    tour: Tour | None
    ttw_g: int
    wtt_g: int
    tier: str
    factor_ids: tuple[str, ...]
    how: Message

    @property
    def wtw_g(self) -> int:
        """Operation and provision, g CO2e."""
        return self.ttw_g + self.wtt_g


@dataclass(frozen=True, slots=True)
class CalculationSheet:
    """The sheet of one run. ``factors`` are the rows used, in order of appearance, in the version of the delivery day.
    ``factors_at_hand`` is the table it was recomputed with: the run's own, or another that gives the same grams."""

    run: CalculationRun
    lines: tuple[SheetLine, ...]
    factors: tuple[Factor, ...]
    factors_at_hand: str
    reduction: Reduction
    influences: tuple[Influence, ...]
    logging: LoggingGain


def calculation_sheet(run: CalculationRun, factors: FactorTable) -> CalculationSheet:
    """The sheet of a run. Raises ConflictError when the recomputation differs from the run's result (another factor
    table, or a changed record), FactorError when a factor of the run is not in the table."""
    inputs, result = run.inputs, run.result
    if (again := calculate(inputs, factors)) != result:
        raise ConflictError(_differs(run, again.credited_wtw_g, factors.version))
    config = config_of(inputs.uncertainty_version)
    baseline, project = (chain_of(side, factors, inputs.on, config) for side in (inputs.baseline, inputs.project))
    reduction = shift_v1(baseline, project, inputs.boundary, config)
    lines = (
        *_lines("baseline", inputs.baseline, baseline.elements, inputs, factors),
        *_lines("project", inputs.project, project.elements, inputs, factors),
    )
    return CalculationSheet(
        run=run,
        lines=lines,
        factors=tuple(factors.get(factor_id, inputs.on) for factor_id in result.factor_ids),
        factors_at_hand=factors.version,
        reduction=reduction,
        influences=influences(reduction),
        logging=logging_gain(baseline, project, inputs.boundary, factors, inputs.on, config),
    )


def grams_of(line: SheetLine) -> tuple[int, int]:
    """TTW and WTT grams of a line from its own numbers alone: what a reader of the sheet does by hand."""
    if line.log is None:
        amount = line.mass_kg * line.distance_km if line.unit == "tkm" else float(line.mass_kg)
        return to_integer(amount * line.ttw_kg), to_integer(amount * line.wtt_kg)
    amount_kg, _ = logged_kg(line.log, line.round_trip, line.tour)
    energy_g = Fraction(amount_kg) * Fraction(line.log.own_kg, line.log.load_kg) * G_PER_KG
    return to_integer(energy_g * Fraction(line.ttw_kg)), to_integer(energy_g * Fraction(line.wtt_kg))


def _lines(
    side: str,
    inputs: Sequence[ElementInput],
    elements: Sequence[ElementFootprint],
    lot: LotInputs,
    factors: FactorTable,
) -> Iterator[SheetLine]:
    for given, element in zip(inputs, elements, strict=True):
        unit, ttw_kg, wtt_kg = _rate(given, lot, factors)
        yield SheetLine(
            side=side,
            mode=element.mode,
            place=element.place,
            mass_kg=element.mass_kg,
            distance_km=element.distance_km,
            distance_basis=element.distance_basis,
            gcd_km=given.gcd_km,
            activity_kgkm=element.activity_kgkm,
            unit=unit,
            ttw_kg=ttw_kg,
            wtt_kg=wtt_kg,
            log=given.log,
            round_trip=given.round_trip,
            tour=given.tour,
            ttw_g=element.wtw_co2e.ttw_g,
            wtt_g=element.wtw_co2e.wtt_g,
            tier=element.tier,
            factor_ids=element.factor_ids,
            how=element.how,
        )


def _rate(given: ElementInput, lot: LotInputs, factors: FactorTable) -> tuple[str, float, float]:
    if given.log is not None:
        rates = energy_rates(given.log.carrier, given.log.use, factors, lot.on)
        return ("kWh" if given.log.carrier == "Electric" else "kg"), rates.ttw_kg, rates.wtt_kg
    assert given.intensity is not None
    return given.intensity.unit, given.intensity.ttw_kg, given.intensity.wtt_kg


def _differs(run: CalculationRun, credited_g: int, version: str) -> Message:
    return Message(
        f"计算 {run.run_id} 用因子表 {version} 重算与记录不符（入账重算 {credited_g} 克，记录"
        f" {run.result.credited_wtw_g} 克）；请用 --network 给出因子表为 {run.factors_version} 的数据包，或运行审计。",
        f"Run {run.run_id} recomputed with {version} differs from its record (credit {credited_g} g, recorded"
        f" {run.result.credited_wtw_g} g); name the data package with {run.factors_version} by --network, or run the"
        " audit.",
    )
