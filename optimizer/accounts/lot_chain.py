"""The chain of one side of a lot, baseline or project, from its stored inputs.

An input is complete in itself, so the elements made from it are the same whenever they are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from optimizer.emissions.chain import Element, Footprint, HubElement, LoggedEnergy, TransportElement, footprint
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import Intensity, fuel_model_key
from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.tour import Tour
from optimizer.emissions.uncertainty import UNCERTAINTY, UncertaintyConfig
from optimizer.errors import Message
from optimizer.network.model import Mode
from optimizer.quantities import G_PER_KG
from optimizer.waybills.codec import LATER


@dataclass(frozen=True, slots=True)
class VoyageShare:
    """Logged energy of a voyage and this lot's part in it: ``own_kg`` of ``load_kg`` on board (all lots of a voyage go
    the same distance, so masses share as tkm do). ``empty_fuel_ratio``: fuel of empty voyages per fuel of loaded ones,
    of the class, in the plan; it is added to the log (0 where the element has a tour, whose empties are added instead).
    Electric: ``logged_g`` is Wh."""

    voyage_id: str
    carrier: str
    use: str
    logged_g: int
    empty_fuel_ratio: float
    own_kg: int
    load_kg: int


@dataclass(frozen=True, slots=True)
class ElementInput:
    """One element of a chain: a leg (``route`` is ``from>to``) or a hub (``route`` is the place, distance 0). Exactly
    one of ``intensity`` and ``log`` is given. ``round_trip``: return cargo that shares the voyage; an intensity holds
    its factor already, a log is multiplied by it. ``tour``: the empties that the voyage bears; an intensity holds them
    already, to a log they are added. ``gcd_km``: the great circle that an estimated distance rests on."""

    mode: Mode
    route: str
    mass_kg: int
    distance_km: float
    distance_basis: str
    intensity: Intensity | None
    log: VoyageShare | None
    round_trip: RoundTrip | None = field(default=None, metadata=LATER)
    gcd_km: float = field(default=0.0, metadata=LATER)
    tour: Tour | None = field(default=None, metadata=LATER)

    @property
    def estimated(self) -> bool:
        """Whether the distance is a great circle times a detour factor."""
        return self.gcd_km > 0


def chain_of(
    inputs: Sequence[ElementInput], factors: FactorTable, on: date, config: UncertaintyConfig = UNCERTAINTY
) -> Footprint:
    """The footprint of one side of a lot (baseline or project) from its stored inputs. Raises FactorError."""
    return footprint([_element(item) for item in inputs], factors, on, config)


def logged_kg(log: VoyageShare, round_trip: RoundTrip | None, tour: Tour | None) -> tuple[float, float]:
    """Energy that the cargo of a logged voyage bears, kg (kWh), and the part of it that is the empties of its tour."""
    amount_kg = log.logged_g / G_PER_KG * (1 + log.empty_fuel_ratio)
    if round_trip is not None:
        # The factor may exceed one, a share may not: it scales the amount that is shared out.
        amount_kg *= float(round_trip.factor)
    empties_kg = tour.borne_fuel_g / G_PER_KG if tour is not None else 0.0
    return amount_kg + empties_kg, empties_kg


def _element(item: ElementInput) -> Element:
    energy: Intensity | LoggedEnergy
    if item.log is not None:
        energy = _logged(item.log, item.round_trip, item.tour)
    elif item.intensity is not None:
        energy = item.intensity
    else:
        raise ValueError(f"{item.route} has neither an intensity nor a log")
    if item.mode is Mode.HUB:
        return HubElement(item.mass_kg, item.route, energy)
    return TransportElement(
        item.mode, item.mass_kg, item.distance_km, item.distance_basis, item.route, energy, item.estimated
    )


def _logged(log: VoyageShare, round_trip: RoundTrip | None, tour: Tour | None) -> LoggedEnergy:
    amount_kg, empties_kg = logged_kg(log, round_trip, tour)
    said = [sharing.words for sharing in (round_trip, tour) if sharing is not None]
    note = Message("".join(one.zh for one in said), "; ".join(one.en for one in said)) if said else None
    share = Fraction(log.own_kg, log.load_kg)
    model = fuel_model_key(tour.vessel_class) if tour is not None else ""
    return LoggedEnergy(log.carrier, log.use, amount_kg, share, log.voyage_id, note, empties_kg, model)
