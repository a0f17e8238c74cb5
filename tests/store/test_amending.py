"""Amending a waybill: versions are kept, estimates follow, and what is sailed stays; on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from optimizer import actions
from optimizer.accounts.ledger import Bucket, Kind, Ledger
from optimizer.accounts.statement_document import statement_json
from optimizer.actions.amending import amend, cancel_amendment, versions
from optimizer.documents.statement_words import statement_words
from optimizer.errors import ConflictError, InputError, UnknownRecordError
from optimizer.store.engine import Store
from optimizer.waybills.amendment import Amendment, LegChange
from optimizer.waybills.event import Event, EventType, event_id
from optimizer.waybills.lifecycle import DocumentStatus, fold
from optimizer.waybills.waybill import Waybill
from tests.accounts.small_books import FUEL_LOGS
from tests.store.conftest import connect
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    START,
    all_events,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
    world_waybills,
)

S1, S2 = world_waybills()
LIGHTER = Amendment(declared_mass_kg={1: 280_000})
DAY = timedelta(days=1)


@pytest.fixture
def issued(store: Store) -> Store:
    """The tiny world accepted and nothing reported yet."""
    actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    return store


def change(store: Store, what: Amendment, at: datetime = START, number: str = S1.number) -> Waybill:
    """Amend in the tiny network."""
    return amend(store, number, what, "the shipper asked", world_network(), at)


def reserved_g(store: Store) -> int:
    """What E1 has reserved."""
    with store.read() as session:
        held = session.account_reader.balances("E1.industry")
    return held.get(("E1.industry", Ledger.CLAIM, Bucket.RESERVED, ""), 0)


def events_of(store: Store, number: str = S1.number) -> list[Event]:
    """The events of a waybill in order of arrival."""
    with store.read() as session:
        return session.events([number])


def told(waybill: Waybill, kind: EventType, lot_no: int = 1, seq: int = 3) -> Event:
    """One event of the story of a lot."""
    return next(
        item
        for item in all_events([waybill], FUEL_LOGS)
        if (item.lot_no, item.leg_seq, item.event_type) == (lot_no, seq, kind)
    )


def test_a_version_follows_and_the_former_one_stays(issued: Store) -> None:
    """Version 2 has the new mass and its share of every estimate; version 1 is what it was; both are listed with what
    changed and why."""
    new = change(issued, LIGHTER)
    assert (new.version, new.declared_mass_kg, new.lots[0].declared_mass_kg) == (2, 580_000, 280_000)
    assert new.lots[0].baseline_wtw_g == S1.lots[0].baseline_wtw_g * 28 // 30
    first, second = versions(issued, S1.number)
    assert first.waybill == replace(S1, plan_id=first.waybill.plan_id)
    assert second.waybill == new
    assert second.reason == "the shipper asked"
    assert "1 declared_mass_kg: 300000 -> 280000" in second.changed
    state = fold(new, events_of(issued))
    assert state.document is DocumentStatus.ISSUED
    assert [item.event_type for item in events_of(issued)] == [EventType.AMND, EventType.ISSU]


def test_the_estimate_follows_the_amendment(issued: Store) -> None:
    """The reserve is the sum of the new planned savings; the old estimate was voided whole; nothing else moved."""
    before_g = reserved_g(issued)
    new = change(issued, LIGHTER)
    assert before_g == sum(lot.estimated_saving_wtw_g for lot in S1.lots)
    assert reserved_g(issued) == sum(lot.estimated_saving_wtw_g for lot in new.lots) < before_g
    with issued.read() as session:
        kinds = [(item.kind, item.lot_no) for item in session.transactions([S1.number])]
    assert kinds == [(Kind.ESTIMATE, 1), (Kind.ESTIMATE, 2), (Kind.VOID, 1), (Kind.ESTIMATE, 1)]


def test_an_amended_waybill_settles_once_and_the_audit_is_clean(issued: Store) -> None:
    """Amended before loading, again on the way, settled, amended on paper: one settlement a lot, no finding."""
    change(issued, LIGHTER)
    change(issued, Amendment(declared_mass_kg={1: 290_000}), START + DAY)
    newest = change(issued, Amendment(original_document_number="PO-2"), START + DAY)
    assert newest.version == 4
    assert actions.record(issued, all_events([newest, S2], FUEL_LOGS), LATER).refused == ()
    assert actions.settle(issued, world_network(), world_factors(), LATER).settled_lots == 3
    change(issued, Amendment(description_of_goods_en="washed coal"), LATER)
    assert actions.settle(issued, world_network(), world_factors(), LATER).settled_lots == 0
    assert actions.audit(issued, world_network(), world_factors()) == []
    assert actions.restate_all(issued, world_network(), world_factors(), "nothing", LATER).restated == 0
    assert reserved_g(issued) == 0


def test_an_open_amendment_can_be_given_up(issued: Store) -> None:
    """Opened, given up, opened again, issued: the document is AMENDING in between and never stuck."""
    assert change(issued, Amendment()).version == 1
    assert fold(S1, events_of(issued)).document is DocumentStatus.AMENDING
    with pytest.raises(ConflictError, match="AMENDING"):
        change(issued, Amendment())
    cancel_amendment(issued, S1.number, " a mistake ", START)
    opened, given_up = events_of(issued)
    assert (given_up.event_type, given_up.withdraws) == (EventType.WDRW, opened.event_id)
    assert (given_up.reason, given_up.reporter_id) == ("a mistake", S1.operator.party_id)
    assert fold(S1, events_of(issued)).document is DocumentStatus.ISSUED
    with pytest.raises(ConflictError, match="ISSUED"):
        cancel_amendment(issued, S1.number, "again", START)
    change(issued, Amendment())
    assert change(issued, LIGHTER).version == 2
    assert fold(S1, events_of(issued)).document is DocumentStatus.ISSUED


def test_what_is_loaded_cannot_be_amended(issued: Store) -> None:
    """All faults at once, nothing written: mass and vessel of the loaded lot; the other lot is still free."""
    actions.record(issued, [told(S1, EventType.LOAD, seq=1)], LATER)
    with pytest.raises(InputError) as refused:
        change(issued, Amendment(declared_mass_kg={1: 1}, legs=(LegChange(1, 1, vessel_id="T9"),)))
    assert [fault.code for fault in refused.value.faults] == ["loaded", "loaded"]
    assert [item.event_type for item in events_of(issued)] == [EventType.LOAD]
    assert change(issued, Amendment(declared_mass_kg={2: 250_000}, legs=(LegChange(1, 3, "CN-OTHER"),))).version == 2


def test_deliveries_fix_consignee_and_due_time(issued: Store) -> None:
    """Nobody moves the due time after a late delivery, nor the receiver of what was received."""
    other = next(item for item in parties() if item.party_id == "E2")
    assert change(issued, Amendment(consignee=other)).consignee == other
    lot_one = [item for item in all_events([S1], FUEL_LOGS) if item.lot_no == 1]
    assert actions.record(issued, lot_one, LATER).refused == ()
    back = next(item for item in parties() if item.party_id == "E3")
    with pytest.raises(InputError) as refused:
        change(issued, Amendment(consignee=back, due_at=LATER), LATER)
    assert [fault.code for fault in refused.value.faults] == ["delivered", "delivered"]


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (Amendment(declared_mass_kg={7: 1}), "unknown"),
        (Amendment(declared_mass_kg={1: 0}), "not_positive"),
        (Amendment(legs=(LegChange(1, 9, "X"),)), "unknown"),
        (Amendment(legs=(LegChange(1, 3, destination="NOWHERE"),)), "no_way"),
        (Amendment(legs=(LegChange(1, 3, destination="UP"),)), "no_way"),
        (Amendment(legs=(LegChange(1, 1, destination="MID"),)), "no_terminal"),
        (Amendment(consignee=replace(parties()[0], name_en="Somebody else")), "unknown_party"),
        (Amendment(due_at=S1.due_at), "no_change"),
    ],
)
def test_wrong_amendments_are_refused(issued: Store, what: Amendment, code: str) -> None:
    """Each with its code, and nothing is written."""
    with pytest.raises(InputError) as refused:
        change(issued, what)
    assert [fault.code for fault in refused.value.faults] == [code]
    assert events_of(issued) == []


def test_unknown_and_voided_waybills_cannot_be_amended(issued: Store) -> None:
    """A number that does not exist, a document that is void, and no reason."""
    with pytest.raises(UnknownRecordError):
        change(issued, LIGHTER, number="MW0")
    with pytest.raises(InputError, match="reason"):
        amend(issued, S1.number, LIGHTER, " ", world_network(), START)
    void = Event(
        event_id(S1.number, None, None, EventType.VOID),
        *(S1.number, None, None),
        *(told(S1, EventType.LOAD).classifier, EventType.VOID, START, START, "E9"),
        reason="never came",
    )
    assert actions.record(issued, [void], START).refused == ()
    with pytest.raises(ConflictError, match="VOIDED"):
        change(issued, LIGHTER)


def test_nobody_reports_an_issue_or_withdraws_a_version(issued: Store) -> None:
    """ISSU belongs to the verb; an amendment that was issued is history."""
    change(issued, LIGHTER)
    opened, made = events_of(issued)
    forged = replace(made, event_id=event_id(S1.number, None, None, EventType.ISSU, 3))
    for kind in ("ACT", "EST"):
        again = replace(forged, classifier=type(forged.classifier)(kind))
        (refused,) = actions.record(issued, [again], LATER).refused
        assert refused.faults[0].code == "issued_by_amendment"
    for target in (opened, made):
        wish = replace(
            forged,
            event_id=event_id(S1.number, None, None, EventType.WDRW, 9),
            event_type=EventType.WDRW,
            withdraws=target.event_id,
        )
        (refused,) = actions.record(issued, [wish], LATER).refused
        assert refused.faults[0].code == "version_issued"


COPY = {
    "waybills": "number, {v}, plan_id, shipment_id, operator_id, {consignor}, consignee_id, cargo_code, "
    "declared_mass_kg, place_of_receipt, place_of_delivery, issued_at, content_sha256, document",
    "waybill_lots": "number, {v}, lot_no, declared_mass_kg{more}, port_of_loading, port_of_discharge",
    "waybill_legs": "number, {v}, lot_no, seq, mode, origin, {destination}, voyage_id, {vessel}, distance_km",
}


def copy_row(raw: Connection, table: str, version: int = 2, where: str = "1 = 1", **changed: str) -> None:
    """Insert a row of S1 again as a later version, past the code."""
    names = {"v": str(version), "consignor": "consignor_id", "more": "", "destination": "destination"}
    names |= {"vessel": "vessel_id", **changed}
    raw.exec_driver_sql(
        f"INSERT INTO {table} SELECT {COPY[table].format(**names)} FROM {table} "
        f"WHERE number = '{S1.number}' AND version = {version - 1} AND {where}"
    )


def test_the_database_refuses_versions_nobody_opened(issued: Store, url: str) -> None:
    """Past the code: no version without an open amendment, none of another shipper, no ISSU without its version."""
    raw = connect(url)
    try:
        with pytest.raises(IntegrityError, match="needs an open amendment"):
            copy_row(raw, "waybills")
        change(issued, Amendment())
        with pytest.raises(IntegrityError, match="may not change this"):
            copy_row(raw, "waybills", consignor="operator_id")
        columns = (
            "lot_no, leg_seq, classifier, 'ISSU', event_time, record_time, recorded_at, withdraws, content_sha256, "
            "document, voyage_id, vessel_id, location_id, mass_kg"
        )
        issue = f"INSERT INTO events SELECT 90, 'forged', number, {columns} FROM events WHERE event_type = 'AMND'"
        with pytest.raises(IntegrityError, match="ISSU follows its version"):
            raw.exec_driver_sql(issue)
        with pytest.raises(IntegrityError, match="an amendment is open"):
            raw.exec_driver_sql(issue.replace("'ISSU'", "event_type"))
        copy_row(raw, "waybills")
        raw.exec_driver_sql(issue)
        with pytest.raises(IntegrityError, match="cannot be withdrawn"):
            raw.exec_driver_sql(
                issue.replace("90, 'forged'", "91, 'undo'").replace("'ISSU'", "'WDRW'").replace("withdraws", "event_id")
            )
    finally:
        raw.close()
        raw.engine.dispose()


def test_the_database_keeps_what_is_loaded_and_discharged(issued: Store, url: str) -> None:
    """Past the code: mass, vessel and end of what was loaded and discharged cannot be written differently."""
    lot_one = [item for item in all_events([S1], FUEL_LOGS) if item.lot_no == 1]
    actions.record(issued, lot_one, LATER)
    change(issued, Amendment(), LATER)
    raw = connect(url)
    try:
        copy_row(raw, "waybills")
        with pytest.raises(IntegrityError, match="the lot is loaded"):
            copy_row(raw, "waybill_lots", where="lot_no = 1", more=" - 5")
        copy_row(raw, "waybill_lots", where="lot_no = 1")
        copy_row(raw, "waybill_lots", where="lot_no = 2", more=" - 5")
        for changed in ({"vessel": "'CN-OTHER'"}, {"destination": "'ELSEWHERE'"}):
            with pytest.raises(IntegrityError, match="loaded or discharged"):
                copy_row(raw, "waybill_legs", where="lot_no = 1 AND seq = 3", **changed)
            copy_row(raw, "waybill_legs", where=f"lot_no = 2 AND seq = {3 if 'vessel' in changed else 1}", **changed)
    finally:
        raw.close()
        raw.engine.dispose()


def test_statements_name_the_version_that_was_settled(issued: Store) -> None:
    """Settled on version 2; version 3 came later on paper and changes no statement of before."""
    new = change(issued, LIGHTER)
    actions.record(issued, all_events([new, S2], FUEL_LOGS), LATER)
    actions.settle(issued, world_network(), world_factors(), LATER)
    before = actions.statement(issued, "E1.industry", "2026-10")
    change(issued, Amendment(original_document_number="PO-3"), LATER)
    after = actions.statement(issued, "E1.industry", "2026-10")
    assert before == after
    assert {item.waybill_version for item in after.movements} == {2}
    assert '"waybill_version": 2' in statement_json(after)
    assert f"{S1.number} v2" in {row[2] for row in statement_words(after, "en").movements}
    other = actions.statement(issued, "E2.energy", "2026-10")
    assert {item.waybill_version for item in other.movements} == {1}


def test_the_audit_finds_versions_against_the_rules(issued: Store, url: str) -> None:
    """An administrator without triggers writes a version after loading that is heavier, without issuing it."""
    actions.record(issued, [told(S1, EventType.LOAD, seq=1)], LATER)
    heavier = replace(
        versions(issued, S1.number)[0].waybill,
        version=2,
        declared_mass_kg=700_000,
        lots=(replace(S1.lots[0], declared_mass_kg=400_000), S1.lots[1]),
    )
    raw = connect(url)
    for table, trigger in (
        ("waybills", "waybills_amended_in_order"),
        ("waybill_lots", "waybill_lots_keep_what_is_loaded"),
    ):
        if raw.dialect.name == "sqlite":
            raw.exec_driver_sql(f"DROP TRIGGER {trigger}")
        else:
            raw.exec_driver_sql(f"DROP TRIGGER zz_{trigger} ON {table}")
    raw.close()
    raw.engine.dispose()
    with issued.write() as session:
        session.add_waybills([heavier])
    found = {item.code: item for item in actions.audit(issued, world_network(), world_factors())}
    assert "version_never_issued" in found
    assert "declared_mass_kg" in found["amended_against_the_rules"].message.en


def test_two_amendments_at_once_make_two_versions(url: str, issued: Store) -> None:
    """Eight writers amend the same waybill: each version is made once, in a row, and none is lost."""
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda place: change(issued, Amendment(original_document_number=f"PO-{place}")).version, range(8))
        )
    assert sorted(made) == list(range(2, 10))
    assert [item.waybill.version for item in versions(issued, S1.number)] == list(range(1, 10))
    assert fold(S1, events_of(issued)).document is DocumentStatus.ISSUED
