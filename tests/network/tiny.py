"""A tiny named world that a head can hold: five places on one river, one lock, two vessel classes.

    PIT  --10 km--.
                   UP ====40 km, lock L1 half way==== MID ====60 km==== DOWN          (water, flows to DOWN)
    MILL --5 km---'
    MILL 120 km DOWN, PIT 130 km DOWN, UP 115 km DOWN                                  (road)

矿山 PIT 与工厂 MILL 在上游码头 UP 旁，下游码头 DOWN 在 100 km 之外。
All figures are made up round numbers: downstream a vessel makes 12 km/h, upstream 10 km/h; the lock takes 1 h of
waiting and 0.5 h of passage.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from optimizer.network.coherence.parameters import REQUIRED_PARAMETERS
from optimizer.network.model import (
    Cargo,
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
)
from optimizer.quantities import CHINA_TIME

MADE_UP = Provenance("tests", "", Evidence.SYNTHETIC, (), "")
TINY_START = datetime(2026, 10, 1, tzinfo=CHINA_TIME)
GROUPS = ("coal", "mineral")

PARAMETERS = {
    "road_detour_factor": 1.2,
    "drayage_detour_factor": 1.3,
    "drayage_min_km": 3.0,
    "drayage_max_km": 50.0,
    "truck_loading_h": 1.0,
    "drayage_loading_h": 0.5,
    "diesel_price_yuan_per_kg": 8.0,
    "electricity_price_yuan_per_kwh": 0.8,
    "keel_clearance_m": 0.2,
    "time_value_rel_per_year": 0.06,
    "lateness_rel_per_day": 0.005,
    "lateness_yuan_per_t_day": 2.0,
    "berth_overhead_h": 1.0,
    "voyage_load_factor": 0.9,
    "vessel_empty_share": 0.2,
    "sea_load_factor": 0.9,
    "sea_empty_share": 0.5,
    "sea_service_interval_h": 24.0,
    "rail_service_interval_h": 24.0,
    "rail_train_t": 2000.0,
    "sea_harbour_due_yuan_per_t": 0.5,
}


def tiny_network(**changes: Any) -> Network:
    """The tiny world; ``changes`` replace whole tables, for example ``tiny_network(fleet=())``."""
    network = Network(
        version="tiny",
        locations={place.location_id: place for place in _locations()},
        terminals={(item.location_id, item.cargo_group): item for item in _terminals()},
        links={link.link_id: link for link in _links()},
        locks={"L1": _lock()},
        closures=(),
        water_levels=(),
        vessel_classes={vessel.vessel_class: vessel for vessel in _vessel_classes()},
        fleet=(
            FleetEntry("own-SMALL-UP", "SMALL", "UP", 2, TINY_START, "own", MADE_UP),
            FleetEntry("own-BIG-DOWN", "BIG", "DOWN", 1, TINY_START, "own", MADE_UP),
            FleetEntry("spot-SMALL-DOWN", "SMALL", "DOWN", 2, TINY_START, "spot", MADE_UP),
        ),
        truck_classes={truck.truck_class: truck for truck in _truck_classes()},
        tariffs={tariff.tariff_id: tariff for tariff in _tariffs()},
        cargo={
            "coal": Cargo("coal", "01", "coal", "煤炭", "Coal", "rail_class_4", False, None, 0.005, MADE_UP),
            "stone": Cargo("stone", "05", "mineral", "石料", "Stone", "rail_class_2", False, None, 0.0, MADE_UP),
        },
        parameters={
            needed.name: Parameter(needed.name, PARAMETERS[needed.name], needed.unit, MADE_UP)
            for needed in REQUIRED_PARAMETERS
        },
        benchmarks={},
    )
    return replace(network, **changes)


def _locations() -> list[Location]:
    rows = (
        ("UP", "上游码头", "Upper port", "inland_port", 30.0, 119.0),
        ("DOWN", "下游码头", "Lower port", "inland_port", 30.0, 120.0),
        ("MILL", "工厂", "Mill", "industry", 30.02, 119.02),
        ("PIT", "矿山", "Pit", "industry", 29.95, 118.95),
        ("MID", "中途节点", "Junction", "junction", 30.0, 119.4),
    )
    return [
        Location(place, name_zh, name_en, kind, "测试", latitude, longitude, "", True, MADE_UP)
        for place, name_zh, name_en, kind, latitude, longitude in rows
    ]


def _terminals() -> list[Terminal]:
    return [
        Terminal(place, group, 3000.0, 200.0, 10.0, 0.5, 2.0, 0.1, 0.7, 1000.0, MADE_UP)
        for place in ("UP", "DOWN")
        for group in GROUPS
    ]


def _links() -> list[Link]:
    return [
        _water("UP-MID", "UP", "MID", 40.0),
        _water("MID-DOWN", "MID", "DOWN", 60.0),
        _road("MILL-UP", "MILL", "UP", "drayage", 5.0),
        _road("PIT-UP", "PIT", "UP", "drayage", 10.0),
        _road("MILL-DOWN", "MILL", "DOWN", "line_haul", 120.0),
        _road("PIT-DOWN", "PIT", "DOWN", "line_haul", 130.0),
        _road("UP-DOWN", "UP", "DOWN", "line_haul", 115.0),
    ]


def _water(link_id: str, start: str, end: str, distance_km: float) -> Link:
    return Link(
        link_id=link_id,
        from_location=start,
        to_location=end,
        mode=Mode.INLAND_WATERWAY,
        use="",
        waterway="测试河",
        distance_km=distance_km,
        distance_basis="actual",
        waterway_class="III",
        design_dwt_t=1000.0,
        max_vessel_dwt_t=1000.0,
        min_depth_m=3.2,
        air_draught_m=7.0,
        speed_up_km_h=10.0,
        speed_down_km_h=12.0,
        downstream_location=end,
        toll_yuan_per_t=0.0,
        scenario="base",
        provenance=MADE_UP,
    )


def _road(link_id: str, start: str, end: str, use: str, distance_km: float) -> Link:
    speed_km_h = 60.0 if use == "line_haul" else 30.0
    return Link(
        link_id=link_id,
        from_location=start,
        to_location=end,
        mode=Mode.ROAD,
        use=use,
        waterway="",
        distance_km=distance_km,
        distance_basis="actual",
        waterway_class="",
        design_dwt_t=None,
        max_vessel_dwt_t=None,
        min_depth_m=None,
        air_draught_m=None,
        speed_up_km_h=speed_km_h,
        speed_down_km_h=speed_km_h,
        downstream_location="",
        toll_yuan_per_t=0.0,
        scenario="base",
        provenance=MADE_UP,
    )


def _lock() -> Lock:
    return Lock("L1", "UP-MID", 1, 0.5, "一号闸", "First lock", 30.0, 1.0, 12.0, 2.0, 0.5, 1000.0, 0.0, MADE_UP)


def _vessel_classes() -> list[VesselClass]:
    """SMALL floats fully laden in 2.2 m of water, BIG in 3.0 m."""
    return [
        _vessel("SMALL", "小船", "Small vessel", 500.0, 2.0, 0.8, (3.0, 2.0), (2000.0, 3000.0)),
        _vessel("BIG", "大船", "Big vessel", 1000.0, 2.8, 1.0, (4.5, 3.0), (3000.0, 5000.0)),
    ]


def _vessel(
    vessel_class: str,
    name_zh: str,
    name_en: str,
    capacity_t: float,
    draught_m: float,
    light_draught_m: float,
    fuel_kg_per_km: tuple[float, float],
    yuan_per_day: tuple[float, float],
) -> VesselClass:
    return VesselClass(
        vessel_class=vessel_class,
        name_zh=name_zh,
        name_en=name_en,
        kind="inland_bulk",
        waters="inland",
        cargo_groups=GROUPS,
        capacity_t=capacity_t,
        teu=None,
        draught_m=draught_m,
        light_draught_m=light_draught_m,
        air_draught_m=6.0,
        fuel_loaded_kg_per_km=fuel_kg_per_km[0],
        fuel_empty_kg_per_km=fuel_kg_per_km[1],
        energy_carrier="Diesel",
        cost_yuan_per_day=yuan_per_day[0],
        charter_yuan_per_day=yuan_per_day[1],
        provenance=MADE_UP,
    )


def _truck_classes() -> list[TruckClass]:
    """One truck, driven two ways: out and half back loaded on the long road, out and back empty on the short one."""
    return [
        TruckClass("T30", "长途卡车", "Truck, long", "line_haul", GROUPS, 30.0, "Diesel", 0.3, 0.2, 0.3, 60.0, MADE_UP),
        TruckClass("T30D", "短驳卡车", "Truck, short", "drayage", GROUPS, 30.0, "Diesel", 0.3, 0.2, 0.5, 30.0, MADE_UP),
    ]


def _tariffs() -> list[Tariff]:
    return [
        Tariff("road-line-haul", Mode.ROAD, "line_haul", 10.0, 0.4, 0.0, MADE_UP),
        Tariff("road-short-haul", Mode.ROAD, "short_haul", 0.0, 0.6, 0.0, MADE_UP),
        Tariff("road-drayage", Mode.ROAD, "drayage", 6.0, 0.6, 12.0, MADE_UP),
    ]
