"""One problem at other prices of CO2e: the same rows and columns, other costs and another cap."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.design import Floats
from optimizer.planning.layout.fleetflow import FleetFlow
from optimizer.planning.layout.ways import Ways
from optimizer.planning.solving.problem import Problem
from optimizer.quantities import KG_PER_T


def repriced(problem: Problem, carbon_yuan_per_t: float, cap_t: float | None = None) -> Problem:
    """A problem whose emissions cost ``carbon_yuan_per_t`` more than they do, under a cap in tonnes or none. What was
    known of it (prices, a plan) is left out."""
    yuan_per_kg = carbon_yuan_per_t / KG_PER_T
    space, plan = problem.space, problem.program
    ways, fleet = with_carbon(space.ways, problem.fleet, yuan_per_kg)
    columns = replace(space.columns, cost=_dearer(space.columns.cost, space.columns.wtw_kg, yuan_per_kg))
    upper, cap = plan.program.row_upper.copy(), plan.block("cap")
    upper[cap.first : cap.first + len(cap.keys)] = inf if cap_t is None else cap_t
    cost = _dearer(plan.program.cost, plan.wtw_kg, yuan_per_kg)
    plan = replace(plan, program=replace(plan.program, cost=cost, row_upper=upper))
    space = replace(space, ways=ways, columns=columns)
    return Problem(problem.network, space, fleet, plan, LagrangianBound(plan, fleet, ways))


def with_carbon(ways: Ways, fleet: FleetFlow, yuan_per_kg: float) -> tuple[Ways, FleetFlow]:
    """The same ways and hulls, dearer by what they emit."""
    lines, hulls = ways.lines, fleet.columns
    yuan_per_t = _dearer(lines.yuan_per_t, ways.wtw_kg_per_t[lines.route], yuan_per_kg)
    cost = _dearer(hulls.cost, hulls.wtw_kg, yuan_per_kg)
    return replace(ways, lines=replace(lines, yuan_per_t=yuan_per_t)), replace(fleet, columns=replace(hulls, cost=cost))


def _dearer(yuan: Floats, wtw_kg: Floats, yuan_per_kg: float) -> Floats:
    return yuan + yuan_per_kg * wtw_kg
