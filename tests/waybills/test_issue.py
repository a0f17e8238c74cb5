"""From a plan to waybills."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.errors import InputError
from optimizer.network.graph import NetworkGraph
from optimizer.waybills.codes import is_waybill_number
from optimizer.waybills.issue import from_plan, way_of
from optimizer.waybills.sharing import empty_running
from tests.waybills.world import (
    ISSUED_AT,
    VOYAGE_FUEL_G,
    parties,
    plan_lot,
    plan_of,
    planned_shipment,
    shipments,
    voyage,
    world_network,
    world_plan,
    world_waybills,
)


def test_one_waybill_for_each_shipment_that_leaves_the_road() -> None:
    """S1 with two lots and S2 with one get a waybill each; S3 stays on the road and gets none."""
    waybills = world_waybills()
    assert [(waybill.shipment_id, len(waybill.lots)) for waybill in waybills] == [("S1", 2), ("S2", 1)]
    assert all(is_waybill_number(waybill.number) for waybill in waybills)
    assert len({waybill.number for waybill in waybills}) == 2


def test_the_document_says_who_what_and_where() -> None:
    """Parties by role and place, cargo by class, ports by the water leg."""
    waybill = world_waybills()[0]
    assert (waybill.operator.party_id, waybill.consignor.party_id, waybill.consignee.party_id) == ("E9", "E1", "E3")
    assert (waybill.cargo_class, waybill.description_of_goods_zh) == ("01", "煤炭")
    assert (waybill.place_of_receipt, waybill.port_of_loading) == ("MILL", "UP")
    assert (waybill.port_of_discharge, waybill.place_of_delivery) == ("DOWN", "DOWN")
    assert waybill.transport_type_code == "3"
    assert sum(lot.declared_mass_kg for lot in waybill.lots) == waybill.declared_mass_kg == 600_000


def test_legs_carry_voyage_vessel_distance_basis_and_the_share_of_empties() -> None:
    """V9 returns empty: 200 kg of fuel for 520 kg loaded, 100 km of 300 km."""
    leg = world_waybills()[0].lots[0].legs[2]
    assert (leg.voyage_id, leg.vessel_id, leg.distance_basis) == ("V1", "SMALL/UP/1", "actual")
    assert leg.voyage_load_kg == 450_000
    assert leg.empty_fuel_ratio == pytest.approx(200_000 / (2 * VOYAGE_FUEL_G))
    assert leg.empty_km_share == pytest.approx(1 / 3)


def test_empty_running_without_loaded_voyages_is_no_division_by_zero() -> None:
    """A class that only runs empty has no loaded fuel to relate to."""
    assert empty_running([voyage("V9", "SMALL/UP/2", 0, 4)]) == {"SMALL": (0.0, 1.0)}


def test_baseline_shares_of_the_lots_add_up() -> None:
    """The lots' shares of baseline grams and freight re-add to the shipment's, to the gram and fen."""
    plan = plan_of([planned_shipment("S1", 600_001, plan_lot(1, 300_000, "V1", 1), plan_lot(2, 300_001, "V2", 2))], [])
    (waybill,) = from_plan(plan, shipments(), parties(), world_network(), ISSUED_AT)
    baseline = plan.shipments[0].baseline
    assert baseline is not None
    assert sum(lot.baseline_wtw_g for lot in waybill.lots) == baseline.co2e_wtw_g
    assert sum(lot.baseline_ttw_g for lot in waybill.lots) == baseline.co2e_ttw_g
    assert sum(lot.baseline_cost_fen for lot in waybill.lots) == baseline.cost_fen


def test_a_lot_that_goes_as_its_baseline_does_is_no_shift() -> None:
    """Where the road baseline itself takes the ship, a plan with the same way issues no waybill."""
    item = planned_shipment("S2", 150_000, plan_lot(1, 150_000, "V1", 1))
    same = replace(item, baseline_legs=item.lots[0].legs)
    assert from_plan(plan_of([same], []), shipments(), parties(), world_network(), ISSUED_AT) == []


def test_a_lot_that_goes_by_train_gets_no_waybill() -> None:
    """It left the road, but not for the water: nothing is settled for it here."""
    lot = plan_lot(1, 150_000, "V1", 1)
    legs = tuple(replace(leg, mode="Rail", voyage_id="") if leg.mode == "InlandWaterway" else leg for leg in lot.legs)
    item = planned_shipment("S2", 150_000, replace(lot, legs=legs))
    assert from_plan(plan_of([item], []), shipments(), parties(), world_network(), ISSUED_AT) == []


def test_what_stays_behind_is_not_declared() -> None:
    """Of 150 t 100 t are planned: the waybill is of these."""
    item = replace(planned_shipment("S2", 150_000, plan_lot(1, 100_000, "V1", 1)), left_kg=50_000)
    (waybill,) = from_plan(plan_of([item], []), shipments(), parties(), world_network(), ISSUED_AT)
    assert waybill.declared_mass_kg == 100_000


def test_a_leg_has_a_way_by_its_mode_and_class_alone() -> None:
    """How an amended leg is measured: by ship only with a class that there is, between two places; by road over the
    road; by train, at a hub or from a place to itself not at all."""
    graph = NetworkGraph(world_network())
    (lot,) = (lot for lot in world_waybills()[1].lots)
    leg = next(leg for leg in lot.legs if leg.mode == "InlandWaterway")
    way = way_of(leg, graph)
    assert way is not None
    assert (way[0], way[1].basis) == (leg.distance_km, leg.distance_basis)
    assert way_of(replace(leg, vehicle_class="NONE"), graph) is None
    assert way_of(replace(leg, mode="Rail"), graph) is None
    assert way_of(replace(leg, mode="Hub"), graph) is None
    assert way_of(replace(leg, destination=leg.origin), graph) is None
    road = next(leg for leg in lot.legs if leg.mode == "Road")
    by_road = way_of(road, graph)
    assert by_road is not None
    assert by_road[0] == road.distance_km


def test_everything_unknown_is_named_at_once() -> None:
    """A shipment without a record and one of an unknown shipper are both reported."""
    known = [replace(shipments()[1], shipper_id="E8")]
    with pytest.raises(InputError) as caught:
        from_plan(world_plan(), known, parties(), world_network(), ISSUED_AT)
    assert [fault.code for fault in caught.value.faults] == ["unknown_shipment_id", "unknown_shipper_id"]


def test_exactly_one_operator_is_needed() -> None:
    """Without an operator nobody is liable for the whole way."""
    with pytest.raises(InputError, match="operator"):
        from_plan(world_plan(), shipments(), parties()[:3], world_network(), ISSUED_AT)


def test_the_shipper_receives_what_nobody_else_does() -> None:
    """Without a party at the destination the consignee is the consignor."""
    others = [replace(party, location_ids=()) for party in parties()]
    waybill = from_plan(world_plan(), shipments(), others, world_network(), ISSUED_AT)[0]
    assert waybill.consignee == waybill.consignor
