"""One emission factor as a record, and what a lookup answers.

A row's values are kilograms per ``unit`` (tkm, kg, l, kWh, t). ``gas_basis`` and ``boundary`` decide where it may be
used: the WTW CO2e boundary takes CO2e rows that state WTT and TTW apart, the TTW CO2 boundary takes CO2 rows of the
operation. Rows whose ``use`` is ``reference`` are kept for citation and comparison; no lookup picks them by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from optimizer.emissions.boundaries import Boundary
from optimizer.errors import Message
from optimizer.network.model import Provenance

REFERENCE = "reference"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Factor:
    """One version of one factor. Values are kg per ``unit``, None where the source gives none. ``kgce`` is the coal
    equivalent in kg per unit. Sizes are tonnes: deadweight of a vessel, gross mass of a truck; the class is
    ``size_min_t <= size < size_max_t``. ``valid_to`` is the last day, None until replaced. ``uncertainty_rel`` is the
    half-width of a 95 % interval. ``distance_basis`` of an intensity: actual | sfd | gcd, the distance its tkm count
    (sfd or gcd: the distance adjustment is inside), empty where the source does not say."""

    factor_id: str
    version: str
    mode: str
    energy_carrier: str
    uses: tuple[str, ...]
    description: Message
    unit: str
    wtt_kg: float | None
    ttw_kg: float | None
    wtw_kg: float | None
    kgce: float | None
    gas_basis: str
    gwp_set: str
    boundary: str
    region: str
    size_min_t: float | None
    size_max_t: float | None
    valid_from: date
    valid_to: date | None
    page: str
    licence: str
    uncertainty_rel: float | None
    provenance: Provenance
    distance_basis: str = ""

    def valid_on(self, on: date) -> bool:
        """Whether the factor may be used for an operation of that day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def serves(self, boundary: Boundary) -> bool:
        """Whether the row states what that boundary needs, on that boundary's gas basis."""
        if boundary is Boundary.WTW_CO2E:
            complete = self.wtt_kg is not None and self.ttw_kg is not None
            return self.gas_basis == "CO2e" and self.boundary == "wtw" and complete
        return self.gas_basis == "CO2" and self.boundary == "ttw" and self.ttw_kg is not None

    def contains_size(self, size_t: float) -> bool:
        """Whether a vehicle of that size belongs to the row's class."""
        above = self.size_min_t is None or size_t >= self.size_min_t
        return above and (self.size_max_t is None or size_t < self.size_max_t)


@dataclass(frozen=True, slots=True)
class Match:
    """A factor and how it was found. ``code``: exact | unsized | nearest_smaller | nearest_larger | wider_region |
    other_region; ``how`` says it in a sentence that documents print."""

    factor: Factor
    code: str
    how: Message
