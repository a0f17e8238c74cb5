"""Tonnes along every stretch as a map: lines as wide as what travels on them, beside the table that counts it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from optimizer.errors import Lang
from optimizer.network.model import WATER_MODES
from webapp.charts.atlas import Stretch
from webapp.charts.figure import Cell, Figure, Table
from webapp.charts.map import MapLine, MapPoint, map_chart
from webapp.figures import tonnes
from webapp.language import text
from webapp.world import World

LOOKS = {"InlandWaterway": "water", "Sea": "sea", "Rail": "rail", "Road": "road"}
WIDEST_PX, NARROWEST_PX = 14.0, 1.5
NAMED = 12
MAX_LINES = 120
"""The largest flows are drawn; what is left out is counted in the note and stands in no map."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A mass that travelled from one place to another by one mode; ``vehicle_class`` finds its way on the water."""

    mode: str
    origin: str
    destination: str
    vehicle_class: str
    mass_kg: int


@dataclass(frozen=True, slots=True)
class Flow:
    """What passes one stretch, both directions together."""

    stretch: Stretch
    mass_kg: int


def flows_of(world: World, passages: Iterable[Passage]) -> list[Flow]:
    """Masses by stretch, the largest first."""
    masses: dict[str, int] = {}
    stretches: dict[str, Stretch] = {}
    for passage in passages:
        for stretch in world.atlas.way(passage.mode, passage.origin, passage.destination, passage.vehicle_class):
            masses[stretch.key] = masses.get(stretch.key, 0) + passage.mass_kg
            stretches.setdefault(stretch.key, stretch)
    found = [Flow(stretches[key], mass_kg) for key, mass_kg in masses.items()]
    return sorted(found, key=lambda flow: (-flow.mass_kg, flow.stretch.key))


def flow_map(
    world: World,
    figure_id: str,
    title: str,
    flows: Sequence[Flow],
    points: Sequence[MapPoint],
    lang: Lang,
    *,
    note: str = "map.flow_note",
) -> Figure:
    """The largest flows on the ground of the network; thin ones lie upon wide ones. ``note``: the key of the text that
    says how to read it."""
    shown, hidden = flows[:MAX_LINES], flows[MAX_LINES:]
    widest = max((flow.mass_kg for flow in shown), default=1) or 1
    words = text(note, most=tonnes(widest))
    if hidden:
        words += text("map.hidden", count=len(hidden), most=tonnes(hidden[0].mass_kg))
    return map_chart(
        figure_id,
        title,
        world.atlas.shapes,
        [line for _, line in world.atlas.waterways()],
        [_line(world, flow, widest, lang) for flow in shown],
        points,
        table=_table(world, shown, lang),
        note=words,
        credit=text("map.credit"),
    )


def place_points(world: World, masses: Mapping[str, int], lang: Lang) -> list[MapPoint]:
    """Places by what is handled there (kg), the largest first; the first :data:`NAMED` of them bear their names."""
    most = max(masses.values(), default=1) or 1
    points: list[MapPoint] = []
    for place, mass_kg in sorted(masses.items(), key=lambda pair: (-pair[1], pair[0])):
        where = world.atlas.place(place)
        if where is not None:
            name = world.place_name(place, lang)
            words = text("map.handled", name=name, mass=tonnes(mass_kg))
            points.append(
                MapPoint(*where, "ink", 3 + 6 * (mass_kg / most) ** 0.5, words, name if len(points) < NAMED else "")
            )
    return points


def _line(world: World, flow: Flow, widest: int, lang: Lang) -> MapLine:
    stretch = flow.stretch
    words = f"{text(f'mode.{stretch.mode}')} · {_ends(world, stretch, lang)} · {tonnes(flow.mass_kg)} t"
    width = max(NARROWEST_PX, WIDEST_PX * flow.mass_kg / widest)
    return MapLine(stretch.line, LOOKS[stretch.mode], width, words, dashed=stretch.mode not in WATER_MODES)


def _ends(world: World, stretch: Stretch, lang: Lang) -> str:
    return f"{world.place_name(stretch.origin, lang)} — {world.place_name(stretch.destination, lang)}"


def _table(world: World, flows: Sequence[Flow], lang: Lang) -> Table:
    rows = tuple(
        (
            Cell(_ends(world, flow.stretch, lang)),
            Cell(text(f"mode.{flow.stretch.mode}")),
            Cell(tonnes(flow.mass_kg)),
        )
        for flow in flows
    )
    return Table((text("map.stretch"), text("leg.mode"), text("map.mass")), rows)
