"""The audit is silent on clean books and names every planted fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from optimizer.accounts.audit import CHECKS, audit, codes
from optimizer.accounts.books import Books, StoredDocument
from optimizer.accounts.ledger import Kind, Period, Posting, Transaction
from optimizer.waybills.event import EventType, Evidence
from optimizer.waybills.finding import lot_record
from tests.accounts.small_books import numbered, settled_books, with_document, with_ledger
from tests.waybills.world import LATER, digest, world_waybills

S1, S2 = world_waybills()
CLEAN = settled_books()


def found(books: Books) -> set[str]:
    """The codes of all findings."""
    return set(codes(audit(books)))


def test_clean_books_have_no_findings() -> None:
    """Every check runs over the settled month and finds nothing."""
    assert audit(CLEAN) == []


def test_every_finding_speaks_both_languages_and_names_a_record() -> None:
    """A finding that a person cannot read or trace is none."""
    books = replace(CLEAN, events=CLEAN.events[:-1], runs={})
    for finding in audit(books):
        assert finding.record
        assert finding.message.zh
        assert finding.message.en


def change_settlement(change: Callable[[Posting], Posting]) -> Books:
    """The first settlement with every claim line changed and digests written anew."""
    entries = []
    for entry in CLEAN.transactions:
        if entry is CLEAN.settlements[0]:
            entry = replace(entry, postings=tuple(change(posting) for posting in entry.postings))
        entries.append(entry)
    return with_ledger(CLEAN, entries)


def test_a_forged_amount_is_found_even_with_its_digest_renewed() -> None:
    """A thousand grams more on both sides balance; the calculation run does not say so."""
    forged = change_settlement(
        lambda posting: posting._replace(amount=posting.amount + (1000 if posting.amount > 0 else -1000))
    )
    assert {"postings_differ_from_run", "claims_differ_from_runs"} <= found(forged)


def test_one_gram_on_one_line_does_not_balance() -> None:
    """Zero sums and digests both notice."""
    entry = CLEAN.settlements[0]
    first, *rest = entry.postings
    wrong = replace(entry, postings=(first._replace(amount=first.amount + 1), *rest))
    stored = [replace(item, transaction=wrong) if item.transaction is entry else item for item in CLEAN.stored]
    assert {"not_balanced", "transaction_changed"} <= found(replace(CLEAN, stored=stored))


def test_a_removed_transaction_leaves_a_gap() -> None:
    """The sequence has a hole and an estimate stays pending or a lot unsettled."""
    kept = [item for item in CLEAN.stored if item.transaction is not CLEAN.settlements[0]]
    assert {"sequence_gap", "verified_not_settled"} <= found(replace(CLEAN, stored=kept))


def test_a_lot_settled_twice_is_found() -> None:
    """A copy of a settlement under another id."""
    copy = replace(CLEAN.settlements[0], transaction_id="another")
    assert {"settled_twice", "claims_differ_from_runs"} <= found(
        with_ledger(CLEAN, numbered([*CLEAN.transactions, copy]))
    )


def test_a_changed_result_is_found() -> None:
    """A run whose result is a gram off its inputs is named twice: by its digest and by running it again."""
    run = next(iter(CLEAN.runs.values()))
    changed = replace(run, result=replace(run.result, credited_wtw_g=run.result.credited_wtw_g + 1))
    assert {"run_changed", "recomputes_differently"} <= found(replace(CLEAN, runs={**CLEAN.runs, run.run_id: changed}))


def test_a_missing_run_is_found() -> None:
    """A settlement without its calculation is no settlement."""
    assert "run_missing" in found(replace(CLEAN, runs={}))


def test_a_later_withdrawal_shows_that_the_settlement_needs_a_reversal() -> None:
    """Taking back a discharge after settling leaves a settled lot that nothing verifies."""
    target = next(event for event in CLEAN.events if event.event_type is EventType.DISC)
    withdrawal = replace(
        target, event_id="w", event_type=EventType.WDRW, withdraws=target.event_id, reason="x", evidence=()
    )
    assert "settled_not_verified" in found(replace(CLEAN, events=[*CLEAN.events, withdrawal]))


def test_other_evidence_than_settled_on_is_found() -> None:
    """A smaller weighing that arrives later, or another fuel log, calls for a restatement."""
    lighter = [
        replace(event, mass_kg=250_000) if event.voyage_id == "V2" and event.event_type is EventType.DISC else event
        for event in CLEAN.events
    ]
    assert "inputs_differ_from_evidence" in found(replace(CLEAN, events=lighter))
    thirstier = [
        replace(event, energy=replace(event.energy, amount_g=300_000)) if event.energy else event
        for event in CLEAN.events
    ]
    assert "inputs_differ_from_evidence" in found(replace(CLEAN, events=thirstier))


def test_evidence_that_names_an_unknown_class_is_found() -> None:
    """A loading that was corrected after settlement may name a class that the network does not have: no inputs can be
    made of it, and the audit says so of each lot on that voyage and goes on."""
    unknown = [
        replace(event, vehicle_class="RAFT")
        if event.voyage_id == "V2" and event.event_type is EventType.LOAD
        else event
        for event in CLEAN.events
    ]
    named = [finding for finding in audit(replace(CLEAN, events=unknown)) if "RAFT" in finding.message.en]
    assert [(finding.code, finding.record) for finding in named] == [
        ("inputs_differ_from_evidence", lot_record(S1.number, 2))
    ]
    assert "RAFT" in named[0].message.zh


def test_verified_but_not_settled_is_found() -> None:
    """Only the estimates were written."""
    estimates = [entry for entry in CLEAN.transactions if entry.kind is Kind.ESTIMATE]
    findings = codes(audit(replace(with_ledger(CLEAN, estimates), runs={})))
    assert findings == {"verified_not_settled": 3}


def test_lost_evidence_and_double_reporting_are_listed() -> None:
    """A lot without tickets is frozen; one ticket under two numbers freezes both."""
    bare = [replace(event, evidence=()) if event.waybill_number == S2.number else event for event in CLEAN.events]
    assert codes(audit(settled_books(events=bare))) == {"evidence_lost": 1}
    shared = (Evidence("weigh_ticket", digest("one ticket")),)
    doubled = [replace(event, evidence=shared) if event.is_weighing else event for event in CLEAN.events]
    findings = codes(audit(settled_books(events=doubled)))
    assert findings["duplicate_under_another_number"] == 4


def test_a_dispute_is_listed() -> None:
    """A discharge at another place than planned."""
    moved = [
        replace(event, location_id="MID") if event.event_type is EventType.DISC else event for event in CLEAN.events
    ]
    assert codes(audit(settled_books(events=moved)))["place_differs"] >= 3


def test_posting_into_a_closed_period_is_found() -> None:
    """October closed before its settlements were written."""
    early = Period("2026-10", LATER, 3)
    assert codes(audit(replace(CLEAN, periods=[early]))) == {
        "posted_into_closed_period": 9,
        "booked_in_wrong_period": 9,
    }
    after = Period("2026-10", LATER, len(CLEAN.stored))
    assert audit(replace(CLEAN, periods=[after])) == []


def test_periods_close_in_order() -> None:
    """A month left out, or closed before its predecessor."""
    last = len(CLEAN.stored)
    skipped = [Period("2026-10", LATER, last), Period("2026-12", LATER, last)]
    assert found(replace(CLEAN, periods=skipped)) == {"periods_out_of_order"}
    backwards = [Period("2026-10", LATER, last), Period("2026-11", LATER - timedelta(days=1), last)]
    assert found(replace(CLEAN, periods=backwards)) == {"periods_out_of_order"}


def test_a_changed_document_is_found() -> None:
    """A waybill, event or run whose digest is not the written one."""
    changed = StoredDocument("event x", digest("now"), digest("then"))
    assert found(with_document(CLEAN, changed)) == {"document_changed"}


def edited(change: Callable[[Transaction], Transaction], kind: Kind) -> Books:
    """The books with every transaction of a kind edited, digests written anew."""
    return with_ledger(CLEAN, [change(entry) if entry.kind is kind else entry for entry in CLEAN.transactions])


def test_an_estimate_resolved_in_part_is_found() -> None:
    """Without the VOID entries, posted is less than reserved."""
    kept = numbered(entry for entry in CLEAN.transactions if entry.kind is not Kind.VOID)
    assert "pending_mismatch" in found(with_ledger(CLEAN, kept))


def test_an_estimate_not_resolved_at_all_is_found() -> None:
    """A settled lot whose estimate is still pending."""
    kept = numbered(entry for entry in CLEAN.transactions if entry.kind not in (Kind.VOID, Kind.POST))
    assert "pending_after_settlement" in found(with_ledger(CLEAN, kept))


def test_a_release_of_nothing_is_found() -> None:
    """A POST that names no estimate, and the overdraft it would cause."""
    assert "resolves_nothing" in found(edited(lambda entry: replace(entry, resolves="nobody"), Kind.POST))
    no_estimates = numbered(entry for entry in CLEAN.transactions if entry.kind is not Kind.ESTIMATE)
    assert {"negative_balance", "resolves_nothing"} <= found(with_ledger(CLEAN, no_estimates))


def test_an_unknown_account_is_found() -> None:
    """A posting to an account nobody opened."""
    accounts = {name: account for name, account in CLEAN.accounts.items() if name != "E3.building"}
    assert found(replace(CLEAN, accounts=accounts)) == {"unknown_account"}


def test_a_settlement_without_waybill_is_found() -> None:
    """The waybill is gone."""
    assert "settled_without_waybill" in found(replace(CLEAN, waybills={S1.number: CLEAN.waybills[S1.number]}))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_check_says_what_it_asks(check: object) -> None:
    """The auditor reads the docstrings."""
    assert (check.__doc__ or "").endswith(".")
