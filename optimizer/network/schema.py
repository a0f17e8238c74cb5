"""The description of the tables: a Frictionless data package (``datapackage.json``) as frozen records.

The shipped package's schema is the authority. A directory of the user's own may carry a ``datapackage.json`` too: its
version, its file paths and additional columns count, the shipped columns keep their types and limits. So a directory
can say more than ours and never promise less to the code that reads it.

Specification: Frictionless Data Package v1 and Table Schema (list type of v2), specs.frictionlessdata.io.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

from optimizer.errors import Fault, Message, NetworkDataError

DESCRIPTOR = "datapackage.json"
FIELD_TYPES = ("string", "number", "integer", "boolean", "date", "datetime", "list")


@dataclass(frozen=True, slots=True)
class FieldSchema:
    """One column. ``minimum`` and ``maximum`` are inclusive and in the column's own unit. A column that is ``optional``
    may be missing from a table; its cells then count as empty."""

    name: str
    type: str
    required: bool = False
    enum: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    title: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A column whose values are keys of another table."""

    column: str
    table: str
    table_column: str


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table: its file inside the directory, its columns in order, its key and its references."""

    name: str
    path: str
    fields: tuple[FieldSchema, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]


@dataclass(frozen=True, slots=True)
class PackageSchema:
    """A data package: its version and its tables by name."""

    version: str
    tables: Mapping[str, TableSchema]


def shipped_directory() -> Path:
    """The directory of the data package that travels with the product, in a checkout and in an installed wheel."""
    return Path(str(files("network_data")))


def load_schema(directory: Path) -> PackageSchema:
    """The schema to read ``directory`` with: the shipped one, widened by the directory's own descriptor if it has one.

    Raises NetworkDataError when the directory's ``datapackage.json`` is not a usable descriptor.
    """
    shipped = _package(json.loads((shipped_directory() / DESCRIPTOR).read_text(encoding="utf-8")))
    own_file = directory / DESCRIPTOR
    if directory.resolve() == shipped_directory().resolve() or not own_file.is_file():
        return shipped
    try:
        own = _package(json.loads(own_file.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise NetworkDataError.of([_malformed(str(error))]) from error
    unsafe = [_unsafe_path(table) for table in own.tables.values() if not _is_inside(table.path)]
    if unsafe:
        raise NetworkDataError.of(unsafe)
    tables = {name: _widened(table, own.tables.get(name)) for name, table in shipped.tables.items()}
    return PackageSchema(own.version, {**own.tables, **tables})


def _widened(shipped: TableSchema, own: TableSchema | None) -> TableSchema:
    """The shipped table at the user's path with the user's additional columns."""
    if own is None:
        return shipped
    known = {field.name for field in shipped.fields}
    more = tuple(field for field in own.fields if field.name not in known)
    return replace(shipped, path=own.path, fields=shipped.fields + more)


def _is_inside(path: str) -> bool:
    """A path of the package specification: relative, below the directory, not an address."""
    pure = PurePosixPath(path)
    return bool(path) and not pure.is_absolute() and ".." not in pure.parts and ":" not in path and "\\" not in path


def _package(document: Mapping[str, Any]) -> PackageSchema:
    tables = [_table(resource) for resource in document["resources"]]
    return PackageSchema(str(document.get("version", "0")), {table.name: table for table in tables})


def _table(resource: Mapping[str, Any]) -> TableSchema:
    schema = resource["schema"]
    return TableSchema(
        name=str(resource["name"]),
        path=str(resource["path"]),
        fields=tuple(_field(field) for field in schema["fields"]),
        primary_key=_columns(schema.get("primaryKey", [])),
        foreign_keys=tuple(_foreign_key(key) for key in schema.get("foreignKeys", [])),
    )


def _field(field: Mapping[str, Any]) -> FieldSchema:
    limits = field.get("constraints", {})
    kind = str(field.get("type", "string"))
    if kind not in FIELD_TYPES:
        raise ValueError(f"column {field['name']}: type {kind!r} is none of {', '.join(FIELD_TYPES)}")
    return FieldSchema(
        name=str(field["name"]),
        type=kind,
        required=bool(limits.get("required", False)),
        enum=tuple(str(value) for value in limits.get("enum", ())),
        minimum=_limit(limits.get("minimum")),
        maximum=_limit(limits.get("maximum")),
        unit=str(field.get("unit", "")),
        title=str(field.get("title", "")),
        optional=bool(field.get("optional", False)),
    )


def _limit(value: Any) -> float | None:
    return None if value is None else float(value)


def _foreign_key(key: Mapping[str, Any]) -> ForeignKey:
    (column,) = _columns(key["fields"])
    (target,) = _columns(key["reference"]["fields"])
    return ForeignKey(column, str(key["reference"]["resource"]), target)


def _columns(value: str | Sequence[str]) -> tuple[str, ...]:
    """The specification lets one column stand without a list."""
    return (value,) if isinstance(value, str) else tuple(value)


def _malformed(detail: str) -> Fault:
    return Fault(
        DESCRIPTOR,
        None,
        None,
        "schema_malformed",
        Message(
            f"不是可用的数据包描述（{detail}）；请按 Frictionless 规范改正，或删除此文件以采用内置描述。",
            f"is no usable data package descriptor ({detail}); mend it after the Frictionless specification, "
            "or delete it to use the built-in one.",
        ),
    )


def _unsafe_path(table: TableSchema) -> Fault:
    return Fault(
        DESCRIPTOR,
        None,
        table.name,
        "path_unsafe",
        Message(
            f"表 {table.name} 的路径 {table.path!r} 不在数据目录之内；请写目录内的相对路径，例如 {table.name}.csv。",
            f"the path {table.path!r} of table {table.name} leaves the directory; write a relative path inside it, "
            f"for example {table.name}.csv.",
        ),
    )
