"""Pricing by lines and tables is pricing of every column, in any number of blocks and threads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.planning.bounds import pricing
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.pricing import Cheapest, Prices, columns_within, price_all, price_block
from optimizer.planning.design import Floats, reduced_costs
from optimizer.planning.layout.kernels import number_alike
from optimizer.planning.layout.timespace import all_columns, columns_of
from optimizer.planning.settings import PlanSettings
from tests.network.tiny import tiny_network
from tests.planning.random_tasks import Task, any_tasks, cargo
from tests.planning.solved import Case, lay_out

LOOK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CAPPED = PlanSettings(co2e_cap_t=1e6)


def at_random(case: Case, seed: int) -> tuple[Prices, Floats]:
    """Prices for pricing, and what each column of the program then costs, from its matrix."""
    block = case.program.block("link")
    prices = np.random.default_rng(seed).normal(0.0, 50.0, len(case.program.row_slot))
    prices[: case.program.block("assign").first + len(case.shipments)] = 0.0
    proof = LagrangianBound(case.program, case.fleet, case.space.ways)
    tonne = -prices[block.first : block.first + len(block.keys)]
    gains = reduced_costs(case.program.program, prices)[: case.program.cargo_count]
    return proof.cargo_prices(tonne, prices), gains


@LOOK
@given(any_tasks(6), st.integers(0, 99), st.booleans())
def test_pricing_finds_what_the_matrix_finds(task: Task, seed: int, capped: bool) -> None:
    """The cheapest column of each shipment, and its price, as the matrix of all columns has them."""
    case = lay_out(*task, CAPPED if capped else None)
    prices, gains = at_random(case, seed)
    found = price_all(case.space.ways, prices)
    columns = case.space.columns
    for k in range(len(case.shipments)):
        mine = np.flatnonzero(columns.shipment == k)
        if not len(mine):
            assert (found.yuan[k], found.line[k], found.slot[k]) == (0.0, -1, -1)
            continue
        assert found.yuan[k] == pytest.approx(gains[mine].min(), rel=1e-9, abs=1e-6)
        (chosen,) = [c for c in mine if is_column(case, int(c), int(found.line[k]), int(found.slot[k]))]
        assert gains[chosen] == pytest.approx(gains[mine].min(), rel=1e-9, abs=1e-6)


def is_column(case: Case, column: int, line: int, slot: int) -> bool:
    """Whether a column of the program is this line at this slot."""
    lines, columns = case.space.ways.lines, case.space.columns
    same = columns.shipment[column] == lines.shipment[line] and columns.route[column] == lines.route[line]
    return bool(same and columns.slot[column] == slot)


@LOOK
@given(any_tasks(6), st.integers(0, 99), st.integers(1, 3))
def test_blocks_and_threads_change_nothing(task: Task, seed: int, size: int) -> None:
    """To the last bit: one block, blocks of any size, one thread or two."""
    case = lay_out(*task)
    prices, _ = at_random(case, seed)
    ways = case.space.ways
    whole = price_block(ways, prices, 0, len(case.shipments))
    limit = whole.yuan + 1000.0
    listed = columns_within(ways, prices, limit)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pricing, "BLOCK_SHIPMENTS", size)
        for workers in (1, 2):
            again = price_all(ways, prices, workers)
            assert again.yuan.tobytes() == whole.yuan.tobytes()
            assert again.line.tolist() == whole.line.tolist()
            assert again.slot.tolist() == whole.slot.tolist()
            for one, other in zip(columns_within(ways, prices, limit, workers=workers), listed, strict=True):
                assert one.tolist() == other.tolist()


@settings(LOOK, max_examples=20)
@given(any_tasks(6), st.integers(0, 99), st.data())
def test_a_known_column_changes_nothing(task: Task, seed: int, data: st.DataObject) -> None:
    """To the last bit, whichever column of each shipment is named, or none, and however many slots are ruled out at
    once; ties go to the first column all the same."""
    case = lay_out(*task)
    ways = case.space.ways
    prices, _ = at_random(case, seed)
    prices = replace(prices, table=np.round(prices.table, -2))
    line, slot = all_columns(ways)
    known = Cheapest(np.zeros(len(ways.shipments)), *(np.full(len(ways.shipments), -1) for _ in range(2)))
    for k in range(len(ways.shipments)):
        mine = np.flatnonzero(ways.lines.shipment[line] == k)
        if len(mine) and data.draw(st.booleans()):
            column = mine[data.draw(st.integers(0, len(mine) - 1))]
            known.line[k], known.slot[k] = line[column], slot[column]
    found, plain = price_all(ways, prices, 1, known), price_all(ways, prices)
    assert found.yuan.tobytes() == plain.yuan.tobytes()
    assert (found.line.tolist(), found.slot.tolist()) == (plain.line.tolist(), plain.slot.tolist())
    within, when = columns_within(ways, prices, plain.yuan * (1 + 1e-12))
    for k in np.flatnonzero(plain.line >= 0):
        # No column before the one that was found is as cheap.
        same = np.flatnonzero((ways.lines.shipment[within] == k) & (ways.lines.table[within] >= 0))
        if plain.slot[k] >= 0 and len(same):
            assert (plain.line[k], plain.slot[k]) in zip(within[same].tolist(), when[same].tolist(), strict=True)


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 2)), max_size=3, unique_by=lambda e: e[0])))
def test_rows_share_a_number_where_they_are_equal(rows: list[list[tuple[int, int]]]) -> None:
    """Entry by entry, in order of the first of each; what hashes alike is told apart."""
    dense = np.zeros((len(rows), 4))
    for row, entries in enumerate(rows):
        for column, value in entries:
            dense[row, column] = value
    matrix = sp.csr_array(dense)
    number = np.empty(len(rows), dtype=np.int64)
    starts, columns = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64)
    count = number_alike(starts, columns, matrix.data, number)
    seen: dict[bytes, int] = {}
    assert number.tolist() == [seen.setdefault(row.tobytes(), len(seen)) for row in dense]
    assert count == len(seen)


@LOOK
@given(any_tasks(5), st.integers(0, 99), st.floats(0, 5000))
def test_columns_within_a_limit_are_those_of_the_matrix(task: Task, seed: int, margin: float) -> None:
    """Services and every column that costs at most the limit, none else, in the order of the lines."""
    case = lay_out(*task)
    prices, gains = at_random(case, seed)
    limit = price_all(case.space.ways, prices).yuan + margin
    line, slot = columns_within(case.space.ways, prices, limit)
    columns = case.space.columns
    expected = gains <= limit[columns.shipment] + 1e-7 * (1 + np.abs(limit[columns.shipment]))
    surely = gains <= limit[columns.shipment] - 1e-7 * (1 + np.abs(limit[columns.shipment]))
    listed = set(zip(line.tolist(), slot.tolist(), strict=True))
    every = list(zip(*(part.tolist() for part in all_columns(case.space.ways)), strict=True))
    services = columns.family < 0
    assert {every[c] for c in np.flatnonzero(surely | services)} <= listed
    assert listed <= {every[c] for c in np.flatnonzero(expected | services)}
    assert list(zip(line.tolist(), slot.tolist(), strict=True)) == [pair for pair in every if pair in listed]


def test_a_row_turned_round_proves_the_same() -> None:
    """Vessels <= limit is -vessels >= -limit: with its price turned too it proves as much, and a price of the
    wrong sign counts as none, in either form."""
    case = lay_out(tiny_network(), [cargo(n, 500.0) for n in range(3)])
    whole, block = case.program.program, case.program.block("lock")
    is_lock = np.isin(np.arange(len(whole.row_lower)), block.first + np.arange(len(block.keys)))
    sign = np.where(is_lock, -1.0, 1.0)
    turned = replace(
        whole,
        matrix=sp.csr_array(sp.diags_array(sign) @ whole.matrix),
        row_lower=np.where(is_lock, -whole.row_upper, whole.row_lower),
        row_upper=np.where(is_lock, -whole.row_lower, whole.row_upper),
    )
    proofs = [
        LagrangianBound(replace(case.program, program=program), case.fleet, case.space.ways)
        for program in (whole, turned)
    ]
    right = np.where(is_lock, -10.0, case.relaxed()[1])
    bounds = [
        [proof.prove(prices * way)[0] for prices in (right, np.where(is_lock, 10.0, right))]
        for proof, way in zip(proofs, (1.0, sign), strict=True)
    ]
    free = proofs[0].prove(np.where(is_lock, 0.0, right))[0]
    assert bounds[1] == pytest.approx(bounds[0])
    assert bounds[0] == pytest.approx([bounds[0][0], free])
    assert bounds[0][0] < free


def test_of_each_span_only_the_cheapest_is_listed() -> None:
    """At level prices the earliest slot of each day is the cheapest of its day, time being money."""
    case = lay_out(tiny_network(), [cargo(0, 400.0)])
    ways = case.space.ways
    prices = Prices(ways.lines.yuan_per_t, np.where(ways.capacity_t > 0, 0.0, np.inf)[ways.tables.family])
    line, slot = columns_within(ways, prices, np.array([np.inf]), span=4)
    for number in np.unique(line[slot >= 0]):
        mine = slot[line == number]
        assert len(np.unique(mine // 4)) == len(mine)
        assert (mine[1:] % 4 == 0).all()


def test_columns_written_down_alone_are_those_written_down_together() -> None:
    """Any choice of lines and slots gives the columns that the whole list has there."""
    case = lay_out(tiny_network(), [cargo(n, 200.0 + n, ready_h=7.0 * n, splittable=n % 2 == 0) for n in range(4)])
    line, slot = all_columns(case.space.ways)
    some = np.arange(0, len(line), 3)
    few, every = columns_of(case.space.ways, line[some], slot[some]), case.space.columns
    for name in ("shipment", "route", "family", "slot", "cost", "wtw_kg", "door_h"):
        assert getattr(few, name).tolist() == getattr(every, name)[some].tolist()
    handled = {
        (int(some[c]), int(t), int(d))
        for c, t, d in zip(few.handled_column, few.handled_terminal, few.handled_day, strict=True)
    }
    expected = {
        (int(c), int(t), int(d))
        for c, t, d in zip(every.handled_column, every.handled_terminal, every.handled_day, strict=True)
        if c in set(some.tolist())
    }
    assert handled == expected
