"""What an auditor draws from the books: the population with control totals, samples, the roll-up of findings."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.accounts.misstatement import Misstatement, SampleFile, roll_up
from optimizer.accounts.population import ControlTotals, PopulationItem, control_totals
from optimizer.accounts.sampling import METHODS, MUS, Sample, draw, drawn_by, mus_size
from optimizer.actions.closing import require_period
from optimizer.errors import ConflictError, InputError, Message
from optimizer.store.engine import Store


@dataclass(frozen=True, slots=True)
class Population:
    """The export and what it adds up to."""

    items: tuple[PopulationItem, ...]
    totals: ControlTotals


def population(store: Store, period: str = "", until_seq: int | None = None) -> Population:
    """Every settled lot as it stands, or those whose standing entry is booked in a month (``2026-10``).

    ``until_seq``: as the books stood after that entry. Raises InputError for a text that is no month.
    """
    if period:
        require_period(period)
    with store.read() as session:
        last_seq = session.last_seq() if until_seq is None else until_seq
        items = [item for item in session.population(last_seq) if not period or item.period == period]
        held_g = None if period else session.claim_held(last_seq)
    return Population(tuple(items), control_totals(items, last_seq, held_g, period))


def draw_sample(
    store: Store,
    method: str = MUS,
    size: int | None = None,
    seed: str = "0",
    confidence: float = 0.95,
    threshold_share: float = 0.05,
) -> Sample:
    """A sample of the whole population as it stands. Without ``size`` as many draws as confidence and threshold need
    (``sampling.mus_size``). Raises InputError for an unknown method or a wrong size."""
    if method not in METHODS:
        raise InputError(
            Message(f"抽样方法应为 {'、'.join(METHODS)}。", f"The method should be one of {', '.join(METHODS)}.")
        )
    found = population(store)
    wanted = mus_size(confidence, threshold_share) if size is None else size
    return draw(found.items, method, wanted, seed, found.totals.last_seq)


def evaluate_sample(store: Store, file: SampleFile, confidence: float, threshold_share: float) -> Misstatement:
    """Roll up a filled-in sample. It is drawn again from the books as they stood then: rows left out, added or swapped
    for easier ones are refused with ConflictError. Raises InputError for confidence or threshold outside (0, 1).
    """
    mus_size(confidence, threshold_share)
    found = population(store, until_seq=file.last_seq)
    step = file.interval_g if file.method == MUS else len(file.listed)
    known = file.method in METHODS and step > 0
    again = drawn_by(found.items, file.method, step, file.seed, file.last_seq) if known else None
    if again is None or tuple(item.transaction_id for item in again.items) != file.listed:
        raise ConflictError(
            Message(
                "样本与种子在账上抽出的不同：有行被删、被加或被换；请用原样本。",
                "The sample is not what its seed draws from the books: rows were left out, added or swapped. Use the "
                "sample as it was drawn.",
            )
        )
    return roll_up(again, file.audited_g, confidence, threshold_share)
