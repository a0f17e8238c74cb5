"""A file of carriers' sailings: what is read, and everything that can be wrong with it, all at once."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from optimizer.errors import SailingDataError
from optimizer.planning.files.sailing_file import HEADERS, read_sailings
from optimizer.planning.files.sailing_records import sailings_from_records
from optimizer.planning.offer import Offer
from tests.network.tiny import TINY_START, tiny_network
from tests.planning.corridor import corridor

TINY = tiny_network()
HEADER = list(HEADERS)
ROW = [
    "Y1",
    "C1",
    "SMALL",
    "UP",
    "DOWN",
    "2026-10-02T06:00",
    "2026-10-02 17:00",
    "450",
    "coal;mineral",
    "8.5",
    "2000",
    "100",
]
CHINESE = [
    "航次号",
    "承运人",
    "船型",
    "起运港",
    "目的港",
    "离港时间",
    "到港时间",
    "舱位",
    "货类",
    "运价",
    "固定费用",
    "最低载量",
]
RIGHT = Offer(
    "Y1",
    "C1",
    "SMALL",
    "UP",
    "DOWN",
    TINY_START + timedelta(hours=30),
    TINY_START + timedelta(hours=41),
    450_000,
    ("coal", "mineral"),
    8.5,
    2000.0,
    100_000,
)


def text(*rows: list[str], header: list[str] = HEADER) -> str:
    """CSV lines; a cell with a comma is quoted."""
    return "".join(",".join(f'"{cell}"' if "," in cell else cell for cell in row) + "\n" for row in (header, *rows))


def write(tmp_path: Path, content: bytes, name: str = "sailings.csv") -> Path:
    """A file with this content."""
    path = tmp_path / name
    path.write_bytes(content)
    return path


def with_cell(column: str, value: str, row: list[str] = ROW) -> list[str]:
    """The right row with one other cell."""
    return [value if name == column else cell for name, cell in zip(HEADER, row, strict=True)]


def faults(tmp_path: Path, *rows: list[str], header: list[str] = HEADER) -> list[tuple[int | None, str | None, str]]:
    """Row, column and code of every fault of a file."""
    with pytest.raises(SailingDataError) as caught:
        read_sailings(write(tmp_path, text(*rows, header=header).encode()), TINY)
    assert all(fault.message.zh and fault.message.en for fault in caught.value.faults)
    return [(fault.row, fault.column, fault.code) for fault in caught.value.faults]


def test_titles_above_the_header_are_passed_over(tmp_path: Path) -> None:
    """As in a sheet of shipments; a fault names the row of the sheet."""
    path = write(tmp_path, f"十月报价航次\n\n{text(ROW)}".encode())
    assert read_sailings(path, TINY) == [RIGHT]
    with pytest.raises(SailingDataError) as caught:
        read_sailings(write(tmp_path, f"十月报价航次\n\n{text(with_cell('capacity_t', '-1'))}".encode()), TINY)
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [(4, "capacity_t")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("header", [HEADER, CHINESE])
def test_encodings_and_headers(tmp_path: Path, encoding: str, header: list[str]) -> None:
    """UTF-8 with and without mark, GB18030 and UTF-16; English and Chinese headers; goods and places by name."""
    row = [*ROW[:3], "上游码头", "DOWN", *ROW[5:8], "煤炭、石料", *ROW[9:]]
    assert read_sailings(write(tmp_path, text(row, header=header).encode(encoding)), TINY) == [RIGHT]


def test_a_workbook_reads_as_the_text_does(tmp_path: Path) -> None:
    """Dates as date cells, numbers as numbers, trailing cells left out."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(CHINESE)
    times = [RIGHT.departs_at.replace(tzinfo=None), RIGHT.arrives_at.replace(tzinfo=None)]
    sheet.append([*ROW[:5], *times, 450, "coal;mineral", 8.5, 2000, 100])
    sheet.append(["Y2", "C1", "SMALL", "UP", "DOWN", *times, 450, None, 8.5])
    stream = io.BytesIO()
    book.save(stream)
    first, second = read_sailings(write(tmp_path, stream.getvalue(), "sailings.xlsx"), TINY)
    assert first == RIGHT
    assert (second.fixed_yuan, second.least_kg, second.cargo_groups) == (0.0, 0, ("coal", "mineral"))


def test_units_are_understood(tmp_path: Path) -> None:
    """Tonnes with unit and thousands, money with its sign."""
    row = [*ROW[:7], "450,000 kg", ROW[8], "8.5元/吨", "¥2,000", "100吨"]
    assert read_sailings(write(tmp_path, text(row).encode()), TINY) == [RIGHT]


def test_a_sailing_known_by_its_days_takes_all_of_them(tmp_path: Path) -> None:
    """It leaves as the first begins, when the goods have to be there, and what it brings is there as the last ends."""
    row = [cell[:10] if cell.startswith("2026") else cell for cell in ROW]
    (offer,) = read_sailings(write(tmp_path, text(row).encode()), TINY)
    assert (offer.departs_at, offer.arrives_at) == (
        RIGHT.departs_at.replace(hour=0),
        RIGHT.arrives_at.replace(hour=23, minute=59, second=59),
    )


WRONG = [
    ("sailing_id", "", "sailing_id", "empty_id"),
    ("sailing_id", "V00012", "sailing_id", "reserved_id"),
    ("carrier_id", "", "carrier_id", "empty_id"),
    ("vessel_class", "HUGE", "vessel_class", "unknown_vessel_class"),
    ("vessel_class", "", "vessel_class", "missing_value"),
    ("from", "Atlantis", "from", "unknown_location"),
    ("from", "PIT", "from", "no_terminal"),
    ("to", "UP", "to", "same_place"),
    ("to", "", "to", "missing_value"),
    ("departs_at", "02/10/2026", "departs_at", "bad_time"),
    ("departs_at", "2026-10-03", "arrives_at", "arrives_before_departs"),
    ("arrives_at", "2026-10-02T07:00", "arrives_at", "too_fast"),
    ("capacity_t", "many", "capacity_t", "not_a_number"),
    ("capacity_t", "0", "capacity_t", "mass_not_positive"),
    ("capacity_t", "501", "capacity_t", "over_class_capacity"),
    ("capacity_t", "450 lb", "capacity_t", "unknown_unit"),
    ("cargo_groups", "cheese", "cargo_groups", "unknown_cargo"),
    ("price_yuan_per_t", "", "price_yuan_per_t", "missing_value"),
    ("price_yuan_per_t", "-1", "price_yuan_per_t", "bad_price"),
    ("price_yuan_per_t", "8 USD", "price_yuan_per_t", "unknown_unit"),
    ("fixed_yuan", "1e12", "fixed_yuan", "bad_price"),
    ("min_load_t", "451", "min_load_t", "least_above_capacity"),
    ("min_load_t", "-5", "min_load_t", "mass_not_positive"),
]


@pytest.mark.parametrize(("column", "value", "named", "code"), WRONG)
def test_one_wrong_cell_is_named_with_row_and_column(
    tmp_path: Path, column: str, value: str, named: str, code: str
) -> None:
    """Exactly that fault, in the row where it stands; the first row is right."""
    wrong = with_cell(column, value)
    if column != "sailing_id":
        wrong[0] = "Y2"
    assert (3, named, code) in faults(tmp_path, ROW, wrong)
    assert {row for row, _, _ in faults(tmp_path, ROW, wrong)} == {3}


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    """Every wrong row of the list above in one file: each is named."""
    rows = [with_cell("sailing_id", f"Z{number}", with_cell(c, v)) for number, (c, v, _, _) in enumerate(WRONG[3:])]
    found = faults(tmp_path, *rows)
    for number, (_, _, named, code) in enumerate(WRONG[3:]):
        assert (number + 2, named, code) in found


def test_what_is_wrong_with_the_table_itself(tmp_path: Path) -> None:
    """A missing, an unknown and a double column; a sailing twice; a row too long; no row; no file; no text."""
    assert faults(tmp_path, ROW[:-4], header=[*HEADER[:7], "cargo_groups"]) == [
        (1, "capacity_t", "missing_column"),
        (1, "price_yuan_per_t", "missing_column"),
    ]
    assert faults(tmp_path, ROW, header=[*HEADER[:-1], "colour"]) == [(1, "colour", "unknown_column")]
    assert faults(tmp_path, ROW, header=[*HEADER[:-1], "运价"]) == [(1, "运价", "duplicate_column")]
    assert faults(tmp_path, ROW, ROW) == [(3, "sailing_id", "duplicate_id")]
    assert faults(tmp_path, [*ROW, "more"]) == [(2, None, "too_many_columns")]
    assert faults(tmp_path, ROW[:-1]) == [(2, None, "too_few_columns")]
    assert faults(tmp_path) == [(2, None, "no_rows")]
    for content, code in ((b"", "empty_file"), (b"\0\0", "not_text"), (b"PK\x03\x04broken", "broken_workbook")):
        with pytest.raises(SailingDataError) as caught:
            read_sailings(write(tmp_path, content), TINY)
        assert [fault.code for fault in caught.value.faults] == [code]
    with pytest.raises(SailingDataError) as caught:
        read_sailings(tmp_path / "none.csv", TINY)
    assert [fault.code for fault in caught.value.faults] == ["no_file"]


def test_a_river_sea_class_is_not_a_sailing(tmp_path: Path) -> None:
    """Its service is sold by the tonne."""
    row = with_cell("vessel_class", "R3000", with_cell("from", "LOW", with_cell("to", "ISLE")))
    with pytest.raises(SailingDataError) as caught:
        read_sailings(write(tmp_path, text(row).encode()), corridor())
    assert ("vessel_class", "not_inland") in {(fault.column, fault.code) for fault in caught.value.faults}


def test_a_class_that_cannot_get_there(tmp_path: Path) -> None:
    """The river takes 1,000 t; links made for 300 t leave SMALL no waterway."""
    links = {k: replace(v, max_vessel_dwt_t=300.0) if v.waterway else v for k, v in TINY.links.items()}
    with pytest.raises(SailingDataError) as caught:
        read_sailings(write(tmp_path, text(ROW).encode()), replace(TINY, links=links))
    assert [(fault.column, fault.code) for fault in caught.value.faults] == [("to", "no_waterway")]


def test_records_of_a_request_are_read_as_rows_of_a_file() -> None:
    """Numbers and lists as JSON has them, or texts; Chinese names are known too."""
    as_text = dict(zip(HEADER, ROW, strict=True))
    as_json = {**as_text, "capacity_t": 450, "price_yuan_per_t": 8.5, "cargo_groups": ["coal", "mineral"]}
    named = dict(zip(CHINESE, ROW, strict=True))
    for record in (as_text, as_json, named):
        assert sailings_from_records([record], TINY) == [RIGHT]
    assert sailings_from_records([], TINY) == []


def test_faults_of_records_stand_at_their_pointers() -> None:
    """All of them, a repeated id with both places."""
    right = dict(zip(HEADER, ROW, strict=True))
    wrong = [right, {**right, "to": "NOWHERE", "a/b": 1, "min_load_t": {}}, "sailing"]
    with pytest.raises(SailingDataError) as caught:
        sailings_from_records(wrong, TINY, "/sailings")
    found = {(fault.column, fault.code) for fault in caught.value.faults}
    assert found == {
        ("/sailings/1/to", "unknown_location"),
        ("/sailings/1/a~1b", "unknown_column"),
        ("/sailings/1/min_load_t", "bad_type"),
        ("/sailings/1/sailing_id", "duplicate_id"),
        ("/sailings/2", "not_an_object"),
    }
    (twice,) = (fault.message.en for fault in caught.value.faults if fault.code == "duplicate_id")
    assert "/sailings/0/sailing_id and /sailings/1/sailing_id" in twice
    (unknown,) = (fault.message.en for fault in caught.value.faults if fault.code == "unknown_column")
    assert "capacity_t" in unknown, "the columns of sailings are named, not those of shipments"
