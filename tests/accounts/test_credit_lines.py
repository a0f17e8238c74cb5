"""A settlement passes the join of the audit where its lines are those that its run is worth, and nowhere else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from optimizer.accounts.audit.entry_part import EntriesRead, Standing
from optimizer.accounts.audit.quick import joined
from optimizer.accounts.audit.rows import Lines, credit_rows
from optimizer.accounts.audit.run_part import Figures, RunsRead
from optimizer.accounts.audit.waybill_part import WaybillsRead

PARTIES = ("E1.industry", "E2.industry", "C1.transport")
grams = st.integers(min_value=-3, max_value=3)
modes = st.sampled_from((("Rail", "Road"), ("InlandWaterway",), ()))


@st.composite
def worths(draw: st.DrawFn) -> Figures:
    """What a run is worth, amounts of nothing included."""
    activity = tuple((mode, draw(grams)) for mode in draw(modes))
    return Figures(draw(grams), abs(draw(grams)), draw(grams), activity)


def doubted(worth: Figures, parties: int, lines: Lines) -> bool:
    """Whether a settlement with these lines is looked at again, whose run is worth so much."""
    names, amounts = tuple(line[1:-1] for line in lines), tuple(line[-1] for line in lines)
    standing = Standing("W", 1, "SETTLE", "t", "r", "", "2026-10", 0, amounts)
    found = joined(
        [WaybillsRead(newest={"W": (1, 0)}, parties=[PARTIES[:parties]])],
        [RunsRead(run_ids=["r"], lots=[("W", 1, 0)], figures=[worth])],
        [(EntriesRead(count=1, shapes=[names], standings=[standing]), 1)],
        {},
    )
    return "W" in found.numbers


@given(worths(), worths(), st.integers(1, 3), st.integers(1, 3))
def test_only_the_lines_of_a_run_pass(worth: Figures, other: Figures, parties: int, others: int) -> None:
    """Those of the run itself pass; those of another, or with other parties, only where they are the same lines."""
    right = credit_rows(
        PARTIES[:parties], worth.credited_wtw_g, worth.actual_wtw_g, worth.activity, worth.energy_saved_g
    )
    lines = credit_rows(
        PARTIES[:others], other.credited_wtw_g, other.actual_wtw_g, other.activity, other.energy_saved_g
    )
    assert not doubted(worth, parties, right)
    assert doubted(worth, parties, lines) == (lines != right)


@given(worths(), st.integers(0, 6), st.integers(1, 5))
def test_a_line_with_another_name_is_looked_at(worth: Figures, at: int, column: int) -> None:
    """The same amounts under another ledger, part, account or bucket."""
    lines = credit_rows(PARTIES, worth.credited_wtw_g, worth.actual_wtw_g, worth.activity, worth.energy_saved_g)
    if at < len(lines):
        changed = (*lines[at][:column], "other", *lines[at][column + 1 :])
        assert doubted(worth, len(PARTIES), (*lines[:at], changed, *lines[at + 1 :]))
