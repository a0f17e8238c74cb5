"""Reading shipments: what is accepted, and what each fault says."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.errors import Fault, Message, ShipmentDataError
from optimizer.network.model import Network
from optimizer.network.reader import read_network
from optimizer.network.schema import shipped_directory
from optimizer.planning.fault_list import FaultList
from optimizer.planning.files import shipment_file, shipment_sheet
from optimizer.planning.files.shipment_cells import (
    CellError,
    parse_due,
    parse_moment,
    parse_value_yuan_per_t,
    parse_yes_no,
)
from optimizer.planning.files.shipment_columns import HEADERS
from optimizer.planning.files.shipment_file import (
    parse_mass_kg,
    read_shipments,
    resolve_location,
    shipments_from_records,
    suggest_locations,
    valid_shipments,
)
from optimizer.planning.files.shipment_upload import marked_rows, read_upload
from optimizer.planning.files.shipment_upload import workbook as returned_workbook
from optimizer.planning.routing.places import NameIndex
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME
from tests.planning.corridor import corridor

HEADER = "shipment_id,shipper_id,cargo_code,mass_t,origin,destination,ready_at,due_at"
GOOD = "S1,E1,steel,1600,MILL,SITE,2026-10-01T08:00,2026-10-09T18:00"
NETWORK = corridor()


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """A time in October 2026 in China."""
    return datetime(2026, 10, day, hour, minute, second, tzinfo=CHINA_TIME)


def read(tmp_path: Path, content: str | bytes, network: Network = NETWORK, name: str = "s.csv") -> list[Shipment]:
    """What a file with this content holds."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_shipments(path, network)


def faults(tmp_path: Path, content: str | bytes, name: str = "s.csv") -> list[Fault]:
    """The faults of a file with this content."""
    with pytest.raises(ShipmentDataError) as caught:
        read(tmp_path, content, name=name)
    return list(caught.value.faults)


def found(items: list[Fault]) -> list[tuple[int | None, str | None, str]]:
    """Row, column and code of each fault."""
    return [(fault.row, fault.column, fault.code) for fault in items]


def with_cell(column: str, cell: str) -> str:
    """A file of one row in which one cell is replaced."""
    names = HEADER.split(",") + ([column] if column not in HEADER else [])
    cells = dict(zip(names, [*GOOD.split(","), ""], strict=False)) | {column: cell}
    return ";".join(names) + "\n" + ";".join(cells[name] for name in names) + "\n"


def workbook(rows: list[list[Any]]) -> bytes:
    """An XLSX file with these rows on its first sheet."""
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    """Headers of the interface, ISO times without offset, tonnes: one record with whole kilograms and +08:00."""
    assert read(tmp_path, f"{HEADER}\n{GOOD}\n") == [
        Shipment("S1", "E1", "steel", 1_600_000, "MILL", "SITE", at(1, 8), at(9, 18))
    ]


def test_optional_columns_are_read(tmp_path: Path) -> None:
    """splittable, value and reference arrive; empty ones take their defaults."""
    text = (
        f"{HEADER},splittable,cargo_value_yuan_per_t,reference\n{GOOD},no,750.5,PO 7\n{GOOD.replace('S1', 'S2')},,,\n"
    )
    first, second = read(tmp_path, text)
    assert (first.splittable, first.cargo_value_yuan_per_t, first.reference) == (False, 750.5, "PO 7")
    assert (second.splittable, second.cargo_value_yuan_per_t, second.reference) == (True, 0.0, "")


CHINESE = (
    "货单号,托运人,货类,重量（吨）,起点,终点,可提货时间,最晚到达,可拆分,货值(元/吨),备注\n"
    "甲1,示范钢铁,钢材,1600,上游钢厂,下游工地,2026年10月1日8时,2026/10/9 18:00,是,3500,急\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_headers_and_names_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    """A table filled in Chinese gives the same shipment in every accepted encoding."""
    assert read(tmp_path, CHINESE.encode(encoding)) == [
        Shipment("甲1", "示范钢铁", "steel", 1_600_000, "MILL", "SITE", at(1, 8), at(9, 18), True, 3500.0, "急")
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, line_end: str) -> None:
    """Comma, semicolon and tab are told from the header, with either line end."""
    text = f"{HEADER}\n{GOOD}\n".replace(",", delimiter).replace("\n", line_end)
    assert [s.shipment_id for s in read(tmp_path, text)] == ["S1"]


def test_sep_line_of_excel_is_passed_over(tmp_path: Path) -> None:
    """Excel's ``sep=;`` line sets the delimiter and does not count as header."""
    assert len(read(tmp_path, "sep=;\n" + f"{HEADER}\n{GOOD}\n".replace(",", ";"))) == 1


def test_blank_rows_are_passed_over_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    """A fault below blank rows names the line an editor shows."""
    assert found(faults(tmp_path, f"\n{HEADER}\n\n,,,,,,,\n{GOOD.replace('1600', '-1')}\n")) == [
        (5, "mass_t", "mass_not_positive")
    ]


def test_a_quoted_line_break_does_not_shift_row_numbers(tmp_path: Path) -> None:
    """After a cell of two lines the next row has the number of its line."""
    text = f'{HEADER},reference\n{GOOD},"a\nb"\n{GOOD.replace("S1", "S2").replace("1600", "x")},\n'
    assert found(faults(tmp_path, text)) == [(2, "reference", "bad_characters"), (4, "mass_t", "not_a_number")]


def test_workbook_with_native_cells(tmp_path: Path) -> None:
    """Dates, numbers and booleans of a workbook need no text form; numeric ids lose their '.0'."""
    rows: list[list[Any]] = [
        [*HEADER.split(","), "splittable"],
        [1001.0, 7, "steel", 1600.1, "MILL", "SITE", datetime(2026, 10, 1, 8), date(2026, 10, 9), False],
        [None, None, None, None, None, None, None, None, None],
        ["S2", "E1", "Coal", "500 kg", "UP", "LOW", 46296, "46297.75"],
    ]
    first, second = read(tmp_path, workbook(rows), name="s.xlsx")
    assert first == Shipment("1001", "7", "steel", 1_600_100, "MILL", "SITE", at(1, 8), at(9, 23, 59, 59), False)
    # Day 46296 of the 1900 date system is 1 October 2026.
    assert (second.mass_kg, second.ready_at, second.due_at) == (500, at(1), at(2, 18))


def test_workbook_faults_name_the_spreadsheet_row(tmp_path: Path) -> None:
    """Blank spreadsheet rows count, because the person sees their numbers."""
    rows: list[list[Any]] = [HEADER.split(","), [], GOOD.split(","), [*GOOD.split(",")[:3], "x"]]
    assert found(faults(tmp_path, workbook(rows), "s.xlsx")) == [
        (4, "mass_t", "not_a_number"),
        (4, "origin", "missing_value"),
        (4, "destination", "missing_value"),
        (4, "ready_at", "missing_value"),
        (4, "due_at", "missing_value"),
        (4, "shipment_id", "duplicate_id"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\n \n", "empty_file"),
        (workbook([]), "empty_file"),
        (HEADER.encode(), "no_rows"),
        (workbook([HEADER.split(",")]), "no_rows"),
        (b"\xd0\xcf\x11\xe0 old", "old_workbook"),
        (b"PK\x03\x04 nonsense", "broken_workbook"),
        (workbook([["a"]])[:-50], "broken_workbook"),
        (b"a,b\n\x00\x01", "not_text"),
        ("caf\xe9,b\n".encode("latin-1"), "wrong_encoding"),
        (b"\xef\xbb\xbfa\xff", "wrong_encoding"),
        (f'{HEADER}\n{GOOD}\n"open'.encode(), "bad_quoting"),
    ],
)
def test_whole_file_faults(tmp_path: Path, content: bytes, code: str) -> None:
    """A file that cannot be read at all is one fault with its own code."""
    assert [fault.code for fault in faults(tmp_path, content)] == [code]


def test_missing_file_and_directory(tmp_path: Path) -> None:
    """A path that is no file is bad input, not an accident."""
    for path, code in ((tmp_path / "none.csv", "no_file"), (tmp_path, "unreadable_file")):
        with pytest.raises(ShipmentDataError) as caught:
            read_shipments(path, NETWORK)
        assert [fault.code for fault in caught.value.faults] == [code]


def test_a_file_above_100_mb_is_refused_unread(tmp_path: Path) -> None:
    """The size is looked at before a byte is read (the file here is sparse)."""
    path = tmp_path / "big.csv"
    with path.open("wb") as stream:
        stream.truncate(shipment_sheet.MAX_FILE_BYTES + 1)
    with pytest.raises(ShipmentDataError) as caught:
        read_shipments(path, NETWORK)
    assert [fault.code for fault in caught.value.faults] == ["too_large"]


def test_header_faults_come_together(tmp_path: Path) -> None:
    """Missing, unknown and double columns are all named, the unknown one with the nearest known."""
    text = "shipment_id,shipper_id,cargo_code,mass_t,mass_kg,origin,起点,destinaton,ready_at\n"
    items = faults(tmp_path, text)
    assert found(items) == [
        (1, "起点", "duplicate_column"),
        (1, "destinaton", "unknown_column"),
        (1, "mass_kg", "duplicate_column"),
        (1, "destination", "missing_column"),
        (1, "due_at", "missing_column"),
    ]
    assert "Did you mean destination?" in items[1].message.en
    assert "是否指“终点”（destination）？请改名或删去；认识的列：货单号、托运人、" in items[1].message.zh
    assert items[3].message.zh == "缺少列“终点”（destination）；请在表头加上。"


def test_many_unknown_columns_are_told_once_what_there_is(tmp_path: Path) -> None:
    """The list of columns stands in the first sentence, each of the others is short and still names its nearest."""
    items = faults(tmp_path, f"{HEADER},序号,联系人,Nearst due_at\n{GOOD},1,2,3\n")
    assert found(items) == [(1, name, "unknown_column") for name in ("序号", "联系人", "Nearst due_at")]
    assert ["；认识的列" in item.message.zh for item in items] == [True, False, False]
    assert ["known columns" in item.message.en for item in items] == [True, False, False]


def test_a_fault_names_the_column_as_the_file_does(tmp_path: Path) -> None:
    """Whoever wrote 重量（吨） looks for that in the file; machines still get the product's name of the column."""
    (fault,) = faults(tmp_path, CHINESE.replace("1600", "-5"))
    assert (fault.where, fault.column) == ("s.csv:2:重量(吨)", "mass_t")
    (fault,) = faults(tmp_path, f"{HEADER}\n{GOOD.replace('1600', '-5')}\n")
    assert fault.where == "s.csv:2:mass_t"


def test_the_headers_of_a_dispatcher_are_read(tmp_path: Path) -> None:
    """Columns as forwarders name them."""
    header = "单号,发货单位,品名,重量(吨),起运港,目的港,货好时间,要求到港时间"
    assert read(tmp_path, f"{header}\n{GOOD}\n") == read(tmp_path, f"{HEADER}\n{GOOD}\n")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("乍浦港区", "ZP"), ("乍浦港", "ZP"), ("衢江港", "QJ"), ("衢江港区", "QJ"), ("北仑港区", "BE"), ("安吉港", "AJ")],
)
def test_a_port_area_is_known_without_its_port(written: str, meant: str) -> None:
    """As everybody calls it; what several areas or towns bear stays a question."""
    network = read_network(shipped_directory())
    place = resolve_location(network, written)
    assert place is not None
    assert place.location_id == meant
    assert [resolve_location(network, name) for name in ("龙游", "嘉兴", "杭州港", "下沙", "港区")] == [None] * 5


@pytest.mark.parametrize("row", ['合计,,,"1,600",,,,', "总计：,,,,,,,", ",Total,,,,,,", "Sub total,,,1600,,,,"])
def test_the_sum_below_a_table_is_one_fault(tmp_path: Path, row: str) -> None:
    """Tables come with their totals: one sentence says to remove the row, in place of one for every empty cell. A
    shipment that is called so and goes somewhere is a shipment."""
    assert found(faults(tmp_path, f"{HEADER}\n{GOOD}\n{row}\n")) == [(3, "shipment_id", "totals_row")]
    assert read(tmp_path, f"{HEADER}\n{GOOD.replace('S1', '合计')}\n")[0].shipment_id == "合计"


def test_mass_column_in_kilograms(tmp_path: Path) -> None:
    """A header in kilograms sets the unit of bare numbers; a unit in the cell wins."""
    header = HEADER.replace("mass_t", "重量(公斤)")
    text = f"{header}\n{GOOD}\n{GOOD.replace('S1', 'S2').replace('1600', '2 t')}\n"
    assert [s.mass_kg for s in read(tmp_path, text)] == [1600, 2000]


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("shipment_id", "", "empty_id"),
        ("shipment_id", "x" * 65, "id_too_long"),
        ("shipper_id", " ", "empty_id"),
        ("cargo_code", "stel", "unknown_cargo"),
        ("cargo_code", "", "missing_value"),
        ("mass_t", "", "missing_value"),
        ("mass_t", "0", "mass_not_positive"),
        ("mass_t", "-5", "mass_not_positive"),
        ("mass_t", "0.0001", "mass_not_positive"),
        ("mass_t", "200000.001", "mass_too_large"),
        ("mass_t", "1e99", "mass_too_large"),
        ("mass_t", "1e999999", "not_a_number"),
        ("mass_t", "NaN", "not_a_number"),
        ("mass_t", "inf", "not_a_number"),
        ("mass_t", "abc", "not_a_number"),
        ("mass_t", "1,6", "not_a_number"),
        ("mass_t", "5 lb", "unknown_unit"),
        ("mass_t", "5斤", "unknown_unit"),
        ("origin", "UPP", "unknown_location"),
        ("origin", "SITE", "same_place"),
        ("destination", "上游钢厂", "same_place"),
        ("ready_at", "10/01/2026", "bad_time"),
        ("ready_at", "2026-10-01T25:00", "bad_time"),
        ("ready_at", "2026-02-30", "bad_time"),
        ("ready_at", "0005-01-01T00:00+08:00", "time_out_of_range"),
        ("ready_at", "2026-10-10", "due_before_ready"),
        ("due_at", "1999-12-31", "time_out_of_range"),
        ("splittable", "maybe", "bad_boolean"),
        ("cargo_value_yuan_per_t", "-1", "bad_value"),
        ("cargo_value_yuan_per_t", "1e10", "bad_value"),
        ("cargo_value_yuan_per_t", "5 USD", "unknown_unit"),
        ("reference", "x" * 201, "text_too_long"),
    ],
)
def test_cell_faults(tmp_path: Path, column: str, cell: str, code: str) -> None:
    """Each way a cell can be wrong has its code, the row and a sentence in both languages."""
    items = [fault for fault in faults(tmp_path, with_cell(column, cell)) if fault.code == code]
    assert len(items) == 1
    assert items[0].row == 2
    assert items[0].message.zh
    assert items[0].message.en
    assert items[0].text("zh") != items[0].text("en")


def test_all_faults_of_a_file_at_once(tmp_path: Path) -> None:
    """Faults of several rows and columns arrive in one error, in the order of the file."""
    rows = [GOOD, "S1,E1,oil,x,NOWHERE,SITE,soon,2026-10-09", "S3,E1,coal,1,LOW,UP,2026-10-02,2026-10-01"]
    assert found(faults(tmp_path, HEADER + "\n" + "\n".join(rows))) == [
        (3, "cargo_code", "unknown_cargo"),
        (3, "mass_t", "not_a_number"),
        (3, "origin", "unknown_location"),
        (3, "ready_at", "bad_time"),
        (3, "shipment_id", "duplicate_id"),
        (4, "due_at", "due_before_ready"),
    ]


def test_duplicate_ids_name_both_rows(tmp_path: Path) -> None:
    """The sentence tells where the id stood first and where again."""
    (item,) = faults(tmp_path, f"{HEADER}\n{GOOD}\n\n{GOOD}\n")
    assert (item.row, item.code) == (4, "duplicate_id")
    assert "rows 2 and 4" in item.message.en
    assert "第 2 行与第 4 行" in item.message.zh


@pytest.mark.parametrize(("row", "code"), [(GOOD + ",x", "too_many_columns"), (GOOD[:-17], "too_few_columns")])
def test_ragged_rows(tmp_path: Path, row: str, code: str) -> None:
    """A row with the wrong number of fields is one fault, and its shifted cells are not judged."""
    row = row.rstrip(",")
    assert found(faults(tmp_path, f"{HEADER}\n{row}\n")) == [(2, None, code)]


def test_empty_cells_beyond_the_header_do_no_harm(tmp_path: Path) -> None:
    """Spreadsheets often save empty columns; empty header cells with empty columns are passed over."""
    assert len(read(tmp_path, f"{HEADER},,\n{GOOD},,,,\n")) == 1
    assert found(faults(tmp_path, f"{HEADER},,\n{GOOD},x,\n")) == [(2, None, "too_many_columns")]


def test_at_most_a_thousand_faults_and_their_count(tmp_path: Path) -> None:
    """The list ends with a closing fault that says how many there are."""
    rows = "\n".join(f"S{i},E1,steel,1,NOWHERE{i},SITE,2026-10-01,2026-10-02" for i in range(1500))
    items = faults(tmp_path, f"{HEADER}\n{rows}\n")
    assert len(items) == 1001
    assert items[-1].code == "too_many_faults"
    assert "1500" in items[-1].message.en


def test_unknown_names_are_answered_with_the_nearest(tmp_path: Path) -> None:
    """A misspelt place and cargo come back with ids and names to choose from."""
    (place,) = faults(tmp_path, with_cell("origin", "上游钢铁厂"))
    assert "MILL" in place.message.en
    assert "上游钢厂" in place.message.zh
    (cargo,) = faults(tmp_path, with_cell("cargo_code", "stel"))
    assert "steel" in cargo.message.en


@pytest.mark.parametrize("text", ["UP", "up", "CNUPP", "cn upp", "上游港", "Upper Port", "ＵＰ", " upper  port "])
def test_places_are_found_by_id_code_and_name(text: str) -> None:
    """Width, case and spaces do not count; id, UN/LOCODE and both names do."""
    place = resolve_location(NETWORK, text)
    assert place is not None
    assert place.location_id == "UP"


@pytest.mark.parametrize("text", ["", "Upper", "港", "x" * 10_000])
def test_parts_of_names_are_not_guessed(text: str) -> None:
    """Only a whole name counts; anything else is for the suggestions."""
    assert resolve_location(NETWORK, text) is None


def test_a_remark_at_the_end_of_a_name_may_be_left_out() -> None:
    """``衢江港区`` for ``衢江港区（大路章、大安）``; not where another place bears the short name, or two would."""
    network = read_network(shipped_directory())
    assert resolve_location(network, "衢江港区") is network.locations["QJ"]
    assert resolve_location(network, "changshan huibu") is network.locations["CS"]
    assert resolve_location(network, "衢江") is None
    places = dict(network.locations)
    places["TL"] = replace(places["TL"], name_zh="衢江港区")
    assert resolve_location(replace(network, locations=places), "衢江港区") is places["TL"]
    places["TL"] = replace(places["TL"], name_zh="衢江港区（二期）")
    assert resolve_location(replace(network, locations=places), "衢江港区") is None


def test_suggestions_are_few_and_ordered() -> None:
    """The nearest place comes first, and nonsense suggests nothing."""
    assert suggest_locations(NETWORK, "Uper port")[0].location_id == "UP"
    assert len(suggest_locations(NETWORK, "port")) == 3
    assert suggest_locations(NETWORK, "") == []
    assert suggest_locations(NETWORK, "qqqqqqqq") == []


@pytest.mark.parametrize(
    ("cell", "mass_kg"),
    [
        ("1600", 1_600_000), ("1,600.5 t", 1_600_500), ("500kg", 500), ("500 公斤", 500), ("2千克", 2), ("3吨", 3000),
        ("0.2万吨", 2_000_000), ("１６００", 1_600_000), (".5", 500), ("1.", 1000), ("1e3", 1_000_000), (7, 7000),
        (0.1, 100), (Decimal("0.0015"), 2), (Decimal("0.0025"), 2), ("200,000 T", 200_000_000),
    ],
)  # fmt: skip
def test_masses(cell: Any, mass_kg: int) -> None:
    """Numbers with and without unit become whole kilograms, halves to even."""
    assert parse_mass_kg(cell) == mass_kg


@pytest.mark.parametrize("cell", [True, None, float("nan"), float("inf"), "", "t", "1 600", "1,60", "--1", "9" * 41])
def test_what_is_no_mass(cell: Any) -> None:
    """Anything that is no number is refused as such."""
    with pytest.raises(CellError) as caught:
        parse_mass_kg(cell)
    assert caught.value.code == "not_a_number"


@given(st.integers(1, 200_000_000))
def test_kilograms_survive_writing_as_tonnes(mass_kg: int) -> None:
    """Every whole mass comes back from tonnes with three decimals and from a float of kilograms."""
    assert parse_mass_kg(f"{Decimal(mass_kg) / 1000:.3f}") == mass_kg
    assert parse_mass_kg(f"{mass_kg:,} kg") == mass_kg
    assert parse_mass_kg(mass_kg / 1000) == mass_kg


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-10-01", at(1)), ("2026-10-01T08:00", at(1, 8)), ("2026-10-01 08:00:00", at(1, 8)),
        ("2026-10-01T00:00Z", at(1, 8)), ("2026-10-01T08:00+08:00", at(1, 8)), ("2026-09-30T19:00-05:00", at(1, 8)),
        ("2026/10/1", at(1)), ("2026/10/1 8:05", at(1, 8, 5)), ("2026.10.1", at(1)), ("2026年10月1日", at(1)),
        ("2026年10月1日8时30分", at(1, 8, 30)), ("2026年10月1日 8:30", at(1, 8, 30)), ("2026-10-01 24:00", at(2)),
        ("20261001", at(1)), ("46296.5", at(1, 12)), (46296.5, at(1, 12)), (date(2026, 10, 1), at(1)),
        (datetime(2026, 10, 1, 7, 59, 59, 999_600), at(1, 8)), ("２０２６／１０／１ ８：００", at(1, 8)),
    ],
)  # fmt: skip
def test_times(cell: Any, moment: datetime) -> None:
    """Every accepted form means the same time in China."""
    assert parse_moment(cell) == moment
    assert parse_moment(cell).utcoffset() == moment.utcoffset()


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        *((day, at(1, 23, 59, 59)) for day in ("2026-10-01", "2026/10/1", "2026.10.1", "2026年10月1日", "20261001")),
        ("46296", at(1, 23, 59, 59)), (46296.0, at(1, 23, 59, 59)), (date(2026, 10, 1), at(1, 23, 59, 59)),
        ("２０２６／１０／１", at(1, 23, 59, 59)), ("2026-10-01 00:00", at(1)), ("2026-10-01 0时", at(1)),
        ("2026-10-01T08:00", at(1, 8)), ("2026-10-01 24:00", at(2)), ("46296.5", at(1, 12)),
        (datetime(2026, 10, 1), at(1)),
    ],
)  # fmt: skip
def test_due_on_a_day_is_due_until_its_end(cell: Any, moment: datetime) -> None:
    """Who writes a day means all of it; an hour that was written, midnight as well, stays."""
    assert parse_due(cell) == moment


@pytest.mark.parametrize("cell", [None, "", "now", "2026-13-01", "1/10/2026", "٤"])
def test_no_due_time_either(cell: Any) -> None:
    """What is no time is none here."""
    with pytest.raises(CellError) as caught:
        parse_due(cell)
    assert caught.value.code == "bad_time"


@given(st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)))
def test_a_due_time_differs_from_a_time_for_days_alone(moment: datetime) -> None:
    """With its hour every time is read the same by both."""
    for text in (f"{moment:%Y-%m-%dT%H:%M:%S}", f"{moment:%Y/%m/%d %H:%M}"):
        assert parse_due(text) == parse_moment(text)
    assert parse_due(moment.date()) - parse_moment(moment.date()) == timedelta(days=1, seconds=-1)


@pytest.mark.parametrize(
    ("shown", "due"),
    [
        *((shown, at(15, 23, 59, 59)) for shown in ("yyyy-mm-dd", 'yyyy"年"m"月"d"日"', "mm-dd-yy", '[$-804]yyyy"hh"')),
        *((shown, at(15)) for shown in ("yyyy-mm-dd hh:mm", 'm/d/yy h"时"')),
    ],
)  # fmt: skip
def test_a_workbook_says_by_its_format_whether_an_hour_was_meant(tmp_path: Path, shown: str, due: datetime) -> None:
    """A spreadsheet keeps a day as its midnight; what its reader sees there decides."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADER.split(","))
    sheet.append([*GOOD.split(",")[:-1], datetime(2026, 10, 15)])
    sheet.cell(2, len(HEADER.split(","))).number_format = shown
    stream = io.BytesIO()
    book.save(stream)
    (shipment,) = read(tmp_path, stream.getvalue(), name="s.xlsx")
    assert shipment.due_at == due


def test_a_day_goes_back_as_a_day(tmp_path: Path) -> None:
    """A wrong row's due day stands in the returned workbook as it came, and means the same when it comes again."""
    header, *cells = HEADER.split(","), *GOOD.split(",")[:-1]
    book = openpyxl.Workbook()
    book.worksheets[0].append(header)
    book.worksheets[0].append([*cells[:3], "nothing", *cells[4:], date(2026, 10, 15)])
    stream = io.BytesIO()
    book.save(stream)
    upload = read_upload(stream.getvalue(), "s.xlsx", NETWORK)
    again = openpyxl.load_workbook(io.BytesIO(returned_workbook(marked_rows(upload, "en"), "shipments")))
    again.worksheets[0].cell(2, 4).value = 1600
    stream = io.BytesIO()
    again.save(stream)
    (shipment,) = read_upload(stream.getvalue(), "s.xlsx", NETWORK).shipments
    assert shipment.due_at == at(15, 23, 59, 59)


@pytest.mark.parametrize("cell", [None, True, "", "now", "2026", "2026-13-01", "1/10/2026", "2026-10-011", "8:00", "٤"])
def test_what_is_no_time(cell: Any) -> None:
    """Ambiguous or impossible times are refused."""
    with pytest.raises(CellError) as caught:
        parse_moment(cell)
    assert caught.value.code == "bad_time"


@pytest.mark.parametrize("cell", ["12月3日", "12 月 3 日", "12/3", "12-03", "12月3日 8:00", "１２月３日"])
def test_a_time_without_a_year_is_told_so(cell: str) -> None:
    """Spreadsheets show dates without the year that they hold; a text without one is not completed by guessing."""
    with pytest.raises(CellError) as caught:
        parse_moment(cell)
    assert isinstance(caught.value.message, Message)
    assert "没有年份" in caught.value.message.zh
    assert "has no year" in caught.value.message.en


def test_a_cargo_nobody_knows_is_answered_with_all_that_are_known(tmp_path: Path) -> None:
    """What people call their goods is often no word of the table: the words of the table help, a guess misleads."""
    (item,) = faults(tmp_path, f"{HEADER}\n{GOOD.replace('steel', '碎石')}\n")
    assert item.code == "unknown_cargo"
    assert all(cargo.name_zh in item.message.zh for cargo in NETWORK.cargo.values())
    assert all(code in item.message.en for code in NETWORK.cargo)


@given(st.text(max_size=60))
def test_no_text_makes_a_parser_fail_otherwise(text: str) -> None:
    """Any text either has a value or raises a CellError with both languages: nothing else escapes."""
    for parse in (parse_mass_kg, parse_moment, parse_value_yuan_per_t, lambda cell: parse_yes_no(cell, True)):
        try:
            parse(text)
        except CellError as error:
            message = error.message() if callable(error.message) else error.message
            assert message.zh
            assert message.en


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail_otherwise(content: bytes) -> None:
    """Any bytes at all are read or refused as bad input."""
    try:
        outcome = len(list(shipment_sheet.rows_of(content, "f")))
    except ShipmentDataError as error:
        outcome = len(error.faults)
    assert outcome >= 1


def test_records_follow_the_same_rules() -> None:
    """A decoded JSON list gives the same shipments as a file, numbers and booleans as they are."""
    record = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {"mass_t": 1600.5, "splittable": False}
    (shipment,) = shipments_from_records([record], NETWORK)
    assert shipment == Shipment("S1", "E1", "steel", 1_600_500, "MILL", "SITE", at(1, 8), at(9, 18), False)


def test_record_faults_carry_pointers() -> None:
    """A fault of a request names the value by JSON pointer, and has no row."""
    good = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    records: list[Any] = [good, good | {"mass_t": True, "a/b": 1}, 7, {"mass_t": [1], "mass_kg": 1, "重量": 2}]
    with pytest.raises(ShipmentDataError) as caught:
        shipments_from_records(records, NETWORK, "body")
    items = found(list(caught.value.faults))
    assert (None, "/1/mass_t", "not_a_number") in items
    assert (None, "/1/a~1b", "unknown_column") in items
    assert (None, "/1/shipment_id", "duplicate_id") in items
    assert (None, "/2", "not_an_object") in items
    assert (None, "/3/mass_t", "bad_type") in items
    assert (None, "/3/重量", "duplicate_column") in items
    assert (None, "/3/shipment_id", "empty_id") in items
    assert all(fault.file == "body" for fault in caught.value.faults)


def test_true_is_not_read_as_a_mass_of_one() -> None:
    """1 and true are equal in Python; a remembered 1 must not let true pass."""
    good = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    listed = FaultList("body")
    answers = valid_shipments([good | {"mass_t": 1}, good | {"shipment_id": "S2", "mass_t": True}], NETWORK, listed)
    assert [answer is None for answer in answers] == [False, True]


def test_one_bad_record_leaves_the_others() -> None:
    """valid_shipments keeps the order and answers None where a record has faults."""
    good = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    records = [good, good | {"origin": "?", "shipment_id": "S2"}, good | {"shipment_id": "S3"}]
    listed = FaultList("body")
    answers = valid_shipments(records, NETWORK, listed)
    assert [answer and answer.shipment_id for answer in answers] == ["S1", None, "S3"]
    assert listed.count == 1


@given(
    st.lists(
        st.builds(
            Shipment,
            st.text("ABC甲乙-1", min_size=1, max_size=8).filter(lambda t: t.strip() == t),
            st.just("E1"),
            st.sampled_from(["steel", "coal"]),
            st.integers(1, 200_000_000),
            st.sampled_from(["UP", "MID"]),
            st.sampled_from(["LOW", "SITE"]),
            st.integers(0, 1000).map(lambda hours: at(1 + hours // 24 % 10, hours % 24)),
            st.integers(0, 1000).map(lambda hours: at(12 + hours // 24 % 10, hours % 24)),
            st.booleans(),
            st.floats(0, 1e6),
            st.text("ab,;\"' 急", max_size=9).map(str.strip),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda s: s.shipment_id,
    )
)
def test_written_shipments_come_back(shipments: list[Shipment]) -> None:
    """Whatever the columns of the interface can express is read back exactly, through records."""
    records = [
        {
            "shipment_id": s.shipment_id, "shipper_id": s.shipper_id, "cargo_code": s.cargo_code,
            "mass_t": f"{Decimal(s.mass_kg) / 1000:.3f}", "origin": s.origin, "destination": s.destination,
            "ready_at": s.ready_at.isoformat(), "due_at": s.due_at.isoformat(), "splittable": s.splittable,
            "cargo_value_yuan_per_t": s.cargo_value_yuan_per_t, "reference": s.reference,
        }
        for s in shipments
    ]  # fmt: skip
    assert shipments_from_records(records, NETWORK) == shipments


def test_no_header_names_two_columns() -> None:
    """Each accepted header means one column."""
    names = [name.casefold() for column, others in HEADERS.items() for name in (column, *others)]
    assert len(names) == len(set(names))


def test_titles_above_the_header_are_passed_over(tmp_path: Path) -> None:
    """A merged title, a date, a blank row, as planners' sheets have them; faults name the rows of the sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["十月货单表"])
    sheet.merge_cells("A1:H1")
    sheet.append(["制表", None, "2026-09-28"])
    sheet.append([])
    sheet.append(HEADER.split(","))
    sheet.append(GOOD.split(","))
    sheet.append(["S2", *GOOD.replace("1600", "-1").split(",")[1:]])
    content = io.BytesIO()
    book.save(content)
    upload = read_upload(content.getvalue(), "october.xlsx", NETWORK)
    assert [shipment.shipment_id for shipment in upload.shipments] == ["S1"]
    assert [(fault.row, fault.column) for fault in upload.faults] == [(6, "mass_t")]
    path = tmp_path / "titled.csv"
    path.write_text(f"October\n\n{HEADER}\n{GOOD}\n", encoding="utf-8")
    assert [shipment.shipment_id for shipment in read_shipments(path, NETWORK)] == ["S1"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_title_does_not_decide_on_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    """The line with the columns does, whatever commas stand above it."""
    path = tmp_path / "titled.csv"
    lines = ["Shipments, October", *(line.replace(",", delimiter) for line in (HEADER, GOOD))]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert [shipment.shipment_id for shipment in read_shipments(path, NETWORK)] == ["S1"]


def test_a_file_that_names_no_columns_is_told_of_its_first_row(tmp_path: Path) -> None:
    """However many rows were looked at."""
    path = tmp_path / "x.csv"
    path.write_text("what\nis\nthis\n", encoding="utf-8")
    with pytest.raises(ShipmentDataError) as caught:
        read_shipments(path, NETWORK)
    assert {fault.row for fault in caught.value.faults} == {1}


@pytest.mark.parametrize(
    ("what", "instead"),
    [(b'<row r="2"', b'<row r="900000000"'), (b"</sheetData>", b"<row/>" * 20_000 + b"</sheetData>")],
)
def test_a_workbook_of_endless_rows_is_refused(monkeypatch: pytest.MonkeyPatch, what: bytes, instead: bytes) -> None:
    """A few kilobytes that say they hold more rows than any spreadsheet has: reading ends there and says so."""
    monkeypatch.setattr(shipment_sheet, "LAST_SHEET_ROW", 10_000)
    sound, forged = workbook([["a"], ["b"]]), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sound)) as old, zipfile.ZipFile(forged, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, old.read(member).replace(what, instead))
    with pytest.raises(ShipmentDataError) as refused:
        list(shipment_sheet.rows_of(forged.getvalue(), "x.xlsx"))
    assert [fault.code for fault in refused.value.faults] == ["too_many_rows"]


def test_a_workbook_that_unpacks_to_a_hundred_times_its_size_is_not_read() -> None:
    """Millions of equal cells in a few kilobytes, which nobody's table holds, are refused before they are unpacked."""
    sound, forged = workbook([["a"], ["b"]]), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sound)) as old, zipfile.ZipFile(forged, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            text = old.read(member)
            new.writestr(member, text + b" " * 11_000_000 if member.endswith("sheet1.xml") else text)
    assert len(forged.getvalue()) < 50_000
    with pytest.raises(ShipmentDataError) as refused:
        list(shipment_sheet.rows_of(forged.getvalue(), "x.xlsx"))
    assert [fault.code for fault in refused.value.faults] == ["too_large"]


def test_a_wrong_name_is_looked_up_once_however_often_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand rows with a place by another name took half a minute; names beyond a limit go without advice, and
    every fault is told all the same."""
    sought: list[str] = []
    nearest = NameIndex.nearest

    def counted(self: NameIndex[Any], text: str) -> list[Any]:
        sought.append(text)
        return nearest(self, text)

    monkeypatch.setattr(NameIndex, "nearest", counted)
    monkeypatch.setattr(shipment_file, "MOST_SOUGHT", 3)
    rows = [GOOD.replace("S1", f"S{n}").replace("MILL", f"UPP{n // 20}") for n in range(100)]
    upload = read_upload("\n".join([HEADER, *rows]).encode(), "s.csv", NETWORK)
    assert sought == ["UPP0", "UPP1", "UPP2"]
    assert [(fault.row, fault.column, fault.code) for fault in upload.faults] == [
        (n + 2, "origin", "unknown_location") for n in range(100)
    ]
    assert [f"'UPP{n // 20}'" in fault.message.en for n, fault in enumerate(upload.faults)] == [True] * 100
    assert ["did you mean" in fault.message.en for fault in upload.faults] == [True] * 60 + [False] * 40
