"""Which input moves a reduction most, and what logged fuel would add to its credit.

Both answers come from the propagation of ``shift-v1``: an error source with signed exposure x and relative standard
uncertainty u contributes (x u)^2 to the variance of RE = BE - PE, so its share is that over the sum of all. The errors
are independent of each other (GUM, JCGM 100:2008, 5.1.2 and annex H call the list an uncertainty budget), hence the
shares add up to one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date

from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.chain import ElementFootprint, Footprint
from optimizer.emissions.factors import MODE_NAMES, FactorTable
from optimizer.emissions.operations import energy_rates
from optimizer.emissions.reduction import Contribution, Reduction, shift_v1
from optimizer.emissions.uncertainty import UNCERTAINTY, ErrorKind, ErrorSource, UncertaintyConfig
from optimizer.network.model import Mode

FUEL_LOGGED_MODES = frozenset({Mode.INLAND_WATERWAY, Mode.SEA})
"""Modes whose voyages take fuel logs."""

MODEL_ERRORS = frozenset(
    {
        ErrorKind.FUEL_MODEL,
        ErrorKind.DISTANCE,
        ErrorKind.DISTANCE_ACTUAL,
        ErrorKind.DISTANCE_SFD,
        ErrorKind.DISTANCE_ESTIMATED,
        ErrorKind.DETOUR_FACTOR,
    }
)
"""What a log of the fuel really burnt makes irrelevant: the class model and the distance it was multiplied by. The
empties that a tour tells apart stay modelled: nobody logs them."""


@dataclass(frozen=True, slots=True)
class Influence:
    """One input's part in the uncertainty of a reduction. ``share`` is its part of the variance, 0 to 1; one per cent
    more of the input changes RE by ``exposed_g`` / 100."""

    contribution: Contribution
    share: float


@dataclass(frozen=True, slots=True)
class LoggingGain:
    """A reduction as it is, and as it would be had the fuel of ``places`` been logged at the expected amount."""

    places: tuple[str, ...]
    credited_g: int
    credited_with_logs_g: int

    @property
    def gain_g(self) -> int:
        """What the logs would add to the credit, g."""
        return self.credited_with_logs_g - self.credited_g


def influences(reduction: Reduction) -> tuple[Influence, ...]:
    """Error sources by their share of the variance, the largest first; empty for a reduction without uncertainty."""
    variance = math.fsum(item.standard_g**2 for item in reduction.contributions)
    if not variance:
        return ()
    found = [Influence(item, item.standard_g**2 / variance) for item in reduction.contributions]
    return tuple(sorted(found, key=lambda item: (-item.share, item.contribution.key)))


def logging_gain(
    baseline: Footprint,
    project: Footprint,
    boundary: Boundary,
    factors: FactorTable,
    on: date,
    config: UncertaintyConfig = UNCERTAINTY,
) -> LoggingGain:
    """What logging the fuel of all voyages would add to the credit, were the logs to show just the expected fuel.

    The grams stay; the voyages' own errors give way to that of a log each. Trucks, trains and terminals stay as they
    are. A published intensity says nothing of its fuel: diesel is taken, as ``default_operation`` does. Raises
    FactorError when diesel has no factor on that day, BoundaryError as :func:`shift_v1`.
    """
    elements = [
        _logged(element, position, factors, on) if _could_be_logged(element) else element
        for position, element in enumerate(project.elements)
    ]
    places = tuple(element.place for element in project.elements if _could_be_logged(element))
    return LoggingGain(
        places,
        shift_v1(baseline, project, boundary, config).credited_g,
        shift_v1(baseline, Footprint(tuple(elements)), boundary, config).credited_g,
    )


def _could_be_logged(element: ElementFootprint) -> bool:
    return element.mode in FUEL_LOGGED_MODES and element.tier != "primary"


def _logged(element: ElementFootprint, position: int, factors: FactorTable, on: date) -> ElementFootprint:
    # One log per leg: two voyages are measured twice and their errors are independent.
    logged = 1.0
    if element.tier == "modelled":
        kept = tuple(error for error in element.errors if error.kind not in MODEL_ERRORS)
        logged -= sum(error.wtw_share for error in kept if error.kind is ErrorKind.EMPTY_RUNNING)
    else:
        kept = energy_rates("Diesel", MODE_NAMES[element.mode], factors, on).errors
    log = ErrorSource(f"logged:{position}:{element.place}", ErrorKind.LOGGED_ENERGY, None, logged, logged)
    return replace(element, tier="primary", errors=(log, *kept))
