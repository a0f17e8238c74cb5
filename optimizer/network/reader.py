"""Files -> Network: reads the tables, checks what a schema cannot say, and builds the frozen records.

The factor table of the same data package is read by ``optimizer.emissions``, which owns its meaning.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields as record_fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from optimizer.errors import Fault, NetworkDataError
from optimizer.network.coherence import coherence_faults
from optimizer.network.model import (
    Benchmark,
    Cargo,
    Closure,
    Evidence,
    FleetEntry,
    Link,
    Location,
    Lock,
    Mode,
    Network,
    Parameter,
    Provenance,
    Tariff,
    Terminal,
    TruckClass,
    VesselClass,
    WaterLevel,
)
from optimizer.network.schema import load_schema, shipped_directory
from optimizer.network.tables import Table, TableRow, read_tables

NETWORK_TABLES = (
    "locations",
    "terminals",
    "links",
    "locks",
    "closures",
    "water_levels",
    "vessel_classes",
    "fleet",
    "truck_classes",
    "tariffs",
    "cargo",
    "parameters",
    "benchmarks",
)
"""The tables a network directory must hold; one with nothing to say holds its header alone."""

HASH_CHARACTERS = 12

Record = TypeVar("Record")


def read_network(directory: Path | None = None) -> Network:
    """The network in a directory, or the shipped one.

    Raises NetworkDataError with every fault of every table: schema faults (see ``tables``) and, on what could be read,
    faults of coherence (see ``coherence``).
    """
    return _shipped_network() if directory in (None, shipped_directory()) else _read(directory)


@cache
def _shipped_network() -> Network:
    """Read once for a process: it is a part of the program as its code is."""
    return _read(shipped_directory())


def _read(directory: Path) -> Network:
    schema = load_schema(directory)
    tables = read_tables(directory, NETWORK_TABLES, schema)
    faults: list[Fault] = [fault for table in tables.values() for fault in table.faults]
    faults.extend(coherence_faults(tables))
    if faults:
        raise NetworkDataError.of(faults)
    return _network(f"{schema.version}+{_content_hash(directory, tables)}", tables)


def _content_hash(directory: Path, tables: Mapping[str, Table]) -> str:
    """Short sha256 over the table files by name, so that a plan names the data it was made from.

    Byte order mark and line endings are left out: a file that went through a spreadsheet unchanged keeps its hash.
    """
    digest = hashlib.sha256()
    for name in sorted(tables):
        content = (directory / tables[name].schema.path).read_bytes()
        content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
        digest.update(f"{name}:{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:HASH_CHARACTERS]


def _network(version: str, tables: Mapping[str, Table]) -> Network:
    return Network(
        version=version,
        locations={record.location_id: record for record in _records(Location, tables["locations"])},
        terminals={
            (record.location_id, record.cargo_group): record for record in _records(Terminal, tables["terminals"])
        },
        links={record.link_id: record for record in _records(Link, tables["links"])},
        locks={record.lock_id: record for record in _records(Lock, tables["locks"])},
        closures=tuple(_records(Closure, tables["closures"])),
        water_levels=tuple(_records(WaterLevel, tables["water_levels"])),
        vessel_classes={record.vessel_class: record for record in _records(VesselClass, tables["vessel_classes"])},
        fleet=tuple(_records(FleetEntry, tables["fleet"])),
        truck_classes={record.truck_class: record for record in _records(TruckClass, tables["truck_classes"])},
        tariffs={record.tariff_id: record for record in _records(Tariff, tables["tariffs"])},
        cargo={record.cargo_code: record for record in _records(Cargo, tables["cargo"])},
        parameters={record.name: record for record in _records(Parameter, tables["parameters"])},
        benchmarks={record.name: record for record in _records(Benchmark, tables["benchmarks"])},
    )


def _records(record_type: type[Record], table: Table) -> list[Record]:
    """One record per row, in file order. Columns and record fields have the same names: that is the file format."""
    names = [field.name for field in record_fields(record_type) if field.name != "provenance"]  # type: ignore[arg-type]
    return [record_type(**_arguments(names, row)) for row in table.rows]


def _arguments(names: list[str], row: TableRow) -> dict[str, Any]:
    arguments = {name: row.values[name] for name in names}
    if "mode" in arguments:
        arguments["mode"] = Mode(arguments["mode"])
    return {**arguments, "provenance": _provenance(row)}


def _provenance(row: TableRow) -> Provenance:
    values = row.values
    return Provenance(
        source=values["source"],
        seen_at=values["seen_at"],
        evidence=Evidence(values["evidence"]),
        assumed_fields=values["assumed_fields"],
        notes=values["notes"],
    )
