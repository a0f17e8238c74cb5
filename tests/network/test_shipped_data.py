"""The shipped data: valid by an independent reader, true to the published figures it quotes, honest about the rest."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from optimizer.network.graph import great_circle_km
from optimizer.network.model import Evidence, Link, Mode, Network
from optimizer.network.reader import NETWORK_TABLES, read_network
from optimizer.network.schema import load_schema, shipped_directory
from optimizer.network.tables import read_package

TABLES = (*NETWORK_TABLES, "gauges", "shapes")
PROVENANCE_COLUMNS = {"source", "seen_at", "evidence", "assumed_fields", "notes"}
GRADES = ("published", "secondary", "derived", "assumed", "synthetic")


@pytest.fixture(scope="module")
def network() -> Network:
    """The shipped network."""
    return read_network()


@pytest.fixture(scope="module")
def rows() -> dict[str, list[dict[str, str]]]:
    """Every shipped table as plain text rows."""
    return {name: list(csv.DictReader((shipped_directory() / f"{name}.csv").open(encoding="utf-8"))) for name in TABLES}


def test_frictionless_finds_the_package_valid() -> None:
    """The reference implementation of the specification accepts descriptor, types, keys and references."""
    from frictionless import Package

    report = Package(str(shipped_directory() / "datapackage.json")).validate()
    errors = [error.message for task in report.tasks for error in task.errors]
    assert (report.valid, errors) == (True, [])


def test_the_reference_table_reads_too() -> None:
    """The gauges, which no network reads, follow their schema: fourteen stations rising along the river."""
    tables, faults = read_package(shipped_directory(), ["gauges"])
    km = [row.values["river_km"] for row in tables["gauges"]]
    assert faults == []
    assert len(km) == 14
    assert km == sorted(km)


def test_every_row_is_honest_about_its_origin(rows: dict[str, list[dict[str, str]]]) -> None:
    """A source without an address in it, assumed columns that exist, and a note."""
    for table, records in rows.items():
        for record in records:
            assert record["source"], (table, record)
            assert not re.search(r"https?://|<|>", record["source"]), (table, record["source"])
            assert record["notes"], (table, record)
            assumed = [name for name in record["assumed_fields"].split(";") if name]
            assert set(assumed) <= set(record) - PROVENANCE_COLUMNS, (table, record)


def test_what_is_published_says_where(rows: dict[str, list[dict[str, str]]]) -> None:
    """A published row of a table of figures names an address or is the river profile, which has none."""
    for table in ("locks", "benchmarks", "vessel_classes"):
        for record in rows[table]:
            assert record["evidence"] != "published" or record["seen_at"], (table, record)


def test_rows_without_a_document_are_graded_so(rows: dict[str, list[dict[str, str]]]) -> None:
    """A row whose source is an assumption is not graded better than assumed."""
    for table, records in rows.items():
        for record in records:
            if record["source"].startswith("假定"):
                assert record["evidence"] in ("assumed", "synthetic"), (table, record)


def test_no_works_site_bears_a_company_name(rows: dict[str, list[dict[str, str]]]) -> None:
    """Sites of industry carry assumed figures, so they are named by place and industry and end in a word for a site."""
    sites = [record for record in rows["locations"] if record["kind"] == "industry"]
    assert len(sites) == 6
    assert all(re.search("(园|区|基地)$", site["name_zh"]) for site in sites)
    assert all(re.match("(Quzhou|Longyou|Jiangshan|Changshan|Lanxi) ", site["name_en"]) for site in sites)


def test_readme_counts_the_rows_of_each_grade(rows: dict[str, list[dict[str, str]]]) -> None:
    """The table of evidence in the data folder's README is the truth about the files."""
    readme = (shipped_directory() / "README.md").read_text(encoding="utf-8")
    for table, records in rows.items():
        grades = Counter(record["evidence"] for record in records)
        line = f"| {table} | {len(records)} | " + " | ".join(str(grades[grade]) for grade in GRADES) + " |"
        assert line in readme, line


def test_readme_names_every_column_with_its_unit() -> None:
    """Each column of each table stands in the README, with the unit the schema gives it."""
    readme = (shipped_directory() / "README.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"### `(\w+)\.csv`.*?\n(.*?)(?=\n###? |\Z)", readme, flags=re.DOTALL))
    for table in TABLES:
        for field in load_schema(shipped_directory()).tables[table].fields:
            unit = f" ({field.unit})" if field.unit not in ("", "1") else ""
            if field.name not in PROVENANCE_COLUMNS:
                assert f"`{field.name}`{unit}" in sections[table], (table, field.name)


def test_gauge_kilometres_agree_with_the_links(network: Network) -> None:
    """Tonglu 196, Fuyang 235, Wenjiayan 259 and Sanbao 283 (river km of the gauges) are the links' lengths."""
    km = {link_id: network.links[f"{link_id}-water"].distance_km for link_id in ("TL-FY", "FY-DZ", "DZ-XB", "XB-SB")}
    assert km["TL-FY"] == 235 - 196
    assert km["FY-DZ"] + km["DZ-XB"] == 259 - 235
    assert km["XB-SB"] == 283 - 259


def test_magongtan_splits_the_known_lengths(network: Network) -> None:
    """Luoyang-Fangxiadian 22.8 km, Luoyang-Nubu 25.9 km and Fangxiadian-Nubu about 9 km stay what they were."""
    km = {name: network.links[f"{name}-water"].distance_km for name in ("LYG-MGT", "MGT-FDX", "MGT-NB")}
    assert km["LYG-MGT"] + km["MGT-FDX"] == pytest.approx(22.8)
    assert km["LYG-MGT"] + km["MGT-NB"] == pytest.approx(25.9)
    assert km["MGT-FDX"] + km["MGT-NB"] == pytest.approx(9.0, abs=0.2)


@pytest.mark.parametrize(
    ("lock_id", "from_above_km", "from_below_km"),
    [("YB", 6.0 - 3.4, 3.4), ("YJ", 5.9, 19.8 - 5.9), ("FCJ", 24.7, 12.0)],
)
def test_known_locks_lie_where_published(
    network: Network, lock_id: str, from_above_km: float, from_below_km: float
) -> None:
    """Youbu 3.4 km above Luoyang, Yaojia 5.9 km below it, the Fuchunjiang dam (gauge 184) 12 km above Tonglu (196)."""
    lock = network.locks[lock_id]
    length_km = network.links[lock.link_id].distance_km
    assert length_km == pytest.approx(from_above_km + from_below_km)
    assert lock.position * length_km == pytest.approx(from_above_km, abs=0.05)


def test_derived_road_lengths_follow_their_rule(network: Network) -> None:
    """Line-haul rows are great circle x 1.22, drayage rows x 1.3 and at least 3 km, within coordinates' rounding."""
    factors = {"line_haul": network.value("road_detour_factor"), "drayage": network.value("drayage_detour_factor")}
    roads = [link for link in network.links.values() if link.mode is Mode.ROAD]
    assert len(roads) > 30
    for link in roads:
        start, end = network.locations[link.from_location], network.locations[link.to_location]
        straight_km = great_circle_km(start.latitude, start.longitude, end.latitude, end.longitude)
        expected_km = straight_km * factors[link.use]
        if link.use == "drayage":
            expected_km = max(expected_km, network.value("drayage_min_km"))
        assert link.distance_km == pytest.approx(expected_km, rel=0.01), link.link_id


def test_no_link_is_shorter_than_the_straight_line(network: Network) -> None:
    """No way of any mode beats the great circle, allowing for the coordinates' accuracy of a few kilometres."""
    for link in network.links.values():
        start, end = network.locations[link.from_location], network.locations[link.to_location]
        straight_km = great_circle_km(start.latitude, start.longitude, end.latitude, end.longitude)
        assert link.distance_km > straight_km - 5, link.link_id


def test_the_river_flows_one_way(network: Network) -> None:
    """Following the downstream ends from Changshan leads to Babao, and from Wuhu to Shanghai, without a loop."""
    assert _downstream(network, "CS") == ["QJ", "LY", "LYG", "MGT", "NB", "MC", "TL", "FY", "DZ", "XB", "SB", "BB"]
    assert _downstream(network, "WH") == ["NJ", "ZJ", "JY", "CSH", "TC", "WG"]


def _downstream(network: Network, place: str) -> list[str]:
    path: list[str] = []
    while place:
        ends = [
            link.downstream_location
            for link in network.links.values()
            if link.downstream_location not in ("", place) and place in (link.from_location, link.to_location)
        ]
        place = ends[0] if ends else ""
        path.extend(ends[:1])
    return path


def test_the_500_t_class_is_ruled_as_written(network: Network) -> None:
    """Nominally 500 t, 800 t above Nubu and 1,000 t below, never less than the mean load in the lock records."""
    upper = [_water(network, name) for name in ("QJ-LY", "LY-LYG", "LYG-MGT", "MGT-FDX", "MGT-NB")]
    lower = [_water(network, name) for name in ("NB-MC", "MC-TL", "TL-FY", "FY-DZ", "DZ-XB")]
    assert {(link.design_dwt_t, link.max_vessel_dwt_t) for link in upper} == {(500.0, 800.0)}
    assert {(link.design_dwt_t, link.max_vessel_dwt_t) for link in lower} == {(500.0, 1000.0)}
    assert network.benchmarks["yaojia_t_per_ship"].value < 800
    assert network.benchmarks["fuchunjiang_t_per_ship_2025"].value < 1000
    assert network.locks["FCJ"].max_vessel_dwt_t == 1000
    assert network.locks["SANBAO"].max_vessel_dwt_t == 500
    assert all(
        "名义 500" in link.provenance.notes and "Nominally 500" in link.provenance.notes for link in upper + lower
    )


def _water(network: Network, name: str) -> Link:
    return network.links[f"{name}-water"]


def test_fuchunjiang_is_the_published_lock(network: Network) -> None:
    """4,357 lockages and 40,512 ships in the 366 days of 2024: 11.9 lockages a day with 9.3 ships each."""
    lock, known = network.locks["FCJ"], network.benchmarks
    assert lock.lockages_per_day == pytest.approx(known["fuchunjiang_lockages"].value / 366, abs=0.1)
    ships_per_lockage = known["fuchunjiang_ships_2024"].value / known["fuchunjiang_lockages"].value
    assert lock.vessels_per_lockage == pytest.approx(ships_per_lockage, abs=0.05)
    assert lock.wait_h == known["fuchunjiang_wait_h"].value
    assert lock.passage_min == 93


def test_derived_benchmarks_are_their_own_arithmetic(network: Network) -> None:
    """Ratios in the benchmarks equal the quotients of the figures beside them."""
    value = {name: benchmark.value for name, benchmark in network.benchmarks.items()}
    assert value["co2_saving_kg_per_t"] == pytest.approx(
        value["co2_saving_t"] * 1000 / value["shifted_mass_t"], abs=0.005
    )
    assert value["fuchunjiang_t_per_ship_2024"] == pytest.approx(
        value["fuchunjiang_mass_t_2024"] / value["fuchunjiang_ships_2024"], abs=0.5
    )
    assert value["fuchunjiang_t_per_ship_2025"] == pytest.approx(
        value["fuchunjiang_mass_t_2025"] / value["fuchunjiang_ships_2025"], abs=0.5
    )
    assert value["yaojia_t_per_ship"] == pytest.approx(5_554_600 / 7_299, abs=0.5)
    assert value["babao_t_per_ship"] == pytest.approx(10_004_100 / 13_764, abs=0.5)


def test_river_sea_price_goes_through_both_published_rates(network: Network) -> None:
    """26.8 yuan/t over 313 km, and 17.8 yuan/t over 495 km brought from 35 to 7.5 kt ships by the exponent 0.4."""
    tariff = network.tariffs["sea-river-sea"]
    small_km = network.links["SL-TC-sea"].distance_km + 95
    large_km = sum(network.links[name].distance_km for name in ("BE-YS-sea", "YS-WG-sea", "WG-TC-yangtze"))
    large_km += sum(network.links[name].distance_km for name in ("TC-CSH-yangtze", "CSH-JY-yangtze", "JY-ZJ-yangtze"))
    assert tariff.fixed_yuan_per_t + tariff.yuan_per_tkm * small_km == pytest.approx(26.8, abs=0.1)
    large = 17.8 * (35_000 / 7_500) ** 0.4
    assert tariff.fixed_yuan_per_t + tariff.yuan_per_tkm * large_km == pytest.approx(large, abs=0.1)


def test_rail_prices_are_base_prices_with_surcharges_and_discount(network: Network) -> None:
    """Class 4: (16.3 + (0.098 + 0.033 + 0.007) x km) x 0.75; a box: (440 + 3.185 x km) over 22 t."""
    coal = network.tariffs["rail-class-4"]
    assert coal.fixed_yuan_per_t == pytest.approx(16.3 * 0.75)
    assert coal.yuan_per_tkm == pytest.approx(0.138 * 0.75)
    box = network.tariffs["rail-container"]
    assert box.fixed_yuan_per_t == pytest.approx(20.0)
    assert box.yuan_per_tkm == pytest.approx(3.185 / 22, abs=1e-6)


def test_truck_fuel_is_litres_times_density(network: Network) -> None:
    """36 and 26 l per 100 km at 0.85 kg/l for the six-axle truck; drayage runs out and back, half empty."""
    truck = network.truck_classes["T49"]
    assert truck.fuel_loaded_kg_per_km == pytest.approx(0.36 * 0.85)
    assert truck.fuel_empty_kg_per_km == pytest.approx(0.26 * 0.85)
    assert {item.empty_share for item in network.truck_classes.values() if item.use == "drayage"} == {0.5}


def test_container_vessels_carry_eleven_tonnes_a_slot(network: Network) -> None:
    """72 x 11 = 792 t and 36 x 11 = 396 t, so that the 72 TEU vessel fits the water where it was seen."""
    for name in ("C36", "C72"):
        vessel = network.vessel_classes[name]
        assert vessel.teu is not None
        assert vessel.capacity_t == vessel.teu * 11
    assert network.vessel_classes["C72"].capacity_t <= (network.links["QJ-LY-water"].max_vessel_dwt_t or 0)


def test_water_levels_leave_no_gap_in_the_demo_month(network: Network) -> None:
    """Each link that has a level has one at every hour of the demo month, 2.9 m but for the five days of low water."""
    start = network.fleet[0].available_from
    low_hours = 0
    for link_id in {level.link_id for level in network.water_levels}:
        for hour in range(31 * 24):
            moment = start + timedelta(hours=hour)
            depths = [
                level.available_depth_m
                for level in network.water_levels
                if level.link_id == link_id and level.valid_from <= moment < level.valid_to
            ]
            assert len(depths) == 1
            low_hours += depths[0] == 2.6
    assert low_hours == 2 * 5 * 24


def test_the_main_class_sails_full_except_at_low_water(network: Network) -> None:
    """An 800 t vessel loads fully in 2.9 m of water and at least 700 t, the published voyage load, in 2.6 m."""
    vessel, keel_m = network.vessel_classes["B800"], network.value("keel_clearance_m")
    assert 2.9 - keel_m >= vessel.draught_m
    share = (2.6 - keel_m - vessel.light_draught_m) / (vessel.draught_m - vessel.light_draught_m)
    assert vessel.capacity_t * share >= 700


def test_lock_repairs_last_fifteen_days(network: Network) -> None:
    """The yearly repair is as long as the one published for 2025, 29 January to 12 February."""
    repairs = [closure for closure in network.closures if "repair" in closure.closure_id]
    assert len(repairs) == 2
    days = network.benchmarks["lock_repair_d"].value
    assert {(closure.closed_to - closure.closed_from).days for closure in repairs} == {days}


def test_islands_have_no_road(network: Network) -> None:
    """Shulanghu, Liangtan and Majishan are reached by ship alone, and the reason stands in the notes."""
    islands = [place for place in network.locations.values() if not place.road_access]
    assert {place.location_id for place in islands} == {"SL", "LH", "MJ"}
    assert all("岛" in place.provenance.notes for place in islands)


def test_junctions_have_no_terminals_and_flows_have_theirs(network: Network) -> None:
    """Nothing is handled at a mere junction or inside a works; each cargo group is handled at a place with water."""
    kinds = {network.locations[place].kind for place, _ in network.terminals}
    assert kinds.isdisjoint({"junction", "industry"})
    groups = {group for _, group in network.terminals}
    assert groups == {cargo.cargo_group for cargo in network.cargo.values()}


def test_invented_fleet_is_marked_so(network: Network) -> None:
    """No vessel count is passed off as known."""
    assert {entry.provenance.evidence for entry in network.fleet} == {Evidence.SYNTHETIC}


def test_both_ends_of_each_demo_flow_have_a_terminal(network: Network) -> None:
    """Terminals at both ends of the demo flows handle the flow's group (ends inside a works use the port beside it)."""
    beside = {"YL": "QJ", "JU": "QJ", "HS": "QJ", "CSI": "QJ", "LP": "LY", "HSL": "FDX"}
    flows = Path(__file__).parents[2] / "seeds" / "flows.csv"
    with flows.open(encoding="utf-8", newline="") as stream:
        for flow in csv.DictReader(stream):
            group = network.cargo[flow["cargo_code"]].cargo_group
            for end in (flow["origin"], flow["destination"]):
                assert (beside.get(end, end), group) in network.terminals, flow["flow_id"]
