"""Pricing: the cheapest column of every shipment at given prices, exactly, without writing columns down.

:func:`price_block` is a pure function (arrays, prices, block of shipments) -> cheapest columns: threads, processes or
a cluster may run blocks in any order and number, and the answer is the same to the last bit. The price of a column,
per tonne of the shipment, is

    line price + table price at its slot + time rate x hour at the door + lateness + storage

where the table price holds what the voyage asks for a tonne (where ships are changed, both voyages) and the prices of
the terminal days from the berth on, and the line price everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from optimizer.planning.design import Floats, Indices
from optimizer.planning.layout.kernels import (
    STRETCH_SLOTS,
    PricedWays,
    cheapest,
    gather_gains,
    least_of_stretches,
    price_lines,
    price_tables,
    within,
)
from optimizer.planning.layout.ways import Ways

Answer = TypeVar("Answer")
BLOCK_SHIPMENTS = 512
"""Shipments of one block: small enough to spread, large enough to be worth a call."""
NONE: Indices = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Prices:
    """What a tonne pays: ``line`` (own cost of the line included) for each line, ``table`` (tables x slots) for the
    voyage, inf where nothing sails."""

    line: Floats
    table: Floats


@dataclass(frozen=True, slots=True)
class Cheapest:
    """For each shipment the price in yuan of its cheapest column (0 where it has none), its line and slot (-1)."""

    yuan: Floats
    line: Indices
    slot: Indices


def prices_of(ways: Ways, tonne_yuan: Floats, terminal_yuan: Floats, wtw_yuan_per_kg: float) -> Prices:
    """Prices by line and table. ``tonne_yuan`` (families x slots) of a tonne aboard, ``terminal_yuan`` of a tonne
    handled on each terminal day, ``wtw_yuan_per_kg`` of CO2e under a cap."""
    lines, tables = ways.lines, ways.tables
    terminal = np.append(terminal_yuan, 0.0)  # no terminal day (-1) reads the last entry
    line, table = np.empty(len(lines.table)), np.empty((len(tables.family), ways.grid.slots))
    price_lines(lines.yuan_per_t, lines.handled, terminal, wtw_yuan_per_kg * ways.wtw_kg_per_t[lines.route], line)
    aboard = np.where(ways.capacity_t > 0, tonne_yuan, np.inf)
    price_tables(tables.family, tables.onward, tables.after, tables.handled, aboard, terminal, table)
    return Prices(line, table)


def price_block(ways: Ways, prices: Prices, begin: int, end: int, known: Cheapest | None = None) -> Cheapest:
    """The cheapest columns of shipments ``begin`` to ``end``."""
    return _block(_arrays(ways, prices), begin, end, known)


def _block(arrays: PricedWays, begin: int, end: int, known: Cheapest | None) -> Cheapest:
    if known is None:
        line, slot = np.full(end - begin, -1, dtype=np.int64), np.full(end - begin, -1, dtype=np.int64)
    else:
        line, slot = known.line[begin:end].copy(), known.slot[begin:end].copy()
    found = Cheapest(np.zeros(end - begin), line, slot)
    cheapest(arrays, begin, end, found.yuan, found.line, found.slot)
    return found


def price_all(
    ways: Ways,
    prices: Prices,
    workers: int = 1,
    known: Cheapest | None = None,
    threads: ThreadPoolExecutor | None = None,
) -> Cheapest:
    """The cheapest columns of all shipments, block by block over ``workers`` threads. ``known``: columns that were
    cheapest at other prices; the answer is the same, and sooner found where prices are alike. ``threads`` that are
    there already are taken."""
    arrays = _arrays(ways, prices)
    blocks = _by_block(ways, workers, lambda begin, end: _block(arrays, begin, end, known), threads)
    return Cheapest(
        np.concatenate([np.zeros(0), *(block.yuan for block in blocks)]),
        np.concatenate([NONE, *(block.line for block in blocks)]),
        np.concatenate([NONE, *(block.slot for block in blocks)]),
    )


def columns_within(
    ways: Ways, prices: Prices, limit_yuan: Floats, span: int = 1, workers: int = 1
) -> tuple[Indices, Indices]:
    """(line, slot) of the columns that cost at most ``limit_yuan`` (one entry per shipment); of those that share a line
    and a span of ``span`` slots the cheapest only (ties: the first). Services always take part."""

    arrays = _arrays(ways, prices)

    def of_block(begin: int, end: int) -> tuple[Indices, Indices]:
        count = within(arrays, begin, end, limit_yuan, span, NONE, NONE)
        line, slot = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
        within(arrays, begin, end, limit_yuan, span, line, slot)
        return line, slot

    blocks = _by_block(ways, workers, of_block)
    return (
        np.concatenate([NONE, *(line for line, _ in blocks)]),
        np.concatenate([NONE, *(slot for _, slot in blocks)]),
    )


def tonnes_by_gain(ways: Ways, prices: Prices, limit_yuan: Floats, edges: Floats, tonnes: Floats) -> None:
    """Add to ``tonnes`` (families x slots x edges) what would gain by going with each sailing, see ``gather_gains``."""
    gather_gains(_arrays(ways, prices), 0, len(ways.shipments), limit_yuan, edges, tonnes)


def _by_block(
    ways: Ways, workers: int, work: Callable[[int, int], Answer], threads: ThreadPoolExecutor | None = None
) -> list[Answer]:
    count = len(ways.shipments)
    begins = range(0, count, BLOCK_SHIPMENTS)
    ends = [min(begin + BLOCK_SHIPMENTS, count) for begin in begins]
    if workers <= 1 or len(ends) <= 1:
        return [work(begin, end) for begin, end in zip(begins, ends, strict=True)]
    if threads is not None:
        return list(threads.map(work, begins, ends))
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, begins, ends))


def _arrays(ways: Ways, prices: Prices) -> PricedWays:
    lines, tables, cargo = ways.lines, ways.tables, ways.cargo
    stretches = len(tables.family), -(-ways.grid.slots // STRETCH_SLOTS)
    least_yuan, least_door_h = np.full(stretches, np.inf), np.full(stretches, np.inf)
    least_of_stretches(prices.table, least_yuan)
    least_of_stretches(tables.door_h, least_door_h)
    return PricedWays(
        lines.starts,
        lines.table,
        lines.first,
        lines.last,
        lines.yard_h,
        prices.line,
        prices.table,
        tables.family,
        tables.onward,
        tables.after,
        tables.door_h,
        tables.free_days,
        tables.storage_yuan,
        ways.capacity_t,
        cargo.mass_t,
        cargo.time_rate,
        cargo.late_rate,
        cargo.due_h,
        cargo.least_t,
        least_yuan,
        least_door_h,
    )
