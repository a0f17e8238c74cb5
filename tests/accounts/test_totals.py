"""The city's totals add up to the lots."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.accounts.settlement import review
from optimizer.accounts.totals import GROUPS, GroupBy, LotSaving, grouped, lot_savings, total
from optimizer.waybills.event import Event
from tests.accounts.small_books import FUEL_LOGS, settled_books
from tests.waybills.world import all_events, lot_events, world_waybills

S1, S2 = world_waybills()
EVENTS = all_events([S1, S2], FUEL_LOGS)


def savings_of(events: list[Event]) -> list[LotSaving]:
    """The lots of the small books after some events."""
    books = settled_books(events=events)
    return lot_savings(books.waybills, review(books.waybills, books.events), books.transactions, books.runs)


@settings(max_examples=30, deadline=None)
@given(st.sets(st.sampled_from(EVENTS)), st.sampled_from(GROUPS))
def test_every_grouping_adds_up_to_the_lots(events: set[Event], group_by: GroupBy) -> None:
    """Whatever is settled and whatever is open, each grouping has the same total as the lots."""
    lots = savings_of(list(events))
    by_lot = total(grouped(lots, "lot"))
    assert total(grouped(lots, group_by)) == by_lot
    assert by_lot.lots + by_lot.open_lots == 3


def test_settled_and_open_stand_apart() -> None:
    """Lot 2 of S1 is settled: its grams are credited, the others are estimates."""
    row = total(grouped(savings_of(lot_events(S1, S1.lots[1])), "month"))
    assert (row.lots, row.open_lots, row.mass_kg, row.open_mass_kg) == (1, 2, 300_000, 450_000)
    assert row.credited_g > 0
    assert row.open_expected_g == S1.lots[0].estimated_saving_wtw_g + S2.lots[0].estimated_saving_wtw_g
    assert row.expected_g == row.baseline_g - row.actual_g


def test_groups_have_keys_and_names_in_both_languages() -> None:
    """By enterprise: the two consignors."""
    rows = grouped(savings_of(EVENTS), "enterprise")
    assert [(row.key, row.label_zh, row.label_en, row.lots) for row in rows] == [
        ("E1", "示范E1", "Demo E1", 2),
        ("E2", "示范E2", "Demo E2", 1),
    ]


def test_filters_choose_lots() -> None:
    """Only E2's lot; an unknown key leaves nothing."""
    lots = savings_of(EVENTS)
    assert [row.lots for row in grouped(lots, "month", {"enterprise": "E2"})] == [1]
    assert grouped(lots, "month", {"enterprise": "E7"}) == []


def test_money_saved_is_road_freight_minus_planned_freight() -> None:
    """The plan charges 1 fen per kg and leg, the road 11 fen per kg."""
    row = total(grouped(savings_of(EVENTS), "cargo"))
    assert row.cost_saved_fen == 750_000 * (11 - 4)


def test_nothing_at_all_is_zero() -> None:
    """The total of no rows."""
    assert total([]).lots == 0


@pytest.mark.parametrize("group_by", GROUPS)
def test_rows_are_sorted_by_key(group_by: GroupBy) -> None:
    """The order does not depend on the order of lots."""
    lots = savings_of(EVENTS)
    rows = grouped(lots, group_by)
    assert rows == grouped(lots[::-1], group_by)
    assert [row.key for row in rows] == sorted(row.key for row in rows)
