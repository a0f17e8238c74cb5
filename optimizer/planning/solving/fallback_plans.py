"""Plans before anything is solved: all cargo by services, every hull at home. Whenever a run ends, one of these is at
hand."""

from __future__ import annotations

import numpy as np

from optimizer.planning.design import Floats
from optimizer.planning.layout.fleetflow import WAIT
from optimizer.planning.layout.services import services_with_room
from optimizer.planning.solving.problem import Problem


def by_services(problem: Problem, *, capped: bool) -> list[Floats]:
    """Plans without a voyage: each shipment by its cheapest service; by its road (from an island: ship and truck); by
    its cheapest way that has no limit (trucks, or left behind), which always holds; and, where CO2e is capped, by its
    cleanest service."""
    cargo, program = problem.space.columns, problem.program.program
    services = cargo.family < 0
    unlimited = services.copy()
    unlimited[cargo.handled_column] = False
    kinds = np.array([*(route.kind == "road" for route in problem.space.routes), True])  # -1, the last: left behind
    choices = [(chosen, program.cost) for chosen in (services, services & kinds[cargo.route], unlimited)]
    if capped:
        choices.append((services & (cargo.route >= 0), problem.program.wtw_kg))
    at_home = _hulls_at_home(problem)
    plans = []
    for eligible, weight in choices:
        number = np.flatnonzero(eligible)
        order = number[np.lexsort((number, weight[number], cargo.shipment[number]))]
        x = at_home.copy()
        x[order[np.diff(cargo.shipment[order], prepend=-1) != 0]] = 1.0
        plans.append(x)
    if problem.relaxation is not None:
        x = at_home.copy()
        cost, shares = program.cost[: len(cargo.slot)], problem.relaxation.shares[: len(cargo.slot)]
        chosen = services_with_room(problem.space, problem.program, cost, shares)
        x[chosen[chosen >= 0]] = 1.0
        plans.append(x)
    return plans


def _hulls_at_home(problem: Problem) -> Floats:
    """The columns of a fleet that waits where it is from the first to the last slot, free of charge."""
    hulls = problem.fleet.columns
    x = np.zeros(len(problem.program.program.cost))
    waits = np.flatnonzero(hulls.kind == WAIT)
    x[waits + problem.program.cargo_count] = np.cumsum(problem.fleet.supply)[hulls.tail[waits]]
    return x
