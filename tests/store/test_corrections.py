"""REVERSE, RESTATE, TRANSFER and RETIRE as verbs, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.accounts.audit import codes
from optimizer.accounts.corrections import chain, standing
from optimizer.accounts.ledger import Bucket, Kind, Ledger, Transaction, requested_id
from optimizer.accounts.statement_document import statement_csv, statement_json
from optimizer.accounts.totals import total
from optimizer.actions.city_audit import lot_passages
from optimizer.actions.examining import examine_timeliness
from optimizer.documents.statement_words import statement_words
from optimizer.emissions.factors import FactorTable
from optimizer.errors import ConflictError, FactorError, InputError, UnknownRecordError
from optimizer.quantities import CHINA_TIME
from optimizer.store.engine import Store
from optimizer.waybills.event import Classifier, Event, EventType, event_id
from tests.accounts.small_books import FUEL_LOGS
from tests.emissions.world import energy_factors
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    delivery,
    leg_event,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
    world_waybills,
)

S1, S2 = world_waybills()
NOVEMBER = datetime(2026, 11, 20, 9, tzinfo=CHINA_TIME)


def claim(store: Store, account_id: str, bucket: Bucket = Bucket.AVAILABLE) -> int:
    """The claim of an account, g."""
    with store.read() as session:
        return session.account_reader.balances(account_id).get((account_id, Ledger.CLAIM, bucket, ""), 0)


def entries(store: Store, number: str, lot_no: int) -> list[Transaction]:
    """The entries of a lot, in order."""
    with store.read() as session:
        return [entry for entry in session.transactions([number]) if entry.lot_no == lot_no]


def findings(store: Store, factors: FactorTable | None = None) -> dict[str, int]:
    """What the audit says."""
    return codes(actions.audit(store, world_network(), factors or world_factors()))


def lighter(mass_kg: int) -> list[Event]:
    """A discharge of S1's second lot withdrawn, and the right one reported, lighter."""
    lot = S1.lot(2)
    leg = next(item for item in lot.legs if item.voyage_id)
    wrong = leg_event(S1, lot, leg, EventType.DISC)
    right = leg_event(S1, lot, leg, EventType.DISC, occurrence=2, mass_kg=mass_kg)
    withdrawal = replace(
        wrong,
        event_id=event_id(S1.number, 2, leg.seq, EventType.WDRW),
        event_type=EventType.WDRW,
        mass_kg=None,
        evidence=(),
        withdraws=wrong.event_id,
        corrected_by=right.event_id,
        reason="ticket of another vessel",
    )
    return [withdrawal, right]


def dearer_diesel(store: Store) -> FactorTable:
    """The world's factors with diesel at 0.9 instead of 0.8 kg CO2e/kg before the tank, released by two persons."""
    for login in ("li", "wang"):
        user = User(actions.user_id_of(login), login, login, login, Role.ADMINISTRATOR, "")
        actions.add_user(store, user, "a long passphrase 7", NOVEMBER)
    table = unreleased_diesel()
    proposal = actions.propose_factors(store, table, "li", NOVEMBER, "the supplier's new figure")
    actions.release_factors(store, proposal.proposal_id, "wang", NOVEMBER)
    return table


def unreleased_diesel() -> FactorTable:
    """The same table before anybody released it."""
    return FactorTable(energy_factors("Diesel", 3.2, 0.9, 3.0, 1.5) + energy_factors("Electric", 0.0, 0.6, 0.0, 0.1))


def test_nothing_is_settled_or_restated_on_factors_that_nobody_released(settled: Store) -> None:
    """Not one of the verbs that write runs takes them, whoever calls; nothing is written."""
    before = entries(settled, S1.number, 1)
    table = unreleased_diesel()
    for verb in (
        lambda: actions.settle(settled, world_network(), table, NOVEMBER),
        lambda: actions.restate(settled, S1.number, 1, "new factors", world_network(), table, NOVEMBER),
        lambda: actions.restate_all(settled, world_network(), table, "new factors", NOVEMBER),
    ):
        with pytest.raises(FactorError, match="two persons"):
            verb()
    assert entries(settled, S1.number, 1) == before


def test_a_reversal_takes_everything_back_and_names_the_original(settled: Store) -> None:
    """Claim, attribution, activity and energy of the lot are zero; it is booked today and names the settlement."""
    settlement = next(entry for entry in entries(settled, S2.number, 1) if entry.kind is Kind.SETTLE)
    reversal = actions.reverse(settled, S2.number, 1, "the ticket was forged", NOVEMBER)
    assert (reversal.resolves, reversal.period, reversal.memo) == (
        settlement.transaction_id,
        "2026-11",
        "the ticket was forged",
    )
    assert standing(entries(settled, S2.number, 1)) == {}
    assert claim(settled, "E2.energy") == 0
    assert actions.reverse(settled, S2.number, 1, "asked again", NOVEMBER + timedelta(days=1)) == reversal
    assert findings(settled) == {}


def test_a_reversed_lot_is_not_settled_again_and_may_be_restated(settled: Store) -> None:
    """Settling does nothing; restating brings back exactly what was reversed, and names the reversal."""
    before = standing(entries(settled, S2.number, 1))
    reversal = actions.reverse(settled, S2.number, 1, "a dispute", NOVEMBER)
    assert actions.settle(settled, world_network(), world_factors(), NOVEMBER).settled_lots == 0
    again = actions.restate(settled, S2.number, 1, "resolved", world_network(), world_factors(), NOVEMBER)
    assert again is not None
    assert again.resolves == reversal.transaction_id
    assert standing(entries(settled, S2.number, 1)) == before
    assert findings(settled) == {}


def test_a_reversed_lot_that_is_verified_again_waits_for_a_person(settled: Store) -> None:
    """Its ticket is withdrawn, it is reversed, the right ticket comes: reports alone bring no credit back. Every run of
    settle and the examination of timeliness name the lot and what to do; restating ends that, with one settlement, one
    reversal and one restatement. Nothing of it keeps a month from closing."""
    withdrawal, right = lighter(290_000)
    assert actions.record(settled, [withdrawal], NOVEMBER).refused == ()
    actions.reverse(settled, S1.number, 2, "the ticket was another vessel's", NOVEMBER)
    assert waiting(settled) == []
    assert actions.record(settled, [right], NOVEMBER).refused == ()
    assert waiting(settled) == [(S1.number, 2, "held")]
    for _ in range(2):
        result = actions.settle(settled, world_network(), world_factors(), NOVEMBER)
        assert result.settled_lots == result.transactions == 0
        (said,) = result.findings
        assert (said.code, said.record) == ("reversed_verified_again", f"waybill {S1.number}/2")
        assert f"restate {S1.number}/2" in said.message.en
    late = examine_timeliness(settled, NOVEMBER, timedelta(days=3650)).findings
    assert [item.code for item in late] == ["reversed_verified_again"]
    actions.close(settled, "2026-10", NOVEMBER)
    actions.restate(settled, S1.number, 2, "the right ticket", world_network(), world_factors(), NOVEMBER)
    assert waiting(settled) == []
    assert actions.settle(settled, world_network(), world_factors(), NOVEMBER).findings == ()
    chained = [entry.kind.value for entry in chain(entries(settled, S1.number, 2))]
    assert chained == ["SETTLE", "REVERSE", "RESTATE"]
    assert claim(settled, "E1.industry") > 0
    assert findings(settled) == {}


def test_a_reversed_lot_that_is_held_again_is_no_longer_offered(settled: Store) -> None:
    """What waits for a person follows the events: frozen it is not verified, released it is."""
    actions.reverse(settled, S2.number, 1, "a dispute", NOVEMBER)
    for kind, offered in ((EventType.HOLD, False), (EventType.RELS, True)):
        told = replace(
            delivery(S2, S2.lot(1)),
            event_id=event_id(S2.number, 1, None, kind),
            event_type=kind,
            event_time=NOVEMBER,
            record_time=NOVEMBER,
            location_id="",
            reason="a dispute",
        )
        assert actions.record(settled, [told], NOVEMBER).refused == ()
        assert waiting(settled) == ([(S2.number, 1, "held")] if offered else [])


def waiting(store: Store) -> list[tuple[str, int, str]]:
    """The outbox."""
    with store.read() as session:
        jobs = session.outbox.take(10, ("ready", "held", "failed"))
    return [(job.number, job.lot_no, job.state) for job in jobs]


def test_the_overview_counts_what_stands(settled: Store) -> None:
    """After a reversal a lot counts nowhere, restated again by its new run: as the city's kept sums do."""
    everything = total(actions.savings(settled, "month"))
    assert everything.credited_g == city_credit(settled)
    travelled = lot_passages(settled, {})
    actions.reverse(settled, S1.number, 2, "evidence fell away", NOVEMBER)
    assert 0 < sum(lot_passages(settled, {}).values()) < sum(travelled.values())
    without = total(actions.savings(settled, "month"))
    assert (without.lots, without.open_lots) == (everything.lots - 1, everything.open_lots)
    assert without.credited_g == city_credit(settled) < everything.credited_g
    actions.restate(settled, S1.number, 2, "revised", world_network(), dearer_diesel(settled), NOVEMBER)
    after = total(actions.savings(settled, "month"))
    assert after.lots == everything.lots
    assert lot_passages(settled, {}) == travelled
    assert after.credited_g == city_credit(settled) != everything.credited_g


def city_credit(store: Store) -> int:
    """What the city's kept sums say is credited."""
    (row,) = actions.city_totals(store, ())
    return row.amounts.credited_g


def test_evidence_of_an_unknown_class_calls_for_a_correction(settled: Store) -> None:
    """A loading reported anew after settlement, in a class that the network does not have: the audit names the lot that
    it concerns and goes on; withdrawn and reported as before, the books are clean again."""
    lot = S1.lots[1]
    leg = next(leg for leg in lot.legs if leg.voyage_id)
    was, told = EventType.LOAD, []
    for turn, vehicle_class in enumerate(("RAFT", ""), start=1):
        before = leg_event(S1, lot, leg, was, turn)
        withdrawal = replace(
            before,
            event_id=event_id(S1.number, 2, leg.seq, EventType.WDRW, turn),
            event_type=EventType.WDRW,
            event_time=NOVEMBER,
            record_time=NOVEMBER,
            withdraws=before.event_id,
            reason="another class",
            mass_kg=None,
            evidence=(),
        )
        told = [withdrawal, leg_event(S1, lot, leg, was, turn + 1, vehicle_class=vehicle_class)]
        assert actions.record(settled, told, NOVEMBER).refused == ()
        assert findings(settled) == ({"inputs_differ_from_evidence": 1} if vehicle_class else {})


def test_new_evidence_calls_for_a_restatement(settled: Store) -> None:
    """A lighter ticket: the audit says so, RESTATE posts the difference alone, and the books are clean again."""
    before = standing(entries(settled, S1.number, 2))
    assert actions.record(settled, lighter(290_000), NOVEMBER).refused == ()
    assert findings(settled) == {"inputs_differ_from_evidence": 1}
    entry = actions.restate(settled, S1.number, 2, "right ticket", world_network(), world_factors(), NOVEMBER)
    assert entry is not None
    after = standing(entries(settled, S1.number, 2))
    key = ("E1.industry", Ledger.CLAIM, Bucket.AVAILABLE, "")
    delta = sum(line.amount for line in entry.postings if (line.account_id, line.ledger) == key[:2])
    assert after[key] == before[key] + delta < before[key]
    assert actions.restate(settled, S1.number, 2, "again", world_network(), world_factors(), NOVEMBER) is None
    assert findings(settled) == {}


def test_invariant_8_a_factor_revision_leaves_old_statements_and_restates_in_the_open_period(settled: Store) -> None:
    """October closes; dearer diesel: October's statement is byte for byte as before, the deltas stand in November and
    name the settlements, and new plus old is what the new factors say."""
    actions.close(settled, "2026-10", LATER)
    october = actions.statement(settled, "E1", "2026-10", until_seq=12)
    revised = dearer_diesel(settled)
    result = actions.restate_all(settled, world_network(), revised, "factors revised", NOVEMBER)
    assert (result.lots, result.restated, result.findings) == (3, 3, ())
    assert result.credited_change_g != 0
    assert actions.statement(settled, "E1", "2026-10", until_seq=12) == october
    now = actions.statement(settled, "E1", "2026-10")
    assert (now.movements, now.opening, now.closing) == (october.movements, october.opening, october.closing)
    november = actions.statement(settled, "E1", "2026-11")
    assert [movement.kind for movement in november.movements] == ["RESTATE", "RESTATE"]
    assert {movement.corrects for movement in november.movements} == {
        movement.transaction_id for movement in october.movements
    }
    assert november.opening == october.closing
    assert november.credited_g == sum(movement.credited_g for movement in november.movements)
    assert actions.restate_all(settled, world_network(), revised, "factors revised", NOVEMBER).restated == 0
    assert findings(settled, revised) == {}


def test_restating_everything_goes_on_after_a_crash(settled: Store) -> None:
    """Batches of one, a crash after the second: the next run restates the third, none twice."""
    written = 0

    def crash(step: str) -> None:
        nonlocal written
        written += step == "committed"
        if written == 2:
            raise RuntimeError("crash")

    revised = dearer_diesel(settled)
    with pytest.raises(RuntimeError, match="crash"):
        actions.restate_all(settled, world_network(), revised, "x", NOVEMBER, batch=1, reached=crash)
    assert actions.restate_all(settled, world_network(), revised, "x", NOVEMBER, batch=1).restated == 1
    assert findings(settled, revised) == {}


def test_what_was_never_verified_or_settled_cannot_be_corrected(settled: Store) -> None:
    """An unknown lot, no reason; a lot whose discharge was withdrawn can be reversed and not restated."""
    with pytest.raises(UnknownRecordError, match="no lot"):
        actions.reverse(settled, S1.number, 9, "x", NOVEMBER)
    with pytest.raises(InputError, match="reason"):
        actions.reverse(settled, S1.number, 1, " ", NOVEMBER)
    for reason in ("", "two\nlines", "x" * 201):
        with pytest.raises(InputError):
            actions.reverse(settled, S1.number, 1, reason, NOVEMBER)
        with pytest.raises(InputError):
            actions.restate(settled, S1.number, 1, reason, world_network(), world_factors(), NOVEMBER)
        with pytest.raises(InputError):
            actions.restate_all(settled, world_network(), world_factors(), reason, NOVEMBER)
    actions.record(settled, lighter(290_000)[:1], NOVEMBER)
    with pytest.raises(ConflictError, match="reverse it"):
        actions.restate(settled, S1.number, 2, "x", world_network(), world_factors(), NOVEMBER)
    assert findings(settled) == {"settled_not_verified": 1, "evidence_lost": 1}
    actions.reverse(settled, S1.number, 2, "never discharged", NOVEMBER)
    assert findings(settled) == {"evidence_lost": 1}


def test_a_transfer_moves_and_conserves(settled: Store) -> None:
    """Ten kilograms from E1 to E2: the sum over parties stays, the same reference again is the same entry."""
    before = claim(settled, "E1.industry"), claim(settled, "E2.energy")
    first = actions.transfer(settled, "E1", "E2", 10_000, "deal 1", "sold", NOVEMBER)
    again = actions.transfer(settled, "E1", "E2", 10_000, "deal 1", "sold", NOVEMBER + timedelta(days=2))
    assert again == first
    assert (claim(settled, "E1.industry"), claim(settled, "E2.energy")) == (before[0] - 10_000, before[1] + 10_000)
    with pytest.raises(ConflictError, match="another reference"):
        actions.transfer(settled, "E1", "E2", 10_001, "deal 1", "sold", NOVEMBER)
    sold, bought = (actions.statement(settled, name, "2026-11") for name in ("E1", "E2"))
    assert (sold.transferred_g, bought.transferred_g, sold.credited_g) == (-10_000, 10_000, 0)
    assert findings(settled) == {}


def test_a_deal_is_known_by_its_reference_again(settled: Store) -> None:
    """It stands before the reason in every form of the statement and on the entry's sheet; the id is a digest of it. An
    entry of before, which says the reason alone, is still known when it is asked for again."""
    entry = actions.transfer(settled, "E1", "E2", 10_000, "合同 2026-17", "=sold", NOVEMBER)
    assert entry.memo == "[合同 2026-17] =sold"
    statement = actions.statement(settled, "E1", "2026-11")
    assert f"转让 {entry.seq}（转给 E2.energy）: {entry.memo}" in statement_words(statement, "zh").notes
    of_taker = actions.statement(settled, "E2", "2026-11")
    assert f"transfer {entry.seq} (from E1.industry): {entry.memo}" in statement_words(of_taker, "en").notes
    assert [item.counterparty for item in (*statement.movements, *of_taker.movements)] == ["E2.energy", "E1.industry"]
    for document in (statement_json(statement), statement_csv(statement)):
        assert entry.memo in document
    older = replace(entry, transaction_id=requested_id(Kind.TRANSFER, "deal 1"), memo="sold", seq=0)
    with settled.write() as session:
        session.add_transactions([older])
    assert actions.transfer(settled, "E1", "E2", 10_000, "deal 1", "sold", NOVEMBER).memo == "sold"
    for reference in ("", " ", "two\nlines", "x" * 201):
        with pytest.raises(InputError, match="reference"):
            actions.retire(settled, "E1", 5, reference, "x", NOVEMBER)
    with pytest.raises(ConflictError, match="another reference"):
        actions.transfer(settled, "E1", "E2", 10_000, "deal 1", "given", NOVEMBER)


def test_what_is_retired_is_gone(settled: Store) -> None:
    """It moves to the retired bucket of the same account, and can be neither transferred nor reversed afterwards."""
    held = claim(settled, "E2.energy")
    actions.retire(settled, "E2", held, "report 2026", "annual report", NOVEMBER)
    assert (claim(settled, "E2.energy"), claim(settled, "E2.energy", Bucket.RETIRED)) == (0, held)
    for attempt in (
        lambda: actions.transfer(settled, "E2", "E1", 1, "deal 2", "x", NOVEMBER),
        lambda: actions.retire(settled, "E2", 1, "report 2", "x", NOVEMBER),
        lambda: actions.reverse(settled, S2.number, 1, "x", NOVEMBER),
    ):
        with pytest.raises(ConflictError, match="replace what was transferred or retired"):
            attempt()
    assert actions.statement(settled, "E2", "2026-11").retired_g == held
    assert findings(settled) == {}


@pytest.mark.parametrize("amount_g", [0, -5, 1.5, True])
def test_only_a_positive_amount_moves(settled: Store, amount_g: int) -> None:
    """A negative transfer would be a theft, and a part of a gram would never add up again."""
    with pytest.raises(InputError, match="positive"):
        actions.retire(settled, "E1", amount_g, "report 3", "x", NOVEMBER)
    with pytest.raises(InputError, match="positive"):
        actions.transfer(settled, "E1", "E2", amount_g, "deal 3", "x", NOVEMBER)
    with pytest.raises(InputError, match="the same"):
        actions.transfer(settled, "E1", "E1", 5, "deal 4", "x", NOVEMBER)
    with pytest.raises(UnknownRecordError):
        actions.retire(settled, "issuance.shift-v1", 5, "deal 5", "x", NOVEMBER)


@pytest.mark.parametrize(
    ("reference", "reason", "missing"),
    [("", "x", "reference"), ("one\ntwo", "x", "reference"), ("deal 6", "", "reason"), ("deal 6", " ", "reason")],
)
def test_a_deal_has_a_reference_and_a_reason(settled: Store, reference: str, reason: str, missing: str) -> None:
    """Whoever reads a statement must be able to ask about the line, transfer and retirement alike."""
    with pytest.raises(InputError, match=missing):
        actions.transfer(settled, "E1", "E2", 5, reference, reason, NOVEMBER)
    with pytest.raises(InputError, match=missing):
        actions.retire(settled, "E1", 5, reference, reason, NOVEMBER)


def test_a_lost_lot_gives_its_estimate_back(store: Store) -> None:
    """LOST on the way: the next settle voids the whole estimate, nothing stays reserved, no claim is made."""
    actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    reported = [event for event in all_events([S1, S2], FUEL_LOGS) if event.waybill_number == S1.number]
    load = next(event for event in all_events([S2]) if event.event_type is EventType.LOAD)
    lost = replace(
        load,
        event_id=event_id(S2.number, 1, None, EventType.LOST),
        event_type=EventType.LOST,
        leg_seq=None,
        mass_kg=None,
        evidence=(),
        reason="sunk",
    )
    assert actions.record(store, [*reported, load, lost], LATER).refused == ()
    result = actions.settle(store, world_network(), world_factors(), LATER)
    assert result.settled_lots == 2
    assert [entry.kind for entry in entries(store, S2.number, 1)] == [Kind.ESTIMATE, Kind.VOID]
    assert claim(store, "E2.energy", Bucket.RESERVED) == 0
    assert actions.settle(store, world_network(), world_factors(), LATER).transactions == 0
    assert findings(store) == {}


def test_a_lot_that_ends_before_its_month_leaves_no_month_below_zero(store: Store) -> None:
    """Voided in September, planned for October: the estimate is released in October, where it is reserved; an estimate
    that somebody reported for the year 2999 dates nothing."""
    september = ISSUED_AT - timedelta(days=10)
    actions.accept(store, world_plan(), shipments(), parties(), world_network(), september)
    hoped = replace(
        delivery(S2, S2.lot(1)), classifier=Classifier.EST, event_time=datetime(2999, 1, 1, tzinfo=CHINA_TIME)
    )
    void = replace(
        hoped,
        event_id=event_id(S2.number, None, None, EventType.VOID),
        lot_no=None,
        classifier=Classifier.ACT,
        event_type=EventType.VOID,
        event_time=september + timedelta(days=1),
        reason="the order was taken back",
    )
    assert actions.record(store, [hoped, void], september + timedelta(days=2)).refused == ()
    actions.settle(store, world_network(), world_factors(), september + timedelta(days=3))
    estimate, released = entries(store, S2.number, 1)
    assert (released.kind, released.period, released.effective_at) == (Kind.VOID, "2026-10", estimate.effective_at)
    assert actions.statement(store, "E2", "2026-09").closing == ()
    assert actions.statement(store, "E2", "2026-10").closing == ()
    assert findings(store) == {}


def test_a_lot_that_sails_early_leaves_no_month_below_zero(store: Store) -> None:
    """Delivered and credited in September, planned for October: nothing is reserved in either month's end."""
    actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT - timedelta(days=20))
    early = [replace(event, event_time=event.event_time - timedelta(days=14)) for event in all_events([S2], FUEL_LOGS)]
    assert actions.record(store, early, ISSUED_AT).refused == ()
    assert actions.settle(store, world_network(), world_factors(), ISSUED_AT).settled_lots == 1
    credited = [(line.bucket, line.amount > 0) for line in actions.statement(store, "E2", "2026-09").closing]
    assert credited
    assert all(bucket is Bucket.AVAILABLE and positive for bucket, positive in credited)
    assert all(line.bucket is Bucket.AVAILABLE for line in actions.statement(store, "E2", "2026-10").closing)
    assert findings(store) == {}


def test_a_clock_that_runs_behind_takes_nothing_back_before_it_was_credited(settled: Store) -> None:
    """A reversal made in September by the clock stands in October, where the settlement does."""
    reversal = actions.reverse(settled, S2.number, 1, "a clock a month behind", ISSUED_AT - timedelta(days=20))
    assert reversal.period == "2026-10"
    assert actions.statement(settled, "E2", "2026-09").closing == ()
    assert actions.statement(settled, "E2", "2026-10").closing == ()
    assert findings(settled) == {}


def test_a_restatement_that_is_refused_leaves_no_calculation(settled: Store) -> None:
    """The claim is sold, so it cannot be taken back: the lot is named, and nothing of the attempt is kept."""
    actions.transfer(settled, "E1", "E2", claim(settled, "E1.industry"), "all of it", "sold", NOVEMBER)
    actions.record(settled, lighter(200_000), NOVEMBER)
    result = actions.restate_all(settled, world_network(), world_factors(), "a lighter ticket", NOVEMBER)
    assert [finding.code for finding in result.findings] == ["cannot_restate"]
    with settled.read() as session:
        assert set(session.runs()) == {entry.run_id for entry in session.transactions() if entry.run_id}


def test_a_clock_that_runs_behind_gives_away_nothing_before_it_was_credited(settled: Store) -> None:
    """A retirement by a clock in September of what October credited would leave September below zero: it is refused;
    months are closed one after the other by any clock."""
    september = ISSUED_AT - timedelta(days=20)
    for way in (
        lambda: actions.retire(settled, "E2", 5, "r", "x", september),
        lambda: actions.transfer(settled, "E2", "E1", 5, "t", "x", september),
    ):
        with pytest.raises(ConflictError, match="Check the clock"):
            way()
    assert actions.retire(settled, "E2", 5, "r", "x", NOVEMBER).period == "2026-11"
    first = actions.close(settled, "2026-10", NOVEMBER + timedelta(days=20))
    second = actions.close(settled, "2026-11", NOVEMBER + timedelta(days=12))
    assert second.closed_at == first.closed_at
    assert findings(settled) == {}


def test_a_deal_takes_what_its_month_holds_and_not_a_gram_of_a_later_one(settled: Store) -> None:
    """In the month of the first settlement too, by a clock that runs behind: what came in November is not there yet."""
    first, october = "E1.industry", LATER - timedelta(days=3)
    held_g = claim(settled, first)
    assert held_g > 0
    actions.transfer(settled, "E2", "E1", 5, "deal 1", "sold", NOVEMBER)
    assert claim(settled, first) == held_g + 5
    with pytest.raises(ConflictError, match="2026-10"):
        actions.retire(settled, first, held_g + 1, "report", "of the year", october)
    actions.retire(settled, first, held_g, "report", "of the year", october)
    assert claim(settled, first) == 5
    assert findings(settled) == {}
