"""What the rows of a batch are asked one by one since revision 0022, and what its close asks. Used by migrations only.

Runs enter in a batch of their own (``run_batch``), as entries do in ``ledger_batch``: its close holds that rows stand
one after the other, and writes their ids in order. Before, three triggers asked that of each run, and took
most of the time of its row. One is left on each table, and asks only whether the row stands in the open batch: no
older row is touched, not even by REPLACE, whose deletions fire no trigger unless ``recursive_triggers`` is on. It asks
after the row is written, which costs less than before it; what it refuses is undone.

Levels of ids sink later than before. A level that sinks changes nearly every page of the next, so with four times as
many ids at once those pages are written a quarter as often; the smallest level still has few.
"""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.store.migrations import line_rules, sorted_rules

ENTRIES_SUNK_AT = (32_768, 262_144)
"""Level 0 of the ids of entries goes into level 1, and level 1 into level 2, at every multiple of so many entries."""
RUNS_SUNK_AT = (16_384, 131_072)
"""The same of runs."""
DROPPED = (
    *("transactions_may_enter", "posting_lines_in_batch"),
    *("entry_ids_of_level_0_sink", "entry_ids_of_level_1_sink"),
    *("calculation_runs_no_replace", "calculation_runs_are_found", "run_ids_sink"),
)
"""Triggers that are made anew, or that the close of a batch takes over."""

_SAID = line_rules.SAID
_EXISTS = "calculation_runs: append-only, the key exists"
_APART = "calculation_runs: rows stand one after the other"
_NO_BATCH = "calculation_runs: runs are recorded in a batch"


def runs_sink(level: int, at: int) -> str:
    """The trigger by which a level of run ids goes into the next whenever runs pass a multiple of ``at``."""
    return f"""CREATE TRIGGER run_ids_of_level_{level}_sink AFTER DELETE ON run_batch
    WHEN (SELECT MAX(rowid) FROM calculation_runs) / {at} > (OLD.first_run - 1) / {at} BEGIN
    INSERT INTO run_ids (level, run_id, run_no)
    SELECT {level + 1}, run_id, run_no FROM run_ids WHERE level = {level} ORDER BY run_id;
    DELETE FROM run_ids WHERE level = {level};
    END"""


_ENTRIES = (
    f"""CREATE TRIGGER transactions_may_enter AFTER INSERT ON transactions
    WHEN (NEW.seq >= (SELECT first_seq FROM ledger_batch)) IS NOT TRUE BEGIN
    SELECT CASE WHEN EXISTS (SELECT 1 FROM ledger_batch) THEN RAISE(ABORT, '{_SAID["gap"]}')
      ELSE RAISE(ABORT, '{_SAID["batch"]}') END;
    END""",
    f"""CREATE TRIGGER posting_lines_in_batch AFTER INSERT ON posting_lines
    WHEN (NEW.transaction_seq >= (SELECT first_seq FROM ledger_batch)) IS NOT TRUE BEGIN
    SELECT RAISE(ABORT, '{_SAID["lines"]}');
    END""",
    *(sorted_rules.sink(level, at) for level, at in enumerate(ENTRIES_SUNK_AT)),
)
_RUNS = (
    f"""CREATE TRIGGER calculation_runs_in_batch AFTER INSERT ON calculation_runs
    WHEN (NEW.rowid >= (SELECT first_run FROM run_batch)) IS NOT TRUE BEGIN
    SELECT CASE WHEN EXISTS (SELECT 1 FROM run_batch) THEN RAISE(ABORT, '{_EXISTS}')
      ELSE RAISE(ABORT, '{_NO_BATCH}') END;
    END""",
    """CREATE TRIGGER run_batch_begins BEFORE INSERT ON run_batch
    WHEN NEW.first_run <> (SELECT COALESCE(MAX(rowid), 0) + 1 FROM calculation_runs)
    OR NEW.open_batch IS NOT 1 OR EXISTS (SELECT 1 FROM run_batch) BEGIN
    SELECT RAISE(ABORT, 'run_batch: one at a time, from the next row on');
    END""",
    """CREATE TRIGGER run_batch_no_update BEFORE UPDATE ON run_batch BEGIN
    SELECT RAISE(ABORT, 'run_batch: it is begun and closed');
    END""",
    f"""CREATE TRIGGER run_batch_closes BEFORE DELETE ON run_batch BEGIN
    SELECT RAISE(ABORT, '{_APART}') WHERE (SELECT COUNT(*) FROM calculation_runs WHERE rowid >= OLD.first_run)
      <> (SELECT COALESCE(MAX(rowid), 0) FROM calculation_runs) - OLD.first_run + 1;
    SELECT RAISE(ABORT, '{_EXISTS}') WHERE EXISTS (SELECT 1 FROM calculation_runs AS r
      CROSS JOIN run_ids AS k ON k.level IN (0, 1, 2) AND k.run_id = r.run_id WHERE r.rowid >= OLD.first_run);
    INSERT INTO run_ids (level, run_id, run_no)
    SELECT 0, run_id, rowid FROM calculation_runs WHERE rowid >= OLD.first_run ORDER BY run_id;
    END""",
    *(runs_sink(level, at) for level, at in enumerate(RUNS_SUNK_AT)),
)


def statements() -> Iterator[str]:
    """The rules of SQLite; PostgreSQL has unique keys and statement triggers."""
    yield from _ENTRIES
    yield from _RUNS
