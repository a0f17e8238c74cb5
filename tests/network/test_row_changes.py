"""What differs between two networks, row by row."""

from __future__ import annotations

from dataclasses import replace

from optimizer.network.archive import table_files
from optimizer.network.row_changes import CellChange, row_changes, taken_back
from optimizer.network.schema import load_schema, shipped_directory

SCHEMA = load_schema(shipped_directory())
FILES = table_files(shipped_directory())


def altered(name: str, old: str, new: str) -> dict[str, bytes]:
    """All tables, one text of one of them exchanged."""
    text = FILES[name].decode()
    assert old in text
    return {**FILES, name: text.replace(old, new, 1).encode()}


def test_the_same_tables_have_no_changes() -> None:
    """Whole, or as few of them as somebody hands in; a byte order mark is none."""
    assert row_changes(FILES, FILES, SCHEMA) == []
    assert row_changes(FILES, {}, SCHEMA) == []
    assert row_changes(FILES, {"locks.csv": b"\xef\xbb\xbf" + FILES["locks.csv"]}, SCHEMA) == []


def test_a_changed_cell_is_told_with_what_stood_there() -> None:
    """The row by its key, the cell before and after, and nothing else; the other way round it is undone."""
    after = altered("closures.csv", "2026-10-21T14:00", "2026-10-23T14:00")
    (change,) = row_changes(FILES, after, SCHEMA)
    assert (change.table, change.key, change.kind) == ("closures", ("FCJ-flow-2026-10-21",), "changed")
    assert change.cells == (CellChange("closed_to", "2026-10-21T14:00:00+08:00", "2026-10-23T14:00:00+08:00"),)
    (back,) = row_changes(after, FILES, SCHEMA)
    assert back == replace(change, cells=tuple(CellChange(c.column, c.after, c.before) for c in change.cells))


def test_added_and_removed_rows_are_told_whole() -> None:
    """A key that changed is a row removed and another one added."""
    after = altered("closures.csv", "FCJ-flow-2026-10-21", "FCJ-flow")
    added, removed = row_changes(FILES, after, SCHEMA)
    assert (added.kind, added.key) == ("added", ("FCJ-flow",))
    assert (removed.kind, removed.key) == ("removed", ("FCJ-flow-2026-10-21",))
    assert CellChange("item_id", "", "FCJ") in added.cells
    assert CellChange("item_id", "FCJ", "") in removed.cells


def test_only_rows_that_others_changed_are_taken_back() -> None:
    """A row changed by both goes back whole, one changed by a single side or by both alike does not."""
    since = altered("closures.csv", "2026-10-21T14:00", "2026-10-23T14:00")
    own = altered("closures.csv", "Yearly lock repair", "Lock repair")
    (lost,) = taken_back(FILES, since, own, SCHEMA)
    assert (lost.key, lost.cells[0].after) == (("FCJ-flow-2026-10-21",), "2026-10-21T14:00:00+08:00")
    assert taken_back(FILES, since, since, SCHEMA) == taken_back(FILES, FILES, own, SCHEMA) == []
    assert len(taken_back(FILES, altered("closures.csv", "FCJ-flow-2026-10-21", "FCJ-flow"), own, SCHEMA)) == 2
