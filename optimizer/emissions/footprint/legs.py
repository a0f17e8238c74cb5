"""Rows of a chains file as arrays: parsed, checked, each with the number of its rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from optimizer.emissions.factors import FactorTable
from optimizer.emissions.footprint import columns as names
from optimizer.emissions.footprint.cells import (
    Flags,
    Floats,
    Integers,
    Numbers,
    Words,
    empty_numbers,
    empty_words,
    integers,
    numbers,
    words,
)
from optimizer.emissions.footprint.faults import RowFault
from optimizer.emissions.footprint.rates import ENERGY_UNITS, Rate, RateRules, energy_rate, factor_rate
from optimizer.network.model import Mode
from optimizer.quantities import KG_PER_T

MAX_SEQ = 10**9
MAX_DENSE_KEYS = 2**24
SNAP_REL = 1e-9
"""A mass in tonnes that is a whole number of kilograms but for the rounding of floats is that number."""

BASES = ("", "actual", "sfd", "gcd")
KINDS = {"transport": False, "hub": True}
MODES = {name: mode for mode in Mode for name in (mode.value, mode.value.lower())} | {
    "inland_waterway": Mode.INLAND_WATERWAY,
}
NO_RATE = 0
"""Number of the empty rate that rows with a fault of their own point to."""


@dataclass(frozen=True, slots=True, eq=False)
class Legs:
    """One entry per row in every array. ``chain``: 0.. in order of first appearance. ``basis``: index into BASES.
    ``energy``: whether the row goes by logged energy; ``used`` is then amount x share. ``rate``: index into ``rates``.
    ``faults``: bits of RowFault. ``chain_ids``: arrow text, one per chain. ``mode_assumed``: legs by energy that state
    no mode and count as road."""

    chain: Integers
    chain_ids: Any
    seq: Integers
    hub: Flags
    mass_kg: Floats
    distance_km: Floats
    adjustment: Floats
    basis: Integers
    teu: Floats
    energy: Flags
    used: Floats
    rate: Integers
    rates: tuple[Rate, ...]
    faults: Integers
    mode_assumed: Flags

    @property
    def chains(self) -> int:
        """Number of chains."""
        return len(self.chain_ids)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.chain)


class _Reader:
    """The columns of one table, and the faults found so far."""

    def __init__(self, columns: Mapping[str, Any], rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.faults: Integers = np.zeros(rows, dtype=np.int64)

    def mark(self, where: Flags, fault: RowFault) -> None:
        """Add a fault to some rows."""
        if where.any():
            self.faults[where] |= int(fault)

    def numbers(self, name: str) -> Numbers:
        """A column of decimals, empty where the file has none."""
        return numbers(self.columns[name]) if name in self.columns else empty_numbers(self.rows)

    def words(self, name: str) -> Words:
        """A column of words, empty where the file has none."""
        return words(self.columns[name]) if name in self.columns else empty_words(self.rows)

    def above(self, name: str, least: float, inclusive: bool, fault: RowFault) -> Numbers:
        """A column of decimals above a limit; whatever is written and not above it is a fault."""
        found = self.numbers(name)
        sound = found.values >= least if inclusive else found.values > least
        self.mark(found.given & ~sound, fault)
        return found


def legs_of(columns: Mapping[str, Any], table: FactorTable, on: date, rules: RateRules) -> Legs:
    """The rows of a table given as arrow string columns by name (empty cells null).

    ``on`` is the day of rows that name none. Nothing is raised for a wrong cell: it becomes a fault of its row.
    """
    rows = len(columns[names.CHAIN_ID])
    reader = _Reader(columns, rows)
    chain, chain_ids = _chains(reader)
    seq = _seq(reader)
    kinds = reader.words(names.KIND)
    hub = _looked_up(kinds, [KINDS.get(word, False) for word in kinds.words], False)
    reader.mark(~_looked_up(kinds, [word in KINDS for word in kinds.words], False), RowFault.KIND_UNKNOWN)
    teu = reader.above(names.TEU, 0.0, False, RowFault.TEU_NOT_POSITIVE)
    mass = reader.above(names.MASS, 0.0, False, RowFault.MASS_NOT_POSITIVE)
    reader.mark(~mass.given & ~teu.given, RowFault.MASS_NOT_POSITIVE)
    distance, basis, adjustment = _distances(reader, hub)
    energy, used, rate, rates = _rates(reader, hub, table, on, rules)
    mode_assumed = energy & ~hub & (reader.words(names.MODE).codes < 0)
    return Legs(
        chain=chain,
        chain_ids=chain_ids,
        seq=seq,
        hub=hub,
        mass_kg=_kilograms(mass.values),
        distance_km=distance,
        adjustment=adjustment,
        basis=basis,
        teu=teu.values,
        energy=energy,
        used=used,
        rate=rate,
        rates=rates,
        faults=reader.faults,
        mode_assumed=mode_assumed,
    )


def _chains(reader: _Reader) -> tuple[Integers, Any]:
    column = pc.fill_null(reader.columns[names.CHAIN_ID], "")
    encoded = column.dictionary_encode()
    codes = np.asarray(encoded.indices.to_numpy(zero_copy_only=False)).astype(np.int64)
    nameless = np.asarray(pc.equal(pc.utf8_trim_whitespace(encoded.dictionary), "").to_numpy(zero_copy_only=False))
    reader.mark(nameless.astype(bool)[codes] if len(nameless) else np.zeros(0, dtype=bool), RowFault.CHAIN_ID_MISSING)
    return codes, encoded.dictionary


def _seq(reader: _Reader) -> Integers:
    seq, readable = integers(reader.columns[names.SEQ])
    reader.mark(~readable | (seq < 0) | (seq > MAX_SEQ), RowFault.SEQ_NOT_INTEGER)
    return seq


def _kilograms(mass_t: Floats) -> Floats:
    exact = mass_t * KG_PER_T
    whole = np.rint(exact)
    return np.where(np.abs(exact - whole) <= SNAP_REL * np.abs(exact), whole, exact)


def _distances(reader: _Reader, hub: Flags) -> tuple[Floats, Integers, Floats]:
    distance = reader.numbers(names.DISTANCE)
    zero = distance.values == 0.0
    reader.mark(~hub & ~distance.given, RowFault.DISTANCE_MISSING)
    reader.mark(~hub & distance.given & ~(distance.values > 0.0), RowFault.DISTANCE_NOT_POSITIVE)
    reader.mark(hub & distance.given & ~zero, RowFault.DISTANCE_ON_HUB)
    bases = reader.words(names.BASIS)
    known = [BASES.index(word) if word in BASES else -1 for word in (word.lower() for word in bases.words)]
    basis = _looked_up(bases, known, 0)
    reader.mark(basis < 0, RowFault.BASIS_UNKNOWN)
    if names.BASIS in reader.columns:
        reader.mark(~hub & distance.given & (basis == 0), RowFault.BASIS_MISSING)
    adjustment = reader.above(names.ADJUSTMENT, 1.0, True, RowFault.ADJUSTMENT_BELOW_ONE)
    return distance.values, basis, adjustment.values


def _rates(
    reader: _Reader, hub: Flags, table: FactorTable, on: date, rules: RateRules
) -> tuple[Flags, Floats, Integers, tuple[Rate, ...]]:
    """Which rows go by energy, how much of it they bear, the rate of every row, and all rates."""
    factor, carrier, unit = (reader.words(name) for name in (names.FACTOR, names.CARRIER, names.UNIT))
    amount, share = reader.numbers(names.AMOUNT), reader.numbers(names.SHARE)
    by_factor = factor.codes >= 0
    by_energy = (carrier.codes >= 0) | (unit.codes >= 0) | amount.given | share.given
    reader.mark(by_factor & by_energy, RowFault.FACTOR_AND_ENERGY)
    reader.mark(~by_factor & ~by_energy, RowFault.NEITHER_FACTOR_NOR_ENERGY)
    reader.mark(by_energy & ~(amount.values >= 0.0), RowFault.AMOUNT_NOT_A_NUMBER)
    reader.mark(by_energy & ~((share.values > 0.0) & (share.values <= 1.0)), RowFault.SHARE_OUTSIDE)
    days, day = _days(reader, on)
    modes, mode = _modes(reader, hub)
    keys = _Keys()
    rate = np.full(reader.rows, NO_RATE, dtype=np.int64)
    use_factor, use_energy = by_factor & ~by_energy, by_energy & ~by_factor
    factor_key = factor.codes * len(days) + day
    keys.number(rate, use_factor, factor_key, len(factor.words) * len(days), lambda key: factor_rate(
        table, factor.words[key // len(days)], days[key % len(days)], rules
    ))  # fmt: skip
    units = len(unit.words) + 1
    energy_key = (((carrier.codes + 1) * units + unit.codes + 1) * len(modes) + mode) * len(days) + day

    def energy_of(key: int) -> Rate:
        key, day_code = divmod(key, len(days))
        key, mode_code = divmod(key, len(modes))
        carrier_code, unit_code = divmod(key, units)
        carrier_name, unit_name = ("", *carrier.words)[carrier_code], _unit(("", *unit.words)[unit_code])
        return energy_rate(table, carrier_name, unit_name, modes[mode_code], days[day_code], rules)

    domain = (len(carrier.words) + 1) * units * len(modes) * len(days)
    keys.number(rate, use_energy, energy_key, domain, energy_of)
    return use_energy, amount.values * share.values, rate, tuple(keys.rates)


class _Keys:
    """Numbers the different things that rows ask for; each is worked out once."""

    def __init__(self) -> None:
        self.rates: list[Rate] = [Rate()]

    def number(self, rate: Integers, where: Flags, key: Integers, domain: int, work_out: Callable[[int], Rate]) -> None:
        """Write the number of each row's rate into ``rate`` for the rows chosen."""
        asked = key[where]
        if not len(asked):
            return
        first = len(self.rates)
        if domain <= MAX_DENSE_KEYS:
            seen = np.zeros(domain, dtype=bool)
            seen[asked] = True
            different = np.flatnonzero(seen)
            target = np.zeros(domain, dtype=np.int64)
            target[different] = np.arange(first, first + len(different))
            rate[where] = target[asked]
        else:
            different, inverse = np.unique(asked, return_inverse=True)
            rate[where] = inverse + first
        self.rates.extend(work_out(int(one)) for one in different)


def _unit(word: str) -> str:
    """A unit as the factor table spells it: ``KWH`` is ``kWh``."""
    return next((unit for unit in ENERGY_UNITS if unit.lower() == word.lower()), word)


def _days(reader: _Reader, on: date) -> tuple[list[date], Integers]:
    found = reader.words(names.DAY)
    read = [_day(word) for word in found.words]
    reader.mark(_looked_up(found, [day is None for day in read], False), RowFault.DAY_UNREADABLE)
    days = [on if day is None else day for day in read]
    return [*days, on], np.where(found.codes < 0, len(days), found.codes)


def _day(word: str) -> date | None:
    try:
        return date.fromisoformat(word) if len(word) == len("2026-10-01") else None
    except ValueError:
        return None


def _modes(reader: _Reader, hub: Flags) -> tuple[list[Mode], Integers]:
    """The mode of every row: what it says, else Road for a leg and Hub for a hub."""
    found = reader.words(names.MODE)
    read = [MODES.get(word) for word in found.words]
    reader.mark(_looked_up(found, [mode is None for mode in read], False), RowFault.MODE_UNKNOWN)
    is_hub = _looked_up(found, [mode is Mode.HUB for mode in read], False)
    given = found.codes >= 0
    reader.mark(given & (is_hub != hub) & ~_looked_up(found, [m is None for m in read], False), RowFault.MODE_MISMATCH)
    modes = [mode or Mode.ROAD for mode in read] + [Mode.ROAD, Mode.HUB]
    return modes, np.where(given, found.codes, len(read) + hub.astype(np.int64))


def _looked_up(found: Words, per_word: list[Any], otherwise: Any) -> npt.NDArray[Any]:
    """A value for every row from one for each word, ``otherwise`` for empty cells."""
    return np.array([*per_word, otherwise])[found.codes]
