"""The calculation of a lot straight from its stored text to the text of its result, for who runs millions.

:func:`~optimizer.accounts.calculation.calculate` makes a record of every element, factor and error on the way; of a
lot that costs ten times the arithmetic. Here the same numbers are made without the records: same operations on the same
floats and whole numbers in the same order, so the texts are the same to the last byte (a property test holds the two
together). What is kept between lots is read from their own texts: an intensity, a tour, the width of an error. Nothing
else that is stored goes in.

Inputs that are not canonical, or that ``calculate`` would refuse, have no answer here; who asks takes the records then.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date
from json.encoder import encode_basestring
from typing import NamedTuple

import msgspec

from optimizer.accounts.audit.element_amounts import Read, made
from optimizer.accounts.audit.input_pieces import pieces_of
from optimizer.accounts.audit.lot_shape import LotShape, LotShapes
from optimizer.accounts.audit.stored_elements import Chains
from optimizer.accounts.audit.stored_inputs import Memo
from optimizer.accounts.calculation import BOUNDARY
from optimizer.accounts.whole import KEEPS_NONE, MG_PER_G, Places, SourceSums
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.uncertainty import CONFIGS
from optimizer.errors import ModalshiftError


class Recalculated(NamedTuple):
    """A result: its canonical text, and of its figures those that a row repeats. Grams, kg·km by mode in order of its
    name; ``activity_text`` as the result has it; ``places`` and ``moved_mg``: what
    moves with its error sources, and where these stand in the sums."""

    text: bytes
    mass_kg: int
    baseline_wtw_g: int
    actual_wtw_g: int
    expected_wtw_g: int
    credited_wtw_g: int
    energy_saved_g: int
    tier: str
    activity: tuple[tuple[str, int], ...]
    activity_text: str
    places: Places
    moved_mg: Sequence[int]


class LotRead(NamedTuple):
    """Inputs of a lot as they were read: its elements, their shape, the error keys of those by logs. ``budget``:
    whether its result keeps its error sources."""

    mass_kg: int
    budget: bool
    baseline: Sequence[Read]
    project: Sequence[Read]
    shapes: LotShapes
    shape: LotShape
    logs: Sequence[str]


class _Frame(NamedTuple):
    """What stands between the sides of inputs: ``on`` is the day of delivery."""

    budget: bool
    lot_no: int
    on: date


class Recalculation:
    """Calculates lots with one table of factors."""

    def __init__(self, factors: FactorTable, sums: SourceSums | None = None) -> None:
        """``sums``: in which the error sources of lots will be added up."""
        self._factors, self._sums = factors, sums or SourceSums()
        self._none = Places((self._sums.place(KEEPS_NONE),))
        self._chains: dict[str, Chains] = {}
        self._endings: dict[bytes, Chains] = {}
        self._frames: Memo[tuple[bytes, bytes], _Frame] = Memo()

    def __call__(self, inputs: bytes, number: str, lot_no: int) -> Recalculated | None:
        """The result of stored inputs, None where :meth:`read` or :meth:`result` has none."""
        read = self.read(inputs, number, lot_no)
        return None if read is None else self.result(read)

    def read(self, inputs: bytes, number: str, lot_no: int) -> LotRead | None:
        """Stored inputs, None where they are not the canonical text of inputs of that lot, or where ``calculate`` would
        refuse them."""
        try:
            return self._read(inputs, number, lot_no)
        except (ModalshiftError, KeyError, TypeError, ValueError, ArithmeticError):
            return None

    def read_pieces(self, inputs: bytes, cut: int, lot_no: int, mass_kg: int) -> LotRead | None:
        """The same in less time, for who has seen that from ``cut`` on inputs say their waybill, and expects a mass;
        None where :meth:`read` has to decide."""
        if type(mass_kg) is not int or not 0 < mass_kg < _MOST_KG:
            return None
        pieces = pieces_of(inputs[:cut], b',"mass_kg":%d,' % mass_kg)
        if pieces is None:
            return None
        try:
            frame = self._frame(pieces.before, pieces.after)
            chains = self._endings.get(pieces.ending) or self._ending(pieces.ending)
            if frame.lot_no != lot_no:
                return None
            baseline = [chains.piece(piece, mass_kg, frame.on) for piece in pieces.baseline]
            project = [chains.piece(piece, mass_kg, frame.on) for piece in pieces.project]
        except (ModalshiftError, KeyError, TypeError, ValueError, ArithmeticError):
            return None
        return lot_read(mass_kg, frame.budget, baseline, project, chains.shapes)

    def chains(self, version: str) -> Chains:
        """What reads elements with the widths of a version. Raises KeyError for one that is none."""
        return self._chains_of(version)

    def result(self, read: LotRead) -> Recalculated | None:
        """What the method makes of them, None where it makes nothing."""
        try:
            found = _result(read)
        except (ModalshiftError, KeyError, TypeError, ValueError, ArithmeticError):
            return None
        return found if read.budget else found._replace(places=self._none, moved_mg=(1,))

    def _read(self, inputs: bytes, number: str, lot_no: int) -> LotRead | None:
        # Each piece is held against what it must be: cut at another place, one of them is not.
        first, second = inputs.find(b'],"boundary":'), inputs.find(b',"project":[')
        third = inputs.rfind(b'],"uncertainty_version":')
        frame = _FRAME.fullmatch(inputs, first, second + 12)
        ending = _ENDING.fullmatch(inputs, third)
        if frame is None or ending is None or not inputs.startswith(b'{"baseline":['):
            return None
        if ending[2] != encode_basestring(number).encode() or int(frame[2]) != lot_no:
            return None
        chains, on = self._chains_of(ending[1].decode()), _day(frame[4].decode())
        baseline = [chains.element(text, on) for text in _elements(inputs[13:first])]
        project = [chains.element(text, on) for text in _elements(inputs[second + 12 : third])]
        return lot_read(int(frame[3]), frame[1] is not None, baseline, project, chains.shapes)

    def _frame(self, before: bytes, after: bytes) -> _Frame:
        known = self._frames.get((before, after))
        if known is None:
            found = _FRAME.fullmatch(b'%b,"mass_kg":1,%b"project":[' % (before, after))
            if found is None:
                raise ValueError("not what stands between the sides of inputs")
            known = _Frame(found[1] is not None, int(found[2]), _day(found[4].decode()))
            self._frames[before, after] = known
        return known

    def _ending(self, text: bytes) -> Chains:
        found = _VERSION.fullmatch(text)
        if found is None:
            raise ValueError("not what stands after the elements of inputs")
        chains = self._endings[text] = self._chains_of(found[1].decode())
        return chains

    def _chains_of(self, version: str) -> Chains:
        chains = self._chains.get(version)
        if chains is None:
            chains = self._chains[version] = Chains(self._factors, CONFIGS[version], self._sums)
        return chains


def lot_read(
    mass_kg: int, budget: bool, baseline: Sequence[Read], project: Sequence[Read], shapes: LotShapes
) -> LotRead:
    """A lot of these elements. ``shapes``: of those who read them. Raises KeyError as ``LotShapes.lot``."""
    sides = tuple([item[0].shape for item in baseline]), tuple([item[0].shape for item in project])
    logs = [item[0].log for item in (*baseline, *project) if item[0].log]
    return LotRead(mass_kg, budget, baseline, project, shapes, shapes.lot(*sides, logs), logs)


def _elements(listed: bytes) -> list[bytes]:
    """The texts of the elements of one side, each without its beginning. Raises ValueError where there is none."""
    if not listed.startswith(b'{"distance_basis":'):
        raise ValueError("no elements")
    return listed[18:].split(b',{"distance_basis":')


def _result(read: LotRead) -> Recalculated:
    """As ``calculation.calculate`` and ``reduction.shift_v1``: totals, what is credited, and the text of it all."""
    mass_kg, budget, _, _, shapes, shape, logs = read
    baseline, project = [made(item) for item in read.baseline], [made(item) for item in read.project]
    baseline_g, actual_g = sum([item[0] for item in baseline]), sum([item[0] for item in project])
    expected_g = baseline_g - actual_g
    amounts = [item[0] * share for item in baseline for share in item[4].shares]
    amounts += [-item[0] * share for item in project for share in item[4].shares]
    amounts.append(float(expected_g))
    shortfall_g, exposures, moved_mg = _exposures(shape, amounts, logs)
    credited_g = max(0, math.floor(expected_g - shortfall_g))
    saved_g = sum([item[2] for item in baseline]) - sum([item[2] for item in project])
    activity = tuple([(mode, sum([project[place][3] for place in places])) for mode, places in shape.modes])
    activity_text = "{" + ",".join([f'"{mode}":{amount}' for mode, amount in activity]) + "}"
    elements = ",".join(
        [f'{{"activity_kgkm":{kgkm},"co2e_wtw_g":{wtw_g}{kind.text}' for wtw_g, _, _, kgkm, kind in project]
    )
    kept = f'"exposures":[{exposures}],' if budget and exposures else ""
    actual_co2 = sum([item[1] for item in project]) if shape.project_co2 else "null"
    baseline_co2 = sum([item[1] for item in baseline]) if shape.baseline_co2 else "null"
    text = (
        f'{{"activity_kgkm":{activity_text},"actual_ttw_co2_g":{actual_co2},"actual_wtw_g":{actual_g},'
        f'"baseline_kgkm":{sum([item[3] for item in baseline])},"baseline_ttw_co2_g":{baseline_co2},'
        f'"baseline_wtw_g":{baseline_g},"credited_wtw_g":{credited_g},"elements":[{elements}],'
        f'"energy_saved_g":{saved_g},"expected_wtw_g":{expected_g},{kept}'
        f'"factor_ids":[{shape.factor_ids_text}],"mass_kg":{mass_kg},"tier":"{shape.tier}"}}'
    )
    return Recalculated(
        text.encode(),
        mass_kg,
        baseline_g,
        actual_g,
        expected_g,
        credited_g,
        saved_g,
        shape.tier,
        activity,
        activity_text,
        shapes.places(shape, logs),
        moved_mg,
    )


def _exposures(shape: LotShape, amounts: Sequence[float], logs: Sequence[str]) -> tuple[float, str, list[int]]:
    """How far all errors together lower the reduction, g, the error sources as a result lists them, and whole mg of
    each. The sum of floats is the exact one, rounded, so their order does not matter."""
    at = amounts.__getitem__
    totals = [
        math.fsum((amounts[source[5]], *map(at, source[6]))) if source[6] else amounts[source[5]]
        for source in shape.sources
    ]
    squares, texts = list[float](), list[str]()
    for (log, before, after, down, up, _, _), total, text in zip(shape.sources, totals, _texts(totals), strict=True):
        if total:
            squares.append((abs(total) * (up if total < 0 else down)) ** 2)
            named = before if log < 0 else f"[{encode_basestring(logs[log])}{before}"
            texts.append(f"{named}{text}{after}")
    return math.sqrt(math.fsum(squares)), ",".join(texts), [round(total * MG_PER_G) for total in totals]


def _texts(numbers: list[float]) -> list[str]:
    """``repr`` of each. The shortest digits that read back are the same whoever finds them, and msgspec finds them in a
    seventh of the time; it writes very small, very large and infinite numbers in another form, and so do not these."""
    text = _FLOATS.encode(numbers)
    if b"e" in text or b"n" in text or b"0.0000" in text:  # an exponent, no number, below 0.0001
        return [repr(number) for number in numbers]
    return text[1:-1].decode().split(",")


def _day(text: str) -> date:
    known = _DAYS.get(text)
    if known is None:
        known = date.fromisoformat(text)
        if known.isoformat() != text:
            raise ValueError(f"not a day as it is written here: {text}")
        _DAYS[text] = known
    return known


_WHOLE = rb"(0|[1-9]\d{0,17})"
_WORD = rb'"([ !#-\[\]-~]*)"'
_FRAME = re.compile(
    rb'\],"boundary":"%s"(,"budget":true)?,"lot_no":%s,"mass_kg":%s,"method":"[ !#-\[\]-~]*","on":%s,"project":\['
    % (BOUNDARY.value.encode(), _WHOLE, _WHOLE, _WORD)
)
_ENDING = re.compile(
    rb'\],"uncertainty_version":%s,"waybill_number":(.*),"waybill_version":%s\}' % (_WORD, _WHOLE), re.DOTALL
)
_VERSION = re.compile(rb'\],"uncertainty_version":%s' % _WORD)
_MOST_KG = 10**18
_DAYS: Memo[str, date] = Memo()
_FLOATS = msgspec.json.Encoder()
