"""Full ships first: what batches hold, when they sail, and that what comes out is a plan once the fleet is routed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.network.model import FleetEntry
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.relaxation import Relaxation, relax
from optimizer.planning.design import Effort, Floats, Indices
from optimizer.planning.layout.fleetflow import WAIT
from optimizer.planning.layout.services import cheapest_services
from optimizer.planning.solving.batches import Batch, BatchBuilder, Load, batch_plan
from optimizer.planning.solving.windows import FEASIBLE, Windows, WindowSizes, violation
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.corridor import corridor
from tests.planning.random_tasks import Task, any_tasks, cargo
from tests.planning.solved import Case, lay_out
from tests.planning.test_changes import steel

LOOK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def relaxed(case: Case) -> Relaxation:
    """Prices and shares of a case."""
    return relax(case.program, LagrangianBound(case.program, case.fleet, case.space.ways), Effort())


def batches_of(case: Case) -> list[Batch]:
    """All batches of a case."""
    builder = BatchBuilder(case.program, case.space, relaxed(case))
    return [batch for family, loads in sorted(builder.loads().items()) for batch in builder.fill(family, loads)]


def planned_in_batches(case: Case) -> Floats | None:
    """The plan of batches, with every move of the fleet allowed."""
    plan = case.program
    moves = (np.arange(len(plan.column_slot)) >= plan.cargo_count) & (plan.column_family < 0)
    return batch_plan(plan, case.space, relaxed(case), moves, Effort(gap=1e-6))


@LOOK
@given(any_tasks(6))
def test_a_batch_fits_its_ship_and_its_time(task: Task) -> None:
    """No more than the hull loads in every slot it may sail in, no load outside its slots, nothing carried twice."""
    network, shipments = task
    case = lay_out(network, shipments)
    share: dict[int, float] = defaultdict(float)
    for batch in batches_of(case):
        capacity = case.space.families[batch.family].capacity_t
        mass_t = sum(load.mass_t for load in batch.loads)
        assert (capacity[batch.slots] >= mass_t - 1e-6).all()
        for load in batch.loads:
            assert np.isin(batch.slots, load.slots).all()
            assert load.mass_t == pytest.approx(load.share * shipments[load.shipment].mass_kg / 1000)
            assert shipments[load.shipment].splittable or load.share == 1.0
            share[load.shipment] += load.share
    assert all(total <= 1 + 1e-6 for total in share.values())


@LOOK
@given(any_tasks(6))
def test_batches_make_a_plan_once_the_fleet_is_routed(task: Task) -> None:
    """Every shipment carried once; with the fleet routed around it, a plan that holds unless a limit of quays bites."""
    network, shipments = task
    network = replace(network, terminals={k: replace(v, handling_t_per_day=1e9) for k, v in network.terminals.items()})
    case = lay_out(network, shipments)
    x = planned_in_batches(case)
    assert x is not None
    windows = Windows(case.program, relaxed(case), WindowSizes(), 0)
    x = windows.polish_fleet(x, lambda: np.inf)
    assert violation(case.program.program, x) < FEASIBLE
    best = case.solve().objective
    assert float(case.program.program.cost @ x) >= best - 1e-6 * abs(best) - 0.01


def test_three_loads_fill_one_ship() -> None:
    """Small loads that are ready hours apart wait for each other: one full BIG instead of three half-empty vessels."""
    fleet = (FleetEntry("F", "BIG", "UP", 2, TINY_START, "own", MADE_UP),)
    shipments = [cargo(n, 330.0, ready_h=5.0 * n, due_h=90.0) for n in range(3)]
    case = lay_out(tiny_network(fleet=fleet), shipments)
    (batch,) = batches_of(case)
    assert sum(load.mass_t for load in batch.loads) == pytest.approx(990.0)
    assert batch.slots.min() * 6 >= 10 + 1
    x = planned_in_batches(case)
    assert x is not None
    sailing = (case.program.column_family >= 0) & (np.arange(len(x)) >= case.program.cargo_count)
    assert x[sailing].sum() == pytest.approx(1.0)


def test_what_does_not_pay_stays_on_the_road() -> None:
    """Twenty tonnes do not pay for a voyage: no batch, and the plan is the road."""
    case = lay_out(tiny_network(), [cargo(0, 20.0)])
    assert batches_of(case) == []
    x = planned_in_batches(case)
    assert x is not None
    assert np.flatnonzero(x).tolist() == [int(case.cargo_columns(0, by_water=False)[0])]


def test_hulls_stay_at_home_where_no_other_move_is_allowed() -> None:
    """No wait is among the moves, for waiting looks dear where hulls are short: the plan of batches holds as it is."""
    case = lay_out(tiny_network(), [cargo(n, 800.0, due_h=90.0) for n in range(3)])
    none = np.zeros(len(case.program.column_slot), dtype=bool)
    assert len(batches_of(case)) >= 1
    x = batch_plan(case.program, case.space, relaxed(case), none, Effort(gap=1e-6))
    assert x is not None
    assert violation(case.program.program, x) < FEASIBLE


def test_a_fleet_may_wait_where_it_begins_and_only_there() -> None:
    """In every slot but the last each place where hulls begin has one wait, and no other move is among them."""
    case = lay_out(tiny_network(), [cargo(0, 800.0, due_h=90.0)])
    columns, fleet = case.fleet.columns, case.fleet
    begin = {(int(fleet.node_pool[n]), fleet.node_place[n]) for n in np.flatnonzero(fleet.supply > 0)}
    at = zip(fleet.node_pool[columns.tail].tolist(), np.array(fleet.node_place)[columns.tail].tolist(), strict=True)
    waits = np.array([place in begin for place in at]) & (columns.kind == WAIT)
    assert (
        np.flatnonzero(case.program.home_columns).tolist()
        == (np.flatnonzero(waits) + case.program.cargo_count).tolist()
    )


def test_a_load_is_cut_at_the_hatch() -> None:
    """700 t and 700 t into vessels of 1,000 t: the second is cut, and keeps its share of cost and slots."""
    slots, columns = np.arange(4), np.arange(10, 14)
    load = Load(0, 0.7, 700.0, slots, columns, whole=False)
    rest = load.part(300.0)
    assert (rest.share, rest.mass_t) == (pytest.approx(0.3), 300.0)
    assert (rest.slots, rest.columns) == (slots, columns)  # type: ignore[comparison-overlap]


def test_what_terminals_have_no_room_for_does_not_fall_back_on_them() -> None:
    """A dozen loads for the island on one day, each cheapest by sea, are more than its quay handles: what cargo falls
    back on still holds every terminal."""
    case = lay_out(corridor(), [steel(n, 1000.0, "LOW", "ISLE") for n in range(12)])
    builder, program, terminal = BatchBuilder(case.program, case.space, relaxed(case)), case.program.program, "terminal"
    rows = slice(case.program.block(terminal).first, None)

    def excess_t(columns: Indices) -> float:
        x = np.zeros(len(program.cost))
        x[columns] = 1.0
        return float((program.matrix[rows] @ x - program.row_upper[rows]).max())

    assert (builder.on_road >= 0).all()
    assert excess_t(cheapest_services(case.space, builder.cost)) > 0
    assert excess_t(builder.on_road) <= 0


def test_what_must_stay_whole_waits_for_room() -> None:
    """Two unsplittable shipments of 600 t never share a vessel of 1,000 t."""
    fleet = (FleetEntry("F", "BIG", "UP", 2, TINY_START, "own", MADE_UP),)
    case = lay_out(tiny_network(fleet=fleet), [cargo(n, 600.0, splittable=False, due_h=60.0) for n in range(2)])
    for batch in batches_of(case):
        assert [load.share for load in batch.loads] == [1.0]
