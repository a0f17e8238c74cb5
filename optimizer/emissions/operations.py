"""Intensities of transport and hub operations (TOC and HOC of ISO 14083), and the fuel behind them.

Everything here is a float per unit: rounding happens once, when a chain element is made (``chain``). ``ttw_kg`` and
``wtt_kg`` are kg CO2e of the WTW CO2e boundary, ``ttw_co2_kg`` is kg CO2 of the TTW CO2 boundary; they are never added.
Calls are cheap: energy factors are looked up once per table, carrier, use and day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.factor import Factor, Match
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.tour import Tour
from optimizer.emissions.uncertainty import ErrorKind, ErrorSource
from optimizer.errors import FactorError, Message
from optimizer.network.model import Mode, Terminal, TruckClass, VesselClass
from optimizer.quantities import G_PER_KG

ELECTRIC = "Electric"
COMBUSTION = "combustion"
"""What the error of a fuel's carbon is keyed by, before the fuel."""


@dataclass(frozen=True, slots=True)
class EnergyRates:
    """Emissions of one kg of a fuel (one kWh of electricity) in one use, with the factors they come from."""

    carrier: str
    use: str
    ttw_kg: float
    wtt_kg: float
    ttw_co2_kg: float
    kgce: float
    factor_ids: tuple[str, ...]
    errors: tuple[ErrorSource, ...]
    how: Message


@dataclass(frozen=True, slots=True)
class EnergyEmissions:
    """Emissions of an amount of energy: kg CO2e (``ttw_kg``, ``wtt_kg``), kg CO2 (``ttw_co2_kg``), kg coal
    equivalent."""

    ttw_kg: float
    wtt_kg: float
    ttw_co2_kg: float
    kgce: float
    factor_ids: tuple[str, ...]

    @property
    def wtw_kg(self) -> float:
        """Operation and provision together, kg CO2e."""
        return self.ttw_kg + self.wtt_kg


@dataclass(frozen=True, slots=True)
class Intensity:
    """Emissions per ``unit`` (tkm of a transport operation, t of a hub operation).

    ``ttw_co2_kg`` is None where no CO2 row exists: the TTW CO2 boundary is then closed to the element. ``tier``:
    primary | modelled | default | assumed. ``errors`` lists what may be wrong and what is shared with other elements;
    ``how`` says in a sentence where the number comes from.
    """

    unit: str
    ttw_kg: float
    wtt_kg: float
    ttw_co2_kg: float | None
    kgce_per_unit: float
    tier: str
    factor_ids: tuple[str, ...]
    errors: tuple[ErrorSource, ...]
    how: Message

    @property
    def wtw_kg(self) -> float:
        """Operation and provision together, kg CO2e per unit."""
        return self.ttw_kg + self.wtt_kg


@dataclass(frozen=True, slots=True)
class Touring:
    """The tour of a voyage of ``distance_km``."""

    tour: Tour
    distance_km: float

    @property
    def fuel_kg_per_km(self) -> float:
        """Fuel of empty running that each loaded km bears."""
        return self.tour.borne_fuel_g / G_PER_KG / self.distance_km


@lru_cache(maxsize=512)
def energy_rates(carrier: str, use: str, factors: FactorTable, on: date) -> EnergyRates:
    """Rates of a carrier in a use (road | inland_waterway | sea | rail | hub) on a day, in both boundaries.

    The errors of combustion and of provision are keyed by carrier: everything that burns the same fuel shares them, in
    the baseline as in the project. Raises FactorError where a boundary or the coal equivalent is missing: half an
    answer is no answer.
    """
    wtw = factors.energy(carrier, use, on, Boundary.WTW_CO2E)
    co2 = factors.energy(carrier, use, on, Boundary.TTW_CO2)
    coal = factors.coal_equivalent(carrier, on)
    ttw_kg, wtt_kg = wtw.factor.ttw_kg or 0.0, wtw.factor.wtt_kg or 0.0
    co2_kg = co2.factor.ttw_kg or 0.0
    errors = _energy_errors(carrier, use, wtw.factor, co2.factor) if ttw_kg + wtt_kg else ()
    return EnergyRates(
        carrier,
        use,
        ttw_kg,
        wtt_kg,
        co2_kg,
        coal.kgce or 0.0,
        _ids(wtw.factor, co2.factor, coal),
        errors,
        wtw.how,
    )


def _energy_errors(carrier: str, use: str, wtw: Factor, co2: Factor) -> tuple[ErrorSource, ...]:
    """Carbon of the fuel, the other gases of the engine, and provision: three errors with their shares of the WTW."""
    ttw_kg, wtt_kg, co2_kg = wtw.ttw_kg or 0.0, wtw.wtt_kg or 0.0, co2.ttw_kg or 0.0
    whole = ttw_kg + wtt_kg
    kind = ErrorKind.ENERGY_FACTOR
    return (
        ErrorSource(f"{COMBUSTION}:{carrier}", kind, co2.uncertainty_rel, co2_kg / whole),
        ErrorSource(f"other_gases:{carrier}:{use}", ErrorKind.OTHER_GASES, None, (ttw_kg - co2_kg) / whole, 0.0),
        ErrorSource(f"provision:{carrier}", kind, wtw.uncertainty_rel, wtt_kg / whole, 0.0),
    )


def fuel_emissions(carrier: str, use: str, amount_kg: float, factors: FactorTable, on: date) -> EnergyEmissions:
    """Emissions of ``amount_kg`` of fuel burnt in a use. For ``Electric`` the amount is kWh. Raises FactorError."""
    rates = energy_rates(carrier, use, factors, on)
    return EnergyEmissions(
        amount_kg * rates.ttw_kg,
        amount_kg * rates.wtt_kg,
        amount_kg * rates.ttw_co2_kg,
        amount_kg * rates.kgce,
        rates.factor_ids,
    )


def truck_operation(truck: TruckClass, factors: FactorTable, on: date) -> Intensity:
    """Per tkm of a full truck of the class, empty running included:
    (fuel_loaded + fuel_empty x e / (1 - e)) / payload, e = empty km over all km.

    Raises FactorError for a class without a fuel model (an electric truck whose kWh per km nobody has entered).
    """
    _require_fuel(truck.truck_class, truck.fuel_loaded_kg_per_km)
    fuel = truck.fuel_loaded_kg_per_km + truck.fuel_empty_kg_per_km * _empty_per_loaded(truck.empty_share)
    rates = energy_rates(truck.energy_carrier, "road", factors, on)
    how = Message(
        f"车型 {truck.truck_class} 满载油耗模型，空驶率 {truck.empty_share:.1%}。",
        f"fuel model of truck class {truck.truck_class}, full loads, {truck.empty_share:.1%} of km empty",
    )
    return _modelled(rates, fuel / truck.payload_t, f"fuel_model:{truck.truck_class}", how)


def vessel_fuel_kg(vessel: VesselClass, distance_km: float, load_t: float) -> float:
    """Fuel of one passage in kg: linear in the load between empty and full, times the distance.

    Raises ValueError for a negative load or one above the capacity.
    """
    if not 0.0 <= load_t <= vessel.capacity_t * (1 + 1e-9):
        raise ValueError(f"load {load_t} t outside 0..{vessel.capacity_t} t of {vessel.vessel_class}")
    empty = vessel.fuel_empty_kg_per_km
    return distance_km * (empty + (vessel.fuel_loaded_kg_per_km - empty) * load_t / vessel.capacity_t)


class Running(NamedTuple):
    """Of a vessel under way with cargo: its energy, kg (kWh) per tkm, and the part of it that is empty running told
    apart, as a tour's."""

    energy_per_tkm: float
    empties: float


def vessel_running(
    vessel: VesselClass,
    load_t: float,
    empty_share: float,
    round_trip: RoundTrip | None = None,
    touring: Touring | None = None,
) -> Running:
    """As :func:`vessel_operation` has it, which says what is raised."""
    _require_fuel(vessel.vessel_class, vessel.fuel_loaded_kg_per_km)
    if load_t <= 0:
        raise ValueError("a transport operation needs a load above zero")
    loaded = vessel_fuel_kg(vessel, 1.0, load_t)
    if round_trip is not None:
        loaded *= float(round_trip.factor)
    average = vessel.fuel_empty_kg_per_km * _empty_per_loaded(empty_share)
    empty = average if touring is None else touring.fuel_kg_per_km
    fuel = loaded + empty
    return Running(fuel / load_t, empty / fuel if touring is not None else 0.0)


def load_words(load_t: float) -> Message:
    """How the sentence about a fuel model says the load."""
    return Message(f"载货 {load_t:g} 吨", f"with {load_t:g} t on board")


def vessel_operation(
    vessel: VesselClass,
    load_t: float,
    empty_share: float,
    factors: FactorTable,
    on: date,
    use: str = "inland_waterway",
    round_trip: RoundTrip | None = None,
    touring: Touring | None = None,
) -> Intensity:
    """Per tkm of a vessel carrying ``load_t``: (fuel(load) + fuel_empty x e / (1 - e)) / load, e = empty km over all
    km; fuel(load) times the factor of its ``round_trip`` where it is loaded both ways. ``touring``: what the voyage
    bears of the empties of its tour, instead of ``empty_share``. ``use`` is inland_waterway or sea.
    Raises FactorError for a class without a fuel model, ValueError for a load that is not above zero or exceeds the
    capacity."""
    made = vessel_running(vessel, load_t, empty_share, round_trip, touring)
    rates = energy_rates(vessel.energy_carrier, use, factors, on)
    running = Message(f"，空驶率 {empty_share:.1%}", f", {empty_share:.1%} of km empty")
    if touring is not None:
        running = Message("", "")
    load = load_words(load_t)
    how = Message(
        f"船型 {vessel.vessel_class} 油耗模型，{load.zh}{running.zh}。",
        f"fuel model of vessel class {vessel.vessel_class} {load.en}{running.en}",
    )
    for sharing in (round_trip, touring.tour if touring else None):
        if sharing is not None:
            words = sharing.words
            how = Message(how.zh + words.zh, f"{how.en}; {words.en}")
    key = fuel_model_key(vessel.vessel_class)
    return _modelled(rates, made.energy_per_tkm, key, how, made.empties)


def fuel_model_key(vessel_class: str) -> str:
    """The name under which everything that a class's fuel model reckons shares one error."""
    return f"fuel_model:{vessel_class}"


def sea_service_operation(
    vessel: VesselClass, load_factor: float, empty_share: float, factors: FactorTable, on: date
) -> Intensity:
    """Per tkm of a service at sea: :func:`vessel_operation` at capacity x load factor, with the same errors raised."""
    return vessel_operation(vessel, vessel.capacity_t * load_factor, empty_share, factors, on, use="sea")


def hub_operation(terminal: Terminal, factors: FactorTable, on: date) -> Intensity:
    """Per tonne of one operation at a terminal (ship to yard or yard to ship): diesel and electricity of its machines.

    The width of the assumed energy per tonne is one error for all terminals, because one judgement set them all.
    Raises FactorError when a carrier in use has no factor.
    """
    ttw = wtt = ttw_co2 = kgce = 0.0
    ids: list[str] = []
    parts: list[tuple[EnergyRates, float]] = []
    for carrier, amount in (("Diesel", terminal.diesel_kg_per_t), (ELECTRIC, terminal.electricity_kwh_per_t)):
        if amount > 0:
            rates = energy_rates(carrier, "hub", factors, on)
            parts.append((rates, amount))
            ttw += amount * rates.ttw_kg
            wtt += amount * rates.wtt_kg
            ttw_co2 += amount * rates.ttw_co2_kg
            kgce += amount * rates.kgce
            ids.extend(rates.factor_ids)
    errors = (ErrorSource("hub_energy", ErrorKind.HUB_ENERGY), *_weighted_errors(parts, ttw + wtt, ttw_co2))
    how = Message(
        f"{terminal.location_id} 码头每吨装卸耗柴油 {terminal.diesel_kg_per_t:g} 千克、"
        f"电 {terminal.electricity_kwh_per_t:g} 千瓦时。",
        f"terminal {terminal.location_id}: {terminal.diesel_kg_per_t:g} kg diesel and"
        f" {terminal.electricity_kwh_per_t:g} kWh per tonne handled",
    )
    return Intensity("t", ttw, wtt, ttw_co2, kgce, "assumed", tuple(dict.fromkeys(ids)), errors, how)


def rail_operation(factors: FactorTable, on: date) -> Intensity:
    """Per tkm of a freight train: the default factor of the mode in each boundary. Raises FactorError."""
    return default_operation(Mode.RAIL, None, factors, on)


def default_operation(mode: Mode, size_t: float | None, factors: FactorTable, on: date) -> Intensity:
    """Per tkm of a mode by its class average (lowest tier). ``size_t`` as in ``FactorTable.transport_default``.

    The TTW CO2 value is None when no CO2 row exists. Raises FactorError when the WTW CO2e boundary has no row. Where
    the row states no coal equivalent, the energy is taken to be the diesel that would emit its TTW value.
    """
    wtw = factors.transport_default(mode, size_t, on, Boundary.WTW_CO2E)
    co2 = _co2_default(mode, size_t, factors, on)
    ttw_kg, wtt_kg = wtw.factor.ttw_kg or 0.0, wtw.factor.wtt_kg or 0.0
    kgce = wtw.factor.kgce
    if kgce is None:
        diesel = energy_rates("Diesel", "road", factors, on)
        kgce = ttw_kg / diesel.ttw_kg * diesel.kgce
    kind = ErrorKind[f"DEFAULT_{mode.name}"]
    ids = _ids(wtw.factor, *([co2.factor] if co2 else []))
    error = ErrorSource(f"factor:{wtw.factor.factor_id}", kind, wtw.factor.uncertainty_rel)
    how = Message(
        f"默认因子 {wtw.factor.factor_id}：{wtw.how.zh}", f"default factor {wtw.factor.factor_id}: {wtw.how.en}"
    )
    return Intensity("tkm", ttw_kg, wtt_kg, co2.factor.ttw_kg if co2 else None, kgce, "default", ids, (error,), how)


def _co2_default(mode: Mode, size_t: float | None, factors: FactorTable, on: date) -> Match | None:
    try:
        return factors.transport_default(mode, size_t, on, Boundary.TTW_CO2)
    except FactorError:
        return None


def _modelled(rates: EnergyRates, energy_per_tkm: float, key: str, how: Message, empties: float = 0.0) -> Intensity:
    """``empties``: the part of the energy that is empty running told apart; the model's error is one and the same."""
    model: tuple[ErrorSource, ...] = (ErrorSource(key, ErrorKind.FUEL_MODEL),)
    if empties:
        model = (
            ErrorSource(key, ErrorKind.FUEL_MODEL, None, 1 - empties, 1 - empties),
            ErrorSource(key, ErrorKind.EMPTY_RUNNING, None, empties, empties),
        )
    return Intensity(
        "tkm",
        energy_per_tkm * rates.ttw_kg,
        energy_per_tkm * rates.wtt_kg,
        energy_per_tkm * rates.ttw_co2_kg,
        energy_per_tkm * rates.kgce,
        "modelled",
        rates.factor_ids,
        (*model, *rates.errors),
        Message(f"{how.zh}{rates.how.zh}", f"{how.en}; {rates.how.en}"),
    )


def _weighted_errors(parts: Sequence[tuple[EnergyRates, float]], wtw_kg: float, ttw_co2_kg: float) -> list[ErrorSource]:
    """The energy factors' errors with their shares of an operation that draws on several carriers."""
    errors = []
    for rates, amount in parts:
        wtw_weight = amount * (rates.ttw_kg + rates.wtt_kg) / wtw_kg if wtw_kg else 0.0
        co2_weight = amount * rates.ttw_co2_kg / ttw_co2_kg if ttw_co2_kg else 0.0
        errors += [
            ErrorSource(e.key, e.kind, e.rel, e.wtw_share * wtw_weight, e.ttw_co2_share * co2_weight)
            for e in rates.errors
        ]
    return errors


def _ids(*factors: Factor) -> tuple[str, ...]:
    return tuple(dict.fromkeys(factor.factor_id for factor in factors))


def _empty_per_loaded(empty_share: float) -> float:
    """Empty km per loaded km from the share of empty km in all km."""
    if not 0.0 <= empty_share < 1.0:
        raise ValueError(f"empty share {empty_share} outside 0..1")
    return empty_share / (1.0 - empty_share)


def _require_fuel(name: str, fuel_kg_per_km: float) -> None:
    # A zero would be read as "emits nothing"; it means "nobody has entered the consumption".
    if fuel_kg_per_km <= 0:
        raise FactorError(
            Message(
                f"{name} 没有能耗数据，无法核算；请填写每公里能耗。",
                f"{name} has no energy consumption per km, so it cannot be computed; enter it in its class table.",
            )
        )
