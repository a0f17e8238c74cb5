"""Part of the calculation runs, read row by row: digests, columns against documents, and every one run again.

Runs whose inputs differ in nothing but the lot are calculated once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any

from optimizer.accounts.audit.rows import RunRow, quoted
from optimizer.accounts.calculation import LotInputs, LotResult, calculate
from optimizer.emissions.factors import FactorTable
from optimizer.errors import ModalshiftError
from optimizer.waybills.codec import from_json, to_json

_KEPT = 50_000
"""Most recomputations kept; a ledger whose lots are all different must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a settlement posts of a run: g CO2e, g coal equivalent, kg·km by mode."""

    actual_wtw_g: int
    credited_wtw_g: int
    energy_saved_g: int
    activity: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class RunsRead:
    """``numbers``: waybills of runs that are not what they should be. Of each sound run its id, waybill, lot and place
    in ``figures``, side by side."""

    numbers: set[str] = field(default_factory=set)
    run_ids: list[str] = field(default_factory=list)
    lots: list[tuple[str, int, int]] = field(default_factory=list)
    figures: list[Figures] = field(default_factory=list)


def read_runs(rows: Iterable[RunRow], factors: FactorTable, kept: Mapping[str, FactorTable]) -> RunsRead:
    """Every run of a part: document and columns say the same, digests hold, and it recomputes to the same text.
    ``kept``: by version, the tables that former runs were made with."""
    reader, read = _Recomputing({**kept, factors.version: factors}), RunsRead()
    places: dict[Figures, int] = {}
    for row in rows:
        figures = reader.sound(row)
        if figures is None:
            read.numbers.add(row.number)
            continue
        read.run_ids.append(row.run_id)
        read.lots.append((row.number, row.lot_no, places.setdefault(figures, len(places))))
    read.figures = list(places)
    return read


class _Recomputing:
    """Calculates what it has not calculated before."""

    def __init__(self, tables: Mapping[str, FactorTable]) -> None:
        self._tables = tables
        self._results: dict[bytes, str] = {}
        self._figures: dict[str, tuple[Figures, tuple[Any, ...]]] = {}

    def sound(self, row: RunRow) -> Figures | None:
        """What a settlement posts of a run, None where anything about it is not as it should be."""
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
        if digests != (row.inputs_sha256, row.result_sha256, row.run_id) or not self._recomputes(row, inputs, result):
            return None
        figures, columns = self._figures_of(row.result_sha256, result)
        return figures if row[-len(columns) :] == columns else None

    def _recomputes(self, row: RunRow, inputs: bytes, result: bytes) -> bool:
        """Whether the inputs, read as a record and calculated, give this text; with factors that are not at hand,
        whether both are canonical."""
        lot = b'"lot_no":%d,' % row.lot_no
        named = f',"waybill_number":{encode_basestring(row.number)},"waybill_version":'.encode()
        cut = inputs.find(named)
        version = inputs[cut + len(named) : -1]
        if cut < 0 or inputs.count(lot) != 1 or not version.isdigit() or not inputs.endswith(b"}"):
            return False
        if f'"method":{quoted(row.method)},'.encode() not in inputs:
            return False
        factors = self._tables.get(row.factors_version)
        stands_for = row.result_sha256 if factors is None else row.factors_version
        own = inputs[:cut].replace(lot, b"") + stands_for.encode()
        key = sha256(own).digest()
        expected = self._results.get(key)
        if expected is None:
            expected = self._calculated(row, inputs, result, factors)
            if expected is None:
                return False
            if len(self._results) >= _KEPT:
                self._results.clear()
            self._results[key] = expected
        return expected == row.result_sha256

    def _calculated(self, row: RunRow, inputs: bytes, result: bytes, factors: FactorTable | None) -> str | None:
        """The digest of what these inputs come to, None for inputs that are not canonical or of another lot."""
        try:
            read = from_json(LotInputs, inputs)
            found = from_json(LotResult, result) if factors is None else calculate(read, factors)
            sound = to_json(read).encode() == inputs and read.lot_no == row.lot_no and read.waybill_number == row.number
        except (ModalshiftError, KeyError, TypeError, ValueError, ArithmeticError):
            return None
        return sha256(to_json(found).encode()).hexdigest() if sound else None

    def _figures_of(self, result_sha256: str, result: bytes) -> tuple[Figures, tuple[Any, ...]]:
        """Of a result, with the columns of the row that repeat it."""
        known = self._figures.get(result_sha256)
        if known is None:
            read: dict[str, Any] = json.loads(result)
            activity = tuple(sorted(read["activity_kgkm"].items()))
            names = ("mass_kg", "baseline_wtw_g", "actual_wtw_g", "expected_wtw_g", "credited_wtw_g", "energy_saved_g")
            columns = (*(read[name] for name in names), read["tier"], to_json(read["activity_kgkm"]))
            figures = Figures(read["actual_wtw_g"], read["credited_wtw_g"], read["energy_saved_g"], activity)
            if len(self._figures) >= _KEPT:
                self._figures.clear()
            self._figures[result_sha256] = known = (figures, columns)
        return known


@lru_cache(maxsize=1024)
def _frame(code: str, factors: str, network: str) -> tuple[bytes, str, str]:
    """The document before its inputs; what names the network; the versions as the id digests them."""
    head = f'{{"code_version":{quoted(code)},"factors_version":{quoted(factors)},"inputs":'.encode()
    return head, f'"network_version":{quoted(network)}', f"{quoted(factors)},{quoted(network)},{quoted(code)}"
