"""The tables that no plan is computed from: shapes to draw and gauges. They are part of a network all the same, and a
server with a damaged one does not start."""

from __future__ import annotations

from pathlib import Path

from optimizer.errors import NetworkDataError
from optimizer.network import shapes
from optimizer.network.reader import NETWORK_TABLES
from optimizer.network.schema import load_schema
from optimizer.network.tables import read_tables

FACTORS = "factors"


def check_unplanned_tables(directory: Path) -> None:
    """Raises NetworkDataError with every fault of the tables beside ``NETWORK_TABLES`` and the factors; one that the
    directory lacks has none."""
    schema = load_schema(directory)
    known = (*NETWORK_TABLES, shapes.TABLE, FACTORS)
    names = [name for name, table in schema.tables.items() if name not in known and (directory / table.path).is_file()]
    faults = [fault for table in read_tables(directory, names, schema).values() for fault in table.faults]
    try:
        shapes.read_shapes(directory)
    except NetworkDataError as error:
        faults += error.faults
    if faults:
        raise NetworkDataError.of(faults)
