"""Cargo that changed ships, from plan to clean books: two vessel legs in its waybill, its events, its settlement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from optimizer import actions
from optimizer.accounts.ledger import month_of
from optimizer.demo.execution import execute_month
from optimizer.emissions.factors import load_factors
from optimizer.network.model import Network
from optimizer.planning.check import check_plan
from optimizer.planning.keeping.held import Accepted
from optimizer.planning.plan import Plan
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solve import plan_shipments
from optimizer.store.engine import Store
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.waybill import Waybill
from tests.planning.corridor import START
from tests.planning.relay import Hull, relay
from tests.waybills.world import parties

SHIPMENTS = [
    Shipment(f"S{n}", "E1", "steel", mass_kg, "UP", "LOW", START, START + timedelta(days=9), True, 500.0)
    for n, mass_kg in enumerate((280_000, 500_000))
]
"""Two shipments that share the barge and need three boat loads."""


@pytest.fixture(scope="module")
def network() -> Network:
    """A boat above, a barge below that the boat cannot replace."""
    return relay([Hull("BOAT", "UP"), Hull("BARGE", "MID")], low_bridge=True)


@pytest.fixture(scope="module")
def plan(network: Network) -> Plan:
    """Everything by boat and barge."""
    made = plan_shipments(SHIPMENTS, network, load_factors(), PlanSettings(gap=0.0), clock=lambda: 0.0)
    assert check_plan(made, SHIPMENTS, network, load_factors()) == []
    assert {len([leg for leg in lot.legs if leg.voyage_id]) for item in made.shipments for lot in item.lots} == {2}
    return made


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """A database in memory."""
    made = actions.open_store("sqlite://")
    yield made
    made.close()


@pytest.fixture(scope="module")
def waybills(store: Store, plan: Plan, network: Network) -> list[Waybill]:
    """The plan accepted."""
    return actions.accept(store, plan, SHIPMENTS, parties(), network, START - timedelta(days=1))


@pytest.fixture(scope="module")
def events(store: Store, waybills: list[Waybill]) -> list[Event]:
    """The month carried out and reported; nothing is refused."""
    made = execute_month(waybills, (), 7)
    recorded = actions.record(store, made, START + timedelta(days=60))
    assert recorded.refused == ()
    return made


def test_the_waybill_names_both_vessels(waybills: list[Waybill], plan: Plan) -> None:
    """Each lot has two legs by water with their own voyages, vessels and fuel; it is loaded above and discharged
    below."""
    voyages = {voyage.voyage_id: voyage for voyage in plan.voyages}
    for lot in (lot for waybill in waybills for lot in waybill.lots):
        boat, barge = (leg for leg in lot.legs if leg.voyage_id)
        assert [(leg.vehicle_class, leg.origin, leg.destination) for leg in (boat, barge)] == [
            ("BOAT", "UP", "MID"),
            ("BARGE", "MID", "LOW"),
        ]
        for leg in (boat, barge):
            sailed = voyages[leg.voyage_id]
            assert (leg.vessel_id, leg.voyage_load_kg, leg.voyage_fuel_g) == (
                sailed.vessel_id,
                sailed.load_kg,
                sailed.fuel_g,
            )
        assert (lot.port_of_loading, lot.port_of_discharge) == ("UP", "LOW")
        assert sum(leg.role == "hub" and leg.origin == "MID" for leg in lot.legs) == 2


def test_both_voyages_are_reported_in_order(events: list[Event], waybills: list[Waybill]) -> None:
    """The barge is loaded after the boat is discharged, for every lot."""
    for waybill in waybills:
        for lot in waybill.lots:
            first, second = (leg.voyage_id for leg in lot.legs if leg.voyage_id)
            mine = [e for e in events if (e.waybill_number, e.lot_no) == (waybill.number, lot.lot_no)]
            ashore = next(e for e in mine if e.event_type is EventType.DISC and e.voyage_id == first)
            aboard = next(e for e in mine if e.event_type is EventType.LOAD and e.voyage_id == second)
            assert ashore.event_time <= aboard.event_time


def test_settled_and_audited_without_a_finding(
    store: Store, events: list[Event], waybills: list[Waybill], network: Network
) -> None:
    """Every lot is settled, both voyages' logged fuel in its grams; the month closes; the audit finds nothing."""
    after, factors = START + timedelta(days=60), load_factors()
    settled = actions.settle(store, network, factors, after)
    lots = sum(len(waybill.lots) for waybill in waybills)
    assert (settled.settled_lots, settled.findings) == (lots, ())
    actions.close(store, month_of(START), after)
    assert actions.audit(store, network, factors) == []


def test_a_later_plan_around_it_changes_nothing(plan: Plan, network: Network) -> None:
    """What has a waybill stays on both voyages when something new is planned."""
    new = replace(SHIPMENTS[0], shipment_id="S9", mass_kg=40_000, origin="MID")
    again = plan_shipments(
        [*SHIPMENTS, new], network, load_factors(), PlanSettings(gap=0.0), clock=lambda: 0.0, keep=Accepted(plan)
    )
    ways = {item.shipment_id: [leg.voyage_id for lot in item.lots for leg in lot.legs] for item in plan.shipments}
    now = {item.shipment_id: [leg.voyage_id for lot in item.lots for leg in lot.legs] for item in again.shipments}
    assert {name: now[name] for name in ways} == ways
