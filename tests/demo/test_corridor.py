"""The corridor's arithmetic by hand: 1,800 t shifted on the plan worked out by hand, with round factors."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.demo.corridor import (
    BRITISH_TRUCK,
    CHINESE_TRUCK,
    FRENCH_VESSEL,
    KINDS,
    Part,
    Shift,
    Side,
    break_even,
    rederived,
    shift_of,
    ways_of_counting,
)
from optimizer.demo.seed_files import read_parties
from optimizer.demo.traffic import figures, traffic_csv, traffic_of
from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.network.reader import read_network
from optimizer.waybills.issue import from_plan
from optimizer.waybills.waybill import Waybill
from tests.planning.corridor import START, corridor
from tests.planning.plan_by_hand import (
    DRAYAGE_KG_PER_TKM,
    LINE_HAUL_KG_PER_TKM,
    ONE_DEGREE_KM,
    SHIPMENTS,
    plan_by_hand,
)
from tests.planning.round_factors import round_factors, row

NETWORK = corridor()
FACTORS = FactorTable(
    [
        *round_factors().factors,
        row(FRENCH_VESSEL, "inland_waterway", "", "tkm", 0.04, 0.01, "CO2"),
        row(CHINESE_TRUCK, "road", "", "tkm", 0.07, 0.01, "CO2e"),
        row(BRITISH_TRUCK, "road", "", "tkm", 0.09, 0.01, "CO2e"),
    ]
)

MASS_T = 600 + 700 + 400 + 100
TRUCK_TKM = 600 * 120 + (700 + 100) * 0.8 * ONE_DEGREE_KM * 1.3 + 400 * 0.3 * ONE_DEGREE_KM * 1.4
VESSEL_TKM = (600 + 700 + 100) * 100 + 400 * 40
DRAYAGE_TKM = 600 * (6 + 9)
FUEL_KG = 2 * 100 * (3 + 700 / 800) + 2 * 100 * 3 + 40 * (3 + 400 / 800) + 40 * 3
HANDLED_T = 2 * MASS_T


def waybills() -> list[Waybill]:
    """The waybills of the plan; its shipper E1 gets the place of a demo party."""
    parties = [replace(party, party_id="E1") if party.party_id == "E01" else party for party in read_parties()]
    return from_plan(plan_by_hand(NETWORK.version, FACTORS.version), SHIPMENTS, parties, NETWORK, START)


@pytest.fixture(scope="module")
def shift() -> Shift:
    """The sums over the plan by hand."""
    return shift_of(waybills(), NETWORK, FACTORS)


def test_only_what_leaves_its_baseline_is_counted(shift: Shift) -> None:
    """S1's lot on the road, S4's train and S5 on its own baseline are not shifted to the water."""
    assert (shift.mass_t, shift.lots) == (MASS_T, 4)


def test_tonne_kilometres_by_kind(shift: Shift) -> None:
    """Road 120 km or the great circle with its factor; water 100 or 40 km; drayage 6 and 9 km; two hubs each."""
    assert shift.part("baseline", "truck").tkm == pytest.approx(TRUCK_TKM)
    assert shift.part("project", "vessel").tkm == pytest.approx(VESSEL_TKM)
    assert shift.part("project", "drayage").tkm == pytest.approx(DRAYAGE_TKM)
    assert shift.part("project", "hub").handled_t == pytest.approx(HANDLED_T)
    assert shift.part("project", "truck") == Part()


def test_grams_by_kind_wtw_and_ttw(shift: Shift) -> None:
    """Diesel 3 kg CO2e (all of it CO2) and 1 kg before; a hub 1.3 kg CO2e of which 0.6 kg is burnt there."""
    for side, kind, fuel_kg in (
        ("baseline", "truck", TRUCK_TKM * LINE_HAUL_KG_PER_TKM),
        ("project", "vessel", FUEL_KG),
        ("project", "drayage", DRAYAGE_TKM * DRAYAGE_KG_PER_TKM),
    ):
        part = shift.parts[side, kind]  # type: ignore[index]
        assert part.wtw_kg == pytest.approx(4 * fuel_kg, abs=0.01)
        assert part.ttw_co2_kg == pytest.approx(3 * fuel_kg, abs=0.01)
    assert shift.part("project", "hub").wtw_kg == pytest.approx(1.3 * HANDLED_T)
    assert shift.part("project", "hub").ttw_co2_kg == pytest.approx(0.6 * HANDLED_T)


def test_the_ways_of_counting_by_hand(shift: Shift) -> None:
    """(a) and (c) with the fuel models, (b) at 50 and 80 g/tkm, (b2) without the ends, (d) trucks at 100 g/tkm."""
    truck_kg, drayage_kg = TRUCK_TKM * LINE_HAUL_KG_PER_TKM, DRAYAGE_TKM * DRAYAGE_KG_PER_TKM
    expected_kg = {
        "a": 4 * (truck_kg - FUEL_KG - drayage_kg) - 1.3 * HANDLED_T,
        "b": 0.08 * (TRUCK_TKM - DRAYAGE_TKM) - 0.05 * VESSEL_TKM - 1.3 * HANDLED_T,
        "b2": 0.08 * TRUCK_TKM - 0.05 * VESSEL_TKM,
        "c": 3 * (truck_kg - FUEL_KG - drayage_kg) - 0.6 * HANDLED_T,
        "d": 0.1 * (TRUCK_TKM - DRAYAGE_TKM) - 4 * FUEL_KG - 1.3 * HANDLED_T,
    }
    found = {way.code: way.saving_kg_per_t * MASS_T for way in ways_of_counting(shift, FACTORS)}
    assert found == pytest.approx(expected_kg, abs=0.05)


def test_way_a_is_what_the_waybills_say(shift: Shift) -> None:
    """Recomputing the baseline from class models gives the grams that were planned, but for rounding to grams."""
    lots = [(waybill, lot) for waybill in waybills() for lot in waybill.lots if lot.by_water]
    planned_g = sum(lot.estimated_saving_wtw_g for _, lot in lots)
    (way,) = [way for way in ways_of_counting(shift, FACTORS) if way.code == "a"]
    assert (way.baseline_kg - way.project_kg) * 1000 == pytest.approx(planned_g, abs=len(lots) * 2)


def test_break_even_reaches_the_published_figure(shift: Shift) -> None:
    """Put the needed truck intensity back into the sum: it gives the figure asked for; likewise the vessel's."""
    needed = break_even(shift, 9.53)
    assert needed.truck_g_per_tkm is not None
    rest_kg = shift.side("project").wtw_kg
    assert (TRUCK_TKM * needed.truck_g_per_tkm / 1000 - rest_kg) / MASS_T == pytest.approx(9.53)


@given(target=st.floats(-20, 20))
def test_a_vessel_never_needs_negative_emissions(target: float) -> None:
    """Where no vessel is clean enough the answer is None, not a negative intensity."""
    parts: dict[tuple[Side, str], Part] = {(side, kind): Part() for side in ("baseline", "project") for kind in KINDS}
    parts["baseline", "truck"] = Part(tkm=300.0, wtw_kg=15.0)
    parts["project", "vessel"] = Part(tkm=330.0, wtw_kg=7.0)
    needed = break_even(Shift(1.0, 1, 0.0, parts), target).vessel_g_per_tkm  # type: ignore[arg-type]
    assert (needed is None) == (target >= 15.0)
    if needed is not None:
        assert 15.0 - 330.0 * needed / 1000 == pytest.approx(target)


def test_nothing_shifted_gives_zeros_and_no_division() -> None:
    """A month on the road is an answer."""
    nothing = shift_of([], NETWORK, FACTORS)
    assert [way.saving_kg_per_t for way in ways_of_counting(nothing, FACTORS)] == [0.0] * 5
    assert break_even(nothing, 9.53).truck_g_per_tkm is None


def test_the_published_figure_follows_from_equal_distances() -> None:
    """363 km x (78 - French 650-999 t) is within 3 % of the published 9.53 kg per tonne, nothing else counted."""
    network = read_network()
    again = rederived(network, load_factors())
    assert again.kg_per_t == pytest.approx(363 * (78 - again.vessel_g_per_tkm) / 1000)
    assert again.kg_per_t == pytest.approx(network.benchmarks["co2_saving_kg_per_t"].value, rel=0.03)


def test_traffic_of_the_plan_by_hand() -> None:
    """Half the voyages are empty; loaded ones: 1,400 t over 100 km and 400 t over 40 km."""
    plan = plan_by_hand("", "")
    traffic = traffic_of(plan.voyages, NETWORK)
    assert traffic.mean_haul_km == pytest.approx((1400 * 100 + 400 * 40) / 1800)
    assert (traffic.lock_passages, traffic.empty_share, traffic.outbound_per_inbound) == (0, 0.0, 0.0)


def test_passages_of_the_main_lock() -> None:
    """With the lock under the name of Fuchunjiang: V1 to V4 pass, two of them empty, 1,400 t in four vessels."""
    plan = plan_by_hand("", "")
    renamed = [
        replace(v, locks=tuple(replace(p, lock_id="FCJ") for p in v.locks if p.lock_id == "L2")) for v in plan.voyages
    ]
    traffic = traffic_of(renamed, NETWORK)
    assert (traffic.lock_passages, traffic.lock_empty, traffic.t_per_ship) == (4, 2, 350.0)
    assert (traffic.lockages, traffic.lockages_per_day) == (4.0, 4.0 / traffic.lock_days)


def test_traffic_is_written_beside_what_is_published() -> None:
    """Each figure once, a range with both ends, shares in per cent where they are printed."""
    network = read_network()
    found = {figure.name: figure for figure in figures(traffic_of(plan_by_hand("", "").voyages, NETWORK), network)}
    assert found["t_per_ship"].texts == ("807–904", "0")
    assert found["empty_share"].texts == ("22.5%", "0.0%")
    assert found["lockages_per_day"].published == (pytest.approx(4357 / 366),)
    rows = list(csv.DictReader(io.StringIO(traffic_csv(list(found.values())))))
    assert [row["measure"] for row in rows] == list(found)
    assert rows[5]["published"] == "807.0000/904.0000"
    assert float(rows[0]["planned"]) == pytest.approx(found["mean_haul_km"].planned, abs=1e-4)
