"""Two changes of the same tables become one."""

from __future__ import annotations

import pytest

from optimizer.errors import ConflictError
from optimizer.network.row_changes import row_changes
from optimizer.network.row_merge import merged
from tests.network.test_row_changes import FILES, SCHEMA, altered

OTHER = altered("closures.csv", "2026-10-21T14:00", "2026-10-23T14:00")


def test_changes_of_different_rows_stand_together() -> None:
    """Changed, added and removed rows of one side join those of the other; untouched tables stay byte for byte."""
    own = altered("closures.csv", "FCJ-repair-2027", "FCJ-repair-2028")
    both = merged(FILES, OTHER, own, SCHEMA)
    told = [(row.kind, row.key) for row in row_changes(FILES, both, SCHEMA)]
    assert told == [
        ("changed", ("FCJ-flow-2026-10-21",)),
        ("added", ("FCJ-repair-2028",)),
        ("removed", ("FCJ-repair-2027",)),
    ]
    assert {name for name in FILES if both[name] != FILES[name]} == {"closures.csv"}


def test_changes_of_different_tables_and_like_changes_need_no_new_file() -> None:
    """The file of whoever changed a table is taken as it is."""
    locks = {**FILES, "locks.csv": FILES["locks.csv"] + b"\n"}
    assert merged(FILES, OTHER, locks, SCHEMA) == {**OTHER, "locks.csv": locks["locks.csv"]}
    assert merged(FILES, OTHER, OTHER, SCHEMA) == merged(FILES, OTHER, FILES, SCHEMA) == OTHER


def test_rows_that_both_changed_and_other_columns_are_refused() -> None:
    """Each of them is named; nobody guesses which is right."""
    clash = altered("closures.csv", "2026-10-21T14:00", "2026-10-22T14:00")
    with pytest.raises(ConflictError, match=r"closures FCJ-flow-2026-10-21\)"):
        merged(FILES, OTHER, clash, SCHEMA)
    gone = altered("closures.csv", "FCJ-flow-2026-10-21", "FCJ-flow")
    with pytest.raises(ConflictError, match="closures FCJ-flow-2026-10-21"):
        merged(FILES, OTHER, gone, SCHEMA)
    with pytest.raises(ConflictError, match=r"columns of closures\.csv differ"):
        merged(FILES, OTHER, altered("closures.csv", "reason_en", "reason_fr"), SCHEMA)
