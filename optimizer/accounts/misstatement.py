"""From what the auditor found in a sample to what it means for the whole ledger, against a threshold.

Monetary-unit sample: the tainting of a wrong item is (book - audited) / book. Projected misstatement = sum of taintings
x interval, plus the differences of items examined with certainty. The upper limit is the Stringer bound with Poisson
factors R(k): interval x R(0) for what was not seen, and for the k-th largest tainting t the increment
interval x (R(k) - R(k-1)) x t. Over- and understatement are taken apart, each with its own limit (AICPA Audit Sampling;
Stringer 1963). Simple random sample: difference estimation, population x mean difference, with Student's t and the
finite-population factor; it needs at least two items that differ, or its bound would pretend to know.

The conclusion compares the larger limit with the threshold, a share of all credited grams (ISO 14064-3:2019 leaves the
threshold to the programme; 5 % is the quantitative one of many). Both limits below: not materially misstated, with that
confidence. The projection alone above: misstated. Else the sample does not decide.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean, stdev

from scipy.special import gammaincinv, stdtrit

from optimizer.accounts.csv_text import csv_records
from optimizer.accounts.sampling import MUS, Sample
from optimizer.errors import Fault, InputError, Message

SAMPLE_COLUMNS = (
    *("method", "seed", "interval_g", "population_lots", "population_g", "last_seq"),
    *("stratum", "transaction_id", "lot", "book_g", "audited_g", "note"),
)
"""A sample as a file: how it was drawn, repeated on each row, and ``audited_g`` for the auditor to fill in."""

BELOW, ABOVE, OPEN = "below_threshold", "above_threshold", "not_decided"
LARGEST_G = 10**18


@dataclass(frozen=True, slots=True)
class SampleFile:
    """What a filled-in sample says: how it was drawn, the items it lists, and the audited grams by transaction id."""

    method: str
    seed: str
    interval_g: int
    last_seq: int
    listed: tuple[str, ...]
    audited_g: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Misstatement:
    """The roll-up. Grams are positive where the books say too much (overstatement) or too little (understatement).
    ``*_limit_g`` are upper limits at the confidence; None where the sample cannot give one. ``projected_g`` is net."""

    items: int
    wrong: int
    confidence: float
    threshold_g: int
    known_g: int
    projected_g: int
    overstatement_limit_g: int | None
    understatement_limit_g: int | None

    @property
    def conclusion(self) -> str:
        """``below_threshold``, ``above_threshold`` or ``not_decided``."""
        limits = (self.overstatement_limit_g, self.understatement_limit_g)
        if abs(self.projected_g) > self.threshold_g:
            return ABOVE
        return BELOW if all(limit is not None and limit <= self.threshold_g for limit in limits) else OPEN


def roll_up(sample: Sample, audited_g: Mapping[str, int], confidence: float, threshold_share: float) -> Misstatement:
    """Project what was found. ``audited_g``: by transaction id, for every item of the sample."""
    differences = {item.transaction_id: item.credited_wtw_g - audited_g[item.transaction_id] for item in sample.items}
    by_grams = sample.method == MUS
    projected, over, under = (_by_grams if by_grams else _by_lots)(sample, differences, confidence)
    return Misstatement(
        items=len(sample.items),
        wrong=sum(difference != 0 for difference in differences.values()),
        confidence=confidence,
        threshold_g=math.floor(threshold_share * sample.population_g),
        known_g=sum(differences.values()),
        projected_g=projected,
        overstatement_limit_g=over,
        understatement_limit_g=under,
    )


def poisson_factor(errors: int, confidence: float) -> float:
    """R(k): the Poisson mean that shows at most k with probability 1 - confidence (R(0) = 3.00 at 95 %)."""
    return float(gammaincinv(errors + 1, confidence))


def _by_grams(sample: Sample, differences: Mapping[str, int], confidence: float) -> tuple[int, int | None, int | None]:
    certain_g = {True: 0, False: 0}
    taintings: dict[bool, list[float]] = {True: [], False: []}
    for item in sample.items:
        difference = differences[item.transaction_id]
        over = difference > 0
        if item.transaction_id in sample.certain:
            certain_g[over] += abs(difference)
        elif difference:
            taintings[over].append(abs(difference) / item.credited_wtw_g)
    projected_g = {over: certain_g[over] + sum(taintings[over]) * sample.interval_g for over in (True, False)}
    limits = []
    for over in (True, False):
        bound = poisson_factor(0, confidence)
        for k, tainting in enumerate(sorted(taintings[over], reverse=True), start=1):
            bound += (poisson_factor(k, confidence) - poisson_factor(k - 1, confidence)) * tainting
        everything = sample.population_lots == len(sample.items)
        limits.append(math.ceil(certain_g[over] + (0.0 if everything else bound * sample.interval_g)))
    return round(projected_g[True] - projected_g[False]), limits[0], limits[1]


def _by_lots(sample: Sample, found: Mapping[str, int], confidence: float) -> tuple[int, int | None, int | None]:
    differences = list(found.values())
    lots, drawn = sample.population_lots, len(differences)
    projected = lots * mean(differences) if drawn else 0.0
    if drawn == lots:
        total = sum(differences)
        return total, max(0, total), max(0, -total)
    if sum(difference != 0 for difference in differences) < 2:
        return round(projected), None, None
    spread = lots * stdev(differences) / math.sqrt(drawn) * math.sqrt(1 - drawn / lots)
    margin = float(stdtrit(drawn - 1, confidence)) * spread
    return round(projected), max(0, math.ceil(projected + margin)), max(0, math.ceil(margin - projected))


def sample_csv(sample: Sample) -> str:
    """The sample with the columns :data:`SAMPLE_COLUMNS`; ``audited_g`` and ``note`` are empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(SAMPLE_COLUMNS)
    drawn = (
        *(sample.method, sample.seed, sample.interval_g),
        *(sample.population_lots, sample.population_g, sample.last_seq),
    )
    for item in sample.items:
        stratum = "certain" if item.transaction_id in sample.certain else "sampled"
        writer.writerow([*drawn, stratum, item.transaction_id, item.lot, item.credited_wtw_g, "", ""])
    return buffer.getvalue()


def parse_sample(text: str, name: str = "sample") -> SampleFile:
    """A filled-in sample. Raises InputError with every row whose ``audited_g`` is no whole number of grams, and for a
    file whose rows were not drawn together."""
    numbered = list(csv_records(text, name, SAMPLE_COLUMNS))
    rows = [row for _, row in numbered]
    faults = []
    audited_g: dict[str, int] = {}
    for number, row in numbered:
        value = row["audited_g"].strip()
        if not _is_whole(value.removeprefix("-")) or abs(int(value)) > LARGEST_G:
            message = Message("应填审定克数（整数）。", "Fill in the audited grams, a whole number.")
            faults.append(Fault(name, number, "audited_g", "audited_g", message))
        else:
            audited_g[row["transaction_id"]] = int(value)
    heads = {(row["method"], row["seed"], row["interval_g"], row["last_seq"]) for row in rows}
    if len(heads) != 1 or any(not _is_whole(head[2]) or not _is_whole(head[3]) for head in heads):
        message = Message("各行应出自同一次抽样。", "All rows should be of one draw.")
        faults.append(Fault(name, None, "seed", "mixed", message))
    if faults:
        raise InputError.of(faults)
    ((method, seed, interval_g, last_seq),) = heads
    listed = tuple(row["transaction_id"] for row in rows)
    return SampleFile(method, seed, int(interval_g), int(last_seq), listed, audited_g)


def _is_whole(text: str) -> bool:
    """Digits, and no more of them than a number of grams or entries has."""
    return text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_G))
