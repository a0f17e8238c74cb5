"""Sums of error sources, column by column, are what adding one amount after another comes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.accounts.whole import Places, SourceName, SourceSums

NAMES: list[SourceName] = [("v2", key, "kind", rel) for key in ("a", "b", "logged:c") for rel in (None, 0.1)]
AMOUNTS = st.integers(-(10**30), 10**30)


@given(
    st.lists(st.lists(st.sampled_from(NAMES), max_size=4), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.lists(AMOUNTS, min_size=4, max_size=4)), max_size=30),
    st.integers(0, 30),
)
def test_amounts_are_summed_by_source(
    shapes: list[list[SourceName]], lots: list[tuple[int, bool, list[int]]], taken_after: int
) -> None:
    """Whatever lots share their places, whichever sources they name themselves, and whenever the sums are taken."""
    sums, right = SourceSums(), dict[SourceName, int]()
    shared = [tuple(sums.place(name) for name in names) for names in shapes]
    found = dict[SourceName, int]()

    def take() -> None:
        for name, amount in sums.taken().items():
            assert amount
            found[name] = found.get(name, 0) + amount

    of_own = [(-1, *places[1:]) if places else () for places in shared]
    for number, (shape, own, amounts) in enumerate(lots):
        names = shapes[shape % len(shapes)]
        if own and names:
            places = Places(of_own[shape % len(shapes)], [(0, names[0])])
        else:
            places = Places(shared[shape % len(shapes)])
        sums.add(places, amounts[: len(names)])
        for name, amount in zip(names, amounts, strict=False):
            right[name] = right.get(name, 0) + amount
        if number == taken_after:
            take()
    take()
    assert {name: amount for name, amount in found.items() if amount} == {
        name: amount for name, amount in right.items() if amount
    }
    assert sums.taken() == {}


def test_many_lots_are_added_up_before_the_sums_are_taken() -> None:
    """What is held of them stays bounded."""
    sums = SourceSums()
    places = Places((sums.place(NAMES[0]), -1), [(1, NAMES[4])])
    for _ in range(4_500):
        sums.add(places, (2, 3))
    assert sum(len(rows) for _, rows in sums._added.values()) < 2_000
    assert sums.taken() == {NAMES[0]: 9_000, NAMES[4]: 13_500}


@pytest.mark.parametrize("amounts", [(1,), (1, 2, 3)])
def test_amounts_without_a_place_are_refused(amounts: tuple[int, ...]) -> None:
    """They would be lost from the sums."""
    sums = SourceSums()
    places = Places((sums.place(NAMES[0]), sums.place(NAMES[1])))
    sums.add(places, amounts)
    with pytest.raises(ValueError, match="zip"):
        sums.taken()
