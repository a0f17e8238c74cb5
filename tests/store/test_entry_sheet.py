"""The sheet of an entry: settlements, corrections and moves of claim derived again from what is stored."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from optimizer import actions
from optimizer.accounts import entry_sheet as sheets
from optimizer.accounts.entry_sheet import EntrySheet, EntrySources
from optimizer.accounts.ledger import Bucket, Kind, Ledger, Transaction
from optimizer.accounts.sheet import grams_of
from optimizer.cli import cli
from optimizer.documents.entry_sheet import entry_sheet_json, entry_sheet_text, entry_sheet_xlsx
from optimizer.errors import ConflictError, InputError, UnknownRecordError
from optimizer.store.engine import Store
from tests.accounts.small_books import FUEL_LOGS
from tests.documents.spreadsheet import Spreadsheet
from tests.store.test_corrections import NOVEMBER, dearer_diesel, unreleased_diesel
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
    world_waybills,
)

S1, S2 = world_waybills()
FACTORS = world_factors()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the corrected books are."""
    return f"sqlite:///{tmp_path_factory.mktemp('books') / 'a.db'}"


@pytest.fixture(scope="module")
def books(url: str) -> Iterator[Store]:
    """Settled; lot 1 of S1 restated on dearer diesel and then reversed; 5 g handed on and 3 g retired by E1."""
    store = actions.open_store(url)
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    actions.record(store, all_events(issued, FUEL_LOGS), LATER)
    actions.settle(store, world_network(), FACTORS, LATER)
    revised = dearer_diesel(store)
    actions.restate(store, S1.number, 1, "diesel revised", world_network(), revised, NOVEMBER)
    actions.reverse(store, S1.number, 1, "the ticket was forged", NOVEMBER)
    actions.transfer(store, "E1.industry", "E2.energy", 5, "deal 1", "sold", NOVEMBER)
    actions.retire(store, "E1.industry", 3, "deal 2", "claimed", NOVEMBER)
    yield store
    store.close()


def entry_of(store: Store, kind: Kind) -> Transaction:
    """The newest entry of a kind."""
    with store.read() as session:
        return next(entry for entry in reversed(session.transactions()) if entry.kind is kind)


def sheet_of(store: Store, kind: Kind) -> EntrySheet:
    """Its sheet with the factors of the settlement."""
    return actions.entry_sheet(store, entry_of(store, kind).transaction_id, FACTORS)


@pytest.mark.parametrize("kind", [Kind.SETTLE, Kind.REVERSE, Kind.TRANSFER, Kind.RETIRE])
def test_every_amount_follows_from_what_is_stored(books: Store, kind: Kind) -> None:
    """Before + this entry = after, the changes are those posted, and each form prints them."""
    sheet = sheet_of(books, kind)
    posted = {
        (line.account_id, line.ledger, line.bucket, line.part): line.amount
        for line in sheet.entry.postings
        if not line.account_id.startswith("issuance.")
    }
    assert {
        (line.account_id, line.ledger, line.bucket, line.part): line.change for line in sheet.lines if line.change
    } == posted
    document = json.loads(entry_sheet_json(sheet))
    assert [line["before"] + line["change"] for line in document["lines"]] == [line.after for line in sheet.lines]
    for lang in ("zh", "en"):
        said = entry_sheet_text(sheet, lang)
        assert all(f"{line.change:+,} = {line.after:,}" in said for line in sheet.lines)
    page = openpyxl.load_workbook(io.BytesIO(entry_sheet_xlsx(sheet, "en"))).worksheets[0]
    cells = {cell for row in page.iter_rows(values_only=True) for cell in row}
    assert {line.after for line in sheet.lines} <= cells


def test_a_restatement_shows_both_calculations_each_with_its_own_factors(books: Store) -> None:
    """Whatever table is in force, the kept ones give the grams of then."""
    entry = entry_of(books, Kind.RESTATE)
    for table in (unreleased_diesel(), FACTORS):
        sheet = actions.entry_sheet(books, entry.transaction_id, table)
        assert sheet.sheet is not None
        assert sheet.taken_sheet is not None
        assert sheet.sheet.factors_at_hand == unreleased_diesel().version
        assert sheet.taken_sheet.factors_at_hand == FACTORS.version


def test_a_restatement_shows_both_calculations_or_says_which_is_missing(
    books: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In books from before tables were kept the new run is recomputed line by line with the new table and the old one
    stands by its record; the claim is the new credit less the old one."""
    entry = entry_of(books, Kind.RESTATE)
    revised = unreleased_diesel()
    monkeypatch.setattr("optimizer.store.factor_rows.FactorRows.kept_factor_table", lambda _session, _version: None)
    sheet = actions.entry_sheet(books, entry.transaction_id, revised)
    assert sheet.sheet is not None
    assert sheet.taken is not None
    assert sheet.taken_sheet is None
    assert all(grams_of(line) == (line.ttw_g, line.wtt_g) for line in sheet.sheet.lines)
    claim = next(line for line in sheet.lines if line.ledger is Ledger.CLAIM)
    assert claim.before == sheet.taken.result.credited_wtw_g
    assert claim.after == sheet.sheet.reduction.credited_g
    document = json.loads(entry_sheet_json(sheet))
    assert document["taken_back"]["recomputed"] is False
    assert document["taken_back"]["credited_g"] == claim.before
    assert document["corrects"] == entry.resolves
    assert "not at hand" in entry_sheet_text(sheet, "en")
    with pytest.raises(ConflictError):
        actions.entry_sheet(books, entry.transaction_id, FACTORS)


def test_a_reversal_leaves_nothing_of_the_lot(books: Store) -> None:
    """Everything that stood is taken back, by the run that stood: that of the restatement."""
    entry = entry_of(books, Kind.REVERSE)
    sheet = actions.entry_sheet(books, entry.transaction_id, unreleased_diesel())
    assert [line.after for line in sheet.lines] == [0] * len(sheet.lines)
    assert {line.ledger for line in sheet.lines} == set(Ledger)
    assert (sheet.run, sheet.sheet) == (None, None)
    assert sheet.taken_sheet is not None
    assert sheet.taken_sheet.run.run_id == entry_of(books, Kind.RESTATE).run_id


def test_a_transfer_shows_what_both_held(books: Store) -> None:
    """5 g leave the one account and reach the other; a retirement moves between two places of one account."""
    given, taken = sheet_of(books, Kind.TRANSFER).lines
    assert (given.account_id, given.change, taken.account_id, taken.change) == ("E1.industry", -5, "E2.energy", 5)
    assert given.before > 0
    lines = {line.bucket: line for line in sheet_of(books, Kind.RETIRE).lines}
    assert lines[Bucket.AVAILABLE].before == given.after
    assert (lines[Bucket.RETIRED].before, lines[Bucket.RETIRED].after) == (0, 3)


def test_an_entry_that_posts_other_amounts_gets_no_sheet(books: Store) -> None:
    """A gram more than the run says is refused with a hint to the audit."""
    entry = entry_of(books, Kind.SETTLE)
    with books.read() as session:
        runs = session.runs([entry.run_id])
        waybill = session.waybills([entry.waybill_number])[entry.waybill_number]
    more = tuple(line._replace(amount=line.amount + (1 if line.amount > 0 else -1)) for line in entry.postings)
    sources = EntrySources((), runs, waybill, {})
    assert sheets.entry_sheet(entry, sources, FACTORS).lines
    with pytest.raises(ConflictError, match="audit"):
        sheets.entry_sheet(replace(entry, postings=more), sources, FACTORS)


def test_what_has_no_sheet_says_so(books: Store) -> None:
    """Estimates settle nothing, and an unknown id is unknown."""
    with pytest.raises(InputError, match="no sheet"):
        sheet_of(books, Kind.ESTIMATE)
    with pytest.raises(UnknownRecordError, match="nobody"):
        actions.entry_sheet(books, "nobody", FACTORS)


def test_the_command_line_prints_and_writes_entries(
    books: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``sheet --entry`` in three forms; neither a lot nor an entry, and both, are refused."""
    monkeypatch.setattr("optimizer.cli.session.Session.factors", lambda _session: FACTORS)
    entry = entry_of(books, Kind.TRANSFER)
    sheet = actions.entry_sheet(books, entry.transaction_id, FACTORS)
    contents = {"json": entry_sheet_json(sheet).encode(), "xlsx": entry_sheet_xlsx(sheet, "en")}
    for form, expected in contents.items():
        out = tmp_path / f"entry.{form}"
        words = ["sheet", "--entry", entry.transaction_id, "--format", form, "--out", str(out)]
        with pytest.raises(SystemExit) as ended:
            cli.main(["--db", url, "--lang", "en", *words])
        assert not ended.value.code
        assert out.read_bytes() == expected
    for words in (["sheet"], ["sheet", S1.number], ["sheet", S1.number, "1", "--entry", entry.transaction_id]):
        with pytest.raises(SystemExit) as ended:
            cli.main(["--db", url, *words])
        assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_workbook_of_an_entry_holds_its_calculations_live(books: Store) -> None:
    """A restatement: the amounts, and three pages each of the new and the old calculation whose formulas give the
    engine's figures."""
    entry = entry_of(books, Kind.RESTATE)
    book = Spreadsheet(entry_sheet_xlsx(actions.entry_sheet(books, entry.transaction_id, FACTORS), "en"))
    names = book.book.sheetnames
    assert len(names) == 7
    assert [name[-1] for name in names[1:]] == ["1"] * 3 + ["2"] * 3
    formulas = book.formulas()
    assert {page for page, _ in formulas} == {"Line by line 1", "Line by line 2"}
    for page, cell in formulas:
        assert book.value(page, cell) == pytest.approx(book.stored_value(page, cell), rel=1e-12, abs=1e-9), (page, cell)
