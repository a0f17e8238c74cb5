"""Part of the calculation runs, read row by row: digests, columns against documents, and every one run again.

Runs whose inputs differ in nothing but the lot are calculated once; the others straight from their text
(``recalculation``), and by way of records where that has no answer or another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from json.encoder import encode_basestring
from typing import Any, ClassVar, NamedTuple

from optimizer.accounts.audit.credits import Figures
from optimizer.accounts.audit.handed_over import HandedOver
from optimizer.accounts.audit.recalculation import LotRead, Recalculated, Recalculation
from optimizer.accounts.audit.rows import RunRow, quoted
from optimizer.accounts.audit.stored_inputs import Memo
from optimizer.accounts.calculation import LotInputs, LotResult, calculate
from optimizer.accounts.whole import Places, SourceName, SourceSums, moved_by
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.portfolio import Part
from optimizer.errors import ModalshiftError
from optimizer.waybills.codec import from_json, to_json

RunPlace = int | str
"""Where a run lies in its table: what no two rows have in common (``Session.run_places_beside``)."""
PlacedRun = tuple[RunPlace, RunRow]


@dataclass(slots=True)
class RunsRead(HandedOver):
    """``numbers``: waybills of runs that are not what they should be, ``unsound``: the ids of these. Of each sound run
    its id, and its waybill, lot and what a settlement posts of it (``Figures.text``), side by side; ``moved``: whole mg
    that move with each error source in all of these together. ``taken``: where all of them lie, for who does not read a
    part of the table."""

    numbers: set[str] = field(default_factory=set)
    unsound: set[str] = field(default_factory=set)
    run_ids: list[str] = field(default_factory=list)
    lots: list[tuple[str, int, str]] = field(default_factory=list)
    moved: dict[SourceName, int] = field(default_factory=dict)
    taken: list[RunPlace] = field(default_factory=list)


class RunsListed:
    """Lists runs one by one. ``sums``: of whom they are calculated by; what is in them is taken out at the end."""

    def __init__(self, sums: SourceSums) -> None:
        self._read, self._sums = RunsRead(), sums

    def sound(self, row: RunRow, figures: Figures, places: Places, moved_mg: Sequence[int]) -> None:
        """List a sound run."""
        read = self._read
        read.run_ids.append(row.run_id)
        read.lots.append((row.number, row.lot_no, figures.text()))
        self._sums.add(places, moved_mg)

    def worth(self, row: RunRow, worth: Worth | None) -> None:
        """List a run that comes to this; None for one that is not what it should be."""
        if worth is None:
            self._read.numbers.add(row.number)
            self._read.unsound.add(row.run_id)
        else:
            self.sound(row, worth.figures, worth.places, worth.moved_mg)

    def read(self, taken: Iterable[RunPlace] = ()) -> RunsRead:
        """All of them. ``taken``: where they lie."""
        read = self._read
        read.moved, read.taken = self._sums.taken(), list(taken)
        return read


def read_runs(rows: Iterable[RunRow], factors: FactorTable, kept: Mapping[str, FactorTable]) -> RunsRead:
    """Every run of a part: document and columns say the same, digests hold, and it recomputes to the same text.
    ``kept``: by version, the tables that former runs were made with."""
    reader = Recomputing({**kept, factors.version: factors})
    read, listed = RunsListed(reader.sums), iter(rows)
    while block := list(islice(listed, _BLOCK)):
        for row, worth in zip(block, reader.sound(block), strict=True):
            read.worth(row, worth)
    return read.read()


def figures_of(found: Recalculated) -> Figures:
    """What is posted of a result."""
    return Figures(found.actual_wtw_g, found.credited_wtw_g, found.energy_saved_g, found.activity)


class Worth(NamedTuple):
    """What inputs come to: the digest of the result, what a settlement posts of it, the columns of a row that repeat
    it, what moves with its error sources."""

    result_sha256: str
    figures: Figures
    columns: tuple[Any, ...]
    places: Places
    moved_mg: Sequence[int]


class _Known(NamedTuple):
    """Inputs that were calculated: their text before and after the number of the lot, up to that of the waybill."""

    before: bytes
    after: bytes
    worth: Worth


_Cuts = tuple[int, bytes, bytes]
"""Of the text of inputs: where it begins to name the waybill, how it says the lot's number, and how the waybill's."""


class _Asked(NamedTuple):
    """A run that was not calculated before: its place in the block, the texts of inputs and result, and what was read
    of the inputs, where that can be had without records."""

    place: int
    inputs: bytes
    result: bytes
    cuts: _Cuts
    read: LotRead | None


class Recomputing:
    """Calculates what it has not calculated before. ``asked``: lots that this process had to calculate so far;
    ``straight``: by version of the factors, who calculates without records."""

    asked: ClassVar[int] = 0

    def __init__(self, tables: Mapping[str, FactorTable]) -> None:
        self._tables = tables
        self.sums = SourceSums()
        self.straight = {version: Recalculation(factors, self.sums) for version, factors in tables.items()}
        # The texts of what comes again are kept, not of what comes once: most lots are like no other.
        self._once: Memo[tuple[str, str], None] = Memo()
        self._known: Memo[tuple[str, str], _Known] = Memo()

    def sound(self, rows: Sequence[RunRow]) -> list[Worth | None]:
        """What each run comes to, None where anything about it is not as it should be. Those that were not calculated
        before are calculated together."""
        found: list[Worth | None] = [None] * len(rows)
        asked: list[_Asked] = []
        for place, row in enumerate(rows):
            texts = _texts(row)
            cuts = _cuts(row, texts[0]) if texts is not None else None
            if texts is None or cuts is None:
                continue
            known = self._known.get((row.result_sha256, row.factors_version))
            if known is not None and texts[0].startswith(b"%b%b%b%b" % (known.before, cuts[1], known.after, cuts[2])):
                found[place] = known.worth
                continue
            straight = self.straight.get(row.factors_version)
            read = None
            if straight is not None:
                read = straight.read_pieces(texts[0], cuts[0], row.lot_no, row.mass_kg)
                if read is None:
                    read = straight.read(texts[0], row.number, row.lot_no)
            asked.append(_Asked(place, *texts, cuts, read))
        together = iter(self.together([one.read for one in asked if one.read is not None]))
        for one in asked:
            row = rows[one.place]
            worth = self._worth(row, one, next(together) if one.read is not None else None)
            if worth is not None:
                self._keep(row, one, worth)
            found[one.place] = worth
        return [
            worth
            if worth is not None
            and worth.result_sha256 == row.result_sha256
            and row[-len(worth.columns) :] == worth.columns
            else None
            for row, worth in zip(rows, found, strict=True)
        ]

    def together(self, lots: Sequence[LotRead]) -> Sequence[Recalculated | None]:
        """What each comes to, None for one that is to be calculated by itself."""
        Recomputing.asked += len(lots)
        if Recomputing.asked < TOGETHER_FROM:
            return [None] * len(lots)
        from optimizer.accounts.audit.results_together import results_together  # loads numpy

        return results_together(lots)

    def _keep(self, row: RunRow, one: _Asked, worth: Worth) -> None:
        key = row.result_sha256, row.factors_version
        if key in self._once:
            before, _, after = one.inputs[: one.cuts[0]].partition(one.cuts[1])
            self._known[key] = _Known(before, after, worth)
        self._once[key] = None

    def _worth(self, row: RunRow, one: _Asked, found: Recalculated | None) -> Worth | None:
        """What the inputs, read as a record and calculated, come to; with factors that are not at hand, what the result
        says, where both are canonical. None for inputs of another lot. ``found``: what they came to together with
        others, where they did."""
        if found is None and one.read is not None:
            found = self.straight[row.factors_version].result(one.read)
        if found is None or found.text != one.result:
            return self._by_records(row, one.inputs, one.result, self._tables.get(row.factors_version))
        columns = (*found[1:_COLUMNS], found.activity_text)
        return Worth(row.result_sha256, figures_of(found), columns, found.places, found.moved_mg)

    def _by_records(self, row: RunRow, inputs: bytes, result: bytes, factors: FactorTable | None) -> Worth | None:
        """What these inputs come to, None for inputs that are not canonical or of another lot."""
        try:
            read = from_json(LotInputs, inputs)
            found = from_json(LotResult, result) if factors is None else calculate(read, factors)
            sound = to_json(read).encode() == inputs and read.lot_no == row.lot_no and read.waybill_number == row.number
        except (ModalshiftError, KeyError, TypeError, ValueError, ArithmeticError):
            return None
        if not sound:
            return None
        columns = (*(getattr(found, name) for name in _REPEATED), to_json(found.activity_kgkm))
        activity = tuple(sorted(found.activity_kgkm.items()))
        figures = Figures(found.actual_wtw_g, found.credited_wtw_g, found.energy_saved_g, activity)
        kept = Part(1, 0, 0, read.uncertainty_version, found.exposures) if read.budget else None
        moved = list(moved_by(kept))
        places = Places([self.sums.place(name) for name, _ in moved])
        digest = sha256(to_json(found).encode()).hexdigest()
        return Worth(digest, figures, columns, places, [exposed_mg for _, exposed_mg in moved])


def _texts(row: RunRow) -> tuple[bytes, bytes] | None:
    """Inputs and result in the document of a run, None where that is not what columns and digests say."""
    document = row.document
    head, middle, tail, versions = _around(row)
    split = document.rfind(middle)  # the result is the shorter part
    if split < 0 or not document.startswith(head) or not document.endswith(tail):
        return None
    inputs, result = document[len(head) : split], document[split + len(middle) : len(document) - len(tail)]
    return (inputs, result) if _digested(row, inputs, result, versions) else None


def says(row: RunRow, document: bytes, inputs: Sequence[bytes], found: Recalculated) -> bool:
    """Whether a run is, in its document, digests and columns, that of these inputs of its lot, which come to this.
    ``inputs``: the pieces of their text."""
    head, middle, tail, versions = _around(row)
    if document != b"".join((head, *inputs, middle, found.text, tail)):
        return False
    end = len(document) - len(tail) - len(found.text) - len(middle)
    return row[-_COLUMNS:] == (*found[1:_COLUMNS], found.activity_text) and _digested(
        row, memoryview(document)[len(head) : end], found.text, versions
    )


def _around(row: RunRow) -> tuple[bytes, bytes, bytes, str]:
    """What stands in the document of a run before its inputs, before its result and after it; the versions as its id
    digests them."""
    head, network, versions = _frame(row.code_version, row.factors_version, row.network_version)
    return (
        head,
        f',"inputs_sha256":"{row.inputs_sha256}",{network},"result":'.encode(),
        f',"result_sha256":"{row.result_sha256}","run_at":"{row.run_at}","run_id":"{row.run_id}"}}'.encode(),
        versions,
    )


def _digested(row: RunRow, inputs: bytes | memoryview, result: bytes, versions: str) -> bool:
    """Whether the digests of a run are those of its inputs and result."""
    named = f'["{row.inputs_sha256}","{row.result_sha256}",{versions}]'.encode()
    digests = (sha256(inputs).hexdigest(), sha256(result).hexdigest(), sha256(named).hexdigest())
    return digests == (row.inputs_sha256, row.result_sha256, row.run_id)


def _cuts(row: RunRow, inputs: bytes) -> _Cuts | None:
    """Where inputs name their waybill, None for those of another lot or another method."""
    lot = b',"lot_no":%d,' % row.lot_no
    named = f',"waybill_number":{encode_basestring(row.number)},"waybill_version":'.encode()
    cut = inputs.rfind(named)
    version = inputs[cut + len(named) : -1]
    if cut < 0 or not _VERSION.fullmatch(version) or not inputs.endswith(b"}"):
        return None
    return (cut, lot, named) if f'"method":{quoted(row.method)},'.encode() in inputs else None


@lru_cache(maxsize=1024)
def _frame(code: str, factors: str, network: str) -> tuple[bytes, str, str]:
    """The document before its inputs; what names the network; the versions as the id digests them."""
    head = f'{{"code_version":{quoted(code)},"factors_version":{quoted(factors)},"inputs":'.encode()
    return head, f'"network_version":{quoted(network)}', f"{quoted(factors)},{quoted(network)},{quoted(code)}"


_REPEATED = RunRow._fields[RunRow._fields.index("mass_kg") : -1]
"""Columns that repeat a result, but for the last, which is a text."""
_COLUMNS = len(_REPEATED) + 1
_VERSION = re.compile(rb"[1-9]\d*")
TOGETHER_FROM = 2_000
"""Lots of a process from which on they are calculated together: for fewer, loading numpy takes longer than it saves."""
_BLOCK = 2_000
"""Runs read at a time: so many that lots of one shape come together."""
