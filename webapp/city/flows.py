"""The map of what settled lots travelled, of the lots that the auditor has chosen."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.actions.city_audit import lot_passages
from optimizer.errors import Lang
from optimizer.network.model import Mode
from webapp.charts.figure import Figure
from webapp.flow_map import Passage, flow_map, flows_of, place_points
from webapp.language import text
from webapp.world import World

WATERS = {Mode.INLAND_WATERWAY.value: "inland", Mode.SEA.value: "river_sea"}
MOST_LOTS = 20_000
"""Lots whose legs are added up while the reader waits; beyond that the page asks for a narrower choice."""


def city_map(world: World, filters: Mapping[str, str], lang: Lang) -> Figure:
    """Tonnes by stretch, and places by the tonnes that begin or end a leg there."""
    found = lot_passages(world.store, filters)
    smallest = {mode: _smallest(world, waters) for mode, waters in WATERS.items()}
    passages, handled = [], dict[str, int]()
    for (mode, origin, destination), mass_kg in sorted(found.items()):
        passages.append(Passage(mode, origin, destination, smallest.get(mode, ""), mass_kg))
        for place in (origin, destination):
            handled[place] = handled.get(place, 0) + mass_kg
    flows = flows_of(world, passages)
    points = place_points(world, handled, lang)
    return flow_map(world, "city-map", text("map.city"), flows, points, lang, note="map.city_note")


def _smallest(world: World, waters: str) -> str:
    """The smallest vessel class of these waters, which finds its way wherever any does: a leg names no class."""
    classes = [one for one in world.network.vessel_classes.values() if one.waters == waters]
    return min(classes, key=lambda one: (one.capacity_t, one.vessel_class)).vessel_class if classes else ""
