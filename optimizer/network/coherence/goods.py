"""Cargo groups, the vehicles that carry them, and prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optimizer.errors import Fault, Message
from optimizer.network.model import Mode
from optimizer.network.tables import Table

Tables = Mapping[str, Table]

ROAD_SERVICES = ("line_haul", "short_haul", "drayage")
SEA_SERVICE = "river_sea"
CONTAINER = "container"


def modes_have_tariffs(tables: Tables) -> Iterator[Fault]:
    """Road has its three services; sea and rail links need prices. Vessels on inland water have costs instead."""
    file = tables["tariffs"].schema.path
    services = {(row.values.get("mode"), row.values.get("service")) for row in tables["tariffs"].all_rows}
    modes = {row.values.get("mode") for row in tables["links"].all_rows}
    needed = [(Mode.ROAD.value, service) for service in ROAD_SERVICES]
    if Mode.SEA.value in modes:
        needed.append((Mode.SEA.value, SEA_SERVICE))
    if Mode.RAIL.value in modes:
        rail = {row.values.get("rail_service") for row in tables["cargo"].all_rows}
        needed.extend((Mode.RAIL.value, str(service)) for service in sorted(str(item) for item in rail if item))
    for mode, service in needed:
        if (mode, service) not in services:
            yield Fault(
                file,
                None,
                "service",
                "tariff_missing",
                Message(
                    f"缺少 {mode} 的 {service} 运价；请加一行。", f"There is no {mode} tariff {service}; add a row."
                ),
            )


def tariffs_are_unique(tables: Tables) -> Iterator[Fault]:
    """One price for one service: two would leave it to chance which one counts."""
    first: dict[tuple[Any, Any], int] = {}
    for row in tables["tariffs"].all_rows:
        if not row.has("mode", "service"):
            continue
        key = (row.values["mode"], row.values["service"])
        line = first.setdefault(key, row.line)
        if line != row.line:
            yield row.fault(
                "service",
                "tariff_twice",
                Message(
                    f"{key[0]} {key[1]} 的运价在第 {line} 行已有；请只留一行。",
                    f"The tariff of {key[0]} {key[1]} stands in row {line} already; keep one.",
                ),
            )


def cargo_groups_are_known(tables: Tables) -> Iterator[Fault]:
    """Terminals, vessels and trucks name groups that some cargo belongs to."""
    known = {row.values.get("cargo_group") for row in tables["cargo"].all_rows}
    for table, column in (
        ("terminals", "cargo_group"),
        ("vessel_classes", "cargo_groups"),
        ("truck_classes", "cargo_groups"),
    ):
        for row in tables[table].all_rows:
            value = row.values.get(column, ())
            for group in value if isinstance(value, tuple) else (value,):
                if group not in known:
                    choices = ", ".join(sorted(str(item) for item in known if item))
                    yield row.fault(
                        column,
                        "cargo_group_unknown",
                        Message(
                            f"没有货物属于货类 {group}；已有货类：{choices}。",
                            f"No cargo belongs to group {group}; there are {choices}.",
                        ),
                    )


def cargo_groups_have_trucks(tables: Tables) -> Iterator[Fault]:
    """Each group can go by road, all the way and on the short ends: the road is the baseline of every comparison."""
    carried = {
        (row.values.get("use"), group)
        for row in tables["truck_classes"].all_rows
        for group in row.values.get("cargo_groups", ())
    }
    groups = {str(row.values["cargo_group"]) for row in tables["cargo"].all_rows if row.has("cargo_group")}
    for group in sorted(groups):
        for use in ("line_haul", "drayage"):
            if (use, group) not in carried:
                yield Fault(
                    tables["truck_classes"].schema.path,
                    None,
                    "cargo_groups",
                    "truck_missing",
                    Message(
                        f"没有 {use} 车型可装货类 {group}；请在某车型的 cargo_groups 中加上。",
                        f"No {use} truck class carries group {group}; add it to the cargo_groups of one.",
                    ),
                )


def containers_are_consistent(tables: Tables) -> Iterator[Fault]:
    """Containerised cargo has a mass per TEU and belongs to the container group, and no other cargo does."""
    for row in tables["cargo"].all_rows:
        boxed = row.values.get("containerised")
        if boxed and "t_per_teu" in row.values and row.values["t_per_teu"] is None:
            yield row.fault(
                "t_per_teu",
                "t_per_teu_missing",
                Message(
                    "装箱货物须填每箱吨数，例如 11。", "Containerised cargo needs its tonnes a TEU, for example 11."
                ),
            )
        if boxed is not None and row.has("cargo_group") and boxed != (row.values["cargo_group"] == CONTAINER):
            yield row.fault(
                "cargo_group",
                "container_group",
                Message(
                    "装箱货物的货类须为 container，其他货物不得为 container。",
                    "Containerised cargo belongs to group container, and no other cargo does.",
                ),
            )


def vessels_are_sound(tables: Tables) -> Iterator[Fault]:
    """A loaded vessel lies deeper than an empty one; container vessels have slots."""
    for row in tables["vessel_classes"].all_rows:
        values = row.values
        if row.has("draught_m", "light_draught_m") and values["light_draught_m"] >= values["draught_m"]:
            yield row.fault(
                "light_draught_m",
                "draughts_reversed",
                Message(
                    f"空载吃水 {values['light_draught_m']:g} m 须小于满载吃水 {values['draught_m']:g} m。",
                    f"Empty {values['light_draught_m']:g} m must be less than loaded {values['draught_m']:g} m.",
                ),
            )
        if row.has("kind") and values["kind"].endswith("container") and values.get("teu", 0) is None:
            yield row.fault(
                "teu", "teu_missing", Message("集装箱船须填箱位数。", "A container vessel needs its number of slots.")
            )


def fuel_is_sound(tables: Tables) -> Iterator[Fault]:
    """Loaded, a vessel or truck burns no less than empty."""
    for table in ("vessel_classes", "truck_classes"):
        for row in tables[table].all_rows:
            loaded, empty = row.values.get("fuel_loaded_kg_per_km"), row.values.get("fuel_empty_kg_per_km")
            if loaded is not None and empty is not None and empty > loaded:
                yield row.fault(
                    "fuel_empty_kg_per_km",
                    "fuel_reversed",
                    Message(
                        f"空载油耗 {empty:g} kg/km 大于满载 {loaded:g} kg/km；请核对两列。",
                        f"Empty it burns {empty:g} kg/km, loaded {loaded:g} kg/km; check both columns.",
                    ),
                )
