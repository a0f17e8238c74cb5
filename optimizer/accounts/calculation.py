"""Method ``shift-v1`` on one delivered lot: inputs, calculation, result.

The inputs are a record of their own, stored with the settlement and complete in themselves: every mass, distance,
intensity and log. :func:`calculate` is a function of them and of the factor table, so running it again gives the same
grams, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from optimizer.accounts.lot_chain import ElementInput, VoyageShare, chain_of
from optimizer.accounts.voyages import SailedLeg, Voyages
from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.chain import Footprint
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import (
    Intensity,
    Touring,
    hub_operation,
    rail_operation,
    sea_service_operation,
    truck_operation,
    vessel_operation,
)
from optimizer.emissions.portfolio import Exposure, Part, exposures_of
from optimizer.emissions.reduction import METHOD, shift_v1
from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.tour import Tour
from optimizer.emissions.uncertainty import UNCERTAINTY, config_of
from optimizer.errors import BoundaryError
from optimizer.network.model import WATER_MODES, Mode, Network
from optimizer.quantities import KG_PER_T
from optimizer.waybills.codec import LATER, from_json, sha256, to_json
from optimizer.waybills.waybill import BaselineLeg, Waybill, WaybillLeg, WaybillLot

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
    project = tuple(_project_element(waybill, lot, leg, mass_kg, voyages, classes) for leg in lot.legs)
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


class Classes:
    """Intensities of the network's classes for one cargo group on one day. ``known``: those made before with this
    network and these factors, for who asks for many lots; new ones are put there."""

    def __init__(
        self,
        cargo_group: str,
        network: Network,
        factors: FactorTable,
        on: date,
        known: MutableMapping[Any, Intensity],
    ) -> None:
        self.cargo_group, self.network, self.factors, self.on = cargo_group, network, factors, on
        self._known = known

    def element(self, leg: BaselineLeg | WaybillLeg, mass_kg: int) -> ElementInput:
        """A leg that is not a planned voyage: truck, train, sea service or hub. It hangs on mode, ends, class and
        distance of the leg alone."""
        hub = leg.mode == Mode.HUB
        return ElementInput(
            mode=Mode(leg.mode),
            route=leg.origin if hub else f"{leg.origin}>{leg.destination}",
            mass_kg=mass_kg,
            distance_km=0.0 if hub else leg.distance_km,
            distance_basis="" if hub else leg.distance_basis,
            intensity=self._once(
                (leg.mode, leg.origin, self.cargo_group, leg.vehicle_class, self.on), lambda: self._intensity(leg)
            ),
            log=None,
            gcd_km=leg.gcd_km,
        )

    def _once(self, key: tuple[Any, ...], make: Callable[[], Intensity]) -> Intensity:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = make()
        return found

    def _intensity(self, leg: BaselineLeg | WaybillLeg) -> Intensity:
        mode, network = Mode(leg.mode), self.network
        if mode is Mode.HUB:
            return hub_operation(network.terminals[(leg.origin, self.cargo_group)], self.factors, self.on)
        if mode is Mode.ROAD:
            return truck_operation(network.truck_classes[leg.vehicle_class], self.factors, self.on)
        if mode is Mode.RAIL:
            return rail_operation(self.factors, self.on)
        vessel = network.vessel_classes[leg.vehicle_class]
        load_factor, empty_share = network.value("sea_load_factor"), network.value("sea_empty_share")
        return sea_service_operation(vessel, load_factor, empty_share, self.factors, self.on)

    def voyage(
        self, leg: WaybillLeg, vehicle_class: str, load_kg: int, shared: tuple[RoundTrip | None, Tour | None]
    ) -> Intensity:
        """A planned voyage by its class model at the load on board (a load above the capacity counts as full)."""
        sails = leg.mode, leg.empty_km_share, leg.distance_km
        return self._once(
            (sails, vehicle_class, load_kg, shared, self.on), lambda: self._voyage(leg, vehicle_class, load_kg, shared)
        )

    def _voyage(
        self, leg: WaybillLeg, vehicle_class: str, load_kg: int, shared: tuple[RoundTrip | None, Tour | None]
    ) -> Intensity:
        vessel = self.network.vessel_classes[vehicle_class]
        load_t = min(load_kg / KG_PER_T, vessel.capacity_t)
        round_trip, tour = shared
        touring = Touring(tour, leg.distance_km) if tour is not None else None
        return vessel_operation(
            vessel, load_t, leg.empty_km_share, self.factors, self.on, _use(leg.mode), round_trip, touring
        )


def _project_element(
    waybill: Waybill, lot: WaybillLot, leg: WaybillLeg, mass_kg: int, voyages: Voyages, classes: Classes
) -> ElementInput:
    sailed = sailed_voyage(waybill, lot, leg, voyages)
    return classes.element(leg, mass_kg) if sailed is None else voyage_element(leg, sailed, mass_kg, voyages, classes)


def sailed_voyage(waybill: Waybill, lot: WaybillLot, leg: WaybillLeg, voyages: Voyages) -> SailedLeg | None:
    """The voyage that a leg was carried on, None for a leg of which none was planned or reported."""
    sailed = voyages.legs.get((waybill.number, lot.lot_no, leg.seq))
    return sailed if sailed is not None and sailed.voyage_id else None


def voyage_element(
    leg: WaybillLeg, sailed: SailedLeg, mass_kg: int, voyages: Voyages, classes: Classes
) -> ElementInput:
    """A leg that sailed on a planned voyage, by its log where there is one."""
    load_kg = voyages.load_kg[sailed.voyage_id]
    log = voyages.logs.get(sailed.voyage_id)
    round_trip, tour = _sharing(leg, sailed, voyages)
    share = None
    if log is not None:
        share = VoyageShare(
            voyage_id=sailed.voyage_id,
            carrier=log.carrier,
            use=_use(leg.mode),
            logged_g=log.amount_g,
            empty_fuel_ratio=0.0 if tour else leg.empty_fuel_ratio,
            own_kg=sailed.loaded_kg,
            load_kg=load_kg,
        )
    return ElementInput(
        mode=Mode(leg.mode),
        route=f"{leg.origin}>{leg.destination}",
        mass_kg=mass_kg,
        distance_km=leg.distance_km,
        distance_basis=leg.distance_basis,
        intensity=None if share else classes.voyage(leg, sailed.vehicle_class, load_kg, (round_trip, tour)),
        log=share,
        round_trip=round_trip,
        gcd_km=leg.gcd_km,
        tour=tour,
    )


def _sharing(leg: WaybillLeg, sailed: SailedLeg, voyages: Voyages) -> tuple[RoundTrip | None, Tour | None]:
    """Return cargo and tour of the voyage that the cargo really sailed on.

    Cargo that sailed on another voyage has no part in the planned one's return cargo; it bears the empties of that
    other voyage's tour as everything on board does, so that the tour's empties are borne once. A hull of another class
    is none of the plan: its empties are the class's average.
    """
    if (sailed.voyage_id, sailed.vehicle_class) == (leg.voyage_id, leg.vehicle_class):
        return leg.round_trip, leg.tour
    tour = voyages.tours.get(sailed.voyage_id)
    return None, tour if tour is not None and tour.vessel_class == sailed.vehicle_class else None


def _use(mode: str) -> str:
    return "sea" if mode == Mode.SEA else "inland_waterway"


def _ttw_co2_g(chain: Footprint) -> int | None:
    try:
        return chain.ttw_co2.total_g
    except BoundaryError:
        return None
