"""Quotes beside shortest paths: what is asked, what the graphs answer, how times are summed up."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.quote import CSGRAPH, DESK, NETWORKX, QuoteBench, clocked_ms, percentile, requests, run
from optimizer.bench.water_graph import LAND, WATER_KINDS, water_graph
from optimizer.demo.generate import DEMO_MONTH
from optimizer.demo.seed_files import Flow, read_flows
from optimizer.emissions.factors import load_factors
from optimizer.network.graph import NetworkGraph
from optimizer.network.reader import read_network
from optimizer.planning.routing.routes import RouteBook
from optimizer.quantities import CHINA_TIME

FLOWS = read_flows()
MEASURED_AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)


@pytest.fixture(scope="module")
def book() -> RouteBook:
    """The routes of the shipped network in the demo month."""
    network = read_network(None)
    return RouteBook(network, NetworkGraph(network), load_factors(None), MEASURED_AT.date())


def test_requests_are_every_flow_on_random_hours_of_the_month() -> None:
    """Same seed, same list; another seed, other hours; each flow as often as asked, in its lot, due as it asks."""
    asked = requests(FLOWS, 3, 1)
    assert asked == requests(FLOWS, 3, 1) != requests(FLOWS, 3, 2)
    assert [shipment.reference for shipment in asked] == [flow.flow_id for flow in FLOWS] * 3
    assert {shipment.ready_at.strftime("%Y-%m") for shipment in asked} == {DEMO_MONTH}
    assert len({shipment.ready_at for shipment in asked}) > len(FLOWS)
    for shipment, flow in zip(asked, FLOWS, strict=False):
        assert shipment.mass_kg == flow.lot_t * 1000
        assert (shipment.due_at - shipment.ready_at).days == flow.max_days


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.flow_id)
def test_both_libraries_find_the_quickest_of_all_water_routes(book: RouteBook, flow: Flow) -> None:
    """On the graph of one flow's river routes the shortest path is the route with the fewest hours, by summing."""
    routes = [route for route in book.routes(flow.origin, flow.destination, flow.cargo_code) if route.kind == "river"]
    graph = water_graph(routes, book.network)
    found = graph.networkx_path(flow.origin, flow.destination)
    compiled = graph.csgraph_path(flow.origin, flow.destination)
    if not routes:
        assert found is compiled is None
        return
    assert found is not None
    assert compiled is not None
    quickest_h = min(sum(leg.hours for leg in route.legs) for route in routes)
    assert found[0] == pytest.approx(quickest_h, rel=1e-9)
    assert compiled[0] == pytest.approx(quickest_h, rel=1e-9)
    for hours, path in (found, compiled):
        assert (path[0], path[-1]) == ((flow.origin, LAND), (flow.destination, LAND))
        assert sum(graph.arcs.edges[pair]["hours"] for pair in pairwise(path)) == pytest.approx(hours, rel=1e-9)


def test_only_water_routes_enter_the_graph(book: RouteBook) -> None:
    """With direct roads in it every shortest path would be a road, and the baseline trivial."""
    routes = book.routes("ZP", "JU", "coal")
    assert {route.kind for route in routes} - set(WATER_KINDS)
    graph = water_graph(routes, book.network)
    road = next(route for route in routes if route.kind == "road").legs[0]
    assert not graph.arcs.has_edge((road.origin, LAND), (road.destination, LAND))
    assert water_graph([route for route in routes if route.kind == "road"], book.network).nodes == ()


def test_a_place_without_water_has_no_path(book: RouteBook) -> None:
    """Both say so in the same way."""
    graph = water_graph(book.routes("ZP", "JU", "coal"), book.network)
    assert graph.networkx_path("ZP", "nowhere") is None
    assert graph.csgraph_path("ZP", "nowhere") is None
    assert graph.networkx_path("JU", "ZP") is None
    assert graph.csgraph_path("JU", "ZP") is None


def test_percentiles_are_nearest_ranks() -> None:
    """Known answers: the example of the ordinal rank, n = 5 (15, 20, 35, 40, 50), and its ends."""
    values = [35, 20, 15, 50, 40]
    assert [percentile(values, share) for share in (0.05, 0.3, 0.4, 0.5, 1.0)] == [15, 20, 20, 35, 50]
    assert percentile([7.0], 0.99) == 7.0


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_is_a_value_that_enough_values_do_not_exceed(values: list[float], share: float) -> None:
    """And no smaller value does it."""
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) * (1 - 1e-12)
    assert sum(value < found for value in values) < max(share * len(values), 1)


def test_each_request_is_clocked_once_and_in_order() -> None:
    """As many times as requests."""
    asked = requests(FLOWS, 1, 0)
    answered = []
    assert len(clocked_ms(answered.append, asked)) == len(asked)
    assert answered == asked


def test_a_bench_of_quotes_records_three_methods() -> None:
    """One value per run and percentile, percentiles in their order, circumstances beside; the document reads back."""
    result = run(QuoteBench(MEASURED_AT, days=1, runs=2, seed=3))
    assert [(method.name, method.baseline) for method in result.methods] == [
        (DESK, False),
        (NETWORKX, True),
        (CSGRAPH, True),
    ]
    for method in result.methods:
        assert [figure.name for figure in method.figures] == ["median", "p95", "p99"]
        assert all(len(figure.values) == 2 for figure in method.figures)
        for values in zip(*(figure.values for figure in method.figures), strict=True):
            assert 0 < values[0] <= values[1] <= values[2]
    assert (result.seed, result.settings["flows"], result.settings["days"]) == (3, len(FLOWS), 1)
    assert {"product", "network", "networkx", "scipy"} <= set(result.versions)
    assert result_from_json(result_to_json(result), "quote.json") == result
