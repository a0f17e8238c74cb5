"""The bench of the search for doubles: a labelled set that its seed reproduces, and what is found in it."""

from __future__ import annotations

from collections import Counter

import pytest

from optimizer.bench.duplicates import (
    KINDS,
    OURS,
    DuplicatesBench,
    Labelled,
    labelled_set,
    run,
    same_day,
    score,
    search,
)
from optimizer.waybills.verification import duplicates
from tests.waybills.world import LATER


@pytest.fixture(scope="module")
def labelled() -> Labelled:
    """Two thousand honest waybills."""
    return labelled_set(2_000, seed=5)


def test_the_set_is_of_its_seed(labelled: Labelled) -> None:
    """The same seed gives the same set, another one another; every kind occurs alike; numbers are all different."""
    again = labelled_set(2_000, seed=5)
    assert (again.events, again.doubles) == (labelled.events, labelled.doubles)
    assert labelled_set(2_000, seed=6).events != labelled.events
    counts = Counter(labelled.doubles.values())
    assert set(counts) == set(KINDS)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert len(labelled.waybills) == len(labelled.events) >= 2_200


def test_what_can_be_known_is_found_and_honest_lots_are_left_alone(labelled: Labelled) -> None:
    """Every kind is found, those moved in time or mass for being off their plan, those issued for a voyage that is full
    for the weight of it; the search is more precise than the one that looks at the day alone."""
    found = score(labelled, search(labelled))
    for kind, (hit, existing) in found.by_kind.items():
        assert hit >= 0.9 * existing > 30, kind
    for kind in ("copied", "same_ticket"):
        assert found.by_kind[kind][0] == found.by_kind[kind][1], kind
    first_idea = score(labelled, same_day(labelled.events))
    assert found.precision > first_idea.precision
    assert found.case_precision > 0.85 > 0.5 > first_idea.case_precision
    assert found.precision > 0.6


def test_honest_traffic_alone_opens_few_cases(labelled: Labelled) -> None:
    """Without any double next to nothing is flagged but lots that missed their voyage and weigh what others on board
    do."""
    honest = [event for event in labelled.events if event.waybill_number not in labelled.doubles]
    flagged = {number for number, _ in duplicates(labelled.waybills, honest)}
    assert len(flagged) < 0.02 * len(honest)
    plans = {number: labelled.waybills[number].lots[0].legs[0] for number in flagged}
    off_plan = [
        one for one in honest if one.waybill_number in plans and one.voyage_id != plans[one.waybill_number].voyage_id
    ]
    assert len(off_plan) > 0.7 * len(flagged) > 0


def test_scores_of_known_answers(labelled: Labelled) -> None:
    """Everything flagged: full recall, precision of the share; nothing flagged: no false alarm and no recall."""
    every = score(labelled, dict.fromkeys(labelled.waybills, ()))
    assert every.recall == 1.0
    assert every.precision == pytest.approx(len(labelled.doubles) / len(labelled.waybills))
    assert every.case_precision == every.precision
    nothing = score(labelled, {})
    assert (nothing.precision, nothing.case_precision, nothing.recall) == (1.0, 1.0, 0.0)
    double = min(labelled.doubles)
    honest = min(labelled.waybills.keys() - labelled.doubles.keys())
    together = score(labelled, {double: {honest}, honest: {double}})
    assert (together.precision, together.cases, together.right_cases) == (0.5, 1, 1)


def test_the_bench_states_precision_and_recall() -> None:
    """A value per run, ours and the baseline."""
    result = run(DuplicatesBench(LATER, waybills=300, runs=2, seed=1))
    figure = result.method(OURS).figure("recall")
    assert figure is not None
    assert len(figure.values) == 2
    assert {item.name for item in result.methods[1].figures} == {item.name for item in result.methods[0].figures}
