"""Write the result: the rows as they were read, what was computed beside them, and a total after each chain's last row.

Lines are put together by arrow in slices of rows, on every core, and written in order. Amounts are integers of
millionths printed with six decimals, so that a reader who adds up the file gets the totals exactly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from optimizer.cores import cores_here
from optimizer.emissions.footprint import columns as names
from optimizer.emissions.footprint.cells import Flags, Integers
from optimizer.emissions.footprint.chain_file import ChainFile
from optimizer.emissions.footprint.compute import TIERS, Amounts, Result
from optimizer.emissions.footprint.faults import RowFault, fault_text
from optimizer.emissions.footprint.legs import Legs
from optimizer.errors import Lang

SLICE_ROWS = 65_536
DECIMALS = 6
PRECISION = 38
SPECIAL = '[",\r\n]'
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def write_result(
    file: BinaryIO, chains: ChainFile, legs: Legs, result: Result, lang: Lang, tell: Callable[[int], None]
) -> None:
    """Write the whole result. ``tell`` hears how many rows are written."""
    if chains.marked:
        file.write(BYTE_ORDER_MARK)
    header = pa.array([*chains.columns, *names.RESULT])
    file.write((",".join(_escaped(header).to_pylist()) + "\n").encode())
    sheet = _Sheet(chains, legs, result, lang)
    done = 0
    for lines, rows in _in_order(sheet.lines, range(0, chains.rows, SLICE_ROWS)):
        file.write(lines)
        done += rows
        tell(done)


def _in_order(work: Callable[[int], tuple[memoryview, int]], starts: Sequence[int]) -> Iterator[tuple[memoryview, int]]:
    """The slices in order, worked out on all cores, few of them waiting at a time."""
    workers = cores_here()
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[tuple[memoryview, int]]] = deque()
        for start in starts:
            waiting.append(pool.submit(work, start))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class _Sheet:
    """Everything that lines are made of."""

    def __init__(self, chains: ChainFile, legs: Legs, result: Result, lang: Lang) -> None:
        self.chains, self.legs, self.result, self.lang = chains, legs, result, lang
        self.row_ends = _escaped_ends([(rate.tier, rate.boundary, rate.label) for rate in legs.rates])
        self.total_ends = _escaped_ends([(tier, name, "") for tier in TIERS for name in result.boundaries])
        self.ends = np.argsort(result.last_row, kind="stable")
        self.last_rows = result.last_row[self.ends]

    def lines(self, start: int) -> tuple[memoryview, int]:
        """The text of a slice of rows with the totals among them."""
        rows = min(SLICE_ROWS, self.chains.rows - start)
        span = slice(start, start + rows)
        ends = self._ends(self.row_ends, self.legs.rate[span], self.result.faults[span])
        computed = pc.binary_join_element_wise(*_amount_cells(self.result.rows, span), ends, ",", **EMPTY)
        whole = pc.binary_join_element_wise(
            self._echo(start, rows), computed, self._totals(start, rows), "", null_handling="skip"
        )
        return _bytes(whole), rows

    def _echo(self, start: int, rows: int) -> Any:
        """The rows as they were read, each with a comma behind it."""
        bounds = self.chains.starts[start : start + rows + 1]
        offsets = (bounds - bounds[0]).astype(np.int32)
        text = self.chains.text[bounds[0] : bounds[-1]]
        return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(text))

    def _ends(self, sound: Any, code: Integers, faults: Integers) -> Any:
        """The cells behind the amounts: tier, fault, boundary, factor, and the end of the line."""
        ends = sound.take(pa.array(code))
        if not faults.any():
            return ends
        different, inverse = np.unique(faults, return_inverse=True)
        texts = _escaped(pa.array([fault_text(int(bits), self.lang) for bits in different])).to_pylist()
        wrong = pa.array([f",{text},,\n" for text in texts]).take(pa.array(inverse))
        return pc.if_else(pa.array(faults == 0), ends, wrong)

    def _totals(self, start: int, rows: int) -> Any:
        """The total line at each row that ends a chain, null at the others."""
        low, high = np.searchsorted(self.last_rows, [start, start + rows])
        chain = self.ends[low:high]
        if not len(chain):
            return pa.nulls(rows, pa.string())
        result = self.result
        faults = np.where(result.failed[chain] > 0, int(RowFault.CHAIN_FAILED), 0)
        code = result.tier[chain] * len(result.boundaries) + result.boundary[chain]
        before = [
            _escaped(self.legs.chain_ids.take(pa.array(chain))) if name == names.CHAIN_ID else pa.scalar("")
            for name in self.chains.columns
        ]
        ends = self._ends(self.total_ends, code, faults)
        lines = pc.binary_join_element_wise(*before, *_amount_cells(result.totals, chain), ends, ",", **EMPTY)
        position = np.full(rows, -1, dtype=np.int64)
        position[self.last_rows[low:high] - start] = np.arange(len(chain))
        return lines.take(pa.array(position, mask=position < 0))


EMPTY = {"null_handling": "replace", "null_replacement": ""}


def _escaped_ends(cells: Sequence[tuple[str, str, str]]) -> Any:
    """``tier,,boundary,factor`` and the end of the line."""
    labels = _escaped(pa.array([label for _, _, label in cells])).to_pylist()
    return pa.array([f"{tier},,{boundary},{label}\n" for (tier, boundary, _), label in zip(cells, labels, strict=True)])


def _amount_cells(amounts: Amounts, span: Any) -> list[Any]:
    return [
        decimals(amounts.activity[span], amounts.has_activity[span]),
        decimals(amounts.ttw[span], amounts.has_ttw[span]),
        decimals(amounts.wtt[span], amounts.has_wtt[span]),
        decimals(amounts.wtw[span], amounts.has_wtw[span]),
    ]


def decimals(steps: Integers, exists: Flags) -> Any:
    """Millionths as decimal text, exact; null where nothing exists."""
    wide = np.empty((len(steps), 2), dtype=np.int64)
    wide[:, 0] = steps
    wide[:, 1] = steps >> 63
    exact = pa.Array.from_buffers(pa.decimal128(PRECISION, DECIMALS), len(steps), [None, pa.py_buffer(wide)])
    text = pc.cast(exact, pa.string())
    return text if exists.all() else pc.if_else(pa.array(exists), text, pa.scalar(None, pa.string()))


def _escaped(column: Any) -> Any:
    """Cells with quotes around those that need them (RFC 4180)."""
    special = pc.match_substring_regex(column, SPECIAL)
    if not pc.any(special).as_py():
        return column
    doubled = pc.replace_substring(column, '"', '""')
    around = pc.binary_join_element_wise(pa.scalar('"'), doubled, pa.scalar('"'), "")
    return pc.if_else(special, around, column)


def _bytes(lines: Any) -> memoryview:
    """The data of a text column without nulls: its cells one after another."""
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(lines.buffers()[2])[int(offsets[0]) : int(offsets[-1])]
