"""A valid plan of the corridor, worked out by hand: a year's figures on one page, no code of the product's planner.

    S1  720 t steel MILL -> SITE    600 t: truck, V1 with S7, truck; 120 t stay on the road
    S2  700 t coal  UP -> LOW       V3, seven hours late
    S3  400 t steel MID -> UP       V5, a hired vessel that waits 6 h and goes home empty
    S4  300 t steel RYU -> RYL      train
    S5  500 t coal  ISLE -> SITE    coaster and truck: an island's baseline, which the plan keeps
    S6  steel       ISLE -> RYU     nobody can move it: the island's quay is for coal alone
    S7  100 t steel UP -> LOW       four days in the yard (one paid), then V1

Sailing UP -> LOW takes 13 h: 40 km at 10 km/h, 60 km at 12 km/h, two locks of 2 h. Upstream: 15 h, at 8 and 10 km/h.
Loading and discharging a barge: 1 h + 800 t at 400 t/h = 3 h. A hub emits 0.2 kg diesel x 4 + 1 kWh x 0.5 = 1.3 kg/t.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from optimizer.planning.plan import (
    Amounts,
    Leg,
    LockPassage,
    Lot,
    Plan,
    PlannedShipment,
    Reason,
    Totals,
    Voyage,
)
from optimizer.planning.shipment import Shipment
from optimizer.quantities import apportion, to_integer
from tests.planning.corridor import START

FIRST = START - timedelta(days=4)
"""Midnight of the first day: S7 is ready on 27 September."""
ONE_DEGREE_KM = 6371.0088 * math.pi / 180

DIESEL = ("diesel", "diesel-co2", "diesel-coal")
HUB = (*DIESEL, "power", "power-co2", "power-coal")
LINE_HAUL_KG_PER_TKM = (0.3 + 0.2 * 0.3 / 0.7) / 32
DRAYAGE_KG_PER_TKM = (0.3 + 0.2 * 0.5 / 0.5) / 18
COASTER_KG_PER_TKM = (9 + 3 * 0.8 + 9 * 0.3 / 0.7) / 2400
VALUE = {"steel": 8760.0, "coal": 876.0}
LOSS = {"steel": 0.0, "coal": 0.001}


def at(hours: float) -> datetime:
    """Hours after midnight of 1 October."""
    return START + timedelta(seconds=round(hours * 3600))


def shipment(
    number: int, cargo: str, mass_t: int, origin: str, destination: str, ready_h: float, due_h: float
) -> Shipment:
    """A shipment ready and due at hours of 1 October."""
    return Shipment(
        f"S{number}", "E1", cargo, mass_t * 1000, origin, destination, at(ready_h), at(due_h), number != 2, VALUE[cargo]
    )


SHIPMENTS = (
    shipment(1, "steel", 720, "MILL", "SITE", 4, 240),
    shipment(2, "coal", 700, "UP", "LOW", 10, 24),
    shipment(3, "steel", 400, "MID", "UP", 40, 240),
    shipment(4, "steel", 300, "RYU", "RYL", 2, 240),
    shipment(5, "coal", 500, "ISLE", "SITE", 5, 240),
    shipment(6, "steel", 50, "ISLE", "RYU", 5, 240),
    shipment(7, "steel", 100, "UP", "LOW", -90, 240),
)
BY_ID = {item.shipment_id: item for item in SHIPMENTS}


def leg(
    role: str, mode: str, start: str, end: str, vehicle: str, hours: tuple[float, float], km: float, mass_t: float,
    yuan_per_t: float, ttw_kg: float, wtw_kg: float, tier: str = "modelled", factors: tuple[str, ...] = DIESEL,
) -> Leg:  # fmt: skip
    """A leg with its sums; the number is set when the chain is closed."""
    return Leg(
        0, role, mode, start, end, vehicle, "", at(hours[0]), at(hours[1]), km, to_integer(mass_t * 1000 * km),
        to_integer(yuan_per_t * mass_t * 100), to_integer(ttw_kg * 1000), to_integer(wtw_kg * 1000), tier, factors,
    )  # fmt: skip


def hub(place: str, cargo: str, start_h: float, end_h: float, mass_t: float, storage: float = 0.0) -> Leg:
    """One operation: 10 yuan/t, at sea ports 2 more, plus the loss of the cargo."""
    price = 10 + (2 if place in ("LOW", "ISLE") else 0) + VALUE[cargo] * LOSS[cargo] + storage
    hours = (start_h, end_h)
    return leg("hub", "Hub", place, place, "", hours, 0.0, mass_t, price, 0.6 * mass_t, 1.3 * mass_t, "assumed", HUB)


def truck(role: str, start: str, end: str, start_h: float, km: float, speed: float, mass_t: float, price: float) -> Leg:
    """A truck: line haul on the main leg (1 h to load and to unload), drayage before and after (half an hour)."""
    main = role == "main"
    hours = (start_h, start_h + (2 if main else 1) + km / speed)
    fuel_kg = mass_t * km * (LINE_HAUL_KG_PER_TKM if main else DRAYAGE_KG_PER_TKM)
    return leg(role, "Road", start, end, "T49" if main else "T31", hours, km, mass_t, price, 3 * fuel_kg, 4 * fuel_kg)


def on_voyage(voyage: Voyage, mass_kg: int, toll: float, shares: Sequence[int]) -> Leg:
    """A lot on a voyage with its share of fen and grams; the toll comes on top."""
    return Leg(
        0, "main", "InlandWaterway", voyage.origin, voyage.destination, "B800", voyage.voyage_id, voyage.departs_at,
        voyage.arrives_at, voyage.distance_km, to_integer(mass_kg * voyage.distance_km),
        shares[0] + to_integer(toll * mass_kg / 10), shares[1], shares[2], "modelled", DIESEL,
    )  # fmt: skip


def chain(*legs: Leg) -> tuple[Leg, ...]:
    """Legs numbered from 1."""
    return tuple(
        Leg(number, *(getattr(item, name) for name in list(Leg.__dataclass_fields__)[1:]))
        for number, item in enumerate(legs, start=1)
    )


def voyage(
    number: int, hull: str, start: str, end: str, hours: tuple[float, float, float, float], km: float, load_t: int,
    group: str, day_yuan: float, waited_d: float, locks: Sequence[tuple[str, float]],
) -> Voyage:  # fmt: skip
    """A voyage: fuel 3 + load/800 kg/km; ``hours`` = berth, off, in, free; locks at hours after casting off."""
    fuel_kg = km * (3 + load_t / 800)
    days = (hours[3] - hours[0]) / 24 + waited_d
    return Voyage(
        f"V{number}", hull, "B800", hull.split("/")[1], start, end, *(at(hour) for hour in hours), group, load_t * 1000,
        800_000, load_t == 0, km, tuple(LockPassage(lock, at(hours[1] + hour)) for lock, hour in locks),
        to_integer(fuel_kg * 1000), to_integer((day_yuan * days + fuel_kg * 8) * 100), to_integer(fuel_kg * 3000),
        to_integer(fuel_kg * 4000),
    )  # fmt: skip


DOWN = (("L1", 4.0), ("L2", 9.25))
UPWARDS = (("L2", 6.5), ("L1", 12.5))
V1 = voyage(1, "B800/own/UP/1", "UP", "LOW", (6, 9, 22, 30), 100.0, 700, "steel", 2400, 0, DOWN)
V2 = voyage(2, "B800/own/UP/1", "LOW", "UP", (30, 30, 45, 48), 100.0, 0, "", 2400, 0, UPWARDS)
V3 = voyage(3, "B800/own/UP/2", "UP", "LOW", (12, 15, 28, 36), 100.0, 700, "coal", 2400, 0, DOWN)
V4 = voyage(4, "B800/own/UP/2", "LOW", "UP", (36, 36, 51, 54), 100.0, 0, "", 2400, 0, UPWARDS)
V5 = voyage(5, "B800/spot/MID/1", "MID", "UP", (48, 51, 58, 66), 40.0, 400, "steel", 4800, 0, (("L1", 4.5),))
V6 = voyage(6, "B800/spot/MID/1", "UP", "MID", (72, 72, 78, 78), 40.0, 0, "", 4800, 0.25, (("L1", 4.0),))


def borne(loaded: Voyage, empty: Voyage, masses: Sequence[int]) -> list[tuple[int, int, int]]:
    """Fen and grams of a voyage and its empty return, split by tonnes."""
    parts = [
        apportion(getattr(loaded, name) + getattr(empty, name), masses)
        for name in ("cost_fen", "co2e_ttw_g", "co2e_wtw_g")
    ]
    return list(zip(*parts, strict=True))  # type: ignore[arg-type]


def lots() -> dict[str, tuple[Lot, ...]]:
    """The lots of each planned shipment."""
    first, seventh = borne(V1, V2, [600_000, 100_000])
    (second,) = borne(V3, V4, [1])
    (third,) = borne(V5, V6, [1])
    s1 = chain(
        truck("pre", "MILL", "UP", 4, 6.0, 30, 600, 12),
        hub("UP", "steel", 6, 9, 600),
        on_voyage(V1, 600_000, 0.7, first),
        hub("LOW", "steel", 22, 25, 600),
        truck("post", "LOW", "SITE", 25, 9.0, 30, 600, 12),
    )
    by_road = chain(truck("main", "MILL", "SITE", 4, 120.0, 60, 120, 58))
    s2 = chain(hub("UP", "coal", 12, 15, 700), on_voyage(V3, 700_000, 0.7, second), hub("LOW", "coal", 28, 31, 700))
    s3 = chain(hub("MID", "steel", 48, 51, 400), on_voyage(V5, 400_000, 0.2, third), hub("UP", "steel", 58, 61, 400))
    s4 = chain(
        hub("RYU", "steel", 2, 8, 300),
        leg("main", "Rail", "RYU", "RYL", "", (24, 26), 90.0, 300, 26.8, 270, 540, "default", ("train",)),
        hub("RYL", "steel", 26, 32, 300),
    )
    s7 = chain(
        hub("UP", "steel", 6, 9, 100, storage=0.5),
        on_voyage(V1, 100_000, 0.7, seventh),
        hub("LOW", "steel", 22, 25, 100),
    )
    return {
        "S1": (Lot(1, 600_000, s1), Lot(2, 120_000, by_road)),
        "S2": (Lot(1, 700_000, s2),),
        "S3": (Lot(1, 400_000, s3),),
        "S4": (Lot(1, 300_000, s4),),
        "S5": (Lot(1, 500_000, coaster_and_truck()),),
        "S7": (Lot(1, 100_000, s7),),
    }


def coaster_and_truck() -> tuple[Leg, ...]:
    """ISLE -> SITE: 8.5 h at each berth, the coaster of the next midnight, 9 km by truck at the short-haul price."""
    fuel_kg = 500 * 50 * COASTER_KG_PER_TKM
    return chain(
        hub("ISLE", "coal", 5, 13.5, 500),
        leg("main", "Sea", "ISLE", "LOW", "R3000", (24, 26.5), 50.0, 500, 14.5, 3 * fuel_kg, 4 * fuel_kg),
        hub("LOW", "coal", 26.5, 35, 500),
        truck("main", "LOW", "SITE", 35, 9.0, 30, 500, 5.85),
    )


def baseline(item: Shipment) -> tuple[Leg, ...]:
    """The road chain of each shipment."""
    if item.shipment_id == "S5":
        return coaster_and_truck()
    degrees = {"S2": 0.8, "S3": 0.3, "S4": 0.84, "S7": 0.8}.get(item.shipment_id)
    # 0.3 degrees is 46.7 km with the drayage factor: near, so the drayage speed holds and the short-haul price.
    near = degrees == 0.3
    km = 120.0 if degrees is None else degrees * ONE_DEGREE_KM * (1.4 if near else 1.3)
    price = 0.65 * km if km < 50 else 10 + 0.4 * km
    ready_h = (item.ready_at - START).total_seconds() / 3600
    mass_t = item.mass_kg / 1000
    return chain(truck("main", item.origin, item.destination, ready_h, km, 30 if near else 60, mass_t, price))


def amounts(legs: Sequence[Leg], ready_at: datetime) -> Amounts:
    """Sums of legs and the time until the last arrival."""
    return Amounts(
        sum(item.cost_fen for item in legs),
        sum(item.co2e_ttw_g for item in legs),
        sum(item.co2e_wtw_g for item in legs),
        round((max(item.arrives_at for item in legs) - ready_at).total_seconds()),
    )


def minus(left: Amounts, right: Amounts) -> Amounts:
    """Difference, amount by amount."""
    names = Amounts.__dataclass_fields__
    return Amounts(*(getattr(left, name) - getattr(right, name) for name in names))


def total(items: Sequence[Amounts]) -> Amounts:
    """Sum, amount by amount."""
    return Amounts(*(sum(getattr(item, name) for item in items) for name in Amounts.__dataclass_fields__))


def planned(item: Shipment, parts: tuple[Lot, ...]) -> PlannedShipment:
    """A shipment with its lots, baseline and saving."""
    legs = [part for lot in parts for part in lot.legs]
    road = baseline(item)
    before = amounts(road, item.ready_at)
    late_s = max(0, round((max(part.arrives_at for part in legs) - item.due_at).total_seconds()))
    saving = minus(before, amounts(legs, item.ready_at))
    # The island's cargo goes as it would without the plan; no vessel of the fleet may go to sea.
    why = Reason("没有船队可用船型能出海", "No vessel class of the fleet goes to sea", "no_waterway", lacks="way")
    because = why if item.shipment_id == "S5" else None
    return PlannedShipment(item.shipment_id, "planned", None, because, parts, before, road, saving, late_s)


def objective_yuan(shipments: Sequence[PlannedShipment]) -> float:
    """Money, CO2e at 100 yuan/t, 6 % a year of the value on the way, lateness at 1 % of the value + 2 yuan a day."""
    yuan = 0.0
    for done in shipments:
        item = BY_ID[done.shipment_id]
        for lot in done.lots:
            yuan += sum(part.cost_fen for part in lot.legs) / 100
            yuan += sum(part.co2e_wtw_g for part in lot.legs) / 1e6 * 100
            hours = (lot.legs[-1].arrives_at - item.ready_at).total_seconds() / 3600
            late_h = max(0.0, (lot.legs[-1].arrives_at - item.due_at).total_seconds() / 3600)
            value = item.cargo_value_yuan_per_t
            yuan += lot.mass_kg / 1000 * (value * 0.06 / 8760 * hours + (value * 0.01 + 2) / 24 * late_h)
    return yuan


def plan_by_hand(network_version: str, factors_version: str) -> Plan:
    """The whole plan."""
    parts = lots()
    done = [planned(item, parts[item.shipment_id]) for item in SHIPMENTS if item.shipment_id in parts]
    reason = Reason(
        "外岛港没有公路可达；外岛港周围 60 公里内没有可装卸钢材的码头",
        "No road reaches Island port. No terminal within 60 km of Island port handles steel",
        "no_road_no_water",
        lacks="way",
    )
    everything = [*done[:5], PlannedShipment("S6", "rejected", reason, None, (), None, (), None, 0), *done[5:]]
    legs = [part for item in done for lot in item.lots for part in lot.legs]
    wet = [part for part in legs if part.mode in ("InlandWaterway", "Sea")]
    objective = objective_yuan(done)
    bases = [item.baseline for item in done if item.baseline]
    savings = [item.saving for item in done if item.saving]
    totals = Totals(
        planned=minus(total(bases), total(savings)),
        baseline=total(bases),
        saving=total(savings),
        mass_kg=2_720_000,
        water_mass_kg=600_000 + 700_000 + 400_000 + 500_000 + 100_000,
        activity_kgkm=sum(part.activity_kgkm for part in legs),
        water_activity_kgkm=sum(part.activity_kgkm for part in wet),
        empty_km=240.0,
        loaded_km=240.0,
    )
    return Plan(
        status="feasible",
        objective_yuan=objective,
        bound_yuan=objective - 100,
        gap=100 / objective,
        seconds=1.0,
        settings={
            "carbon_price_yuan_per_t": 100.0,
            "co2e_cap_t": None,
            "horizon_days": None,
            "gap": 0.01,
            "time_limit_s": None,
            "seed": 0,
            "own_voyages": True,
            "stop": "gap",
        },
        versions={"network": network_version, "factors": factors_version},
        shipments=tuple(everything),
        voyages=(V1, V2, V3, V4, V5, V6),
        binding=(),
        totals=totals,
    )
