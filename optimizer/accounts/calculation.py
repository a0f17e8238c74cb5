"""Method ``shift-v1`` on one delivered lot: inputs, calculation, result.

The inputs are a record of their own, stored with the settlement and complete in themselves: every mass, distance,
intensity and log. :func:`calculate` is a function of them and of the factor table, so running it again gives the same
grams, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from optimizer.accounts.lot_chain import ElementInput, chain_of
from optimizer.accounts.lot_elements import Classes, project_element
from optimizer.accounts.voyages import Voyages
from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.chain import Footprint
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.portfolio import Exposure, Part, exposures_of
from optimizer.emissions.reduction import METHOD, shift_v1
from optimizer.emissions.uncertainty import UNCERTAINTY, config_of
from optimizer.errors import BoundaryError
from optimizer.network.model import WATER_MODES, Mode, Network
from optimizer.waybills.codec import LATER, from_json, sha256, to_json
from optimizer.waybills.waybill import Waybill, WaybillLot

BOUNDARY = Boundary.WTW_CO2E
"""Accounts hold WTW CO2e. The TTW CO2 figures stand beside it in the run and are never added to it."""

TIERS_BEST_FIRST = ("primary", "modelled", "default", "assumed")


@dataclass(frozen=True, slots=True)
class LotInputs:
    """Everything the calculation of one lot rests on. ``mass_kg`` is the carrier-weighed mass, ``on`` the delivery day
    (factors must be valid then). ``budget``: whether the result keeps its error sources (runs from before they were
    kept do not, and recompute without)."""

    method: str
    boundary: Boundary
    uncertainty_version: str
    waybill_number: str
    waybill_version: int
    lot_no: int
    mass_kg: int
    on: date
    baseline: tuple[ElementInput, ...]
    project: tuple[ElementInput, ...]
    budget: bool = field(default=False, metadata=LATER)


@dataclass(frozen=True, slots=True)
class ElementResult:
    """What one element of the project chain emitted and how good its data is."""

    mode: Mode
    route: str
    activity_kgkm: int
    co2e_wtw_g: int
    tier: str


@dataclass(frozen=True, slots=True)
class LotResult:
    """The outcome. All ``*_wtw_g`` are g CO2e well-to-wheel; ``*_ttw_co2_g`` g CO2 of the operation, None where an
    element has no CO2 factor; energy in g of coal equivalent; activity in kg·km by mode. ``tier`` is the worst tier of
    the legs by water (of all legs when none is). ``baseline_kgkm``: what the road chain would have run. ``exposures``:
    the error sources of the reduction, from which the bound of many lots together follows."""

    mass_kg: int
    baseline_wtw_g: int
    actual_wtw_g: int
    expected_wtw_g: int
    credited_wtw_g: int
    baseline_ttw_co2_g: int | None
    actual_ttw_co2_g: int | None
    baseline_kgkm: int
    activity_kgkm: dict[str, int]
    energy_saved_g: int
    tier: str
    elements: tuple[ElementResult, ...]
    factor_ids: tuple[str, ...]
    exposures: tuple[Exposure, ...] = field(default=(), metadata=LATER)


@dataclass(frozen=True, slots=True)
class CalculationRun:
    """A calculation and what made it. ``run_id`` is the digest of inputs, result and versions."""

    run_id: str
    inputs: LotInputs
    inputs_sha256: str
    result: LotResult
    result_sha256: str
    factors_version: str
    network_version: str
    code_version: str
    run_at: datetime


class RunFigures(NamedTuple):
    """What statements print of a run: its amounts (see :class:`LotResult`) and what made it. A tuple, for a statement
    makes ten thousand of them."""

    run_id: str
    method: str
    factors_version: str
    network_version: str
    code_version: str
    mass_kg: int
    baseline_wtw_g: int
    actual_wtw_g: int
    expected_wtw_g: int
    credited_wtw_g: int
    energy_saved_g: int
    tier: str
    activity_kgkm: Mapping[str, int]
    waybill_version: int = 1


def figures_of(run: CalculationRun) -> RunFigures:
    """The figures of a run."""
    result = run.result
    return RunFigures(
        run.run_id,
        run.inputs.method,
        run.factors_version,
        run.network_version,
        run.code_version,
        result.mass_kg,
        result.baseline_wtw_g,
        result.actual_wtw_g,
        result.expected_wtw_g,
        result.credited_wtw_g,
        result.energy_saved_g,
        result.tier,
        result.activity_kgkm,
        run.inputs.waybill_version,
    )


def part_of(document: str | bytes) -> Part | None:
    """What a stored run adds to a whole, None where it keeps no error sources. Only that part of the text is read."""
    text = document.encode() if isinstance(document, str) else document
    # The text is canonical: a name in quotes is a field, for quotes inside a value are escaped. What is asked of it
    # stands near its end.
    end = text.rfind(b',"result_sha256":')
    split = text.rfind(b',"result":', 0, max(end, 0))
    version = text.rfind(_UNCERTAINTY, 0, split) + len(_UNCERTAINTY)
    if split < 0 or version < len(_UNCERTAINTY):
        raise ValueError("not the document of a calculation run")
    result = from_json(_KeptResult, text[split + len(b',"result":') : end])
    if not result.exposures and text.find(b'"budget":true', 0, split) < 0:
        return None
    uncertainty_version = text[version : text.index(b'"', version)].decode()
    return Part(1, result.expected_wtw_g, result.credited_wtw_g, uncertainty_version, result.exposures)


_UNCERTAINTY = b'"uncertainty_version":"'


@dataclass(frozen=True, slots=True)
class _KeptResult:
    expected_wtw_g: int
    credited_wtw_g: int
    exposures: tuple[tuple[str, str, float, float | None], ...] = ()


def inputs_of(
    waybill: Waybill,
    lot: WaybillLot,
    mass_kg: int,
    on: date,
    voyages: Voyages,
    network: Network,
    factors: FactorTable,
) -> LotInputs:
    """Collect what the calculation of a lot rests on.

    Legs by water: the voyage's fuel log where one exists (primary), else the class model at the load really on board
    (modelled). Trucks and terminals: class models. Raises FactorError, or KeyError for a class the network lacks.
    """
    classes = Classes(waybill.cargo_group, network, factors, on, {})
    baseline = tuple(classes.element(leg, mass_kg) for leg in waybill.baseline_legs)
    project = tuple(project_element(waybill, lot, leg, mass_kg, voyages, classes) for leg in lot.legs)
    return lot_inputs(waybill, lot, mass_kg, on, baseline, project)


def lot_inputs(
    waybill: Waybill,
    lot: WaybillLot,
    mass_kg: int,
    on: date,
    baseline: tuple[ElementInput, ...] = (),
    project: tuple[ElementInput, ...] = (),
) -> LotInputs:
    """The inputs of a lot by the method of today, given its elements."""
    return LotInputs(
        method=METHOD,
        boundary=BOUNDARY,
        uncertainty_version=UNCERTAINTY.version,
        waybill_number=waybill.number,
        waybill_version=waybill.version,
        lot_no=lot.lot_no,
        mass_kg=mass_kg,
        on=on,
        baseline=baseline,
        project=project,
        budget=True,
    )


def calculate(inputs: LotInputs, factors: FactorTable) -> LotResult:
    """The reduction of one lot by the method its inputs name. Raises FactorError when logged energy has no factor."""
    config = config_of(inputs.uncertainty_version)
    baseline, project = (chain_of(side, factors, inputs.on, config) for side in (inputs.baseline, inputs.project))
    reduction = shift_v1(baseline, project, inputs.boundary, config)
    water = [element.tier for element in project.elements if element.mode.value in WATER_MODES]
    tiers = water or [element.tier for element in project.elements]
    return LotResult(
        mass_kg=inputs.mass_kg,
        baseline_wtw_g=reduction.baseline_g,
        actual_wtw_g=reduction.project_g,
        expected_wtw_g=reduction.expected_g,
        credited_wtw_g=reduction.credited_g,
        baseline_ttw_co2_g=_ttw_co2_g(baseline),
        actual_ttw_co2_g=_ttw_co2_g(project),
        baseline_kgkm=baseline.activity_kgkm,
        activity_kgkm={mode.value: amount for mode, amount in project.activity_by_mode_kgkm().items()},
        energy_saved_g=baseline.coal_equivalent_g - project.coal_equivalent_g,
        tier=max(tiers, key=TIERS_BEST_FIRST.index),
        elements=tuple(
            ElementResult(item.mode, item.place, item.activity_kgkm, item.wtw_co2e.total_g, item.tier)
            for item in project.elements
        ),
        factor_ids=tuple(dict.fromkeys((*baseline.factor_ids, *project.factor_ids))),
        exposures=exposures_of(reduction, config) if inputs.budget else (),
    )


def run_of(inputs: LotInputs, result: LotResult, versions: tuple[str, str, str], run_at: datetime) -> CalculationRun:
    """The run record. ``versions``: factors, network, code."""
    inputs_sha256, result_sha256 = sha256(to_json(inputs)), sha256(to_json(result))
    run_id = sha256(to_json([inputs_sha256, result_sha256, *versions]))
    return CalculationRun(run_id, inputs, inputs_sha256, result, result_sha256, *versions, run_at)


def _ttw_co2_g(chain: Footprint) -> int | None:
    try:
        return chain.ttw_co2.total_g
    except BoundaryError:
        return None
