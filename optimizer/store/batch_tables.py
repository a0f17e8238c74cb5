"""The table by which a batch of entries is opened and closed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table

from optimizer.store.schema import metadata

ledger_batch = Table(
    "ledger_batch",
    metadata,
    Column("first_seq", Integer, primary_key=True, autoincrement=False),
    Column("open_batch", BigInteger, ForeignKey("zero.value", deferrable=True, initially="DEFERRED"), nullable=False),
)
"""SQLite: the batch of entries that is being appended; never a row after COMMIT. Deleting the row applies the rules of
the ledger to all of it at once. PostgreSQL has statement triggers and leaves it empty."""
