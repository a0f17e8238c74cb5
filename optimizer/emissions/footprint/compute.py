"""The arithmetic of footprints on whole columns: activity, emissions, totals of chains.

Amounts are integers: micro-units, that is millionths of a tonne-kilometre and of a kilogram (milligrams). Each element
and part is rounded once, half to even, from a float64 product; every total is the exact sum of its rows. The float
product is off by less than a tenth of a milligram for anything under 400 t CO2e an element, and by less than a gram up
to the limit of 9,000,000 t. With one step per gram the same code gives the very grams of ``emissions.chain``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.emissions.footprint.cells import Flags, Floats, Integers
from optimizer.emissions.footprint.faults import RowFault
from optimizer.emissions.footprint.legs import BASES, NO_RATE, Legs
from optimizer.emissions.footprint.rates import ACTIVITY_UNITS, Rate
from optimizer.quantities import G_PER_KG

MICRO = 1000
"""Steps per gram (and per kg·km) that results are rounded to: milligrams."""

MAX_AMOUNT = 9e15
"""The largest amount in steps: whole numbers of float64 are exact below it."""

MAX_SUM = 9e18
"""The largest total in steps: below the end of 64-bit integers."""

TIERS = ("", "primary", "modelled", "default", "assumed")
"""Best first; an element of a chain is no better than the worst."""


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """Four amounts in steps, and where each exists."""

    activity: Integers
    ttw: Integers
    wtt: Integers
    wtw: Integers
    has_activity: Flags
    has_ttw: Flags
    has_wtt: Flags
    has_wtw: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """``rows``: one entry per row, ``totals``: one per chain. ``faults`` are those of the rows, ``failed`` counts the
    faulty rows of each chain. ``last_row``: where each chain ends in the file. ``tier`` and ``boundary`` of chains are
    indices into TIERS and ``boundaries``."""

    rows: Amounts
    totals: Amounts
    faults: Integers
    failed: Integers
    last_row: Integers
    tier: Integers
    boundary: Integers
    boundaries: tuple[str, ...]


def compute(legs: Legs, steps_per_g: int = MICRO) -> Result:
    """The footprint of every row and chain. A chain with a faulty row has no amounts at all, nor have its rows."""
    rates = legs.rates
    boundaries = tuple(dict.fromkeys(rate.boundary for rate in rates))
    boundary = np.array([boundaries.index(rate.boundary) for rate in rates])[legs.rate]
    tier = np.array([TIERS.index(rate.tier) for rate in rates])[legs.rate]
    groups = _Groups(legs.chain, legs.chains)
    faults = legs.faults | np.array([int(rate.fault) for rate in rates], dtype=np.int64)[legs.rate]
    faults |= np.where(groups.repeats(legs.seq), int(RowFault.SEQ_DUPLICATE), 0)
    distance_km, distance_faults = _distance(legs, rates)
    faults |= distance_faults | _fit(legs, rates)
    amounts, large = _amounts(legs, distance_km, steps_per_g)
    faults |= np.where(large | _beyond_sums(amounts, groups)[legs.chain], int(RowFault.TOO_LARGE), 0)
    sound = faults == 0
    first = groups.least(np.where(sound, boundary, len(boundaries)))
    final = groups.most(np.where(sound, boundary, -1))
    mixed = (first != final) & (final >= 0)
    faults |= np.where(mixed[legs.chain], int(RowFault.BOUNDARY_MIXED), 0)
    failed = groups.total((faults != 0).astype(np.int64))
    lost = (failed > 0)[legs.chain]
    faults |= np.where(lost & (faults == 0), int(RowFault.CHAIN_FAILED), 0)
    rows = _blanked(amounts, lost)
    return Result(
        rows=rows,
        totals=_totals(rows, groups, legs.hub),
        faults=faults,
        failed=failed,
        last_row=groups.last_row,
        tier=np.where(failed > 0, 0, groups.most(tier)),
        boundary=np.where(failed > 0, NO_RATE, final),
        boundaries=boundaries,
    )


def _beyond_sums(amounts: Amounts, groups: _Groups) -> Flags:
    """Chains whose totals would not fit 64 bits: a sum that wraps around would be a silent lie."""
    beyond = np.zeros(groups.chains, dtype=bool)
    for values in (amounts.activity, amounts.ttw, amounts.wtt, amounts.wtw):
        if len(values) and float(values.max()) * len(values) > MAX_SUM:
            beyond |= groups.approximate_total(values) > MAX_SUM
    return beyond


def rounded(amount: Floats, exists: Flags) -> Integers:
    """Whole steps, halves to even; 0 where nothing exists."""
    return np.rint(np.where(exists, amount, 0.0)).astype(np.int64)


class _Groups:
    """Sums and bounds over the rows of each chain. Rows of a chain may stand apart in the file."""

    def __init__(self, chain: Integers, chains: int) -> None:
        self.chains = chains
        self.order: Integers | None = None
        if len(chain) and np.any(np.diff(chain) < 0):
            self.order = np.argsort(chain, kind="stable")
        self.sorted_chain = chain if self.order is None else chain[self.order]
        self.starts = np.searchsorted(self.sorted_chain, np.arange(chains))
        ends = np.append(self.starts[1:], len(chain)) - 1 if chains else self.starts
        self.last_row: Integers = ends if self.order is None else self.order[ends]

    def _ordered(self, values: Integers) -> Integers:
        return values if self.order is None else values[self.order]

    def total(self, values: Integers) -> Integers:
        """Exact sums."""
        return np.add.reduceat(self._ordered(values), self.starts) if self.chains else values[:0]

    def approximate_total(self, values: Integers) -> Floats:
        """Sums in float64, which do not wrap around."""
        ordered = self._ordered(values).astype(np.float64)
        return np.add.reduceat(ordered, self.starts) if self.chains else ordered[:0]

    def least(self, values: Integers) -> Integers:
        """Smallest value of each chain."""
        return np.minimum.reduceat(self._ordered(values), self.starts) if self.chains else values[:0]

    def most(self, values: Integers) -> Integers:
        """Largest value of each chain."""
        return np.maximum.reduceat(self._ordered(values), self.starts) if self.chains else values[:0]

    def repeats(self, seq: Integers) -> Flags:
        """Rows whose sequence number stands in their chain more than once."""
        found = np.zeros(len(seq), dtype=bool)
        inside = self._ordered(seq)
        same_chain = np.diff(self.sorted_chain) == 0
        if not np.any(same_chain & (np.diff(inside) <= 0)):
            return found
        order = np.lexsort((inside, self.sorted_chain))
        twin = (np.diff(inside[order]) == 0) & (np.diff(self.sorted_chain[order]) == 0)
        twins = order[np.append(twin, False) | np.append(False, twin)]
        found[twins if self.order is None else self.order[twins]] = True
        return found


def _per_rate(legs: Legs, values: list[float]) -> Floats:
    return np.array(values, dtype=np.float64)[legs.rate]


def _distance(legs: Legs, rates: tuple[Rate, ...]) -> tuple[Floats, Integers]:
    """The distance on the factor's basis, and the faults of bases that do not meet.

    The adjustment is actual over shortest feasible (or great circle) distance, ISO 14083 clause 5.4.4: an intensity per
    actual tkm takes the distance times it, one that has it inside takes an actual distance divided by it. A distance of
    unknown basis counts as driven; it does not meet a factor that has the adjustment inside."""
    actual = BASES.index("actual")
    wanted = np.array([BASES.index(rate.basis) for rate in rates])[legs.rate]
    differ = (wanted > 0) & (legs.basis > 0) & (wanted != legs.basis) & ~legs.hub
    unstated = (wanted > actual) & (legs.basis == 0) & ~legs.hub
    if not (differ | unstated).any():
        return legs.distance_km, np.zeros(legs.rows, dtype=np.int64)
    unfit = differ & (wanted != actual) & (legs.basis != actual)
    missing = differ & ~unfit & np.isnan(legs.adjustment) & (legs.faults & int(RowFault.ADJUSTMENT_BELOW_ONE) == 0)
    scale = np.where(wanted == actual, legs.adjustment, 1.0 / legs.adjustment)
    distance_km: Floats = np.where(differ & ~unfit, legs.distance_km * scale, legs.distance_km)
    faults = np.zeros(legs.rows, dtype=np.int64)
    faults[unstated] = int(RowFault.BASIS_MISSING)
    faults[unfit] = int(RowFault.BASIS_UNFIT)
    faults[missing] = int(RowFault.ADJUSTMENT_MISSING)
    return distance_km, faults


def _fit(legs: Legs, rates: tuple[Rate, ...]) -> Integers:
    """Whether the factor belongs to the kind of row and the row holds what its unit needs."""
    named = np.array([rate.unit in ACTIVITY_UNITS for rate in rates])[legs.rate] & ~legs.energy
    hub_unit = np.array([ACTIVITY_UNITS.get(rate.unit, False) for rate in rates])[legs.rate]
    per_teu = np.array([rate.unit.startswith("TEU") for rate in rates])[legs.rate]
    unfit = named & (hub_unit != legs.hub)
    teu_missing = named & per_teu & np.isnan(legs.teu) & (legs.faults & int(RowFault.TEU_NOT_POSITIVE) == 0)
    mass_missing = ~(named & per_teu) & np.isnan(legs.mass_kg)
    faults = np.zeros(legs.rows, dtype=np.int64)
    faults[unfit] |= int(RowFault.FACTOR_UNFIT)
    faults[teu_missing] |= int(RowFault.TEU_MISSING)
    faults[mass_missing] |= int(RowFault.MASS_NOT_POSITIVE)
    return faults


def _amounts(legs: Legs, distance_km: Floats, steps_per_g: int) -> tuple[Amounts, Flags]:
    """Amounts of every row, and where one is too large to be true."""
    rates = legs.rates
    per_teu = np.array([rate.unit.startswith("TEU") for rate in rates])[legs.rate]
    # What multiplies kg per unit to give grams: kg·km (kg for hubs), 1,000 x TEU·km, or 1,000 x energy borne.
    load = np.where(per_teu, legs.teu * G_PER_KG, legs.mass_kg) if per_teu.any() else legs.mass_kg
    base = np.where(legs.hub, load, load * distance_km)
    base = np.where(legs.energy, legs.used * G_PER_KG, base)
    steps = float(steps_per_g)
    parts = [_per_rate(legs, [getattr(rate, name) for rate in rates]) for name in ("ttw_kg", "wtt_kg", "wtw_kg")]
    ttw, wtt, wtw = (base * part * steps for part in parts)
    activity = np.where(legs.hub, np.nan, legs.mass_kg * legs.distance_km * steps)
    with np.errstate(invalid="ignore"):
        large = np.logical_or.reduce([amount > MAX_AMOUNT for amount in (activity, ttw, wtt, wtw)])
    has_ttw, has_wtt, has_wtw = (~np.isnan(amount) & ~large for amount in (ttw, wtt, wtw))
    has_activity = ~np.isnan(activity) & ~large
    ttw_steps, wtt_steps = rounded(ttw, has_ttw), rounded(wtt, has_wtt)
    whole = np.where(has_ttw & has_wtt, ttw_steps + wtt_steps, rounded(wtw, has_wtw))
    return (
        Amounts(rounded(activity, has_activity), ttw_steps, wtt_steps, whole, has_activity, has_ttw, has_wtt, has_wtw),
        large,
    )


def _blanked(amounts: Amounts, lost: Flags) -> Amounts:
    if not lost.any():
        return amounts
    kept = ~lost
    return Amounts(
        amounts.activity * kept,
        amounts.ttw * kept,
        amounts.wtt * kept,
        amounts.wtw * kept,
        amounts.has_activity & kept,
        amounts.has_ttw & kept,
        amounts.has_wtt & kept,
        amounts.has_wtw & kept,
    )


def _totals(rows: Amounts, groups: _Groups, hub: Flags) -> Amounts:
    """Sums of chains; a part that one element lacks has no total."""

    def everywhere(has: Flags) -> Flags:
        return groups.least(has.astype(np.int64)) > 0

    known = everywhere(rows.has_activity | (hub & rows.has_ttw | hub & rows.has_wtw))
    return Amounts(
        groups.total(rows.activity),
        groups.total(rows.ttw),
        groups.total(rows.wtt),
        groups.total(rows.wtw),
        known,
        everywhere(rows.has_ttw),
        everywhere(rows.has_wtt),
        everywhere(rows.has_wtw),
    )
