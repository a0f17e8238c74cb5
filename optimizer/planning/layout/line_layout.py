"""All lines and tables of the ways of some shipments, group by group of those with the same doors and cargo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Cargo
from optimizer.planning.design import Indices
from optimizer.planning.layout.changes import add_changes
from optimizer.planning.layout.families import Grid
from optimizer.planning.layout.horizon import longest_voyage_h, make_grid
from optimizer.planning.layout.way_maker import WayMaker
from optimizer.planning.layout.ways import Ways
from optimizer.planning.routing.route import Route
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment

AddMore = Callable[[WayMaker], None]


def make_ways(
    shipments: Sequence[Shipment],
    book: RouteBook,
    graph: NetworkGraph,
    settings: PlanSettings,
    grid: Grid | None = None,
    add_more: AddMore | None = None,
) -> Ways:
    """Lay out sailings and lines for these shipments (at least one). ``grid``: the slots, where they are given.
    ``add_more`` adds lines of another kind once those of the network's own routes are there.

    A line is left out only when it can never be of use: when even in a full vessel that has to make this trip anyway
    (an empty voyage would burn the same fuel), the tonne costs at least what it costs on that shipment's road. Under a
    cap on CO2e it must in the same way emit at least what the road emits.
    """
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for index, shipment in enumerate(shipments):
        groups[(shipment.origin, shipment.destination, shipment.cargo_code)].append(index)
    routes_of = {
        key: [route for route in book.routes(*key) if settings.own_voyages or route.planned_at is None]
        for key in groups
    }
    maker = WayMaker(shipments, book, graph, settings, grid or make_grid(shipments, longest_voyage_h(routes_of) + 48))
    for key, members in groups.items():
        changes = book.transshipped(*key) if settings.own_voyages else ()
        _add_group(maker, np.array(members, dtype=np.int64), routes_of[key], changes, book.network.cargo[key[2]])
    if add_more is not None:
        add_more(maker)
    return maker.finish()


def _add_group(
    maker: WayMaker, members: Indices, routes: Sequence[Route], changes: Sequence[Route], cargo: Cargo
) -> None:
    """``changes``: their routes of two voyages."""
    if not routes and not changes:
        maker.strand(members)
        return
    road = maker.add_group(members, routes, cargo.cargo_group)
    through = [route for route in routes if route.planned_at is not None]
    add_changes(maker, members, through, changes, cargo.cargo_group, road)
