"""Shipments from a CSV or XLSX file or from the records of a request: the same rules, every fault at once.

Columns: shipment_id, shipper_id, cargo_code, mass_t, origin, destination, ready_at, due_at; optional splittable (by
default yes), cargo_value_yuan_per_t (0), reference. Chinese headers are accepted (:data:`HEADERS`). Places are found
by id, UN/LOCODE or full name in either language, cargo by code or name; ``shipment_cells`` says what a cell may hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from optimizer.errors import Message, ShipmentDataError
from optimizer.network.model import Network
from optimizer.planning.fault_list import FaultList
from optimizer.planning.files.shipment_cells import (
    Cell,
    CellError,
    parse_due,
    parse_identifier,
    parse_mass_kg,
    parse_moment,
    parse_reference,
    parse_value_yuan_per_t,
    parse_yes_no,
    plain,
    quoted,
)
from optimizer.planning.files.shipment_columns import (
    HEADERS,
    REQUIRED,
    columns_of,
    duplicate_column,
    header_key,
    header_names,
    header_of,
    records_of,
    unknown_column,
)
from optimizer.planning.files.shipment_sheet import MAX_FILE_BYTES, file_error, rows_of, too_large
from optimizer.planning.routing.places import (
    NameIndex,
    cargo_index,
    location_index,
    resolve_location,
    suggest_locations,
)
from optimizer.planning.shipment import Shipment

__all__ = [
    "HEADERS",
    "parse_mass_kg",
    "read_shipments",
    "resolve_location",
    "shipments_from_records",
    "suggest_locations",
    "valid_shipments",
]

Found = TypeVar("Found")

MOST_LISTED = 40
"""A network has some twenty cargoes; so many are listed where one is not known."""
MOST_SOUGHT = 300
"""Unknown names of one input for which the nearest known ones are sought, each once; it takes about a millisecond."""
TOTALS = frozenset({"合计", "总计", "共计", "小计", "累计", "total", "totals", "subtotal", "grandtotal", "sum"})
NO_OBJECT = Message("每票应为一个对象。", "Each shipment is an object.")
TOTALS_ROW = Message("这一行是合计，不是货单；请删去。", "This row adds up the others and is no shipment; remove it.")


def read_shipments(path: Path, network: Network) -> list[Shipment]:
    """The shipments of a CSV or XLSX file, in its order.

    Raises ShipmentDataError with every fault (at most 1,000 listed, then their count): file, row, column, code and a
    sentence in both languages that says what would be right.
    """
    rows = rows_of(content_of(path), path.name)
    header = header_of(rows)
    faults = FaultList(path.name)
    columns = columns_of(header, faults)
    faults.raise_if_any(ShipmentDataError)
    reading = RowReading(network, faults, lambda place, column: (place, column))
    shipments = [reading.shipment(row.number, cells) for row, cells in records_of(rows, columns, faults)]
    if not shipments and not faults.count:
        message = Message(
            "只有表头，没有货单；请至少填写一行。", "There is a header but no shipment; add at least one row."
        )
        faults.add(header.number + 1, None, "no_rows", message)
    faults.raise_if_any(ShipmentDataError)
    return [shipment for shipment in shipments if shipment is not None]


def shipments_from_records(
    records: Sequence[Mapping[str, Any]], network: Network, source_name: str = "request"
) -> list[Shipment]:
    """The shipments of a decoded JSON list, in its order; keys as the columns of the file.

    Raises ShipmentDataError with every fault, whose column is a JSON pointer such as ``/3/mass_t``.
    """
    faults = FaultList(source_name)
    shipments = valid_shipments(records, network, faults)
    faults.raise_if_any(ShipmentDataError)
    return [shipment for shipment in shipments if shipment is not None]


def valid_shipments(records: Sequence[Any], network: Network, faults: FaultList) -> list[Shipment | None]:
    """One entry for each record in order, None where it has faults; these are added to ``faults``.

    For requests in which one bad record must not fail the rest.
    """
    reading = RowReading(network, faults, lambda place, column: (None, f"/{place}/{column}"))
    answers: list[Shipment | None] = []
    for place, record in enumerate(records):
        before = faults.count
        cells = cells_of(record, f"/{place}", faults)
        shipment = reading.shipment(place, cells) if cells is not None else None
        answers.append(shipment if faults.count == before else None)
    return answers


def cells_of(
    record: Any,
    at: str,
    faults: FaultList,
    headers: Mapping[str, tuple[str, ...]] = HEADERS,
    no_object: Message = NO_OBJECT,
) -> dict[str, Cell] | None:
    """A JSON object's values by column; None when it is no object. ``at``: its JSON pointer."""
    if not isinstance(record, Mapping):
        faults.add(None, at, "not_an_object", no_object)
        return None
    known = header_names(headers)
    cells: dict[str, Cell] = {}
    for key, value in record.items():
        column = known.get(header_key(str(key)))
        pointer = f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}"
        twice = column in cells or {"mass_t", "mass_kg"} <= {*cells, column}
        if column is None:
            faults.add(None, pointer, "unknown_column", unknown_column(str(key), headers))
        elif twice:
            faults.add(None, pointer, "duplicate_column", duplicate_column(str(key), column))
        elif isinstance(value, Mapping | list):
            faults.add(None, pointer, "bad_type", Message("应为文本或数字。", "This should be a text or a number."))
        else:
            cells[column] = value
    return cells


def content_of(path: Path) -> bytes:
    """The bytes of a file of rows. Raises ShipmentDataError: no_file, too_large, unreadable_file."""
    name = path.name
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MAX_FILE_BYTES:
            raise too_large(name, size_bytes)
        return path.read_bytes()
    except FileNotFoundError as error:
        message = Message(f"找不到文件 {path}；请检查路径。", f"There is no file {path}; check the path.")
        raise file_error(name, "no_file", message) from error
    except OSError as error:
        message = Message(
            f"无法读取 {path}（{error.strerror}）；请检查权限，且它不是目录。",
            f"Cannot read {path} ({error.strerror}); check that it is a file you may read.",
        )
        raise file_error(name, "unreadable_file", message) from error


class RowReading:
    """Turns the cells of one input into shipments. Remembers what a text meant: a month names few places and times."""

    def __init__(
        self, network: Network, faults: FaultList, where: Callable[[int, str], tuple[int | None, str]]
    ) -> None:
        self._faults = faults
        self._where = where
        locations, cargo = location_index(network), cargo_index(network)
        self._parsers: dict[str, Callable[[Cell], Any]] = {
            "shipment_id": parse_identifier,
            "shipper_id": parse_identifier,
            "cargo_code": lambda cell: named(cell, "unknown_cargo", cargo).cargo_code,
            "mass_t": parse_mass_kg,
            "mass_kg": lambda cell: parse_mass_kg(cell, default_unit="kg"),
            "origin": lambda cell: named(cell, "unknown_location", locations).location_id,
            "destination": lambda cell: named(cell, "unknown_location", locations).location_id,
            "ready_at": parse_moment,
            "due_at": parse_due,
            "splittable": lambda cell: parse_yes_no(cell, default=True),
            "cargo_value_yuan_per_t": parse_value_yuan_per_t,
            "reference": parse_reference,
        }
        self._known: dict[tuple[str, type, Cell], Any] = {}
        self._unknown: dict[tuple[str, type, Cell], tuple[str, Message | Callable[[], Message]]] = {}
        self._first_place: dict[str, int] = {}

    def shipment(self, place: int, cells: Mapping[str, Cell]) -> Shipment | None:
        """The shipment of row (or list position) ``place``; None when a cell cannot be read."""
        if _adds_up(cells):
            self._fault(place, "shipment_id", "totals_row", TOTALS_ROW)
            return None
        before = self._faults.count
        values = {
            "mass_kg" if column == "mass_t" else column: self._value(place, column, cells.get(column))
            for column in self._parsers
            if column != ("mass_t" if "mass_kg" in cells else "mass_kg")
        }
        self._check_unique(place, values["shipment_id"])
        self._check_together(place, values)
        return Shipment(**values) if self._faults.count == before else None

    def _value(self, place: int, column: str, cell: Cell) -> Any:
        key = (column, type(cell), cell)
        if key in self._unknown:
            self._fault(place, column, *self._unknown[key])
            return None
        if key not in self._known:
            try:
                if column in REQUIRED and not column.endswith("_id") and plain(cell) == "":
                    raise CellError("missing_value", Message("此格为空；请填写。", "This cell is empty; fill it in."))
                self._known[key] = self._parsers[column](cell)
            except CellError as error:
                message = error.message
                if not isinstance(message, Message):
                    seek = len(self._unknown) < MOST_SOUGHT
                    message = cache(message) if seek else _unlike_any(plain(cell), error.code)
                    if seek:
                        self._unknown[key] = (error.code, message)
                self._fault(place, column, error.code, message)
                return None
        return self._known[key]

    def _fault(self, place: int, column: str, code: str, message: Message | Callable[[], Message]) -> None:
        row, name = self._where(place, column)
        self._faults.add(row, name, code, message)

    def _check_unique(self, place: int, shipment_id: str | None) -> None:
        first = self._first_place.setdefault(shipment_id, place) if shipment_id else place
        if first != place:
            (row, name), (first_row, first_name) = self._where(place, "shipment_id"), self._where(first, "shipment_id")
            zh = f"第 {first_row} 行与第 {row} 行" if row else f"{first_name} 与 {name}"
            en = f"rows {first_row} and {row}" if row else f"{first_name} and {name}"
            message = Message(
                f"货单号 {quoted(shipment_id)} 重复：{zh}；每票编号应不同。",
                f"Shipment id {quoted(shipment_id)} stands twice: {en}; each shipment needs its own.",
            )
            self._fault(place, "shipment_id", "duplicate_id", message)

    def _check_together(self, place: int, values: Mapping[str, Any]) -> None:
        origin, destination = values["origin"], values["destination"]
        if origin is not None and origin == destination:
            message = Message(
                f"起点与终点都是 {origin}；请改正其一。",
                f"Origin and destination are both {origin}; correct one.",
            )
            self._fault(place, "destination", "same_place", message)
        ready_at, due_at = values["ready_at"], values["due_at"]
        if ready_at is not None and due_at is not None and due_at < ready_at:
            ready, due = (f"{moment:%Y-%m-%d %H:%M}" for moment in (ready_at, due_at))
            message = Message(
                f"最晚到达 {due} 早于可提货时间 {ready}；请对调或改正。",
                f"Due {due} is before ready {ready}; swap or correct them.",
            )
            self._fault(place, "due_at", "due_before_ready", message)


def _adds_up(cells: Mapping[str, Cell]) -> bool:
    """Whether a row is the sum below a table: it says so, and goes nowhere."""
    if any(plain(cells.get(column)) for column in ("origin", "destination")):
        return False
    return any(header_key(plain(cell)).rstrip(":") in TOTALS for cell in cells.values())


def named(cell: Cell, code: str, index: NameIndex[Found]) -> Found:
    """The place or cargo a cell names; raises CellError with the nearest names, sought only if somebody reads them."""
    text = plain(cell)
    found = index.find(text)
    if found is None:
        raise CellError(code, lambda: _unknown_name(text, code, index))
    return found


def _unlike_any(text: str, code: str) -> Message:
    noun_zh, noun_en = ("货类", "cargo") if code == "unknown_cargo" else ("地点", "place")
    return Message(
        f"不认识的{noun_zh}“{quoted(text)}”；请写网络数据中的编号或全名。",
        f"Unknown {noun_en} '{quoted(text)}'; write the id or full name of a {noun_en} of the network.",
    )


def _unknown_name(text: str, code: str, index: NameIndex[Any]) -> Message:
    noun_zh, noun_en = ("货类", "cargo") if code == "unknown_cargo" else ("地点", "place")
    known = index.records if code == "unknown_cargo" else ()
    if 0 < len(known) <= MOST_LISTED:
        # Words for goods rarely look like the class they belong to: crushed stone is nearest to gypsum.
        zh, en = "、".join(record.name_zh for record in known), ", ".join(record.cargo_code for record in known)
        return Message(
            f"不认识的货类“{quoted(text)}”；认识的货类：{zh}。",
            f"Unknown cargo '{quoted(text)}'; known are {en}.",
        )
    near = index.nearest(text)
    if not near:
        return _unlike_any(text, code)
    ids = [record.cargo_code if code == "unknown_cargo" else record.location_id for record in near]
    zh = "、".join(f"{i}（{record.name_zh}）" for i, record in zip(ids, near, strict=True))
    en = ", ".join(f"{i} ({record.name_en})" for i, record in zip(ids, near, strict=True))
    return Message(
        f"不认识的{noun_zh}“{quoted(text)}”；是否指 {zh}？",
        f"Unknown {noun_en} '{quoted(text)}'; did you mean {en}?",
    )
