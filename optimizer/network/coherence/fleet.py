"""Whether each vessel of the fleet can lie where the fleet table puts it, and whether its energy use is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optimizer.errors import Fault, Message
from optimizer.network.model import Mode
from optimizer.network.tables import Table, TableRow

Values = Mapping[str, Any]

DEFAULT_KEEL_CLEARANCE_M = 0.0
"""Used only when the parameter itself is missing or damaged, which is a fault of its own."""


def fleet_can_float(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Each fleet row has a water link at its place, open now, that its class fits and floats on when empty."""
    classes = {row.values.get("vessel_class"): row.values for row in tables["vessel_classes"].rows}
    for row in tables["fleet"].all_rows:
        vessel = classes.get(row.values.get("vessel_class"))
        if vessel is None or not row.values.get("location_id"):
            continue
        if vessel["fuel_loaded_kg_per_km"] == 0 and row.values.get("count"):
            yield row.fault("vessel_class", "energy_unknown", _energy_unknown(row.values["vessel_class"]))
        links = _water_links_at(row.values["location_id"], vessel, tables["links"])
        if not links:
            yield row.fault("location_id", "no_water_here", _no_water(row.values, vessel["waters"]))
        elif not any(_admits(link, vessel) for link in links):
            yield row.fault("vessel_class", "vessel_too_big", _too_big(row.values, links))
        elif not any(_floats(link, vessel, row, tables) for link in links if _admits(link, vessel)):
            yield row.fault("vessel_class", "vessel_aground", _aground(row.values, vessel))


def _water_links_at(place: str, vessel: Values, links: Table) -> list[Values]:
    """Cells of a damaged link that could not be read count as no limit: they have their own fault already."""
    modes = {Mode.INLAND_WATERWAY.value}
    if vessel["waters"] == "river_sea":
        modes.add(Mode.SEA.value)
    return [
        row.values
        for row in links.all_rows
        if row.values.get("mode") in modes
        and row.values.get("scenario") == "base"
        and place in (row.values.get("from_location"), row.values.get("to_location"))
    ]


def _admits(link: Values, vessel: Values) -> bool:
    """The rule of ``navigability.admits`` on rows: rated size and clearance."""
    largest, clearance = link.get("max_vessel_dwt_t"), link.get("air_draught_m")
    fits = largest is None or vessel["capacity_t"] <= largest
    return fits and (clearance is None or vessel["air_draught_m"] <= clearance)


def _floats(link: Values, vessel: Values, fleet: TableRow, tables: Mapping[str, Table]) -> bool:
    """Depth at the time the vessel becomes available, less the keel clearance, carries it empty."""
    depth_m = link.get("min_depth_m")
    available = fleet.values.get("available_from")
    for row in tables["water_levels"].rows:
        same = row.values["link_id"] == link.get("link_id")
        if same and available is not None and row.values["valid_from"] <= available < row.values["valid_to"]:
            depth_m = row.values["available_depth_m"]
    return depth_m is None or depth_m - _keel_clearance_m(tables) >= vessel["light_draught_m"]


def _keel_clearance_m(tables: Mapping[str, Table]) -> float:
    for row in tables["parameters"].rows:
        if row.values["name"] == "keel_clearance_m":
            clearance_m: float = row.values["value"]
            return clearance_m
    return DEFAULT_KEEL_CLEARANCE_M


def _energy_unknown(vessel_class: str) -> Message:
    return Message(
        f"船型 {vessel_class} 的能耗未知（为 0），编入船队会得出零排放；请先在船型表补上。",
        f"The energy use of class {vessel_class} is unknown (0) and would come out as zero emissions; "
        "add it to vessel_classes first.",
    )


def _no_water(values: Values, waters: str) -> Message:
    return Message(
        f"{values['location_id']} 没有 {waters} 船可用的已开通水路；请换地点，或在线路表登记水路。",
        f"{values['location_id']} has no open waterway for {waters} vessels; move the vessels or add a link.",
    )


def _too_big(values: Values, links: list[Values]) -> Message:
    rated = ", ".join(f"{link.get('link_id')} {link.get('max_vessel_dwt_t') or 0:g} t" for link in links)
    return Message(
        f"{values['vessel_class']} 超过 {values['location_id']} 各水路的吨级或净空（{rated}）；请换较小船型。",
        f"{values['vessel_class']} exceeds the size or clearance of the waterways at {values['location_id']} "
        f"({rated}); use a smaller class.",
    )


def _aground(values: Values, vessel: Values) -> Message:
    return Message(
        f"{values['vessel_class']} 空载吃水 {vessel['light_draught_m']:g} m，在 {values['location_id']} 浮不起来；"
        "请核对水深与吃水。",
        f"{values['vessel_class']} draws {vessel['light_draught_m']:g} m empty and cannot float at "
        f"{values['location_id']}; check depth and draught.",
    )
