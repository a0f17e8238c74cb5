"""The table reader: encodings, headers, rows, keys and references, on small directories with their own schema."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.errors import Fault, NetworkDataError
from optimizer.network import tables as tables_module
from optimizer.network.schema import FieldSchema, ForeignKey, PackageSchema, TableSchema, load_schema
from optimizer.network.tables import read_package, read_tables

PLACES = TableSchema(
    "places",
    "places.csv",
    (
        FieldSchema("place_id", "string", required=True),
        FieldSchema("name", "string"),
        FieldSchema("depth_m", "number", minimum=0.0, unit="m"),
    ),
    ("place_id",),
    (),
)
WAYS = TableSchema(
    "ways",
    "ways.csv",
    (FieldSchema("way_id", "string", required=True), FieldSchema("end", "string", required=True)),
    ("way_id",),
    (ForeignKey("end", "places", "place_id"),),
)
SCHEMA = PackageSchema("1", {"places": PLACES, "ways": WAYS})
GOOD = "place_id,name,depth_m\nA,衢江,2.5\nB,,\n"


def read_places(directory: Path, content: str | bytes) -> tuple[list[dict[str, Any]], list[Fault]]:
    """Values and faults of a places table with this content."""
    raw = content.encode() if isinstance(content, str) else content
    (directory / "places.csv").write_bytes(raw)
    table = read_tables(directory, ["places"], SCHEMA)["places"]
    return [dict(row.values) for row in table.rows], list(table.faults)


def codes(faults: list[Fault]) -> list[tuple[str, str]]:
    """Where and what, short."""
    return [(fault.where, fault.code) for fault in faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_and_line_endings_read_alike(tmp_path: Path, encoding: str, newline: str) -> None:
    """A file saved by Excel in China, by Excel as UTF-8 or by an editor reads the same."""
    rows, faults = read_places(tmp_path, GOOD.replace("\n", newline).encode(encoding))
    assert faults == []
    assert rows == [
        {"place_id": "A", "name": "衢江", "depth_m": 2.5},
        {"place_id": "B", "name": "", "depth_m": None},
    ]


@pytest.mark.parametrize("content", [GOOD.encode("utf-16"), b"place_id,name\n\xff\xff\xff\n", b"a\x00b\n"])
def test_other_encodings_are_named(tmp_path: Path, content: bytes) -> None:
    """Bytes that are neither UTF-8 nor GB18030 give one fault of the file, not a row of garbage."""
    rows, faults = read_places(tmp_path, content)
    assert rows == []
    assert codes(faults) == [("places.csv", "encoding_unknown")]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", " \r\n", ",,,\n", '"",""\n', "\u3000\n"])
def test_an_empty_file_names_the_header_it_needs(tmp_path: Path, content: str) -> None:
    """Nothing at all is not an empty table: the sentence gives the first line to write."""
    _, faults = read_places(tmp_path, content)
    assert codes(faults) == [("places.csv", "file_empty")]
    assert "place_id,name,depth_m" in faults[0].text("en")


def test_a_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    """A table with nothing to say is legal."""
    assert read_places(tmp_path, "place_id,name,depth_m\n") == ([], [])


def test_missing_file_and_missing_directory(tmp_path: Path) -> None:
    """What is not there is named once each."""
    tables = read_tables(tmp_path, ["places", "ways"], SCHEMA)
    assert codes([*tables["places"].faults, *tables["ways"].faults]) == [
        ("places.csv", "file_missing"),
        ("ways.csv", "file_missing"),
    ]
    tables = read_tables(tmp_path / "nowhere", ["places", "ways"], SCHEMA)
    faults = [fault for table in tables.values() for fault in table.faults]
    assert [fault.code for fault in faults] == ["directory_missing"]


def test_a_directory_in_place_of_a_file_is_a_fault(tmp_path: Path) -> None:
    """What the system refuses to read is reported, not raised."""
    (tmp_path / "places.csv").mkdir()
    (fault,) = read_tables(tmp_path, ["places"], SCHEMA)["places"].faults
    assert fault.code == "file_unreadable"


def test_too_large_a_file_is_refused_unread(tmp_path: Path) -> None:
    """A file above 100 MB is refused by its size (here a hole in a sparse file)."""
    path = tmp_path / "places.csv"
    path.write_text(GOOD)
    os.truncate(path, tables_module.MAX_TABLE_BYTES + 1)
    (fault,) = read_tables(tmp_path, ["places"], SCHEMA)["places"].faults
    assert (fault.code, "100 MB" in fault.text("en")) == ("file_too_large", True)


def test_header_faults_come_together(tmp_path: Path) -> None:
    """Missing, unknown, repeated and nameless columns are all reported at line 1."""
    _, faults = read_places(tmp_path, "place_id,nmae,place_id,\nA,x,B,\n")
    assert codes(faults)[:4] == [
        ("places.csv:1:nmae", "column_unknown"),
        ("places.csv:1:place_id", "column_duplicate"),
        ("places.csv:1:#4", "column_unknown"),
        ("places.csv:1:name", "column_missing"),
    ]
    assert [("#4" in fault.message.zh, "the columns are place_id" in fault.message.en) for fault in faults[:3:2]] == [
        (False, True),
        (True, True),
    ]


def test_columns_in_any_order_and_blank_lines(tmp_path: Path) -> None:
    """The header decides the order; blank lines and rows of commas, as spreadsheets leave them, are passed."""
    rows, faults = read_places(tmp_path, "\ndepth_m, place_id ,name\n\n1.5,A,x\n,,\n\n,B,y\n")
    assert faults == []
    assert [row["place_id"] for row in rows] == ["A", "B"]


def test_line_numbers_survive_quoted_line_breaks(tmp_path: Path) -> None:
    """A cell over two lines does not shift the line numbers of the faults after it."""
    _, faults = read_places(tmp_path, 'place_id,name,depth_m\nA,"two\nlines",1\n\nB,x,deep\n')
    assert codes(faults) == [("places.csv:5:depth_m", "not_a_number")]


def test_every_fault_of_every_row_at_once(tmp_path: Path) -> None:
    """One reading reports all rows: width, type, limit, required and repeated key."""
    content = "place_id,name,depth_m\nA,x,1,more\n,x,-1\nB,x,deep\nB,x,2\nC,x,3\n"
    rows, faults = read_places(tmp_path, content)
    assert codes(faults) == [
        ("places.csv:2", "field_count"),
        ("places.csv:3:place_id", "required"),
        ("places.csv:3:depth_m", "below_minimum"),
        ("places.csv:4:depth_m", "not_a_number"),
        ("places.csv:5:place_id", "duplicate_key"),
    ]
    assert [row["place_id"] for row in rows] == ["C"]
    assert all(fault.message.zh and fault.message.en for fault in faults)


def test_broken_quotes_stop_the_file_with_its_line(tmp_path: Path) -> None:
    """A quote that never closes is a fault at the row where it opens."""
    _, faults = read_places(tmp_path, 'place_id,name,depth_m\nA,x,1\nB,"x,2\nC,x,3\n')
    assert codes(faults) == [("places.csv:3", "csv_malformed")]


@given(content=st.binary(max_size=200) | st.text(alphabet='place_id,name\n\r"; A1\u3000', max_size=80).map(str.encode))
def test_no_content_makes_the_reader_fail(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Any bytes in a file give rows or faults, never an exception, and every row is whole."""
    rows, faults = read_places(tmp_path_factory.getbasetemp(), content)
    assert rows or faults or content.strip().startswith(b"place_id,name,depth_m")
    assert all(set(row) == {"place_id", "name", "depth_m"} for row in rows)


def test_faults_beyond_a_thousand_are_counted_not_listed(tmp_path: Path) -> None:
    """A file of wrong rows answers with a thousand sentences and the number of all."""
    content = "place_id,name,depth_m\n" + "".join(f"P{number},x,deep\n" for number in range(1500))
    _, faults = read_places(tmp_path, content)
    assert len(faults) == tables_module.MAX_FAULTS_PER_TABLE + 1
    assert faults[-1].code == "too_many_faults"
    assert "1500" in faults[-1].text("en")


def write_both(directory: Path, places: str, ways: str) -> list[Fault]:
    """Faults of both tables."""
    (directory / "places.csv").write_text(places, encoding="utf-8")
    (directory / "ways.csv").write_text(ways, encoding="utf-8")
    tables = read_tables(directory, ["places", "ways"], SCHEMA)
    return [fault for table in tables.values() for fault in table.faults]


def test_unknown_references_name_row_and_table(tmp_path: Path) -> None:
    """A way to a place that is not in the places table is a fault of the way."""
    faults = write_both(tmp_path, GOOD, "way_id,end\nW1,A\nW2,Z\n")
    assert codes(faults) == [("ways.csv:3:end", "unknown_reference")]
    assert "places.csv" in faults[0].text("zh")


@pytest.mark.parametrize("row", ["A,x,deep", "A,x,1,2,3", "A"])
def test_a_damaged_row_is_still_there_to_refer_to(tmp_path: Path, row: str) -> None:
    """A wrong cell or width in a place does not make every way to it wrong as well."""
    faults = write_both(tmp_path, f"place_id,name,depth_m\n{row}\n", "way_id,end\nW1,A\n")
    assert {fault.file for fault in faults} == {"places.csv"}


def test_references_to_an_unreadable_table_are_not_faults(tmp_path: Path) -> None:
    """Where the other table lacks its key column, that is the one fault."""
    faults = write_both(tmp_path, "name,depth_m\nx,1\n", "way_id,end\nW1,A\n")
    assert codes(faults) == [("places.csv:1:place_id", "column_missing")]


def descriptor(**changes: Any) -> str:
    """A user's descriptor for the closures table."""
    resource = {"name": "closures", "path": "closures.csv", "schema": {"fields": [{"name": "closure_id"}]}}
    return json.dumps({"version": "9.1", "resources": [{**resource, **changes}]})


def test_own_descriptor_adds_columns_and_version_but_takes_none_away(tmp_path: Path) -> None:
    """A user's descriptor brings its version, path and columns; the shipped columns stay required."""
    fields = [{"name": "closure_id", "type": "integer"}, {"name": "notice_no", "type": "integer"}]
    own = descriptor(path="stops/closures.csv", schema={"fields": fields})
    (tmp_path / "datapackage.json").write_text(own, encoding="utf-8")
    schema = load_schema(tmp_path)
    closures = schema.tables["closures"]
    assert schema.version == "9.1"
    assert closures.path == "stops/closures.csv"
    assert [(field.name, field.type) for field in closures.fields if field.name in ("closure_id", "notice_no")] == [
        ("closure_id", "string"),
        ("notice_no", "integer"),
    ]
    assert "closed_from" in {field.name for field in closures.fields}
    assert schema.tables["links"].path == "links.csv"


@pytest.mark.parametrize("path", ["../closures.csv", "/etc/passwd", "https://example.org/closures.csv", ""])
def test_own_descriptor_may_not_leave_its_directory(tmp_path: Path, path: str) -> None:
    """Paths out of the directory and addresses are refused, as the specification demands."""
    (tmp_path / "datapackage.json").write_text(descriptor(path=path), encoding="utf-8")
    with pytest.raises(NetworkDataError) as refused:
        load_schema(tmp_path)
    assert [fault.code for fault in refused.value.faults] == ["path_unsafe"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"resources": [{}]}', '{"resources": 3}', descriptor(schema=None)])
def test_own_descriptor_that_cannot_be_used_is_a_fault(tmp_path: Path, text: str) -> None:
    """A descriptor that is no descriptor is named, with what to do."""
    (tmp_path / "datapackage.json").write_text(text, encoding="utf-8")
    with pytest.raises(NetworkDataError) as refused:
        read_package(tmp_path, ["links"])
    assert [fault.where for fault in refused.value.faults] == ["datapackage.json"]


def test_read_package_gives_rows_and_faults_of_the_tables_asked_for(tmp_path: Path) -> None:
    """The shipped schema reads a user's directory without a descriptor."""
    (tmp_path / "parameters.csv").write_text(
        "name,value,unit,source,seen_at,evidence,assumed_fields,notes\n"
        "keel_clearance_m,0.3,m,own,,assumed,value,\n"
        "diesel,much,yuan/kg,own,,guessed,,\n",
        encoding="utf-8",
    )
    rows, faults = read_package(tmp_path, ["parameters"])
    (row,) = rows["parameters"]
    assert (row.file, row.line, row.values["value"], row.values["assumed_fields"]) == (
        "parameters.csv",
        2,
        0.3,
        ("value",),
    )
    assert codes(faults) == [("parameters.csv:3:value", "not_a_number"), ("parameters.csv:3:evidence", "not_in_enum")]
