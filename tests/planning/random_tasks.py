"""Random planning tasks on the two tiny worlds, and one door to plan them: whole (exact) or in steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st

from optimizer.network.model import Closure, FleetEntry, Mode, Network, WaterLevel
from optimizer.planning.bounds import relaxation
from optimizer.planning.check import check_plan
from optimizer.planning.keeping.held import Accepted
from optimizer.planning.offer import Offer
from optimizer.planning.plan import Plan
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solve import Tell, plan_shipments
from optimizer.planning.solving import search
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.corridor import START, corridor, link
from tests.planning.round_factors import round_factors

Task = tuple[Network, tuple[Shipment, ...]]
HOUR = timedelta(hours=1)
EXACT = PlanSettings(gap=0.0)


def planned(
    network: Network,
    shipments: Sequence[Shipment],
    settings: PlanSettings = EXACT,
    *,
    in_steps: bool = False,
    refined: bool = False,
    offers: Sequence[Offer] = (),
    tell: Tell = lambda progress: None,
    clock: Callable[[], float] = lambda: 0.0,
    keep: Accepted | None = None,
) -> Plan:
    """The plan of the product, by default with a clock that stands still; ``in_steps``: the way of large plans,
    ``refined``: the way of few shipments on a large network."""
    with pytest.MonkeyPatch.context() as patch:
        if in_steps or refined:
            patch.setattr(search, "EXACT_COLUMNS", -1)
        if in_steps:
            patch.setattr(search, "FEW_SHIPMENTS", -1)
            patch.setattr(relaxation, "SMALL", -1)
        return plan_shipments(
            shipments, network, round_factors(), settings, clock=clock, tell=tell, offers=offers, keep=keep
        )


def faults(plan: Plan, shipments: Sequence[Shipment], network: Network) -> list[str]:
    """What the second opinion finds, as text."""
    return [found.text("en") for found in check_plan(plan, shipments, network, round_factors())]


def cargo(
    number: int,
    mass_t: float,
    origin: str = "MILL",
    destination: str = "DOWN",
    *,
    code: str = "stone",
    ready_h: float = 0.0,
    due_h: float = 120.0,
    splittable: bool = True,
    value: float = 500.0,
    start: datetime = TINY_START,
) -> Shipment:
    """A shipment of the tiny world, hours counted from its first midnight."""
    ready_at, due_at = start + ready_h * HOUR, start + due_h * HOUR
    return Shipment(
        f"S{number}", "E1", code, round(mass_t * 1000), origin, destination, ready_at, due_at, splittable, value
    )


def _numbered(shipments: Sequence[Shipment]) -> tuple[Shipment, ...]:
    return tuple(replace(item, shipment_id=f"S{number}") for number, item in enumerate(shipments))


def _shipments(
    places: list[str], codes: list[str], start: datetime, most: int
) -> st.SearchStrategy[tuple[Shipment, ...]]:
    ends = st.tuples(st.sampled_from(places), st.sampled_from(places)).filter(lambda pair: pair[0] != pair[1])
    one = st.builds(
        lambda mass, pair, code, ready, hurry, whole, value: cargo(
            0,
            mass,
            *pair,
            code=code,
            ready_h=ready,
            due_h=ready + hurry,
            splittable=not whole,
            value=value,
            start=start,
        ),
        st.one_of(st.integers(1, 1_300_000).map(lambda kg: kg / 1000), st.sampled_from([0.001, 500.0, 1000.0, 5000.0])),
        ends,
        st.sampled_from(codes),
        st.sampled_from([0.0, 5.5, 6.0, 17.3, 40.0]),
        st.sampled_from([0.0, 1.0, 20.0, 48.0, 96.0]),
        st.booleans(),
        st.sampled_from([0.0, 300.0, 20_000.0]),
    )
    return st.lists(one, min_size=1, max_size=most).map(_numbered)


def _closures(items: list[tuple[str, str]], start: datetime) -> st.SearchStrategy[tuple[Closure, ...]]:
    one = st.builds(
        lambda item, begin, hours: Closure(
            "C", *item, start + begin * HOUR, start + (begin + hours) * HOUR, "检修", "repair", MADE_UP
        ),
        st.sampled_from(items),
        st.sampled_from([0.0, 6.0, 13.7, 30.0]),
        st.sampled_from([1.0, 12.0, 48.0]),
    )
    return st.lists(one, max_size=2).map(
        lambda found: tuple(replace(item, closure_id=f"C{number}") for number, item in enumerate(found))
    )


def _levels(links: list[str], start: datetime) -> st.SearchStrategy[tuple[WaterLevel, ...]]:
    one = st.builds(
        lambda link, begin, hours, depth: WaterLevel(
            link, start + begin * HOUR, start + (begin + hours) * HOUR, depth, MADE_UP
        ),
        st.sampled_from(links),
        st.sampled_from([0.0, 10.0, 24.0]),
        st.sampled_from([6.0, 30.0, 96.0]),
        st.sampled_from([0.9, 1.5, 1.9, 2.3]),
    )
    return st.lists(one, max_size=1).map(tuple)


def _fleet(entries: list[tuple[str, str]], start: datetime) -> st.SearchStrategy[tuple[FleetEntry, ...]]:
    one = st.builds(
        lambda entry, count, market, hours: FleetEntry("F", *entry, count, start + hours * HOUR, market, MADE_UP),
        st.sampled_from(entries),
        st.integers(0, 2),
        st.sampled_from(["own", "spot"]),
        st.sampled_from([-240.0, 0.0, 7.0, 50.0, 5000.0]),
    )
    # One entry for each class, place and market, as the tables have it.
    return st.lists(one, max_size=4, unique_by=lambda item: (item.vessel_class, item.location_id, item.market)).map(
        lambda found: tuple(replace(item, fleet_id=f"F{number}") for number, item in enumerate(found))
    )


def tiny_tasks(most: int = 4) -> st.SearchStrategy[Task]:
    """Shipments both ways on the river with random hulls, closures, depths, lock and quay capacity."""

    def make(
        shipments: tuple[Shipment, ...],
        fleet: tuple[FleetEntry, ...],
        closures: tuple[Closure, ...],
        levels: tuple[WaterLevel, ...],
        lockages: float,
        handling_t: float,
    ) -> Task:
        network = tiny_network(fleet=fleet, closures=closures, water_levels=levels)
        locks = {key: replace(lock, lockages_per_day=lockages) for key, lock in network.locks.items()}
        quays = {key: replace(quay, handling_t_per_day=handling_t) for key, quay in network.terminals.items()}
        return replace(network, locks=locks, terminals=quays), shipments

    things = [("lock", "L1"), ("link", "MID-DOWN"), ("terminal", "UP"), ("terminal", "DOWN")]
    return st.builds(
        make,
        _shipments(["UP", "DOWN", "MILL", "PIT"], ["coal", "stone"], TINY_START, most),
        st.one_of(
            st.just(tiny_network().fleet), _fleet([("SMALL", "UP"), ("SMALL", "DOWN"), ("BIG", "DOWN")], TINY_START)
        ),
        _closures(things, TINY_START),
        _levels(["UP-MID", "MID-DOWN"], TINY_START),
        st.sampled_from([12.0, 12.0, 1.0, 0.0]),
        st.sampled_from([3000.0, 3000.0, 700.0]),
    )


def corridor_tasks(most: int = 4) -> st.SearchStrategy[Task]:
    """Shipments between any two places of the corridor (island and railway too) with random hulls, closures, depths;
    in half of the cases the railway reaches the water at LOW."""
    network = corridor()
    rails = {"LOW-RYL": link("LOW-RYL", "LOW", "RYL", Mode.RAIL, 30.0, 45.0, 45.0)}
    things = [("lock", "L2"), ("link", "LOW-ISLE"), ("terminal", "LOW")]
    return st.builds(
        lambda shipments, fleet, closures, levels, handling_t, more: (
            replace(
                network,
                fleet=fleet,
                closures=closures,
                water_levels=levels,
                links={**network.links, **more},
                terminals={k: replace(t, handling_t_per_day=handling_t) for k, t in network.terminals.items()},
            ),
            shipments,
        ),
        _shipments(["UP", "MID", "LOW", "ISLE", "MILL", "SITE", "RYU", "RYL"], ["steel", "coal"], START, most),
        st.one_of(st.just(network.fleet), _fleet([("B800", "UP"), ("B800", "LOW"), ("B800", "MID")], START)),
        _closures(things, START),
        _levels(["UP-MID", "MID-LOW"], START),
        st.sampled_from([4000.0, 4000.0, 500.0]),
        st.sampled_from([{}, rails]),
    )


def any_tasks(most: int = 4) -> st.SearchStrategy[Task]:
    """Tasks on either world."""
    return st.one_of(tiny_tasks(most), corridor_tasks(most))
