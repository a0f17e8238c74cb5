"""Appending what is there already, alone or among new records: left out when it is the same, refused when it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from optimizer import actions
from optimizer.accounts.ledger import Bucket, Kind, Ledger, PostingLines, Transaction
from optimizer.errors import ConflictError
from optimizer.store.engine import Store
from optimizer.store.rows import line_rows
from tests.waybills.world import LATER

SOURCE = "issuance.shift-v1"


def entry(name: str, amount: int = 5) -> Transaction:
    """A transfer that is about no lot."""
    lines = PostingLines(SOURCE)
    lines.move("E1.industry", Ledger.CLAIM, amount, Bucket.AVAILABLE)
    return Transaction(name, Kind.TRANSFER, "", 0, "", "", "", "2026-11", LATER, LATER, tuple(lines.lines), memo="m")


def test_what_is_recorded_is_left_out_among_what_is_new(settled: Store) -> None:
    """Every settlement once more with two new entries between, one of them twice: two are new, numbered on."""
    with settled.write() as session:
        known = session.transactions()
        runs = list(session.runs().values())
        balances = session.account_reader.all_balances()
        session.add_runs([*runs, *runs])
        again = [known[0], entry("new-1"), *known[1:], entry("new-2"), entry("new-1")]
        added = session.add_transactions(again)
        assert [(item.transaction_id, item.seq) for item in added] == [
            ("new-1", len(known) + 1),
            ("new-2", len(known) + 2),
        ]
    with settled.read() as session:
        assert session.transactions() == [*known, *added]
        assert len(session.runs()) == len(runs)
        after = session.account_reader.all_balances()
        moved = {key[0]: after[key] - balances.get(key, 0) for key in after if after[key] != balances.get(key, 0)}
        assert moved == {"E1.industry": 10, SOURCE: -10}


def test_a_repeat_after_its_month_closed_answers_the_same(settled: Store) -> None:
    """The database would refuse the month first; the entry is there, so nothing is refused."""
    assert actions.close(settled, "2026-10", LATER).last_seq
    with settled.write() as session:
        known = session.transactions()
        assert session.add_transactions(known) == []
        assert session.transactions() == known


def test_another_content_is_a_conflict_and_nothing_stays(settled: Store) -> None:
    """Among new ones too; whoever catches it and goes on finds the books as they were and can append."""
    with settled.write() as session:
        known = session.transactions()
        changed = replace(known[-1], method="another")
        with pytest.raises(ConflictError):
            session.add_transactions([entry("new-1"), changed])
        assert session.transactions() == known
        assert len(session.add_transactions([entry("new-2")])) == 1
    with settled.read() as session:
        assert len(session.transactions()) == len(known) + 1


def test_what_the_database_refuses_of_new_entries_leaves_nothing(settled: Store) -> None:
    """A claim below zero beside a good entry, and the same beside a repeat."""
    for beside in (entry("new-1"), None):
        with settled.read() as session:
            known = session.transactions()
        below = entry("below", -(10**15))
        with pytest.raises(IntegrityError, match="below zero"), settled.write() as session:
            session.add_transactions([beside or known[0], below])
        with settled.read() as session:
            assert session.transactions() == known


@pytest.mark.parametrize("changed", [{"part": "rail"}, {"ledger": Ledger.ENERGY}, {"amount": 4}])
def test_postings_that_are_no_pairs_become_no_rows(changed: dict[str, object]) -> None:
    """A counter line of another amount, ledger or part is refused, and so is a line without one."""
    whole = entry("new")
    line, counter = whole.postings
    for wrong in ((line, counter._replace(**changed)), (line, counter, line)):
        with pytest.raises(ValueError, match=r"pairs|shorter"):
            line_rows(replace(whole, postings=wrong), {})
    assert len(line_rows(whole, {})) == 1
