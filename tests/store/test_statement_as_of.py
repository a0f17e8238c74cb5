"""A statement as of a past tree is, bit for bit, the one that was printed then."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from optimizer import actions
from optimizer.accounts.statement_document import statement_csv, statement_json
from optimizer.actions.amending import amend
from optimizer.documents.report_files import bank_report_json
from optimizer.errors import UnknownRecordError
from optimizer.store.engine import Store
from optimizer.waybills.amendment import Amendment
from optimizer.waybills.event import EventType, event_id
from tests.accounts.small_books import FUEL_LOGS
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    delivery,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes([1] * 32))
ACCOUNTS = ("E1", "E2", "E3", "E9")
AT = LATER + timedelta(days=1)


def printed(store: Store, at_size: int | None = None) -> list[str]:
    """Every account's statement in both forms, and its report for a bank."""
    found = [actions.statement(store, account, "2026-10", at_size=at_size) for account in ACCOUNTS]
    reports = [actions.bank_report(store, account, "2026-10", at_size=at_size) for account in ACCOUNTS]
    return [
        *(form(item) for item in found for form in (statement_json, statement_csv)),
        *map(bank_report_json, reports),
    ]


def test_past_statements_come_back_bit_for_bit(store: Store) -> None:
    """Printed after dispatch, an amendment, a loss, settling, a reversal, closing; asked for when all have passed."""
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    then: dict[int, list[str]] = {}

    def seal_and_print() -> None:
        size = actions.seal(store, KEY, AT, batch=11).checkpoint.size
        then[size] = printed(store)

    seal_and_print()
    lighter = Amendment(declared_mass_kg={1: 140_000})
    amend(store, issued[1].number, lighter, "less was ready", world_network(), ISSUED_AT + timedelta(hours=1))
    seal_and_print()
    lost = replace(
        delivery(issued[1], issued[1].lots[0]),
        event_id=event_id(issued[1].number, 1, None, EventType.LOST),
        event_type=EventType.LOST,
    )
    actions.record(store, [lost], LATER)
    seal_and_print()
    actions.record(store, all_events(issued[:1], FUEL_LOGS), LATER)
    actions.settle(store, world_network(), world_factors(), LATER)
    seal_and_print()
    actions.reverse(store, issued[0].number, 1, "a forged ticket", LATER - timedelta(days=3))
    seal_and_print()
    actions.close(store, "2026-10", AT)
    seal_and_print()
    assert len(set(map(tuple, then.values()))) == len(then) == 6
    shipped = [json.loads(report)["shipped_t"] for report in (pages[-3] for pages in then.values())]
    assert shipped == ["150.000", "140.000", "0.000", "0.000", "0.000", "0.000"]
    assert [json.loads(pages[-4])["lots"] for pages in then.values()] == [0, 0, 0, 2, 1, 1]
    assert {size: printed(store, size) for size in then} == then


def test_a_statement_names_the_tree_that_stands_behind_it(settled: Store) -> None:
    """None before the first seal; afterwards size, root and the last transaction sealed, in both forms."""
    unsealed = actions.statement(settled, "E1", "2026-10")
    assert unsealed.seal is None
    assert json.loads(statement_json(unsealed))["tree_size"] is None
    assert all(row["kind"] != "tree" for row in rows(settled))
    head = actions.seal(settled, KEY, AT).checkpoint
    sealed = actions.statement(settled, "E1", "2026-10")
    assert sealed.seal is not None
    assert (sealed.seal.tree_size, sealed.seal.root, sealed.seal.sealed_seq) == (head.size, head.root, sealed.last_seq)
    document = json.loads(statement_json(sealed))
    assert (document["tree_size"], document["root"]) == (head.size, head.root.hex())
    assert document["sealed_seq"] == sealed.last_seq
    (tree,) = [row for row in rows(settled) if row["kind"] == "tree"]
    assert (tree["seq"], tree["run_id"]) == (str(head.size), head.root.hex())


def test_what_is_not_sealed_yet_stands_on_the_statement_of_now_alone(store: Store) -> None:
    """Settled after the seal: now it is listed and ``sealed_seq`` lies before it; as of the tree it is not."""
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    size = actions.seal(store, KEY, AT).checkpoint.size
    actions.record(store, all_events(issued, FUEL_LOGS), LATER)
    actions.settle(store, world_network(), world_factors(), LATER)
    now, then = (actions.statement(store, "E1", "2026-10", at_size=at) for at in (None, size))
    assert now.seal == then.seal
    assert now.seal is not None
    assert now.last_seq > now.seal.sealed_seq == then.last_seq
    assert (len(now.movements), len(then.movements)) == (2, 0)


def test_between_two_heads_the_books_stood_too(settled: Store) -> None:
    """At every size the statement holds the transactions that are among so many leaves."""
    size = actions.seal(settled, KEY, AT, batch=7).checkpoint.size
    leaves = actions.leaves(settled, size)
    for at in range(1, size + 1):
        seal = actions.statement(settled, "E1", "2026-10", at_size=at).seal
        assert seal is not None
        assert seal.sealed_seq == sum(leaf.kind == "transaction" for leaf in leaves[:at])


@pytest.mark.parametrize("size", [0, -1, 10_000])
def test_a_tree_that_never_was_has_no_statement(settled: Store, size: int) -> None:
    """Nor has any size before the first seal."""
    for _ in range(2):
        with pytest.raises(UnknownRecordError, match="never was a tree"):
            actions.statement(settled, "E1", "2026-10", at_size=size)
        actions.seal(settled, KEY, AT)


def rows(store: Store) -> list[dict[str, str]]:
    """The rows of a statement as CSV."""
    return list(csv.DictReader(io.StringIO(statement_csv(actions.statement(store, "E1", "2026-10")))))
