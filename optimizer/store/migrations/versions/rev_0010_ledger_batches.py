"""Appending a batch costs less: sums are taken once for a batch instead of twice for each posting, and fewer indexes.

SQLite knows no statement triggers. A writer that appends many entries announces a batch (a row of ``ledger_batch``
with the next number); while it stands, lines are only held to its entries. Deleting the row runs the rules over the
whole batch at once: every entry complete, balances, claims never below zero after any line, pendings. A batch that was
not closed cannot be committed (deferred foreign key). Rows appended without a batch are checked one by one, as before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NO_BATCH = "NOT EXISTS (SELECT 1 FROM ledger_batch)"

_FRESH = """SELECT account_id, ledger, bucket, part, amount, transaction_seq, line FROM postings
      WHERE transaction_seq >= OLD.first_seq
      UNION ALL SELECT counter_account_id, ledger, counter_bucket, part, -amount, transaction_seq, line FROM postings
      WHERE transaction_seq >= OLD.first_seq"""

_RULES = (
    """CREATE TRIGGER ledger_batch_begins BEFORE INSERT ON ledger_batch
    WHEN NEW.first_seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM transactions)
    OR NEW.open_batch IS NOT 1 OR EXISTS (SELECT 1 FROM ledger_batch) BEGIN
    SELECT RAISE(ABORT, 'ledger_batch: one at a time, from the next number on');
    END""",
    """CREATE TRIGGER ledger_batch_no_update BEFORE UPDATE ON ledger_batch BEGIN
    SELECT RAISE(ABORT, 'ledger_batch: it is begun and closed');
    END""",
    """CREATE TRIGGER postings_in_line BEFORE INSERT ON postings
    WHEN NEW.transaction_seq < COALESCE((SELECT first_seq FROM ledger_batch), 9223372036854775807)
    AND (EXISTS (SELECT 1 FROM ledger_batch)
    OR NEW.line < 1 OR NEW.line > COALESCE(
        (SELECT line_count FROM transactions WHERE seq = NEW.transaction_seq), 0)
    OR (NEW.line > 1 AND NOT EXISTS
        (SELECT 1 FROM postings WHERE transaction_seq = NEW.transaction_seq AND line = NEW.line - 1))
    OR EXISTS (SELECT 1 FROM postings WHERE transaction_seq = NEW.transaction_seq AND line = NEW.line)) BEGIN
    SELECT RAISE(ABORT, 'postings: append-only, lines stand in order and as many as announced');
    END""",
    f"""CREATE TRIGGER postings_move_balances AFTER INSERT ON postings WHEN {_NO_BATCH} BEGIN
    INSERT INTO balances (account_id, ledger, bucket, part, amount)
    VALUES (NEW.account_id, NEW.ledger, NEW.bucket, NEW.part, NEW.amount)
    ON CONFLICT (account_id, ledger, bucket, part) DO UPDATE SET amount = amount + excluded.amount;
    INSERT INTO balances (account_id, ledger, bucket, part, amount)
    VALUES (NEW.counter_account_id, NEW.ledger, NEW.counter_bucket, NEW.part, -NEW.amount)
    ON CONFLICT (account_id, ledger, bucket, part) DO UPDATE SET amount = amount + excluded.amount;
    END""",
    f"""CREATE TRIGGER postings_resolve_pendings AFTER INSERT ON postings
    WHEN NEW.bucket = 'reserved' AND {_NO_BATCH} BEGIN
    INSERT INTO pendings (estimate_id, reserved_g, remaining_g)
    SELECT transaction_id, NEW.amount, NULL FROM transactions WHERE seq = NEW.transaction_seq AND kind = 'ESTIMATE'
    ON CONFLICT (estimate_id) DO UPDATE SET reserved_g = reserved_g + excluded.reserved_g;
    UPDATE pendings SET remaining_g = COALESCE(remaining_g, reserved_g) + NEW.amount
    WHERE estimate_id = (SELECT resolves FROM transactions WHERE seq = NEW.transaction_seq AND kind IN ('POST','VOID'));
    END""",
    f"""CREATE TRIGGER ledger_batch_closes BEFORE DELETE ON ledger_batch BEGIN
    SELECT RAISE(ABORT, 'postings: append-only, lines stand in order and as many as announced')
    WHERE EXISTS (SELECT 1 FROM transactions AS t LEFT JOIN (
        SELECT transaction_seq, COUNT(*) AS lines, MIN(line) AS first_line, MAX(line) AS last_line FROM postings
        WHERE transaction_seq >= OLD.first_seq GROUP BY transaction_seq) AS p ON p.transaction_seq = t.seq
      WHERE t.seq >= OLD.first_seq
      AND (p.lines IS NOT t.line_count OR p.first_line IS NOT 1 OR p.last_line IS NOT t.line_count));
    SELECT RAISE(ABORT, 'balances: a claim never falls below zero')
    WHERE EXISTS (SELECT 1 FROM (
        SELECT account_id, bucket, part, SUM(amount) OVER (
          PARTITION BY account_id, bucket, part ORDER BY transaction_seq, line) AS moved
        FROM ({_FRESH}) WHERE ledger = 'claim' AND account_id NOT LIKE 'issuance.%') AS steps
      LEFT JOIN balances AS b ON b.account_id = steps.account_id AND b.ledger = 'claim' AND b.bucket = steps.bucket
        AND b.part = steps.part
      WHERE COALESCE(b.amount, 0) + steps.moved < 0);
    INSERT INTO balances (account_id, ledger, bucket, part, amount)
    SELECT account_id, ledger, bucket, part, SUM(amount) FROM ({_FRESH}) WHERE true
    GROUP BY account_id, ledger, bucket, part
    ON CONFLICT (account_id, ledger, bucket, part) DO UPDATE SET amount = amount + excluded.amount;
    INSERT INTO pendings (estimate_id, reserved_g, remaining_g)
    SELECT t.transaction_id, SUM(p.amount), NULL FROM transactions AS t JOIN postings AS p ON p.transaction_seq = t.seq
    WHERE t.seq >= OLD.first_seq AND t.kind = 'ESTIMATE' AND p.bucket = 'reserved' GROUP BY t.seq
    ON CONFLICT (estimate_id) DO UPDATE SET reserved_g = reserved_g + excluded.reserved_g;
    UPDATE pendings SET remaining_g = COALESCE(remaining_g, reserved_g) + (
        SELECT COALESCE(SUM(p.amount), 0) FROM transactions AS t JOIN postings AS p ON p.transaction_seq = t.seq
        WHERE t.resolves = pendings.estimate_id AND t.seq >= OLD.first_seq AND t.kind IN ('POST','VOID')
        AND p.bucket = 'reserved')
    WHERE estimate_id IN (SELECT t.resolves FROM transactions AS t JOIN postings AS p ON p.transaction_seq = t.seq
        WHERE t.seq >= OLD.first_seq AND t.kind IN ('POST','VOID') AND p.bucket = 'reserved');
    END""",
)


def upgrade() -> None:
    """No row of the ledger changes. PostgreSQL sums a batch by its statement trigger already."""
    op.create_table(
        "ledger_batch",
        sa.Column("first_seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("open_batch", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["open_batch"],
            ["zero.value"],
            name=op.f("fk_ledger_batch_open_batch_zero"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("first_seq", name=op.f("pk_ledger_batch")),
    )
    op.drop_index("ix_calculation_runs_number", "calculation_runs")
    op.drop_index("ix_transactions_resolves", "transactions")
    op.drop_index("uq_transactions_resolved_once", "transactions")
    present = sa.text("resolves IS NOT NULL")
    op.create_index(
        "uq_transactions_resolves_kind",
        "transactions",
        ["resolves", "kind"],
        unique=True,
        sqlite_where=present,
        postgresql_where=present,
    )
    if op.get_bind().dialect.name == "sqlite":
        for trigger in ("postings_in_line", "postings_move_balances", "postings_resolve_pendings"):
            op.execute(f"DROP TRIGGER {trigger}")
        for statement in _RULES:
            op.execute(statement)
