"""A tiny named network: a mill above two locks, a port below, an island outside, a railway beside.

    MILL --6 km-- UP ==40 km, lock L1== MID ==60 km, lock L2== LOW ~~50 km sea~~ ISLE        (water)
                                                            SITE --9 km-- LOW
                  RYU ------------------ 90 km ------------------ RYL                        (rail)
    MILL -------------------------- 120 km ------------------------ SITE                     (road)

The river runs from UP to LOW. All figures are made up round numbers, so that a sum can be checked in the head.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from optimizer.network.model import (
    Cargo,
    Closure,
    Evidence,
    FleetEntry,
    Link,
    Location,
    Lock,
    Mode,
    Network,
    Parameter,
    Provenance,
    Tariff,
    Terminal,
    TruckClass,
    VesselClass,
    WaterLevel,
)
from optimizer.quantities import CHINA_TIME

MADE_UP = Provenance("tests", "", Evidence.SYNTHETIC, (), "")
START = datetime(2026, 10, 1, tzinfo=CHINA_TIME)

PARAMETERS = {
    "road_detour_factor": 1.3,
    "drayage_detour_factor": 1.4,
    "drayage_min_km": 3.0,
    "drayage_max_km": 60.0,
    "keel_clearance_m": 0.2,
    "truck_loading_h": 1.0,
    "drayage_loading_h": 0.5,
    "berth_overhead_h": 1.0,
    "sea_load_factor": 0.8,
    "sea_empty_share": 0.3,
    "sea_service_interval_h": 24.0,
    "rail_service_interval_h": 24.0,
    "rail_train_t": 2000.0,
    "sea_harbour_due_yuan_per_t": 2.0,
    "diesel_price_yuan_per_kg": 8.0,
    "electricity_price_yuan_per_kwh": 0.7,
    "time_value_rel_per_year": 0.06,
    "lateness_rel_per_day": 0.01,
    "lateness_yuan_per_t_day": 2.0,
}


def location(location_id: str, name_zh: str, name_en: str, kind: str, latitude: float, unlocode: str = "") -> Location:
    """A place on the meridian 119° E; the island has no road."""
    road = kind != "island"
    kind = "sea_port" if kind == "island" else kind
    return Location(location_id, name_zh, name_en, kind, "衢州", latitude, 119.0, unlocode, road, MADE_UP)


def terminal(location_id: str, group: str, max_vessel_dwt_t: float = 5000.0) -> Terminal:
    """A terminal that handles 400 t/h at a berth and 4,000 t a day."""
    return Terminal(location_id, group, 4000.0, 400.0, 10.0, 0.5, 3.0, 0.2, 1.0, max_vessel_dwt_t, MADE_UP)


def link(
    link_id: str, start: str, end: str, mode: Mode, distance_km: float, up: float, down: float, **more: object
) -> Link:
    """A link; water links flow towards ``end``."""
    values: dict[str, object] = {
        "link_id": link_id,
        "from_location": start,
        "to_location": end,
        "mode": mode,
        "use": "",
        "waterway": "",
        "distance_km": distance_km,
        "distance_basis": "actual",
        "waterway_class": "",
        "design_dwt_t": None,
        "max_vessel_dwt_t": None,
        "min_depth_m": None,
        "air_draught_m": None,
        "speed_up_km_h": up,
        "speed_down_km_h": down,
        "downstream_location": "",
        "toll_yuan_per_t": 0.0,
        "scenario": "base",
        "provenance": MADE_UP,
    }
    return Link(**(values | more))  # type: ignore[arg-type]


def corridor() -> Network:
    """The network, built afresh: tests may change a copy with ``dataclasses.replace``."""
    river = {"downstream_location": "", "max_vessel_dwt_t": 1000.0, "min_depth_m": 2.6, "air_draught_m": 8.0}
    places = [
        location("UP", "上游港", "Upper port", "inland_port", 29.00, "CNUPP"),
        location("MID", "中游港", "Middle port", "inland_port", 29.30),
        location("LOW", "下游港", "Lower port", "sea_port", 29.80, "CNLOW"),
        location("ISLE", "外岛港", "Island port", "island", 30.20),
        location("MILL", "上游钢厂", "Upper steel mill", "industry", 28.96),
        location("SITE", "下游工地", "Lower building site", "industry", 29.85),
        location("RYU", "上游货站", "Upper rail yard", "rail_yard", 28.98),
        location("RYL", "下游货站", "Lower rail yard", "rail_yard", 29.82),
    ]
    links = [
        link("UP-MID", "UP", "MID", Mode.INLAND_WATERWAY, 40.0, 8.0, 10.0, **river | {"downstream_location": "MID"}),
        link(
            "MID-LOW",
            "MID",
            "LOW",
            Mode.INLAND_WATERWAY,
            60.0,
            10.0,
            12.0,
            **river | {"downstream_location": "LOW", "toll_yuan_per_t": 0.5},
        ),
        link("LOW-ISLE", "LOW", "ISLE", Mode.SEA, 50.0, 20.0, 20.0),
        link("RYU-RYL", "RYU", "RYL", Mode.RAIL, 90.0, 45.0, 45.0),
        link("MILL-SITE", "MILL", "SITE", Mode.ROAD, 120.0, 60.0, 60.0, use="line_haul"),
        link("MILL-UP", "MILL", "UP", Mode.ROAD, 6.0, 30.0, 30.0, use="drayage"),
        link("LOW-SITE", "LOW", "SITE", Mode.ROAD, 9.0, 30.0, 30.0, use="drayage"),
    ]
    locks = [
        Lock("L1", "UP-MID", 1, 0.5, "一号闸", "Lock one", 30.0, 1.5, 4.0, 2.0, 0.5, 1000.0, 0.2, MADE_UP),
        Lock("L2", "MID-LOW", 1, 0.25, "二号闸", "Lock two", 30.0, 1.5, 4.0, 2.0, 0.5, 1000.0, 0.0, MADE_UP),
    ]
    groups = ("steel", "coal")
    terminals = [terminal(place, group) for place in ("UP", "MID", "LOW", "ISLE", "RYU", "RYL") for group in groups]
    barge = VesselClass(
        "B800",
        "800吨级货船",
        "800 t barge",
        "inland_bulk",
        "inland",
        groups,
        800.0,
        None,
        2.4,
        0.8,
        7.0,
        4.0,
        3.0,
        "Diesel",
        2400.0,
        4800.0,
        MADE_UP,
    )
    coaster = VesselClass(
        "R3000",
        "3000吨级江海船",
        "3,000 t coaster",
        "river_sea_bulk",
        "river_sea",
        groups,
        3000.0,
        None,
        5.0,
        2.0,
        20.0,
        12.0,
        9.0,
        "Diesel",
        9000.0,
        15000.0,
        MADE_UP,
    )
    trucks = [
        TruckClass("T49", "49吨半挂", "49 t truck", "line_haul", groups, 32.0, "Diesel", 0.3, 0.2, 0.3, 60.0, MADE_UP),
        TruckClass("T31", "31吨自卸", "31 t tipper", "drayage", groups, 18.0, "Diesel", 0.3, 0.2, 0.5, 30.0, MADE_UP),
    ]
    tariffs = [
        Tariff("road-line", Mode.ROAD, "line_haul", 10.0, 0.4, 0.0, MADE_UP),
        Tariff("road-short", Mode.ROAD, "short_haul", 0.0, 0.65, 5.0, MADE_UP),
        Tariff("road-dray", Mode.ROAD, "drayage", 6.0, 0.6, 12.0, MADE_UP),
        Tariff("sea", Mode.SEA, "river_sea", 12.0, 0.05, 0.0, MADE_UP),
        Tariff("rail-4", Mode.RAIL, "rail_class_4", 16.0, 0.12, 0.0, MADE_UP),
    ]
    cargo = [
        Cargo("steel", "05", "steel", "钢材", "Steel", "rail_class_4", False, None, 0.0, MADE_UP),
        Cargo("coal", "01", "coal", "煤炭", "Coal", "rail_class_4", False, None, 0.001, MADE_UP),
    ]
    fleet = (
        FleetEntry("F1", "B800", "UP", 2, START, "own", MADE_UP),
        FleetEntry("F2", "B800", "LOW", 1, START + timedelta(days=1), "own", MADE_UP),
        FleetEntry("F3", "B800", "MID", 1, START, "spot", MADE_UP),
    )
    return Network(
        version="corridor",
        locations={place.location_id: place for place in places},
        terminals={(item.location_id, item.cargo_group): item for item in terminals},
        links={item.link_id: item for item in links},
        locks={lock.lock_id: lock for lock in locks},
        closures=(
            Closure(
                "C1", "lock", "L2", START + timedelta(days=20), START + timedelta(days=21), "检修", "repair", MADE_UP
            ),
        ),
        water_levels=(WaterLevel("MID-LOW", START + timedelta(days=10), START + timedelta(days=12), 1.8, MADE_UP),),
        vessel_classes={"B800": barge, "R3000": coaster},
        fleet=fleet,
        truck_classes={truck.truck_class: truck for truck in trucks},
        tariffs={row.tariff_id: row for row in tariffs},
        cargo={item.cargo_code: item for item in cargo},
        parameters={name: Parameter(name, value, "", MADE_UP) for name, value in PARAMETERS.items()},
        benchmarks={},
    )
