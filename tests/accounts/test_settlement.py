"""Estimates and settlements as double entry; the numbers are those of the invariants in the ledger's design."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.accounts.corrections import Booking, require_covered, reversal
from optimizer.accounts.ledger import (
    TRANSACTION_NAMESPACE,
    Bucket,
    Kind,
    Ledger,
    PostingLines,
    booking_period,
    content_digest,
    fold_balances,
    imbalance,
    month_after,
    month_of,
    require_same_content,
    reserved_amount,
    transaction_id,
)
from optimizer.accounts.settlement import (
    ISSUANCE,
    estimates,
    renewed_estimates,
    review,
    settle,
    settlement_transactions,
)
from optimizer.errors import ConflictError
from optimizer.quantities import CHINA_TIME
from optimizer.waybills.event import Event
from tests.accounts.small_books import FUEL_LOGS, settled_books
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    lot_events,
    world_factors,
    world_network,
    world_waybills,
)

S1, S2 = world_waybills()
EVENTS = all_events([S1, S2], FUEL_LOGS)
BOOKS = settled_books()


def test_invariant_1_every_transaction_balances_per_ledger() -> None:
    """At least two postings, none of zero, each ledger sums to zero."""
    assert len(BOOKS.transactions) == 12
    assert [imbalance(entry) for entry in BOOKS.transactions] == [""] * 12


def test_invariant_1_notices_what_does_not_balance() -> None:
    """One gram more, a line of zero, a single line."""
    entry = BOOKS.settlements[0]
    first, *rest = entry.postings
    assert "sums to 1" in imbalance(replace(entry, postings=(first._replace(amount=first.amount + 1), *rest)))
    assert imbalance(replace(entry, postings=(first._replace(amount=0), *rest))) == "a posting of zero"
    assert imbalance(replace(entry, postings=(first,))) == "fewer than two postings"


def test_invariant_3_the_same_work_has_the_same_id_and_content() -> None:
    """A second run later, in another period, makes the same ids and digests; other grams are refused by name."""
    again = settled_books(at=LATER + timedelta(days=40))
    assert [entry.transaction_id for entry in again.transactions] == [
        entry.transaction_id for entry in BOOKS.transactions
    ]
    for before, after in zip(BOOKS.transactions, again.transactions, strict=True):
        require_same_content(after, content_digest(before))
    forged = replace(BOOKS.settlements[0], effective_at=LATER)
    with pytest.raises(ConflictError, match="other content"):
        require_same_content(forged, content_digest(BOOKS.settlements[0]))


def test_invariant_4_posted_and_voided_are_what_was_reserved() -> None:
    """Each estimate is resolved once, in full, and nothing stays reserved."""
    estimated = {
        entry.transaction_id: reserved_amount(entry) for entry in BOOKS.transactions if entry.kind is Kind.ESTIMATE
    }
    released: dict[str, int] = {}
    for entry in BOOKS.transactions:
        if entry.kind in (Kind.POST, Kind.VOID):
            released[entry.resolves] = released.get(entry.resolves, 0) - reserved_amount(entry)
    assert released == estimated
    assert sum(amount for key, amount in fold_balances(BOOKS.transactions).items() if key[2] is Bucket.RESERVED) == 0


def test_a_better_result_than_estimated_posts_the_whole_estimate() -> None:
    """When more is credited than was reserved there is nothing left to void."""
    events = all_events([S1, S2], {"V1": 20_000})
    lots = {entry.kind for entry in settled_books(events=events).transactions if entry.waybill_number == S2.number}
    assert lots == {Kind.ESTIMATE, Kind.POST, Kind.SETTLE}


def test_invariant_5_claims_of_all_parties_are_the_verified_reduction() -> None:
    """To the gram: available claims over parties equal the credits of the runs, and minus the issuance account."""
    balances = fold_balances(BOOKS.transactions)
    claims = {
        key[0]: amount for key, amount in balances.items() if key[1] is Ledger.CLAIM and key[2] is Bucket.AVAILABLE
    }
    credited_g = sum(run.result.credited_wtw_g for run in BOOKS.runs.values())
    assert claims["E1.industry"] + claims["E2.energy"] == credited_g == -claims[ISSUANCE.account_id]
    assert len({(entry.waybill_number, entry.lot_no) for entry in BOOKS.settlements}) == len(BOOKS.settlements) == 3


def test_attribution_is_a_memo_for_three_parties_and_no_claim() -> None:
    """Consignor, consignee and operator each hold the lot's actual emissions; only the consignor holds a claim."""
    entry = next(entry for entry in BOOKS.settlements if entry.waybill_number == S2.number)
    actual_g = BOOKS.runs[entry.run_id].result.actual_wtw_g
    memo = {posting.account_id: posting.amount for posting in entry.postings if posting.ledger is Ledger.ATTRIBUTION}
    assert {name: amount for name, amount in memo.items() if amount > 0} == dict.fromkeys(
        ("E2.energy", "E3.building", "E9.transport"), actual_g
    )
    claimants = {posting.account_id for posting in entry.postings if posting.ledger is Ledger.CLAIM}
    assert claimants == {"E2.energy", ISSUANCE.account_id}


def test_a_shift_that_emits_more_is_shown_and_never_credited() -> None:
    """With four times the fuel the expected reduction is negative: no claim line, memo ledgers all the same."""
    books = settled_books(events=all_events([S1, S2], {"V1": 1_500_000}))
    entry = next(entry for entry in books.settlements if entry.waybill_number == S2.number)
    result = books.runs[entry.run_id].result
    assert result.expected_wtw_g < 0
    assert result.credited_wtw_g == 0
    assert {posting.ledger for posting in entry.postings} == {Ledger.ATTRIBUTION, Ledger.ACTIVITY, Ledger.ENERGY}
    assert Kind.POST not in {item.kind for item in books.transactions if item.waybill_number == S2.number}


@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from(EVENTS)), st.integers(10_000, 2_000_000))
def test_invariants_6_and_7_balances_hold_at_every_sequence_number(events: set[Event], fuel_g: int) -> None:
    """Whatever part of the reports arrived and whatever fuel was logged: no claim bucket is ever negative, and the
    balance is the fold of the postings at every sequence number."""
    reported = [
        replace(event, energy=replace(event.energy, amount_g=fuel_g)) if event.energy else event for event in events
    ]
    books = settled_books(events=sorted(reported, key=lambda event: event.event_id))
    running: dict[object, int] = {}
    for entry in books.transactions:
        for posting in entry.postings:
            key = (posting.account_id, posting.ledger, posting.bucket, posting.part)
            running[key] = running.get(key, 0) + posting.amount
        folded = fold_balances(books.transactions, entry.seq)
        assert {key: amount for key, amount in folded.items() if amount} == {
            key: amount for key, amount in running.items() if amount
        }
        assert all(
            amount >= 0
            for (account, ledger, _, _), amount in folded.items()
            if ledger is Ledger.CLAIM and account != ISSUANCE.account_id
        )


def test_invariant_8_late_settlements_go_into_the_first_open_period() -> None:
    """October is closed: what was delivered in October and settles now is booked in November."""
    assert {entry.period for entry in BOOKS.settlements} == {"2026-10"}
    assert {entry.period for entry in settled_books(last_closed="2026-10").transactions} == {"2026-11"}
    assert booking_period(datetime(2026, 12, 5, tzinfo=CHINA_TIME), "2026-10") == "2026-12"


def test_an_estimate_is_released_no_earlier_than_it_was_reserved() -> None:
    """Delivered a month before the planned departure: POST and VOID are booked in the estimate's month, so that no
    month ends with less than nothing reserved."""
    lot = S2.lots[0]
    (estimate,) = estimates(S2, ISSUED_AT, "")
    run = BOOKS.runs[next(entry.run_id for entry in BOOKS.settlements if entry.waybill_number == S2.number)]
    early = estimate.effective_at - timedelta(days=40)
    *released, settled = settlement_transactions(S2, lot, run, estimate, early, LATER, "")
    assert {entry.period for entry in released} == {estimate.period}
    assert settled.period == month_of(early) < estimate.period


def test_a_changed_estimate_is_voided_and_made_anew() -> None:
    """Reserved before, reserved anew; a lot that is settled or whose saving stays keeps its entries, and one that had
    nothing reserved has nothing to void."""
    first, second = S1.lots
    better = replace(first, baseline_wtw_g=first.baseline_wtw_g + 1000)
    new = replace(S1, version=2, lots=(better, second))
    waiting = {(S1.number, entry.lot_no): entry for entry in estimates(S1, ISSUED_AT, "")}
    void, anew = renewed_estimates(S1, new, waiting, (), LATER, "")
    assert (void.kind, void.lot_no, void.resolves) == (Kind.VOID, 1, waiting[S1.number, 1].transaction_id)
    assert -reserved_amount(void) == reserved_amount(waiting[S1.number, 1])
    assert (anew.kind, reserved_amount(anew)) == (Kind.ESTIMATE, reserved_amount(waiting[S1.number, 1]) + 1000)
    assert anew.transaction_id not in {entry.transaction_id for entry in waiting.values()}
    assert renewed_estimates(S1, new, waiting, {(S1.number, 1)}, LATER, "") == []
    assert renewed_estimates(S1, new, {}, (), LATER, "") == [anew]
    assert renewed_estimates(S1, S1, waiting, (), LATER, "") == []


def test_only_the_waybills_asked_for_get_a_state() -> None:
    """The others are neighbours on voyages: their loads count all the same."""
    bills = {bill.number: bill for bill in (S1, S2)}
    asked = review(bills, EVENTS, [S2.number])
    assert set(asked.states) == {S2.number}
    assert asked.voyages == review(bills, EVENTS).voyages


def test_what_was_never_settled_cannot_be_reversed() -> None:
    """Nor can an estimate."""
    for entries in ([], estimates(S1, ISSUED_AT, "")):
        with pytest.raises(ConflictError):
            reversal(entries, Booking(LATER, "", "why"))


def test_invariant_6_is_about_claims_of_parties() -> None:
    """Energy saved may be negative, and issuance is what claims are taken from; a party's claim may not fall below
    zero by a gram."""
    lines = PostingLines(ISSUANCE.account_id)
    lines.move("E1.industry", Ledger.CLAIM, 5)
    lines.move("E1.industry", Ledger.ENERGY, -7)
    require_covered(lines.lines, {})
    taken = PostingLines(ISSUANCE.account_id)
    taken.move("E1.industry", Ledger.CLAIM, -6)
    require_covered(taken.lines, {("E1.industry", Ledger.CLAIM, Bucket.AVAILABLE, ""): 6})
    with pytest.raises(ConflictError):
        require_covered(taken.lines, {("E1.industry", Ledger.CLAIM, Bucket.AVAILABLE, ""): 5})


def test_invariant_12_every_verified_lot_settles_and_no_other() -> None:
    """With lot 2's reports only, lot 2 settles; the estimates of the others stay pending."""
    books = settled_books(events=lot_events(S1, S1.lots[1]))
    assert [(entry.waybill_number, entry.lot_no) for entry in books.settlements] == [(S1.number, 2)]


def test_settling_again_settles_nothing() -> None:
    """A lot with a SETTLE entry is left alone."""
    again = settle(
        BOOKS.waybills,
        review(BOOKS.waybills, BOOKS.events),
        BOOKS.transactions,
        world_network(),
        world_factors(),
        "test",
        LATER,
        "",
    )
    assert again == []


def test_the_estimate_is_the_planned_saving_of_each_lot() -> None:
    """Reserved at dispatch for the consignor, effective when the lot is to leave, so no month ends below zero."""
    made = estimates(S1, ISSUED_AT, "")
    assert [reserved_amount(entry) for entry in made] == [lot.estimated_saving_wtw_g for lot in S1.lots]
    assert made[0].effective_at == S1.lots[0].legs[0].planned_departs_at
    worse = replace(S1, lots=tuple(replace(lot, baseline_wtw_g=0) for lot in S1.lots))
    assert estimates(worse, ISSUED_AT, "") == []


def test_lines_come_in_pairs_and_zero_leaves_none() -> None:
    """What one account gains the issuance account gives."""
    lines = PostingLines("issuance.x")
    lines.move("a", Ledger.CLAIM, 5)
    lines.move("a", Ledger.ENERGY, 0)
    assert [(line.account_id, line.amount) for line in lines.lines] == [("a", 5), ("issuance.x", -5)]


@pytest.mark.parametrize(("period", "after"), [("2026-09", "2026-10"), ("2026-12", "2027-01")])
def test_month_after(period: str, after: str) -> None:
    """December is followed by January."""
    assert month_after(period) == after


def test_months_are_of_china_time() -> None:
    """18:00 UTC on 30 September is already October in Quzhou."""
    moment = datetime.fromisoformat("2026-09-30T18:00:00+00:00")
    assert month_of(moment) == "2026-10"
    assert booking_period(moment, "") == "2026-10"
    assert booking_period(datetime(2026, 8, 1, tzinfo=CHINA_TIME), "2026-09") == "2026-10"


@given(st.text(max_size=30), st.integers(0, 99), st.sampled_from(Kind), st.text(max_size=10))
def test_transaction_ids_are_uuids_of_version_5(number: str, lot_no: int, kind: Kind, about: str) -> None:
    """The written-out form is the library's."""
    name = f"{number}|{lot_no}|shift-v1|{kind.value}" + (f"|{about}" if about else "")
    assert transaction_id(number, lot_no, "shift-v1", kind, about) == str(uuid.uuid5(TRANSACTION_NAMESPACE, name))
