"""Statements and reports as files: the same bytes each time, the same figures as the statement."""

from __future__ import annotations

import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from optimizer import actions
from optimizer.accounts.city import CityAmounts
from optimizer.accounts.report import COLOURS, BankReport, bank_report, percentile_among_peers
from optimizer.accounts.statement import Movement, Seal, Statement
from optimizer.documents import report_files
from optimizer.documents.report_files import bank_report_json, bank_report_pdf
from optimizer.documents.sheets import Sheet, workbook_of
from optimizer.documents.statement_files import statement_pdf, statement_xlsx
from optimizer.documents.statement_words import period_end, qr_text, statement_words
from optimizer.documents.typesetting import font_characters
from optimizer.errors import Lang
from optimizer.quantities import CHINA_TIME
from optimizer.store.engine import Store
from tests.waybills import world


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The tiny world settled."""
    opened = actions.open_store(f"sqlite:///{tmp_path_factory.mktemp('documents') / 'm.db'}")
    issued = actions.accept(
        opened, world.world_plan(), world.shipments(), world.parties(), world.world_network(), at=world.ISSUED_AT
    )
    actions.record(opened, world.all_events(issued, {"V2": world.VOYAGE_FUEL_G}), at=world.LATER)
    actions.settle(opened, world.world_network(), world.world_factors(), at=world.LATER)
    return opened


@pytest.fixture(scope="module")
def statement(store: Store) -> Statement:
    """The statement of the first consignor for the month of its lots."""
    found = actions.statement(store, "E1", "2026-10")
    assert found.movements
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_statement_is_printed_the_same_each_time(statement: Statement, lang: Lang) -> None:
    """PDF and workbook, in both languages; another statement gives other bytes."""
    other = replace(statement, period="2026-11")
    for make in (statement_pdf, statement_xlsx):
        assert make(statement, lang) == make(statement, lang)
        assert make(statement, lang) != make(other, lang)
    assert statement_pdf(statement, lang).startswith(b"%PDF-1.7")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_printed_words_of_a_lot_stand_in_one_line(statement: Statement, lang: Lang) -> None:
    """Rows are set in blocks, a column of many rows as one cell: a word that broke would push all below it out of
    line. The widest that may come: large negative amounts, late numbers, an amended waybill; over several pages."""
    lot = statement.movements[0]
    wide = lot._replace(seq=10**9, waybill_version=12, lot_no=999, mass_kg=-(10**10), activity_kgkm={"Road": -(10**12)})
    wide = wide._replace(**dict.fromkeys(("baseline_g", "actual_g", "expected_g", "credited_g", "claim_g"), -(10**12)))
    moved = lot._replace(kind="TRANSFER", waybill_number="", tier="", mass_kg=0)
    many = replace(statement, movements=(lot, wide, moved) * 60)
    pages = [page for page in _lines_of_pages(statement_pdf(many, lang)) if any(len(line) >= 15 for line in page)]
    assert len(pages) >= 3
    rows = sum(len(line) >= 15 for page in pages for line in page)
    assert rows == len(many.movements) + len(pages)  # each page has the names of the columns
    for page in pages[1:-1]:
        assert sum(len(line) < 15 for line in page) <= (1 if lang == "zh" else 2)  # the footer, a long column name


def _lines_of_pages(content: bytes) -> list[list[list[float]]]:
    """The lines of each page of a PDF: of each the places in points from the left where a run of text starts."""
    pages = []
    for stream in re.finditer(rb"[^d]stream\r?\n", content):
        try:
            drawn = zlib.decompressobj().decompress(content[stream.end() :])
        except zlib.error:
            continue  # not compressed
        lines: dict[float, list[float]] = {}
        for left, height in re.findall(rb"1 0 0 -1 ([\d.]+) ([\d.]+) cm(?:(?!cm).)*?\nBT", drawn, re.DOTALL):
            lines.setdefault(round(float(height), 1), []).append(float(left))
        if lines:
            pages.append(list(lines.values()))
    return pages


def test_reasons_stand_below_the_movements(statement: Statement) -> None:
    """One line for each kind and reason in page, PDF and workbook; many lots of one reason are not listed all."""
    lot = statement.movements[0]._replace(kind="RESTATE", memo="revised factors")
    many = tuple(lot._replace(seq=number) for number in range(40, 48))
    told = replace(statement, movements=(*many, lot._replace(seq=50, kind="REVERSE", memo="lost")))
    assert statement_words(told, "en").notes[:2] == (
        "restated 40, 41, 42, 43, 44 and 3 more: revised factors",
        "reversed 50: lost",
    )
    assert "重述 40, 41, 42, 43, 44 等 8 条: revised factors" in statement_words(told, "zh").notes
    assert statement_words(statement, "en").notes == statement_words(told, "en").notes[2:]


def test_the_pdf_is_archival_and_carries_its_chinese_font(statement: Statement) -> None:
    """PDF/A says so in its metadata, and the font is inside."""
    content = statement_pdf(statement, "zh")
    assert b"pdfaid" in content
    assert b"NotoSansSC" in content


def test_two_people_may_print_at_once(statement: Statement) -> None:
    """A compiler at work cannot be lent to another thread, and the server answers in several."""
    alone = statement_pdf(statement, "zh")
    with ThreadPoolExecutor(max_workers=4) as people:
        assert set(people.map(lambda _: statement_pdf(statement, "zh"), range(12))) == {alone}


def test_the_workbook_holds_the_figures_as_numbers(statement: Statement) -> None:
    """Each movement is a row; the sum of the credited column is what the statement says."""
    book = openpyxl.load_workbook(BytesIO(statement_xlsx(statement, "zh")))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    top = next(number for number, row in enumerate(rows) if row[0] == "序号")
    body = rows[top + 1 : top + 1 + len(statement.movements)]
    credited = sum(Decimal(str(row[12])) for row in body)
    own = sum(movement.credited_g for movement in statement.movements)
    assert credited == Decimal(own) / 1000
    assert [row[2] for row in body] == [movement.waybill_number for movement in statement.movements]


def test_a_text_never_becomes_a_formula() -> None:
    """Whoever names an enterprise cannot make the reader's spreadsheet compute."""
    content = workbook_of(
        [Sheet("s", [("lead", "=1+1")], ["=A1"], [["=2+2"], ["+3"], [Decimal("1.5")]], [["@x"]], ["=n"])],
        "t",
        datetime(2026, 11, 1, tzinfo=CHINA_TIME),
    )
    sheet = openpyxl.load_workbook(BytesIO(content)).active
    kinds = {str(cell.value): cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds["1.5"] == "n"
    assert {kind for value, kind in kinds.items() if value != "1.5"} == {"s"}


def test_the_words_re_add(statement: Statement) -> None:
    """Printed rows add up to the printed sum, to the gram."""
    words = statement_words(statement, "en")
    own = [row for row, movement in zip(words.movements, statement.movements, strict=True) if movement.consigned]
    for column in (5, 6, 7, 8, 9, 10, 11, 12, 13):
        assert sum(Decimal(row[column]) for row in own) == Decimal(words.sum[column])


def test_a_statement_says_what_its_tree_does_not_hold(statement: Statement) -> None:
    """A root vouches for nothing that was booked later: statement and bank report say from which number on, and say
    nothing where the tree holds all, or where later entries are of later months."""
    newest = statement.movements[-1].seq
    whole = replace(statement, closed=True, last_seq=newest + 5, seal=Seal(50, bytes(32), newest))
    assert "not sealed" not in str(statement_words(whole, "en").head)
    part = replace(whole, seal=Seal(50, bytes(32), newest - 1))
    assert (
        f"what comes after No. {newest - 1} is not sealed yet" in dict(statement_words(part, "en").head)["Merkle tree"]
    )
    report = bank_report(part, {}, 0)
    assert (report.statement.beyond_seal, bank_report(whole, {}, 0).statement.beyond_seal) == (True, False)
    assert f'"sealed_seq": {newest - 1}' in bank_report_json(report)
    assert replace(whole, closed=False).beyond_seal  # an estimate of the open month may be later than the tree


def test_a_month_of_reversals_has_no_shares(store: Store, statement: Statement) -> None:
    """Minus one lot of minus 800 t was verified to -793.8 %, and its intensity was that of the lot taken back."""
    lot = statement.movements[0]
    changes = ("mass_kg", "baseline_g", "actual_g", "expected_g", "credited_g", "claim_g")
    back = lot._replace(kind="REVERSE", **{name: -getattr(lot, name) for name in changes})
    back = back._replace(activity_kgkm={mode: -amount for mode, amount in lot.activity_kgkm.items()})
    amounts = CityAmounts(lots=-1, mass_kg=-lot.mass_kg)
    report = bank_report(replace(statement, movements=(back,)), {statement.account.party_id: amounts}, 100)
    assert report.intensity_g_per_tkm is None
    figures = [value for _, value in report_files._figures(report, "en")]
    shares = [value for _, value in report_files._trust(report, "en")][:2]
    assert [figures[-1], *shares] == ["—", "—", "—"]
    assert {share for _, _, share in report_files._activity(report, "en")} == {"—"}


def test_a_transfer_has_a_claim_and_no_figures_of_a_lot(statement: Statement) -> None:
    """Zeros would say that a lot of no mass had moved; the workbook keeps dashes as text. The report says what was
    transferred, retired and is left, and whether the month is closed."""
    lot = statement.movements[0]
    given = lot._replace(kind="TRANSFER", waybill_number="", tier="", claim_g=-1_234_567, memo="", consigned=False)
    retired = given._replace(kind="RETIRE", claim_g=-1_000)
    dealt = replace(statement, movements=(given, retired), factors_versions=(), network_versions=(), code_versions=())
    words = statement_words(dealt, "en")
    assert words.movements[0][5:] == (*["—"] * 8, "-1234.567", "—")
    assert dict(words.head)["Product"] == "—"
    sheet = openpyxl.load_workbook(BytesIO(statement_xlsx(dealt, "en"))).worksheets[0]
    assert ["—"] * 8 + [-1234.567, "—"] in [list(row)[5:] for row in sheet.iter_rows(values_only=True)]
    told = bank_report_json(bank_report(dealt, {}, 0))
    for figure in ('"transferred_kg": "-1234.567"', '"retired_kg": "1.000"', f'"closed": {str(dealt.closed).lower()}'):
        assert figure in told
    assert f'"available_kg": "{dealt.available_g / 1000:.3f}"' in told


def test_the_code_names_what_a_bank_compares(statement: Statement) -> None:
    """Account, period, credited grams, and the tree or that there is none yet."""
    text = qr_text(statement)
    assert text.startswith(f"modalshift-statement:1:{statement.account.account_id}:2026-10:{statement.credited_g}:")
    assert text.endswith(":unsealed")


def test_documents_are_dated_by_the_end_of_their_month() -> None:
    """December ends in the next year."""
    assert period_end("2026-12") == datetime(2027, 1, 1, tzinfo=CHINA_TIME)


def month(**grams: int) -> dict[str, CityAmounts]:
    """What enterprises settled in a month: so many grams on a thousand tkm each."""
    return {name: CityAmounts(lots=1, activity_kgkm=1_000_000, actual_g=actual_g) for name, actual_g in grams.items()}


def test_the_percentile_counts_whom_one_beats() -> None:
    """Ties count half; a month of corrections without activity counts nothing; too few peers give none."""
    settled = month(A=10, B=20, C=30, D=10) | {"F": CityAmounts(lots=-1, activity_kgkm=-5, actual_g=-1)}
    assert percentile_among_peers("A", settled) == (83, 3)
    assert percentile_among_peers("C", settled) == (0, 3)
    assert percentile_among_peers("E", settled) == percentile_among_peers("F", settled) == (None, 4)
    assert percentile_among_peers("A", month(A=10, B=20, C=30)) == (None, 2)


@pytest.mark.parametrize(
    ("percentile", "colour"),
    [
        (100, "deep_green"),
        (75, "deep_green"),
        (74, "green"),
        (50, "green"),
        (25, "yellow"),
        (24, "red"),
        (None, "none"),
    ],
)
def test_colours_begin_where_their_scale_says(percentile: int | None, colour: str) -> None:
    """Bounds belong to the better colour."""
    assert COLOURS.colour(percentile) == colour


def test_the_bank_report_agrees_with_the_statement(store: Store, statement: Statement) -> None:
    """Its sums are those of the consigned movements; one page; the same bytes each time."""
    report: BankReport = actions.bank_report(store, statement.account.account_id, statement.period)
    own = [movement for movement in statement.movements if movement.consigned]
    assert report.credited_g == sum(movement.credited_g for movement in own)
    assert report.baseline_g - report.actual_g == report.expected_g
    assert report.verified_mass_kg == sum(movement.mass_kg for movement in own)
    assert report.colour == "none"
    assert '"percentile": null' in bank_report_json(report)
    for lang in ("zh", "en"):
        content = bank_report_pdf(report, lang)
        assert content == bank_report_pdf(report, lang)
        assert content.count(b"/Type /Page\n") + content.count(b"/Type/Page\n") <= 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_names_beside_a_statement_are_not_cut_off(statement: Statement, lang: Lang) -> None:
    """The first column of the workbook takes the names of its head, of which a Chinese character needs two digits."""
    page = openpyxl.load_workbook(BytesIO(statement_xlsx(statement, lang))).worksheets[0]
    names = [str(page.cell(row, 1).value) for row in range(1, 8)]
    needed = max(len(name) * (2 if lang == "zh" and not name.isascii() else 1) for name in names)
    assert min(needed, 26) <= page.column_dimensions["A"].width


def test_the_whole_credit_of_a_lot_goes_with_the_data_it_rests_on(statement: Statement) -> None:
    """Restated to logged fuel, or from it, in the month of its settlement or later: the last entry decides on all that
    the lot was credited in the month, and not on the small change alone. What was reversed counts nowhere."""
    lot = statement.movements[0]._replace(consigned=True, tier="default", credited_g=1_000)
    to_primary = lot._replace(kind="RESTATE", tier="primary", credited_g=200)
    away = lot._replace(lot_no=9, tier="primary"), lot._replace(lot_no=9, kind="RESTATE", credited_g=-300)
    gone = (
        lot._replace(lot_no=8, tier="primary"),
        lot._replace(lot_no=8, kind="REVERSE", tier="primary", credited_g=-1_000),
    )

    def primary_of(*movements: Movement) -> tuple[int, int]:
        report = bank_report(replace(statement, movements=movements), {}, 0)
        return report.primary_credited_g, report.credited_g

    assert primary_of(lot, to_primary) == (1_200, 1_200)
    assert primary_of(lot, *away, to_primary) == (1_200, 1_900)
    assert primary_of(*gone, lot) == (0, 1_000)
    assert primary_of(to_primary) == (200, 200)


def test_the_report_counts_open_lots_as_shipped_and_not_as_verified(tmp_path: Path) -> None:
    """As the slow overview does, for an enterprise with settled lots and for one whose lots are all under way; a month
    in which nothing is due has nothing shipped."""
    store = actions.open_store(f"sqlite:///{tmp_path / 'm.db'}")
    network = world.world_network()
    issued = actions.accept(store, world.world_plan(), world.shipments(), world.parties(), network, at=world.ISSUED_AT)
    of_e1 = [waybill for waybill in issued if waybill.consignor.party_id == "E1"]
    actions.record(store, world.all_events(of_e1, {"V2": world.VOYAGE_FUEL_G}), at=world.LATER)
    actions.settle(store, network, world.world_factors(), at=world.LATER)
    rows = {row.key: row for row in actions.savings(store, "enterprise", {"month": "2026-10"})}
    for party_id, row in rows.items():
        report = actions.bank_report(store, party_id, "2026-10")
        assert (report.verified_mass_kg, report.shipped_mass_kg) == (row.mass_kg, row.mass_kg + row.open_mass_kg)
    assert {bool(row.mass_kg) for row in rows.values()} == {bool(row.open_mass_kg) for row in rows.values()}
    assert actions.bank_report(store, "E1", "2026-12").shipped_mass_kg == 0
    store.close()


def test_a_name_that_the_font_cannot_show_is_spelt_out(statement: Statement) -> None:
    """Rare characters and pictures stand as their code points, the others as they are; the document is made."""
    assert statement.party is not None

    def named(name: str) -> bytes:
        assert statement.party is not None
        return statement_pdf(replace(statement, party=replace(statement.party, name_zh=name)), "zh")

    assert named("𠮷野钢铁🚢") == named("[U+20BB7]野钢铁[U+1F6A2]") != named("野钢铁")


def test_a_font_says_which_characters_it_has() -> None:
    """Common ones, none of the second plane's rarest; no picture of a ship."""
    known = font_characters()
    assert all(ord(letter) in known for letter in "A衢州（）—·")
    assert not {ord(letter) for letter in "𠮷🚢"} & known
