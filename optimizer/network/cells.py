"""One cell of a table: from text to a typed value, or to the reason why not.

Each type is a plain function; a refusal is a :class:`CellError` with a stable code and a sentence that says what would
be right. Numbers are plain decimals (``1234.5``, ``-3``, ``1e3``): a thousands separator or a unit in the cell is
refused rather than guessed at; full-width digits are read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from optimizer.errors import Message
from optimizer.network.schema import FieldSchema
from optimizer.quantities import local_time, number_of, plain_digits

LIST_SEPARATOR = ";"
TRUE_WORDS = frozenset({"true", "1", "yes", "是"})
FALSE_WORDS = frozenset({"false", "0", "no", "否"})
MAX_SHOWN = 40

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?", re.ASCII)


class CellError(ValueError):
    """A cell that cannot be used; ``code`` is stable, ``message`` says what would be right."""

    def __init__(self, code: str, message: Message) -> None:
        super().__init__(message.en)
        self.code = code
        self.message = message


def parse_cell(text: str, field: FieldSchema) -> Any:
    """The typed value of a cell: str, float, int, bool, date, datetime or tuple of str.

    An empty cell is ``""`` for a string, ``()`` for a list and None for the others. Raises CellError.
    """
    text = text.strip()
    if not text:
        if field.required:
            raise CellError("required", _required(field))
        return {"string": "", "list": ()}.get(field.type)
    value = _PARSERS[field.type](text)
    _check_enum(value, field)
    _check_range(value, field)
    return value


def _string(text: str) -> str:
    return text


def _number(text: str) -> float:
    number = number_of(text)
    if number is None:
        raise CellError("not_a_number", _wanted(text, "数（如 12.5，不带单位和千分位）", "a number such as 12.5"))
    value = float(number)
    if not math.isfinite(value):
        raise CellError("not_a_number", _wanted(text, "有限的数", "a finite number"))
    return value


def _integer(text: str) -> int:
    # 18 digits fit a 64-bit integer; a longer text is a typing error, and int() of a huge one would take long.
    plain = plain_digits(text)
    if not _INTEGER.fullmatch(plain) or len(plain) > 18:
        raise CellError("not_an_integer", _wanted(text, "整数（如 12）", "a whole number such as 12"))
    return int(plain)


def _boolean(text: str) -> bool:
    word = text.lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise CellError("not_a_boolean", _wanted(text, "true 或 false", "true or false"))


def _date(text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise CellError("not_a_date", _wanted(text, "日期（如 2026-10-01）", "a date such as 2026-10-01"))


def _datetime(text: str) -> datetime:
    try:
        if _DATETIME.fullmatch(text):
            return local_time(text)
    except (ValueError, OverflowError):
        pass
    wanted_en = "a time such as 2026-10-01T08:00:00+08:00"
    raise CellError("not_a_datetime", _wanted(text, "时间（如 2026-10-01T08:00:00+08:00）", wanted_en))


def _list(text: str) -> tuple[str, ...]:
    items = tuple(item.strip() for item in text.split(LIST_SEPARATOR))
    if "" in items or len(set(items)) < len(items):
        wanted_zh, wanted_en = (
            "以分号分隔且不重复的清单（如 coal;ore）",
            "items between semicolons, each once: coal;ore",
        )
        raise CellError("not_a_list", _wanted(text, wanted_zh, wanted_en))
    return items


_PARSERS: dict[str, Callable[[str], Any]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "list": _list,
}


def _check_enum(value: Any, field: FieldSchema) -> None:
    if not field.enum:
        return
    for item in value if isinstance(value, tuple) else (value,):
        if str(item) not in field.enum:
            choices = ", ".join(field.enum)
            raise CellError("not_in_enum", _wanted(str(item), f"以下之一：{choices}", f"one of {choices}"))


def _check_range(value: Any, field: FieldSchema) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if field.minimum is not None and value < field.minimum:
        least = f"{field.minimum:g} {field.unit}".rstrip()
        raise CellError("below_minimum", _wanted(f"{value:g}", f"不小于 {least} 的数", f"at least {least}"))
    if field.maximum is not None and value > field.maximum:
        most = f"{field.maximum:g} {field.unit}".rstrip()
        raise CellError("above_maximum", _wanted(f"{value:g}", f"不大于 {most} 的数", f"at most {most}"))


def _required(field: FieldSchema) -> Message:
    unit = f"（单位 {field.unit}）" if field.unit else ""
    unit_en = f" (in {field.unit})" if field.unit else ""
    return Message(f"此格为空；必须填写 {field.name}{unit}。", f"The cell is empty; {field.name}{unit_en} is required.")


def _wanted(text: str, wanted_zh: str, wanted_en: str) -> Message:
    shown = text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
    return Message(f"“{shown}”不合要求；应为{wanted_zh}。", f"{shown!r} does not fit; write {wanted_en}.")
