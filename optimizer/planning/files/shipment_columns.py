"""The columns of a shipments table: their headers in both languages, and each row's cells by column.

Tables of other things (``sailing_file``) bring headers of their own and are read by the same functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, zip_longest

from optimizer.errors import Message
from optimizer.planning.fault_list import FaultList
from optimizer.planning.files.shipment_cells import Cell, plain, quoted
from optimizer.planning.files.shipment_sheet import Row
from optimizer.planning.routing.places import NameIndex, name_key

HEADERS: Mapping[str, tuple[str, ...]] = {
    "shipment_id": ("货单号", "货运单号", "运单编号", "货单编号", "编号", "单号", "订单号", "委托单号"),
    "shipper_id": (
        *("托运人", "托运人编号", "货主", "发货人", "shipper"),
        *("托运单位", "发货单位", "发货企业", "委托单位", "货主单位"),
    ),
    "cargo_code": ("货类", "货种", "货物", "货物代码", "货物名称", "品名", "cargo"),
    "mass_t": ("重量", "重量吨", "重量(吨)", "重量(t)", "质量(吨)", "吨数", "吨位", "mass(t)", "mass"),
    "mass_kg": ("重量千克", "重量公斤", "重量(千克)", "重量(公斤)", "重量(kg)", "质量(千克)", "mass(kg)"),
    "origin": ("起点", "起运地", "始发地", "装货地", "发货地", "from", "起运港", "装货港", "始发港", "装船港"),
    "destination": ("终点", "目的地", "卸货地", "收货地", "to", "目的港", "卸货港", "到达港", "到达地", "到货地"),
    "ready_at": (
        *("可提货时间", "可提货", "备货时间", "提货时间", "备妥时间", "可装时间", "最早提货"),
        *("货好时间", "备货完成时间", "可发货时间", "可发运时间"),
    ),
    "due_at": (
        *("最晚到达", "最晚到达时间", "最迟到达", "最迟到货", "要求到达", "要求到达时间", "到货期限"),
        *("最晚到港", "最迟到港", "要求到港时间", "要求到货时间", "要求送达时间", "交货期限"),
    ),
    "splittable": ("可拆分", "可否拆分", "是否可拆分", "可分批"),
    "cargo_value_yuan_per_t": ("货值", "货值(元/吨)", "货值元每吨", "每吨货值", "单价(元/吨)"),
    "reference": ("备注", "参考号", "备注说明", "说明", "remark", "remarks", "notes"),
}
"""Column -> further headers it is known by. Width, case, spaces, ``_`` and ``-`` do not count. mass_kg may stand in
place of mass_t."""

MOST_TITLES = 5
"""Rows with a title, a date, a unit and the like that may stand above the header."""

REQUIRED = ("shipment_id", "shipper_id", "cargo_code", "mass_t", "origin", "destination", "ready_at", "due_at")


def header_key(text: str) -> str:
    """A header without width, case, spaces, ``_`` and ``-``."""
    return name_key(text).replace("_", "").replace("-", "")


def header_names(headers: Mapping[str, tuple[str, ...]] = HEADERS) -> dict[str, str]:
    """Header key -> column."""
    return {header_key(name): column for column, names in headers.items() for name in (column, *names)}


def unknown_column(
    header: str, headers: Mapping[str, tuple[str, ...]] = HEADERS, *, list_known: bool = True
) -> Message:
    """The sentence for a header that is none of ours, with the nearest one; ``list_known``: and with all that there
    are."""
    near = NameIndex({column: column for column in headers}, headers).nearest(header, 1)
    hint_zh, hint_en = (
        (f"是否指“{headers[near[0]][0]}”（{near[0]}）？", f" Did you mean {near[0]}?") if near else ("", "")
    )
    known_zh = "；认识的列：" + "、".join(names[0] for names in headers.values()) if list_known else ""
    known_en = f"; known columns: {', '.join(headers)}" if list_known else ""
    return Message(
        f"不认识的列“{quoted(header)}”。{hint_zh}请改名或删去{known_zh}。",
        f"Unknown column '{quoted(header)}'.{hint_en} Rename or remove it{known_en}.",
    )


def duplicate_column(header: str, column: str) -> Message:
    """The sentence for a second header of the same column."""
    return Message(
        f"列“{quoted(header)}”（即 {column}）出现两次；请只留一列。",
        f"Column '{quoted(header)}' (that is {column}) stands twice; keep one.",
    )


def columns_of(
    header: Row,
    faults: FaultList,
    headers: Mapping[str, tuple[str, ...]] = HEADERS,
    required: tuple[str, ...] = REQUIRED,
) -> list[str | None]:
    """The column of each header cell; None where the cell is empty (such a column must stay empty)."""
    known = header_names(headers)
    columns: list[str | None] = []
    listed = False
    for cell in header.cells:
        text = plain(cell)
        column = known.get(header_key(text))
        if text and column is None:
            # One list of what there is will do, however many columns are not in it.
            message = unknown_column(text, headers, list_known=not listed)
            faults.add(header.number, quoted(text), "unknown_column", message)
            listed = True
        elif column in columns and column is not None:
            faults.add(header.number, quoted(text), "duplicate_column", duplicate_column(text, column))
        elif column is not None and text != column:
            faults.headers[column] = quoted(text)
        columns.append(column)
    if "mass_t" in columns and "mass_kg" in columns:
        faults.add(header.number, "mass_kg", "duplicate_column", duplicate_column("mass_kg", "mass_t"))
    for column in required:
        if column not in columns and not (column == "mass_t" and "mass_kg" in columns):
            faults.add(header.number, column, "missing_column", Message(
                f"缺少列“{headers[column][0]}”（{column}）；请在表头加上。",
                f"Column {column} ({headers[column][0]}) is missing; add it to the header."))  # fmt: skip
    while columns and columns[-1] is None:
        columns.pop()
    return columns


def header_of(rows: Iterator[Row], headers: Mapping[str, tuple[str, ...]] = HEADERS) -> Row:
    """The first row that names columns, two at least; rows above it are titles and are passed over. Where no row near
    the top does, the first one, whose faults are then told."""
    known = header_names(headers)
    first: Row | None = None
    for row in islice(rows, MOST_TITLES + 1):
        first = first or row
        if sum(header_key(plain(cell)) in known for cell in row.cells) > 1:
            return row
    assert first is not None  # a file without rows was refused before
    return first


def records_of(
    rows: Iterable[Row], columns: list[str | None], faults: FaultList
) -> Iterable[tuple[Row, dict[str, Cell]]]:
    """The cells of each row by column; a row with a wrong number of fields is a fault and is not read further,
    because its cells may have shifted."""
    width = len(columns)
    for row in rows:
        found = len(row.cells)
        unnamed = (cell for cell, column in zip_longest(row.cells, columns) if column is None)
        if any(plain(cell) for cell in unnamed):
            message = Message(
                f"本行有 {found} 格，表头只有 {width} 列；请删去多余的格（文中逗号须加双引号）。",
                f"This row has {found} fields, the header {width}; remove the others (quote a text with a comma).",
            )
            faults.add(row.number, None, "too_many_columns", message)
        elif found < width and not row.padded:
            message = Message(
                f"本行只有 {found} 格，表头有 {width} 列；请补齐（空格也要分隔符）。",
                f"This row has {found} fields, the header {width}; add the others (empty ones need delimiters too).",
            )
            faults.add(row.number, None, "too_few_columns", message)
        else:
            yield row, {column: cell for column, cell in zip(columns, row.cells, strict=False) if column}
