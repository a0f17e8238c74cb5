"""Method ``shift-v1``: what a shift from road to other modes saved, and how much of it is credited.

    baseline  BE  the road chain that would have run
    project   PE  water, rail and drayage legs with their empties, and all hub operations
    reduction RE = BE - PE, inside one boundary; may be negative

in the spirit of CDM methodology AM0090 (modal shift in cargo transport); a vessel loaded both ways shares its round
trip by tonnes (``round_trip``), and what it sails empty is borne by the cargo of its tour by tkm (``tour``). Credited
is the lower end of the one-sided 90 % interval of RE, rounded down to whole grams and never below zero; the expected
value is kept beside it, negative or not.

How the interval is made. Each error source (see ``uncertainty``) scales some part of the chain. All grams that move
with one source are added with their sign, baseline plus, project minus: an error that baseline and project share, such
as the carbon in diesel, acts on the difference only, and one that two legs or two lots share adds up instead of
averaging away. Different sources are independent and combine as the root of the sum of squares of their shifts at the
90 % point, each taken on the side that lowers RE (a lognormal error reaches farther up than down). Mass is one source:
baseline and project carry the same weighed cargo, so its error acts on RE itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from optimizer.emissions.boundaries import Boundary, refuse_mixing
from optimizer.emissions.chain import Footprint
from optimizer.emissions.uncertainty import UNCERTAINTY, ErrorKind, ErrorSource, Spread, UncertaintyConfig

METHOD = "shift-v1"

WEIGHED_MASS = ErrorSource("weighed_mass", ErrorKind.WEIGHED_MASS)
"""One key for all lots: they pass the same kind of scale, and its calibration does not average away."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """One error source in a reduction: ``exposed_g`` is the signed amount of RE that scales with it (baseline plus,
    project minus)."""

    key: str
    kind: ErrorKind
    exposed_g: float
    spread: Spread

    @property
    def standard_g(self) -> float:
        """Standard uncertainty it causes, g."""
        return abs(self.exposed_g) * self.spread.standard_rel

    @property
    def shortfall_g(self) -> float:
        """How far it lowers RE at its one-sided 90 % point, g: a smaller baseline or a larger project."""
        return abs(self.exposed_g) * self.spread.shift_rel(upward=self.exposed_g < 0)


@dataclass(frozen=True, slots=True)
class Reduction:
    """The result for a lot, or for several together. All grams inside ``boundary``.

    ``expected_g`` = baseline - project. ``standard_g`` is the combined standard uncertainty, ``lower_g`` the one-sided
    90 % bound, ``credited_g`` that bound in whole grams, at least 0.
    """

    method: str
    boundary: Boundary
    uncertainty_version: str
    baseline_g: int
    project_g: int
    expected_g: int
    standard_g: float
    lower_g: float
    credited_g: int
    contributions: tuple[Contribution, ...]


def shift_v1(
    baseline: Footprint, project: Footprint, boundary: Boundary, config: UncertaintyConfig = UNCERTAINTY
) -> Reduction:
    """The reduction of one lot by method shift-v1.

    Both footprints are of the same cargo. Raises BoundaryError when an element has no value inside ``boundary``.
    """
    if boundary is Boundary.WTW_CO2E:
        expected_g = (baseline.wtw_co2e - project.wtw_co2e).total_g
    else:
        expected_g = (baseline.ttw_co2 - project.ttw_co2).total_g
    exposures = [*_exposures(baseline, 1, boundary), *_exposures(project, -1, boundary), (WEIGHED_MASS, expected_g)]
    contributions = contributions_by_key(
        (error.key, error.kind, (grams,), config.spread(error)) for error, grams in exposures
    )
    return _reduction(boundary, config.version, baseline.total_g(boundary), project.total_g(boundary), contributions)


def together(reductions: Sequence[Reduction]) -> Reduction:
    """Several lots as one statement, shared errors added up before they are combined.

    Its ``credited_g`` is the bound of the whole. Accounts hold the sum of the lots' own credits, in which a lot that
    got worse counts as zero; comparing the two shows an auditor what that choice is worth. Raises BoundaryError when
    the boundaries differ and ValueError for none or for different uncertainty versions.
    """
    if len({(r.uncertainty_version, r.method) for r in reductions}) != 1:
        raise ValueError("reductions of one method and one uncertainty version, at least one")
    first = reductions[0]
    for other in reductions[1:]:
        if other.boundary is not first.boundary:
            refuse_mixing(first.boundary, other.boundary)
    contributions = contributions_by_key(
        (c.key, c.kind, (c.exposed_g,), c.spread) for r in reductions for c in r.contributions
    )
    return _reduction(
        first.boundary,
        first.uncertainty_version,
        sum(r.baseline_g for r in reductions),
        sum(r.project_g for r in reductions),
        contributions,
    )


def _exposures(footprint: Footprint, sign: int, boundary: Boundary) -> Iterable[tuple[ErrorSource, float]]:
    for element in footprint.elements:
        for error in element.errors:
            yield error, sign * element.total_g(boundary) * _share(error, boundary)


def _share(error: ErrorSource, boundary: Boundary) -> float:
    return error.wtw_share if boundary is Boundary.WTW_CO2E else error.ttw_co2_share


def contributions_by_key(parts: Iterable[tuple[str, ErrorKind, Sequence[float], Spread]]) -> tuple[Contribution, ...]:
    """Error sources (key, kind, signed amounts in g, width) as contributions: what shares a key is added, in an order
    that does not depend on the order of elements, and takes the widest width given; what has no effect is dropped."""
    exposed: dict[str, list[float]] = {}
    spreads: dict[str, tuple[ErrorKind, Spread]] = {}
    for key, kind, grams, spread in parts:
        exposed.setdefault(key, []).extend(grams)
        known = spreads.setdefault(key, (kind, spread))
        if spread.value > known[1].value:
            spreads[key] = (kind, spread)
    sums = ((key, math.fsum(grams)) for key, grams in sorted(exposed.items()))
    return tuple(Contribution(key, spreads[key][0], total, spreads[key][1]) for key, total in sums if total)


def _reduction(
    boundary: Boundary, version: str, baseline_g: int, project_g: int, contributions: tuple[Contribution, ...]
) -> Reduction:
    expected_g = baseline_g - project_g
    standard_g = math.sqrt(math.fsum(c.standard_g**2 for c in contributions))
    lower_g = expected_g - math.sqrt(math.fsum(c.shortfall_g**2 for c in contributions))
    return Reduction(
        method=METHOD,
        boundary=boundary,
        uncertainty_version=version,
        baseline_g=baseline_g,
        project_g=project_g,
        expected_g=expected_g,
        standard_g=standard_g,
        lower_g=lower_g,
        credited_g=max(0, math.floor(lower_g)),
        contributions=contributions,
    )
