"""Finding calculation runs by their ids, on each database in its own way, and ids that are not where they should be.

PostgreSQL has unique indexes. On SQLite ``batch_tables.run_ids`` says at which row a run lies; the rows are only ever
added to, so their numbers are 1, 2, 3 and stay so when the file is written anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, literal_column, select, union_all

from optimizer.store.batch_tables import ID_START, LEVELS, run_ids

_LOST = f"""SELECT 'entry', t.seq, 'entry_ids' FROM transactions AS t WHERE NOT EXISTS (SELECT 1 FROM entry_ids AS k
    WHERE k.level IN {LEVELS} AND k.id_start = substr(t.transaction_id, 1, {ID_START}) AND k.seq = t.seq)
    UNION ALL SELECT 'run', r.run_id, 'run_ids' FROM calculation_runs AS r WHERE NOT EXISTS (SELECT 1 FROM run_ids AS k
    WHERE k.level IN {LEVELS} AND k.run_id = r.run_id AND k.run_no = r.rowid) LIMIT 10"""


def run_where(
    connection: Connection, runs: Any, said: Callable[[ColumnElement[str]], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """That something is ``said`` of the id of a run. ``runs``: the table of runs, or an alias of it."""
    if connection.dialect.name != "sqlite":
        return said(runs.c.run_id)
    rows = select(run_ids.c.run_no).where(run_ids.c.level.in_(LEVELS), said(run_ids.c.run_id)).correlate_except(run_ids)
    row: ColumnElement[int] = literal_column(f"{runs.name}.rowid")
    return row.in_(rows)


def first_runs(
    connection: Connection, runs: Any, said: Callable[[ColumnElement[str]], ColumnElement[bool]], count: int
) -> ColumnElement[bool]:
    """The same of runs of which the ``count`` first in order of their ids are wanted. Each level is in that order, so
    they are found without sorting what is not wanted."""
    if connection.dialect.name != "sqlite":
        return said(runs.c.run_id)
    id_column, number = run_ids.c.run_id, run_ids.c.run_no
    levels = (select(id_column, number).where(run_ids.c.level == level, said(id_column)) for level in LEVELS)
    first = union_all(*levels).order_by("run_id").limit(count).subquery()
    row: ColumnElement[int] = literal_column(f"{runs.name}.rowid")
    return row.in_(select(first.c.run_no))


def joined_runs(connection: Connection, named: str) -> str:
    """SQL that joins the run of an id as ``r``. ``named``: the id, a column of what stands before."""
    if connection.dialect.name != "sqlite":
        return f"JOIN calculation_runs AS r ON r.run_id = {named}"
    return (
        f"CROSS JOIN run_ids AS k ON k.level IN {LEVELS} AND k.run_id = {named} "
        f"CROSS JOIN calculation_runs AS r ON r.rowid = k.run_no AND r.run_id = {named}"
    )


def lost_ids(connection: Connection) -> list[str]:
    """Entries and runs that SQLite would not find by their ids; the first ten."""
    return [f"{row[0]} {row[1]} missing from {row[2]}" for row in connection.exec_driver_sql(_LOST)]
