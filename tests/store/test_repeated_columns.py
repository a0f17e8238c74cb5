"""Rows held against what documents say, many at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from optimizer.accounts.audit.columns import ChangedRow, differing_rows
from optimizer.store.repeated_columns import sum_of

KEY = b"0123456789abcdef"
text = st.text(alphabet="ab\0", max_size=3)
pieces = st.lists(st.tuples(text, text, text), max_size=6, unique=True)


@given(pieces, st.randoms(use_true_random=False), st.integers(0, 6))
def test_the_sum_of_evidence_hangs_on_no_order_and_no_parts(rows, random, place) -> None:  # type: ignore[no-untyped-def]
    """The table is read in other parts than the events."""
    mixed = random.sample(rows, len(rows))
    assert sum_of(iter(mixed[:place]), KEY) + sum_of(mixed[place:], KEY) == sum_of(rows, KEY)


@given(pieces, pieces)
def test_other_evidence_adds_up_to_another_sum(rows: list[tuple[str, ...]], others: list[tuple[str, ...]]) -> None:
    """Also where the same letters are divided otherwise between event, digest and kind."""
    assert (sum_of(rows, KEY) == sum_of(others, KEY)) == (set(rows) == set(others))


def test_evidence_of_another_type_is_other_evidence() -> None:
    """SQLite keeps bytes where a text was asked for; beside them texts count as ever."""
    good, said, kept = ("e1", "d", "photo"), ("e2", "d", "photo"), ("e2", "d", b"photo")
    assert sum_of([good, kept], KEY) != sum_of([good, said], KEY)
    assert sum_of([good, kept], KEY) - sum_of([kept], KEY) == sum_of([good], KEY)


def test_only_rows_that_differ_are_named_in_whatever_order_they_come() -> None:
    """Changed, missing and one too many; a database may hand them out in any order."""
    names = ("number", "lot_no", "port")
    said = [("W1", 1, "UP"), ("W1", 2, "UP"), ("W2", 1, "UP"), ("W3", 1, "UP")]
    assert list(differing_rows("waybill", "lots", names, 2, said[::-1], said)) == []
    kept = [("W4", 1, "UP"), ("W3", 1, "UP"), ("W2", 1, "DOWN"), ("W1", 2, "UP")]
    assert list(differing_rows("waybill", "lots", names, 2, kept, said)) == [
        ChangedRow("waybill W1", "lots", ()),
        ChangedRow("waybill W2", "lots", ("port",)),
        ChangedRow("waybill W4", "lots", ()),
    ]
