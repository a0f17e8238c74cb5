"""Coherence: each fault that a schema cannot see, planted one by one in a copy of the shipped network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.errors import Fault, NetworkDataError
from optimizer.network.coherence.parameters import REQUIRED_PARAMETERS
from optimizer.network.reader import read_network
from tests.network.editing import add_copy, copy_of_shipped, drop, edit, set_cell

Planted = tuple[str, str]
"""Where the fault must be found (file:row:column) and its code."""


def faults_of(directory: Path) -> list[Fault]:
    """All faults with which the directory is refused."""
    with pytest.raises(NetworkDataError) as refused:
        read_network(directory)
    return list(refused.value.faults)


def cell(table: str, key: str, column: str, value: str, code: str, at: str = "") -> Callable[[Path], Planted]:
    """Plant a value in a cell; the fault is expected there, or in column ``at`` of the same row."""

    def plant(directory: Path) -> Planted:
        line = set_cell(directory, table, key, column, value)
        return f"{table}.csv:{line}:{at or column}", code

    return plant


def copied(table: str, key: str, column: str, code: str, **values: str) -> Callable[[Path], Planted]:
    """Plant a changed copy of a row at the end of a table."""

    def plant(directory: Path) -> Planted:
        return f"{table}.csv:{add_copy(directory, table, key, **values)}:{column}", code

    return plant


def dropped(table: str, key: str, where: str, code: str) -> Callable[[Path], Planted]:
    """Take rows away; the fault is expected in another place."""

    def plant(directory: Path) -> Planted:
        drop(directory, table, key)
        return where, code

    return plant


FAULTS: dict[str, Callable[[Path], Planted]] = {
    "link to nowhere": cell("links", "QJ-LY-water", "to_location", "XX", "unknown_reference"),
    "link to itself": cell("links", "WG-TC-yangtze", "to_location", "WG", "same_place"),
    "current to a third place": cell("links", "NB-MC-water", "downstream_location", "QJ", "not_an_end"),
    "road without use": cell("links", "YL-BE-road", "use", "", "use_missing"),
    "railway with road use": cell("links", "QZR-JHR-rail", "use", "drayage", "use_not_road"),
    "road to an island": cell("links", "YL-BE-road", "to_location", "SL", "no_road_access"),
    "unknown mode": cell("links", "YL-BE-road", "mode", "Air", "not_in_enum"),
    "distance zero": cell("links", "QJ-LY-water", "distance_km", "0", "below_minimum"),
    "latitude beyond the pole": cell("locations", "QJ", "latitude", "92", "above_maximum"),
    "no source": cell("locations", "QJ", "source", "", "required"),
    "unknown grade": cell("locations", "QJ", "evidence", "sure", "not_in_enum"),
    "two places of one code": copied("locations", "QJ", "location_id", "duplicate_key"),
    "terminal twice": copied("terminals", "NB", "cargo_group", "duplicate_key"),
    "terminal of an unknown group": cell("terminals", "NB/coal", "cargo_group", "wood", "not_in_enum"),
    "lock beyond its link": cell("locks", "FCJ", "position", "1.2", "above_maximum"),
    "lock on a road": cell("locks", "FCJ", "link_id", "YL-BE-road", "lock_not_on_water"),
    "locks out of order": cell("locks", "XXT", "position", "0.1", "lock_order", at="order_on_link"),
    "locks with one number": cell("locks", "HCD", "order_on_link", "1", "lock_order"),
    "sluggish lock": cell("locks", "FCJ", "planner_share", "1.5", "above_maximum"),
    "light draught too deep": cell("vessel_classes", "B800", "light_draught_m", "2.6", "draughts_reversed"),
    "empty burns more": cell("vessel_classes", "B800", "fuel_empty_kg_per_km", "9", "fuel_reversed"),
    "empty truck burns more": cell("truck_classes", "T49", "fuel_empty_kg_per_km", "0.9", "fuel_reversed"),
    "container vessel without slots": cell("vessel_classes", "C36", "teu", "", "teu_missing"),
    "closure of nothing": cell("closures", "FCJ-repair-2027", "item_id", "GORGE", "closure_item_unknown"),
    "closure that ends first": cell("closures", "XINBA-repair-2027", "closed_to", "2027-01-01", "span_reversed"),
    "two closures at a time": copied(
        "closures", "FCJ-repair-2027", "closed_from", "span_overlap", closure_id="again", closed_from="2027-02-15"
    ),
    "two depths at a time": copied(
        "water_levels", "QJ-LY-water", "valid_from", "span_overlap", valid_from="2026-05-01", valid_to="2026-06-01"
    ),
    "depth of no link": cell("water_levels", "QJ-LY-water", "link_id", "QJ-LY", "unknown_reference"),
    "fleet on a hill": cell("fleet", "own-B800-QJ", "location_id", "CSI", "no_water_here"),
    "fleet of no class": cell("fleet", "own-B800-QJ", "vessel_class", "B900", "unknown_reference"),
    "fleet too big for its water": cell("fleet", "own-B800-QJ", "vessel_class", "B1000", "vessel_too_big"),
    "fleet without known energy use": cell("fleet", "own-B800-QJ", "vessel_class", "E765", "energy_unknown"),
    "half a vessel": cell("fleet", "own-B800-QJ", "count", "0.5", "not_an_integer"),
    "box without a mass": cell("cargo", "container_chem", "t_per_teu", "", "t_per_teu_missing"),
    "loose cargo among boxes": cell("cargo", "timber", "cargo_group", "container", "container_group"),
    "class outside JT/T 19": cell("cargo", "coal", "jt_t_19_class", "18", "not_in_enum"),
    "price per litre": cell("parameters", "diesel_price_yuan_per_kg", "unit", "yuan/l", "parameter_unit"),
    "detour shorter than straight": cell(
        "parameters", "road_detour_factor", "value", "0.9", "parameter_range", "value"
    ),
    "parameter gone": dropped("parameters", "keel_clearance_m", "parameters.csv:name", "parameter_missing"),
    "road without a price": dropped("tariffs", "road-drayage", "tariffs.csv:service", "tariff_missing"),
    "sea without a price": dropped("tariffs", "sea-river-sea", "tariffs.csv:service", "tariff_missing"),
    "rail class without a price": dropped("tariffs", "rail-class-4", "tariffs.csv:service", "tariff_missing"),
    "two prices": copied("tariffs", "road-drayage", "service", "tariff_twice", tariff_id="again"),
    "boxes without a truck": dropped("truck_classes", "TC40", "truck_classes.csv:cargo_groups", "truck_missing"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_planted_fault_is_found_where_it_is(tmp_path: Path, name: str) -> None:
    """The fault is reported at file, row and column with its code, in Chinese and English, and nothing else is."""
    directory = copy_of_shipped(tmp_path)
    where, code = FAULTS[name](directory)
    faults = faults_of(directory)
    assert (where, code) in [(fault.where, fault.code) for fault in faults]
    assert {fault.file for fault in faults} <= ALSO.get(name, set()) | {where.split(":")[0]}
    assert all(fault.message.zh != fault.message.en for fault in faults)


ALSO = {"link to itself": {"fleet.csv"}, "terminal of an unknown group": {"cargo.csv"}}
"""Faults that truly follow elsewhere from the one planted."""


TOGETHER = (
    "link to nowhere",
    "current to a third place",
    "railway with road use",
    "unknown mode",
    "latitude beyond the pole",
    "terminal of an unknown group",
    "locks out of order",
    "sluggish lock",
    "empty burns more",
    "empty truck burns more",
    "container vessel without slots",
    "closure of nothing",
    "closure that ends first",
    "two depths at a time",
    "fleet on a hill",
    "box without a mass",
    "loose cargo among boxes",
    "price per litre",
    "detour shorter than straight",
    "parameter gone",
    "road without a price",
    "rail class without a price",
)
"""Faults in different cells, so that one does not overwrite another."""


def test_all_planted_faults_are_reported_together(tmp_path: Path) -> None:
    """A directory with many faults in many tables answers with all of them in one run, and exit code 2."""
    directory = copy_of_shipped(tmp_path)
    planted = {FAULTS[name](directory) for name in TOGETHER}
    with pytest.raises(NetworkDataError) as refused:
        read_network(directory)
    assert planted - {(fault.where, fault.code) for fault in refused.value.faults} == set()
    assert refused.value.exit_code == 2
    assert all(where in str(refused.value) for where, _ in planted)


def test_vessels_need_water_under_the_keel(tmp_path: Path) -> None:
    """When every link at a port is shallower than the light draught, its vessels are aground."""
    directory = copy_of_shipped(tmp_path)
    drop(directory, "water_levels", "QJ-LY-water")
    set_cell(directory, "links", "QJ-LY-water", "min_depth_m", "1.0")
    codes = {(fault.file, fault.code) for fault in faults_of(directory)}
    assert codes == {("fleet.csv", "vessel_aground")}


def test_a_missing_table_is_one_fault(tmp_path: Path) -> None:
    """Without the parameters file there is one fault, not one for each parameter."""
    directory = copy_of_shipped(tmp_path)
    (directory / "parameters.csv").unlink()
    assert [(fault.where, fault.code) for fault in faults_of(directory)] == [("parameters.csv", "file_missing")]


def test_a_missing_column_is_one_fault(tmp_path: Path) -> None:
    """Without the group column of cargo there is one fault, not one for each terminal and vessel."""
    directory = copy_of_shipped(tmp_path)
    edit(directory, "cargo", lambda records: [record.pop(2) for record in records] and None)
    assert [(fault.where, fault.code) for fault in faults_of(directory)] == [
        ("cargo.csv:1:cargo_group", "column_missing")
    ]


def test_a_damaged_parameter_is_not_a_missing_one(tmp_path: Path) -> None:
    """A wrong number in a required parameter is reported as that alone."""
    directory = copy_of_shipped(tmp_path)
    line = set_cell(directory, "parameters", "keel_clearance_m", "value", "20 cm")
    assert [(fault.where, fault.code) for fault in faults_of(directory)] == [
        (f"parameters.csv:{line}:value", "not_a_number")
    ]


def test_every_required_parameter_is_checked(tmp_path: Path) -> None:
    """An empty parameters table lists every required name with its unit."""
    directory = copy_of_shipped(tmp_path)
    edit(directory, "parameters", lambda records: records.__delitem__(slice(1, None)))
    sentences = [fault.message.en for fault in faults_of(directory)]
    assert len(sentences) == len(REQUIRED_PARAMETERS)
    assert all(needed.name in text for needed, text in zip(REQUIRED_PARAMETERS, sentences, strict=True))


def test_water_levels_may_touch(tmp_path: Path) -> None:
    """A span that begins when another ends is no overlap: both ends count for one moment only once."""
    directory = copy_of_shipped(tmp_path)
    add_copy(directory, "water_levels", "QJ-LY-water", valid_from="2030-01-01", valid_to="2031-01-01")
    assert len(read_network(directory).water_levels) == len(read_network().water_levels) + 1


@pytest.mark.parametrize(
    ("kind", "written", "meant"),
    [
        ("lock", "富春江", "FCJ（富春江"),
        ("lock", "fcj", "FCJ（富春江"),
        ("terminal", "乍浦港区", "ZP（嘉兴港乍浦港区）"),
    ],
)
def test_a_closure_by_name_is_told_the_id(tmp_path: Path, kind: str, written: str, meant: str) -> None:
    """Whoever enters a closure knows the lock by its name; a name that nothing bears brings no guess."""
    directory = copy_of_shipped(tmp_path)
    set_cell(directory, "closures", "FCJ-repair-2027", "kind", kind)
    set_cell(directory, "closures", "FCJ-repair-2027", "item_id", written)
    (fault,) = faults_of(directory)
    assert meant in fault.message.zh
    assert "Did you mean" in fault.message.en
    set_cell(directory, "closures", "FCJ-repair-2027", "item_id", "GORGE")
    (fault,) = faults_of(directory)
    assert "Did you mean" not in fault.message.en
