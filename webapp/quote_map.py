"""Where the water route of a quote runs, beside the truck that it replaces."""

from __future__ import annotations

from optimizer.errors import Lang
from optimizer.network.model import WATER_MODES
from optimizer.planning.quote import Quote, QuoteLeg, QuoteOption
from webapp.charts.figure import Cell, Figure, Table
from webapp.charts.map import MapLine, MapPoint, map_chart
from webapp.flow_map import LOOKS
from webapp.language import text
from webapp.world import World

ROUTE_PX, TRUCK_PX = 5.0, 3.0
END_PX, STOP_PX, LOCK_PX = 7.0, 5.0, 3.5


def quote_map(world: World, quote: Quote, lang: Lang) -> Figure | None:
    """The first option by water of those shown; None where there is none."""
    number, chosen = next(
        ((number, option) for number, option in enumerate(quote.shown, 1) if option.by_water), (0, None)
    )
    if chosen is None:
        return None
    truck = quote.baseline.legs if quote.baseline else ()
    lines = [_line(world, leg, lang, replaced=True) for leg in truck if leg.mode == "Road"]
    lines += [_line(world, leg, lang) for leg in chosen.legs if leg.mode != "Hub"]
    return map_chart(
        "quote-map",
        text("map.quote", number=number, name=chosen.title.text(lang)),
        world.atlas.shapes,
        [line for _, line in world.atlas.waterways()],
        [line for some in lines for line in some],
        [*_stops(world, chosen, lang), *_locks(world, chosen, lang)],
        table=_table(world, chosen, lang),
        note=text("map.quote_note"),
        credit=text("map.credit"),
    )


def _line(world: World, leg: QuoteLeg, lang: Lang, *, replaced: bool = False) -> list[MapLine]:
    words = _leg_words(world, leg, lang)
    if replaced:
        words = f"{text('quote.baseline')}: {words}"
    straight = leg.mode not in WATER_MODES
    return [
        MapLine(stretch.line, LOOKS[leg.mode], TRUCK_PX if straight else ROUTE_PX, words, dashed=straight)
        for stretch in world.atlas.way(leg.mode, leg.origin, leg.destination, leg.vehicle_class)
    ]


def _leg_words(world: World, leg: QuoteLeg, lang: Lang) -> str:
    ends = f"{world.place_name(leg.origin, lang)} → {world.place_name(leg.destination, lang)}"
    return f"{text(f'mode.{leg.mode}')} · {ends} · {leg.distance_km:,.1f} km"


def _stops(world: World, option: QuoteOption, lang: Lang) -> list[MapPoint]:
    """Both doors first, so that their names are written before those between."""
    legs = option.legs
    ends = [legs[0].origin, legs[-1].destination]
    between = [leg.origin for leg in legs if leg.origin not in ends]
    points = []
    for place in dict.fromkeys([*ends, *between]):
        where = world.atlas.place(place)
        if where is not None:
            name = world.place_name(place, lang)
            points.append(MapPoint(*where, "ink", END_PX if place in ends else STOP_PX, name, name))
    return points


def _locks(world: World, option: QuoteOption, lang: Lang) -> list[MapPoint]:
    used = {
        stretch.link_id
        for leg in option.legs
        for stretch in world.atlas.way(leg.mode, leg.origin, leg.destination, leg.vehicle_class)
    }
    points = []
    for lock in world.network.locks.values():
        where = world.atlas.lock_place(lock.lock_id)
        if lock.link_id in used and where is not None:
            name = lock.name_zh if lang == "zh" else lock.name_en
            points.append(MapPoint(*where, "negative", LOCK_PX, f"{text('plan.lock')} · {name}"))
    return points


def _table(world: World, option: QuoteOption, lang: Lang) -> Table:
    columns = (text("leg.from_to"), text("leg.mode"), text("leg.distance"))
    rows = tuple(
        (
            Cell(f"{world.place_name(leg.origin, lang)} → {world.place_name(leg.destination, lang)}"),
            Cell(text(f"mode.{leg.mode}")),
            Cell(f"{leg.distance_km:,.1f}"),
        )
        for leg in option.legs
        if leg.mode != "Hub"
    )
    return Table(columns, rows)
