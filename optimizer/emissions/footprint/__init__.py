"""Footprints of any number of transport chains: a CSV in, the same rows with activity and emissions out.

    read (chain_file) -> parse and check (legs) -> look up rates (rates) -> compute -> write (result_file)

Every step works on whole columns; a wrong row fails its chain and no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

import numpy as np

from optimizer.emissions.factors import FactorTable
from optimizer.emissions.footprint.cells import Integers
from optimizer.emissions.footprint.chain_file import ChainFile, read_chains
from optimizer.emissions.footprint.compute import Result, compute
from optimizer.emissions.footprint.faults import RowFault
from optimizer.emissions.footprint.legs import Legs, legs_of
from optimizer.emissions.footprint.rates import Rate, RateRules
from optimizer.emissions.footprint.result_file import write_result
from optimizer.errors import Lang, Message

__all__ = ["Outcome", "RateRules", "compute", "footprint_of", "legs_of", "read_chains", "write_result"]

TOLD_ROWS = 500_000
"""Files from here on are told about while they are worked on."""


@dataclass(frozen=True, slots=True)
class UsedRate:
    """A factor as it was used: by how many rows, and how it was found."""

    rate: Rate
    rows: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a file. ``faults``: rows by code. Totals in milligrams by boundary, of the chains that did not fail;
    ``on``: the day of rows that name none. ``road_assumed_rows``: legs whose fuel counts as burnt on the road
    because they state no mode."""

    rows: int
    chains: int
    failed_chains: int
    faults: Mapping[str, int]
    totals_mg: Mapping[str, int]
    chains_by_boundary: Mapping[str, int]
    used: tuple[UsedRate, ...]
    road_assumed_rows: int
    on: date
    factors_version: str


def footprint_of(
    chains: ChainFile,
    table: FactorTable,
    on: date,
    out: BinaryIO,
    lang: Lang = "zh",
    rules: RateRules | None = None,
    tell: Callable[[Message], None] = lambda message: None,
) -> Outcome:
    """Compute a file that was read and write the result. ``tell`` hears of progress in large files."""
    large = chains.rows >= TOLD_ROWS
    told = tell if large else (lambda message: None)
    told(Message(f"已读 {chains.rows:,} 行", f"read {chains.rows:,} rows"))
    legs = legs_of(chains.columns, table, on, rules or RateRules())
    result = compute(legs)
    told(Message(f"已核算 {legs.chains:,} 条运输链", f"computed {legs.chains:,} chains"))

    def written(rows: int) -> None:
        if rows == chains.rows or rows // TOLD_ROWS > (rows - 1) // TOLD_ROWS:
            told(Message(f"已写 {rows:,}/{chains.rows:,} 行", f"wrote {rows:,} of {chains.rows:,} rows"))

    write_result(out, chains, legs, result, lang, written)
    return _outcome(legs, result, table, on)


def _outcome(legs: Legs, result: Result, table: FactorTable, on: date) -> Outcome:
    sound = result.failed == 0
    totals: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for code, boundary in enumerate(result.boundaries):
        chosen = sound & (result.boundary == code)
        if boundary and chosen.any():
            counts[boundary] = int(chosen.sum())
            amount = result.totals.ttw if boundary.startswith("ttw") else result.totals.wtw
            totals[boundary] = sum(int(part) for part in amount[chosen])
    used_rows = np.bincount(legs.rate[result.faults == 0], minlength=len(legs.rates))
    faulty = result.faults[result.faults != 0]
    return Outcome(
        rows=legs.rows,
        chains=legs.chains,
        failed_chains=int((~sound).sum()),
        faults={fault.code: _count(faulty, fault) for fault in RowFault if _count(faulty, fault)},
        totals_mg=dict(totals),
        chains_by_boundary=dict(counts),
        used=tuple(UsedRate(rate, int(rows)) for rate, rows in zip(legs.rates, used_rows, strict=True) if rows),
        road_assumed_rows=int((legs.mode_assumed & (result.faults == 0)).sum()),
        on=on,
        factors_version=table.version,
    )


def _count(faults: Integers, fault: RowFault) -> int:
    return int(((faults & int(fault)) != 0).sum())
