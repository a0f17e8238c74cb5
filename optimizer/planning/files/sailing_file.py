"""Carriers' sailings from a CSV or XLSX file: every fault at once, with file, row, column and what would be right.

Columns: sailing_id, carrier_id, vessel_class, from, to, departs_at, arrives_at, capacity_t, price_yuan_per_t; optional
cargo_groups (by default all that the class carries and both terminals handle), fixed_yuan (0), min_load_t (0). Chinese
headers are accepted (:data:`HEADERS`), and the encodings and formats of a shipments file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from optimizer.errors import InputError, Message, SailingDataError
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network
from optimizer.planning.fault_list import FaultList
from optimizer.planning.files.sailing_cells import (
    CargoGroups,
    parse_capacity_kg,
    parse_fixed_yuan,
    parse_least_kg,
    parse_price_yuan_per_t,
)
from optimizer.planning.files.shipment_cells import (
    Cell,
    CellError,
    parse_due,
    parse_identifier,
    parse_moment,
    plain,
    quoted,
)
from optimizer.planning.files.shipment_columns import columns_of, header_of, records_of
from optimizer.planning.files.shipment_file import content_of, named
from optimizer.planning.files.shipment_sheet import rows_of
from optimizer.planning.offer import OWN_VOYAGE_ID, Offer
from optimizer.planning.routing.places import cargo_index, location_index

HEADERS: Mapping[str, tuple[str, ...]] = {
    "sailing_id": ("航次号", "班次号", "航次编号", "航次"),
    "carrier_id": ("承运人", "承运人编号", "船东", "船公司", "carrier"),
    "vessel_class": ("船型", "船舶类型", "船型代码", "vessel"),
    "from": ("起运港", "装货港", "起点", "始发港", "origin"),
    "to": ("目的港", "卸货港", "终点", "到达港", "destination"),
    "departs_at": ("离港时间", "开航时间", "开船时间", "出发时间", "etd"),
    "arrives_at": ("到港时间", "抵港时间", "到达时间", "eta"),
    "capacity_t": ("舱位", "舱位(吨)", "可载吨数", "载重(吨)", "运力(吨)", "capacity(t)", "capacity"),
    "cargo_groups": ("货类组", "货类", "可装货类", "适装货类"),
    "price_yuan_per_t": ("运价", "运价(元/吨)", "单价(元/吨)", "每吨运价"),
    "fixed_yuan": ("固定费用", "固定费用(元)", "包干费", "起航费(元)"),
    "min_load_t": ("最低载量", "最低载量(吨)", "起运吨数", "最低起运量(吨)"),
}
"""Column -> further headers it is known by. Width, case, spaces, ``_`` and ``-`` do not count."""

REQUIRED = (
    "sailing_id",
    "carrier_id",
    "vessel_class",
    "from",
    "to",
    "departs_at",
    "arrives_at",
    "capacity_t",
    "price_yuan_per_t",
)
MAX_OFFERS = 100_000
MAX_SPEED_KM_H = 30.0
"""No inland vessel is faster over a whole way; above it the times are a slip."""


def read_sailings(path: Path, network: Network) -> list[Offer]:
    """The offers of a CSV or XLSX file, in its order.

    Raises SailingDataError with every fault (at most 1,000 listed, then their count): file, row, column, code and a
    sentence in both languages that says what would be right.
    """
    try:
        content = content_of(path)
    except InputError as error:  # of the file as a whole
        raise SailingDataError.of(error.faults) from error
    return read_sailing_bytes(content, path.name, network)


def read_sailing_bytes(content: bytes, name: str, network: Network) -> list[Offer]:
    """The offers of a file that somebody sent, ``name`` is what it is called. Raises as :func:`read_sailings`."""
    try:
        rows = rows_of(content, name)
        header = header_of(rows, HEADERS)
        faults = FaultList(name)
        columns = columns_of(header, faults, HEADERS, REQUIRED)
        faults.raise_if_any(SailingDataError)
        reading = SailingReading(network, faults, lambda place, column: (place, column))
        offers = [reading.offer(row.number, cells) for row, cells in records_of(rows, columns, faults)]
    except SailingDataError:
        raise
    except InputError as error:  # of the file as a whole, raised by the reader of sheets
        raise SailingDataError.of(error.faults) from error
    if not offers and not faults.count:
        message = Message(
            "只有表头，没有航次；请至少填写一行。", "There is a header but no sailing; add at least one row."
        )
        faults.add(header.number + 1, None, "no_rows", message)
    if len(offers) > MAX_OFFERS:
        message = Message(
            f"超过 {MAX_OFFERS:,} 个航次；请分成几个文件。", f"More than {MAX_OFFERS:,} sailings; split the file."
        )
        faults.add(None, None, "too_many_rows", message)
    faults.raise_if_any(SailingDataError)
    return [offer for offer in offers if offer is not None]


class SailingReading:
    """Turns the cells of one input into offers; ``where``: row and column of a fault, from place and column."""

    def __init__(
        self, network: Network, faults: FaultList, where: Callable[[int, str], tuple[int | None, str]]
    ) -> None:
        self._network, self._faults, self._graph = network, faults, NetworkGraph(network)
        self._where = where
        locations, goods = location_index(network), cargo_index(network)
        groups = CargoGroups(network, goods)
        self._parsers: dict[str, Callable[[Cell], Any]] = {
            "sailing_id": parse_identifier,
            "carrier_id": parse_identifier,
            "vessel_class": self._vessel_class,
            "from": lambda cell: named(cell, "unknown_location", locations).location_id,
            "to": lambda cell: named(cell, "unknown_location", locations).location_id,
            "departs_at": parse_moment,
            "arrives_at": parse_due,
            "capacity_t": parse_capacity_kg,
            "cargo_groups": groups.parse,
            "price_yuan_per_t": parse_price_yuan_per_t,
            "fixed_yuan": parse_fixed_yuan,
            "min_load_t": parse_least_kg,
        }
        self._first_row: dict[str, int] = {}

    def offer(self, row: int, cells: Mapping[str, Cell]) -> Offer | None:
        """The offer of a row (or list position); None when something in it is wrong."""
        before = self._faults.count
        value = {column: self._value(row, column, cells.get(column)) for column in self._parsers}
        self._check_id(row, value["sailing_id"])
        self._check_times(row, value)
        self._check_loads(row, value)
        groups = self._groups(row, value)
        self._check_way(row, value)
        if self._faults.count > before:
            return None
        return Offer(
            value["sailing_id"],
            value["carrier_id"],
            value["vessel_class"],
            value["from"],
            value["to"],
            value["departs_at"],
            value["arrives_at"],
            value["capacity_t"],
            groups,
            value["price_yuan_per_t"],
            value["fixed_yuan"],
            value["min_load_t"],
        )

    def _fault(self, row: int, column: str, code: str, message: Message | Callable[[], Message]) -> None:
        at, name = self._where(row, column)
        self._faults.add(at, name, code, message)

    def _value(self, row: int, column: str, cell: Cell) -> Any:
        try:
            if column in REQUIRED and not column.endswith("_id") and plain(cell) == "":
                raise CellError("missing_value", Message("此格为空；请填写。", "This cell is empty; fill it in."))
            return self._parsers[column](cell)
        except CellError as error:
            self._fault(row, column, error.code, error.message)
            return None

    def _vessel_class(self, cell: Cell) -> str:
        classes = self._network.vessel_classes
        text = plain(cell)
        names = {code: (code, vessel.name_zh, vessel.name_en) for code, vessel in classes.items()}
        found = [code for code, known in names.items() if text.casefold() in (name.casefold() for name in known)]
        if len(found) != 1:
            inland = [code for code, vessel in classes.items() if vessel.waters == "inland"]
            raise CellError(
                "unknown_vessel_class",
                Message(
                    f"不认识的船型“{quoted(text)}”；请写 {'、'.join(inland)} 之一。",
                    f"Unknown vessel class '{quoted(text)}'; write one of {', '.join(inland)}.",
                ),
            )
        if classes[found[0]].waters != "inland":
            raise CellError(
                "not_inland",
                Message(
                    f"{found[0]} 是江海船，按吨计价，不作为航次报价；请只列内河船的航次。",
                    f"{found[0]} is a river-sea class, sold by the tonne; list sailings of inland vessels only.",
                ),
            )
        return found[0]

    def _check_id(self, row: int, sailing_id: str | None) -> None:
        if sailing_id is None:
            return
        if OWN_VOYAGE_ID.fullmatch(sailing_id):
            message = Message(
                f"航次号“{quoted(sailing_id)}”与计划自排航次的编号（V00001）相同；请加前缀。",
                f"Sailing id '{quoted(sailing_id)}' is what the plan calls voyages of its own (V00001); add a prefix.",
            )
            self._fault(row, "sailing_id", "reserved_id", message)
        first = self._first_row.setdefault(sailing_id, row)
        if first != row:
            (at, name), (first_at, first_name) = self._where(row, "sailing_id"), self._where(first, "sailing_id")
            zh = f"第 {first_at} 行与第 {at} 行" if at else f"{first_name} 与 {name}"
            en = f"rows {first_at} and {at}" if at else f"{first_name} and {name}"
            message = Message(
                f"航次号“{quoted(sailing_id)}”重复：{zh}；每个航次编号应不同。",
                f"Sailing id '{quoted(sailing_id)}' stands twice: {en}; each sailing needs its own.",
            )
            self._fault(row, "sailing_id", "duplicate_id", message)

    def _check_times(self, row: int, value: Mapping[str, Any]) -> None:
        departs_at, arrives_at = value["departs_at"], value["arrives_at"]
        if departs_at is not None and arrives_at is not None and arrives_at <= departs_at:
            left, right = f"{departs_at:%Y-%m-%d %H:%M}", f"{arrives_at:%Y-%m-%d %H:%M}"
            message = Message(
                f"到港 {right} 不晚于离港 {left}；请对调或改正。",
                f"Arrival {right} is not after departure {left}. Swap or correct them.",
            )
            self._fault(row, "arrives_at", "arrives_before_departs", message)

    def _check_loads(self, row: int, value: Mapping[str, Any]) -> None:
        capacity_kg, least_kg, code = value["capacity_t"], value["min_load_t"], value["vessel_class"]
        if capacity_kg is not None and code is not None:
            most_t = self._network.vessel_classes[code].capacity_t
            if capacity_kg > most_t * 1000:
                message = Message(
                    f"舱位 {capacity_kg / 1000:g} 吨超过 {code} 的 {most_t:g} 吨；请核对船型或吨数。",
                    f"{capacity_kg / 1000:g} t is more than the {most_t:g} t of {code}; check the class or the tonnes.",
                )
                self._fault(row, "capacity_t", "over_class_capacity", message)
        if capacity_kg is not None and least_kg is not None and least_kg > capacity_kg:
            message = Message(
                f"最低载量 {least_kg / 1000:g} 吨大于舱位 {capacity_kg / 1000:g} 吨；请改正其一。",
                f"The least load of {least_kg / 1000:g} t is above the capacity of {capacity_kg / 1000:g} t."
                " Correct one.",
            )
            self._fault(row, "min_load_t", "least_above_capacity", message)

    def _groups(self, row: int, value: Mapping[str, Any]) -> tuple[str, ...]:
        """The groups named, or all that fit; faults where one of those named does not."""
        code, ends, asked = value["vessel_class"], (value["from"], value["to"]), value["cargo_groups"]
        if code is None or None in ends or asked is None:
            return ()
        vessel = self._network.vessel_classes[code]
        fitting = [group for group in vessel.cargo_groups if not self._lacking(ends, group, vessel.capacity_t)]
        if not asked and not fitting:
            message = Message(
                f"{ends[0]} 与 {ends[1]} 没有都能靠泊 {code} 并装卸同一货类的码头；请改港口或船型。",
                f"No cargo of {code} is handled at both {ends[0]} and {ends[1]} at berths that take it."
                " Change port or class.",
            )
            self._fault(row, "from", "no_terminal", message)
        for group in asked:
            if group not in vessel.cargo_groups:
                can = "、".join(vessel.cargo_groups), ", ".join(vessel.cargo_groups)
                message = Message(
                    f"{code} 不装 {group}；可装：{can[0]}。", f"{code} does not carry {group}; it carries {can[1]}."
                )
                self._fault(row, "cargo_groups", "class_refuses", message)
            for place in self._lacking(ends, group, vessel.capacity_t):
                message = Message(
                    f"{place} 没有能靠泊 {code}（{vessel.capacity_t:g} 吨）并装卸 {group} 的码头；请改港口或货类组。",
                    f"No terminal at {place} takes {code} ({vessel.capacity_t:g} t) with {group}."
                    " Change the port or the groups.",
                )
                self._fault(row, "from" if place == ends[0] else "to", "no_terminal", message)
        return asked or tuple(fitting)

    def _lacking(self, ends: tuple[str, str], group: str, vessel_t: float) -> list[str]:
        """The ends without a terminal for a group that takes a vessel of this size."""
        quays = [(place, self._network.terminals.get((place, group))) for place in ends]
        return [place for place, quay in quays if quay is None or quay.max_vessel_dwt_t < vessel_t]

    def _check_way(self, row: int, value: Mapping[str, Any]) -> None:
        code, start, end = value["vessel_class"], value["from"], value["to"]
        if code is None or start is None or end is None:
            return
        if start == end:
            message = Message(f"起运港与目的港都是 {start}；请改正其一。", f"Both ports are {start}; correct one.")
            self._fault(row, "to", "same_place", message)
            return
        lane = self._graph.lane(start, end, code)
        if lane is None:
            message = Message(
                f"{code} 没有从 {start} 到 {end} 的航道（航道等级、船闸或桥高）；请改港口或船型。",
                f"{code} has no waterway from {start} to {end} (class, locks or bridges); change port or class.",
            )
            self._fault(row, "to", "no_waterway", message)
            return
        departs_at, arrives_at = value["departs_at"], value["arrives_at"]
        if departs_at is None or arrives_at is None or arrives_at <= departs_at:
            return
        hours = (arrives_at - departs_at).total_seconds() / 3600
        if lane.distance_km > hours * MAX_SPEED_KM_H:
            message = Message(
                f"{lane.distance_km:,.0f} 公里只用 {hours:.1f} 小时，快于 {MAX_SPEED_KM_H:g} 公里/小时；请核对时间。",
                f"{lane.distance_km:,.0f} km in {hours:.1f} h is faster than {MAX_SPEED_KM_H:g} km/h; check the times.",
            )
            self._fault(row, "arrives_at", "too_fast", message)
