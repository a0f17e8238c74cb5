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
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from optimizer.accounts.audit.recalculation import Recalculation
from optimizer.accounts.audit.rows import RunRow, quoted
from optimizer.accounts.audit.stored_inputs import Memo
from optimizer.accounts.calculation import LotInputs, LotResult, calculate
from optimizer.accounts.whole import SourceName, SourceSums, moved_by
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.portfolio import Part
from optimizer.errors import ModalshiftError
from optimizer.waybills.codec import from_json, to_json


class Figures(NamedTuple):
    """What a settlement posts of a run: g CO2e, g coal equivalent, kg·km by mode. A tuple: millions are handed from one
    process to another."""

    actual_wtw_g: int
    credited_wtw_g: int
    energy_saved_g: int
    activity: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class RunsRead:
    """``numbers``: waybills of runs that are not what they should be, ``unsound``: the ids of these. Of each sound run
    its id, waybill, lot and place in ``figures``, side by side; ``moved``: whole mg that move with each error source
    in all of these together."""

    numbers: set[str] = field(default_factory=set)
    unsound: set[str] = field(default_factory=set)
    run_ids: list[str] = field(default_factory=list)
    lots: list[tuple[str, int, int]] = field(default_factory=list)
    figures: list[Figures] = field(default_factory=list)
    moved: dict[SourceName, int] = field(default_factory=dict)


def read_runs(rows: Iterable[RunRow], factors: FactorTable, kept: Mapping[str, FactorTable]) -> RunsRead:
    """Every run of a part: document and columns say the same, digests hold, and it recomputes to the same text.
    ``kept``: by version, the tables that former runs were made with."""
    reader, read = _Recomputing({**kept, factors.version: factors}), RunsRead()
    places: dict[Figures, int] = {}
    for row in rows:
        worth = reader.sound(row)
        if worth is None:
            read.numbers.add(row.number)
            read.unsound.add(row.run_id)
            continue
        read.run_ids.append(row.run_id)
        read.lots.append((row.number, row.lot_no, places.setdefault(worth.figures, len(places))))
        reader.sums.add(worth.places, worth.moved_mg)
    read.figures, read.moved = list(places), reader.sums.sums()
    return read


class _Worth(NamedTuple):
    """What inputs come to: the digest of the result, what a settlement posts of it, the columns of a row that repeat
    it, what moves with its error sources."""

    result_sha256: str
    figures: Figures
    columns: tuple[Any, ...]
    places: Sequence[int]
    moved_mg: Sequence[int]


class _Known(NamedTuple):
    """Inputs that were calculated: their text before and after the number of the lot, up to that of the waybill."""

    before: bytes
    after: bytes
    worth: _Worth


class _Recomputing:
    """Calculates what it has not calculated before."""

    def __init__(self, tables: Mapping[str, FactorTable]) -> None:
        self._tables = tables
        self.sums = SourceSums()
        self._straight = {version: Recalculation(factors, self.sums) for version, factors in tables.items()}
        # The texts of what comes again are kept, not of what comes once: most lots are like no other.
        self._once: Memo[tuple[str, str], None] = Memo()
        self._known: Memo[tuple[str, str], _Known] = Memo()

    def sound(self, row: RunRow) -> _Worth | None:
        """What a run comes to, None where anything about it is not as it should be."""
        document = row.document
        head, network, versions = _frame(row.code_version, row.factors_version, row.network_version)
        middle = f',"inputs_sha256":"{row.inputs_sha256}",{network},"result":'.encode()
        tail = f',"result_sha256":"{row.result_sha256}","run_at":"{row.run_at}","run_id":"{row.run_id}"}}'.encode()
        split = document.find(middle)
        if split < 0 or not document.startswith(head) or not document.endswith(tail):
            return None
        inputs, result = document[len(head) : split], document[split + len(middle) : len(document) - len(tail)]
        named = f'["{row.inputs_sha256}","{row.result_sha256}",{versions}]'.encode()
        digests = (sha256(inputs).hexdigest(), sha256(result).hexdigest(), sha256(named).hexdigest())
        if digests != (row.inputs_sha256, row.result_sha256, row.run_id):
            return None
        worth = self._worth(row, inputs, result)
        if worth is None or worth.result_sha256 != row.result_sha256 or row[-len(worth.columns) :] != worth.columns:
            return None
        return worth

    def _worth(self, row: RunRow, inputs: bytes, result: bytes) -> _Worth | None:
        """What the inputs, read as a record and calculated, come to; with factors that are not at hand, what the result
        says, where both are canonical. None for inputs of another lot."""
        lot = b',"lot_no":%d,' % row.lot_no
        named = f',"waybill_number":{encode_basestring(row.number)},"waybill_version":'.encode()
        key = row.result_sha256, row.factors_version
        known = self._known.get(key)
        cut = inputs.rfind(named)
        version = inputs[cut + len(named) : -1]
        if cut < 0 or not _VERSION.fullmatch(version) or not inputs.endswith(b"}"):
            return None
        if f'"method":{quoted(row.method)},'.encode() not in inputs:
            return None
        if known is not None and inputs.startswith(b"%b%b%b%b" % (known.before, lot, known.after, named)):
            return known.worth
        factors = self._tables.get(row.factors_version)
        worth = self._calculated(row, inputs, result) or self._by_records(row, inputs, result, factors)
        if worth is not None:
            if key in self._once:
                before, _, after = inputs[:cut].partition(lot)
                self._known[key] = _Known(before, after, worth)
            self._once[key] = None
        return worth

    def _calculated(self, row: RunRow, inputs: bytes, result: bytes) -> _Worth | None:
        """What the inputs come to; None where that is not what the run says, or cannot be said without records."""
        straight = self._straight.get(row.factors_version)
        found = straight(inputs, row.number, row.lot_no) if straight is not None else None
        if found is None or found.text != result:
            return None
        columns = (*found[1:8], found.activity_text)
        figures = Figures(found.actual_wtw_g, found.credited_wtw_g, found.energy_saved_g, found.activity)
        return _Worth(row.result_sha256, figures, columns, found.places, found.moved_mg)

    def _by_records(self, row: RunRow, inputs: bytes, result: bytes, factors: FactorTable | None) -> _Worth | None:
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
        places = [self.sums.place(name) for name, _ in moved]
        digest = sha256(to_json(found).encode()).hexdigest()
        return _Worth(digest, figures, columns, places, [exposed_mg for _, exposed_mg in moved])


@lru_cache(maxsize=1024)
def _frame(code: str, factors: str, network: str) -> tuple[bytes, str, str]:
    """The document before its inputs; what names the network; the versions as the id digests them."""
    head = f'{{"code_version":{quoted(code)},"factors_version":{quoted(factors)},"inputs":'.encode()
    return head, f'"network_version":{quoted(network)}', f"{quoted(factors)},{quoted(network)},{quoted(code)}"


_REPEATED = RunRow._fields[RunRow._fields.index("mass_kg") : -1]
"""Columns that repeat a result, but for the last, which is a text."""
_VERSION = re.compile(rb"[1-9]\d*")
