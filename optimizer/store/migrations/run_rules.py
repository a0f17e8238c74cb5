"""How SQLite finds calculation runs by their ids since revision 0019. Used by migrations only.

The primary key of runs was an index in random order, of which each run had a page changed. ``run_ids`` keeps the same
ids in three sorted levels, as ``entry_ids`` does for entries (``sorted_rules``). A run lies at the row of its number:
rows are only added, one after the other, so numbers have no gap and stay when the file is written anew (VACUUM).
"""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.store.migrations import entry_rules, rules

SUNK_AT = (4_096, 131_072)
"""Level 0 goes into level 1, and level 1 into level 2, at every multiple of so many runs."""
_LEVELS = "0, 1, 2"
_KEPT = "run_ids: kept by the runs"
_EXISTS = "calculation_runs: append-only, the key exists"

FILL = "INSERT INTO run_ids (level, run_id, run_no) SELECT 2, run_id, rowid FROM calculation_runs ORDER BY run_id"


def sink(first: int, second: int) -> str:
    """The trigger by which level 0 goes into level 1 at every multiple of ``first`` runs, and level 1 into level 2 at
    every multiple of ``second``, which is one of ``first``."""
    return f"""CREATE TRIGGER run_ids_sink AFTER INSERT ON calculation_runs WHEN NEW.rowid % {first} = 0 BEGIN
    INSERT INTO run_ids (level, run_id, run_no)
    SELECT 1, run_id, run_no FROM run_ids WHERE level = 0 ORDER BY run_id;
    DELETE FROM run_ids WHERE level = 0;
    INSERT INTO run_ids (level, run_id, run_no)
    SELECT 2, run_id, run_no FROM run_ids WHERE level = 1 AND NEW.rowid % {second} = 0 ORDER BY run_id;
    DELETE FROM run_ids WHERE level = 1 AND NEW.rowid % {second} = 0;
    END"""


def statements() -> Iterator[str]:
    """The rules of SQLite; PostgreSQL has its primary key."""
    yield from rules.append_only("sqlite", {"calculation_runs": []})
    yield f"""CREATE TRIGGER calculation_runs_no_replace BEFORE INSERT ON calculation_runs
    WHEN EXISTS (SELECT 1 FROM run_ids WHERE level IN ({_LEVELS}) AND run_id = NEW.run_id)
    OR EXISTS (SELECT 1 FROM calculation_runs WHERE rowid = NEW.rowid) BEGIN
    SELECT RAISE(ABORT, '{_EXISTS}');
    END"""
    yield """CREATE TRIGGER calculation_runs_are_found AFTER INSERT ON calculation_runs BEGIN
    SELECT RAISE(ABORT, 'calculation_runs: rows stand one after the other')
    WHERE NEW.rowid <> 1 AND NOT EXISTS (SELECT 1 FROM calculation_runs WHERE rowid = NEW.rowid - 1);
    INSERT INTO run_ids (level, run_id, run_no) VALUES (0, NEW.run_id, NEW.rowid);
    END"""
    yield sink(*SUNK_AT)
    yield f"""CREATE TRIGGER run_ids_no_update BEFORE UPDATE ON run_ids BEGIN
    SELECT RAISE(ABORT, '{_KEPT}');
    END"""
    yield f"""CREATE TRIGGER run_ids_sink_only BEFORE DELETE ON run_ids WHEN NOT EXISTS (SELECT 1 FROM run_ids
      WHERE level = OLD.level + 1 AND run_id = OLD.run_id AND run_no = OLD.run_no) BEGIN
    SELECT RAISE(ABORT, '{_KEPT}');
    END"""
    yield entry_rules.may_enter(
        ids_by_index=False,
        no_run="NEW.run_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM run_ids AS k CROSS JOIN calculation_runs AS r "
        "ON r.rowid = k.run_no AND r.run_id = NEW.run_id "
        f"WHERE k.level IN ({_LEVELS}) AND k.run_id = NEW.run_id)",
    )
