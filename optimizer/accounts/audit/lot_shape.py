"""What lots have in common whose elements are alike in all but amounts: error sources, factors, tiers, modes.

Which errors of a lot add up, in which order a result lists them, how wide each is, what its factors and its tier are:
all this hangs on the kinds of its elements, of which a city has some hundred combinations. It is worked out once for
each; of a lot only the grams are left to multiply and add.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from optimizer.accounts.audit.stored_inputs import Memo
from optimizer.accounts.calculation import TIERS_BEST_FIRST
from optimizer.accounts.whole import Places, SourceSums
from optimizer.network.model import WATER_MODES, Mode

HUB = Mode.HUB.value
_RANKS = {tier: rank for rank, tier in enumerate(TIERS_BEST_FIRST)}
LOGGED = "logged:"
"""How the keys of errors of logged voyages begin."""


class Width(NamedTuple):
    """How wide an error is: its value, its relative shift at the 90 % point when what it moves is above zero (``down``)
    or below (``up``), and how a result names it: kind, and the value where it is not the configured one."""

    value: float
    down: float
    up: float
    kind: str
    rel: float | None


Error = tuple[str, float, Width]
"""Key, share of the element's WTW grams, width."""


class Shape(NamedTuple):
    """A kind of element: keys and widths of its errors in order. ``co2``: whether it has a factor of CO2 alone;
    ``logged``: whether its first error is that of a log, whose key is not in the shape."""

    mode: str
    tier: str
    factor_ids: tuple[str, ...]
    keys: tuple[str, ...]
    widths: tuple[Width, ...]
    co2: bool
    logged: bool


class Source(NamedTuple):
    """An error source of a lot: its texts in a result before and after the grams, its relative shifts, and where the
    amounts stand that move with it. ``log``: which of the lot's logs it is, whose quoted
    key comes before the text; below zero for what is none."""

    log: int
    before: str
    after: str
    down: float
    up: float
    first: int
    others: tuple[int, ...]


class LotShape(NamedTuple):
    """What a lot's elements come to but for amounts. ``sources`` in order of their keys; the last amount is that of the
    weighed mass; ``places`` of the sources in the city's sums, but for those of ``logs``: where among the sources each
    stands, which of the lot's logs it is, and its width. ``modes``: of each mode of the project its elements' places,
    in order of its name."""

    sources: tuple[Source, ...]
    places: tuple[int, ...]
    logs: tuple[tuple[int, int, Width], ...]
    factor_ids_text: str
    tier: str
    modes: tuple[tuple[str, tuple[int, ...]], ...]
    baseline_co2: bool
    project_co2: bool


class LotShapes:
    """Shapes of lots, each made once. Kinds of elements go by a number."""

    def __init__(self, version: str, mass: Error, sums: SourceSums) -> None:
        """``version``: of the widths; ``sums``: in which lots will be added up."""
        self._version, self._mass, self._sums = version, mass, sums
        self._numbers: dict[Shape, int] = {}
        self._shapes: list[Shape] = []
        self._lots: Memo[tuple[Any, ...], LotShape] = Memo()

    def number(self, shape: Shape) -> int:
        """The number of a kind of element."""
        known = self._numbers.get(shape)
        if known is None:
            known = self._numbers[shape] = len(self._shapes)
            self._shapes.append(shape)
        return known

    def lot(self, baseline: tuple[int, ...], project: tuple[int, ...], logs: Sequence[str]) -> LotShape:
        """The shape of a lot whose elements have these numbers. ``logs``: the error keys of its logged elements, in
        order; what they are called does not matter, only which of them come first and which are the same. Raises
        KeyError for a tier that is none."""
        order = _order(logs)
        known = self._lots.get((baseline, project, order))
        if known is None:
            shapes = [self._shapes[number] for number in (*baseline, *project)]
            # Where something else is called like a log, names do matter.
            alike = any(name.startswith(LOGGED) for one in shapes for name in one.keys[one.logged :])
            key = (baseline, project, tuple(logs) if alike else order)
            known = self._lots.get(key)
            if known is None:
                known = self._lots[key] = self._made(shapes, len(baseline), logs)
        return known

    def places(self, shape: LotShape, logs: Sequence[str]) -> Places:
        """Where the sources of a lot stand in the sums."""
        own = [(at, (self._version, logs[log], width.kind, width.rel)) for at, log, width in shape.logs]
        return Places(shape.places, own)

    def _made(self, shapes: Sequence[Shape], split: int, logs: Sequence[str]) -> LotShape:
        """``split``: how many of the shapes are of the baseline."""
        found = list(_sources(shapes, logs, self._mass))
        places = [
            -1 if source.log >= 0 else self._sums.place((self._version, name, width.kind, width.rel))
            for name, width, source in found
        ]
        of_logs = [(at, source.log, width) for at, (_, width, source) in enumerate(found) if source.log >= 0]
        sources = tuple(source for _, _, source in found)
        return _lot_shape(shapes[:split], shapes[split:], (sources, tuple(places), tuple(of_logs)))


def _order(logs: Sequence[str]) -> tuple[int, ...]:
    if len(logs) < 2:
        return (0,) * len(logs)
    ranks = {name: rank for rank, name in enumerate(sorted(set(logs)))}
    return tuple(ranks[name] for name in logs)


_Sources = tuple[tuple[Source, ...], tuple[int, ...], tuple[tuple[int, int, Width], ...]]


def _lot_shape(baseline: Sequence[Shape], project: Sequence[Shape], sources: _Sources) -> LotShape:
    water = [one.tier for one in project if one.mode in WATER_MODES]
    modes: dict[str, list[int]] = {}
    for place, one in enumerate(project):
        if one.mode != HUB:
            modes.setdefault(one.mode, []).append(place)
    ids = dict.fromkeys(chain.from_iterable(one.factor_ids for one in (*baseline, *project)))
    return LotShape(
        *sources,
        ",".join(encode_basestring(name) for name in ids),
        max(water or [one.tier for one in project], key=_RANKS.__getitem__),
        tuple((mode, tuple(listed)) for mode, listed in sorted(modes.items())),
        all(one.co2 for one in baseline),
        all(one.co2 for one in project),
    )


def _sources(shapes: Sequence[Shape], logs: Sequence[str], mass: Error) -> Iterator[tuple[str, Width, Source]]:
    """Each with its key and width, in order of the keys. Of the widths of one key the widest counts, the first of
    equals."""
    errors, own = list[tuple[str, int, Width]](), iter(enumerate(logs))
    for shape in shapes:
        listed = [(name, -1, width) for name, width in zip(shape.keys, shape.widths, strict=True)]
        if shape.logged:
            log, name = next(own)
            listed[0] = (name, log, shape.widths[0])
        errors += listed
    errors.append((mass[0], -1, mass[2]))
    places: dict[str, list[int]] = {}
    for place, (name, _, _) in enumerate(errors):
        places.setdefault(name, []).append(place)
    for name, listed_at in sorted(places.items()):
        width = max((errors[place][2] for place in listed_at), key=lambda one: one.value)
        log = max(errors[place][1] for place in listed_at)
        before = f',"{width.kind}",' if log >= 0 else f'[{encode_basestring(name)},"{width.kind}",'
        after = ",null]" if width.rel is None else f",{width.rel!r}]"
        source = Source(log, before, after, width.down, width.up, listed_at[0], tuple(listed_at[1:]))
        yield name, width, source
