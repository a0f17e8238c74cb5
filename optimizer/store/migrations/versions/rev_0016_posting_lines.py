"""Postings by number instead of by name: appending a settlement costs a third of what it did.

``posting_lines`` holds what ``postings`` held, with small numbers for ledgers, buckets and accounts; ``postings`` is a
view of it that shows every row as it was, so leaves, digests and statements stay as they are. ``transactions`` loses
three foreign keys and an index: the one trigger that lets entries in, and the closing of a batch, hold the same rules.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from optimizer.store.migrations import ledger_rules, line_rules

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ENTRY_COLUMNS = (
    "seq, transaction_id, kind, number, lot_no, method, run_id, resolves, period, effective_at, booked_at, memo, "
    "line_count, content_sha256"
)


def upgrade() -> None:
    """There is no downgrade, because history is only added to. Foreign keys are off on SQLite while this runs."""
    dialect = op.get_bind().dialect.name
    _account_numbers()
    _posting_lines()
    if dialect == "sqlite":
        _replace_on_sqlite()
    else:
        _replace_on_postgresql()
    op.execute(line_rules.POSTINGS_VIEW)
    for statement in line_rules.statements(dialect):
        op.execute(statement)
    for table in line_rules.APPEND_ONLY_TABLES:
        for statement in ledger_rules.append_only(dialect, table):
            op.execute(statement)


def _account_numbers() -> None:
    op.create_table(
        "account_numbers",
        sa.Column("account_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "account_no <> 0 AND (account_no < 0) = (substr(account_id, 1, 9) = 'issuance.')",
            name=op.f("ck_account_numbers_issuance_below_zero"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_account_numbers_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_no", name=op.f("pk_account_numbers")),
        sa.UniqueConstraint("account_id", name=op.f("uq_account_numbers_account_id")),
    )
    for sign, issues in ((-1, "="), (1, "<>")):
        op.execute(
            f"INSERT INTO account_numbers (account_no, account_id) "
            f"SELECT {sign} * ROW_NUMBER() OVER (ORDER BY account_id), account_id FROM accounts "
            f"WHERE substr(account_id, 1, 9) {issues} 'issuance.'"
        )


def _posting_lines() -> None:
    op.create_table(
        "posting_lines",
        sa.Column("transaction_seq", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("ledger", sa.SmallInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("account_no", sa.Integer(), nullable=False),
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("counter_account_no", sa.Integer(), nullable=False),
        sa.Column("counter_bucket", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("line >= 1", name=op.f("ck_posting_lines_line_positive")),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_posting_lines_not_zero")),
        sa.CheckConstraint("ledger BETWEEN 1 AND 4", name=op.f("ck_posting_lines_ledger_known")),
        sa.CheckConstraint(
            "bucket BETWEEN 1 AND 3 AND counter_bucket BETWEEN 1 AND 3", name=op.f("ck_posting_lines_bucket_known")
        ),
        sa.CheckConstraint(
            "account_no <> counter_account_no OR bucket <> counter_bucket", name=op.f("ck_posting_lines_two_places")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_seq"], ["transactions.seq"], name=op.f("fk_posting_lines_transaction_seq_transactions")
        ),
        sa.ForeignKeyConstraint(
            ["account_no"], ["account_numbers.account_no"], name=op.f("fk_posting_lines_account_no_account_numbers")
        ),
        sa.ForeignKeyConstraint(
            ["counter_account_no"],
            ["account_numbers.account_no"],
            name=op.f("fk_posting_lines_counter_account_no_account_numbers"),
        ),
        sa.PrimaryKeyConstraint("transaction_seq", "line", name=op.f("pk_posting_lines")),
        sqlite_with_rowid=False,
    )
    ledger, bucket, counter = (
        _number(column, names)
        for column, names in (
            ("p.ledger", line_rules.LEDGERS),
            ("p.bucket", line_rules.BUCKETS),
            ("p.counter_bucket", line_rules.BUCKETS),
        )
    )
    op.execute(
        "INSERT INTO posting_lines (transaction_seq, line, ledger, part, account_no, bucket, counter_account_no, "
        f"counter_bucket, amount) SELECT p.transaction_seq, p.line, {ledger}, p.part, "
        "(SELECT account_no FROM account_numbers WHERE account_id = p.account_id), "
        f"{bucket}, (SELECT account_no FROM account_numbers WHERE account_id = p.counter_account_id), {counter}, "
        "p.amount FROM postings AS p ORDER BY p.transaction_seq, p.line"
    )
    op.create_index(
        op.f("ix_posting_lines_account_no_transaction_seq"), "posting_lines", ["account_no", "transaction_seq"]
    )
    of_parties = sa.text("counter_account_no > 0")
    op.create_index(
        op.f("ix_posting_lines_counter_account_no_transaction_seq"),
        "posting_lines",
        ["counter_account_no", "transaction_seq"],
        sqlite_where=of_parties,
        postgresql_where=of_parties,
    )


def _number(column: str, names: tuple[str, ...]) -> str:
    """What is none of the names has no number, and the table refuses it."""
    cases = " ".join(f"WHEN '{name}' THEN {number}" for number, name in enumerate(names, start=1))
    return f"CASE {column} {cases} END"


def _replace_on_postgresql() -> None:
    for name in ("seq_line_count_postings", "run_id_calculation_runs", "resolves_transactions"):
        op.drop_constraint(f"fk_transactions_{name}", "transactions", type_="foreignkey")
    op.drop_index("ix_transactions_run_id", "transactions")
    op.drop_table("postings")
    for function in ("posting_in_line", "postings_move_balances", "posting_resolves_pending"):
        op.execute(f"DROP FUNCTION {function}()")


def _replace_on_sqlite() -> None:
    """SQLite drops a foreign key with its table only."""
    for trigger in ("begins", "no_update", "closes"):
        op.execute(f"DROP TRIGGER ledger_batch_{trigger}")
    op.execute("CREATE TEMPORARY TABLE old_transactions AS SELECT * FROM transactions")
    op.drop_table("postings")
    op.drop_table("transactions")
    op.create_table(
        "transactions",
        *(
            sa.Column(name, sa.Integer() if name in ("seq", "lot_no", "line_count") else sa.Text(), nullable=empty)
            for name, empty in ((name, name in ("run_id", "resolves")) for name in _ENTRY_COLUMNS.split(", "))
        ),
        sa.CheckConstraint(
            "kind NOT IN ('SETTLE','RESTATE') OR run_id IS NOT NULL", name=op.f("ck_transactions_settlement_names_run")
        ),
        sa.CheckConstraint(
            "kind IN ('ESTIMATE','POST','VOID','SETTLE','REVERSE','RESTATE','TRANSFER','RETIRE')",
            name=op.f("ck_transactions_kind_known"),
        ),
        sa.CheckConstraint(
            "(resolves IS NOT NULL) = (kind IN ('POST','VOID','REVERSE','RESTATE'))",
            name=op.f("ck_transactions_correction_names_original"),
        ),
        sa.CheckConstraint("line_count >= 1", name=op.f("ck_transactions_has_lines")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_transactions")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_transactions_transaction_id")),
    )
    op.execute(
        f"INSERT INTO transactions ({_ENTRY_COLUMNS}) SELECT {_ENTRY_COLUMNS} FROM old_transactions ORDER BY seq"
    )
    op.execute("DROP TABLE old_transactions")
    op.create_index(op.f("ix_transactions_period"), "transactions", ["period"])
    op.create_index(op.f("ix_transactions_number_lot_no"), "transactions", ["number", "lot_no"])
    for name, columns, where in (
        ("resolves_kind", ["resolves", "kind"], "resolves IS NOT NULL"),
        ("one_settlement", ["number", "lot_no"], "kind = 'SETTLE'"),
        ("corrected_once", ["resolves"], "kind IN ('REVERSE','RESTATE')"),
    ):
        op.create_index(f"uq_transactions_{name}", "transactions", columns, unique=True, sqlite_where=sa.text(where))
    for statement in ledger_rules.append_only("sqlite", "transactions"):
        op.execute(statement)
