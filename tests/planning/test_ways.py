"""Two searches written apart agree on every way of the shipped network."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network
from optimizer.network.reader import read_network
from optimizer.planning.check.ways import Ways
from optimizer.quantities import CHINA_TIME


@pytest.fixture(scope="module")
def network() -> Network:
    """The shipped network."""
    return read_network()


def test_both_searches_find_the_same_courses(network: Network) -> None:
    """Distance, hours, tolls and locks of every class between every two places."""
    graph, ways = NetworkGraph(network), Ways(network)
    found = 0
    for vessel_class in network.vessel_classes:
        for origin, destination in permutations(network.locations, 2):
            lane, course = graph.lane(origin, destination, vessel_class), ways.course(origin, destination, vessel_class)
            assert (lane is None) == (course is None)
            if lane is not None and course is not None:
                found += 1
                figures = (course.distance_km, course.hours, course.toll_yuan_per_t)
                assert figures == pytest.approx((lane.distance_km, lane.transit_h, lane.toll_yuan_per_t))
                assert [lock.item_id for lock in course.locks] == [lock.lock_id for lock in lane.passages]
                assert [lock.to_h for lock in course.locks] == pytest.approx([lock.leaves_h for lock in lane.passages])
    assert found > 1000


def test_both_agree_on_water_and_closures(network: Network) -> None:
    """Capacity and closures on sailings every nine hours of October, when the water falls and a lock stops."""
    graph, ways = NetworkGraph(network), Ways(network)
    start = datetime(2026, 10, 1, tzinfo=CHINA_TIME)
    capacities, closed = set(), 0
    for origin, destination in (("QJ", "ZP"), ("ZP", "QJ"), ("LY", "JX"), ("JX", "NB"), ("TQ", "QJ")):
        for vessel_class in ("B500", "B800", "B1000"):
            lane, course = graph.lane(origin, destination, vessel_class), ways.course(origin, destination, vessel_class)
            for hours in range(0, 31 * 24, 9) if lane and course else ():
                assert lane is not None
                assert course is not None
                casts_off = start + timedelta(hours=hours)
                capacity_t = ways.capacity_t(course, network.vessel_classes[vessel_class], casts_off)
                assert capacity_t == pytest.approx(graph.capacity_t(lane, casts_off))
                assert bool(ways.closures(course, casts_off)) == (graph.closed(lane, casts_off) is not None)
                capacities.add(round(capacity_t))
                closed += bool(ways.closures(course, casts_off))
    assert len(capacities) > 2
    assert closed > 0


def test_both_find_the_same_ways_overland(network: Network) -> None:
    """Road and rail between every two places."""
    graph, ways = NetworkGraph(network), Ways(network)
    for origin, destination in permutations(network.locations, 2):
        for other, mine in (
            (graph.road(origin, destination), ways.road(origin, destination)),
            (graph.rail(origin, destination), ways.rail(origin, destination)),
        ):
            assert (other is None) == (mine is None)
            if other is not None and mine is not None:
                assert (mine.distance_km, mine.hours) == pytest.approx((other.distance_km, other.hours))
