"""The uncertainty of a statement's lots together, from the error sources that their stored runs keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from optimizer.accounts.statement import Movement
from optimizer.emissions.portfolio import Exposure, Part, Portfolio, portfolio
from optimizer.emissions.uncertainty import ErrorKind
from optimizer.quantities import G_PER_KG


@dataclass(frozen=True, slots=True)
class Whole:
    """``portfolio`` is None where there is nothing to bound, or where ``unknown`` runs keep no error sources (they were
    settled before results kept them): a bound that left them out would claim too much."""

    portfolio: Portfolio | None
    unknown: int


class ExposureKey(NamedTuple):
    """An error source in the city's kept sums: version of the widths, key, kind, and its own width as text (empty for
    the configured one)."""

    uncertainty_version: str
    source_key: str
    kind: str
    rel: str


ExposureSums = dict[ExposureKey, int]
"""Signed amounts that move with each source, whole mg."""

UNKNOWN = ExposureKey("", "", "", "")
"""Counts the lots whose runs keep no error sources."""

MG_PER_G = 1000
SourceName = tuple[str, str, str, float | None]
"""An :class:`ExposureKey` whose width is still a number."""


class Places(NamedTuple):
    """Where the error sources of a lot stand in the sums. ``shared``: of each its place; below zero for one of ``own``,
    which say of the sources that few lots share which it is, and its name."""

    shared: Sequence[int]
    own: Sequence[tuple[int, SourceName]] = ()


class SourceSums:
    """Whole mg by error source, for who adds up millions: a source that many lots share goes by its place, and the
    amounts of lots whose sources stand at the same places are added up column by column."""

    def __init__(self) -> None:
        self._places: dict[SourceName, int] = {}
        self._sums: list[int] = []
        self._own: dict[SourceName, int] = {}
        # By the object that says the places, which is held as long: amounts that are not in the sums yet.
        self._added: dict[int, tuple[Sequence[int], list[Sequence[int]]]] = {}
        self._lots = 0

    def place(self, name: SourceName) -> int:
        """The place of a source."""
        found = self._places.get(name)
        if found is None:
            found = self._places[name] = len(self._sums)
            self._sums.append(0)
        return found

    def add(self, places: Places, exposed_mg: Sequence[int]) -> None:
        """Add amounts, each to its source. There must be as many as places."""
        shared, own = places
        added = self._added.get(id(shared))
        if added is None:
            added = self._added[id(shared)] = (shared, [])
        added[1].append(exposed_mg)
        for at, name in own:
            self._own[name] = self._own.get(name, 0) + exposed_mg[at]
        self._lots += 1
        if self._lots == _LOTS:
            self._fold()

    def taken(self) -> dict[SourceName, int]:
        """What came together since it was last taken; sources that come to nothing left out."""
        self._fold()
        sums, found = self._sums, self._own
        self._own = {}
        for name, place in self._places.items():
            if sums[place]:
                found[name] = found.get(name, 0) + sums[place]
        sums[:] = [0] * len(sums)
        return {name: exposed_mg for name, exposed_mg in found.items() if exposed_mg}

    def _fold(self) -> None:
        """Raises ValueError where amounts are not as many as their places."""
        for shared, rows in self._added.values():
            for place, column in zip(shared, zip(*rows, strict=True), strict=True):
                if place >= 0:
                    self._sums[place] += sum(column)
        self._added, self._lots = {}, 0

    @property
    def count(self) -> int:
        """How many sources have a place."""
        return len(self._sums)


_LOTS = 2_000
"""Lots whose amounts are held before they are added up."""
KEEPS_NONE: SourceName = ("", "", "", None)
"""Counts the runs without error sources."""


def moved_by(part: Part | None) -> Iterator[tuple[SourceName, int]]:
    """What moves with each error source of a run, whole mg; ``part`` None for a run that keeps none."""
    if part is None:
        yield KEEPS_NONE, 1
        return
    for source, kind, exposed_g, rel in part.exposures:
        yield (part.uncertainty_version, source, kind, rel), round(exposed_g * MG_PER_G)


def exposure_sums(moved: Mapping[SourceName, int]) -> ExposureSums:
    """With widths as texts, without sources that come to nothing. They are told apart as numbers until here: there are
    few of them and many lots."""
    return {
        ExposureKey(version, source, kind, "" if rel is None else repr(rel)): exposed_mg
        for (version, source, kind, rel), exposed_mg in moved.items()
        if exposed_mg
    }


def whole_of_sums(sums: Mapping[ExposureKey, int], lots: int, expected_g: int, credited_g: int) -> Whole:
    """The portfolio of many lots from sums over them: as :func:`whole_of` of their runs, but for the rounding of each
    source to whole mg."""
    if unknown := sums.get(UNKNOWN, 0):
        return Whole(None, unknown)
    if not lots:
        return Whole(None, 0)
    by_version: dict[str, list[Exposure]] = {}
    for key, exposed_mg in sorted(sums.items()):
        if key != UNKNOWN:
            rel = float(key.rel) if key.rel else None
            exposure = Exposure(key.source_key, ErrorKind(key.kind), exposed_mg / G_PER_KG, rel)
            by_version.setdefault(key.uncertainty_version, []).append(exposure)
    parts = [Part(1, 0, 0, version, tuple(exposures)) for version, exposures in by_version.items()]
    # What stands is one sum; the parts only carry the sources.
    found = portfolio([*parts, Part(1, expected_g, credited_g, next(iter(by_version), ""), ())])
    assert found is not None
    return Whole(replace(found, parts=lots), 0)


def runs_behind(movements: Iterable[Movement], replaced: Mapping[str, str]) -> list[tuple[int, str]]:
    """(sign, run id) of what the lots that a party consigned add in a period: a settlement its run, a restatement the
    new run less the one it takes back, a reversal that one taken back. ``replaced`` as ``statement_of`` takes it."""
    found: list[tuple[int, str]] = []
    for movement in movements:
        if not movement.consigned:
            continue
        if movement.kind in ("SETTLE", "RESTATE"):
            found.append((1, movement.run_id))
        if movement.kind in ("RESTATE", "REVERSE") and (taken := replaced.get(movement.transaction_id, "")):
            found.append((-1, taken))
    return found


def whole_of(behind: Iterable[tuple[int, str]], kept: Mapping[str, Part]) -> Whole:
    """The portfolio of some runs. ``kept``: what each run that keeps its error sources adds, by id."""
    listed = list(behind)
    unknown = sum(run_id not in kept for _, run_id in listed)
    if unknown:
        return Whole(None, unknown)
    return Whole(portfolio(_signed(sign, kept[run_id]) for sign, run_id in listed), 0)


def _signed(sign: int, part: Part) -> Part:
    return part if sign == 1 else replace(part, sign=sign * part.sign)
