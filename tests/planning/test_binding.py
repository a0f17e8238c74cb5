"""What limits a plan: each value is what the bound really falls by when the limit gives way a little."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from optimizer.network.model import FleetEntry, Network
from optimizer.planning.answer.binding import FEW_DAYS, MOST, bindings
from optimizer.planning.design import Effort, Floats, solve_linear
from optimizer.planning.plan import Binding, Plan
from optimizer.planning.shipment import Shipment
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.solved import Case, lay_out

TINY = tiny_network()
EXACT = Effort(gap=1e-9)
A_LITTLE = 1e-3


def shipments(count: int, mass_t: int, due_h: float = 60.0) -> list[Shipment]:
    """Stone from the mill, one every six hours."""
    return [
        Shipment(
            f"S{n}",
            "E1",
            "stone",
            mass_t * 1000,
            "MILL",
            "DOWN",
            TINY_START + timedelta(hours=6 * n),
            TINY_START + timedelta(hours=6 * n + due_h),
            True,
            500.0,
        )
        for n in range(count)
    ]


def solved(case: Case) -> tuple[Plan, dict[str, list[Binding]]]:
    """The plan and what limits it, by kind."""
    x = case.solve().x
    assert x is not None
    plan = case.assemble(x)
    kinds: dict[str, list[Binding]] = {}
    for item in plan.binding:
        kinds.setdefault(item.kind, []).append(item)
    return plan, kinds


def slopes(case: Case, rows: dict[int, float]) -> tuple[float, float]:
    """What the relaxation gains per unit when the sides of rows move by a little one way, and loses the other way."""
    program = case.program.program
    move = np.zeros(len(program.row_upper))
    for row, share in rows.items():
        move[row] = share * A_LITTLE

    def cost(step: Floats) -> float:
        sides = {"row_lower": program.row_lower + step, "row_upper": program.row_upper + step}
        return solve_linear(replace(program, **sides), EXACT, "simplex").objective

    here = cost(np.zeros(len(move)))
    return (here - cost(move)) / A_LITTLE, (cost(-move) - here) / A_LITTLE


def row_of(case: Case, kind: str, key: tuple[object, ...]) -> int:
    """The row of a key."""
    block = case.program.block(kind)
    return block.first + block.keys.index(key)


def day_of(item: Binding) -> int:
    """The day of the plan that an entry speaks of."""
    return int(item.day[-2:]) - TINY_START.day


def narrow_lock(lockages_per_day: float) -> Network:
    """The tiny world with a lock that lets one vessel through at a time."""
    lock = replace(TINY.locks["L1"], lockages_per_day=lockages_per_day, vessels_per_lockage=1.0, planner_share=1.0)
    return replace(TINY, locks={"L1": lock})


def test_a_lock_is_worth_what_one_more_passage_saves() -> None:
    """With two passages a day the lock binds; the value of each day lies between the slopes on both sides."""
    case = lay_out(narrow_lock(2.0), shipments(6, 450))
    _, kinds = solved(case)
    assert kinds["lock"]
    for item in kinds["lock"]:
        assert (item.item_id, item.unit) == ("L1", "vessel")
        gained, lost = slopes(case, {row_of(case, "lock", ("L1", day_of(item))): 1.0})
        assert gained - 0.1 <= item.value_yuan <= lost + 0.1
        assert f"{item.value_yuan:,.0f} 元" in item.message.zh
        assert "First lock" in item.message.en


def test_many_days_of_one_lock_are_summed_up_as_lockages() -> None:
    """A month of scarcity is one entry: mean of the days, times the vessels of a lockage that the plan may use."""
    lock = replace(TINY.locks["L1"], lockages_per_day=1.0, vessels_per_lockage=4.0, planner_share=0.5)
    case = lay_out(replace(TINY, locks={"L1": lock}), shipments(24, 450, due_h=30.0))
    _, kinds = solved(case)
    (item,) = kinds["lock"]
    block, prices = case.program.block("lock"), case.relaxed()[1]
    each = [-prices[block.first + n] for n in range(len(block.keys))]
    limiting = [value for value in each if value >= 0.05]
    assert len(limiting) > FEW_DAYS
    assert item.value_yuan == pytest.approx(2.0 * np.mean(limiting))
    assert (item.day, item.unit) == ("", "lockage a day")
    assert f"（{len(limiting)} 天过闸受限" in item.message.zh


def test_a_terminal_is_worth_what_one_more_tonne_saves() -> None:
    """With 500 t a day at the upper port the value of each day lies between the slopes on both sides."""
    terminals = {
        key: replace(item, handling_t_per_day=500.0) if item.location_id == "UP" else item
        for key, item in TINY.terminals.items()
    }
    case = lay_out(replace(TINY, terminals=terminals), shipments(2, 600, due_h=40.0))
    _, kinds = solved(case)
    assert kinds["terminal"]
    for item in kinds["terminal"]:
        assert (item.item_id, item.unit) == ("UP/mineral", "t")
        gained, lost = slopes(case, {row_of(case, "terminal", ("UP", "mineral", day_of(item))): 1.0})
        assert gained - 0.01 <= item.value_yuan <= lost + 0.01
        assert "上游码头（石料）" in item.message.zh


def test_a_vessel_is_worth_what_one_more_at_home_saves() -> None:
    """One more hull appears at its home at the start and must be back there at the end."""
    fleet = (FleetEntry("own", "SMALL", "UP", 1, TINY_START, "own", MADE_UP),)
    case = lay_out(replace(TINY, fleet=fleet), shipments(5, 480, due_h=30.0))
    _, kinds = solved(case)
    (item,) = kinds["fleet"]
    assert item.item_id == "SMALL/own/UP"
    last = case.space.grid.slots - 1
    rows = {row_of(case, "node", (0, "UP", 0)): 1.0, row_of(case, "node", (0, "UP", last)): -1.0}
    gained, lost = slopes(case, rows)
    assert gained - 0.1 <= item.value_yuan <= lost + 0.1
    assert "多一艘小船（自有船）" in item.message.zh


@pytest.mark.parametrize(
    ("depths_m", "links", "more_t"),
    [
        ((2.6, 2.6), "MID-DOWN, UP-MID", 0.1 / 1.8 * 1000),
        ((2.6, 3.2), "UP-MID", 0.1 / 1.8 * 1000),
        ((2.6, 2.65), "UP-MID", 0.05 / 1.8 * 1000),
        ((2.95, 3.2), "UP-MID", 0.05 / 1.8 * 1000),
    ],
)
def test_water_is_worth_the_tonnes_that_it_lets_aboard(
    depths_m: tuple[float, float], links: str, more_t: float
) -> None:
    """BIG carries 1,000 t between 1.0 and 2.8 m of draught: 0.1 m is 55.6 t, less where the next link or the name plate
    stops it. The tonnes count at the price of a tonne on each sailing used."""
    changed = {
        link_id: replace(TINY.links[link_id], min_depth_m=depth_m)
        for link_id, depth_m in zip(("UP-MID", "MID-DOWN"), depths_m, strict=True)
    }
    fleet = (FleetEntry("own", "BIG", "DOWN", 1, TINY_START, "own", MADE_UP),)
    case = lay_out(replace(TINY, links={**TINY.links, **changed}, fleet=fleet), shipments(3, 900))
    plan, kinds = solved(case)
    (item,) = kinds["water_level"]
    prices = case.relaxed()[1]
    slots = [round((v.berth_from - TINY_START) / timedelta(hours=6)) for v in plan.voyages if not v.empty]
    tonne_yuan = sum(-prices[row_of(case, "link", (0, slot))] for slot in slots)
    assert tonne_yuan > 0
    assert item.item_id == links
    assert item.value_yuan == pytest.approx(tonne_yuan * more_t)


def test_deep_water_and_free_locks_limit_nothing() -> None:
    """One shipment in an easy world: only the vessel that is sailed in may be worth anything."""
    _, kinds = solved(lay_out(TINY, shipments(1, 450)))
    assert set(kinds) <= {"fleet"}


def test_the_list_is_sorted_and_ends() -> None:
    """At most thirty entries, dearest first, no zeros, each in both languages."""
    case = lay_out(narrow_lock(2.0), shipments(6, 450))
    block = case.program.block("terminal")
    prices = case.relaxed()[1].copy()
    prices[block.first : block.first + len(block.keys)] = -np.arange(len(block.keys))
    found = bindings(case.program, case.space, case.fleet, prices, case.network, case.book.graph, ())
    values = [item.value_yuan for item in found]
    assert values == sorted(values, reverse=True)
    assert len(found) <= MOST
    assert min(values) > 0
    assert all(item.message.zh and item.message.en for item in found)


def test_no_sentence_says_that_a_limit_is_worth_nothing() -> None:
    """A passage worth less than half a yuan is left out, a tonne worth some fen is not; where planning again with one
    unit more saves nothing, the sentence says why."""
    case = lay_out(narrow_lock(2.0), shipments(6, 450))
    prices = np.zeros(len(case.relaxed()[1]))
    for kind, key, price in (
        ("lock", ("L1", 0), -0.5),
        ("lock", ("L1", 1), -0.51),
        ("terminal", ("UP", "mineral", 0), -0.06),
    ):
        prices[row_of(case, kind, key)] = price
    world = (case.program, case.space, case.fleet, prices, case.network, case.book.graph, ())
    found = bindings(*world)
    assert [(item.kind, item.value_yuan) for item in found] == [("lock", 0.51), ("terminal", 0.06)]
    assert not any(" 0 元" in item.message.zh or " 0.00 元" in item.message.zh for item in found)
    for item in bindings(*world, once_more=lambda widening: 0.0):
        assert item.message.zh.endswith("元：船与不拆的货只能整走，用不上这一份。")
        assert item.message.en.endswith("yuan: vessels and what must stay whole cannot use it.")


def test_a_vessel_named_by_its_tonnes_stands_apart_from_the_word_before() -> None:
    """As between any Chinese word and a figure."""
    fleet = (FleetEntry("own", "SMALL", "UP", 1, TINY_START, "own", MADE_UP),)
    classes = {**TINY.vessel_classes, "SMALL": replace(TINY.vessel_classes["SMALL"], name_zh="500 吨级船")}
    _, kinds = solved(lay_out(replace(TINY, fleet=fleet, vessel_classes=classes), shipments(5, 480, due_h=30.0)))
    assert "多一艘 500 吨级船（自有船）" in kinds["fleet"][0].message.zh
