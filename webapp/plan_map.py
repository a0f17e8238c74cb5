"""The flows of a plan: what travels where, by which mode, and what its terminals and locks do."""

from __future__ import annotations

from collections import defaultdict

from optimizer.errors import Lang
from optimizer.planning.plan import Plan
from webapp.charts.figure import Figure
from webapp.charts.map import MapPoint
from webapp.flow_map import Passage, flow_map, flows_of, place_points
from webapp.language import text
from webapp.plan_loads import Load
from webapp.world import World

LEAST_LOCK_PX, MOST_LOCK_PX = 3.0, 6.0


def plan_map(plan: Plan, locks: list[Load], world: World, lang: Lang) -> Figure:
    """Every leg of every lot; trucks that replace nothing, those on the road all the way, are drawn too."""
    legs = [(leg, lot.mass_kg) for entry in plan.shipments for lot in entry.lots for leg in lot.legs]
    passages: dict[tuple[str, str, str, str], int] = defaultdict(int)
    handled: dict[str, int] = defaultdict(int)
    for leg, mass_kg in legs:
        if leg.mode == "Hub":
            handled[leg.origin] += mass_kg
        else:
            passages[leg.mode, leg.origin, leg.destination, leg.vehicle_class] += mass_kg
    flows = flows_of(world, [Passage(*key, mass_kg) for key, mass_kg in passages.items()])
    points = [*place_points(world, handled, lang), *_locks(locks, world)]
    return flow_map(world, "plan-map", text("map.plan"), flows, points, lang)


def _locks(locks: list[Load], world: World) -> list[MapPoint]:
    points = []
    for load in locks:
        where = world.atlas.lock_place(load.item_id)
        if where is not None:
            size = LEAST_LOCK_PX + (MOST_LOCK_PX - LEAST_LOCK_PX) * min(1.0, load.most_share or 0.0)
            share = "" if load.most_share is None else f"{load.most_share:.0%}"
            words = text("map.lock", name=load.name, most=f"{load.most:,.0f}", day=load.most_day, share=share)
            points.append(MapPoint(*where, "negative" if load.limits else "quiet", size, words))
    return points
