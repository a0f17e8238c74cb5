"""Transport chains: elements (ISO 14083 TCE) to a footprint in integer grams, both boundaries side by side.

An element is a transport leg or a hub operation. Its emissions come from an intensity (kg per tkm or per tonne) or from
energy that was logged for the voyage or machine and is shared out. Rounding happens here and nowhere else, once per
element and part; every total is a sum of integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import chain

from optimizer.emissions.boundaries import Boundary, TtwCo2, WtwCo2e
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import Intensity, energy_rates
from optimizer.emissions.uncertainty import UNCERTAINTY, ErrorKind, ErrorSource, UncertaintyConfig
from optimizer.errors import BoundaryError, Message
from optimizer.network.model import Mode
from optimizer.quantities import G_PER_KG, to_integer

DISTANCE_BASES = ("actual", "sfd", "gcd")


@dataclass(frozen=True, slots=True)
class LoggedEnergy:
    """Energy measured for a whole voyage, truck trip or machine, and the share of it that one element bears.

    ``amount_kg`` (kWh for Electric) includes the empty running that belongs to the operation; ``use`` as in
    ``operations.energy_rates``. ``log_id`` names the log: all elements that share it share its error. ``note``: what
    else is in the amount, for the sentence that documents print. ``empties_kg``: the part of the amount that was not
    logged but reckoned by the model ``empties_model`` (empty running), which is as uncertain as that model.
    """

    carrier: str
    use: str
    amount_kg: float
    share: Fraction
    log_id: str
    note: Message | None = None
    empties_kg: float = 0.0
    empties_model: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"share {self.share} outside (0, 1]")
        if not (math.isfinite(self.amount_kg) and self.amount_kg >= 0):
            raise ValueError(f"not an amount of energy: {self.amount_kg}")
        if not 0 <= self.empties_kg <= self.amount_kg:
            raise ValueError(f"empties {self.empties_kg} outside 0..{self.amount_kg}")

    @property
    def errors(self) -> tuple[ErrorSource, ...]:
        """The log's error, and the model's where a part of the amount is reckoned."""
        if not self.empties_kg:
            return (ErrorSource(f"logged:{self.log_id}", ErrorKind.LOGGED_ENERGY),)
        empties = self.empties_kg / self.amount_kg
        return (
            ErrorSource(f"logged:{self.log_id}", ErrorKind.LOGGED_ENERGY, None, 1 - empties, 1 - empties),
            ErrorSource(self.empties_model, ErrorKind.EMPTY_RUNNING, None, empties, empties),
        )


@dataclass(frozen=True, slots=True)
class TransportElement:
    """One leg. ``distance_basis``: actual | sfd | gcd. ``route`` names where the distance was measured (``QJ>ZP``):
    elements with the same mode and route share its error. ``estimated``: a great circle times a detour factor."""

    mode: Mode
    mass_kg: int
    distance_km: float
    distance_basis: str
    route: str
    energy: Intensity | LoggedEnergy
    estimated: bool = False

    def __post_init__(self) -> None:
        _check(self.mass_kg, self.energy, "tkm")
        if self.mode is Mode.HUB:
            raise ValueError("a hub operation is a HubElement")
        if not (math.isfinite(self.distance_km) and self.distance_km >= 0):
            raise ValueError(f"not a distance: {self.distance_km}")
        if self.distance_basis not in DISTANCE_BASES:
            raise ValueError(f"distance basis {self.distance_basis!r} is none of {DISTANCE_BASES}")


@dataclass(frozen=True, slots=True)
class HubElement:
    """One operation (ship to yard, yard to ship, yard to truck) at a place."""

    mass_kg: int
    place: str
    energy: Intensity | LoggedEnergy

    def __post_init__(self) -> None:
        _check(self.mass_kg, self.energy, "t")


Element = TransportElement | HubElement


def _check(mass_kg: int, energy: Intensity | LoggedEnergy, unit: str) -> None:
    if mass_kg <= 0:
        raise ValueError(f"not a mass: {mass_kg} kg")
    if isinstance(energy, Intensity) and energy.unit != unit:
        raise ValueError(f"an intensity per {energy.unit} where one per {unit} belongs")


@dataclass(frozen=True, slots=True)
class ElementFootprint:
    """What one element emitted. ``ttw_co2`` is None where no CO2 factor exists. ``errors`` carry the element's error
    sources; their shares are of this element's grams. ``place`` is the route of a leg or the place of a hub."""

    mode: Mode
    place: str
    mass_kg: int
    distance_km: float
    distance_basis: str
    activity_kgkm: int
    wtw_co2e: WtwCo2e
    ttw_co2: TtwCo2 | None
    coal_equivalent_g: int
    tier: str
    factor_ids: tuple[str, ...]
    errors: tuple[ErrorSource, ...] = field(repr=False)
    how: Message

    def total_g(self, boundary: Boundary) -> int:
        """Grams inside a boundary. Raises BoundaryError where the element has none in it."""
        if boundary is Boundary.WTW_CO2E:
            return self.wtw_co2e.total_g
        if self.ttw_co2 is None:
            raise _boundary_closed(self.place, self.mode)
        return self.ttw_co2.total_g


@dataclass(frozen=True, slots=True)
class Footprint:
    """A chain's elements in order; every total is the exact sum over them."""

    elements: tuple[ElementFootprint, ...]

    @property
    def wtw_co2e(self) -> WtwCo2e:
        """Grams CO2e of the WTW boundary."""
        return sum((element.wtw_co2e for element in self.elements), start=WtwCo2e(0, 0))

    @property
    def ttw_co2(self) -> TtwCo2:
        """Grams CO2 of the TTW boundary. Raises BoundaryError when an element has no CO2 factor."""
        return TtwCo2(sum(element.total_g(Boundary.TTW_CO2) for element in self.elements))

    def total_g(self, boundary: Boundary) -> int:
        """Grams inside one boundary; raises as :attr:`ttw_co2`."""
        return self.wtw_co2e.total_g if boundary is Boundary.WTW_CO2E else self.ttw_co2.total_g

    @property
    def co2e_ttw_g(self) -> int:
        """Operation, g CO2e."""
        return self.wtw_co2e.ttw_g

    @property
    def co2e_wtw_g(self) -> int:
        """Operation and provision, g CO2e."""
        return self.wtw_co2e.total_g

    @property
    def coal_equivalent_g(self) -> int:
        """Energy, g of coal equivalent (GB/T 2589)."""
        return sum(element.coal_equivalent_g for element in self.elements)

    @property
    def activity_kgkm(self) -> int:
        """Transport activity of all legs, kg·km; hubs have none."""
        return sum(element.activity_kgkm for element in self.elements)

    def activity_by_mode_kgkm(self) -> dict[Mode, int]:
        """Transport activity of each mode that appears, kg·km, in the order of ``Mode``."""
        legs = [element for element in self.elements if element.mode is not Mode.HUB]
        return {
            mode: sum(element.activity_kgkm for element in legs if element.mode is mode)
            for mode in Mode
            if any(element.mode is mode for element in legs)
        }

    @property
    def factor_ids(self) -> tuple[str, ...]:
        """All factors used, each once, in order of appearance."""
        return tuple(dict.fromkeys(chain.from_iterable(element.factor_ids for element in self.elements)))


def activity_kgkm(mass_kg: int, distance_km: float) -> int:
    """Transport activity in whole kg·km: mass x distance (ISO 14083; iLEAP transportActivity is this over 1000)."""
    return to_integer(Fraction(distance_km) * mass_kg)


def footprint(
    elements: Sequence[Element], factors: FactorTable, on: date, config: UncertaintyConfig = UNCERTAINTY
) -> Footprint:
    """The footprint of a chain whose operation took place on a day. ``config``: which errors its distances have.

    Raises FactorError when logged energy has no factor, ValueError when the chain is empty.
    """
    if not elements:
        raise ValueError("a chain has at least one element")
    return Footprint(tuple(element_footprint(element, factors, on, config) for element in elements))


def element_footprint(
    element: Element, factors: FactorTable, on: date, config: UncertaintyConfig = UNCERTAINTY
) -> ElementFootprint:
    """One element's grams. Legs: kg·km x kg/tkm = g. Hubs: t x kg/t x 1000. Logs: kg fuel x share x kg/kg x 1000."""
    leg = element if isinstance(element, TransportElement) else None
    distance_km = leg.distance_km if leg else 0.0
    if isinstance(element.energy, Intensity):
        # kg·km x kg/tkm and kg x kg/t both come out in grams.
        amount = element.mass_kg * distance_km if leg else float(element.mass_kg)
        grams, source = _by_intensity(element.energy, amount), element.energy
        errors = source.errors + (_distance_errors(leg, config) if leg else ())
    else:
        grams, source = _by_log(element.energy, factors, on)
        errors = source.errors
    wtw_co2e, ttw_co2, coal_equivalent_g = grams
    return ElementFootprint(
        mode=leg.mode if leg else Mode.HUB,
        place=element.route if isinstance(element, TransportElement) else element.place,
        mass_kg=element.mass_kg,
        distance_km=distance_km,
        distance_basis=leg.distance_basis if leg else "",
        activity_kgkm=activity_kgkm(element.mass_kg, distance_km),
        wtw_co2e=wtw_co2e,
        ttw_co2=ttw_co2,
        coal_equivalent_g=coal_equivalent_g,
        tier=source.tier,
        factor_ids=source.factor_ids,
        errors=errors,
        how=source.how,
    )


_Grams = tuple[WtwCo2e, TtwCo2 | None, int]


def _by_intensity(intensity: Intensity, amount: float) -> _Grams:
    co2 = None if intensity.ttw_co2_kg is None else TtwCo2(to_integer(amount * intensity.ttw_co2_kg))
    wtw = WtwCo2e(to_integer(amount * intensity.ttw_kg), to_integer(amount * intensity.wtt_kg))
    return wtw, co2, to_integer(amount * intensity.kgce_per_unit)


def _by_log(log: LoggedEnergy, factors: FactorTable, on: date) -> tuple[_Grams, Intensity]:
    """Grams of a share of logged energy, and the operation it stands for (tier, ids, errors) per kg of energy."""
    rates = energy_rates(log.carrier, log.use, factors, on)
    energy_g = Fraction(log.amount_kg) * log.share * G_PER_KG
    wtw = WtwCo2e(to_integer(energy_g * Fraction(rates.ttw_kg)), to_integer(energy_g * Fraction(rates.wtt_kg)))
    grams = wtw, TtwCo2(to_integer(energy_g * Fraction(rates.ttw_co2_kg))), to_integer(energy_g * Fraction(rates.kgce))
    unit = "千瓦时" if log.carrier == "Electric" else "千克"
    unit_en = "kWh" if log.carrier == "Electric" else "kg"
    how = Message(
        f"记录 {log.log_id}：{log.carrier} {log.amount_kg:g} {unit}，分摊 {float(log.share):.2%}。{rates.how.zh}",
        f"log {log.log_id}: {log.amount_kg:g} {unit_en} of {log.carrier}, share {float(log.share):.2%}; {rates.how.en}",
    )
    if log.note is not None:
        how = Message(how.zh + log.note.zh, f"{how.en}; {log.note.en}")
    errors = (*log.errors, *rates.errors)
    operation = Intensity(
        unit_en, rates.ttw_kg, rates.wtt_kg, rates.ttw_co2_kg, rates.kgce, "primary", rates.factor_ids, errors, how
    )
    return grams, operation


def _distance_errors(leg: TransportElement, config: UncertaintyConfig) -> tuple[ErrorSource, ...]:
    """Distance matters where an intensity is multiplied by it; in a log it is already burnt. One detour factor stands
    behind all estimated distances of a mode."""
    shared, own = f"detour:{leg.mode}", f"distance:{leg.mode}:{leg.route}"
    kinds = config.distance_kinds(leg.distance_basis, leg.estimated)
    return tuple(ErrorSource(shared if kind is ErrorKind.DETOUR_FACTOR else own, kind) for kind in kinds)


def _boundary_closed(place: str, mode: Mode) -> BoundaryError:
    return BoundaryError(
        Message(
            f"{place}（{mode}）没有只含二氧化碳的运行因子，不能在 TTW CO2 边界内核算；请改用 WTW CO2e 边界。",
            f"{place} ({mode}) has no CO2-only factor of the operation, so the TTW CO2 boundary is closed to it; "
            "use the WTW CO2e boundary.",
        )
    )
