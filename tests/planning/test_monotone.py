"""What must follow when a task changes one way only: more room never costs more, dearer carbon never emits more, and
the order of rows is no matter."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from shutil import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from optimizer.demo.seed_files import shipments_path
from optimizer.emissions.factors import load_factors
from optimizer.network.model import FleetEntry, Network
from optimizer.network.reader import read_network
from optimizer.network.schema import shipped_directory
from optimizer.planning.design import Effort, solve_integer
from optimizer.planning.document import plan_to_json
from optimizer.planning.files.shipment_file import read_shipments
from optimizer.planning.plan import Binding, Plan
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solve import plan_shipments
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.random_tasks import Task, any_tasks, cargo, planned
from tests.planning.solved import Case, lay_out

LOOK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EXACT = Effort(gap=1e-9)


def slack_yuan(objective_yuan: float) -> float:
    """What the solver's tolerances may move an optimum by."""
    return 0.01 + 1e-6 * abs(objective_yuan)


def more_hulls(network: Network, shipments: Sequence[Shipment]) -> Task:
    """One more small vessel of one's own at the upper end, where the world knows such a vessel."""
    size, place = ("SMALL", "UP") if "SMALL" in network.vessel_classes else ("B800", "UP")
    mine = [e for e in network.fleet if (e.vessel_class, e.location_id, e.market) == (size, place, "own")]
    others = tuple(entry for entry in network.fleet if entry not in mine)
    entry = mine[0] if mine else FleetEntry("F9", size, place, 0, TINY_START, "own", MADE_UP)
    return replace(network, fleet=(*others, replace(entry, count=entry.count + 1))), tuple(shipments)


def more_handling(network: Network, shipments: Sequence[Shipment]) -> Task:
    """Three hundred tonnes more a day at each terminal."""
    quays = {k: replace(q, handling_t_per_day=q.handling_t_per_day + 300.0) for k, q in network.terminals.items()}
    return replace(network, terminals=quays), tuple(shipments)


def more_lockages(network: Network, shipments: Sequence[Shipment]) -> Task:
    """One more lockage a day at each lock."""
    locks = {k: replace(lock, lockages_per_day=lock.lockages_per_day + 1) for k, lock in network.locks.items()}
    return replace(network, locks=locks), tuple(shipments)


def later_due(network: Network, shipments: Sequence[Shipment]) -> Task:
    """A day more for each shipment."""
    return network, tuple(replace(item, due_at=item.due_at + timedelta(days=1)) for item in shipments)


def no_closures(network: Network, shipments: Sequence[Shipment]) -> Task:
    """Nothing is closed and no water is low."""
    return replace(network, closures=(), water_levels=()), tuple(shipments)


@pytest.mark.parametrize("widen", [more_hulls, more_handling, more_lockages, later_due, no_closures])
@LOOK
@given(task=any_tasks(most=3))
def test_more_room_never_makes_the_best_plan_dearer(widen: Callable[..., Task], task: Task) -> None:
    """One more hull, quay capacity, lockages, time, open water: each plan of before is still a plan."""
    before, after = lay_out(*task), lay_out(*widen(*task))
    assume(not before.space.stranded)
    assert not after.space.stranded
    best = before.solve().objective
    assert after.solve().objective <= best + slack_yuan(best)


@pytest.mark.parametrize("widen", [more_hulls, more_handling, more_lockages, later_due])
def test_the_product_saves_where_there_is_more_room(widen: Callable[..., Task]) -> None:
    """A world with one hull, a lock of one passage a day, 400 t a day at quays and cargo in a hurry: more of any of it
    saves something, with the bound of the one plan below the other as it must be."""
    network = tiny_network(fleet=(FleetEntry("F", "SMALL", "UP", 1, TINY_START, "own", MADE_UP),))
    lock = replace(network.locks["L1"], lockages_per_day=1.0, vessels_per_lockage=1.0, planner_share=1.0)
    quays = {key: replace(quay, handling_t_per_day=400.0) for key, quay in network.terminals.items()}
    network = replace(network, locks={"L1": lock}, terminals=quays)
    task = network, tuple(cargo(n, 480.0, due_h=20.0) for n in range(4))
    before, after = planned(*task), planned(*widen(*task))
    assert before.status == after.status == "optimal"
    assert after.objective_yuan < before.objective_yuan - 100.0
    assert after.bound_yuan < before.bound_yuan - 100.0


def priced(task: Task, carbon_yuan_per_t: float) -> tuple[float, float, float]:
    """The best objective at a carbon price, its CO2e in tonnes and the rest of the objective in yuan."""
    case = lay_out(*task, PlanSettings(carbon_yuan_per_t, gap=0.0))
    found = case.solve()
    assert found.x is not None
    co2e_t = float(case.program.wtw_kg @ found.x) / 1000
    return found.objective, co2e_t, found.objective - carbon_yuan_per_t * co2e_t


@LOOK
@given(any_tasks(most=3), st.sampled_from([(0.0, 100.0), (100.0, 400.0), (100.0, 3000.0), (0.0, 20000.0)]))
def test_dearer_carbon_never_emits_more_nor_costs_less(task: Task, prices: tuple[float, float]) -> None:
    """Two optima at two prices: the dearer carbon, the less CO2e and the more of everything else. Each optimum is known
    to the solver's precision; over a small step of the price that is the more CO2e."""
    low, high = prices
    (here, co2e_t, yuan), (there, dear_co2e_t, dear_yuan) = (priced(task, price) for price in prices)
    slack = slack_yuan(here) + slack_yuan(there)
    assert dear_co2e_t <= co2e_t + slack / (high - low)
    assert dear_yuan >= yuan - slack * (1 + low / (high - low))
    assert there >= here - slack


def test_dear_carbon_moves_cargo_off_an_empty_hull() -> None:
    """What the property compares does move, in the plan as written too: 300 t alone in a hull that comes back empty
    are cheaper by water and cleaner by road."""
    task = tiny_network(), (cargo(0, 300.0),)
    plain, dear = (planned(*task, PlanSettings(price, gap=0.0)).totals for price in (0.0, 3000.0))
    assert plain.water_mass_kg > dear.water_mass_kg == 0
    assert dear.planned.co2e_wtw_g < 0.95 * plain.planned.co2e_wtw_g
    assert dear.planned.cost_fen > plain.planned.cost_fen


def turned(network: Network, step: int) -> Network:
    """The same network with the rows of its tables read in another order."""

    def other(table: Mapping[Any, Any]) -> dict[Any, Any]:
        rows = list(table.items())
        return dict(rows[::-1] if step == 0 else rows[step % len(rows) :] + rows[: step % len(rows)])

    return replace(
        network,
        locations=other(network.locations),
        terminals=other(network.terminals),
        links=other(network.links),
        locks=other(network.locks),
        vessel_classes=other(network.vessel_classes),
        truck_classes=other(network.truck_classes),
        tariffs=other(network.tariffs),
        cargo=other(network.cargo),
        parameters=other(network.parameters),
        fleet=network.fleet[::-1],
        closures=network.closures[::-1],
        water_levels=network.water_levels[::-1],
    )


def as_text(plan: Plan) -> str:
    """The document, shipments by name: they stand in it in the order in which they were given."""
    return plan_to_json(replace(plan, shipments=tuple(sorted(plan.shipments, key=lambda item: item.shipment_id))))


@LOOK
@given(any_tasks(), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_shipments_is_no_matter(task: Task, chance: Random, in_steps: bool) -> None:
    """Each shipment planned alike and all else the same byte for byte, on the way of small plans and of large ones."""
    network, shipments = task
    shuffled = list(shipments)
    chance.shuffle(shuffled)
    here, there = (planned(network, order, in_steps=in_steps) for order in (shipments, shuffled))
    assert [item.shipment_id for item in there.shipments] == [item.shipment_id for item in shuffled]
    assert as_text(there) == as_text(here)


@LOOK
@given(any_tasks(most=3), st.integers(0, 3), st.booleans())
def test_the_order_of_network_rows_is_no_matter(task: Task, step: int, in_steps: bool) -> None:
    """Rows of locations, links, fleet and all other tables in another order: the same document, byte for byte, on the
    way of small plans and of large ones."""
    network, shipments = task
    here, there = (planned(tables, shipments, in_steps=in_steps) for tables in (network, turned(network, step)))
    assert plan_to_json(there) == plan_to_json(here)


def test_shipped_tables_shuffled_row_by_row_give_the_same_plan(tmp_path: Path) -> None:
    """The CSV files themselves, factors too; nothing but the version, which names the files, tells the plans apart."""
    network, shuffled = read_network(), read_network(shuffled_copy(tmp_path, Random(5)))
    assert list(shuffled.links) != list(network.links)
    listed = read_shipments(shipments_path(), network)[:2]
    plans = [
        plan_shipments(listed, tables, factors, PlanSettings(gap=0.1), clock=lambda: 0.0)
        for tables, factors in ((network, load_factors()), (shuffled, load_factors(tmp_path)))
    ]
    here, there = (plan_to_json(replace(plan, versions={})) for plan in plans)
    assert there == here


def shuffled_copy(directory: Path, chance: Random) -> Path:
    """The shipped network with the rows of every table in another order."""
    for path in shipped_directory().iterdir():
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                header, *rows = csv.reader(file)
            chance.shuffle(rows)
            with (directory / path.name).open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([header, *rows])
        elif path.suffix == ".json":
            copy(path, directory / path.name)
    return directory


def widened(case: Case, item: Binding) -> float:
    """The best objective when what an entry of `binding` speaks of is one unit wider: the same program, whole hulls."""
    if item.kind == "fleet":
        # A hull more may sail wherever one sails: the world is laid out afresh.
        size, market, place = item.item_id.split("/")
        fleet = tuple(
            replace(entry, count=entry.count + 1)
            if (entry.vessel_class, entry.market, entry.location_id) == (size, market, place)
            else entry
            for entry in case.network.fleet
        )
        return lay_out(replace(case.network, fleet=fleet), case.shipments, case.settings).solve().objective
    program, block = case.program.program, case.program.block(item.kind)
    key = (*item.item_id.split("/"), (date.fromisoformat(item.day) - case.space.grid.epoch.date()).days)
    move = np.zeros(len(program.row_upper))
    move[block.first + block.keys.index(key)] = 1.0
    wider = replace(program, row_lower=program.row_lower + move, row_upper=program.row_upper + move)
    return solve_integer(wider, EXACT).objective


def saved(case: Case) -> list[tuple[Binding, float, float]]:
    """Entries for one unit, what planning again with it saves, and how far the best plan is from the relaxation."""
    found = case.solve()
    assert found.x is not None
    apart = found.objective - case.relaxed()[0]
    entries = [item for item in case.assemble(found.x).binding if item.unit in ("vessel", "t")]
    return [(item, found.objective - widened(case, item), apart) for item in entries]


def narrow(lockages: float, handling_t: float, hulls: int, market: str) -> Network:
    """The tiny world with little of everything: a lock that lets one vessel through at a time, small vessels above."""
    fleet = (FleetEntry("F", "SMALL", "UP", hulls, TINY_START, market, MADE_UP),)
    network = tiny_network(fleet=fleet)
    lock = replace(network.locks["L1"], lockages_per_day=lockages, vessels_per_lockage=1.0, planner_share=1.0)
    quays = {key: replace(quay, handling_t_per_day=handling_t) for key, quay in network.terminals.items()}
    return replace(network, locks={"L1": lock}, terminals=quays)


def flow(masses_t: Sequence[float], every_h: float, due_h: float) -> tuple[Shipment, ...]:
    """Stone down the river, one shipment after another."""
    return tuple(
        cargo(n, mass, ready_h=every_h * n, due_h=every_h * n + due_h, splittable=n % 2 == 0)
        for n, mass in enumerate(masses_t)
    )


NARROW = st.builds(
    narrow,
    st.sampled_from([1.0, 2.0, 12.0]),
    st.sampled_from([480.0, 700.0, 3000.0]),
    st.integers(1, 2),
    st.sampled_from(["own", "spot"]),
)
FLOW = st.builds(
    flow,
    st.lists(st.sampled_from([90.0, 300.0, 450.0, 500.0]), min_size=2, max_size=5),
    st.sampled_from([0.0, 6.0]),
    st.sampled_from([20.0, 40.0, 60.0]),
)


@LOOK
@given(NARROW, FLOW)
@example(narrow(2.0, 3000.0, 1, "own"), flow([90.0, 90.0, 300.0, 500.0], 0.0, 20.0))
def test_one_more_unit_saves_no_more_than_its_worth_at_the_margin_allows(
    network: Network, shipments: tuple[Shipment, ...]
) -> None:
    """For each entry: solved again with one vessel, tonne or hull more, the optimum falls, and by no more than the
    value printed and what lies between the optimum and the relaxation whose slope the value is."""
    for item, saved_yuan, apart_yuan in saved(lay_out(network, shipments)):
        slack = slack_yuan(10 * (item.value_yuan + apart_yuan)) + 0.1
        assert -slack <= saved_yuan <= item.value_yuan + apart_yuan + slack, item.item_id


def test_worth_at_the_margin_is_not_what_a_whole_unit_saves() -> None:
    """Why the sentences do not say "would save": five loads for one hull. A second hull is worth 13,352 yuan at the
    margin, planned again with it saves 9,844; the relation above is all that holds."""
    network = tiny_network(fleet=(FleetEntry("F", "SMALL", "UP", 1, TINY_START, "own", MADE_UP),))
    ((item, saved_yuan, apart_yuan),) = saved(lay_out(network, flow([480.0] * 5, 6.0, 30.0)))
    assert item.kind == "fleet"
    assert saved_yuan < 0.9 * item.value_yuan
    assert saved_yuan <= item.value_yuan + apart_yuan
    assert "边际价值" in item.message.zh
    assert "at the margin" in item.message.en


def test_no_sentence_promises_a_saving() -> None:
    """Lock, terminal, fleet: each entry says that its value is one at the margin, in both languages."""
    kinds = set()
    for network in (narrow(1.0, 3000.0, 2, "own"), narrow(12.0, 480.0, 2, "own")):
        case = lay_out(network, flow([450.0] * 5, 6.0, 40.0))
        x = case.solve().x
        assert x is not None
        for item in case.assemble(x).binding:
            kinds.add(item.kind)
            assert "边际价值" in item.message.zh
            assert "at the margin" in item.message.en
            assert "save" not in item.message.en
    assert kinds >= {"lock", "terminal"}
