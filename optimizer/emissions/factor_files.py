"""A user's own factors beside those of a table: read, checked by the same schema, written as a new directory.

Tables that may not be shipped (GLEC's among them) come in this way: the user's columns are renamed to ours, columns
that hold for all rows are set once, and grams become kilograms.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from optimizer.emissions.factor_changes import FactorChange, changes, closing
from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.errors import Fault, InputError, Message, NetworkDataError
from optimizer.network.schema import load_schema, shipped_directory
from optimizer.network.tables import MAX_TABLE_BYTES, read_tables

FILE = "factors.csv"
VALUES = ("wtt_kg", "ttw_kg", "wtw_kg")
GRAMS_PER_KILOGRAM = 1000


@dataclass(frozen=True, slots=True)
class ImportRules:
    """How a user's columns become ours. ``rename``: theirs -> ours. ``fill``: ours -> a value where a cell is empty or
    the column missing. ``grams``: emission values are in grams."""

    rename: Mapping[str, str] = field(default_factory=dict)
    fill: Mapping[str, str] = field(default_factory=dict)
    grams: bool = False


@dataclass(frozen=True, slots=True)
class FactorImport:
    """The table that results, its text, and what is new in it."""

    table: FactorTable
    text: str
    changes: tuple[FactorChange, ...]


def column_names() -> list[str]:
    """The columns of factors.csv in order."""
    return [one.name for one in load_schema(shipped_directory()).tables["factors"].fields]


def import_factors(path: Path, base: Path | None, rules: ImportRules) -> FactorImport:
    """Add a user's rows to the table of a directory (None: the shipped one).

    Raises InputError with every fault of the file (NetworkDataError for those of the table): unreadable cells, missing
    columns, and rows that exist with other content. A newer version closes the validity of the one before it.
    """
    old = load_factors(base)
    theirs = _records(path, rules)
    base_text = (base or shipped_directory()) / FILE
    ours = list(csv.DictReader(io.StringIO(base_text.read_text(encoding="utf-8-sig"), newline="")))
    known = {(row["factor_id"], row["version"]) for row in ours}
    alone = _read(theirs, path.name)
    fresh = [row for row in theirs if (row["factor_id"], row["version"]) not in known]
    merged = [_closed(row, old, alone) for row in ours] + fresh
    text = _text(merged)
    table = _table_of(text, path.name)
    found = changes(old, table)
    faults = [_refused(path.name, change) for change in changes(old, _overlaid(old, alone)) if change.kind == "changed"]
    if faults:
        raise InputError.of(faults)
    return FactorImport(table, text, tuple(found))


def _overlaid(old: FactorTable, theirs: FactorTable) -> FactorTable:
    """The old table with rows of the same id and version as the user has them."""
    own = {(f.factor_id, f.version): f for f in theirs.factors}
    return FactorTable(own.get((f.factor_id, f.version), f) for f in old.factors)


def _closed(row: dict[str, str], old: FactorTable, theirs: FactorTable) -> dict[str, str]:
    for newer in theirs.factors:
        closed = closing(old, newer)
        if closed and (closed.factor_id, closed.version) == (row["factor_id"], row["version"]) and not row["valid_to"]:
            return {**row, "valid_to": str(closed.valid_to)}
    return row


def _records(path: Path, rules: ImportRules) -> list[dict[str, str]]:
    """The user's rows under our column names, all our columns present."""
    rows = list(csv.DictReader(io.StringIO(_content(path), newline=""), restkey=None))
    columns = column_names()
    named = [
        {rules.rename.get(name or "", name or ""): cell or "" for name, cell in row.items() if name} for row in rows
    ]
    unknown = sorted({name for row in named for name in row} - set(columns))
    faults = [_unknown_column(path.name, name) for name in unknown]
    faults += [_unknown_column("--set", name) for name in rules.fill if name not in columns]
    if not rows:
        faults.append(Fault(path.name, None, None, "file_empty", Message("没有数据行。", "The file has no rows.")))
    full = []
    for line, row in enumerate(named, start=2):
        cells = {name: row.get(name, "").strip() or rules.fill.get(name, "") for name in columns}
        cells["version"] = cells["version"] or "1"
        if rules.grams:
            cells.update(_kilograms(path.name, line, cells, faults))
        full.append(cells)
    if faults:
        raise InputError.of(faults)
    return full


def _kilograms(file: str, line: int, cells: Mapping[str, str], faults: list[Fault]) -> dict[str, str]:
    found = {}
    for name in VALUES:
        if cells[name]:
            try:
                found[name] = f"{Decimal(cells[name]) / GRAMS_PER_KILOGRAM:f}"
            except InvalidOperation:
                message = Message(f"“{cells[name]}”不是数。", f"{cells[name]!r} is not a number.")
                faults.append(Fault(file, line, name, "not_a_number", message))
    return found


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise InputError.of(
                [Fault(path.name, None, None, "file_too_large", Message("文件过大。", "The file is too large."))]
            )
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        message = Message(f"无法读取（{reason}）。", f"Cannot be read ({reason}).")
        raise InputError.of([Fault(str(path), None, None, "unreadable_file", message)]) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    message = Message("不是 UTF-8 或 GB18030 文本。", "Neither UTF-8 nor GB18030 text.")
    raise InputError.of([Fault(path.name, None, None, "encoding_unknown", message)])


def _text(rows: Sequence[Mapping[str, str]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, column_names(), restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _read(rows: Sequence[Mapping[str, str]], name: str) -> FactorTable:
    """The user's rows by the schema of the table, with faults named after the user's file."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / FILE).write_text(_text(rows), encoding="utf-8")
        read = read_tables(Path(directory), ["factors"], load_schema(shipped_directory()))["factors"]
        if read.faults:
            raise NetworkDataError.of([replace(fault, file=name) for fault in read.faults])
    return _table_of(_text(rows), name)


def _table_of(text: str, name: str) -> FactorTable:
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / FILE).write_text(text, encoding="utf-8")
        try:
            return load_factors(Path(directory))
        except NetworkDataError as error:
            raise NetworkDataError.of([replace(fault, file=name) for fault in error.faults]) from error


def _unknown_column(file: str, name: str) -> Fault:
    message = Message(
        f"不认识列 {name}；请用 --rename {name}=本系统列名。", f"Column {name} is unknown; use --rename {name}=OURS."
    )
    return Fault(file, 1, name, "column_unknown", message)


def _refused(file: str, change: FactorChange) -> Fault:
    fields = ", ".join(f"{one.field}: {one.before} -> {one.after}" for one in change.fields)
    message = Message(
        f"{change.factor_id} 的版本 {change.version} 已存在且不可更改（{fields}）；新数值请用新版本。",
        f"Version {change.version} of {change.factor_id} exists and never changes ({fields}); give a new version.",
    )
    return Fault(file, None, change.factor_id, "factor_changed", message)
