"""From a solution to the plan document: what comes out holds before the second opinion, to the fen and the gram."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.errors import SolverError
from optimizer.network.model import FleetEntry
from optimizer.planning.design import Floats
from optimizer.planning.document import plan_from_json, plan_to_json
from optimizer.planning.layout.fleetflow import EMPTY
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.corridor import corridor
from tests.planning.plan_by_hand import SHIPMENTS
from tests.planning.solved import Case, best_plan, by_id, lay_out, loaded

HOUR = timedelta(hours=1)
TINY = tiny_network()


def cargo(
    number: int,
    mass_kg: int,
    *,
    origin: str = "MILL",
    code: str = "stone",
    ready_h: float = 0.0,
    due_h: float = 120.0,
    splittable: bool = True,
    value: float = 500.0,
) -> Shipment:
    """A shipment of the tiny world to the lower port."""
    ready_at = TINY_START + ready_h * HOUR
    due_at = TINY_START + due_h * HOUR
    return Shipment(f"S{number}", "E1", code, mass_kg, origin, "DOWN", ready_at, due_at, splittable, value)


def solution(case: Case, at_least: dict[int, float] | None = None, gap: float = 1e-9) -> Floats:
    """A solution's columns."""
    x = case.solve(at_least, gap).x
    assert x is not None
    return x


SHIPMENT_SETS = st.lists(
    st.builds(
        cargo,
        st.just(0),
        st.integers(1, 1_400_000),
        origin=st.sampled_from(["MILL", "PIT", "UP"]),
        code=st.sampled_from(["coal", "stone"]),
        ready_h=st.integers(0, 40).map(lambda n: n * 1.7),
        due_h=st.integers(70, 130),
        splittable=st.booleans(),
        value=st.sampled_from([0.0, 300.0, 20_000.0]),
    ),
    min_size=1,
    max_size=5,
).map(lambda items: [replace(item, shipment_id=f"S{n}") for n, item in enumerate(items)])


def test_every_kind_of_route_makes_a_plan_that_holds() -> None:
    """Truck, river, rail, sea and their chains on the corridor: no violation, and the solver's own objective."""
    case = lay_out(corridor(), SHIPMENTS)
    outcome = case.solve()
    assert outcome.x is not None
    plan = case.assemble(outcome.x)
    assert case.check(plan) == []
    assert plan.objective_yuan == pytest.approx(outcome.objective, abs=0.05)
    modes = {leg.mode for planned in plan.shipments for lot in planned.lots for leg in lot.legs}
    assert modes == {"Road", "InlandWaterway", "Sea", "Rail", "Hub"}
    assert plan_from_json(plan_to_json(plan)) == plan


@settings(max_examples=40, deadline=None)
@given(SHIPMENT_SETS)
def test_any_optimal_solution_makes_a_plan_that_holds(shipments: list[Shipment]) -> None:
    """Random shipments: no violation, everything carried, and never cheaper than the bound."""
    case = lay_out(TINY, shipments)
    plan = case.assemble(solution(case))
    assert case.check(plan) == []
    assert {planned.status for planned in plan.shipments} == {"planned"}
    assert plan.objective_yuan >= plan.bound_yuan - 0.05 * len(shipments)


@settings(max_examples=40, deadline=None)
@given(SHIPMENT_SETS, st.randoms(use_true_random=False))
def test_a_poor_and_noisy_solution_still_makes_a_plan_that_holds(shipments: list[Shipment], random: object) -> None:
    """Forced sailings, spare hulls and tolerance in the shares leave nothing that the check finds."""
    case = lay_out(TINY, shipments)
    sails = [c for name in ("SMALL", "BIG") for c in case.hull_columns("UP", "DOWN", name)]
    # Early enough for any vessel to be there, and late enough to be home before the end.
    sails = [c for c in sails if 4 <= case.program.column_slot[c] <= 12]
    x = solution(case, {random.choice(sails): 1.0} if sails else {})  # type: ignore[attr-defined]
    for column in range(case.program.cargo_count):
        x[column] += random.uniform(0.0, 2e-6)  # type: ignore[attr-defined]
    assert case.check(case.assemble(x)) == []


def test_thirds_of_an_awkward_mass_re_add_to_the_kilogram() -> None:
    """1,000.001 t in three equal shares: lots of whole kilograms, none lost, none too many aboard."""
    case = lay_out(TINY, [cargo(0, 1_000_001)])
    # Every share sails in a vessel of its own, six hours apart.
    small = [c for c in case.cargo_columns(0) if case.family(c).vessel_class == "SMALL"][:3]
    plan = case.assemble(solution(case, dict.fromkeys(small, 0.33333)))
    masses = sorted(lot.mass_kg for lot in plan.shipments[0].lots)
    assert sum(masses) == 1_000_001
    assert masses[0] >= 333_330
    assert case.check(plan) == []


def test_parts_of_a_voyage_add_up_to_the_voyage_and_its_empty_return() -> None:
    """Three lots aboard bear by mass what the loaded and the empty voyages cost and emit, to the fen and the gram."""
    plan = best_plan(TINY, [cargo(n, 333_333) for n in range(3)])
    legs = [leg for planned in plan.shipments for lot in planned.lots for leg in lot.legs if leg.voyage_id]
    assert len(loaded(plan)) == 1
    assert len(plan.voyages) == 2
    assert sum(leg.cost_fen for leg in legs) == sum(voyage.cost_fen for voyage in plan.voyages)
    assert sum(leg.co2e_wtw_g for leg in legs) == sum(voyage.co2e_wtw_g for voyage in plan.voyages)
    assert max(leg.cost_fen for leg in legs) - min(leg.cost_fen for leg in legs) <= 1


def test_voyages_are_numbered_in_order_of_berthing() -> None:
    """V00001 is the first at a berth; vessels are named by class, market, home and number."""
    plan = best_plan(TINY, [cargo(n, 450_000, ready_h=9.0 * n) for n in range(4)])
    keys = [(v.berth_from, v.origin, v.destination, v.vessel_id) for v in plan.voyages]
    assert keys == sorted(keys)
    assert [v.voyage_id for v in plan.voyages] == [f"V{n:05d}" for n in range(1, len(keys) + 1)]
    assert {v.vessel_id.rsplit("-", 1)[0] for v in plan.voyages} <= {"SMALL-own-UP", "BIG-own-DOWN", "SMALL-spot-DOWN"}


def test_a_hired_hull_is_paid_while_it_waits_away_from_its_base() -> None:
    """Two loads far apart in time and one hired vessel that must stay: the wait is on its next voyage."""
    network = replace(TINY, fleet=(FleetEntry("spot", "SMALL", "DOWN", 1, TINY_START, "spot", MADE_UP),))
    case = lay_out(network, [cargo(0, 480_000, ready_h=36, due_h=120)])
    up = case.hull_columns("DOWN", "UP", "SMALL", EMPTY)
    # Up the river at once, though the cargo that it waits for is ready only on the second day.
    case_plan = case.assemble(solution(case, {up[0]: 1.0, case.cargo_columns(0)[0]: 1.0}))
    assert case.check(case_plan) == []
    assert {voyage.vessel_id for voyage in case_plan.voyages} == {"SMALL-spot-DOWN-001"}
    first_up, *rest = case_plan.voyages
    waited = (rest[0].berth_from - first_up.free_at) / timedelta(days=1)
    assert waited > 0
    fuel_fen = rest[0].fuel_g / 1000 * 8 * 100
    days = (rest[0].free_at - rest[0].berth_from) / timedelta(days=1)
    assert rest[0].cost_fen == pytest.approx(3000 * 100 * (days + waited) + fuel_fen, abs=1)


def test_a_sailing_without_cargo_becomes_an_empty_voyage() -> None:
    """It needs no berth and as many slots as an empty lane, and passes the lock when it was counted."""
    network = replace(TINY, fleet=(FleetEntry("own", "SMALL", "UP", 1, TINY_START, "own", MADE_UP),))
    case = lay_out(network, [cargo(0, 400_000)])
    sails = case.hull_columns("UP", "DOWN", "SMALL")
    case_plan = case.assemble(solution(case, {case.cargo_columns(0)[0]: 1.0, sails[8]: 1.0}))
    assert case.check(case_plan) == []
    full, spare = [voyage for voyage in case_plan.voyages if voyage.origin == "UP"]
    assert (full.load_kg, spare.load_kg) == (400_000, 0)
    assert full.free_at - full.berth_from == timedelta(hours=18)
    assert spare.free_at - spare.berth_from == timedelta(hours=12)
    apart = (sails[8] - sails[0]) * 6 * HOUR - (full.berth_from - TINY_START)
    assert [passage.at - apart for passage in spare.locks] == [passage.at for passage in full.locks]


def test_a_tour_that_carries_nothing_is_left_out() -> None:
    """A vessel sent up and down the river empty stays at home."""
    case = lay_out(TINY, [cargo(0, 400_000)])
    small = next(c for c in case.cargo_columns(0) if case.family(c).vessel_class == "SMALL")
    up = case.hull_columns("DOWN", "UP", "BIG", EMPTY)
    case_plan = case.assemble(solution(case, {small: 1.0, up[0]: 1.0}))
    assert case.check(case_plan) == []
    assert {voyage.vessel_class for voyage in case_plan.voyages} == {"SMALL"}


def test_cargo_that_is_nobodys_way_is_rejected_and_the_rest_planned() -> None:
    """An island without road or terminal: rejected, and the reason names what is missing."""
    island = replace(TINY.locations["PIT"], location_id="ISLE", name_zh="孤岛", name_en="Island", road_access=False)
    network = replace(TINY, locations={**TINY.locations, "ISLE": island})
    case = lay_out(network, [cargo(0, 50_000, origin="ISLE"), cargo(1, 333_333)])
    plan = case.assemble(solution(case))
    assert case.check(plan) == []
    assert [planned.status for planned in plan.shipments] == ["rejected", "planned"]
    reason = plan.shipments[0].reason
    assert reason is not None
    assert "孤岛没有公路可达" in reason.zh
    assert "No terminal within 50 km of Island handles coal" not in reason.en
    assert "No terminal within 50 km of Island handles stone" in reason.en


@pytest.mark.parametrize("splittable", [True, False])
def test_what_a_full_terminal_cannot_handle_is_left_behind(splittable: bool) -> None:
    """500 t from an island whose port handles 300 t a day: 300 t travel, or nothing where it must stay whole and then
    the port's figure is named; the bound holds either way."""
    network = corridor()
    terminals = {
        key: replace(item, handling_t_per_day=300.0) if item.location_id == "ISLE" else item
        for key, item in network.terminals.items()
    }
    shipments = [replace(item, splittable=splittable) if item.shipment_id == "S5" else item for item in SHIPMENTS]
    case = lay_out(replace(network, terminals=terminals), shipments)
    plan = case.assemble(solution(case))
    assert case.check(plan) == []
    left = by_id(plan, "S5")
    assert left.reason is not None
    if splittable:
        assert (left.status, left.left_kg, left.reason.code) == ("planned", 200_000, "no_road_partly")
    else:
        assert left.status == "rejected"
        assert "外岛港每天只能装卸 300 吨" in left.reason.zh
    assert plan.bound_yuan <= plan.objective_yuan


def test_a_cap_on_co2e_holds_to_the_gram() -> None:
    """Between the cheapest plan's emissions and the least there can be, the cap decides and the plan keeps it."""
    shipments = [cargo(n, 333_333, ready_h=5.0 * n, code="coal") for n in range(4)]
    free = best_plan(TINY, shipments, PlanSettings(carbon_price_yuan_per_t=0.0))
    emitted_t = free.totals.planned.co2e_wtw_g / 1e6
    case = lay_out(TINY, shipments, PlanSettings(carbon_price_yuan_per_t=0.0, co2e_cap_t=emitted_t * 0.97))
    plan = case.assemble(solution(case))
    assert case.check(plan) == []
    assert plan.totals.planned.co2e_wtw_g <= emitted_t * 0.97e6 + 50
    assert plan.objective_yuan >= free.objective_yuan


def test_the_plan_names_its_makers_and_settings() -> None:
    """Versions of product, network, factors and solver; settings as asked, and what ended the search."""
    plan = best_plan(TINY, [cargo(0, 333_333)], PlanSettings(gap=0.9, seed=7))
    assert set(plan.versions) == {"product", "network", "factors", "solver"}
    assert plan.versions["network"] == "tiny"
    assert plan.settings["seed"] == 7
    assert plan.settings["stop"] == "gap"


def test_broken_hull_counts_are_a_defect_of_the_solver() -> None:
    """Half a vessel, or a vessel where none lies, is never turned into a plan."""
    case = lay_out(TINY, [cargo(0, 333_333)])
    x = solution(case)
    half = x.copy()
    half[case.program.cargo_count] += 0.5
    with pytest.raises(SolverError):
        case.assemble(half)
    from_nowhere = x.copy()
    from_nowhere[case.hull_columns("UP", "DOWN", "BIG")[0]] += 1
    with pytest.raises(SolverError):
        case.assemble(from_nowhere)


def test_the_same_solution_gives_the_same_bytes() -> None:
    """No set order or clock enters the document."""
    case = lay_out(corridor(), SHIPMENTS)
    x = solution(case)
    assert plan_to_json(case.assemble(x)) == plan_to_json(case.assemble(np.array(x)))
