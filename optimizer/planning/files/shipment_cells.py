"""One cell of a shipments table to one value: mass, time, yes or no, money, identifier.

A cell is what a CSV text, a spreadsheet or a JSON request holds: str, int, float, bool, date, datetime or None. Each
function returns the value or raises :class:`CellError`, whose sentence says what would be right.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from optimizer.errors import Message
from optimizer.quantities import (
    CHINA_TIME,
    KG_PER_T,
    MAX_NUMBER_CHARACTERS,
    TO_LAST_SECOND,
    is_day,
    is_hidden_digit,
    local_time,
    number_of,
    to_integer,
)

Cell = str | int | float | bool | date | datetime | time | Decimal | None

MAX_MASS_KG = 200_000 * KG_PER_T
"""Above half the largest ore carrier afloat a mass is a slip of the unit, not a consignment of a river city."""
MAX_VALUE_YUAN_PER_T = 1e9
MAX_ID_CHARACTERS = 64
MAX_REFERENCE_CHARACTERS = 200
FIRST_YEAR, LAST_YEAR = 2000, 2100

_KG_PER_UNIT = {
    "t": 1_000, "吨": 1_000, "公吨": 1_000, "tonne": 1_000, "tonnes": 1_000, "mt": 1_000,
    "kg": 1, "千克": 1, "公斤": 1, "万吨": 10_000_000,
}  # fmt: skip
_VALUE_UNITS = {"元/吨", "元/t", "yuan/t", "cny/t", "rmb/t", "元", "yuan"}
_YES = {"true", "yes", "y", "t", "1", "是", "可", "可以", "可拆分", "√", "✓"}
_NO = {"false", "no", "n", "f", "0", "否", "不", "不可", "不可以", "不可拆分", "×", "✗"}
_NUMBER = re.compile(
    r"(?P<number>[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|\.)?(?:e[+-]?\d{1,3})?)\s*(?P<unit>[^\d.,+\-]*)",
    re.I | re.ASCII,
)
_DATE_TIME = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?"
    r"(?:(?:[T\s]+|(?<=日))(?P<hour>\d{1,2})(?:[:时点](?:(?P<minute>\d{1,2})(?:[:分](?:(?P<second>\d{1,2})秒?)?)?)?))?"
)
_WITHOUT_YEAR = re.compile(r"\d{1,2}\s*(?:月\s*\d{1,2}\s*日?|[-/.]\s*\d{1,2})(?:\s+\d{1,2}[:：时点].*)?")
_EXCEL_SERIAL = re.compile(r"\d{5}(\.\d+)?")
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=CHINA_TIME)
"""Day 0 of Excel's 1900 date system as it counts since 1 March 1900 (ECMA-376 part 1, 18.17.4.1)."""


class CellError(ValueError):
    """A cell that cannot be read. ``code`` is stable; ``message`` says what is wrong and what would be right, or is a
    function that finds the words when somebody asks for them."""

    def __init__(self, code: str, message: Message | Callable[[], Message]) -> None:
        super().__init__(message.en if isinstance(message, Message) else code)
        self.code = code
        self.message = message


def quoted(cell: object) -> str:
    """What the user wrote, for a sentence: on one line and cut to 40 characters."""
    text = "".join(c if c.isprintable() else " " for c in str(cell))
    return text if len(text) <= 40 else text[:39] + "…"


def plain(cell: Cell) -> str:
    """A cell as text: full-width forms made plain, spaces trimmed, a whole number without ``.0``."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        cell = int(cell)
    text = str(cell)
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def parse_mass_kg(cell: Cell, default_unit: str = "t") -> int:
    """Mass in whole kilograms from ``1600``, ``1,600.5 t``, ``500kg``, ``500 公斤``, ``0.2 万吨``.

    A number without a unit is in ``default_unit``. A comma is accepted between groups of three digits only. Rounded
    once, half to even. Raises CellError: not_a_number, unknown_unit, mass_not_positive, mass_too_large.
    """
    number, unit = number_and_unit(cell, "mass", "质量")
    kg_per_unit = _KG_PER_UNIT.get(unit.casefold() or default_unit)
    if kg_per_unit is None:
        raise CellError(
            "unknown_unit",
            Message(
                f"“{quoted(unit)}”不是认识的质量单位；请写 t、吨、万吨、kg、千克或公斤。",
                f"'{quoted(unit)}' is no known unit of mass; write t, kg, 吨, 万吨, 千克 or 公斤.",
            ),
        )
    if number * kg_per_unit > MAX_MASS_KG:
        raise CellError(
            "mass_too_large",
            Message(
                f"质量“{quoted(cell)}”超过每票 200,000 吨的上限；请检查单位，或分成几票。",
                f"Mass '{quoted(cell)}' is above the limit of 200,000 t for a shipment; check the unit, or split it.",
            ),
        )
    mass_kg = to_integer(number * kg_per_unit)
    if mass_kg <= 0:
        raise CellError(
            "mass_not_positive",
            Message(
                f"质量“{quoted(cell)}”必须大于零（至少 1 千克）。",
                f"Mass '{quoted(cell)}' must be above zero (at least 1 kg).",
            ),
        )
    return mass_kg


def parse_value_yuan_per_t(cell: Cell) -> float:
    """Cargo value in yuan per tonne, empty = 0. Raises CellError: not_a_number, unknown_unit, bad_value."""
    if plain(cell) == "":
        return 0.0
    number, unit = number_and_unit(str(cell).lstrip("¥￥ ") if isinstance(cell, str) else cell, "value", "货值")
    if unit and unit.casefold() not in _VALUE_UNITS:
        raise CellError(
            "unknown_unit",
            Message(
                f"“{quoted(unit)}”不是认识的货值单位；请写每吨多少元，例如 750。",
                f"'{quoted(unit)}' is no known unit of value; write yuan per tonne, for example 750.",
            ),
        )
    if not 0 <= number <= Decimal(MAX_VALUE_YUAN_PER_T):
        raise CellError(
            "bad_value",
            Message(
                f"货值“{quoted(cell)}”应在 0 到 10 亿元/吨之间。",
                f"Value '{quoted(cell)}' should be between 0 and 1,000,000,000 yuan per tonne.",
            ),
        )
    return float(number)


def number_and_unit(cell: Cell, noun_en: str, noun_zh: str) -> tuple[Decimal, str]:
    """The number and the word after it; every finite number has at most 40 characters and a three-digit exponent."""
    text = plain(cell)
    odd = isinstance(cell, bool) or len(text) > MAX_NUMBER_CHARACTERS or any(map(is_hidden_digit, str(cell)))
    match = None if odd else _NUMBER.fullmatch(text)
    number = number_of(match["number"].replace(",", "")) if match else None
    if match is None or number is None:
        raise CellError(
            "not_a_number",
            Message(
                f"{noun_zh}“{quoted(text)}”不是数字；请写阿拉伯数字，例如 1600 或 1,600.5。",
                f"The {noun_en} '{quoted(text)}' is not a number; write digits, for example 1600 or 1,600.5.",
            ),
        )
    return number, match["unit"].strip()


def parse_moment(cell: Cell) -> datetime:
    """A time in China (UTC+8), to the second.

    Reads ISO 8601 (without an offset: +08:00; a date alone: 00:00), ``2026/10/1 8:00``, ``2026.10.1``,
    ``2026年10月1日8时30分``, a spreadsheet's date cell and its bare day number. 24:00 is 00:00 of the next day. Orders
    that put the day or month first are refused because they cannot be told apart. Raises CellError: bad_time,
    time_out_of_range.
    """
    try:
        moment = _moment(cell)
    except (ValueError, OverflowError):
        moment = None
    if moment is None and _WITHOUT_YEAR.fullmatch(plain(cell)):
        raise CellError(
            "bad_time",
            Message(
                f"时间“{quoted(plain(cell))}”没有年份；请写成 2026-10-01 或 2026年10月1日。",
                f"The time '{quoted(plain(cell))}' has no year; write 2026-10-01.",
            ),
        )
    if moment is None:
        raise CellError(
            "bad_time",
            Message(
                f"“{quoted(plain(cell))}”不是认识的时间；请写成 2026-10-01T08:00 或 2026-10-01。",
                f"'{quoted(plain(cell))}' is no known time; write 2026-10-01T08:00 or 2026-10-01.",
            ),
        )
    if not FIRST_YEAR <= moment.year < LAST_YEAR:
        raise CellError(
            "time_out_of_range",
            Message(
                f"时间“{quoted(cell)}”不在 {FIRST_YEAR} 年至 {LAST_YEAR - 1} 年之间；请检查年份。",
                f"Time '{quoted(cell)}' is not within {FIRST_YEAR} to {LAST_YEAR - 1}; check the year.",
            ),
        )
    return moment


def parse_due(cell: Cell) -> datetime:
    """A time by which something has to be there: as :func:`parse_moment`, but of a day alone its last second, 23:59:59,
    for who writes "by the 15th" means all of that day. Raises CellError as parse_moment."""
    moment = parse_moment(cell)
    return moment + TO_LAST_SECOND if _is_day_alone(cell) else moment


def _is_day_alone(cell: Cell) -> bool:
    """Whether a cell that holds a time says no hour."""
    if isinstance(cell, date):
        return not isinstance(cell, datetime)
    text = plain(cell)
    if _EXCEL_SERIAL.fullmatch(text):
        return Decimal(text) % 1 == 0
    match = _DATE_TIME.fullmatch(text)
    return is_day(text) or (match is not None and match["hour"] is None)


def _moment(cell: Cell) -> datetime | None:
    if isinstance(cell, datetime):
        moment = cell if cell.tzinfo else cell.replace(tzinfo=CHINA_TIME)
        return (moment + timedelta(microseconds=500_000)).astimezone(CHINA_TIME).replace(microsecond=0)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day, tzinfo=CHINA_TIME)
    if isinstance(cell, bool | time):
        return None
    text = plain(cell)
    if _EXCEL_SERIAL.fullmatch(text) and len(text) <= MAX_NUMBER_CHARACTERS:
        return _EXCEL_EPOCH + timedelta(seconds=to_integer(Decimal(text) * 86_400))
    try:
        return local_time(text).replace(microsecond=0)
    except ValueError:
        match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    if hour == 24 and minute == second == 0:
        return datetime(year, month, day, tzinfo=CHINA_TIME) + timedelta(days=1)
    return datetime(year, month, day, hour, minute, second, tzinfo=CHINA_TIME)


def parse_yes_no(cell: Cell, default: bool) -> bool:
    """true/false, yes/no, 1/0, 是/否 and the like; empty = ``default``. Raises CellError: bad_boolean."""
    if isinstance(cell, bool):
        return cell
    text = plain(cell).casefold()
    if text == "":
        return default
    if text in _YES or text in _NO:
        return text in _YES
    raise CellError(
        "bad_boolean",
        Message(
            f"“{quoted(cell)}”既不是“是”也不是“否”；请写 是/否 或 true/false。",
            f"'{quoted(cell)}' is neither yes nor no; write true/false or 是/否.",
        ),
    )


def parse_identifier(cell: Cell) -> str:
    """A non-empty name of at most 64 printable characters. Raises CellError: empty_id, id_too_long, bad_characters."""
    text = plain(cell)
    if not text:
        raise CellError("empty_id", Message("编号为空；请填写。", "The identifier is empty; fill it in."))
    if len(text) > MAX_ID_CHARACTERS:
        raise CellError(
            "id_too_long",
            Message(
                f"编号“{quoted(text)}”有 {len(text)} 个字符；最多 {MAX_ID_CHARACTERS} 个。",
                f"Identifier '{quoted(text)}' has {len(text)} characters; at most {MAX_ID_CHARACTERS} are allowed.",
            ),
        )
    return _printable(text)


def parse_reference(cell: Cell) -> str:
    """A remark of at most 200 printable characters, may be empty. Raises CellError: text_too_long, bad_characters."""
    text = plain(cell)
    if len(text) > MAX_REFERENCE_CHARACTERS:
        raise CellError(
            "text_too_long",
            Message(
                f"备注有 {len(text)} 个字符；最多 {MAX_REFERENCE_CHARACTERS} 个。",
                f"The reference has {len(text)} characters; at most {MAX_REFERENCE_CHARACTERS} are allowed.",
            ),
        )
    return _printable(text)


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    raise CellError(
        "bad_characters",
        Message(
            f"“{quoted(text)}”含有换行或控制字符；请删去。",
            f"'{quoted(text)}' holds a line break or control character; remove it.",
        ),
    )
