"""Why a shipment stays on the road, or behind: the sentence fits the case and carries the figures."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from optimizer.network.model import Closure, FleetEntry, Network
from optimizer.planning.layout.waterway import WaterPrice, WaterRoute, WaterWays
from optimizer.planning.plan import Plan, Reason
from optimizer.planning.shipment import Shipment
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.corridor import corridor
from tests.planning.plan_by_hand import SHIPMENTS
from tests.planning.solved import best_plan, by_id, lay_out

TINY = tiny_network()


def stone(mass_t: float = 450, *, origin: str = "MILL", due_h: float = 96.0, splittable: bool = True) -> Shipment:
    """A shipment of stone to the lower port, ready at the start."""
    due_at = TINY_START + timedelta(hours=due_h)
    return Shipment("S1", "E1", "stone", round(mass_t * 1000), origin, "DOWN", TINY_START, due_at, splittable, 500.0)


def planned(network: Network, *shipments: Shipment, faults: frozenset[str] = frozenset()) -> Plan:
    """The best plan, which must hold but for ``faults``."""
    case = lay_out(network, shipments)
    x = case.solve().x
    assert x is not None
    plan = case.assemble(x)
    assert {fault.code for fault in case.check(plan)} == faults
    return plan


def why(network: Network, *shipments: Shipment, faults: frozenset[str] = frozenset()) -> Reason:
    """Why the first shipment stays on the road. ``faults``: what the check may find."""
    first = planned(network, *shipments, faults=faults).shipments[0]
    assert {leg.mode for lot in first.lots for leg in lot.legs} == {"Road"}
    assert first.on_road_because is not None
    return first.on_road_because


def dear_vessels(factor: float) -> Network:
    """The tiny world with small vessels only, which cost many times as much a day."""
    return replace(
        TINY,
        fleet=TINY.fleet[:1],
        vessel_classes={
            name: replace(
                vessel,
                cost_yuan_per_day=vessel.cost_yuan_per_day * factor,
                charter_yuan_per_day=vessel.charter_yuan_per_day * factor,
            )
            for name, vessel in TINY.vessel_classes.items()
        },
    )


def test_what_sails_needs_no_excuse() -> None:
    """A shipment of which any part goes by water, sea or rail has no reason to be on the road."""
    plan = best_plan(corridor(), SHIPMENTS)
    assert by_id(plan, "S1").on_road_because is None
    assert by_id(plan, "S2").on_road_because is None
    assert by_id(plan, "S4").on_road_because is None


def test_no_terminal_near_the_door() -> None:
    """The distance to the nearest terminal is named."""
    far = replace(TINY.locations["PIT"], location_id="FAR", name_zh="远方", name_en="Far away", latitude=31.0)
    network = replace(TINY, locations={**TINY.locations, "FAR": far})
    because = why(network, stone(origin="FAR"))
    assert because.zh.startswith("远方周围 50 公里内没有可装卸石料的码头（最近的 上游码头 相距 ")
    assert because.en.startswith("No terminal within 50 km of Far away handles stone (the nearest, Upper port, is ")


def test_no_vessel_for_the_cargo() -> None:
    """Vessels that carry coal only leave stone ashore."""
    vessels = {name: replace(vessel, cargo_groups=("coal",)) for name, vessel in TINY.vessel_classes.items()}
    because = why(replace(TINY, vessel_classes=vessels), stone())
    assert because.zh == "船队中没有可装运石料的内河船。"
    assert because.en == "No inland vessel of the fleet may carry stone."
    assert (because.code, because.lacks) == ("no_vessel_for_cargo", "way")


def test_no_way_for_any_class() -> None:
    """A river that takes 300 t is none for vessels of 500 t and more."""
    links = {k: replace(v, max_vessel_dwt_t=300.0) if v.waterway else v for k, v in TINY.links.items()}
    assert "No vessel class of the fleet can pass" in why(replace(TINY, links=links), stone()).en


def test_too_large_to_stay_whole() -> None:
    """1,200 t in one piece; the largest vessel takes 1,000."""
    because = why(TINY, stone(1200, splittable=False))
    assert because.zh == "不可拆分的 1,200.0 吨装不进任何一艘船（水深允许时最大载 1,000 吨）。"
    assert (because.code, because.lacks, because.short, because.unit) == ("whole_too_large", "room", 200.0, "t")


def test_too_late_by_how_many_hours() -> None:
    """The lock is shut until hour 100; the first vessel (BIG, slot 17 at 102 h) is at the door after 6 h of loading,
    9.83 of sailing and 6 of discharging, or the small one after 3.5, 9.83 and 3.5: 118.83 h, due 24 + 72 h."""
    shut = Closure("C", "lock", "L1", TINY_START, TINY_START + timedelta(hours=100), "检修", "repair", MADE_UP)
    because = why(replace(TINY, closures=(shut,)), stone(due_h=24))
    assert "小船" in because.zh
    assert "晚 17 小时" in because.zh or "晚 23 小时" in because.zh
    assert "due 10-02 00:00, by water at most 72 h later" in because.en
    assert (because.code, because.option, because.lacks, because.unit) == ("too_slow", "SMALL UP-DOWN", "time", "h")
    assert 16 < because.short < 24


def test_no_sailing_at_all() -> None:
    """A closure over the whole plan leaves no sailing."""
    shut = Closure("C", "lock", "L1", TINY_START, TINY_START + timedelta(days=60), "检修", "repair", MADE_UP)
    assert "没有可开的航次" in why(replace(TINY, closures=(shut,)), stone()).zh


def figures(because: Reason) -> list[float]:
    """The numbers of the Chinese sentence."""
    return [float(text.replace(",", "")) for text in re.findall(r"[0-9][0-9,]*(?:\.[0-9]+)?", because.zh)]


SMALL_TONNE_YUAN = 2 * 10 + 12 + 1.0 * 100 / 500 * 8 + (2 * 0.1 * 4 + 2 * 0.7 * 0.5 + 100 / 500 * 4) * 0.1
"""Two terminals, drayage, the load's own fuel (1 kg/km more when full) and priced CO2e of these."""


def small_tonne_yuan(network: Network) -> float:
    """A tonne aboard SMALL without the vessel: also the drayage truck's CO2e and 16.83 h of the cargo's value."""
    truck_kg = 5 * (0.3 + 0.2) / 30 * 4
    return SMALL_TONNE_YUAN + truck_kg * 0.1 + 500 * 0.06 / 8760 * (3.5 + 100 / 12 + 1.5 + 3.5)


def test_dearer_even_in_a_full_vessel() -> None:
    """At ten times the day rate: 18 h of SMALL at 20,000 yuan a day and 200 kg of fuel over 500 t, no way back."""
    because = why(dear_vessels(10), stone())
    ship_yuan = 20_000 * 0.75 + 200 * (8 + 4 * 0.1)
    assert because.zh.startswith("水路较贵：小船")
    price, road = figures(because)
    assert (because.code, because.option, because.lacks) == ("water_dearer", "SMALL UP-DOWN", "money")
    assert (because.short, because.unit) == (pytest.approx(price - road, abs=0.11), "yuan/t")
    assert price == pytest.approx(small_tonne_yuan(TINY) + ship_yuan / 500, abs=0.06)
    # 120 km by truck: 10 + 0.4 x 120 yuan, its CO2e, and 4 h of the cargo's value.
    truck_kg = 120 * (0.3 + 0.2 * 0.3 / 0.7) / 30 * 4
    assert road == pytest.approx(58 + truck_kg * 0.1 + 500 * 0.06 / 8760 * 4, abs=0.06)


def test_a_cargo_for_the_way_back_is_missing() -> None:
    """At six times the day rate one way would pay and the empty way back eats it up: 12 h and 200 kg more."""
    because = why(dear_vessels(5), stone())
    assert because.zh.startswith("没有回程货就不划算：小船")
    one_way, round_trip, road = figures(because)
    assert one_way < road < round_trip
    assert because.code == "return_cargo_missing"
    assert because.short == pytest.approx(round_trip - road, abs=0.11)
    back_yuan = 10_000 * 0.5 + 200 * (8 + 4 * 0.1)
    assert round_trip - one_way == pytest.approx(back_yuan / 500, abs=0.11)


def test_too_little_for_a_vessel_of_its_own() -> None:
    """20 t: a round trip of SMALL (1.25 days, 400 kg) against what a tonne saves on the road gives the least load."""
    because = why(replace(TINY, fleet=TINY.fleet[:1]), stone(20))
    assert because.zh.startswith("货量太少：小船")
    least_t, mass_t = figures(because)
    trip_yuan = 2_000 * 1.25 + 400 * (8 + 4 * 0.1)
    road_yuan = 58 + 120 * (0.3 + 0.2 * 0.3 / 0.7) / 30 * 4 * 0.1 + 500 * 0.06 / 8760 * 4
    assert mass_t == 20.0
    assert (because.code, because.lacks, because.unit) == ("too_little_cargo", "cargo", "t")
    assert because.short == pytest.approx(least_t - mass_t, abs=0.6)
    assert least_t == pytest.approx(trip_yuan / (road_yuan - small_tonne_yuan(TINY)), abs=1)


def dear_fleet() -> Network:
    """Both classes at ten times their day rates, so that everything stays on the road."""
    return replace(dear_vessels(10), fleet=TINY.fleet)


MADE_UP_PRICES = frozenset({"reason"})
"""The check knows the true prices, so it finds a reason by others not to hold."""


def priced(monkeypatch: pytest.MonkeyPatch, **prices: tuple[float, float, float]) -> None:
    """Let each class cost so much a tonne one way and there and back, and pay from so many tonnes on."""

    def price(_: WaterWays, k: int, water: WaterRoute, road: float) -> WaterPrice:
        assert 58 < road < 60
        return WaterPrice(*prices[water.families[0].vessel_class])

    monkeypatch.setattr(WaterWays, "price", price)


def test_what_must_stay_whole_is_told_of_a_vessel_that_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """700 t in one piece: that SMALL (500 t) would be cheaper is no answer."""
    priced(monkeypatch, SMALL=(70.0, 80.0, 900.0), BIG=(75.0, 85.0, 900.0))
    because = why(dear_fleet(), stone(700, splittable=False), faults=MADE_UP_PRICES)
    assert (because.code, because.option) == ("water_dearer", "BIG UP-DOWN")


def test_water_is_dearer_only_where_no_voyage_pays_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """BIG is the cheaper round trip and loses even one way; SMALL pays one way: a cargo back is what is missing."""
    priced(monkeypatch, SMALL=(50.0, 90.0, 900.0), BIG=(70.0, 80.0, 900.0))
    because = why(dear_fleet(), stone(), faults=MADE_UP_PRICES)
    assert (because.code, because.option) == ("return_cargo_missing", "SMALL UP-DOWN")
    assert because.short == pytest.approx(90 - 59, abs=1)
    priced(monkeypatch, SMALL=(75.0, 76.0, 900.0), BIG=(70.0, 80.0, 900.0))
    because = why(dear_fleet(), stone(), faults=MADE_UP_PRICES)
    assert (because.code, because.option) == ("water_dearer", "BIG UP-DOWN")


def test_the_least_load_is_one_that_the_vessel_can_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    """SMALL would pay from 520 t on and carries 500; BIG pays from 600 t on: of 550 t that is 50 t too little."""
    priced(monkeypatch, SMALL=(50.0, 62.0, 520.0), BIG=(45.0, 55.0, 600.0))
    because = why(dear_fleet(), stone(550), faults=MADE_UP_PRICES)
    assert (because.code, because.option, because.short) == ("too_little_cargo", "BIG UP-DOWN", pytest.approx(50.0))


def test_vessels_went_to_cargo_that_gains_more() -> None:
    """One vessel, time for one trip, and a neighbour whose road is longer: water would pay, but it is taken."""
    fleet = (FleetEntry("own", "SMALL", "UP", 1, TINY_START, "own", MADE_UP),)
    later = TINY_START + timedelta(hours=12)
    shut = Closure("C", "terminal", "UP", later, later + timedelta(days=60), "检修", "repair", MADE_UP)
    roads = {**TINY.links, "PIT-DOWN": replace(TINY.links["PIT-DOWN"], distance_km=300.0)}
    network = replace(TINY, fleet=fleet, closures=(shut,), links=roads)
    because = why(network, stone(500), replace(stone(500, origin="PIT"), shipment_id="S2"))
    assert because.zh.startswith("水路本可更便宜（小船")
    assert "船舶或过闸名额" in because.zh
    assert (because.code, because.lacks, because.short) == ("vessels_taken", "room", 500.0)


def test_no_room_for_a_whole_shipment() -> None:
    """Three of 300 t that must stay whole, set on one sailing of two 500 t vessels: the third says why it left."""
    items = [replace(stone(300, splittable=False), shipment_id=f"S{n}") for n in range(3)]
    case = lay_out(TINY, items)
    small = [next(c for c in case.cargo_columns(k) if case.family(c).vessel_class == "SMALL") for k in range(3)]
    x = case.solve(dict.fromkeys(small, 1.0)).x
    assert x is not None
    plan = case.assemble(x)
    assert case.check(plan) == []
    because = [item.on_road_because for item in plan.shipments]
    assert because[:2] == [None, None]
    assert because[2] is not None
    assert "300.0 吨" in because[2].zh
    assert (because[2].code, because[2].short) == ("sailing_full", 300.0)


def test_left_behind_for_want_of_vessels() -> None:
    """A place that only vessels reach, too few of them, and cargo that must stay whole: rejected, with what would
    help."""
    locations = {**TINY.locations, "UP": replace(TINY.locations["UP"], road_access=False)}
    fleet = (FleetEntry("own", "SMALL", "UP", 1, TINY_START, "own", MADE_UP),)
    plan = planned(
        replace(TINY, locations=locations, fleet=fleet),
        replace(stone(5000, origin="UP"), splittable=False),
    )
    assert plan.shipments[0].status == "rejected"
    reason = plan.shipments[0].reason
    assert reason is not None
    assert reason.zh == "没有公路可走，计划期内的船舶、船闸与码头也安排不下；请放宽时限。"
    assert (reason.code, reason.lacks, reason.short, reason.unit) == ("no_road_no_room", "room", 5000.0, "t")
    assert plan.voyages == ()
