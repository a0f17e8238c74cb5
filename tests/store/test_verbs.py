"""The verbs over a real database: accept, record, settle, close, state, audit."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from optimizer import actions
from optimizer.accounts.audit import codes
from optimizer.accounts.ledger import Kind, Transaction
from optimizer.accounts.settlement import estimates
from optimizer.emissions.factors import FactorTable
from optimizer.errors import ConflictError, InputError, Message, UnknownRecordError, UnreadableRecordError
from optimizer.planning.plan import Moved
from optimizer.quantities import CHINA_TIME
from optimizer.store.engine import Store
from optimizer.store.packed import packed, unpacked
from optimizer.waybills.codes import waybill_number
from optimizer.waybills.event import Event, EventType
from tests.accounts.small_books import FUEL_LOGS, settled_books
from tests.emissions.world import energy_factors
from tests.store.conftest import allow_changes
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    parties,
    plan_lot,
    plan_of,
    planned_shipment,
    shipments,
    world_factors,
    world_network,
    world_plan,
    world_waybills,
)

EVENTS = all_events(world_waybills(), FUEL_LOGS)


def accept(store: Store, at: datetime = ISSUED_AT) -> list[str]:
    """Accept the world's plan; the numbers of its waybills."""
    return [item.number for item in actions.accept(store, world_plan(), shipments(), parties(), world_network(), at)]


def ledger(store: Store) -> list[tuple[int, str]]:
    """Sequence number and id of every transaction."""
    with store.read() as session:
        return [(entry.seq, entry.transaction_id) for entry in session.transactions()]


def test_the_database_holds_what_the_pure_functions_made(settled: Store) -> None:
    """Waybills, events, runs and ledger come back as they were; only the plan's id and the product's version differ."""
    pure = settled_books()
    with settled.read() as session:
        assert {entry.transaction_id: entry.postings for entry in session.transactions()} == {
            entry.transaction_id: entry.postings for entry in pure.transactions
        }
        assert {run.inputs_sha256 for run in session.runs().values()} == {
            run.inputs_sha256 for run in pure.runs.values()
        }
        assert session.accounts() == pure.accounts
        assert {event.event_id for event in session.events()} == {event.event_id for event in pure.events}
        assert {item.number: item.lots for item in session.waybills().values()} == {
            item.number: item.lots for item in pure.waybills.values()
        }


def test_accepting_twice_answers_the_same(store: Store) -> None:
    """The second time, later, returns the first waybills and writes nothing."""
    first = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    before = ledger(store)
    assert actions.accept(store, world_plan(), shipments(), parties(), world_network(), LATER) == first
    assert ledger(store) == before
    assert len(before) == 3


def test_what_is_accepted_is_listed_as_it_was_planned(store: Store) -> None:
    """Nobody submitted S1 and S3, which stays on the road; S2 was submitted with other hours and withdrawn. They stand
    in the list as they were planned, and accepting again writes no further version of what has a waybill."""
    given = {shipment.shipment_id: shipment for shipment in shipments()}
    other = replace(given["S2"], due_at=given["S2"].due_at + timedelta(hours=1))
    dearer = [replace(given[name], cargo_value_yuan_per_t=9999.0) for name in ("S1", "S2")]
    with store.write() as session:
        session.add_shipments([(other, 1)], None, ISSUED_AT)
        session.add_shipments([(other, 2)], None, ISSUED_AT, withdrawn=True)
    for again in (shipments(), [*dearer, given["S3"]]):
        actions.accept(store, world_plan(), again, parties(), world_network(), ISSUED_AT)
        with store.read() as session:
            listed = {entry.shipment.shipment_id: entry for entry in session.submitted()}
        planned = {item.shipment_id for item in world_plan().shipments}
        assert {name: entry.shipment for name, entry in listed.items()} == {name: given[name] for name in planned}
        assert {name: entry.version for name, entry in listed.items()} == {n: 3 if n == "S2" else 1 for n in planned}
        assert not any(entry.withdrawn for entry in listed.values())


def test_accepting_another_way_for_the_same_shipment_is_a_conflict(store: Store) -> None:
    """A plan that moves S2 a day later contradicts the issued waybill, and nothing of it is written."""
    accept(store)
    before = ledger(store)
    other = plan_of([planned_shipment("S2", 150_000, plan_lot(1, 150_000, "V1", 2))], world_plan().voyages)
    with pytest.raises(ConflictError, match="the box on the page, or --keep"):
        actions.accept(store, other, shipments(), parties(), world_network(), LATER)
    assert ledger(store) == before


def test_a_plan_that_had_to_move_something_accepted_is_accepted_with_the_rest(store: Store) -> None:
    """A lock was shut and S2 has to go a day later: the plan around what was accepted issues S1, and S2 keeps the
    waybill it has, with its estimate, for somebody to amend. What is not named as moved is a conflict still."""
    whole = world_plan()
    actions.accept(
        store, plan_of(whole.shipments[1:2], whole.voyages[:1]), shipments(), parties(), world_network(), ISSUED_AT
    )
    later = planned_shipment("S2", 150_000, plan_lot(1, 150_000, "V1", 2))
    around = plan_of([whole.shipments[0], later], whole.voyages)
    moved = Moved("S2", "mass_changed", Message("改走", "moved"), ("V1",), ("V1",))
    with pytest.raises(ConflictError):
        actions.accept(store, around, shipments(), parties(), world_network(), LATER)
    accepted = actions.accept(store, replace(around, moved=(moved,)), shipments(), parties(), world_network(), LATER)
    assert {item.shipment_id: item.issued_at for item in accepted} == {"S1": LATER, "S2": ISSUED_AT}
    stood = next(item for item in accepted if item.shipment_id == "S2")
    assert stood.lots[0].legs[2].planned_departs_at == whole.shipments[1].lots[0].legs[2].departs_at
    assert len(ledger(store)) == 3


def test_a_later_plan_may_keep_and_add(store: Store) -> None:
    """A plan with S1 only, then the plan with S1 unchanged and S2: S1 keeps its waybill, S2 gets one."""
    whole = world_plan()
    actions.accept(
        store, plan_of(whole.shipments[:1], whole.voyages[:2]), shipments(), parties(), world_network(), ISSUED_AT
    )
    assert len(accept(store, LATER)) == 2
    with store.read() as session:
        issued = {item.shipment_id: item.issued_at for item in session.waybills().values()}
    assert issued == {"S1": ISSUED_AT, "S2": LATER}


def test_a_party_with_other_content_is_a_conflict(store: Store) -> None:
    """A party is not quietly renamed."""
    accept(store)
    renamed = [replace(party, name_zh="另一家") for party in parties()]
    with pytest.raises(ConflictError, match="E1"):
        actions.accept(store, world_plan(), shipments(), renamed, world_network(), LATER)


def test_invariant_3_recording_twice_answers_the_same(store: Store) -> None:
    """The same events again are known; one id with other content is refused by name."""
    accept(store)
    first = actions.record(store, EVENTS, LATER)
    assert (len(first.accepted), first.known, first.refused) == (len(EVENTS), (), ())
    second = actions.record(store, EVENTS, LATER + timedelta(days=1))
    assert (second.accepted, sorted(second.known)) == ((), sorted(first.accepted))
    later = actions.record(store, [replace(event, record_time=LATER) for event in EVENTS], LATER)
    assert (later.accepted, sorted(later.known), later.refused) == ((), sorted(first.accepted), ())
    (refusal,) = actions.record(store, [replace(EVENTS[0], reporter_id="E1")], LATER).refused
    assert [fault.code for fault in refusal.faults] == ["id_taken"]


def test_one_wrong_event_does_not_fail_the_others(store: Store) -> None:
    """An event of an unknown waybill comes back with its reason; the rest is recorded."""
    accept(store)
    nowhere = waybill_number(ISSUED_AT.date(), "nobody")
    stranger = replace(EVENTS[0], event_id="6f1d3f0e-8a55-5f4c-9f0e-5a1f4f0b7c29", waybill_number=nowhere)
    result = actions.record(store, [*EVENTS[1:], stranger], LATER)
    assert len(result.accepted) == len(EVENTS) - 1
    assert [refusal.faults[0].code for refusal in result.refused] == ["unknown_waybill"]


def test_a_withdrawal_and_its_correction_in_one_batch(store: Store) -> None:
    """Whatever their order in the batch: wrong report, withdrawal, right report."""
    accept(store)
    wrong = next(event for event in EVENTS if event.event_type is EventType.DISC and event.voyage_id)
    right = replace(wrong, event_id="6f1d3f0e-8a55-5f4c-9f0e-5a1f4f0b7c22", mass_kg=299_000)
    withdrawal = replace(
        wrong,
        event_id="6f1d3f0e-8a55-5f4c-9f0e-5a1f4f0b7c23",
        event_type=EventType.WDRW,
        mass_kg=None,
        evidence=(),
        withdraws=wrong.event_id,
        corrected_by=right.event_id,
        reason="重量有误",
        record_time=wrong.record_time + timedelta(minutes=5),
    )
    right = replace(right, record_time=wrong.record_time + timedelta(minutes=5))
    assert actions.record(store, [right, withdrawal, *EVENTS], LATER).refused == ()
    assert actions.settle(store, world_network(), world_factors(), LATER).mass_kg == 749_000


def test_settling_twice_settles_once(settled: Store) -> None:
    """The second run finds nothing to do."""
    before = ledger(settled)
    result = actions.settle(settled, world_network(), world_factors(), LATER + timedelta(days=1))
    assert (result.settled_lots, result.transactions) == (0, 0)
    assert actions.lots_overview(settled).carbon == {"SETTLED": 3}
    assert ledger(settled) == before


def test_settling_in_parallel_settles_once(store: Store, url: str) -> None:
    """Four openings of the database settle at once: each lot once, the sequence without a gap."""
    accept(store)
    actions.record(store, EVENTS, LATER)
    results: list[int] = []

    def work() -> None:
        own = actions.open_store(url)
        results.append(actions.settle(own, world_network(), world_factors(), LATER).settled_lots)
        own.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0, 0, 0, 3]
    assert [seq for seq, _ in ledger(store)] == list(range(1, 13))
    assert actions.audit(store, world_network(), world_factors()) == []


def test_a_missing_factor_leaves_the_job_in_the_outbox(store: Store) -> None:
    """Without a factor for electricity nothing settles and each lot is named; with the factor the same jobs settle."""
    accept(store)
    actions.record(store, EVENTS, LATER)
    before = ledger(store)
    lacking = FactorTable(energy_factors("Diesel", 3.2, 0.8, 3.0, 1.5))
    for _ in range(2):
        result = actions.settle(store, world_network(), lacking, LATER)
        assert codes(result.findings) == {"cannot_settle": 3}
        assert ledger(store) == before
    with pytest.raises(ConflictError, match="settle first"):
        actions.close(store, "2026-10", LATER)
    assert actions.settle(store, world_network(), world_factors(), LATER).settled_lots == 3


def test_clean_books_pass_the_audit(settled: Store) -> None:
    """From the database as from memory."""
    assert actions.audit(settled, world_network(), world_factors()) == []


@pytest.mark.parametrize(
    ("table", "change", "code"),
    [
        (
            "posting_lines",
            "UPDATE posting_lines SET amount = amount + 1000 WHERE transaction_seq = 6 AND line = 1",
            "transaction_changed",
        ),
        (
            "posting_lines",
            "UPDATE posting_lines SET amount = amount * 2 WHERE transaction_seq = 6",
            "transaction_changed",
        ),
        ("transactions", "UPDATE transactions SET period = '2026-09'", "booked_in_wrong_period"),
        ("transactions", "UPDATE transactions SET number = 'X' WHERE seq = 6", "transaction_changed"),
        ("waybills", "UPDATE waybills SET document = replace(document, '150000', '950000')", "document_changed"),
        ("events", "UPDATE events SET document = replace(document, '300000', '290000')", "document_changed"),
        ("posting_lines", "DELETE FROM posting_lines WHERE transaction_seq = 6 AND line = 2", "transaction_changed"),
    ],
)
def test_a_row_changed_behind_the_trigger_is_found(
    settled: Store, raw: Connection, table: str, change: str, code: str
) -> None:
    """The trigger refuses the change; once an administrator has dropped it, the audit finds the change."""
    with pytest.raises(IntegrityError, match="append-only"):
        raw.exec_driver_sql(change)
    assert actions.audit(settled, world_network(), world_factors()) == []
    allow_changes(raw, table)
    raw.exec_driver_sql(change)
    assert code in codes(actions.audit(settled, world_network(), world_factors()))


def test_a_damaged_run_is_named(settled: Store, raw: Connection) -> None:
    """One bit of its packing is another: what is left is no document, and no traceback."""
    allow_changes(raw, "calculation_runs")
    run_id, stored = raw.exec_driver_sql("SELECT run_id, document FROM calculation_runs").first() or ("", b"")
    damaged = bytes(stored)[:-1] + bytes([bytes(stored)[-1] ^ 1])
    change = text("UPDATE calculation_runs SET document = :document WHERE run_id = :run_id")
    raw.execute(change, {"document": damaged, "run_id": run_id})
    with pytest.raises(UnreadableRecordError, match=run_id):
        actions.audit(settled, world_network(), world_factors())


def test_a_run_that_was_rewritten_and_packed_again_is_found(settled: Store, raw: Connection) -> None:
    """Its packing is sound, its content is another."""
    allow_changes(raw, "calculation_runs")
    for run_id, stored in raw.exec_driver_sql("SELECT run_id, document FROM calculation_runs").fetchall():
        changed = unpacked(bytes(stored)).decode().replace('"credited_wtw_g":', '"credited_wtw_g":9')
        change = text("UPDATE calculation_runs SET document = :document WHERE run_id = :run_id")
        raw.execute(change, {"document": packed(changed), "run_id": run_id})
    assert "run_changed" in codes(actions.audit(settled, world_network(), world_factors()))


def test_closing_a_month(settled: Store) -> None:
    """October closes once, answers the same again, and November cannot close before it is over."""
    period = actions.close(settled, "2026-10", LATER)
    assert period.last_seq == 12
    assert actions.close(settled, "2026-10", LATER + timedelta(days=3)) == period
    with pytest.raises(ConflictError, match="not over"):
        actions.close(settled, "2026-11", LATER)
    with pytest.raises(ConflictError, match="2026-11 first"):
        actions.close(settled, "2026-12", datetime(2027, 2, 1, tzinfo=CHINA_TIME))
    assert actions.statement(settled, "E1", "2026-10").closed
    assert actions.audit(settled, world_network(), world_factors()) == []


def test_a_month_with_verified_lots_left_does_not_close(store: Store) -> None:
    """First settle, then close; a text that is no month is an input error."""
    accept(store)
    actions.record(store, EVENTS, LATER)
    with pytest.raises(ConflictError, match="settle first"):
        actions.close(store, "2026-10", LATER)
    with pytest.raises(InputError, match="2026-10"):
        actions.close(store, "October", LATER)


def test_invariant_8_what_comes_late_is_booked_in_the_open_month(store: Store) -> None:
    """S2's reports arrive after October closed: its settlement stands in November, October's statement is unchanged."""
    first, second = accept(store)
    actions.record(store, [event for event in EVENTS if event.waybill_number == first], LATER)
    actions.settle(store, world_network(), world_factors(), LATER)
    actions.close(store, "2026-10", LATER)
    october = actions.statement(store, "E2", "2026-10")
    actions.record(store, [event for event in EVENTS if event.waybill_number == second], LATER)
    assert actions.settle(store, world_network(), world_factors(), LATER).settled_lots == 1
    assert actions.statement(store, "E2", "2026-10") == replace(october, last_seq=ledger(store)[-1][0])
    november = actions.statement(store, "E2", "2026-11")
    assert [item.waybill_number for item in november.movements] == [second]


def test_statements_need_a_known_account_and_a_month(settled: Store) -> None:
    """By account id or party id; an unknown one lists those that exist."""
    assert actions.statement(settled, "E1", "2026-10") == actions.statement(settled, "E1.industry", "2026-10")
    with pytest.raises(UnknownRecordError, match=r"E1\.industry"):
        actions.statement(settled, "E7", "2026-10")
    with pytest.raises(InputError, match="2026-10"):
        actions.statement(settled, "E1", "2026-13")


def test_savings_of_the_city(settled: Store) -> None:
    """One month, three lots; a grouping nobody knows lists the choices."""
    (row,) = actions.savings(settled, "month")
    assert (row.key, row.lots, row.mass_kg) == ("2026-10", 3, 750_000)
    with pytest.raises(InputError, match="corridor"):
        actions.savings(settled, "weather")  # type: ignore[arg-type]


def write_and_fail(store: Store, entry: Transaction) -> None:
    """Append a transaction and fail before the commit."""
    with store.write() as session:
        session.add_transactions([entry])
        raise RuntimeError("half-way")


def test_an_exception_inside_a_verb_leaves_nothing_behind(store: Store) -> None:
    """A write that fails half-way is rolled back as a whole."""
    accept(store)
    before = ledger(store)
    waybill = world_waybills()[0]
    entry = replace(estimates(waybill, ISSUED_AT, "")[0], transaction_id="other", lot_no=9)
    with pytest.raises(RuntimeError, match="half-way"):
        write_and_fail(store, entry)
    assert ledger(store) == before
    with store.write() as session:
        session.add_transactions([entry])
    assert len(ledger(store)) == len(before) + 1


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(EVENTS), unique=True), st.data())
def test_reports_in_pieces_end_in_the_same_books(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event], data: st.DataObject
) -> None:
    """Any part of the reports in any order, settled, then all reports again, settled: each lot settles exactly once,
    and the audit finds at most that a settled voyage's load became known later."""
    store = actions.open_store(f"sqlite:///{tmp_path_factory.mktemp('pieces') / 'x.db'}")
    accept(store)
    cut = data.draw(st.integers(0, len(events)))
    for part in (events[:cut], events[cut:], data.draw(st.permutations(EVENTS))):
        assert actions.record(store, part, LATER).refused == ()
        actions.settle(store, world_network(), world_factors(), LATER)
    with store.read() as session:
        transactions = session.transactions()
    assert sum(entry.kind is Kind.SETTLE for entry in transactions) == 3
    assert [entry.seq for entry in transactions] == list(range(1, len(transactions) + 1))
    assert set(codes(actions.audit(store, world_network(), world_factors()))) <= {"inputs_differ_from_evidence"}
    store.close()
