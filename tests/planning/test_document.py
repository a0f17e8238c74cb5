"""PLAN.json: exact round trip, bytes that depend on nothing but the plan, and faults with pointers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.errors import InputError, Message
from optimizer.planning.document import MODES, TIERS, plan_from_json, plan_to_json
from optimizer.planning.plan import (
    Amounts,
    Binding,
    Leg,
    LockPassage,
    Lot,
    OfferTerms,
    Plan,
    PlannedShipment,
    Reason,
    Totals,
    Voyage,
)
from optimizer.quantities import CHINA_TIME

START = datetime(2026, 10, 1, tzinfo=CHINA_TIME)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
grams = st.integers(-(10**15), 10**15)
masses = st.integers(0, 10**12)
numbers = st.floats(-1e12, 1e12)
moments = st.integers(0, 10**8).map(lambda seconds: START + timedelta(seconds=seconds))
messages = st.builds(Message, texts, texts)
lacks = st.sampled_from(["", "money", "time", "room", "cargo", "way"])
reasons = st.builds(Reason, texts, texts, texts, texts, lacks, numbers, texts)
amounts = st.builds(Amounts, grams, grams, grams, grams)
legs = st.builds(
    Leg,
    st.integers(0, 99),
    st.sampled_from(["pre", "main", "post", "hub"]),
    st.sampled_from(MODES),
    texts,
    texts,
    texts,
    texts,
    moments,
    moments,
    numbers,
    masses,
    grams,
    grams,
    grams,
    st.sampled_from(TIERS),
    st.lists(texts, max_size=2).map(tuple),
)
lots = st.builds(Lot, st.integers(1, 99), masses, st.lists(legs, max_size=2).map(tuple))
shipments = st.builds(
    PlannedShipment,
    texts,
    st.sampled_from(["planned", "rejected"]),
    st.none() | reasons,
    st.none() | reasons,
    st.lists(lots, max_size=2).map(tuple),
    st.none() | amounts,
    st.lists(legs, max_size=1).map(tuple),
    st.none() | amounts,
    st.integers(0, 10**9),
)
voyages = st.builds(
    Voyage,
    texts,
    texts,
    texts,
    st.sampled_from(["own", "spot"]),
    texts,
    texts,
    moments,
    moments,
    moments,
    moments,
    texts,
    masses,
    masses,
    st.booleans(),
    numbers,
    st.lists(st.builds(LockPassage, texts, moments), max_size=2).map(tuple),
    grams,
    grams,
    grams,
    grams,
    st.none() | st.builds(OfferTerms, texts, numbers, numbers, masses),
)
bindings = st.builds(
    Binding,
    st.sampled_from(["lock", "terminal", "fleet", "water_level", "offer"]),
    texts,
    texts,
    numbers,
    texts,
    messages,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | numbers | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
totals = st.builds(Totals, amounts, amounts, amounts, masses, masses, masses, masses, numbers, numbers)
plans = st.builds(
    Plan,
    st.sampled_from(["optimal", "feasible", "infeasible", "time_limit"]),
    numbers | st.just(float("inf")),
    numbers | st.just(float("-inf")),
    numbers | st.just(float("inf")),
    numbers,
    st.dictionaries(texts, json_values, max_size=3),
    st.dictionaries(texts, texts, max_size=2),
    st.lists(shipments, max_size=2).map(tuple),
    st.lists(voyages, max_size=2).map(tuple),
    st.lists(bindings, max_size=2).map(tuple),
    totals,
)


def leg(seq: int, role: str, mode: str, start: str, end: str, **more: Any) -> Leg:
    """A leg of one hour with easy amounts."""
    values = {
        "vehicle_class": "",
        "voyage_id": "",
        "departs_at": START,
        "arrives_at": START + timedelta(hours=1),
        "distance_km": 12.5,
        "activity_kgkm": 20_006_250,
        "cost_fen": 12_345,
        "co2e_ttw_g": 1_500,
        "co2e_wtw_g": 1_801,
        "data_tier": "modelled",
        "factor_ids": ("F1",),
    }
    return Leg(seq=seq, role=role, mode=mode, origin=start, destination=end, **(values | more))


def small_plan() -> Plan:
    """A plan of one shipment, one rejected shipment and one voyage."""
    cost = Amounts(12_345, 1_500, 1_801, 5_400)
    water = leg(1, "main", "InlandWaterway", "UP", "LOW", vehicle_class="B800", voyage_id="V1")
    lot = Lot(1, 1_600_500, (leg(0, "hub", "Hub", "UP", "UP"), water))
    baseline = (leg(0, "main", "Road", "UP", "LOW", vehicle_class="T49"),)
    return Plan(
        status="optimal",
        objective_yuan=123.45,
        bound_yuan=123.0,
        gap=0.45 / 123.45,
        seconds=1.5,
        settings={"seed": 1, "gap": 0.01, "kept": ["S1"]},
        versions={"product": "0.1.0", "network": "corridor"},
        shipments=(
            PlannedShipment(
                "S1",
                "planned",
                None,
                Reason("水路贵", "water is dear", "water_dearer", "B800 UP-LOW", "money", 1.5, "yuan/t"),
                (lot,),
                cost,
                baseline,
                Amounts(-1, 0, -2, -3_601),
                60,
            ),
            PlannedShipment(
                "S2", "rejected", Reason("到不了", "cannot be reached", "no_road_no_water"), None, (), None, (), None, 0
            ),
        ),
        voyages=(
            Voyage(
                "V1",
                "B800/UP/1",
                "B800",
                "own",
                "UP",
                "LOW",
                START,
                START,
                START,
                START,
                "steel",
                1_600_500,
                1_700_000,
                False,
                100.0,
                (LockPassage("L1", START),),
                350_000,
                1_000_00,
                5,
                6,
            ),
        ),
        binding=(Binding("lock", "L1", "2026-10-01", 1840.0, "lockage", Message("多一闸", "one more lockage")),),
        totals=Totals(cost, cost, Amounts(0, 0, 0, 0), 1_600_500, 1_600_500, 20_006_250, 20_006_250, 0.0, 100.0),
    )


def pointers(text: str) -> list[tuple[str | None, str]]:
    """Pointer and code of every fault of a document."""
    with pytest.raises(InputError) as caught:
        plan_from_json(text)
    return [(fault.column, fault.code) for fault in caught.value.faults]


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    """The small plan's document after a change of its tree."""
    tree = json.loads(plan_to_json(small_plan()))
    change(tree)
    return json.dumps(tree)


@settings(max_examples=60)
@given(plans)
def test_every_plan_comes_back_exactly(plan: Plan) -> None:
    """Reading what was written gives the same record, whatever the amounts."""
    text = plan_to_json(plan)
    assert plan_from_json(text) == plan
    assert plan_to_json(plan_from_json(text)) == text
    assert text.endswith("}\n")


def test_amounts_are_exact_decimals() -> None:
    """Tonnes, yuan, kg and tkm stand as numbers with all their digits, shares and hours beside them."""
    text = plan_to_json(small_plan())
    for piece in (
        '"mass_t": 1600.500',
        '"cost_yuan": 123.45',
        '"co2e_wtw_kg": 1.801',
        '"activity_tkm": 20006.250',
        '"duration_h": 1.5000',
        '"duration_h": -1.0003',
        '"cost_yuan": -0.01',
        '"water_share_t": 1.0',
        '"fuel_kg": 350.000',
        '"departs_at": "2026-10-01T00:00:00+08:00"',
        '"zh": "水路贵"',
        '"late_h": 0.0167',
    ):
        assert piece in text


def test_keys_of_the_interface_are_there() -> None:
    """Every key that interfaces.md names for PLAN.json stands where it says."""
    tree = json.loads(plan_to_json(small_plan()))
    assert {"status", "objective_yuan", "bound_yuan", "gap", "seconds", "settings", "versions", "totals"} <= tree.keys()
    shipment = tree["shipments"][0]
    assert {"shipment_id", "status", "reason", "lots", "baseline", "saving"} <= shipment.keys()
    assert {"lot_no", "mass_t", "legs"} == shipment["lots"][0].keys()
    assert {
        "seq",
        "role",
        "mode",
        "from",
        "to",
        "vehicle_class",
        "voyage_id",
        "departs_at",
        "arrives_at",
        "distance_km",
        "activity_tkm",
        "cost_yuan",
        "co2e_ttw_kg",
        "co2e_wtw_kg",
        "data_tier",
        "factor_ids",
    } == shipment["lots"][0]["legs"][0].keys()
    assert {"cost_yuan", "co2e_ttw_kg", "co2e_wtw_kg", "duration_h"} == shipment["saving"].keys()
    assert {
        "voyage_id",
        "vessel_class",
        "from",
        "to",
        "departs_at",
        "arrives_at",
        "cargo_group",
        "load_t",
        "capacity_t",
        "empty",
        "locks",
        "fuel_kg",
        "cost_yuan",
        "co2e_ttw_kg",
        "co2e_wtw_kg",
    } <= tree["voyages"][0].keys()
    assert tree["voyages"][0]["locks"][0].keys() == {"lock_id", "at"}
    assert {"plan", "baseline", "saving", "water_share_t", "water_share_tkm"} <= tree["totals"].keys()


def test_bytes_do_not_depend_on_the_order_of_settings() -> None:
    """Two equal plans whose settings were filled in another order give the same bytes."""
    plan = small_plan()
    other = replace(
        plan,
        settings=dict(reversed(list(plan.settings.items()))),
        versions=dict(reversed(list(plan.versions.items()))),
    )
    assert plan == other
    assert plan_to_json(plan).encode() == plan_to_json(other).encode()


def test_one_line_for_each_shipment_and_voyage() -> None:
    """Two plans can be compared line by line."""
    lines = plan_to_json(small_plan()).splitlines()
    assert sum('"shipment_id"' in line for line in lines) == 2
    assert sum('"vessel_id"' in line for line in lines) == 1


def test_unknown_bound_is_null() -> None:
    """A search that was stopped before it had a bound says null, which comes back as 'nothing known'."""
    plan = replace(small_plan(), status="time_limit", bound_yuan=float("-inf"), gap=float("inf"))
    assert '"bound_yuan": null' in plan_to_json(plan)
    assert plan_from_json(plan_to_json(plan)) == plan


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_other_numbers_must_be_finite(value: float) -> None:
    """JSON has no NaN and no infinity; writing one is refused instead of making an unreadable document."""
    with pytest.raises(ValueError, match="finite"):
        plan_to_json(replace(small_plan(), seconds=value))


def test_settings_must_be_json() -> None:
    """A setting that JSON cannot hold is refused on writing."""
    for settings_ in ({"a": object()}, {"a": {1: 2}}):
        with pytest.raises(ValueError, match=r"JSON|keys"):
            plan_to_json(replace(small_plan(), settings=settings_))


@pytest.mark.parametrize(
    "text", ["", "{", "[1,", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 100_000, '{"status": 1' + "0" * 5000 + "}"]
)
def test_broken_json_is_bad_input(text: str) -> None:
    """Whatever is no JSON is one fault, never a traceback."""
    assert [code for _, code in pointers(text)] == ["bad_json"]


def test_syntax_faults_name_the_line() -> None:
    """A broken line is named by row and column."""
    with pytest.raises(InputError) as caught:
        plan_from_json('{\n  "status": ,\n}')
    assert (caught.value.faults[0].row, caught.value.faults[0].column) == (2, "13")


@pytest.mark.parametrize("text", ["[]", "1", "null", '"x"'])
def test_another_kind_of_document(text: str) -> None:
    """JSON that is no object is one fault at the root."""
    assert pointers(text) == [("/", "bad_type")]


FAULTS: list[tuple[Callable[[dict[str, Any]], object], str, str]] = [
    (lambda t: t.pop("status"), "/status", "missing_key"),
    (lambda t: t.update(status="done"), "/status", "bad_word"),
    (lambda t: t.update({"a/b": 1}), "/a~1b", "unknown_key"),
    (lambda t: t.update(seconds="1"), "/seconds", "bad_type"),
    (lambda t: t.update(seconds=True), "/seconds", "bad_type"),
    (lambda t: t.update(settings=[]), "/settings", "bad_type"),
    (lambda t: t["versions"].update(product=1), "/versions/product", "bad_type"),
    (lambda t: t.update(shipments={}), "/shipments", "bad_type"),
    (lambda t: t["shipments"][0].update(lots=None), "/shipments/0/lots", "bad_type"),
    (lambda t: t["shipments"][0]["lots"][0].update(mass_t=1.0001), "/shipments/0/lots/0/mass_t", "too_many_digits"),
    (lambda t: t["shipments"][0]["lots"][0].update(mass_t=1e300), "/shipments/0/lots/0/mass_t", "bad_type"),
    (lambda t: t["shipments"][0]["lots"][0].update(lot_no=1.0), "/shipments/0/lots/0/lot_no", "bad_type"),
    (
        lambda t: t["shipments"][0]["lots"][0]["legs"][1].update(cost_yuan="1"),
        "/shipments/0/lots/0/legs/1/cost_yuan",
        "bad_type",
    ),
    (lambda t: t["shipments"][1].update(reason="no"), "/shipments/1/reason", "bad_type"),
    (lambda t: t["voyages"][0].update(departs_at="2026-10-01T00:00:00"), "/voyages/0/departs_at", "bad_time"),
    (lambda t: t["voyages"][0].update(departs_at=5), "/voyages/0/departs_at", "bad_time"),
    (lambda t: t["voyages"][0].update(empty=0), "/voyages/0/empty", "bad_type"),
    (lambda t: t["voyages"][0]["locks"].append(1), "/voyages/0/locks/1", "bad_type"),
    (lambda t: t["totals"].update(water_share_t=0.5), "/totals/water_share_t", "not_derived"),
]


@pytest.mark.parametrize(("change", "pointer", "code"), FAULTS)
def test_faults_carry_pointers(change: Callable[[dict[str, Any]], object], pointer: str, code: str) -> None:
    """Each thing that does not fit is named by JSON pointer and code."""
    assert pointers(changed(change)) == [(pointer, code)]


def test_all_faults_at_once() -> None:
    """Several faults of one document arrive together."""

    def spoil(tree: dict[str, Any]) -> None:
        tree["status"] = "done"
        tree["shipments"][1]["shipment_id"] = 7
        del tree["voyages"][0]["load_t"]

    assert sorted(pointers(changed(spoil))) == [
        ("/shipments/1/shipment_id", "bad_type"),
        ("/status", "bad_word"),
        ("/voyages/0/load_t", "missing_key"),
    ]


def test_other_layouts_of_the_same_document_are_read() -> None:
    """Indentation, a byte order mark and integers without decimals mean the same plan."""
    tree = json.loads(plan_to_json(small_plan()))
    assert plan_from_json("\ufeff" + json.dumps(tree, indent=4)) == small_plan()
