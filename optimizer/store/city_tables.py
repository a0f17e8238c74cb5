"""Tables of the city's totals: sums that are kept, and how far in the ledger they reach."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, Table, Text

from optimizer.accounts.city import AMOUNTS
from optimizer.store.schema import metadata

city_cells = Table(
    "city_cells",
    metadata,
    Column("month", Text, primary_key=True),
    Column("enterprise", Text, primary_key=True),
    Column("county", Text, primary_key=True),
    Column("cargo", Text, primary_key=True),
    Column("corridor", Text, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in AMOUNTS),
    sqlite_with_rowid=False,
)
"""Sums of the transactions up to ``city_cursor.last_seq``; derived, and compared with the ledger by the audit."""

city_exposures = Table(
    "city_exposures",
    metadata,
    Column("uncertainty_version", Text, primary_key=True),
    Column("source_key", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("rel", Text, primary_key=True),
    Column("exposed_mg", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""What moves with each error source over all standing lots, whole mg so that any order of adding gives the same sum;
up to ``city_cursor.last_seq`` like the cells. ``rel``: the source's own width, empty for the configured one. The row of
no version counts the lots whose runs keep no sources."""

city_cursor = Table(
    "city_cursor",
    metadata,
    Column("cursor_no", Integer, primary_key=True, autoincrement=False),
    Column("last_seq", Integer, nullable=False),
    CheckConstraint("cursor_no = 1", name="one_row"),
)
"""One row: the last transaction that the cells hold."""
