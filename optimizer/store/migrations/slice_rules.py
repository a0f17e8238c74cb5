"""How the first level of ids goes into the second since revision 0023. Used by migrations only.

It went whole, and the batch in which it did held the ledger much longer than the others. Now a sixteenth goes at a
time, by the first character of the ids: as much is moved in all, and of the second level only pages of that sixteenth
change.
"""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.store.migrations import batch_rules

_FIRST = "0123456789abcdef"
"""Ids are hexadecimal; one that is not goes with the nearest slice before it, or with the first."""
DROPPED = ("entry_ids_of_level_1_sink", "run_ids_of_level_1_sink")
"""Triggers whose place the slices take."""


def _slices(period: int) -> Iterator[tuple[int, int, str]]:
    """Number, shift and bounds of each slice: it goes when the number of rows plus the shift passes a multiple of the
    period."""
    for number, start in enumerate(_FIRST):
        above = f">= '{start}'" if number else ">= ''"
        below = f" AND {{key}} < '{_FIRST[number + 1]}'" if number + 1 < len(_FIRST) else ""
        yield number, period - number * period // len(_FIRST), f"{{key}} {above}{below}"


def entries_sink(period: int) -> Iterator[str]:
    """The triggers by which level 1 of the ids of entries goes into level 2, all of it once in ``period`` entries."""
    for number, shift, bounds in _slices(period):
        part = f"level = 1 AND {bounds.format(key='id_start')}"
        yield f"""CREATE TRIGGER entry_ids_of_level_1_sink_{number} AFTER DELETE ON ledger_batch
    WHEN ((SELECT MAX(seq) FROM transactions) + {shift}) / {period} > (OLD.first_seq - 1 + {shift}) / {period} BEGIN
    INSERT INTO entry_ids (level, id_start, seq)
    SELECT 2, id_start, seq FROM entry_ids WHERE {part} ORDER BY id_start, seq;
    DELETE FROM entry_ids WHERE {part};
    END"""


def runs_sink(period: int) -> Iterator[str]:
    """The same of run ids."""
    for number, shift, bounds in _slices(period):
        part = f"level = 1 AND {bounds.format(key='run_id')}"
        yield f"""CREATE TRIGGER run_ids_of_level_1_sink_{number} AFTER DELETE ON run_batch
    WHEN ((SELECT MAX(rowid) FROM calculation_runs) + {shift}) / {period} > (OLD.first_run - 1 + {shift}) / {period}
    BEGIN
    INSERT INTO run_ids (level, run_id, run_no)
    SELECT 2, run_id, run_no FROM run_ids WHERE {part} ORDER BY run_id;
    DELETE FROM run_ids WHERE {part};
    END"""


def statements() -> Iterator[str]:
    """The rules of SQLite."""
    yield from entries_sink(batch_rules.ENTRIES_SUNK_AT[1])
    yield from runs_sink(batch_rules.RUNS_SUNK_AT[1])
