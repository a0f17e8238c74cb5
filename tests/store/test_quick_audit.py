"""The ledger read row by row passes only what the checks pass: whatever is changed, the audit finds what the checks
find on all records at once."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DatabaseError

from optimizer import actions
from optimizer.accounts import audit as checks
from optimizer.accounts.audit.entry_blocks import EntryBlocks
from optimizer.accounts.audit.entry_part import EntriesRead, EntryReader, read_entries
from optimizer.accounts.audit.rows import RunRow, credit_rows, line_text
from optimizer.accounts.audit.run_part import Recomputing, Worth
from optimizer.accounts.corrections import SETTLING
from optimizer.accounts.settlement import credit_lines
from optimizer.actions import auditing
from optimizer.actions.audit_city import reach_of
from optimizer.actions.audit_parts import LedgerReading, Package, Readers, ledger_doubts
from optimizer.errors import UnreadableRecordError
from optimizer.store.audit_rows import Part
from optimizer.store.engine import Store
from optimizer.store.packed import packed, unpacked
from optimizer.store.rows import BUCKET_CODES, LEDGER_CODES
from optimizer.waybills.finding import Finding, lot_record
from tests.store.tampering import disarm
from tests.store.test_corrections import dearer_diesel
from tests.waybills.world import LATER, world_factors, world_network, world_waybills

TABLES = ("transactions", "posting_lines", "calculation_runs", "waybills", "accounts", "balances", "events")
MUTATIONS = 60


def by_record(findings: list[Finding]) -> list[tuple[str, str]]:
    """What was found, without order."""
    return sorted((item.code, item.record) for item in findings)


def recorded(store: Store, parts: int, processes: int = 1) -> list[Finding]:
    """What the audit finds when each table is read in so many parts."""
    package = Package(world_network(), world_factors())
    with store.read() as session, Readers(store, session, package, processes, parts) as readers:
        return auditing._recorded(session, readers)


def whole(store: Store) -> list[Finding]:
    """What its checks find over all records at once."""
    return checks.audit(auditing.books(store, world_network(), world_factors()))


def found(read: Callable[..., list[Finding]], *of: Store | int) -> list[tuple[str, str]] | None:
    """Findings; None where damage cannot be read as records."""
    try:
        return by_record(read(*of))
    except Exception:
        return None


def altered(value: object, random: Random) -> object:
    """Another value of the same type, close to the first."""
    if isinstance(value, int):
        return value + random.choice([-1, 1, 10**6])
    if isinstance(value, str) and value:
        place = random.randrange(len(value))
        return value[:place] + random.choice("0123456789abcXYZ") + value[place + 1 :]
    return "x" if value is None else None


def mutate(file: Path, random: Random) -> str:
    """Change one value, remove a row, or trade two rows' values; says what was done."""
    raw = sqlite3.connect(file)
    disarm(raw)
    table = random.choice(TABLES)
    columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
    rows = raw.execute(f"SELECT * FROM {table}").fetchall()
    row = random.choice(rows)
    where, values = " AND ".join(f"{name} IS ?" for name in columns), list(row)
    column = random.choice(columns)
    other = random.choice(rows)[columns.index(column)]
    kind = random.choice(["alter", "alter", "alter", "swap", "remove"])
    try:
        if kind == "remove":
            raw.execute(f"DELETE FROM {table} WHERE {where}", values)
        else:
            new = other if kind == "swap" else altered(row[columns.index(column)], random)
            raw.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", [new, *values])
        raw.commit()
    except sqlite3.Error:
        kind = "none"
    raw.close()
    return f"{kind} {table}.{column} {row[:3]}"


@pytest.mark.parametrize("seed", range(4))
def test_the_audit_finds_what_its_checks_find(sqlite_templates: dict[bool, Path], tmp_path: Path, seed: int) -> None:
    """Values changed, swapped and rows removed, one at a time, in every table that the ledger is made of."""
    random = Random(seed)
    tampered = 0
    for number in range(MUTATIONS // 4):
        file = tmp_path / f"{number}.db"
        shutil.copyfile(sqlite_templates[True], file)
        done = mutate(file, random)
        store = actions.open_store(f"sqlite:///{file}")
        quick, slow = found(recorded, store, 1), found(whole, store)
        parts = 2 + number % 5
        assert found(recorded, store, parts) == quick, done
        store.close()
        file.unlink()
        if slow is None:
            assert quick != [], done
        else:
            assert quick is not None, done
            # The audit alone compares what the database keeps beside the records, and reads events by their columns.
            more = set(quick) - set(slow)
            assert set(slow) <= set(quick), done
            assert " events." in done or {code for code, _ in more} <= {"balance_differs", "columns_differ"}, done
            tampered += bool(slow)
    assert tampered


def by_blocks(store: Store, numbers_each: int) -> tuple[LedgerReading, LedgerReading]:
    """The runs as blocks of so many waybills read them, and as they lie."""
    package = Package(world_network(), world_factors())
    with store.read() as session, Readers(store, session, package) as readers:
        given, plain = LedgerReading(session, readers, alone=False), LedgerReading(session, readers)
        numbers = session.audited_numbers().numbers
        for start in range(0, len(numbers), numbers_each):
            block = sorted(numbers[start : start + numbers_each])
            task = (block, session.ticket_sharing(), b"k" * 16, reach_of(session))
            seen = auditing._evidence(session, package, task)
            given.take(seen.runs, seen.waybills)
        given.read_others()
        assert plain.unsound() == given.unsound()
        return given, plain


def listed(reading: LedgerReading) -> list[tuple[object, ...]]:
    """Of every sound run what is handed on, and the waybills of the others."""
    parts = reading._all_runs()
    sound = [
        (run_id, number, lot_no, worth)
        for part in parts
        for run_id, (number, lot_no, worth) in zip(part.run_ids, part.lots, strict=True)
    ]
    return sorted(sound) + sorted((number,) for part in parts for number in part.numbers)


CORRECTED = ("nothing", "restated", "reversed", "run of two lots", "run of no lot", "run there twice", "run moved")


@pytest.mark.parametrize("numbers_each", [1, 1_000])
def test_every_run_is_read_once_whatever_names_it(path: Path, settled: Store, numbers_each: int) -> None:
    """By the block of its lot where it stands there, else as it lies: the same runs are sound, with the same figures
    and the same sums, in clean books and after each of these. Those of clean books are read from evidence alone."""
    number, network = world_waybills()[0].number, world_network()
    first, second = "(SELECT MIN(rowid) FROM calculation_runs)", "(SELECT MAX(rowid) FROM calculation_runs)"
    columns = "number, lot_no, method, inputs_sha256, result_sha256, factors_version, network_version, code_version"
    amounts = "mass_kg, baseline_wtw_g, actual_wtw_g, expected_wtw_g, credited_wtw_g, energy_saved_g, tier, activity"
    copied = f"{columns}, run_at, document, {amounts}"
    of_first = f"(SELECT run_id FROM calculation_runs WHERE rowid = {first})"
    steps: dict[str, Callable[[], object]] = {
        "restated": lambda: actions.restate(settled, number, 2, "why", network, dearer_diesel(settled), LATER),
        "reversed": lambda: actions.reverse(settled, number, 1, "evidence fell away", LATER),
        "run of two lots": lambda: damage(
            f"sqlite:///{path}",
            f"UPDATE transactions SET run_id = {of_first} WHERE seq = (SELECT MAX(seq) FROM transactions "
            "WHERE kind = 'SETTLE')",
        ),
        "run of no lot": lambda: damage(
            f"sqlite:///{path}", "DELETE FROM transactions WHERE kind = 'SETTLE' AND run_id = " + of_first
        ),
        "run there twice": lambda: damage(
            f"sqlite:///{path}",
            f"INSERT INTO calculation_runs (run_id, {copied}) SELECT run_id, {copied} FROM calculation_runs "
            f"WHERE rowid = {second}",
            f"UPDATE calculation_runs SET mass_kg = mass_kg + 1 WHERE rowid = {second}",
        ),
        "run moved": lambda: damage(
            f"sqlite:///{path}", f"UPDATE calculation_runs SET number = 'nobody' WHERE rowid = {first}"
        ),
    }
    for done in CORRECTED:
        steps.get(done, lambda: None)()
        given, plain = by_blocks(settled, numbers_each)
        assert listed(given) == listed(plain), done
        assert given.moved() == plain.moved(), done


def test_the_runs_beside_those_that_were_taken_are_asked_for(url: str, settled: Store) -> None:
    """All, all but one, none; also where one in the middle is gone, and where somebody took what is not there."""
    with settled.read() as session:
        places = session.run_places_beside(set())
        ids = {row.run_id: place for place in places for row in session.run_rows_at([place])}
        assert len(places) == len(ids) > 2
        for one in places:
            assert session.run_places_beside({*places} - {one}) == [one]
        assert session.run_places_beside({*places}) == []
    gone = next(run_id for run_id, place in ids.items() if place == places[1])
    damage(url, f"DELETE FROM calculation_runs WHERE run_id = '{gone}'")
    with settled.read() as session:
        assert session.run_places_beside(set()) == [places[0], *places[2:]]
        assert session.run_places_beside({*places}) == []
        assert session.run_places_beside({*places} - {places[2]}) == [places[2]]


@pytest.mark.parametrize(
    "change", ["", "lot_no = CAST(lot_no AS BLOB)", "lot_no = 1.5", "period = x'41'", "run_id = 7"]
)
def test_entries_that_stand_are_read_as_their_rows_have_them(
    sqlite_templates: dict[bool, Path], tmp_path: Path, change: str
) -> None:
    """In order of the ledger, also values of other types, which no list of texts and numbers takes."""
    file = tmp_path / "damaged.db"
    shutil.copyfile(sqlite_templates[True], file)
    loosen(file)
    if change:
        damage(f"sqlite:///{file}", f"UPDATE transactions SET {change} WHERE kind = 'SETTLE'")
    with closing(sqlite3.connect(file)) as raw:
        rows = raw.execute(
            "SELECT seq, transaction_id, kind, number, lot_no, COALESCE(run_id, ''), COALESCE(resolves, ''), period"
            " FROM transactions WHERE kind IN ('SETTLE', 'RESTATE', 'REVERSE') ORDER BY seq"
        ).fetchall()
    store = actions.open_store(f"sqlite:///{file}")
    with store.read() as session:
        found = session.standing([row[3] for row in reversed(rows)])
        assert [(*one[:2], one.kind.value, *one[3:]) for one in found] == rows
        assert session.standing(["nobody"]) == []
    store.close()


def test_entries_stand_alike_on_each_database(url: str, settled: Store) -> None:
    """What was settled, restated and reversed, in order."""
    first, second = world_waybills()[0].number, world_waybills()[1].number
    actions.restate(settled, first, 1, "why", world_network(), dearer_diesel(settled), LATER)
    actions.reverse(settled, first, 1, "evidence fell away", LATER)
    with settled.read() as session:
        found = session.standing([second, first])
    entries = auditing.books(settled, world_network(), world_factors()).transactions
    right = [item for item in entries if item.waybill_number in (first, second) and item.kind in SETTLING]
    assert [(one.transaction_id, one.kind, one.lot_no, one.run_id, one.resolves) for one in found] == [
        (one.transaction_id, one.kind, one.lot_no, one.run_id, one.resolves) for one in right
    ]
    assert {one.kind.value for one in found} == {"SETTLE", "RESTATE", "REVERSE"}


@pytest.mark.parametrize("lot_no", ["9", "CAST(lot_no AS BLOB)"])
def test_a_settlement_of_a_lot_that_is_not_there_is_found(path: Path, settled: Store, lot_no: str) -> None:
    """It is a finding as the checks on all records have it, and no end of the audit."""
    damage(
        f"sqlite:///{path}",
        "PRAGMA ignore_check_constraints = ON",
        f"UPDATE transactions SET lot_no = {lot_no} WHERE kind = 'SETTLE'",
    )
    quick = by_record(recorded(settled, 1))
    assert {"settled_without_waybill", "verified_not_settled"} <= {code for code, _ in quick}
    assert set(by_record(whole(settled))) <= set(quick)


def test_runs_of_clean_books_are_not_read_from_their_texts(settled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Held against evidence, each comes out equal."""
    read: list[str] = []
    usual = Recomputing.sound

    def noted(self: Recomputing, rows: Sequence[RunRow]) -> list[Worth | None]:
        read.extend(row.run_id for row in rows)
        return usual(self, rows)

    monkeypatch.setattr(Recomputing, "sound", noted)
    assert recorded(settled, 1) == []
    assert read == []


def test_clean_books_leave_no_doubt(settled: Store) -> None:
    """Nothing is read twice in clean books; a reversal leaves its own waybill to look at."""
    package = Package(world_network(), world_factors())
    for parts in (1, 3):
        with settled.read() as session, Readers(settled, session, package, parts=parts) as readers:
            assert not ledger_doubts(session, readers)
            number = session.audited_numbers().numbers[0]
    actions.reverse(settled, number, 1, "evidence fell away", LATER)
    for parts in (1, 3, 100):
        with settled.read() as session, Readers(settled, session, package, parts=parts) as readers:
            doubts = ledger_doubts(session, readers)
        assert (doubts.ledger, doubts.documents, doubts.numbers) == (False, False, {number})


def test_several_processes_find_what_one_finds(url: str, settled: Store) -> None:
    """In books with an amount, a run and an event changed: through connections of their own, on both databases."""
    assert recorded(settled, parts=3) == []
    damage(url, *DAMAGE)
    one = recorded(settled, parts=1)
    assert {"postings_differ_from_run", "transaction_changed", "document_changed"} <= {item.code for item in one}
    assert recorded(settled, parts=3, processes=2) == one


@pytest.mark.parametrize(
    "change",
    [
        "event_type = 'DEPA'",
        "event_time = '2026-10-02T00:00:00+08:00'",
        "classifier = 'EST'",
        "leg_seq = leg_seq + 1",
        "lot_no = NULL",
        "mass_kg = mass_kg / 10",
        "withdraws = event_id",
        "vessel_id = 'x'",
        "voyage_id = 'x'",
    ],
)
def test_an_event_that_is_looked_up_as_another_than_it_says_is_found(url: str, settled: Store, change: str) -> None:
    """Lists and the audit look events up by their columns: each says what the document says."""
    load = "SELECT MIN(seq) FROM events WHERE event_type = 'LOAD' AND vessel_id <> ''"
    damage(url, f"UPDATE events SET {change} WHERE seq = ({load})")
    assert "document_changed" in {item.code for item in recorded(settled, parts=1)}


DAMAGE = (
    "UPDATE posting_lines SET amount = 7 WHERE line = 1 AND transaction_seq IN (SELECT MAX(seq) FROM transactions)",
    "UPDATE calculation_runs SET mass_kg = mass_kg + 1 WHERE run_id = (SELECT MIN(run_id) FROM calculation_runs)",
    "UPDATE events SET location_id = 'x' WHERE seq = 3",
)


def damage(url: str, *statements: str) -> None:
    """What an administrator could do to the rows."""
    if url.startswith("sqlite"):
        raw = sqlite3.connect(url.removeprefix("sqlite:///"))
        disarm(raw)
        for statement in statements:
            raw.execute(statement)
        raw.commit()
        raw.close()
        return
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET session_replication_role = replica")
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_blocks_of_waybills_find_what_one_block_finds(settled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block of one waybill with its neighbours gives the findings of all at once."""
    revised = replace(world_network(), version="other")
    at_once = actions.audit(settled, revised, world_factors())
    monkeypatch.setattr(auditing, "BLOCK", 1)
    assert actions.audit(settled, revised, world_factors()) == at_once


def test_a_kept_balance_that_differs_from_the_fold_is_found(url: str, settled: Store) -> None:
    """A gram more in the balances, which no posting put there."""
    if not url.startswith("sqlite"):
        return
    with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
        raw.execute("UPDATE balances SET amount = amount + 1 WHERE account_id = 'E1.industry' AND ledger = 'energy'")
    raw.close()
    listed = actions.audit(settled, world_network(), world_factors())
    assert [(item.code, "E1.industry" in item.record) for item in listed] == [("balance_differs", True)]


def test_a_run_whose_columns_differ_from_its_document_is_found(url: str, settled: Store) -> None:
    """Statements and the city's totals read the columns, so they must say what the sealed document says."""
    if not url.startswith("sqlite"):
        return
    raw = sqlite3.connect(url.removeprefix("sqlite:///"))
    raw.execute("DROP TRIGGER calculation_runs_no_update")
    raw.execute(
        "UPDATE calculation_runs SET credited_wtw_g = credited_wtw_g + 1 WHERE number = "
        "(SELECT MIN(number) FROM calculation_runs) AND lot_no = 1"
    )
    raw.commit()
    raw.close()
    actions.keep_city_totals(settled, anew=True)
    assert set(checks.codes(actions.audit(settled, world_network(), world_factors()))) == {"document_changed"}


def test_credit_rows_are_the_rows_of_credit_lines(settled: Store) -> None:
    """The same lines for every settled lot, and for results that leave lines out."""
    with settled.read() as session:
        waybills, runs, entries = session.waybills(), session.runs(), session.transactions()
    for entry in entries:
        if entry.kind != "SETTLE":
            continue
        waybill, result = waybills[entry.waybill_number], runs[entry.run_id].result
        for changed in (result, replace(result, credited_wtw_g=0), replace(result, energy_saved_g=-7, actual_wtw_g=0)):
            lines = credit_lines(waybill, changed)
            rows = tuple(
                (number, own.ledger, own.part, own.account_id, own.bucket, other.account_id, other.bucket, own.amount)
                for number, (own, other) in enumerate(zip(lines[::2], lines[1::2], strict=True), start=1)
            )
            parties = dict.fromkeys((waybill.consignor, waybill.consignee, waybill.operator))
            accounts = [f"{party.party_id}.{party.domain}" for party in parties]
            activity = sorted(changed.activity_kgkm.items())
            assert rows == credit_rows(
                accounts, changed.credited_wtw_g, changed.actual_wtw_g, activity, changed.energy_saved_g
            )


def test_what_a_run_says_and_its_columns_hide_is_held_against_the_evidence(url: str, settled: Store) -> None:
    """A document rewritten to another mass while its columns keep the digest of the evidence, and an event moved to a
    waybill that nobody issued: the checks on all records name both, and so does the audit, in any number of parts."""
    if not url.startswith("sqlite"):
        return
    raw = sqlite3.connect(url.removeprefix("sqlite:///"))
    disarm(raw)
    run_id, number, lot_no, document = raw.execute(
        "SELECT run_id, number, lot_no, document FROM calculation_runs ORDER BY number, lot_no"
    ).fetchone()
    text = unpacked(document).decode()
    heavier = text.replace(f'"lot_no":{lot_no},"mass_kg":', f'"lot_no":{lot_no},"mass_kg":1', 1)
    raw.execute("UPDATE calculation_runs SET document = ? WHERE run_id = ?", [packed(heavier), run_id])
    (event_id,) = raw.execute("SELECT event_id FROM events WHERE number <> ? ORDER BY seq", [number]).fetchone()
    raw.execute("UPDATE events SET number = 'nobody' WHERE event_id = ?", [event_id])
    raw.commit()
    raw.close()
    quick = by_record(recorded(settled, 1))
    assert ("inputs_differ_from_evidence", lot_record(number, lot_no)) in quick
    assert ("document_changed", f"event {event_id}") in quick
    assert ("run_changed", f"run {run_id}") in quick
    assert set(by_record(whole(settled))) <= set(quick)
    assert by_record(recorded(settled, 3)) == quick


def entries_read(store: Store, size: int, blocks: bool = True) -> tuple[EntriesRead, int]:
    """All entries read in blocks of so many, or one by one; and how many blocks were taken as such. Shapes and parties
    by what they are, as a block that is refused may have been looked into; places without any amount left out."""
    with store.read() as session:
        part = Part(None, session.last_seq())
        reader = EntryReader(session.line_names(), 1, session.accounts(), session.periods())
        together, taken = EntryBlocks(reader), 0
        for piece in part.pieces(size):
            if blocks and together.take(session.entry_block(piece)):
                taken += 1
            else:
                read_entries(reader, session.entry_rows(piece))
        read = reader.read()
    read.sums, read.lowest = (
        {place: amount for place, amount in of.items() if amount} for of in (read.sums, read.lowest)
    )
    standings = [(item, read.shapes[item.shape]) for item in read.standings]
    parties = [read.parties[place] for place in read.settled.parties]
    settled = replace(read.settled, parties=parties)  # type: ignore[arg-type]
    standing = [(item._replace(shape=0), names) for item, names in standings]
    return replace(read, shapes=[], parties=[], standings=standing, settled=settled), taken  # type: ignore[arg-type]


def test_blocks_of_entries_say_what_entries_say_one_by_one(settled: Store) -> None:
    """In clean books with a correction, a transfer and a memo full of quotes, every block is taken; on both
    databases."""
    with settled.read() as session:
        number = session.audited_numbers().numbers[0]
    actions.reverse(settled, number, 1, 'evidence "fell" away, as C:\\n says', LATER)
    one_by_one, _ = entries_read(settled, 1, blocks=False)
    assert one_by_one.settled.lots
    assert one_by_one.standings
    assert not one_by_one.wrong
    for size in (1, 3, 250):
        read, taken = entries_read(settled, size)
        assert read == one_by_one
        assert taken == -(-read.count // size)


LINE = "transaction_seq = (SELECT MIN(seq) FROM transactions WHERE kind = 'SETTLE') AND line = 2"
ENTRY = "seq = (SELECT MIN(seq) FROM transactions WHERE kind = 'SETTLE')"


@pytest.mark.parametrize(
    "change",
    [
        *(
            f"posting_lines SET {change} WHERE {LINE}"
            for change in (
                "amount = 'many'",
                "amount = '+7'",
                "amount = '007'",
                "amount = '12-3'",
                "amount = amount + 0.5",
                "amount = 0",
                "amount = -9223372036854775807 - 1",
                "amount = x'37'",
                "line = 0",
                "line = -1",
                "line = 9",
                "line = 2.5",
                "line = 'x'",
                "transaction_seq = transaction_seq + 1, line = 9",
                "transaction_seq = 0",
                "transaction_seq = -1, line = 1",
                "ledger = 9",
                "ledger = 'claim'",
                "bucket = 2.5",
                "part = '[1,'",
                "part = '\"],[1,\"'",
                "part = x'41'",
                "part = 7",
                "account_no = 99",
                "account_no = 'x'",
            )
        ),
        *(
            f"transactions SET {change} WHERE {ENTRY}"
            for change in (
                "seq = 0",
                "seq = -seq",
                "kind = 'OTHER'",
                "kind = x'41'",
                "number = number || '\"'",
                "transaction_id = transaction_id || '\\'",
                "run_id = run_id || char(10)",
                "number = 7",
                "number = CAST(number AS BLOB)",
                "lot_no = 1.5",
                "lot_no = 1.0",
                "line_count = line_count + 0.0",
                "lot_no = 'x'",
                "method = method || '\\'",
                "method = CAST(method AS BLOB)",
                "run_id = NULL",
                "run_id = ''",
                "run_id = CAST(run_id AS BLOB)",
                "resolves = transaction_id",
                "period = '2026-09'",
                "period = NULL",
                "effective_at = '2026-10-04T24:00:00+08:00'",
                "effective_at = '2026-02-30T01:00:00+08:00'",
                "booked_at = '2026-10-04T01:00:00+09:00'",
                "booked_at = 7",
                "booked_at = NULL",
                "memo = 'x'",
                "memo = NULL",
                "memo = x'41'",
                "memo = 7",
                "line_count = line_count + 1",
                "line_count = 'x'",
                "content_sha256 = upper(content_sha256)",
                "content_sha256 = NULL",
            )
        ),
    ],
)
def test_damaged_blocks_say_what_entries_say_one_by_one(
    sqlite_templates: dict[bool, Path], tmp_path: Path, change: str
) -> None:
    """Values of other types, lines out of order, texts that read like other lines: as damage is read entry by entry,
    so in blocks, with the digest of what was there and with one of what stands there now."""
    file = tmp_path / "damaged.db"
    shutil.copyfile(sqlite_templates[True], file)
    loosen(file)
    with closing(sqlite3.connect(file)) as raw:
        (seq,) = raw.execute(f"SELECT seq FROM transactions WHERE {ENTRY}").fetchone()
    damage(f"sqlite:///{file}", f"UPDATE {change}")
    for digest in (None, forged(file, seq)):
        if digest is not None:
            damage(f"sqlite:///{file}", f"UPDATE transactions SET content_sha256 = '{digest}' WHERE seq = {seq}")
        store = actions.open_store(f"sqlite:///{file}")
        one_by_one = read_or_error(store, 1, blocks=False)
        assert isinstance(one_by_one, type) or one_by_one.count
        for size in (1, 4, 250):
            assert read_or_error(store, size, blocks=True) == one_by_one
        store.close()


def forged(file: Path, seq: int) -> str | None:
    """The digest of what an entry says, of whatever type it is; None where the entry is not there."""
    with closing(sqlite3.connect(file)) as raw:
        names = dict(raw.execute("SELECT account_no, account_id FROM account_numbers"))
        row = raw.execute(f"SELECT * FROM transactions WHERE seq = {seq}").fetchone()
        lines = raw.execute(f"SELECT * FROM posting_lines WHERE transaction_seq = {seq} ORDER BY line").fetchall()
    if row is None:
        return None
    ledgers = {number: name for name, number in LEDGER_CODES.items()}
    buckets = {number: name for name, number in BUCKET_CODES.items()}
    texts = []
    for _, _, ledger, part, account, bucket, counter, counter_bucket, amount in lines:
        opposite = -amount if isinstance(amount, int | float) else amount
        for no, where, posted in ((account, bucket, amount), (counter, counter_bucket, opposite)):
            name, place = names.get(no, f"#{no}"), buckets.get(where, f"#{where}")
            before, after = line_text(name, place, ledgers.get(ledger, f"#{ledger}"), str(part))
            texts.append(f"{before}{posted}{after}")
    _, transaction_id, kind, number, lot_no, method, run_id, resolves, _, at, _, memo, *_ = row
    content = (
        f'["{transaction_id}","{kind}","{number}",{lot_no},"{method}","{run_id or ""}","{resolves or ""}","{at}",'
        f"[{','.join(texts)}]{',' + json.dumps(memo) if memo and isinstance(memo, str) else ''}]"
    )
    return sha256(content.encode()).hexdigest()


def read_or_error(store: Store, size: int, blocks: bool) -> EntriesRead | type[Exception]:
    """What was read, or how it failed."""
    try:
        return entries_read(store, size, blocks)[0]
    except (TypeError, ValueError, AttributeError, DatabaseError, UnreadableRecordError) as error:
        return type(error)


def loosen(file: Path) -> None:
    """Tables without types and rules, as a file can be that somebody wrote by other means."""
    raw = sqlite3.connect(file)
    raw.execute("PRAGMA foreign_keys = OFF")
    disarm(raw)
    for table, key in (("transactions", "seq"), ("posting_lines", "transaction_seq, line")):
        (statement,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = ?", [table]).fetchone()
        raw.execute("PRAGMA writable_schema = ON")
        bare = re.sub(r",\s*CONSTRAINT (ck|fk)_.*", ")", statement, flags=re.DOTALL)
        bare = bare if "PRIMARY KEY" in bare else bare[:-1] + f", PRIMARY KEY ({key}))"
        bare = bare.replace(" NOT NULL", "") + (" WITHOUT ROWID" if "WITHOUT ROWID" in statement else "")
        raw.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", [bare, table])
    raw.commit()
    raw.close()
