"""The canonical text of a record: exactly this, and another one for every change."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.accounts.entries import Entry, document_digest, entry_text

ROW: dict[str, Any] = {"seq": 7, "kind": "SETTLE", "name": '煤 "散"', "distance_km": 12.5, "resolves": None}
PARTS = {"postings": [{"line": 1, "amount": -5}, {"line": 2, "amount": 5}]}
TEXT = (
    '{"id":"t7","kind":"transaction","parts":{"postings":[{"amount":-5,"line":1},{"amount":5,"line":2}]},'
    '"record":{"distance_km":12.5,"kind":"SETTLE","name":"煤 \\"散\\"","seq":7}}'
)


def test_the_text_is_as_written_down() -> None:
    """Keys sorted, no spaces, Chinese as it is, no column without a value. A change here breaks every sealed log."""
    assert entry_text("transaction", "t7", ROW, PARTS) == TEXT


def test_the_leaf_is_the_hash_of_the_text() -> None:
    """SHA-256 of the byte 0 and the UTF-8 of the text; the name is kind and id."""
    entry = Entry("transaction", "t7", 7, TEXT)
    assert entry.leaf == hashlib.sha256(b"\x00" + TEXT.encode()).digest()
    assert entry.name == "transaction:t7"


def test_a_document_stands_as_its_digest() -> None:
    """So a proof of the record does not show it; nothing else of that name appears."""
    digest = hashlib.sha256('{"货":1}'.encode()).hexdigest()
    text = entry_text("waybill", "w/1", {"document": '{"货":1}'}, {})
    assert document_digest('{"货":1}') == digest
    assert text == '{"id":"w/1","kind":"waybill","parts":{},"record":{"document_sha256":"' + digest + '"}}'


def test_a_column_that_a_later_migration_adds_leaves_old_leaves_as_they_are() -> None:
    """It has no value in old rows."""
    assert entry_text("transaction", "t7", {**ROW, "added_later": None}, PARTS) == TEXT


@pytest.mark.parametrize("value", [b"7", "7", 7.0, 8, True])
def test_another_type_is_another_text(value: object) -> None:
    """Bytes in a text column, a number as text: whoever put them there changed the leaf, and nothing breaks."""
    assert entry_text("transaction", "t7", {**ROW, "seq": value}, PARTS) != TEXT


values = st.none() | st.integers() | st.text() | st.floats(allow_nan=False) | st.binary()
rows = st.dictionaries(st.sampled_from(["a", "b", "document", "seq"]), values)
parts = st.dictionaries(st.sampled_from(["lots", "legs"]), st.lists(rows, max_size=3), max_size=2)


@given(rows, parts, rows, parts)
def test_two_records_have_one_text_only_where_they_are_one(
    row: dict[str, Any], own: dict[str, Any], other: dict[str, Any], others: dict[str, Any]
) -> None:
    """Whatever the values are."""
    same = _said(row) == _said(other) and _parts_said(own) == _parts_said(others)
    assert (entry_text("k", "i", row, own) == entry_text("k", "i", other, others)) == same


def _said(row: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((name, repr(value)) for name, value in row.items() if value is not None)


def _parts_said(found: dict[str, Any]) -> dict[str, Any]:
    return {name: [_said(row) for row in listed] for name, listed in found.items()}
