"""Results of many lots of one shape, calculated side by side.

What takes time of a lot's result is a hundred small steps, each of them a line of Python. Lots of one shape take the
same steps, so here each step is taken for all of them at once: same operations on the same floats and whole numbers,
so the same bytes (a test holds the two together). Sums of errors stay exact: of two floats the sum is rounded once,
more are summed by ``fsum``; of the shortfall only the gram that it leaves is asked, and where rounding could decide
about that gram, there is no answer. Who asks takes such a lot by itself (``recalculation``), as lots of rare shapes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from json.encoder import encode_basestring

import msgspec
import numpy as np
import numpy.typing as npt

from optimizer.accounts.audit.element_amounts import Read
from optimizer.accounts.audit.elements_together import Column, ElementsTogether, Floats, Whole
from optimizer.accounts.audit.lot_shape import LotShape
from optimizer.accounts.audit.recalculation import LotRead, Recalculated
from optimizer.accounts.whole import MG_PER_G

FEWEST = 20
"""Lots of one shape for which this takes less time than one by one."""
_SMALLEST_G, _LARGEST_G = 1e-3, 1e15
"""Between these, a number is written without an exponent."""
_DOUBT_REL = 1e-12
"""How far rounding may move a shortfall, as a part of the amounts in it: some hundred times more than it does."""


def results_together(lots: Sequence[LotRead]) -> list[Recalculated | None]:
    """What each comes to, None for one that is to be calculated by itself."""
    found: list[Recalculated | None] = [None] * len(lots)
    by_shape: dict[int, list[int]] = {}
    for place, lot in enumerate(lots):
        if lot.budget:
            by_shape.setdefault(id(lot.shape), []).append(place)
    for places in by_shape.values():
        if len(places) >= FEWEST:
            try:
                answers = _of_one_shape([lots[place] for place in places])
            except (OverflowError, ValueError):
                continue
            for place, answer in zip(places, answers, strict=True):
                found[place] = answer
    return found


class _Side:
    """The elements of one side of each lot."""

    def __init__(self, read: Sequence[Sequence[Read]], sign: int) -> None:
        self.elements = [ElementsTogether(one, sign) for one in zip(*read, strict=True)]
        self.wtw_g, self.co2_g = _sum([one.wtw_g for one in self.elements]), _sum([one.co2_g for one in self.elements])
        self.kgce_g, self.kgkm = _sum([one.kgce_g for one in self.elements]), _sum([one.kgkm for one in self.elements])


def _of_one_shape(lots: Sequence[LotRead]) -> list[Recalculated | None]:
    shape, count, masses = lots[0].shape, len(lots), [lot.mass_kg for lot in lots]
    with np.errstate(all="ignore"):
        baseline, project = _Side([lot.baseline for lot in lots], 1), _Side([lot.project for lot in lots], -1)
        elements = baseline.elements + project.elements
        expected_g, saved_g = baseline.wtw_g - project.wtw_g, baseline.kgce_g - project.kgce_g
        of_all = expected_g.astype(np.float64)[:, None]
        totals_g = _totals(shape, np.concatenate([*(one.amounts for one in elements), of_all], axis=1))
        present, fine = _listed(totals_g)
        credited_g, certain = _credited(shape, expected_g, totals_g)
        moved_mg = np.rint(np.where(fine[:, None], totals_g, 0.0) * MG_PER_G).astype(np.int64)
    activity = [(mode, _sum([project.elements[place].kgkm for place in places])) for mode, places in shape.modes]
    activity_texts = _lines(["{", *_activity(activity), "}\n"], count)
    texts = _lines(
        [
            '{"activity_kgkm":',
            activity_texts,
            *(',"actual_ttw_co2_g":', project.co2_g if shape.project_co2 else "null"),
            *(',"actual_wtw_g":', project.wtw_g, ',"baseline_kgkm":', baseline.kgkm),
            *(',"baseline_ttw_co2_g":', baseline.co2_g if shape.baseline_co2 else "null"),
            *(',"baseline_wtw_g":', baseline.wtw_g, ',"credited_wtw_g":', credited_g),
            *(',"elements":[', *_elements(project.elements), '],"energy_saved_g":', saved_g),
            *(',"expected_wtw_g":', expected_g, ",", *_exposures(lots, totals_g, present)),
            f'"factor_ids":[{shape.factor_ids_text}],"mass_kg":',
            np.array(masses, np.int64),
            f',"tier":"{shape.tier}"}}\n',
        ],
        count,
    )
    listed = zip(
        map(str.encode, texts),
        masses,
        *(one.tolist() for one in (baseline.wtw_g, project.wtw_g, expected_g, credited_g, saved_g)),
        repeat(shape.tier),
        zip(*[zip(repeat(mode), amounts.tolist(), strict=False) for mode, amounts in activity], strict=True)
        if activity
        else repeat(()),
        activity_texts,
        [lot.shapes.places(shape, lot.logs) for lot in lots],
        moved_mg.tolist(),
        strict=False,
    )
    sure = (fine & certain).tolist()
    return [Recalculated._make(one) if known else None for one, known in zip(listed, sure, strict=True)]


def _sum(columns: Sequence[Whole]) -> Whole:
    total: Whole = np.sum(columns, axis=0, dtype=np.int64)
    return total


def _totals(shape: LotShape, amounts: Floats) -> Floats:
    """What moves with each error source of each lot, g."""
    totals = np.empty((len(amounts), len(shape.sources)))
    for place, source in enumerate(shape.sources):
        first, others = amounts[:, source.first], source.others
        if not others:
            totals[:, place] = first
        elif len(others) == 1:
            totals[:, place] = first + amounts[:, others[0]]
        else:
            totals[:, place] = list(map(math.fsum, amounts[:, (source.first, *others)].tolist()))
    return totals


def _listed(totals_g: Floats) -> tuple[Sequence[bool], npt.NDArray[np.bool_]]:
    """Which error sources the lots list (those that anything moves with), and for which lots that is so and the amounts
    are written without exponents."""
    sizes_g = np.abs(totals_g)
    moves = totals_g != 0
    present = moves.any(axis=0)
    plain = ((sizes_g > _SMALLEST_G) & (sizes_g < _LARGEST_G)) | ~moves
    return present.tolist(), ((moves == present) & plain).all(axis=1)


def _credited(shape: LotShape, expected_g: Whole, totals_g: Floats) -> tuple[Whole, npt.NDArray[np.bool_]]:
    """Whole grams credited, and where rounding cannot have decided about them."""
    up, down = (np.array([getattr(source, side) for source in shape.sources]) for side in ("up", "down"))
    errors_g = np.abs(totals_g) * np.where(totals_g < 0, up, down)
    shortfall_g = np.sqrt(np.sum(errors_g * errors_g, axis=1))
    left_g = expected_g - shortfall_g
    doubt_g = (np.abs(expected_g) + shortfall_g) * _DOUBT_REL
    certain = np.abs(left_g - np.rint(left_g)) > doubt_g
    return np.maximum(np.floor(np.where(certain, left_g, 0.0)), 0.0).astype(np.int64), certain


def _activity(amounts: Sequence[tuple[str, Whole]]) -> Iterator[Column | Whole | Floats]:
    for place, (mode, kgkm) in enumerate(amounts):
        yield from ((',"' if place else '"') + mode + '":', kgkm)


def _elements(elements: Sequence[ElementsTogether]) -> Iterator[Column | Whole | Floats]:
    for place, one in enumerate(elements):
        yield from (',{"activity_kgkm":' if place else '{"activity_kgkm":', one.kgkm)
        yield from (',"co2e_wtw_g":', one.wtw_g, one.text)


def _exposures(lots: Sequence[LotRead], totals_g: Floats, present: Sequence[bool]) -> Iterator[Column | Whole | Floats]:
    beginning = '"exposures":['
    for place, source in enumerate(lots[0].shape.sources):
        if present[place]:
            yield beginning
            if source.log >= 0:
                yield from ("[", [encode_basestring(lot.logs[source.log]) for lot in lots])
            yield from (source.before, totals_g[:, place], source.after)
            beginning = ","
    if any(present):
        yield "],"


def _lines(columns: Iterable[Column | Whole | Floats], count: int) -> list[str]:
    """The lines of a text of so many, given side by side what each is made of, numbers as JSON has them; the last ends
    it."""
    pieces: list[Column | Whole | Floats] = []
    for column in columns:
        last = pieces[-1] if pieces else None
        if isinstance(column, str) and isinstance(last, str):
            pieces[-1] = last + column
        else:
            pieces.append(column)
    text = [""] * (len(pieces) * count)
    numbers = [piece for piece in pieces if isinstance(piece, np.ndarray)]
    written = {kind: _written([piece for piece in numbers if piece.dtype.kind == kind], count) for kind in "if"}
    for place, piece in enumerate(pieces):
        if isinstance(piece, np.ndarray):
            text[place :: len(pieces)] = next(written[piece.dtype.kind])
        else:
            text[place :: len(pieces)] = [piece] * count if isinstance(piece, str) else piece
    return "".join(text).split("\n")[:-1]


def _written(columns: Sequence[Whole | Floats], count: int) -> Iterator[list[str]]:
    """Numbers as JSON has them. msgspec writes floats as Python does where neither takes an exponent."""
    if columns:
        texts = _ENCODER.encode(np.concatenate(columns).tolist())[1:-1].decode().split(",")
        for start in range(0, len(texts), count):
            yield texts[start : start + count]


_ENCODER = msgspec.json.Encoder()
