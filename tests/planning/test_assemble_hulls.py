"""Following hulls: who sails, under which name, and where each one ends."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.errors import SolverError
from optimizer.network.model import FleetEntry
from optimizer.planning.layout.fleetflow import EMPTY
from optimizer.planning.shipment import Shipment
from optimizer.planning.voyages.hulls import follow_hulls, hulls_by_sailing, tours_of, whole_hulls
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.solved import Case, lay_out

FLEET = (
    FleetEntry("a", "SMALL", "UP", 2, TINY_START, "own", MADE_UP),
    FleetEntry("b", "SMALL", "UP", 1, TINY_START + timedelta(days=1), "own", MADE_UP),
    FleetEntry("c", "SMALL", "DOWN", 1, TINY_START, "own", MADE_UP),
)


def case(fleet: tuple[FleetEntry, ...] = FLEET) -> Case:
    """One shipment down the river and a fleet of small vessels."""
    due_at = TINY_START + timedelta(days=5)
    item = Shipment("S1", "E1", "stone", 400_000, "UP", "DOWN", TINY_START, due_at, True, 500.0)
    return lay_out(replace(tiny_network(), fleet=fleet), [item])


def counts(of: Case, moves: dict[int, int]) -> np.ndarray:
    """Hull counts with these moves (program columns) and nobody else moving."""
    found = np.zeros(len(of.fleet.columns.kind), dtype=np.int64)
    for column, hulls in moves.items():
        found[column - of.program.cargo_count] = hulls
    return found


def test_vessels_are_named_by_class_market_home_and_number() -> None:
    """The two that lie there first are 001 and 002; the one that comes a day later is 003 and sails last."""
    world = case()
    down = world.hull_columns("UP", "DOWN", "SMALL")
    moves = follow_hulls(world.space, world.fleet, counts(world, {down[0]: 2, down[4]: 1}))
    assert [move.vessel_id for move in moves] == ["SMALL-own-UP-001", "SMALL-own-UP-002", "SMALL-own-UP-003"]
    assert [move.slot for move in moves] == [0, 0, 4]


def test_the_hull_that_lies_there_longest_goes_first() -> None:
    """At the lower port the local vessel waits since the start, so it sails before the one that has just arrived."""
    world = case()
    down, back = world.hull_columns("UP", "DOWN", "SMALL"), world.hull_columns("DOWN", "UP", "SMALL", EMPTY)
    moves = follow_hulls(world.space, world.fleet, counts(world, {down[0]: 1, back[3]: 1, back[4]: 1}))
    assert [move.vessel_id for move in moves] == ["SMALL-own-UP-001", "SMALL-own-DOWN-001", "SMALL-own-UP-001"]


def test_nobody_sails_before_there_is_a_hull() -> None:
    """A fourth vessel at a place of three, and a third one before its day, are a broken flow."""
    world = case()
    down = world.hull_columns("UP", "DOWN", "SMALL")
    with pytest.raises(SolverError):
        follow_hulls(world.space, world.fleet, counts(world, {down[0]: 3}))
    with pytest.raises(SolverError):
        follow_hulls(world.space, world.fleet, counts(world, {down[4]: 4}))


def test_whole_numbers_within_tolerance_are_taken_as_whole() -> None:
    """0.9999999 hulls are one; 0.98 are a defect of the solver."""
    assert whole_hulls(np.array([0.9999999, 2.0000001, 0.0])).tolist() == [1, 2, 0]
    with pytest.raises(SolverError):
        whole_hulls(np.array([0.98]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=4))
def test_every_hull_is_in_one_place_at_a_time(slots: list[int]) -> None:
    """Round trips at random slots: each tour connects, and what is counted in a column sails in it."""
    world = case((FleetEntry("a", "SMALL", "UP", 4, TINY_START, "own", MADE_UP),))
    down, back = world.hull_columns("UP", "DOWN", "SMALL"), world.hull_columns("DOWN", "UP", "SMALL", EMPTY)
    wanted = Counter([down[slot] for slot in slots]) + Counter([back[slot + 3] for slot in slots])
    flow = counts(world, dict(wanted))
    moves = follow_hulls(world.space, world.fleet, flow)
    assert len(moves) == sum(wanted.values())
    assert sum(hulls_by_sailing(world.fleet, flow).values()) == len(slots)
    for tour in tours_of(moves).values():
        assert tour[0].origin == tour[-1].destination == "UP"
        for before, after in pairwise(tour):
            assert after.slot >= before.slot + before.slots_taken
            assert after.origin == before.destination
