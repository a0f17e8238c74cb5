"""Chains of more than one long leg: train and ship, train and barge, and barge to barge at a transshipment port."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Mode, Network
from optimizer.planning.check import check_plan
from optimizer.planning.plan import Plan
from optimizer.planning.quote import QuoteOption, quote
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from tests.planning.corridor import START, corridor, link, location, terminal
from tests.planning.quote_by_hand import parted_corridor
from tests.planning.random_tasks import faults, planned
from tests.planning.round_factors import round_factors

ON = date(2026, 10, 1)


def railed() -> Network:
    """The corridor with rails from its sea port to a far rail yard 150 km inland."""
    network = corridor()
    far = location("FAR", "内陆货站", "Inland rail yard", "rail_yard", 31.0)
    yards = {("FAR", group): terminal("FAR", group) for group in ("steel", "coal")}
    return replace(
        network,
        locations={**network.locations, "FAR": far},
        terminals={**network.terminals, **yards},
        links={**network.links, "LOW-FAR": link("LOW-FAR", "LOW", "FAR", Mode.RAIL, 150.0, 45.0, 45.0)},
    )


def steel(origin: str, destination: str, mass_kg: int = 720_000, days: int = 20) -> Shipment:
    """Cargo that may take its time."""
    due_at = START + timedelta(days=days)
    return Shipment("S", "E", "steel", mass_kg, origin, destination, START, due_at, True, 500.0)


def kinds(network: Network, origin: str, destination: str) -> set[str]:
    """Kinds of all routes of a plan between two doors."""
    book = RouteBook(network, NetworkGraph(network), round_factors(), ON)
    return {route.kind for route in book.routes(origin, destination, "steel")}


def ways(plan: Plan) -> list[list[str]]:
    """The modes of each lot's legs, hubs apart."""
    return [[leg.mode for leg in lot.legs if leg.mode != "Hub"] for item in plan.shipments for lot in item.lots]


@pytest.mark.parametrize(
    ("origin", "destination", "kind"),
    [
        ("ISLE", "FAR", "sea-rail"),
        ("FAR", "ISLE", "rail-sea"),
        ("UP", "FAR", "river-rail"),
        ("FAR", "MID", "rail-river"),
    ],
)
def test_rails_that_reach_the_water_join_train_and_vessel(origin: str, destination: str, kind: str) -> None:
    """Each combination exists where a port has rails, and does not without them."""
    assert kind in kinds(railed(), origin, destination)
    network = railed()
    inland = {name: item for name, item in network.links.items() if name != "LOW-FAR"}
    assert kind not in kinds(replace(network, links=inland), origin, destination)


@pytest.mark.parametrize(
    ("origin", "destination", "kind", "chain"),
    [
        ("ISLE", "FAR", "sea-rail", "ISLE Sea LOW LOW Rail FAR"),
        ("FAR", "ISLE", "rail-sea", "FAR Rail LOW LOW Sea ISLE"),
        ("UP", "FAR", "river-rail", "UP InlandWaterway LOW LOW Rail FAR"),
        ("FAR", "MID", "rail-river", "FAR Rail LOW LOW InlandWaterway MID"),
    ],
)
def test_a_change_between_water_and_rails_is_handled_twice(
    origin: str, destination: str, kind: str, chain: str
) -> None:
    """Ship to yard and yard to train: two operations at the port, in price, grams and time, in plan and quote alike."""
    network = railed()
    book = RouteBook(network, NetworkGraph(network), round_factors(), ON)
    found = [route for route in book.routes(origin, destination, "steel") if route.kind == kind]
    said = {" ".join(leg.origin if leg.mode is Mode.HUB else str(leg.mode) for leg in route.legs) for route in found}
    assert chain in said
    for route in found:
        port = [leg for leg in route.legs if leg.mode is Mode.HUB and leg.origin == "LOW"]
        one = network.terminals["LOW", "steel"]
        assert sum(leg.wtw_kg_per_t for leg in port) == pytest.approx(2 * book.hub_intensity(one).wtw_kg)
        train_h = network.value("berth_overhead_h") + network.value("rail_train_t") / one.berth_t_per_h
        assert [leg.hours for leg in port].count(pytest.approx(train_h)) >= 1


def test_a_plan_that_saves_the_second_handling_is_found_out() -> None:
    """The train's operation at the port is struck from a sound plan: the check names the change it lacks."""
    shipment = steel("ISLE", "FAR")
    plan = planned(railed(), [shipment])
    item = plan.shipments[0]
    legs = item.lots[0].legs
    gap = next(place for place, leg in enumerate(legs) if leg.mode == "Rail") - 1
    kept = tuple(replace(leg, seq=seq) for seq, leg in enumerate((*legs[:gap], *legs[gap + 1 :]), start=1))
    cheap = replace(item, lots=(replace(item.lots[0], legs=kept),))
    found = check_plan(replace(plan, shipments=(cheap,)), [shipment], railed(), round_factors())
    assert "handling_missing" in {violation.code for violation in found}


def test_ship_and_train_are_planned_at_their_tariffs() -> None:
    """Island to inland yard, 720 t. Per tonne: terminals 12 + 12 + 12 + 10 (harbour due 2 at sea ports; at
    the port ashore and onto the train), ship 12 + 0.05 x 50, train 16 + 0.12 x 150: 94.5 yuan. The truck from the port
    alone costs more than 70."""
    plan = planned(railed(), [steel("ISLE", "FAR")])
    assert ways(plan) == [["Sea", "Rail"]]
    assert plan.totals.planned.cost_fen == pytest.approx(720 * 94.5 * 100, abs=5)
    assert faults(plan, [steel("ISLE", "FAR")], railed()) == []


@pytest.mark.parametrize(("origin", "destination"), [("UP", "FAR"), ("FAR", "UP")])
def test_a_planned_barge_meets_a_train(origin: str, destination: str) -> None:
    """Barge and train together beat the truck; the voyage is the plan's own, and the second opinion agrees."""
    shipment = steel(origin, destination)
    plan = planned(railed(), [shipment])
    both = ["InlandWaterway", "Rail"]
    assert ways(plan) == [both if origin == "UP" else both[::-1]]
    assert [voyage.load_kg for voyage in plan.voyages if not voyage.empty] == [720_000]
    assert faults(plan, [shipment], railed()) == []


def test_a_train_at_a_sea_port_is_unloaded_in_the_time_of_a_train() -> None:
    """2,000 t at 400 t/h and an hour to begin, not the 3,000 t of a river-sea ship; a tampered time is found."""
    shipment = steel("FAR", "LOW")
    plan = planned(railed(), [shipment])
    assert ways(plan) == [["Rail"]]
    last = plan.shipments[0].lots[0].legs[-1]
    assert last.arrives_at - last.departs_at == timedelta(hours=1 + 2000 / 400)


def test_a_run_that_is_stopped_at_once_strands_nobody_on_an_island() -> None:
    """Ship and train are cheaper than ship and truck but not for all at once: the first plan still takes everyone."""
    network = railed()
    wide = {
        key: replace(row, handling_t_per_day=4000.0 if key[0] == "FAR" else 100_000.0)
        for key, row in network.terminals.items()
    }
    network = replace(network, terminals=wide)
    shipments = [replace(steel("ISLE", "FAR", 900_000), shipment_id=f"S{number}") for number in range(9)]
    plan = planned(network, shipments, PlanSettings(time_limit_s=0.0))
    assert {item.status for item in plan.shipments} == {"planned"}
    assert faults(plan, shipments, network) == []


def chained(network: Network, shipment: Shipment) -> QuoteOption:
    """The option with two voyages."""
    graph = NetworkGraph(network)
    answer = quote(shipment, RouteBook(network, graph, round_factors(), ON), graph)
    return next(option for option in answer.pareto if option.kind == "river-river")


def test_small_boats_hand_over_to_large_barges() -> None:
    """1,600 t down a narrow reach of 40 km and a wide one of 300 km: six boats of 300 t, then two barges of 800 t, are
    the cheapest way; the cargo goes ashore and aboard again, and lies between."""
    option = chained(parted_corridor(), steel("UP", "LOW", 1_600_000))
    assert [(leg.role, leg.origin, leg.vehicle_class, leg.vessels) for leg in option.legs] == [
        ("hub", "UP", "", 0),
        ("main", "UP", "S300", 6),
        ("hub", "MID", "", 0),
        ("hub", "MID", "", 0),
        ("main", "MID", "B800", 2),
        ("hub", "LOW", "", 0),
    ]
    assert "cheapest" in option.labels
    assert [leg.cost_fen for leg in option.legs if leg.role == "hub"] == [320_000, 320_000, 320_000, 640_000]
    for one, two in zip(option.legs, option.legs[1:], strict=False):
        assert one.arrives_at <= two.departs_at
    assert "S300, 6 vessels" in option.title.en
    assert "B800, 2 vessels" in option.title.en


def test_no_change_is_made_where_the_large_class_can_sail_through() -> None:
    """With a wide upper reach there is nothing to change for; same classes never change."""
    network = parted_corridor()
    wide = replace(network.links["UP-MID"], max_vessel_dwt_t=1000.0)
    locks = {name: replace(lock, max_vessel_dwt_t=1000.0) for name, lock in network.locks.items()}
    network = replace(network, links={**network.links, "UP-MID": wide}, locks=locks)
    assert RouteBook(network, NetworkGraph(network), round_factors(), ON).transshipped("UP", "LOW", "steel") == ()


def test_where_no_class_sails_through_the_change_is_the_way_by_water() -> None:
    """Boats too high for the lower bridges: two voyages are the only way by water, and shown as such."""
    network = parted_corridor()
    low_bridge = replace(network.links["MID-LOW"], air_draught_m=7.5)
    tall = replace(network.vessel_classes["S300"], air_draught_m=7.8)
    classes = {**network.vessel_classes, "S300": tall}
    network = replace(network, links={**network.links, "MID-LOW": low_bridge}, vessel_classes=classes)
    graph = NetworkGraph(network)
    answer = quote(steel("UP", "LOW"), RouteBook(network, graph, round_factors(), ON), graph)
    assert answer.water is not None
    assert answer.water.kind == "river-river"


def test_waiting_between_two_voyages_is_stored_at_the_port_between() -> None:
    """The lower reach is shut for ten days from the start: the cargo waits, beyond the free days for money."""
    network = parted_corridor()
    shut = replace(
        network.closures[0], kind="link", item_id="MID-LOW", closed_from=START, closed_to=START + timedelta(days=10)
    )
    open_fen = chained(network, steel("UP", "LOW", 1_600_000)).amounts.cost_fen
    option = chained(replace(network, closures=(shut,)), steel("UP", "LOW", 1_600_000))
    aboard = next(leg for leg in option.legs if leg.vehicle_class == "B800")
    assert aboard.departs_at >= START + timedelta(days=10)
    assert option.amounts.cost_fen > open_fen
