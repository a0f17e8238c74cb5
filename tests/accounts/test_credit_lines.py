"""A settlement passes the join of the audit where its lines are those that its run is worth, and nowhere else."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from optimizer.accounts.audit.credits import Figures, credit_of, figures_in
from optimizer.accounts.audit.entry_part import EntriesRead, Settled, Standing
from optimizer.accounts.audit.handed_over import HandedOver
from optimizer.accounts.audit.quick import joined
from optimizer.accounts.audit.rows import Lines, credit_rows
from optimizer.accounts.audit.run_part import RunsRead
from optimizer.accounts.audit.waybill_part import WaybillsRead

PARTIES = ("E1.industry", "E2.industry", "C1.transport")
grams = st.integers(min_value=-3, max_value=3)
modes = st.sampled_from((("Rail", "Road"), ("InlandWaterway",), ()))


@st.composite
def worths(draw: st.DrawFn) -> Figures:
    """What a run is worth, amounts of nothing included."""
    activity = tuple((mode, draw(grams)) for mode in draw(modes))
    return Figures(draw(grams), abs(draw(grams)), draw(grams), activity)


def rows_of(worth: Figures, parties: Sequence[str]) -> Lines:
    """The lines that a settlement posts of it."""
    return credit_rows(parties, worth.credited_wtw_g, worth.actual_wtw_g, worth.activity, worth.energy_saved_g)


def doubted(worth: Figures, parties: int, lines: Lines) -> bool:
    """Whether a settlement with these lines is looked at again, whose run is worth so much: handed over as a standing
    entry, and as a text where its lines say all; and both from another process."""
    names, amounts = tuple(line[1:-1] for line in lines), tuple(line[-1] for line in lines)
    standing = Standing(0, "W", 1, "SETTLE", "t", "r", "", "2026-10", 0, amounts)
    parts = [EntriesRead(count=1, shapes=[names], standings=[standing])]
    credit = credit_of(names)
    text = credit.text(amounts) if credit is not None else None
    if credit is not None and text is not None:
        settled = Settled([("W", 1, text)], [0], ["r"], ["t"], ["2026-10"])
        parts.append(EntriesRead(count=1, parties=[credit.parties], settled=settled))
    answers = set()
    for part in [*parts, *pickle.loads(pickle.dumps(parts))]:
        runs = pickle.loads(pickle.dumps(RunsRead(run_ids=["r"], lots=[("W", 1, worth.text())])))
        waybills = WaybillsRead(newest={"W": (1, 0)}, parties=[PARTIES[:parties]])
        answers.add("W" in joined([waybills], [runs], [(part, 1)], {}).numbers)
    (answer,) = answers
    return answer


@given(worths(), worths(), st.integers(1, 3), st.integers(1, 3))
def test_only_the_lines_of_a_run_pass(worth: Figures, other: Figures, parties: int, others: int) -> None:
    """Those of the run itself pass; those of another, or with other parties, only where they are the same lines."""
    right, lines = rows_of(worth, PARTIES[:parties]), rows_of(other, PARTIES[:others])
    assert not doubted(worth, parties, right)
    assert doubted(worth, parties, lines) == (lines != right)


@given(worths(), st.integers(0, 6), st.integers(1, 5))
def test_a_line_with_another_name_is_looked_at(worth: Figures, at: int, column: int) -> None:
    """The same amounts under another ledger, part, account or bucket."""
    lines = rows_of(worth, PARTIES)
    if at < len(lines):
        changed = (*lines[at][:column], "other", *lines[at][column + 1 :])
        assert doubted(worth, len(PARTIES), (*lines[:at], changed, *lines[at + 1 :]))


def test_a_mode_that_reads_like_two_passes_for_no_two_lines() -> None:
    """A name with an amount and another name in it."""
    forged = Figures(5, 5, 5, (('Rail":7,"Road', 3),))
    assert doubted(forged, 3, rows_of(Figures(5, 5, 5, (("Rail", 7), ("Road", 3))), PARTIES))
    assert figures_in(forged.text()) == forged


def test_parties_whose_emissions_differ_are_looked_at() -> None:
    """The text says them once, so lines in which they are not the same have none."""
    worth = Figures(5, 5, 5, (("Rail", 7),))
    lines = list(rows_of(worth, PARTIES))
    lines[2] = (*lines[2][:-1], 6)
    assert doubted(worth, 3, tuple(lines))


@dataclass(slots=True)
class Columns(HandedOver):
    """Of each type one."""

    texts: list[Any]
    tuples: list[Any]
    other: Any


texts = st.text(alphabet="ab\n ", max_size=3)
values = st.one_of(texts, st.integers(), st.none(), st.binary(max_size=2))


@given(
    st.one_of(st.lists(texts), st.lists(values)),
    st.one_of(st.lists(st.tuples(texts, st.integers())), st.lists(st.lists(values).map(tuple))),
    st.one_of(values, st.sets(texts), st.dictionaries(texts, values)),
)
def test_columns_arrive_as_they_were(texts: list[Any], tuples: list[Any], other: Any) -> None:
    """Texts with line ends, none at all, and what is no text."""
    arrived = pickle.loads(pickle.dumps(Columns(texts, tuples, other)))
    assert (arrived.texts, arrived.tuples, arrived.other) == (texts, tuples, other)
