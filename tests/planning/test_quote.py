"""A quote holds every way that no other one beats, and no way that another one beats."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.actions import QuoteDesk
from optimizer.emissions.factors import load_factors
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Closure, Network, Parameter, WaterLevel
from optimizer.network.reader import read_network
from optimizer.planning.plan import Amounts
from optimizer.planning.quote import MAX_SHOWN, Quote, QuoteOption, quote
from optimizer.planning.quote.calendar import FIRST_SLOT_AT, SLOT, SailingCalendar, moments_of_change, slot_at
from optimizer.planning.quote.document import quote_to_json
from optimizer.planning.quote.words import reasons_why
from optimizer.planning.routing.route import Route
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.corridor import START
from tests.planning.quote_by_hand import parted_corridor, quoted_corridor, try_everything
from tests.planning.round_factors import round_factors

ON = date(2026, 10, 1)
FEN, GRAM = 10, 10
"""More than the roundings of a chain's legs."""

assert START == TINY_START


def ask(network: Network, shipment: Shipment) -> Quote:
    """A quote with the round factors."""
    graph = NetworkGraph(network)
    return quote(shipment, RouteBook(network, graph, round_factors(), ON), graph)


def steel(
    origin: str = "MILL", destination: str = "SITE", *, ready_h: float = 0, hours: float = 240, **more: object
) -> Shipment:
    """720 t, nine tenths of the corridor's barge."""
    ready_at = START + timedelta(hours=ready_h)
    given = {"mass_kg": 720_000, **more}
    return Shipment(
        "S",
        "E",
        "steel",
        given.pop("mass_kg"),
        origin,
        destination,
        ready_at,
        ready_at + timedelta(hours=hours),
        **given,
    )  # type: ignore[arg-type]


def without_rail() -> Network:
    """The corridor without its rail yards."""
    network = quoted_corridor()
    terminals = {key: row for key, row in network.terminals.items() if key[0] not in ("RYU", "RYL")}
    return replace(network, terminals=terminals)


def codes(answer: Quote) -> list[str]:
    """Why something is missing, in order."""
    return [reason.code for reason in answer.missing]


def river(answer: Quote) -> list[QuoteOption]:
    """The options of the Pareto set with a voyage between UP and LOW, first arrival first."""
    found = [
        o
        for o in answer.pareto
        if any(leg.vessels and (leg.origin, leg.destination) == ("UP", "LOW") for leg in o.legs)
    ]
    return sorted(found, key=lambda option: option.arrives_at)


# --- against brute force -------------------------------------------------------------------------------------------

CLOSABLE = {
    "tiny": [("link", "UP-MID"), ("link", "MID-DOWN"), ("lock", "L1"), ("terminal", "UP"), ("terminal", "DOWN")],
    "corridor": [
        ("link", "MID-LOW"), ("link", "LOW-ISLE"), ("lock", "L1"), ("lock", "L2"), ("terminal", "UP"),
        ("terminal", "LOW"), ("terminal", "ISLE"), ("terminal", "RYU"),
    ],
}  # fmt: skip
CLOSABLE["parted"] = CLOSABLE["corridor"]
LEVELLED = {"tiny": ["UP-MID", "MID-DOWN"], "corridor": ["UP-MID", "MID-LOW"], "parted": ["UP-MID", "MID-LOW"]}
PLACES = {
    "tiny": (["PIT", "MILL", "UP", "DOWN"], ["coal", "stone"]),
    "corridor": (["MILL", "SITE", "UP", "MID", "LOW", "ISLE", "RYU", "RYL"], ["steel", "coal"]),
    "parted": (["MILL", "SITE", "UP", "LOW", "ISLE", "RYL"], ["steel", "coal"]),
}
WORLDS = {"tiny": tiny_network(), "corridor": quoted_corridor(), "parted": parted_corridor()}


@st.composite
def cases(draw: st.DrawFn) -> tuple[Network, Shipment]:
    """A tiny world with closures and water levels, and a shipment in it."""
    name = draw(st.sampled_from(sorted(WORLDS)))
    hour = st.integers(-30, 240)
    closures = []
    for number in range(draw(st.integers(0, 3))):
        kind, item = draw(st.sampled_from(CLOSABLE[name]))
        opens = START + timedelta(hours=draw(hour))
        ends = opens + timedelta(hours=draw(st.integers(1, 90)))
        closures.append(Closure(f"C{number}", kind, item, opens, ends, "检修", "repair", MADE_UP))
    levels = []
    for link in LEVELLED[name]:
        edges = sorted({draw(hour) for _ in range(draw(st.sampled_from([0, 2, 3, 4])))})
        for begins, ends_h in pairwise(edges):
            depth_m = draw(st.sampled_from([0.8, 1.3, 1.8, 2.2, 2.6, 3.4]))
            levels.append(
                WaterLevel(link, START + timedelta(hours=begins), START + timedelta(hours=ends_h), depth_m, MADE_UP)
            )
    places, cargo = PLACES[name]
    # All pairs of slots of two voyages are tried below: a shorter time will do there.
    allowed_h = 60 if name == "parted" else 200
    origin = draw(st.sampled_from(places))
    destination = draw(st.sampled_from([place for place in places if place != origin]))
    ready_at = START + timedelta(minutes=draw(st.integers(0, 200 * 60)))
    shipment = Shipment(
        "S", "E", draw(st.sampled_from(cargo)),
        draw(st.one_of(st.integers(1, 5_000_000), st.sampled_from([1, 450_000, 500_000, 720_000, 800_000, 1_600_000]))),
        origin, destination, ready_at, ready_at + timedelta(hours=draw(st.integers(0, allowed_h))),
        draw(st.booleans()), draw(st.sampled_from([0.0, 500.0, 20_000.0])),
    )  # fmt: skip
    return replace(WORLDS[name], closures=tuple(closures), water_levels=tuple(levels)), shipment


@settings(max_examples=150, deadline=None)
@given(cases())
def test_the_set_is_that_of_trying_everything(case: tuple[Network, Shipment]) -> None:
    """Each option is a (route, slot) that exists at that price; every (route, slot) is matched or beaten by an option;
    no option beats another."""
    network, shipment = case
    graph = NetworkGraph(network)
    book = RouteBook(network, graph, round_factors(), ON)
    answer, tried = quote(shipment, book, graph), try_everything(shipment, book, graph)
    for option in answer.pareto:
        cost_fen, wtw_g, arrives_at = option.vector
        assert any(
            abs(cost_fen - t.yuan * 100) <= FEN
            and abs(wtw_g - t.wtw_kg * 1000) <= GRAM
            and abs(arrives_at - t.arrives_at) <= timedelta(seconds=1)
            for t in tried
        )
    for t in tried:
        assert any(
            o.vector[0] <= t.yuan * 100 + FEN
            and o.vector[1] <= t.wtw_kg * 1000 + GRAM
            and o.vector[2] <= t.arrives_at + timedelta(seconds=1)
            for o in answer.pareto
        )
    for one in answer.pareto:
        assert not any(
            all(a <= b for a, b in zip(other.vector, one.vector, strict=True))
            for other in answer.pareto
            if other is not one
        )
    assert (answer.baseline is None) == (not any(t.route.kind == "road" for t in tried))


@settings(max_examples=60, deadline=None)
@given(cases())
def test_what_is_shown_adds_up(case: tuple[Network, Shipment]) -> None:
    """Totals are sums of legs, legs follow each other, savings are road minus option, labels lie on shown options."""
    answer = ask(*case)
    beside = [o for o in (answer.baseline, answer.water) if o is not None]
    for option in [*answer.pareto, *beside]:
        assert option.amounts.cost_fen == sum(leg.cost_fen for leg in option.legs)
        assert option.amounts.co2e_wtw_g == sum(leg.co2e_wtw_g for leg in option.legs)
        assert option.amounts.co2e_ttw_g == sum(leg.co2e_ttw_g for leg in option.legs)
        assert option.arrives_at - case[1].ready_at == timedelta(seconds=option.amounts.duration_s)
        assert [option.legs[0].origin, option.legs[-1].destination] == [case[1].origin, case[1].destination]
        for before, after in pairwise(option.legs):
            assert before.destination == after.origin
            assert before.arrives_at <= after.departs_at
        if answer.baseline is not None:
            assert option.saving is not None
            assert option.saving.cost_fen == answer.baseline.amounts.cost_fen - option.amounts.cost_fen
        assert option.dominated == (option not in answer.pareto)
    assert len(answer.options) == min(MAX_SHOWN, len(answer.pareto))
    labels = [label for option in answer.options for label in option.labels]
    assert sorted(labels) == (["cheapest", "fastest", "lowest_carbon", "recommended"] if answer.pareto else [])
    assert answer.options == () or "recommended" in answer.options[0].labels


# --- by hand -------------------------------------------------------------------------------------------------------


def test_road_and_river_of_the_corridor_by_hand() -> None:
    """Road: 58 yuan/t, 4 h. River, yuan/t: 12 drayage + 10 + 0.7 tolls + voyage + 12 + 12, where the voyage takes a day
    (2,400) and 390 kg of fuel (3,120) and a quarter of an empty one (450 + 600): 6,570 / 720 t. Its kg CO2e/t: voyage
    (390 + 75) x 4 / 720, two hubs 1.3, 15 km of drayage at 0.5 / 18 x 4: 6.85. It leaves at six."""
    answer = ask(quoted_corridor(), steel())
    road, water = answer.baseline, answer.water
    assert road is not None
    assert water is not None
    assert road.amounts == Amounts(4_176_000, 3_124_286, 4_165_714, 4 * 3600)
    assert road.arrives_at == START + timedelta(hours=4)
    assert (water.amounts.cost_fen, water.amounts.co2e_wtw_g) == (4_019_400, 4_932_000)
    assert water.arrives_at == START + timedelta(hours=26, minutes=18)
    assert [leg.role for leg in water.legs] == ["pre", "hub", "main", "hub", "post"]
    voyage = water.legs[2]
    assert (voyage.cost_fen, voyage.co2e_wtw_g, voyage.vessels, voyage.load_kg) == (707_400, 1_860_000, 1, 720_000)
    assert (voyage.distance_km, voyage.distance_basis, voyage.activity_kgkm) == (100.0, "actual", 72_000_000)
    assert voyage.departs_at == START + timedelta(hours=9)
    assert answer.water in river(answer)


def test_water_that_emits_more_is_shown_and_not_recommended() -> None:
    """The river of the corridor is cheaper and dirtier than the road: both are said, and the road is recommended."""
    answer = ask(quoted_corridor(), steel())
    assert answer.recommended is answer.baseline
    assert answer.water is not None
    assert answer.water.saving is not None
    assert answer.water.saving.cost_fen > 0 > answer.water.saving.co2e_wtw_g
    assert "多排 766.3 kg" in answer.verdict.zh
    assert "766.3 kg CO2e (18.4%) more" in answer.verdict.en


def test_water_that_is_cheaper_and_too_late_is_said_to_be_late() -> None:
    """Why a cheaper way is not recommended stands in the verdict: by how many hours it misses the due time."""
    answer = ask(quoted_corridor(), steel(hours=20))
    assert answer.recommended is answer.baseline
    assert answer.water is not None
    assert answer.water.late_s == 6 * 3600 + 18 * 60
    assert "比期限晚 6.3 小时" in answer.verdict.zh
    assert "6.3 h after the due time" in answer.verdict.en


def test_a_recommended_way_that_is_late_is_said_to_be_late() -> None:
    """Where not even the road arrives in time, the verdict does not recommend it in silence."""
    answer = ask(quoted_corridor(), steel(hours=3))
    assert answer.recommended is answer.baseline
    assert "没有方案能按期送达，它最早到，晚 1.0 小时" in answer.verdict.zh
    assert "Nothing arrives in time; this comes first, 1.0 h late." in answer.verdict.en


def test_the_reasons_split_water_into_parts_that_add_up() -> None:
    """Money, CO2e and hours of the corridor's river by ship, truck, handling and waiting, beside the road's."""
    cost, co2e, hours = reasons_why(ask(quoted_corridor(), steel()))
    assert cost.en.startswith("Cost (yuan): road 41,760.00; water 40,194.00 = ship 7,074.00 + ")
    assert co2e.zh.startswith("排放（kg CO2e）：公路 4,165.7；水路 4,932.0 = 船 1,860.0 + ")
    assert hours.en.startswith("Time (h): road 4.0; water 26.3 = ")
    for words, total, off in ((cost, 40_194, 0.001), (co2e, 4_932, 0.2), (hours, 26.3, 0.2)):
        parts = words.en.removesuffix(".").split(" = ")[1].split(" + ")
        assert sum(float(part.split()[-1].replace(",", "")) for part in parts) == pytest.approx(total, abs=off)


def test_without_a_road_there_is_nothing_to_split() -> None:
    """Reasons compare two ways; an island has one."""
    assert reasons_why(replace(ask(quoted_corridor(), steel()), baseline=None)) == ()


def test_water_that_nothing_speaks_for_is_still_beside() -> None:
    """Where the road beats water in everything, the set is the road, and the water way stands beside it as beaten."""
    network = without_rail()
    price = replace(network.tariffs["road-line"], fixed_yuan_per_t=0.1, yuan_per_tkm=0.01)
    cheap = {**network.tariffs, "road-line": price}
    answer = ask(replace(network, tariffs=cheap), steel())
    assert [option.kind for option in answer.pareto] == ["road"]
    assert answer.water is not None
    assert answer.water.dominated
    assert answer.options[0].labels == ("recommended", "cheapest", "fastest", "lowest_carbon")


def test_a_closure_shifts_the_departure() -> None:
    """Lock L2 is shut on 21 October: what would reach it then berths 24 hours later, and the closure is named."""
    answer = ask(quoted_corridor(), steel(ready_h=19 * 24 + 12))
    first = river(answer)[0]
    assert first.legs[1].departs_at == START + timedelta(days=20, hours=18)
    (shut,) = (reason.message for reason in answer.missing if reason.code == "closure")
    lock = quoted_corridor().locks["L2"]
    assert shut.zh.startswith(f"{lock.name_zh}船闸停航（")
    assert f"{START + timedelta(days=20):%Y-%m-%d} 00:00 至 " in shut.zh
    assert shut.en.startswith(f"{lock.name_en} lock is shut (")
    network = replace(quoted_corridor(), closures=())
    assert river(ask(network, steel(ready_h=19 * 24 + 12)))[0].legs[1].departs_at == START + timedelta(
        days=19, hours=18
    )


def test_low_water_raises_the_cost_and_waiting_is_offered_beside() -> None:
    """In 1.8 m of water the barge loads 400 t: two vessels with 360 t each now, or one with 720 t when it is over."""
    network = without_rail()
    dear = {**network.tariffs, "road-line": replace(network.tariffs["road-line"], fixed_yuan_per_t=100.0)}
    answer = ask(replace(network, tariffs=dear), steel(ready_h=10 * 24))
    now, later = river(answer)[0], river(answer)[-1]
    assert [(leg.vessels, leg.load_kg) for leg in now.legs if leg.vessels] == [(2, 360_000)]
    assert [(leg.vessels, leg.load_kg) for leg in later.legs if leg.vessels] == [(1, 720_000)]
    assert now.amounts.cost_fen > later.amounts.cost_fen == 4_019_400
    assert now.amounts.co2e_wtw_g > later.amounts.co2e_wtw_g
    assert "400" in now.assumptions[0].zh


def test_an_urgent_shipment_gets_the_fastest_way() -> None:
    """Where nothing arrives in time, the first to arrive is recommended, and lateness is stated."""
    answer = ask(quoted_corridor(), steel(hours=3))
    assert answer.recommended is not None
    assert (answer.recommended.kind, answer.recommended.late_s) == ("road", 3600)


def test_what_comes_too_late_is_named_with_its_hours() -> None:
    """A train that leaves every ten days misses the 72 h: ready at noon of the first day, it arrives ten days later."""
    network = quoted_corridor()
    slow = {**network.parameters, "rail_service_interval_h": Parameter("rail_service_interval_h", 240.0, "h", MADE_UP)}
    answer = ask(replace(network, parameters=slow), steel(ready_h=12, hours=24))
    assert "rail" not in {option.kind for option in answer.pareto}
    late = next(reason for reason in answer.missing if reason.code == "too_late")
    assert "铁路" in late.message.zh
    assert "213." in late.message.en


def test_a_place_without_water_has_the_road_and_the_reasons() -> None:
    """No terminal anywhere near: one option, and a sentence for each door."""
    answer = ask(replace(quoted_corridor(), terminals={}), steel())
    assert [option.kind for option in answer.options] == ["road"]
    assert (answer.water, codes(answer)) == (None, ["no_terminal", "no_terminal"])
    assert "上游钢厂" in answer.missing[0].message.zh


def test_an_island_has_ship_and_truck_as_its_road() -> None:
    """No truck reaches ISLE: the baseline is a ship to the mainland and a truck from there."""
    answer = ask(quoted_corridor(), steel("ISLE", "SITE"))
    assert answer.baseline is not None
    assert [leg.mode for leg in answer.baseline.legs] == ["Hub", "Sea", "Hub", "Road"]
    assert "外岛港" in answer.baseline.title.zh


def test_services_wait_for_what_is_shut() -> None:
    """The island's terminal opens after 30 h; loading takes 8.5 h; the ship of 48 h would meet a closed strait, so the
    cargo leaves with that of 72 h."""
    shut = [
        Closure("C1", "terminal", "ISLE", START, START + timedelta(hours=30), "台风", "typhoon", MADE_UP),
        Closure(
            "C2", "link", "LOW-ISLE", START + timedelta(hours=47), START + timedelta(hours=60), "雾", "fog", MADE_UP
        ),
    ]
    answer = ask(replace(quoted_corridor(), closures=tuple(shut)), steel("ISLE", "SITE"))
    assert answer.baseline is not None
    begins = [(leg.departs_at - START) / timedelta(hours=1) for leg in answer.baseline.legs]
    assert begins[:2] == [30, 72]


def test_nobody_reaches_an_island_without_a_terminal() -> None:
    """Then there is no option at all, and that is an answer."""
    answer = ask(replace(quoted_corridor(), terminals={}), steel("ISLE", "SITE"))
    assert (answer.options, answer.baseline, answer.recommended) == ((), None, None)
    assert "no_terminal" in codes(answer)


@pytest.mark.parametrize(
    ("mass_kg", "vessels", "load_kg"),
    [(1, 1, 720_000), (5_000_000, 7, 720_000), (800_001, 2, 720_000), (800_000, 1, 800_000)],
)
def test_vessels_and_loads_follow_the_mass(mass_kg: int, vessels: int, load_kg: int) -> None:
    """A kilogram shares a vessel nine tenths full; 5,000 t need seven of 800 t."""
    water = ask(quoted_corridor(), steel(mass_kg=mass_kg)).water
    assert water is not None
    assert [(leg.vessels, leg.load_kg) for leg in water.legs if leg.vessels] == [(vessels, load_kg)]


def test_an_indivisible_shipment_needs_one_hold() -> None:
    """801 t that may not be split cannot go in an 800 t barge; split, they can."""
    answer = ask(quoted_corridor(), steel(mass_kg=801_000, splittable=False))
    assert river(answer) == []
    assert "indivisible" in codes(answer)
    assert river(ask(quoted_corridor(), steel(mass_kg=801_000)))


def test_a_class_that_is_too_large_is_named_with_the_link() -> None:
    """BIG (1,000 t) may not use a stretch for 900 t; SMALL still sails."""
    network = tiny_network()
    links = {**network.links, "MID-DOWN": replace(network.links["MID-DOWN"], max_vessel_dwt_t=900.0)}
    shipment = Shipment("S", "E", "coal", 400_000, "PIT", "DOWN", START, START + timedelta(days=9))
    answer = ask(replace(network, links=links), shipment)
    assert codes(answer) == ["class_too_large"]
    assert "MID-DOWN" in answer.missing[0].message.en
    assert {leg.vehicle_class for o in answer.pareto for leg in o.legs if leg.vessels} == {"SMALL"}


TINY = tiny_network()
SMALL_BERTHS = {key: replace(row, max_vessel_dwt_t=100.0) for key, row in TINY.terminals.items()}
DROUGHT = WaterLevel("UP-MID", START - timedelta(days=1), START + timedelta(days=99), 0.5, MADE_UP)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fleet": ()}, "no_vessel"),
        ({"links": {key: link for key, link in TINY.links.items() if key != "UP-MID"}}, "no_waterway"),
        ({"terminals": SMALL_BERTHS}, "terminal_too_small"),
        ({"water_levels": (DROUGHT,)}, "low_water"),
    ],
)
def test_each_obstacle_has_its_reason(change: dict[str, object], code: str) -> None:
    """No vessel, no way, too small a berth, too little water: the road remains and the reason is given."""
    shipment = Shipment("S", "E", "coal", 400_000, "PIT", "DOWN", START, START + timedelta(days=9))
    answer = ask(tiny_network(**change), shipment)
    assert [option.kind for option in answer.pareto] == ["road"]
    assert code in codes(answer)


# --- calendars, documents, the shipped network ---------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(cases())
def test_a_calendar_knows_every_slot(case: tuple[Network, Shipment]) -> None:
    """Whatever closes or falls, on the hour of a slot or between two: each slot is as it is when looked up alone, in
    whatever order they are asked for."""
    network, _ = case
    graph = NetworkGraph(network)
    doors = ("PIT", "DOWN", "coal") if "PIT" in network.locations else ("MILL", "SITE", "coal")
    routes = [r for r in RouteBook(network, graph, round_factors(), ON).routes(*doors) if r.planned_at is not None]
    for route in routes[:2]:
        assert_every_slot_is_known(graph, route, START - timedelta(days=5), 17 * 4)


@pytest.mark.parametrize("item", CLOSABLE["corridor"])
def test_a_calendar_is_right_on_the_very_hour(item: tuple[str, str]) -> None:
    """A closure that begins or ends exactly when a vessel leaves or enters touches the one slot and not the other."""
    for hour in range(6):
        shut = Closure("C", *item, START + timedelta(hours=hour), START + timedelta(hours=hour + 21), "", "", MADE_UP)
        graph = NetworkGraph(replace(quoted_corridor(), closures=(shut,)))
        routes = RouteBook(graph.network, graph, round_factors(), ON).routes("MILL", "SITE", "steel")
        route = next(r for r in routes if any(leg.planned and leg.origin == "UP" for leg in r.legs))
        assert_every_slot_is_known(graph, route, START - timedelta(days=5), 40)


def assert_every_slot_is_known(graph: NetworkGraph, route: Route, begins: datetime, slots: int) -> set[float]:
    """Compare a calendar with the graph slot by slot, last slot first; the capacities met."""
    at = route.planned_at or 0
    leg, load_h, discharge_h = route.legs[at], route.legs[at - 1].hours, route.legs[at + 1].hours
    assert leg.lane is not None
    calendar = SailingCalendar(graph, moments_of_change(graph.network), leg, load_h, discharge_h)
    first = slot_at(begins)
    states = []
    for slot in range(first + slots, first - 1, -1):
        berths = FIRST_SLOT_AT + slot * SLOT
        casts_off = berths + timedelta(seconds=round(load_h * 3600))
        arrives = casts_off + timedelta(hours=leg.hours)
        shut = (
            graph.closed(leg.lane, casts_off) is not None
            or graph.terminal_closed(leg.origin, berths, casts_off)
            or graph.terminal_closed(leg.destination, arrives, arrives + timedelta(hours=discharge_h))
        )
        states.append((0.0 if shut else graph.capacity_t(leg.lane, casts_off), shut))
        assert (calendar.capacity_t(slot), bool(calendar.closure(slot))) == states[-1]
    changed = {first + slots - i for i in range(slots) if states[i] != states[i + 1]}
    assert changed <= set(calendar.changes(first, first + slots))
    return {capacity_t for capacity_t, _ in states}


def test_a_calendar_knows_every_slot_of_the_shipped_network() -> None:
    """Through an October of low water and a winter of stopped locks, with few slots to look at."""
    network = read_network()
    graph = NetworkGraph(network)
    routes = [r for r in RouteBook(network, graph, load_factors(), ON).routes("ZP", "QJ", "coal") if r.planned_at]
    for route in routes[:3]:
        assert len(assert_every_slot_is_known(graph, route, datetime(2026, 10, 1, tzinfo=CHINA_TIME), 150 * 4)) > 1


def test_the_same_question_gets_the_same_bytes() -> None:
    """Fresh books and kept ones, first and second time."""
    desk = QuoteDesk(read_network(), load_factors())
    ready_at = START + timedelta(days=9)
    shipment = Shipment("S", "E", "coal", 1_600_000, "ZP", "QJ", ready_at, ready_at + timedelta(days=14), True, 750.0)
    texts = {quote_to_json(desk.quote(shipment), {}) for _ in range(2)}
    texts.add(quote_to_json(QuoteDesk(read_network(), load_factors()).quote(shipment), {}))
    assert len(texts) == 1


def test_the_document_carries_what_a_plan_carries() -> None:
    """Amounts as exact decimals, legs with their factors, in the unit the key names."""
    answer = ask(quoted_corridor(), steel())
    document = json.loads(quote_to_json(answer, {"network": "corridor"}))
    assert document["shipment"]["mass_t"] == 720.0
    assert document["water"]["amounts"] == {
        "cost_yuan": 40194.0, "co2e_ttw_kg": 3159.0, "co2e_wtw_kg": 4932.0, "duration_h": 26.3
    }  # fmt: skip
    assert document["water"]["saving"]["cost_yuan"] == 1566.0
    assert document["baseline"]["legs"][0]["factor_ids"] == ["diesel", "diesel-co2", "diesel-coal"]
    assert len(document["pareto"]) == len(answer.pareto)
    assert document["versions"] == {"network": "corridor"}


def test_days_between_changes_of_factors_share_their_routes() -> None:
    """A desk prices routes once for all days on which the factors are the same, and the answer is that of the day."""
    network, factors = read_network(), load_factors()
    desk = QuoteDesk(network, factors)
    graph = NetworkGraph(network)
    for days in (0, 40):
        ready_at = START + timedelta(days=days)
        shipment = Shipment("S", "E", "coal", 800_000, "ZP", "QJ", ready_at, ready_at + timedelta(days=14))
        book = RouteBook(network, graph, factors, ready_at.date())
        assert desk.quote(shipment) == quote(shipment, book, graph)


def test_a_desk_that_forgets_answers_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for one pair of doors only: the second question makes it forget the first, whose answer does not change."""
    monkeypatch.setattr("optimizer.actions.quoting.MAX_DOORS_KEPT", 1)
    desk = QuoteDesk(quoted_corridor(), round_factors())
    there, back = steel(), steel("SITE", "MILL")
    first = desk.quote(there)
    assert desk.quote(back).shipment == back
    assert desk.quote(there) == first
