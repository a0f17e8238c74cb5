"""Things that hold from one time to another: closures and water levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from optimizer.errors import Fault, Message
from optimizer.network.tables import Table, TableRow

Tables = Mapping[str, Table]


def closures_name_known_items(tables: Tables) -> Iterator[Fault]:
    """A closure shuts a link, a lock or a place's terminals that exist."""
    known = {
        "link": {row.values.get("link_id") for row in tables["links"].all_rows},
        "lock": {row.values.get("lock_id") for row in tables["locks"].all_rows},
        "terminal": {row.values.get("location_id") for row in tables["terminals"].all_rows},
    }
    for row in tables["closures"].all_rows:
        if row.has("kind", "item_id") and row.values["item_id"] not in known[row.values["kind"]]:
            kind, item = row.values["kind"], row.values["item_id"]
            hint_zh, hint_en = _meant(tables, kind, item)
            yield row.fault(
                "item_id",
                "closure_item_unknown",
                Message(
                    f"没有代码为 {item} 的{_KINDS_ZH[kind]}（{kind}）。{hint_zh}"
                    "应为已登记的线路、船闸或有码头的地点代码。",
                    f"There is no {kind} {item}. {hint_en}Name a link, a lock, or a place with a terminal by its id.",
                ),
            )


_KINDS_ZH = {"link": "线路", "lock": "船闸", "terminal": "码头"}
_NAMED_IN = {"lock": ("locks", "lock_id"), "terminal": ("locations", "location_id")}
_MOST_MEANT = 3


def _meant(tables: Tables, kind: str, text: str) -> tuple[str, str]:
    """A question in both languages after the locks or places whose name holds a text or is held in it, because people
    write names; empty where there is none."""
    table, column = _NAMED_IN.get(kind, ("", ""))
    found = []
    for row in tables[table].all_rows if table else ():
        if row.has(column, "name_zh", "name_en"):
            record_id, *names = (str(row.values[key]) for key in (column, "name_zh", "name_en"))
            if record_id.lower() == text.lower() or any(text in name or name in text for name in names):
                found.append((record_id, *names))
    shown = found[:_MOST_MEANT]
    if not shown:
        return "", ""
    listed_zh = "、".join(f"{record_id}（{name_zh}）" for record_id, name_zh, _ in shown)
    listed_en = ", ".join(f"{record_id} ({name_en})" for record_id, _, name_en in shown)
    return f"是否指 {listed_zh}？", f"Did you mean {listed_en}? "


def spans_do_not_overlap(tables: Tables) -> Iterator[Fault]:
    """Spans end after they begin, and two for the same thing never cover the same moment."""
    yield from _spans(tables["water_levels"], ("link_id",), "valid_from", "valid_to")
    yield from _spans(tables["closures"], ("kind", "item_id"), "closed_from", "closed_to")


def _spans(table: Table, key_columns: tuple[str, ...], start: str, end: str) -> Iterator[Fault]:
    spans: dict[tuple[Any, ...], list[TableRow]] = {}
    for row in table.all_rows:
        if not row.has(start, end):
            continue
        if row.values[end] <= row.values[start]:
            yield row.fault(
                end,
                "span_reversed",
                Message(f"结束须晚于开始（{start}）。", f"The end must come after the beginning ({start})."),
            )
        elif row.has(*key_columns):
            spans.setdefault(tuple(row.values[column] for column in key_columns), []).append(row)
    for key, rows in spans.items():
        latest: TableRow | None = None
        for row in sorted(rows, key=lambda row: _moment(row, start)):
            if latest is not None and _moment(row, start) < _moment(latest, end):
                shown = "/".join(key)
                yield row.fault(
                    start,
                    "span_overlap",
                    Message(
                        f"{shown} 的时段与第 {latest.line} 行重叠；请拆分，使同一时刻只有一行。",
                        f"The span of {shown} overlaps row {latest.line}; split them so that one row holds at a time.",
                    ),
                )
            if latest is None or _moment(row, end) > _moment(latest, end):
                latest = row


def _moment(row: TableRow, column: str) -> datetime:
    moment: datetime = row.values[column]
    return moment
