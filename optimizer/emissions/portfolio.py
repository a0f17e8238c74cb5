"""Many reductions as one: the 90 % bound of a whole account, period or city.

A lot's result keeps its error sources (:class:`Exposure`), so the bound of any group of lots follows from what is
stored: grams that move with one source are added over all lots with their signs before anything is squared (GUM, JCGM
100:2008, 5.2, with correlation one within a source and none between sources). A fuel model, a factor or the scale is
shared by many lots and adds up; the log of a voyage or the distance of a route belongs to few and averages away. So the
bound of the whole is never below the sum of the lots' bounds, and it is no mere sum of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from optimizer.emissions.reduction import Contribution, Reduction, contributions_by_key
from optimizer.emissions.uncertainty import CONFIGS, UNCERTAINTY, ErrorKind, ErrorSource, Spread, UncertaintyConfig

LARGEST = 3
"""How many sources a portfolio names."""


class Exposure(NamedTuple):
    """An error source in a stored result, where it stands as a short list. ``exposed_g`` is the signed part of the
    reduction that scales with it. ``rel``: its own width where it differs from the configured one of its kind (a factor
    carries its own)."""

    key: str
    kind: ErrorKind
    exposed_g: float
    rel: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """What one lot, or a correction of it, adds to a whole. ``sign`` is -1 for a run that is taken back."""

    sign: int
    expected_g: int
    credited_g: int
    uncertainty_version: str
    exposures: Sequence[tuple[str, str, float, float | None]]
    """Each an :class:`Exposure`, or the short list that it is in a stored result: of ten thousand lots, a hundred
    thousand objects that nobody needs by name."""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Several lots together, g CO2e WTW. ``credited_g`` is the sum of the lots' own credits, which accounts hold;
    ``lower_g`` the one-sided 90 % bound of the sum of their reductions in whole grams (may be negative), a lot that got
    worse counted as negative. ``largest``: the sources with the largest parts of the variance."""

    parts: int
    expected_g: int
    standard_g: int
    lower_g: int
    credited_g: int
    largest: tuple[tuple[str, float], ...]


def exposures_of(reduction: Reduction, config: UncertaintyConfig = UNCERTAINTY) -> tuple[Exposure, ...]:
    """The error sources of a reduction in the form that results keep."""
    return tuple(
        Exposure(
            item.key,
            item.kind,
            item.exposed_g,
            None if item.spread.value == config.spreads[item.kind].value else item.spread.value,
        )
        for item in reduction.contributions
    )


def portfolio(parts: Iterable[Part]) -> Portfolio | None:
    """The whole of some parts, None without any. The order of the parts changes nothing, not even the last bit.

    Raises KeyError for an uncertainty version that is none of :data:`CONFIGS`.
    """
    listed = list(parts)
    if not listed:
        return None
    contributions = contributions_by_key(_exposed(listed))
    expected_g = sum(part.sign * part.expected_g for part in listed)
    variance = math.fsum(item.standard_g**2 for item in contributions)
    shortfall_g = math.sqrt(math.fsum(item.shortfall_g**2 for item in contributions))
    return Portfolio(
        parts=len(listed),
        expected_g=expected_g,
        standard_g=math.ceil(math.sqrt(variance)),
        lower_g=math.floor(expected_g - shortfall_g),
        credited_g=sum(part.sign * part.credited_g for part in listed),
        largest=_largest(contributions, variance),
    )


def _exposed(parts: Iterable[Part]) -> Iterator[tuple[str, ErrorKind, Sequence[float], Spread]]:
    """Every error source with all its grams and its width: there are few sources and many lots, so they are brought
    together before anything is looked up for each."""
    found: dict[str, dict[tuple[str, str, float | None], list[float]]] = {}
    for part in parts:
        sources, sign = found.setdefault(part.uncertainty_version, {}), part.sign
        for key, kind, exposed_g, rel in part.exposures:
            grams = sources.get((key, kind, rel))
            if grams is None:
                sources[key, kind, rel] = [sign * exposed_g]
            else:
                grams.append(sign * exposed_g)
    for version, sources in found.items():
        for (key, name, rel), grams in sources.items():
            kind = ErrorKind(name)
            yield key, kind, grams, CONFIGS[version].spread(ErrorSource(key, kind, rel))


def _largest(contributions: Iterable[Contribution], variance: float) -> tuple[tuple[str, float], ...]:
    if not variance:
        return ()
    shares = [(item.key, item.standard_g**2 / variance) for item in contributions]
    return tuple(sorted(shares, key=lambda item: (-item[1], item[0]))[:LARGEST])
