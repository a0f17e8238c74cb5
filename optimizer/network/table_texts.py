"""The sentences of the table reader: each says what is wrong and what would be right, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from optimizer.errors import Message
from optimizer.network.schema import TableSchema


def directory_missing(directory: Path) -> Message:
    """The directory named does not exist."""
    return Message(
        f"没有目录 {directory}；请给出存有数据表的目录。",
        f"There is no directory {directory}; name one with the tables.",
    )


def file_missing(schema: TableSchema) -> Message:
    """A table file is not there."""
    header = ",".join(field.name for field in schema.fields)
    return Message(
        f"缺少此文件；请建立，首行为 {header}", f"The file is missing; create it with the first line {header}"
    )


def file_empty(schema: TableSchema) -> Message:
    """A table file holds nothing, not even a header."""
    header = ",".join(field.name for field in schema.fields)
    return Message(f"文件为空；首行应为 {header}", f"The file is empty; its first line should be {header}")


def file_unreadable(error: OSError) -> Message:
    """The system refuses to read the file."""
    return Message(
        f"无法读取（{error.strerror}）；请检查权限。", f"It cannot be read ({error.strerror}); check its rights."
    )


def too_large(size: int, limit: int) -> Message:
    """The file exceeds the limit; sizes in bytes."""
    limit_mb, size_mb = limit // 2**20, size // 2**20
    return Message(
        f"文件有 {size_mb} MB，超过上限 {limit_mb} MB；请拆分或删去不用的行。",
        f"The file has {size_mb} MB, above the limit of {limit_mb} MB; drop rows that are not needed.",
    )


def encoding_unknown() -> Message:
    """The bytes are neither UTF-8 nor GB18030."""
    return Message(
        "既不是 UTF-8 也不是 GB18030；请以“CSV UTF-8”格式另存。",
        "It is neither UTF-8 nor GB18030; save it as “CSV UTF-8”.",
    )


def csv_malformed(detail: str) -> Message:
    """Quotes that never close, or a cell beyond all measure."""
    return Message(
        f"引号不配对或单元格过长（{detail}），其后各行未读；请改正引号。",
        f"Quotes do not match or a cell is too long ({detail}); the rest was not read. Mend the quotes.",
    )


def column_duplicate(name: str) -> Message:
    """A column name stands twice in the header."""
    return Message(f"列 {name} 出现多次；请只保留一列。", f"Column {name} stands twice; keep one.")


def column_unknown(name: str, index: int, schema: TableSchema) -> Message:
    """A column that the schema does not know; ``index`` counts from 0."""
    known = ", ".join(field.name for field in schema.fields)
    shown = name or f"#{index + 1}"
    return Message(f"不认识列 {shown}；可用的列：{known}。", f"Column {shown} is not known; the columns are {known}.")


def column_missing(name: str) -> Message:
    """A column of the schema is not in the header."""
    return Message(f"缺少列 {name}；请在首行加上。", f"Column {name} is missing; add it to the first line.")


def field_count(found: int, wanted: int) -> Message:
    """A row has more or fewer cells than the header."""
    return Message(
        f"此行有 {found} 格，表头有 {wanted} 格；含逗号的文字请加引号。",
        f"This row has {found} cells, the header {wanted}; put quotes around text with commas.",
    )


def duplicate_key(key: tuple[Any, ...], first: int) -> Message:
    """A key that an earlier row has used; ``first`` is that row."""
    shown = "/".join(str(part) for part in key)
    return Message(
        f"{shown} 在第 {first} 行已有；每个键只能出现一次。", f"{shown} stands in row {first} already; use it once."
    )


def unknown(item: object, path: str) -> Message:
    """A reference to a row that another table lacks."""
    return Message(
        f"{path} 中没有 {item}；请先在该表登记或改正。", f"{path} has no {item}; add it there or mend it here."
    )


def too_many(count: int, limit: int) -> Message:
    """More faults than are listed."""
    return Message(
        f"此表共有 {count} 处错误，只列出前 {limit} 处；请先改正这些。",
        f"This table has {count} faults, of which the first {limit} are listed; mend these first.",
    )
