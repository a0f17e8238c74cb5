"""The network reader: records, versions, and independence of how a file was saved."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from optimizer.emissions.factors import load_factors
from optimizer.errors import NetworkDataError
from optimizer.network.model import Evidence, Mode
from optimizer.network.reader import read_network
from optimizer.network.schema import shipped_directory
from tests.network.editing import copy_of_shipped, edit, set_cell
from tests.network.tiny import tiny_network


def test_a_copy_of_the_shipped_tables_is_the_same_network(tmp_path: Path) -> None:
    """A directory without a descriptor reads with the built-in one, to equal records and the equal version."""
    assert read_network(copy_of_shipped(tmp_path)) == read_network()


def test_the_shipped_tables_are_read_once_for_a_process() -> None:
    """Asked by name or by nothing, network and factors are the same objects."""
    assert read_network() is read_network(shipped_directory())
    assert load_factors() is load_factors(shipped_directory())


def test_a_directory_is_read_as_it_is_now(tmp_path: Path) -> None:
    """One that was changed since it was read gives what stands in it."""
    directory = copy_of_shipped(tmp_path)
    before = read_network(directory)
    set_cell(directory, "locks", "FCJ", "wait_h", "12")
    assert read_network(directory).locks["FCJ"].wait_h == 12.0 != before.locks["FCJ"].wait_h


def test_saving_through_a_spreadsheet_changes_nothing(tmp_path: Path) -> None:
    """Byte order marks and Windows line endings leave records and version alone."""
    directory = copy_of_shipped(tmp_path)
    for path in directory.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        path.write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert read_network(directory) == read_network()


def test_gb18030_gives_the_same_records(tmp_path: Path) -> None:
    """A table saved in the Chinese encoding reads the same; only the version, a hash of bytes, tells it apart."""
    directory = copy_of_shipped(tmp_path)
    path = directory / "locations.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    network = read_network(directory)
    assert network.locations == read_network().locations
    assert network.version != read_network().version


def test_one_changed_figure_changes_the_version(tmp_path: Path) -> None:
    """A plan's network version tells two networks apart that differ in one cell."""
    directory = copy_of_shipped(tmp_path)
    set_cell(directory, "locks", "FCJ", "wait_h", "12")
    changed = read_network(directory)
    assert changed.version != read_network().version
    assert changed.locks["FCJ"].wait_h == 12.0


def test_the_version_begins_with_the_packages_version() -> None:
    """The shipped version is the descriptor's version and twelve digits of a hash."""
    declared = json.loads((shipped_directory() / "datapackage.json").read_text(encoding="utf-8"))["version"]
    version, _, digest = read_network().version.partition("+")
    assert version == declared
    assert len(digest) == 12
    assert set(digest) <= set("0123456789abcdef")


def test_column_order_does_not_matter(tmp_path: Path) -> None:
    """Tables with their columns turned round give equal records."""
    directory = copy_of_shipped(tmp_path)
    edit(directory, "links", lambda records: [record.reverse() for record in records] and None)
    assert read_network(directory).links == read_network().links


def test_values_arrive_typed() -> None:
    """Modes, grades, lists, booleans and times are values of their own types, not text."""
    network = read_network()
    link = network.links["QJ-LY-water"]
    assert link.mode is Mode.INLAND_WATERWAY
    assert link.provenance.evidence is Evidence.DERIVED
    assert "air_draught_m" in link.provenance.assumed_fields
    assert network.locations["SL"].road_access is False
    assert network.vessel_classes["B800"].teu is None
    assert "coal" in network.vessel_classes["B800"].cargo_groups
    assert network.closures[0].closed_from.utcoffset() is not None
    assert isinstance(network.fleet[0].count, int)


def test_a_missing_directory_is_an_input_error(tmp_path: Path) -> None:
    """A path that is no directory is refused with one fault."""
    with pytest.raises(NetworkDataError) as refused:
        read_network(tmp_path / "nowhere")
    assert [fault.code for fault in refused.value.faults] == ["directory_missing"]


def test_an_empty_directory_names_each_missing_table(tmp_path: Path) -> None:
    """Thirteen tables are missing, and nothing else is said."""
    with pytest.raises(NetworkDataError) as refused:
        read_network(tmp_path)
    assert {fault.code for fault in refused.value.faults} == {"file_missing"}
    assert len(refused.value.faults) == 13


def test_the_tiny_world_has_what_its_picture_shows() -> None:
    """Five places, one lock, two vessel classes, and tables can be replaced one by one."""
    tiny = tiny_network()
    assert sorted(tiny.locations) == ["DOWN", "MID", "MILL", "PIT", "UP"]
    assert list(tiny.locks) == ["L1"]
    assert sorted(tiny.vessel_classes) == ["BIG", "SMALL"]
    assert tiny_network(fleet=()).fleet == ()
    assert dataclasses.replace(tiny, fleet=()) == tiny_network(fleet=())
    assert set(tiny.parameters) <= set(read_network().parameters)
