"""Links: ends, use, road access; locks on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from optimizer.errors import Fault, Message
from optimizer.network.model import Mode
from optimizer.network.tables import Table, TableRow

Tables = Mapping[str, Table]


def link_ends_differ(tables: Tables) -> Iterator[Fault]:
    """A link joins two different places, and a current ends at one of them."""
    for row in tables["links"].all_rows:
        if not row.has("from_location", "to_location"):
            continue
        ends = (row.values["from_location"], row.values["to_location"])
        if ends[0] == ends[1]:
            yield row.fault(
                "to_location",
                "same_place",
                Message(
                    f"线路两端都是 {ends[0]}；两端应不同。", f"Both ends are {ends[0]}; name two different places."
                ),
            )
        downstream = row.values.get("downstream_location")
        if downstream and downstream not in ends:
            yield row.fault(
                "downstream_location",
                "not_an_end",
                Message(
                    f"{downstream} 不是线路的端点；应为 {ends[0]} 或 {ends[1]}，无水流则留空。",
                    f"{downstream} is no end of the link; write {ends[0]} or {ends[1]}, or nothing without a current.",
                ),
            )


def link_use_fits_mode(tables: Tables) -> Iterator[Fault]:
    """``use`` belongs to road links and to no other."""
    for row in tables["links"].all_rows:
        if not row.has("mode"):
            continue
        is_road, use = row.values["mode"] == Mode.ROAD.value, row.values.get("use")
        if is_road and use == "":
            yield row.fault(
                "use",
                "use_missing",
                Message("公路线路须填 line_haul 或 drayage。", "A road link needs line_haul or drayage here."),
            )
        if not is_road and use:
            yield row.fault(
                "use",
                "use_not_road",
                Message("只有公路线路可填用途；请留空。", "Only a road link has a use; leave it empty."),
            )


def roads_need_access(tables: Tables) -> Iterator[Fault]:
    """No road link ends at a place that trucks cannot reach."""
    islands = {
        row.values.get("location_id") for row in tables["locations"].all_rows if row.values.get("road_access") is False
    }
    for row in tables["links"].all_rows:
        for column in ("from_location", "to_location"):
            place = row.values.get(column)
            if row.values.get("mode") == Mode.ROAD.value and place in islands:
                yield row.fault(
                    column,
                    "no_road_access",
                    Message(
                        f"{place} 的 road_access 为 false，不能有公路线路；请删除此行或改正地点表。",
                        f"{place} has road_access false and can have no road link; delete the row or mend locations.",
                    ),
                )


def locks_lie_on_water(tables: Tables) -> Iterator[Fault]:
    """Locks lie on water links, and on one link their order follows their positions."""
    modes = {row.values.get("link_id"): row.values.get("mode") for row in tables["links"].all_rows}
    by_link: dict[str, list[TableRow]] = {}
    for row in tables["locks"].all_rows:
        if not row.has("link_id"):
            continue
        link_id = row.values["link_id"]
        if modes.get(link_id) not in (None, Mode.INLAND_WATERWAY.value):
            yield row.fault(
                "link_id",
                "lock_not_on_water",
                Message(
                    f"线路 {link_id} 不是内河；船闸只能在 InlandWaterway 线路上。",
                    f"Link {link_id} is no inland waterway; a lock lies on an InlandWaterway link.",
                ),
            )
        if row.has("order_on_link", "position"):
            by_link.setdefault(link_id, []).append(row)
    for link_id, rows in by_link.items():
        in_order = sorted(rows, key=lambda row: int(row.values["order_on_link"]))
        for former, later in pairwise(in_order):
            same = former.values["order_on_link"] == later.values["order_on_link"]
            if same or former.values["position"] > later.values["position"]:
                yield later.fault(
                    "order_on_link",
                    "lock_order",
                    Message(
                        f"线路 {link_id} 上的次序与位置不符（另见第 {former.line} 行）；次序须自起点递增且不重复。",
                        f"Order and position on link {link_id} disagree with row {former.line}; number the locks once "
                        "each, rising from the link's from_location.",
                    ),
                )
