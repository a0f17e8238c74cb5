"""The bench of evidence measures a clean audit of books in which every lot has its own, and in books of many lots the
audit finds each fault where it is."""

from __future__ import annotations

import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from optimizer import actions
from optimizer.accounts.audit import run_part
from optimizer.accounts.audit.inputs_again import InputsAgain
from optimizer.accounts.audit.recalculation import Recalculation
from optimizer.accounts.audit.rows import RunRow
from optimizer.accounts.calculation import inputs_of, run_of
from optimizer.accounts.ledger import (
    Bucket,
    Kind,
    Ledger,
    PostingLines,
    Transaction,
    content_digest,
    pending_by_lot,
)
from optimizer.accounts.settlement import ISSUANCE, review, settlement_transactions
from optimizer.accounts.voyages import Voyages
from optimizer.actions import auditing, open_store
from optimizer.actions.evidencing import keep_evidence
from optimizer.bench import evidence_world
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.evidence import BOOKS, OURS, EvidenceBench, run, whole_audit_s
from optimizer.bench.evidence_world import Generation, Generations, fill_with_evidence
from optimizer.bench.ledger_world import LedgerWorld, ledger_world
from optimizer.demo.world import seed_world
from optimizer.emissions.factors import load_factors
from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.tour import RULE, LoadedVoyage, Tour
from optimizer.emissions.uncertainty import UNCERTAINTY
from optimizer.errors import UnreadableRecordError
from optimizer.network.reader import read_network
from optimizer.quantities import CHINA_TIME
from optimizer.store.evidence_files import EvidenceFiles
from optimizer.store.rows import LINE_COLUMNS, TRANSACTION_COLUMNS, line_rows, transaction_row
from optimizer.waybills.codec import sha256, to_json
from optimizer.waybills.event import EventType
from optimizer.waybills.finding import lot_record
from optimizer.waybills.waybill import Waybill, WaybillLeg, WaybillLot
from tests.store.tampering import disarm

MEASURED_AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)
NETWORK, FACTORS = read_network(None), load_factors(None)
GENERATIONS = 10
AFTER_OCTOBER = datetime(2026, 11, 5, 8, tzinfo=CHINA_TIME)
Expected = set[tuple[str, str]]
"""Code and record of what an audit must find."""


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


def test_no_two_generations_weigh_or_burn_alike(made: LedgerWorld) -> None:
    """Other masses, other logs, hence other results; some voyages have no log, and every lot is verified as planned."""
    generation = Generations(made)
    found = [run for number in range(3) for run, _ in generation(number).runs]
    assert len(found) == 3 * len(made.models)
    assert {run.result.tier for run in found} == {"primary", "modelled"}
    masses = [{run.inputs.mass_kg for run in found[start::40]} for start in range(40)]
    assert all(len(of_one_lot) == 3 for of_one_lot in masses)
    assert len({run.result.expected_wtw_g for run in found}) == len(found)
    assert len({log.logged_g for run in found for item in run.inputs.project if (log := item.log)}) > len(found) / 4


def inputs_again(voyages: Voyages) -> Callable[[Waybill, WaybillLot, int, date], str]:
    """The inputs of a lot as the audit makes them again. What it takes of them for their calculation is what is read
    out of their text."""
    straight = Recalculation(FACTORS)
    again = InputsAgain(NETWORK, FACTORS, straight.chains(UNCERTAINTY.version))

    def text(bill: Waybill, lot: WaybillLot, mass_kg: int, on: date) -> str:
        found = again(voyages, bill, lot, mass_kg, on)
        assert found.read == straight.read(found.text, bill.number, lot.lot_no)
        assert found.read is not None
        return found.text.decode()

    return text


def test_inputs_are_made_again_as_the_texts_that_were_stored(made: LedgerWorld) -> None:
    """Of every lot of two generations, with logs and without; also after its planned way changed in any one word or
    distance: then both ways of making them give the same other text."""
    generations = Generations(made)
    for found in map(generations, range(2)):
        bills = {number: bill for number, (bill, _) in found.waybills.items()}
        reviewed = review(bills, found.events)
        again, texts = inputs_again(reviewed.voyages), set()
        for settled, _ in found.runs:
            bill, inputs = bills[settled.inputs.waybill_number], settled.inputs
            lot = bill.lot(inputs.lot_no)
            texts.add(again(bill, lot, inputs.mass_kg, inputs.on))
            first = bill.baseline_legs[0]
            for changed in (
                replace(bill, version=2),
                *(
                    replace(bill, baseline_legs=(replace(first, **change), *bill.baseline_legs[1:]))
                    for change in OTHER_WAYS
                ),
            ):
                now = inputs_of(changed, lot, inputs.mass_kg, inputs.on, reviewed.voyages, NETWORK, FACTORS)
                assert again(changed, lot, inputs.mass_kg, inputs.on) == to_json(now) not in texts
        assert texts == {to_json(settled.inputs) for settled, _ in found.runs}


def test_voyages_are_made_again_as_they_were_sailed(made: LedgerWorld) -> None:
    """Of every lot with a log, after any one thing of its leg by water changed: another distance, great circle, basis,
    end, no tour, one with more voyages, return cargo."""
    found = Generations(made)(0)
    bills = {number: bill for number, (bill, _) in found.waybills.items()}
    voyages, compared = review(bills, found.events).voyages, 0
    again = inputs_again(voyages)
    for settled, _ in found.runs:
        bill, inputs = bills[settled.inputs.waybill_number], settled.inputs
        if not any(item.log for item in inputs.project):
            continue
        lot = bill.lot(inputs.lot_no)
        for change in OTHER_VOYAGES:
            legs = tuple(replace(leg, **change(leg)) if leg.voyage_id else leg for leg in lot.legs)
            other = replace(lot, legs=legs)
            now = inputs_of(bill, other, inputs.mass_kg, inputs.on, voyages, NETWORK, FACTORS)
            assert now != inputs
            assert again(bill, other, inputs.mass_kg, inputs.on) == to_json(now)
            compared += 1
    assert compared > len(found.runs)


def of_two(leg: WaybillLeg) -> Tour:
    """A tour that another voyage shares."""
    loaded = (LoadedVoyage(leg.voyage_id, 3), LoadedVoyage("V-other", 4))
    return Tour(RULE, leg.voyage_id, leg.vehicle_class, 1_001, ("V-empty",), loaded, 5)


OTHER_VOYAGES: tuple[Callable[[WaybillLeg], dict[str, Any]], ...] = (
    lambda leg: {"distance_km": leg.distance_km + 0.1},
    lambda leg: {"gcd_km": leg.gcd_km + 1},
    lambda leg: {"distance_basis": "sfd" if leg.distance_basis == "actual" else "actual"},
    lambda leg: {"origin": leg.destination},
    lambda leg: {"tour": None, "empty_fuel_ratio": 0.125},
    lambda leg: {"tour": of_two(leg)},
    lambda leg: {"round_trip": RoundTrip("V-back", 1_000, 500, 2_000, 1_500)},
)


OTHER_WAYS: tuple[dict[str, Any], ...] = (
    {"origin": "elsewhere"},
    {"destination": "elsewhere"},
    {"distance_km": 1.5},
    {"distance_basis": "gcd"},
    {"gcd_km": 0.5},
    {"vehicle_class": "T31"},
    {"mode": "Rail"},
)


def test_another_process_makes_the_same_books(
    made: LedgerWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Books of many lots are made by one process and written by another: every row as if one had done both."""
    monkeypatch.setattr(evidence_world, "FILLED", 1)
    books = []
    for worth in (1, 1_000):
        monkeypatch.setattr(evidence_world, "WORTH_ANOTHER", worth)
        file = tmp_path / f"{worth}.db"
        store = open_store(f"sqlite:///{file}")
        assert fill_with_evidence(store, made, 80) == 80
        store.close()
        with closing(sqlite3.connect(file)) as raw:
            asked = ("waybills", "events", "calculation_runs", "transactions", "posting_lines", "city_exposures")
            books.append([raw.execute(f"SELECT * FROM {table}").fetchall() for table in asked])
    assert books[0] == books[1]
    assert all(books[0])


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
    monkeypatch.setattr(run_part, "TOGETHER_FROM", 0)
    store = open_store(f"sqlite:///{tmp_path / 'ledger.db'}")
    assert fill_with_evidence(store, made, 40 * GENERATIONS) == 40 * GENERATIONS
    found = {(item.code, _without_place(item.record)) for item in actions.audit(store, NETWORK, FACTORS)}
    assert len(faults.expected) == 8
    assert faults.expected <= found
    named = {number for _, record in found for number in re.findall(r"MW[0-9A-Z]{18}", record)}
    assert named <= faults.touched
    assert {code for code, _ in found} == {code for code, _ in faults.expected}
    with store.read() as session:
        sharing, numbers = session.ticket_sharing(), session.audited_numbers().numbers
        shared = {record for code, record in faults.expected if code == "duplicate_under_another_number"}
        assert sorted(sharing) == sorted(record.split()[1].split("/")[0] for record in shared)
        for number in (*sharing, *numbers[::50]):
            assert session.neighbourhood([number], sharing) == session.neighbourhood([number])


@pytest.fixture(scope="module")
def clean_books(made: LedgerWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large books without a fault, October closed."""
    file = tmp_path_factory.mktemp("books") / "ledger.db"
    store = open_store(f"sqlite:///{file}")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(evidence_world, "FILLED", GENERATIONS)
        assert fill_with_evidence(store, made, 40 * GENERATIONS) == 40 * GENERATIONS
    actions.close(store, "2026-10", AFTER_OCTOBER)
    assert actions.audit(store, NETWORK, FACTORS) == []
    store.close()
    return file


def one_gram_more(row: RunRow) -> RunRow:
    """A run that credits a gram more than it comes to, with all its digests as the product would write them."""
    document, more_g = row.document.decode(), row.credited_wtw_g + 1
    result = document[document.rindex(',"result":') + len(',"result":') : document.rindex(',"result_sha256":')]
    changed = result.replace(f'"credited_wtw_g":{row.credited_wtw_g}', f'"credited_wtw_g":{more_g}')
    digest = sha256(changed)
    run_id = sha256(to_json([row.inputs_sha256, digest, row.factors_version, row.network_version, row.code_version]))
    for old, new in ((result, changed), (row.result_sha256, digest), (row.run_id, run_id)):
        document = document.replace(old, new)
    return row._replace(document=document.encode(), result_sha256=digest, run_id=run_id, credited_wtw_g=more_g)


def test_runs_come_to_the_same_together_and_each_by_itself(clean_books: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same worth, the same sums; and a gram too many, a column that says something else and inputs of another
    waybill are seen either way, in the midst of sound runs."""
    store = open_store(f"sqlite:///{clean_books}")
    with store.read() as session:
        rows = list(session.run_rows())
    store.close()
    sound = len(rows)
    rows[7] = one_gram_more(rows[7])
    rows[23] = rows[23]._replace(energy_saved_g=rows[23].energy_saved_g + 1)
    rows[101] = rows[101]._replace(number=rows[102].number)
    rows[150] = rows[150]._replace(mass_kg=float(rows[150].mass_kg) + 0.5)  # type: ignore[arg-type]
    seen = []
    for least in (0, 10**9):
        monkeypatch.setattr(run_part, "TOGETHER_FROM", least)
        seen.append(run_part.read_runs(rows, FACTORS, {}))
    assert seen[0] == seen[1]
    assert seen[0].unsound == {rows[place].run_id for place in (7, 23, 101, 150)}
    assert len(seen[0].run_ids) == sound - 4


@dataclass
class Forger:
    """An administrator with every right: guards dropped, digests, line counts and kept balances written as the product
    would, so that one check alone can see what is wrong. ``entries`` are what stands in the ledger."""

    raw: sqlite3.Connection
    entries: list[Transaction]

    def append(self, entry: Transaction) -> str:
        """Write an entry behind the others; returns its record as the audit names it, without its number."""
        columns, row = ", ".join(TRANSACTION_COLUMNS), transaction_row(entry, content_digest(entry))
        (last,) = self.raw.execute("SELECT MAX(seq) FROM transactions").fetchone()
        self._insert("transactions", columns, (last + 1, *row))
        numbers = dict(self.raw.execute("SELECT account_id, account_no FROM account_numbers"))
        for line in line_rows(entry, numbers):
            self._insert("posting_lines", ", ".join(LINE_COLUMNS), (last + 1, *line))
        for posting in entry.postings:
            self.raw.execute(
                "INSERT INTO balances (account_id, ledger, bucket, part, amount) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
                (posting.account_id, posting.ledger.value, posting.bucket.value, posting.part, posting.amount),
            )
        return f"{entry.kind.value} {entry.waybill_number}/{entry.lot_no}"

    def transfer(self, effective_at: datetime, period: str, taker: str = "", amount_g: int = 1) -> str:
        """Append a transfer from the account that holds most; returns its record."""
        held: dict[str, int] = {}
        for posting in (line for entry in self.entries for line in entry.postings):
            if posting.account_id != ISSUANCE.account_id and posting.bucket is Bucket.AVAILABLE:
                claimed_g = posting.amount if posting.ledger is Ledger.CLAIM else 0
                held[posting.account_id] = held.get(posting.account_id, 0) + claimed_g
        giver = max(held, key=held.__getitem__)
        lines = PostingLines(giver)
        lines.move(taker or min(held, key=held.__getitem__), Ledger.CLAIM, amount_g or held[giver] + 1)
        entry = Transaction(
            transaction_id=f"forged {period} {taker} {amount_g}",
            kind=Kind.TRANSFER,
            waybill_number="",
            lot_no=0,
            method="shift-v1",
            run_id="",
            resolves="",
            period=period,
            effective_at=effective_at,
            booked_at=AFTER_OCTOBER,
            postings=tuple(lines.lines),
            memo="because",
        )
        return self.append(entry)

    def _insert(self, table: str, columns: str, row: tuple[object, ...]) -> None:
        self.raw.execute(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(row))})", row)


def into_a_closed_period(forger: Forger) -> Expected:
    """What happened in October is booked in October, after October closed."""
    record = forger.transfer(AFTER_OCTOBER - timedelta(days=9), "2026-10")
    return {("posted_into_closed_period", record), ("booked_in_wrong_period", record)}


def in_another_month(forger: Forger) -> Expected:
    """What happens in November is booked in December."""
    return {("booked_in_wrong_period", forger.transfer(AFTER_OCTOBER, "2026-12"))}


def on_no_account(forger: Forger) -> Expected:
    """The taker has a number in the ledger and was never opened."""
    forger.raw.execute("INSERT INTO account_numbers (account_id) VALUES ('NOBODY.industry')")
    return {("unknown_account", forger.transfer(AFTER_OCTOBER, "2026-11", "NOBODY.industry"))}


def more_than_there_is(forger: Forger) -> Expected:
    """A gram more is transferred than the account holds."""
    return {("negative_balance", forger.transfer(AFTER_OCTOBER, "2026-11", amount_g=0))}


def a_second_claim(forger: Forger) -> Expected:
    """A lot settles once more, under another id, on the run that it settled on."""
    first = next(entry for entry in forger.entries if entry.kind is Kind.SETTLE and entry.postings[0].amount > 0)
    twin = replace(first, transaction_id="forged", period="2026-11", booked_at=AFTER_OCTOBER)
    assert twin.postings[0].ledger is Ledger.CLAIM
    return {("settled_twice", forger.append(twin)), ("claims_differ_from_runs", "ledger claim")}


def a_settlement_on_the_run_of_another_lot(forger: Forger) -> Expected:
    """Two lots of one waybill exchange their runs, ids and digests written anew."""
    settled = [entry for entry in forger.entries if entry.kind is Kind.SETTLE]
    one, other = next((a, b) for a, b in pairwise(settled) if a.waybill_number == b.waybill_number)
    for entry, run_id in ((one, other.run_id), (other, one.run_id)):
        false = replace(entry, run_id=run_id)
        forger.raw.execute(
            "UPDATE transactions SET run_id = ?, content_sha256 = ? WHERE seq = ?",
            (run_id, content_digest(false), entry.seq),
        )
    return {
        (code, record)
        for entry in (one, other)
        for code, record in (
            ("postings_differ_from_run", f"SETTLE {entry.waybill_number}/{entry.lot_no}"),
            ("inputs_differ_from_evidence", lot_record(entry.waybill_number, entry.lot_no)),
        )
    }


@pytest.mark.parametrize(
    "plant",
    [
        into_a_closed_period,
        in_another_month,
        on_no_account,
        more_than_there_is,
        a_second_claim,
        a_settlement_on_the_run_of_another_lot,
    ],
    ids=lambda plant: plant.__name__,
)
def test_an_entry_that_the_database_would_refuse_is_found_where_it_is(
    clean_books: Path, tmp_path: Path, plant: Callable[[Forger], Expected]
) -> None:
    """Written past triggers and constraints into a copy of large books; the audit names the record and nothing else."""
    file = tmp_path / "ledger.db"
    shutil.copyfile(clean_books, file)
    store = open_store(f"sqlite:///{file}")
    with store.read() as session:
        entries = session.transactions()
    with closing(sqlite3.connect(file)) as raw:
        disarm(raw)
        expected = plant(Forger(raw, entries))
        raw.commit()
    assert {(item.code, _without_place(item.record)) for item in actions.audit(store, NETWORK, FACTORS)} == expected
    store.close()


@pytest.mark.parametrize(
    ("statement", "record"),
    [
        ("UPDATE posting_lines SET amount = 'x' WHERE transaction_seq = 300", "entry 300"),
        ("UPDATE transactions SET effective_at = 'soon' WHERE seq = 50", "entry 50"),
        ("UPDATE transactions SET kind = 'GIFT' WHERE seq = 300", "entry 300"),
        ("UPDATE waybills SET document = '{}' WHERE rowid = 5", "waybill MW"),
        ("UPDATE calculation_runs SET document = zeroblob(9) WHERE rowid = 5", "run [0-9a-f]{64}"),
    ],
)
def test_a_record_that_cannot_be_read_is_named(clean_books: Path, tmp_path: Path, statement: str, record: str) -> None:
    """Damage beyond what records can hold ends the audit with the name of the record, not with an internal error."""
    file = tmp_path / "ledger.db"
    shutil.copyfile(clean_books, file)
    store = open_store(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as raw:
        disarm(raw)
        raw.execute(statement)
        raw.commit()
    with pytest.raises(UnreadableRecordError, match=record):
        actions.audit(store, NETWORK, FACTORS)
    store.close()


def test_kept_files_that_changed_or_are_gone_are_found(clean_books: Path, tmp_path: Path) -> None:
    """Beside large books four files are kept: one is altered, one gone, one grew, one is untouched; a fifth nobody
    registered. The audit names four of the five."""
    file = tmp_path / "ledger.db"
    shutil.copyfile(clean_books, file)
    store, files = open_store(f"sqlite:///{file}"), EvidenceFiles(tmp_path / "evidence")
    contents = [(f"{number}.pdf", b"%PDF-" + bytes([number]) * 100) for number in range(4)]
    kept = keep_evidence(store, files, contents, AFTER_OCTOBER)
    assert actions.audit(store, NETWORK, FACTORS, files) == []
    altered, gone, grown, _ = (tmp_path / "evidence" / files.name_of(item.sha256) for item in kept)
    altered.write_bytes(altered.read_bytes().replace(b"\0", b"0"))
    gone.unlink()
    grown.write_bytes(grown.read_bytes() + b" ")
    (tmp_path / "evidence" / "note.pdf").write_bytes(b"%PDF-x")
    found = {(item.code, item.record) for item in actions.audit(store, NETWORK, FACTORS, files)}
    assert found == {
        ("evidence_altered", f"evidence {kept[0].sha256}"),
        ("evidence_missing", f"evidence {kept[1].sha256}"),
        ("evidence_altered", f"evidence {kept[2].sha256}"),
        ("evidence_orphan", "evidence file note.pdf"),
    }
    store.close()


def _without_place(record: str) -> str:
    """An entry's kind and lot; its number in the ledger is given while it is written."""
    return re.sub(r"transaction \d+ \((.*)\)", r"\1", record)
