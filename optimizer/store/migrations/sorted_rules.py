"""What revision 0018 changes in the rules of the ledger. Used by migrations only.

    ids        SQLite: how ids begin, in three sorted levels (``entry_ids``) in place of one index. A batch goes into
               the smallest level; as the ledger grows, a level goes into the next in order. That changes each page of
               the large one once for many entries, where an index in random order has a page changed for each
    pendings   by the number of the estimate, which follows the ledger, in place of its id, which is random

That an id is given once is held when a batch closes, over all of its entries at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.store.migrations import entry_rules, line_rules

MERGED_AT = (8_192, 262_144)
"""A level goes into the next whenever the ledger passes a multiple of this: the first in a few batches of 1,000 lots,
so that one place is always small; the second seldom."""
_LEVELS = "0, 1, 2"
_FRESH = "FROM transactions AS t WHERE t.seq >= OLD.first_seq"
_TAKEN_BEFORE = f"""SELECT 1 FROM transactions AS t
      CROSS JOIN entry_ids AS k ON k.level IN ({_LEVELS}) AND k.id_start = substr(t.transaction_id, 1, 8)
        AND k.seq < t.seq
      CROSS JOIN transactions AS o ON o.seq = k.seq AND o.transaction_id = t.transaction_id
      WHERE t.seq >= OLD.first_seq"""

FILL = "INSERT INTO entry_ids (level, id_start, seq) SELECT 2, substr(transaction_id, 1, 8), seq FROM transactions \
ORDER BY 2, 3"
NUMBERED = "SELECT t.seq AS estimate_seq, p.reserved_g, p.remaining_g FROM pendings AS p \
JOIN transactions AS t ON t.transaction_id = p.estimate_id"
"""What an older revision kept, by number."""

DROPPED = ("transactions_may_enter", "ledger_batch_closes")
"""Triggers of SQLite that are made anew."""


def sink(level: int, at: int) -> str:
    """The trigger by which a level goes into the next whenever the ledger passes a multiple of ``at`` entries."""
    return f"""CREATE TRIGGER entry_ids_of_level_{level}_sink AFTER DELETE ON ledger_batch
    WHEN (SELECT MAX(seq) FROM transactions) / {at} > (OLD.first_seq - 1) / {at} BEGIN
    INSERT INTO entry_ids (level, id_start, seq)
    SELECT {level + 1}, id_start, seq FROM entry_ids WHERE level = {level} ORDER BY id_start, seq;
    DELETE FROM entry_ids WHERE level = {level};
    END"""


_SQLITE = (
    entry_rules.may_enter(ids_by_index=False),
    f"""CREATE TRIGGER ledger_batch_closes BEFORE DELETE ON ledger_batch BEGIN
    {line_rules.SUMS_OF_BATCH}
    INSERT INTO entry_ids (level, id_start, seq)
    SELECT 0, substr(t.transaction_id, 1, 8), t.seq {_FRESH} ORDER BY 2, 3;
    SELECT RAISE(ABORT, '{line_rules.SAID["once"]}') WHERE EXISTS ({_TAKEN_BEFORE});
    INSERT INTO pendings (estimate_seq, reserved_g, remaining_g)
    SELECT t.seq, SUM(l.amount), NULL
    FROM transactions AS t JOIN posting_lines AS l ON l.transaction_seq = t.seq
    WHERE t.seq >= OLD.first_seq AND t.kind = 'ESTIMATE' AND l.bucket = 1 GROUP BY t.seq;
    UPDATE pendings SET remaining_g = COALESCE(remaining_g, reserved_g) + moved.amount
    FROM (SELECT o.seq, SUM(l.amount) AS amount
      FROM transactions AS t JOIN posting_lines AS l ON l.transaction_seq = t.seq
      CROSS JOIN transactions AS o
        ON o.number = t.number AND o.lot_no = t.lot_no AND o.transaction_id = t.resolves
      WHERE t.seq >= OLD.first_seq AND t.kind IN ('POST','VOID') AND l.bucket = 1 GROUP BY o.seq) AS moved
    WHERE estimate_seq = moved.seq;
    END""",
    *(sink(level, at) for level, at in enumerate(MERGED_AT)),
    """CREATE TRIGGER entry_ids_no_update BEFORE UPDATE ON entry_ids BEGIN
    SELECT RAISE(ABORT, 'entry_ids: kept by the ledger');
    END""",
    """CREATE TRIGGER entry_ids_sink_only BEFORE DELETE ON entry_ids WHEN NOT EXISTS (SELECT 1 FROM entry_ids
      WHERE level = OLD.level + 1 AND id_start = OLD.id_start AND seq = OLD.seq) BEGIN
    SELECT RAISE(ABORT, 'entry_ids: kept by the ledger');
    END""",
)

_POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION posting_line_resolves_pending() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO pendings AS p (estimate_seq, reserved_g, remaining_g)
      SELECT seq, NEW.amount, NULL FROM transactions WHERE seq = NEW.transaction_seq AND kind = 'ESTIMATE'
      ON CONFLICT (estimate_seq) DO UPDATE SET reserved_g = p.reserved_g + excluded.reserved_g;
      UPDATE pendings SET remaining_g = COALESCE(remaining_g, reserved_g) + NEW.amount
      WHERE estimate_seq = (SELECT o.seq FROM transactions AS t JOIN transactions AS o ON o.transaction_id = t.resolves
                            WHERE t.seq = NEW.transaction_seq AND t.kind IN ('POST','VOID'));
      RETURN NULL;
    END $$""",
)


def statements(dialect: str) -> Iterator[str]:
    """The rules in a dialect (``sqlite`` or ``postgresql``). Raises ValueError for another one."""
    if dialect not in ("sqlite", "postgresql"):
        raise ValueError(f"no rules for {dialect}")
    yield from _SQLITE if dialect == "sqlite" else _POSTGRESQL
