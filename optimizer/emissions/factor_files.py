"""A user's own factors beside those of a table: read, checked by the same schema, written as a new directory.

Tables that may not be shipped (GLEC's among them) come in this way, CSV or XLSX: the user's columns are renamed to
ours, columns that hold for all rows are set once, merged cells are filled down, and grams become kilograms.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from optimizer.emissions.factor_changes import FactorChange, changes, closing
from optimizer.emissions.factor_sheet import UserTable, read_user_table
from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.errors import Fault, InputError, Message, NetworkDataError
from optimizer.network.cells import LIST_SEPARATOR
from optimizer.network.schema import load_schema, shipped_directory
from optimizer.network.tables import read_tables
from optimizer.quantities import number_of

FILE = "factors.csv"
VALUES = ("wtt_kg", "ttw_kg", "wtw_kg")
GRAMS_PER_KILOGRAM = 1000


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _pairs(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, str) for pair in value.items() for one in pair)


def _row(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


_RULE_FIELDS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "rename": ("rename", _pairs),
    "set": ("fill", _pairs),
    "grams": ("grams", lambda value: isinstance(value, bool)),
    "drop": ("drop", _texts),
    "fill_down": ("fill_down", _texts),
    "id_prefix": ("id_prefix", lambda value: isinstance(value, str)),
    "sheet": ("sheet", lambda value: isinstance(value, str)),
    "header_row": ("header_row", _row),
    "last_row": ("last_row", _row),
}
"""Fields of a rules file: our name and what a value must be."""


@dataclass(frozen=True, slots=True)
class ImportRules:
    """How a user's file becomes ours. ``rename``: their column -> ours. ``fill``: ours -> a value where a cell is empty
    or the column missing. ``grams``: emission values are in grams. ``drop``: their columns to leave out. ``fill_down``:
    their columns whose empty cells repeat the one above (merged cells). ``id_prefix``: makes the id of rows that have
    none, from it, the description and the energy carrier. ``sheet``, ``header_row``, ``last_row``: see
    ``factor_sheet``."""

    rename: Mapping[str, str] = field(default_factory=dict)
    fill: Mapping[str, str] = field(default_factory=dict)
    grams: bool = False
    drop: tuple[str, ...] = ()
    fill_down: tuple[str, ...] = ()
    id_prefix: str = ""
    sheet: str = ""
    header_row: int = 0
    last_row: int = 0

    @classmethod
    def of(cls, document: object, file: str) -> ImportRules:
        """The rules of a JSON document with these fields (``set`` for ``fill``), so that a table that comes every year
        is mapped once. Raises InputError with every fault."""
        faults: list[Fault] = []
        found: dict[str, Any] = {}
        if not isinstance(document, Mapping):
            message = Message("应为 JSON 对象。", "This should be a JSON object.")
            raise InputError.of([Fault(file, None, "", "not_an_object", message)])
        for name, value in document.items():
            field_name, sound = _RULE_FIELDS.get(name, ("", None))
            if sound is None or not sound(value):
                known = ", ".join(_RULE_FIELDS)
                message = Message(
                    f"不认识 {name} 或其值；可用：{known}。", f"Unknown {name} or its value; there are: {known}."
                )
                faults.append(Fault(file, None, f"/{name}", "rule_unknown", message))
            else:
                found[field_name] = tuple(value) if isinstance(value, list) else value
        if faults:
            raise InputError.of(faults)
        return cls(**found)

    def theirs(self, ours: str) -> str:
        """The user's name of one of our columns."""
        return next((theirs for theirs, name in self.rename.items() if name == ours), ours)


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
    user_table = read_user_table(path, rules.sheet, rules.header_row, rules.last_row)
    theirs = _records(user_table, rules)
    base_text = (base or shipped_directory()) / FILE
    ours = list(csv.DictReader(io.StringIO(base_text.read_text(encoding="utf-8-sig"), newline="")))
    known = {(row["factor_id"], row["version"]) for row in ours}
    alone = _read(theirs, user_table, rules)
    fresh = [at for at, row in enumerate(theirs) if (row["factor_id"], row["version"]) not in known]
    text = _text([*(_closed(row, old, alone) for row in ours), *(theirs[at] for at in fresh)])
    table = _merged(text, len(ours), [user_table.rows[at].number for at in fresh], user_table)
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


def _records(table: UserTable, rules: ImportRules) -> list[dict[str, str]]:
    """The user's rows under our column names, all our columns present."""
    columns = column_names()
    ours = {theirs: rules.rename.get(theirs, theirs) for theirs in table.columns if theirs not in rules.drop}
    faults = _header_faults(table, rules, ours, columns)
    above: dict[str, str] = {}
    full = []
    for row in table.rows:
        given = dict(row.cells)
        for name in rules.fill_down:
            above[name] = given[name] = given.get(name) or above.get(name, "")
        named = {ours[name]: cell for name, cell in given.items() if name in ours}
        cells = {name: named.get(name, "") or rules.fill.get(name, "") for name in columns}
        _complete(cells, rules)
        if rules.grams:
            cells.update(_kilograms(table, row.number, cells, faults, rules))
        _third_value(cells)
        full.append(cells)
    if faults:
        raise InputError.of(faults)
    return full


def _header_faults(
    table: UserTable, rules: ImportRules, ours: Mapping[str, str], columns: Sequence[str]
) -> list[Fault]:
    faults = [_unknown_column(table, theirs) for theirs, name in ours.items() if name not in columns]
    for name in sorted({name for name in ours.values() if list(ours.values()).count(name) > 1}):
        message = Message(f"有两列都作 {name}；请用 --drop 去掉一列。", f"Two columns stand for {name}; --drop one.")
        faults.append(Fault(table.name, table.header_row, name, "column_twice", message))
    for name in rules.fill:
        if name not in columns:
            message = Message(f"--set：本系统没有列 {name}。", f"--set: {name} is no column of ours.")
            faults.append(Fault(table.name, None, name, "column_unknown", message))
    for option, names in (("--drop", rules.drop), ("--fill-down", rules.fill_down)):
        for name in names:
            if name not in table.columns:
                message = Message(f"{option}：文件没有列 {name}。", f"{option}: the file has no column {name}.")
                faults.append(Fault(table.name, table.header_row, name, "column_missing", message))
    return faults


def _complete(cells: dict[str, str], rules: ImportRules) -> None:
    """What a user's table need not say: version 1, the other language, an id made of the description."""
    cells["version"] = cells["version"] or "1"
    cells["description_zh"] = cells["description_zh"] or cells["description_en"]
    cells["description_en"] = cells["description_en"] or cells["description_zh"]
    if rules.id_prefix and not cells["factor_id"]:
        words = "-".join(re.findall(r"\w+", f"{cells['description_en']} {cells['energy_carrier']}".lower()))
        cells["factor_id"] = f"{rules.id_prefix}-{words}" if words else ""


def _third_value(cells: dict[str, str]) -> None:
    """WTW = WTT + TTW: the third of the values where two are given."""
    wtt, ttw, wtw = (number_of(cells[name]) for name in VALUES)
    if any(cells[name] and number_of(cells[name]) is None for name in VALUES):
        return  # the schema names the cell
    if wtw is None and wtt is not None and ttw is not None:
        cells["wtw_kg"] = f"{wtt + ttw:f}"
    elif wtt is None and wtw is not None and ttw is not None and wtw >= ttw:
        cells["wtt_kg"] = f"{wtw - ttw:f}"
    elif ttw is None and wtw is not None and wtt is not None and wtw >= wtt:
        cells["ttw_kg"] = f"{wtw - wtt:f}"


def _kilograms(
    table: UserTable, row: int, cells: Mapping[str, str], faults: list[Fault], rules: ImportRules
) -> dict[str, str]:
    found = {}
    for name in VALUES:
        if cells[name]:
            number = number_of(cells[name])
            if number is not None:
                found[name] = f"{number / GRAMS_PER_KILOGRAM:f}"
            else:
                message = Message(f"“{cells[name]}”不是数。", f"{cells[name]!r} is not a number.")
                faults.append(Fault(table.name, row, table.place(row, rules.theirs(name)), "not_a_number", message))
    return found


def rows_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as proposals keep them (``releases.row_text``, read as JSON) as the text of a factors.csv."""
    return _text([_cells(row) for row in rows])


def _cells(row: Mapping[str, Any]) -> dict[str, str]:
    provenance, words = row["provenance"], row["description"]
    named = {**row, **provenance, "use": row["uses"], "description_zh": words["zh"], "description_en": words["en"]}
    return {name: _cell(named.get(name)) for name in column_names()}


def _cell(value: object) -> str:
    if isinstance(value, list):
        return LIST_SEPARATOR.join(map(str, value))
    return "" if value is None else str(value)


def _text(rows: Sequence[Mapping[str, str]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, column_names(), restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _read(rows: Sequence[Mapping[str, str]], table: UserTable, rules: ImportRules) -> FactorTable:
    """The user's rows by the schema of the table, with faults named after the user's file and cells."""

    def own(fault: Fault) -> Fault:
        place = (fault.row or 0) - 2  # a line for the header, lines count from 1
        row = table.rows[place].number if 0 <= place < len(table.rows) else None
        column = table.place(row, rules.theirs(fault.column)) if fault.column else None
        return replace(fault, file=table.name, row=row, column=column)

    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / FILE).write_text(_text(rows), encoding="utf-8")
        read = read_tables(Path(directory), ["factors"], load_schema(shipped_directory()))["factors"]
        if read.faults:
            raise NetworkDataError.of([own(fault) for fault in read.faults])
    return _table_of(_text(rows), own)


def _merged(text: str, base_rows: int, fresh_at: Sequence[int], table: UserTable) -> FactorTable:
    """The whole table; a fault that arises from rows together names the user's row where one of them is his."""

    def own(fault: Fault) -> Fault:
        place = (fault.row or 0) - 2 - base_rows
        return replace(fault, file=table.name, row=fresh_at[place]) if 0 <= place < len(fresh_at) else fault

    return _table_of(text, own)


def _table_of(text: str, own: Callable[[Fault], Fault]) -> FactorTable:
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / FILE).write_text(text, encoding="utf-8")
        try:
            return load_factors(Path(directory))
        except NetworkDataError as error:
            raise NetworkDataError.of([own(fault) for fault in error.faults]) from error


def _unknown_column(table: UserTable, name: str) -> Fault:
    message = Message(
        f"不认识列 {name}；请用 --rename {name}=本系统列名，或用 --drop 去掉。",
        f"Column {name} is unknown; use --rename {name}=OURS, or --drop it.",
    )
    return Fault(table.name, table.header_row, table.place(None, name), "column_unknown", message)


def _refused(file: str, change: FactorChange) -> Fault:
    fields = ", ".join(f"{one.field}: {one.before} -> {one.after}" for one in change.fields)
    message = Message(
        f"{change.factor_id} 的版本 {change.version} 已存在且不可更改（{fields}）；新数值请用新版本。",
        f"Version {change.version} of {change.factor_id} exists and never changes ({fields}); give a new version.",
    )
    return Fault(file, None, change.factor_id, "factor_changed", message)
