"""Tables that SQLite keeps beside the ledger: by which a batch is opened and closed, and ids in sorted levels."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text

from optimizer.store.schema import metadata

ledger_batch = Table(
    "ledger_batch",
    metadata,
    Column("first_seq", Integer, primary_key=True, autoincrement=False),
    Column("open_batch", BigInteger, ForeignKey("zero.value", deferrable=True, initially="DEFERRED"), nullable=False),
)
"""SQLite: the batch of entries that is being appended; never a row after COMMIT. Deleting the row applies the rules of
the ledger to all of it at once. PostgreSQL has statement triggers and leaves it empty."""

run_batch = Table(
    "run_batch",
    metadata,
    Column("first_run", Integer, primary_key=True, autoincrement=False),
    Column("open_batch", BigInteger, ForeignKey("zero.value", deferrable=True, initially="DEFERRED"), nullable=False),
)
"""The same of calculation runs, by the row of the first (``batch_rules`` of the migrations)."""

entry_ids = Table(
    "entry_ids",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("id_start", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""SQLite: which entries have an id that begins so. Ids are random, and an index on them has a page changed for nearly
every entry once it is large. So the close of a batch sorts its ids into level 0; whenever the ledger passes a multiple
of 32,768 entries that level sinks into level 1 in order, and level 1 once in 262,144 into level 2, a sixteenth at a
time (``batch_rules`` and ``slice_rules`` of the migrations). Who looks for an id looks in all three. PostgreSQL has a
unique index on ids and leaves it empty."""

run_ids = Table(
    "run_ids",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("run_id", Text, primary_key=True),
    Column("run_no", Integer, autoincrement=False, nullable=False),
    sqlite_with_rowid=False,
)
"""SQLite: at which row each calculation run lies, in levels as ``entry_ids`` (``batch_rules`` of the migrations);
``store.sorted_ids`` asks it. PostgreSQL has the primary key of runs and leaves it empty."""

ID_START = 8
"""Characters of an id in ``entry_ids``: eight tell nearly all entries apart; the whole id is compared after."""
LEVELS = (0, 1, 2)
