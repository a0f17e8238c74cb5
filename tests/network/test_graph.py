"""Ways through the tiny world: hours, locks, depths and closures as a head can add them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.network.graph import NetworkGraph, great_circle_km
from optimizer.network.measured import Measured
from optimizer.network.model import Closure, Link, Mode, WaterLevel
from optimizer.network.navigability import load_at_draught_t
from tests.network.tiny import MADE_UP, TINY_START, tiny_network

HOUR = timedelta(hours=1)
TINY = NetworkGraph(tiny_network())
DOWN_H = 20 / 12 + 1.5 + 20 / 12 + 60 / 12
"""Half way to the lock, through it, the other half, and on."""


def closure(kind: str, item_id: str, from_h: float, to_h: float) -> Closure:
    """Something shut between two hours."""
    return Closure("C", kind, item_id, TINY_START + from_h * HOUR, TINY_START + to_h * HOUR, "检修", "repair", MADE_UP)


def level(link_id: str, from_h: float, to_h: float, depth_m: float) -> WaterLevel:
    """A depth between two hours."""
    return WaterLevel(link_id, TINY_START + from_h * HOUR, TINY_START + to_h * HOUR, depth_m, MADE_UP)


def test_a_lane_downstream_by_hand() -> None:
    """100 km at 12 km/h and a lock of 1.5 h half way along the first 40 km."""
    lane = TINY.lane("UP", "DOWN", "BIG")
    assert lane is not None
    assert (lane.distance_km, lane.transit_h) == (100.0, pytest.approx(DOWN_H))
    assert [stretch.link_id for stretch in lane.stretches] == ["UP-MID", "MID-DOWN"]
    (passage,) = lane.passages
    assert (passage.lock_id, passage.arrives_h) == ("L1", pytest.approx(20 / 12))
    assert passage.leaves_h == pytest.approx(20 / 12 + 1.5)
    assert lane.stretches[1].enters_h == pytest.approx(40 / 12 + 1.5)


def test_upstream_is_slower_and_meets_the_lock_last() -> None:
    """10 km/h against the stream: 80 km to the lock."""
    lane = TINY.lane("DOWN", "UP", "SMALL")
    assert lane is not None
    assert lane.transit_h == pytest.approx(100 / 10 + 1.5)
    assert lane.passages[0].arrives_h == pytest.approx(8.0)


@pytest.mark.parametrize("table", ["link", "lock", "bridge"])
def test_what_is_too_small_lets_nobody_through(table: str) -> None:
    """A link or lock rated 600 t, or a bridge at 5 m: BIG (1,000 t, 6 m) finds no way; SMALL only fails the bridge."""
    network = tiny_network()
    link, lock = network.links["UP-MID"], network.locks["L1"]
    if table == "lock":
        network = replace(network, locks={"L1": replace(lock, max_vessel_dwt_t=600.0)})
    else:
        small = replace(link, max_vessel_dwt_t=600.0) if table == "link" else replace(link, air_draught_m=5.0)
        network = replace(network, links={**network.links, "UP-MID": small})
    graph = NetworkGraph(network)
    assert graph.lane("UP", "DOWN", "BIG") is None
    assert (graph.lane("UP", "DOWN", "SMALL") is None) == (table == "bridge")
    assert graph.lane("MID", "DOWN", "BIG") is not None


def test_no_lane_to_oneself_or_inland() -> None:
    """A place is no lane from itself, and no vessel climbs to the mill."""
    assert TINY.lane("UP", "UP", "BIG") is None
    assert TINY.lane("MILL", "DOWN", "BIG") is None
    with pytest.raises(KeyError):
        TINY.lane("UP", "DOWN", "HUGE")


def test_the_shallowest_stretch_decides_the_load() -> None:
    """BIG floats empty at 1.0 m and full at 2.8 m with 0.2 m below the keel: 2.1 m of water carry half."""
    graph = NetworkGraph(tiny_network(water_levels=(level("MID-DOWN", 0, 48, 2.1),)))
    lane = graph.lane("UP", "DOWN", "BIG")
    assert lane is not None
    assert graph.capacity_t(lane, TINY_START) == pytest.approx(500.0)
    # Leaving at 48 h less the way to MID it comes to the stretch after the low water.
    on_stretch_h = 40 / 12 + 1.5
    assert graph.capacity_t(lane, TINY_START + (48 - on_stretch_h + 0.1) * HOUR) == pytest.approx(1000.0)
    assert graph.capacity_t(lane, TINY_START + (48 - on_stretch_h - 0.1) * HOUR) == pytest.approx(500.0)
    dry = NetworkGraph(tiny_network(water_levels=(level("MID-DOWN", 0, 48, 0.9),)))
    assert dry.capacity_t(lane, TINY_START) == 0.0


def test_a_level_that_ends_on_the_way_leaves_the_depth_of_the_link() -> None:
    """MID-DOWN is sailed for five hours. A flood that ends in them, or comes and goes in them, is worth no more than
    the link's own depth; a link without one (the sea) is limited while a level lasts, and else not at all."""
    on_stretch_h = 40 / 12 + 1.5
    shallow = {**tiny_network().links, "MID-DOWN": replace(tiny_network().links["MID-DOWN"], min_depth_m=2.1)}
    open_sea = {**shallow, "MID-DOWN": replace(shallow["MID-DOWN"], min_depth_m=None)}

    def load_t(links: Mapping[str, Link], from_h: float, to_h: float) -> float:
        levels = (level("MID-DOWN", on_stretch_h + from_h, on_stretch_h + to_h, 2.6),)
        graph = NetworkGraph(tiny_network(links=links, water_levels=levels))
        lane = graph.lane("UP", "DOWN", "BIG")
        assert lane is not None
        return graph.capacity_t(lane, TINY_START)

    spans = [(-1, 6), (-1, 4), (1, 4), (1, 6), (6, 9)]
    assert [load_t(shallow, *span) for span in spans] == pytest.approx([1400 / 1.8, 500, 500, 500, 500])
    assert [load_t(open_sea, *span) for span in spans] == pytest.approx([*[1400 / 1.8] * 4, 1000])


def test_two_locks_of_a_link_are_met_in_the_order_of_the_way() -> None:
    """At a quarter and three quarters of 40 km: ten, twenty and ten km with the stream, the same against it; tolls of
    both locks and of the link add up."""
    network = tiny_network()
    link, lock = replace(network.links["UP-MID"], toll_yuan_per_t=0.3), network.locks["L1"]
    locks = {
        name: replace(lock, lock_id=name, order_on_link=order, position=position, toll_yuan_per_t=toll)
        for name, order, position, toll in (("A", 1, 0.25, 0.5), ("B", 2, 0.75, 0.2))
    }
    graph = NetworkGraph(replace(network, links={**network.links, "UP-MID": link}, locks=locks))
    for ends, names, speed in ((("UP", "MID"), ["A", "B"], 12.0), (("MID", "UP"), ["B", "A"], 10.0)):
        lane = graph.lane(*ends, "BIG")
        assert lane is not None
        assert [passage.lock_id for passage in lane.passages] == names
        arrives = [10 / speed, 30 / speed + 1.5]
        assert [passage.arrives_h for passage in lane.passages] == pytest.approx(arrives)
        assert lane.transit_h == pytest.approx(40 / speed + 3.0)
        assert lane.toll_yuan_per_t == pytest.approx(0.3 + 0.5 + 0.2)


def test_load_by_draught_is_linear_between_light_and_full() -> None:
    """Nothing at the light draught, all at the full one, never more or less."""
    vessel = tiny_network().vessel_classes["BIG"]
    assert [load_at_draught_t(vessel, m) for m in (0.5, 1.0, 1.9, 2.8, 9.0)] == pytest.approx([0, 0, 500, 1000, 1000])


def test_a_closure_bites_while_the_vessel_is_there() -> None:
    """The lock shut from 10 to 12 h: who reaches it in that time, or is inside, may not sail; touching ends is free."""
    graph = NetworkGraph(tiny_network(closures=(closure("lock", "L1", 10, 12),)))
    lane = graph.lane("UP", "DOWN", "BIG")
    assert lane is not None
    passage = lane.passages[0]
    first, last = 10 - passage.leaves_h, 12 - passage.arrives_h
    hours = [first - 0.01, first + 0.01, last - 0.01, last + 0.01]
    assert [graph.closed(lane, TINY_START + h * HOUR) for h in hours] == [None, "C", "C", None]


@given(
    st.sampled_from([("lock", "L1"), ("link", "UP-MID"), ("link", "MID-DOWN"), ("link", "elsewhere")]),
    st.floats(-30, 30),
    st.floats(0.1, 40),
    st.sampled_from([("UP", "DOWN"), ("DOWN", "UP"), ("MID", "DOWN")]),
    st.lists(st.floats(-60, 90), min_size=1, max_size=8),
)
def test_spans_of_closed_departures_say_what_closed_says(
    item: tuple[str, str], begin_h: float, hours: float, ends: tuple[str, str], departs_h: list[float]
) -> None:
    """For any closure, lane and departure both answers agree, also at the ends of the spans themselves."""
    graph = NetworkGraph(tiny_network(closures=(closure(*item, begin_h, begin_h + hours),)))
    lane = graph.lane(*ends, "SMALL")
    assert lane is not None
    spans = graph.closed_departures(lane)
    moments = [TINY_START + h * HOUR for h in departs_h] + [end for span in spans for end in span]
    for moment in moments:
        assert (graph.closed(lane, moment) is not None) == any(start < moment < end for start, end in spans)


def test_a_terminal_is_shut_only_inside_its_closure() -> None:
    """Ten to twelve o'clock; ending at ten or beginning at twelve is open."""
    graph = NetworkGraph(tiny_network(closures=(closure("terminal", "UP", 10, 12),)))

    def at(hour: float) -> datetime:
        return TINY_START + hour * HOUR

    assert graph.terminal_closed("UP", at(9), at(10.5))
    assert not graph.terminal_closed("UP", at(9), at(10))
    assert not graph.terminal_closed("UP", at(12), at(13))
    assert not graph.terminal_closed("DOWN", at(9), at(13))


def test_a_distance_says_how_it_is_known_in_the_terms_of_iso_14083() -> None:
    """Measured links are actual; great circle times a factor is an estimated shortest feasible distance, never a great
    circle, and names the one it rests on; a way of several links with one estimated is sfd; so is one not there."""
    assert TINY.measured(Mode.ROAD, "MILL", "DOWN") == Measured("actual")
    near = TINY.measured(Mode.ROAD, "MILL", "PIT")
    way = TINY.road("MILL", "PIT")
    assert way is not None
    assert near.basis == "sfd"
    assert way.distance_km / near.gcd_km == pytest.approx(1.3)
    lane = TINY.lane("UP", "DOWN", "SMALL")
    assert lane is not None
    assert len(lane.stretches) > 1
    assert TINY.measured(Mode.INLAND_WATERWAY, "UP", "DOWN", "SMALL") == Measured("actual")
    first = lane.stretches[0].link_id
    links = tiny_network().links
    partly = NetworkGraph(tiny_network(links={**links, first: replace(links[first], distance_basis="gcd")}))
    assert partly.measured(Mode.INLAND_WATERWAY, "UP", "DOWN", "SMALL") == Measured("sfd")
    assert TINY.measured(Mode.INLAND_WATERWAY, "UP", "DOWN", "NONE") == Measured("sfd")


def test_roads_come_from_the_table_or_from_the_map() -> None:
    """The table's 120 km at 60 km/h; without a row the great circle times the detour; never to an island."""
    way = TINY.road("MILL", "DOWN")
    assert way is not None
    assert (way.distance_km, way.hours, way.basis, way.link_ids) == (120.0, 2.0, "actual", ("MILL-DOWN",))
    assert TINY.road("DOWN", "MILL") == way
    mill, pit = (tiny_network().locations[place] for place in ("MILL", "PIT"))
    straight_km = great_circle_km(mill.latitude, mill.longitude, pit.latitude, pit.longitude)
    near = TINY.road("MILL", "PIT")
    assert near is not None
    assert (near.distance_km, near.basis) == (pytest.approx(straight_km * 1.3), "gcd")
    far = TINY.road("MILL", "MID")
    assert far is not None
    assert far.distance_km < 50.0
    island = replace(pit, road_access=False)
    graph = NetworkGraph(tiny_network(locations={**tiny_network().locations, "PIT": island}))
    assert graph.road("MILL", "PIT") is None
    assert graph.road("PIT", "MILL") is None
    assert TINY.road("MILL", "MILL") is None


def test_great_circles_of_known_length() -> None:
    """A degree of latitude, a quarter of the globe, nothing."""
    assert great_circle_km(30, 119, 31, 119) == pytest.approx(111.195, abs=0.01)
    assert great_circle_km(0, 0, 0, 90) == pytest.approx(10_007.557, abs=0.01)
    assert great_circle_km(30, 119, 30, 119) == 0.0


def test_rail_takes_the_shortest_chain() -> None:
    """Two links of 30 and 40 km beat one of 90; hours add up; nowhere is no way."""
    network = tiny_network()
    road = network.links["MILL-DOWN"]
    rails = [
        replace(
            road,
            link_id=f"R{number}",
            from_location=start,
            to_location=end,
            mode=Mode.RAIL,
            use="",
            distance_km=km,
            speed_up_km_h=40.0,
            speed_down_km_h=40.0,
        )
        for number, (start, end, km) in enumerate([("UP", "MID", 30.0), ("MID", "DOWN", 40.0), ("UP", "DOWN", 90.0)])
    ]
    graph = NetworkGraph(replace(network, links={**network.links, **{rail.link_id: rail for rail in rails}}))
    way = graph.rail("UP", "DOWN")
    assert way is not None
    assert (way.distance_km, way.hours, way.link_ids) == (70.0, pytest.approx(70 / 40), ("R0", "R1"))
    assert graph.rail_places() == ["DOWN", "MID", "UP"]
    assert graph.rail("MILL", "DOWN") is None
    assert TINY.rail("UP", "DOWN") is None


def test_future_links_are_open_only_in_their_scenario() -> None:
    """A canal that is planned carries nobody until its scenario is asked for."""
    network = tiny_network()
    canal = replace(network.links["MID-DOWN"], scenario="canal-2030")
    network = replace(network, links={**network.links, "MID-DOWN": canal})
    assert NetworkGraph(network).lane("UP", "DOWN", "BIG") is None
    assert NetworkGraph(network, ["canal-2030"]).lane("UP", "DOWN", "BIG") is not None
    assert NetworkGraph(network).lane("UP", "MID", "BIG") is not None
