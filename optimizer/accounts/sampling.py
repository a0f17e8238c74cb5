"""Samples of the population that anybody can draw again from the seed.

No generator of random numbers is involved: an item's rank is SHA-256 of seed and transaction id, a start is SHA-256 of
the seed, so a second auditor checks a sample with any language. Two ways:

    random   simple random: the items of the lowest ranks
    mus      monetary-unit sampling by grams: items lie end to end on a line as long as their credited grams, and every
             ``interval_g``-th gram from a start inside the first interval is drawn; an item as large as the interval is
             drawn with certainty. The usual systematic selection (AICPA Audit Sampling guide; Arens, Loebbecke).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.accounts.population import PopulationItem
from optimizer.errors import InputError, Message

RANDOM, MUS = "random", "mus"
METHODS = (MUS, RANDOM)


@dataclass(frozen=True, slots=True)
class Sample:
    """The drawn items in order of entry. ``interval_g`` is 0 for a simple random sample; ``certain``: the transactions
    at least as large as the interval, which are examined in full and never projected."""

    method: str
    seed: str
    interval_g: int
    population_lots: int
    population_g: int
    last_seq: int
    items: tuple[PopulationItem, ...]
    certain: frozenset[str]


def draw(items: Sequence[PopulationItem], method: str, size: int, seed: str, last_seq: int) -> Sample:
    """A sample of about ``size`` items (exactly, for ``random``; for ``mus`` large items may take several draws).

    Raises InputError for a size that is not positive, and for ``mus`` where nothing is credited.
    """
    if size < 1:
        raise InputError(Message("样本量应为正数。", "The sample size must be positive."))
    total_g = sum(item.credited_wtw_g for item in items)
    if method == MUS and total_g <= 0:
        raise InputError(
            Message(
                "没有入账的克数，不能按克抽样；请用 random。", "Nothing is credited to sample by grams; use random."
            )
        )
    return drawn_by(items, method, size if method == RANDOM else max(1, total_g // size), seed, last_seq)


def drawn_by(items: Sequence[PopulationItem], method: str, step: int, seed: str, last_seq: int) -> Sample:
    """The sample of a seed; ``step``: how many items for ``random``, the interval in g for ``mus``."""
    certain = frozenset[str]()
    if method == RANDOM:
        ranked = sorted(items, key=lambda item: _rank(seed, item.transaction_id))
        chosen = frozenset(item.transaction_id for item in ranked[:step])
    else:
        certain = frozenset(item.transaction_id for item in items if item.credited_wtw_g >= step)
        chosen = certain | _hit([item for item in items if item.transaction_id not in certain], step, seed)
    drawn = tuple(item for item in sorted(items, key=lambda item: item.seq) if item.transaction_id in chosen)
    total_g = sum(item.credited_wtw_g for item in items)
    return Sample(method, seed, step if method == MUS else 0, len(items), total_g, last_seq, drawn, certain)


def mus_size(confidence: float, threshold_share: float) -> int:
    """How many draws show, when none of them is wrong, that less than a share of the population is misstated:
    -ln(1 - confidence) / share, the Poisson factor without an error (3.0 at 95 %). Raises InputError outside (0, 1)."""
    if not (0 < confidence < 1 and 0 < threshold_share < 1):
        raise InputError(
            Message("置信度与界限应在 0 与 1 之间。", "Confidence and threshold lie between 0 and 1, both excluded.")
        )
    return math.ceil(-math.log(1 - confidence) / threshold_share)


def _hit(items: Sequence[PopulationItem], interval_g: int, seed: str) -> set[str]:
    """The items that hold a drawn gram, laid end to end in an order that the seed mixes: no pattern of booking (the
    first of every month, every tenth lot) can fall in step with the interval."""
    drawn = int.from_bytes(hashlib.sha256(f"{seed}|start".encode()).digest()) % interval_g
    hit, end_g = set(), 0
    for item in sorted(items, key=lambda item: _rank(seed, item.transaction_id)):
        end_g += max(0, item.credited_wtw_g)
        if drawn < end_g:
            hit.add(item.transaction_id)
            drawn += interval_g * ((end_g - drawn - 1) // interval_g + 1)
    return hit


def _rank(seed: str, transaction_id: str) -> bytes:
    return hashlib.sha256(f"{seed}|{transaction_id}".encode()).digest()
