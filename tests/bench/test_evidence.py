"""The bench of evidence measures a clean audit of books in which every lot has its own, and in books of many lots the
audit finds each fault where it is."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from optimizer import actions
from optimizer.accounts.calculation import run_of
from optimizer.accounts.ledger import Kind, pending_by_lot
from optimizer.accounts.settlement import settlement_transactions
from optimizer.actions import auditing, open_store
from optimizer.bench import evidence_world
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.evidence import BOOKS, OURS, EvidenceBench, run, whole_audit_s
from optimizer.bench.evidence_world import Generation, Generations, fill_with_evidence
from optimizer.bench.ledger_world import LedgerWorld, ledger_world
from optimizer.demo.world import seed_world
from optimizer.emissions.factors import load_factors
from optimizer.errors import UnreadableRecordError
from optimizer.network.reader import read_network
from optimizer.quantities import CHINA_TIME
from optimizer.waybills.codec import to_json
from optimizer.waybills.event import EventType
from optimizer.waybills.lifecycle import lot_record
from tests.store.tampering import disarm

MEASURED_AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)
NETWORK, FACTORS = read_network(None), load_factors(None)
GENERATIONS = 10


@pytest.fixture(scope="module")
def made() -> LedgerWorld:
    """The week that generations copy."""
    return ledger_world(seed_world(NETWORK, FACTORS), time.monotonic, 0)


def test_a_run_goes_through_json_and_a_fault_stops_it(
    made: LedgerWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole audit and books have times; a report that was rewritten behind its digest, and nothing is measured."""
    monkeypatch.setattr("optimizer.bench.evidence.ledger_world", lambda *_: made)
    monkeypatch.setattr("optimizer.bench.evidence.PROCESSES", 1)
    monkeypatch.setattr(evidence_world, "FILLED", 1)
    result = run(EvidenceBench(MEASURED_AT, lots=40))
    assert [method.name for method in result.methods] == [OURS, BOOKS]
    assert result_from_json(result_to_json(result), "x") == result
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    store = open_store(url)
    assert fill_with_evidence(store, made, 41) == 80
    store.close()
    assert whole_audit_s((url, 1))[0] > 0
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as raw:
        disarm(raw)
        raw.execute('UPDATE events SET document = replace(document, \'"reason":""\', \'"reason":"x"\') WHERE seq = 300')
        raw.commit()
        with pytest.raises(AssertionError, match="not clean"):
            whole_audit_s((url, 1))
        raw.execute("UPDATE events SET document = substr(document, 1, 100) WHERE seq = 300")
        raw.commit()
    with pytest.raises(UnreadableRecordError, match="event 300"):
        whole_audit_s((url, 1))


class Faults:
    """Generations of which each of some has one fault; ``expected``: code and record of what an audit must find."""

    def __init__(self, made: LedgerWorld) -> None:
        self.made, self.generation = made, Generations(made)
        self.expected: set[tuple[str, str]] = set()
        self.touched: set[str] = set()

    def __call__(self, number: int) -> Generation:
        """The generation of a number, with its fault."""
        found = self.generation(number)
        fault = getattr(self, f"_fault_{number}", None)
        if fault is None:
            return found
        self.touched |= set(found.waybills)
        faulty: Generation = fault(found)
        return faulty

    def _fault_1(self, found: Generation) -> Generation:
        """A lot is delivered and verified, and nobody settled it."""
        lot = next(entry for entry in found.transactions if entry.kind is Kind.SETTLE)
        key = lot.waybill_number, lot.lot_no
        self.expected.add(("verified_not_settled", lot_record(*key)))
        late = {Kind.POST, Kind.VOID, Kind.SETTLE}
        kept = [
            item for item in found.transactions if (item.waybill_number, item.lot_no) != key or item.kind not in late
        ]
        return replace(found, transactions=kept)

    def _fault_2(self, found: Generation) -> Generation:
        """What was reserved for a settled lot is never given back."""
        void = next(entry for entry in found.transactions if entry.kind is Kind.VOID)
        self.expected.add(("pending_after_settlement", f"ESTIMATE {void.waybill_number}/{void.lot_no}"))
        answers = {Kind.POST, Kind.VOID}
        kept = [item for item in found.transactions if item.kind not in answers or item.resolves != void.resolves]
        return replace(found, transactions=kept)

    def _fault_3(self, found: Generation) -> Generation:
        """A reduction is written a tonne too high everywhere: in result, digests, id and postings."""
        place = self._logged(found)
        run, _ = found.runs[place]
        model, bill = self.made.models[place], found.waybills[run.inputs.waybill_number][0]
        result = replace(run.result, credited_wtw_g=run.result.credited_wtw_g + 10**6)
        false = run_of(run.inputs, result, (run.factors_version, run.network_version, run.code_version), run.run_at)
        key = bill.number, model.lot.lot_no
        own = pending_by_lot(entry for entry in found.transactions if entry.kind is Kind.ESTIMATE).get(key)
        booked = settlement_transactions(bill, bill.lot(key[1]), false, own, model.delivered_at, self.made.at, "")
        by_id = {entry.transaction_id: entry for entry in booked}
        self.expected.add(("recomputes_differently", f"SETTLE {key[0]}/{key[1]}"))
        runs = [(false, to_json(false)) if item is run else (item, document) for item, document in found.runs]
        entries = [by_id.get(entry.transaction_id, entry) for entry in found.transactions]
        return replace(found, runs=runs, transactions=entries)

    def _fault_4(self, found: Generation) -> Generation:
        """The fuel that was reported is not the fuel that was reckoned with: the carrier's log says a tenth more."""
        run, _ = found.runs[self._logged(found)]
        number, lot_no = run.inputs.waybill_number, run.inputs.lot_no
        events = []
        for event in found.events:
            if event.energy is not None and (event.waybill_number, event.lot_no) == (number, lot_no):
                event = replace(event, energy=replace(event.energy, amount_g=event.energy.amount_g * 11 // 10))
            events.append(event)
        assert events != found.events
        self.expected.add(("inputs_differ_from_evidence", lot_record(number, lot_no)))
        return replace(found, events=events)

    def _fault_5(self, found: Generation) -> Generation:
        """One weigh ticket stands under two waybills."""
        loads = [event for event in found.events if event.event_type is EventType.LOAD]
        first = loads[0]
        other = next(event for event in loads if event.waybill_number != first.waybill_number)
        twin = replace(other, evidence=first.evidence)
        self.expected |= {
            ("duplicate_under_another_number", lot_record(item.waybill_number, item.lot_no or 0))
            for item in (first, other)
        }
        return replace(found, events=[twin if event is other else event for event in found.events])

    def _fault_6(self, found: Generation) -> Generation:
        """What proved a settled lot is gone: its tickets and receipts."""
        load = next(event for event in found.events if event.event_type is EventType.LOAD)
        key = load.waybill_number, load.lot_no
        self.expected |= {
            (code, lot_record(load.waybill_number, load.lot_no or 0))
            for code in ("settled_not_verified", "evidence_lost")
        }
        events = [
            replace(event, evidence=()) if (event.waybill_number, event.lot_no) == key else event
            for event in found.events
        ]
        return replace(found, events=events)

    def _logged(self, found: Generation) -> int:
        """Where a lot stands whose voyage has a fuel log."""
        return next(place for place, (run, _) in enumerate(found.runs) if run.result.tier == "primary")


def test_every_fault_in_large_books_is_found_where_it_is(
    made: LedgerWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six of ten generations have a fault each that one check alone can see; blocks are so small that mates and
    suspects lie across them. The audit names the records, and none of the generations without a fault."""
    faults = Faults(made)
    monkeypatch.setattr(evidence_world, "FILLED", 1)
    monkeypatch.setattr(evidence_world, "Generations", lambda _: faults)
    monkeypatch.setattr(auditing, "BLOCK", 30)
    store = open_store(f"sqlite:///{tmp_path / 'ledger.db'}")
    assert fill_with_evidence(store, made, 40 * GENERATIONS) == 40 * GENERATIONS
    found = {(item.code, _without_place(item.record)) for item in actions.audit(store, NETWORK, FACTORS)}
    assert len(faults.expected) == 8
    assert faults.expected <= found
    named = {number for _, record in found for number in re.findall(r"MW[0-9A-Z]{18}", record)}
    assert named <= faults.touched
    assert {code for code, _ in found} == {code for code, _ in faults.expected}


def _without_place(record: str) -> str:
    """An entry's kind and lot; its number in the ledger is given while it is written."""
    return re.sub(r"transaction \d+ \((.*)\)", r"\1", record)
