"""Postings become pairs, balances are kept by the database, and work to settle waits in an outbox.

Populated databases keep every row: two lines that belong together become one, digests stay as they are (they never
covered the layout), balances and pendings are folded from the postings, runs and events get columns from their own
documents, and delivered lots without a settlement get a job.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from optimizer.errors import InputError, Message
from optimizer.store.migrations import ledger_rules

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_RUN_COLUMNS = ("mass_kg", "baseline_wtw_g", "actual_wtw_g", "expected_wtw_g", "credited_wtw_g", "energy_saved_g")


def upgrade() -> None:
    """There is no downgrade, because history is only added to. Foreign keys are off on SQLite while this runs."""
    dialect = op.get_bind().dialect.name
    _refuse_sealed()
    for table in ("events", "calculation_runs"):
        _allow_updates(dialect, table)
    _widen_events()
    _widen_runs()
    _rebuild_ledger(dialect)
    _new_tables()
    _refill(dialect)
    if dialect == "sqlite":
        op.execute("DROP TRIGGER periods_in_order")
    for statement in ledger_rules.statements(dialect):
        op.execute(statement)
    for table in ("events", "calculation_runs", "transactions", "postings", "evidence_files"):
        for statement in ledger_rules.append_only(dialect, table):
            op.execute(statement)
    if dialect == "sqlite":
        op.execute(ledger_rules.no_replace("evidence_files", "sha256"))


def _refuse_sealed() -> None:
    """Leaves are made of stored rows; a tree sealed over the old rows would no longer fit. Such a database can only be
    one that a developer made between two revisions, before any release."""
    if op.get_bind().execute(sa.text("SELECT COUNT(*) FROM tree_heads")).scalar():
        raise InputError(
            Message(
                "此数据库由未发布的开发版本封存，不能升级；请用新库重新开始。",
                "This database was sealed by an unreleased development version and cannot be upgraded; start anew.",
            )
        )


def _allow_updates(dialect: str, table: str) -> None:
    if dialect == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{verb}")
    else:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")


def _field(path: Sequence[str]) -> str:
    """SQL for a text field of the JSON in ``document``."""
    if op.get_bind().dialect.name == "sqlite":
        return f"json_extract(document, '$.{'.'.join(path)}')"
    return f"(document::json #>> '{{{','.join(path)}}}')"


def _widen_events() -> None:
    """What the neighbourhood of a lot is searched by."""
    for column in ("voyage_id", "vessel_id", "location_id"):
        op.add_column("events", sa.Column(column, sa.Text(), nullable=False, server_default=""))
    op.add_column("events", sa.Column("mass_kg", sa.BigInteger(), nullable=True))
    op.execute(
        f"UPDATE events SET voyage_id = {_field(['voyage_id'])}, vessel_id = {_field(['vessel_id'])}, "
        f"location_id = {_field(['location_id'])}, mass_kg = CAST({_field(['mass_kg'])} AS BIGINT)"
    )
    op.create_index(op.f("ix_events_voyage_id"), "events", ["voyage_id"])
    op.create_index(
        op.f("ix_events_vessel_id_location_id_event_time"), "events", ["vessel_id", "location_id", "event_time"]
    )


def _widen_runs() -> None:
    """What statements and audits read of a run without opening its document."""
    for column in _RUN_COLUMNS:
        op.add_column("calculation_runs", sa.Column(column, sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("calculation_runs", sa.Column("tier", sa.Text(), nullable=False, server_default=""))
    op.add_column("calculation_runs", sa.Column("activity", sa.Text(), nullable=False, server_default="{}"))
    numbers = ", ".join(f"{name} = CAST({_field(['result', name])} AS BIGINT)" for name in _RUN_COLUMNS)
    op.execute(
        f"UPDATE calculation_runs SET {numbers}, tier = {_field(['result', 'tier'])}, "
        f"activity = {_field(['result', 'activity_kgkm'])}"
    )


def _rebuild_ledger(dialect: str) -> None:
    op.execute("CREATE TEMPORARY TABLE old_transactions AS SELECT * FROM transactions")
    op.execute("CREATE TEMPORARY TABLE old_postings AS SELECT * FROM postings")
    if dialect == "sqlite":
        op.execute("DROP TRIGGER transactions_announce_lines")
    op.drop_table("transaction_sums")
    op.drop_table("postings")
    op.drop_table("transactions")
    if dialect == "postgresql":
        op.execute("DROP FUNCTION transaction_must_balance()")
    _transactions(dialect)
    _postings()
    op.execute(
        "INSERT INTO transactions (seq, transaction_id, kind, number, lot_no, method, run_id, resolves, period, "
        "effective_at, booked_at, memo, line_count, content_sha256) "
        "SELECT seq, transaction_id, kind, number, lot_no, method, run_id, resolves, period, effective_at, booked_at, "
        "'', line_count / 2, content_sha256 FROM old_transactions ORDER BY seq"
    )
    op.execute(
        "INSERT INTO postings (transaction_seq, line, ledger, part, account_id, bucket, counter_account_id, "
        "counter_bucket, amount) SELECT a.transaction_seq, (a.line + 1) / 2, a.ledger, a.part, a.account_id, a.bucket, "
        "b.account_id, b.bucket, a.amount FROM old_postings AS a JOIN old_postings AS b "
        "ON b.transaction_seq = a.transaction_seq AND b.line = a.line + 1 WHERE a.line % 2 = 1 "
        "ORDER BY a.transaction_seq, a.line"
    )
    if dialect == "postgresql":
        op.create_foreign_key(
            _LAST_LINE,
            "transactions",
            "postings",
            ["seq", "line_count"],
            ["transaction_seq", "line"],
            initially="DEFERRED",
            deferrable=True,
        )
    op.execute("DROP TABLE old_transactions")
    op.execute("DROP TABLE old_postings")


_LAST_LINE = "fk_transactions_seq_line_count_postings"


def _transactions(dialect: str) -> None:
    # SQLite takes the rule with the table, PostgreSQL only once the other table is there.
    last_line = sa.ForeignKeyConstraint(
        ["seq", "line_count"],
        ["postings.transaction_seq", "postings.line"],
        name=_LAST_LINE,
        initially="DEFERRED",
        deferrable=True,
    )
    op.create_table(
        "transactions",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("lot_no", sa.Integer(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("resolves", sa.Text(), nullable=True),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("effective_at", sa.Text(), nullable=False),
        sa.Column("booked_at", sa.Text(), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["resolves"], ["transactions.transaction_id"], name=op.f("fk_transactions_resolves_transactions")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["calculation_runs.run_id"], name=op.f("fk_transactions_run_id_calculation_runs")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_transactions")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_transactions_transaction_id")),
        *([last_line] if dialect == "sqlite" else []),
    )
    op.create_index(op.f("ix_transactions_period"), "transactions", ["period"])
    op.create_index(op.f("ix_transactions_number_lot_no"), "transactions", ["number", "lot_no"])
    _partial_unique("uq_transactions_one_settlement", ["number", "lot_no"], "kind = 'SETTLE'")
    _partial_unique("uq_transactions_resolved_once", ["resolves", "kind"], "kind IN ('POST','VOID')")
    _partial_unique("uq_transactions_corrected_once", ["resolves"], "kind IN ('REVERSE','RESTATE')")


def _partial_unique(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "transactions", columns, unique=True, sqlite_where=condition, postgresql_where=condition)


def _postings() -> None:
    op.create_table(
        "postings",
        sa.Column("transaction_seq", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("counter_account_id", sa.Text(), nullable=False),
        sa.Column("counter_bucket", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "bucket IN ('reserved','available','retired') AND counter_bucket IN ('reserved','available','retired')",
            name=op.f("ck_postings_bucket_known"),
        ),
        sa.CheckConstraint(
            "ledger IN ('claim','attribution','activity','energy')", name=op.f("ck_postings_ledger_known")
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_postings_not_zero")),
        sa.CheckConstraint(
            "account_id <> counter_account_id OR bucket <> counter_bucket", name=op.f("ck_postings_two_places")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_postings_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["counter_account_id"], ["accounts.account_id"], name=op.f("fk_postings_counter_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_seq"], ["transactions.seq"], name=op.f("fk_postings_transaction_seq_transactions")
        ),
        sa.PrimaryKeyConstraint("transaction_seq", "line", name=op.f("pk_postings")),
        sqlite_with_rowid=False,
    )
    for column in ("account_id", "counter_account_id"):
        op.create_index(op.f(f"ix_postings_{column}_transaction_seq"), "postings", [column, "transaction_seq"])


def _new_tables() -> None:
    op.create_table(
        "balances",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "ledger", "bucket", "part", name=op.f("pk_balances")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pendings",
        sa.Column("estimate_id", sa.Text(), nullable=False),
        sa.Column("reserved_g", sa.BigInteger(), nullable=False),
        sa.Column("remaining_g", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["remaining_g"],
            ["zero.value"],
            name=op.f("fk_pendings_remaining_g_zero"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("estimate_id", name=op.f("pk_pendings")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "settlement_jobs",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("lot_no", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("delivered_at", sa.Text(), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('ready','held','failed')", name=op.f("ck_settlement_jobs_state_known")),
        sa.PrimaryKeyConstraint("number", "lot_no", name=op.f("pk_settlement_jobs")),
    )
    op.create_index(
        op.f("ix_settlement_jobs_state_delivered_at_number_lot_no"),
        "settlement_jobs",
        ["state", "delivered_at", "number", "lot_no"],
    )
    op.create_index(op.f("ix_settlement_jobs_waits_for"), "settlement_jobs", ["waits_for"])
    op.create_table(
        "evidence_files",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.Text(), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_evidence_files_sha256_length")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_evidence_files_not_empty")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_evidence_files")),
    )


def _refill(dialect: str) -> None:
    """Balances and pendings as the postings make them, and a job for what is delivered and not settled."""
    op.execute(
        "INSERT INTO balances (account_id, ledger, bucket, part, amount) "
        "SELECT account_id, ledger, bucket, part, SUM(amount) FROM ("
        "SELECT account_id, ledger, bucket, part, amount FROM postings UNION ALL "
        "SELECT counter_account_id, ledger, counter_bucket, part, -amount FROM postings) AS moves "
        "GROUP BY account_id, ledger, bucket, part"
    )
    op.execute(
        "INSERT INTO pendings (estimate_id, reserved_g, remaining_g) SELECT t.transaction_id, SUM(p.amount), "
        "CASE WHEN EXISTS (SELECT 1 FROM transactions AS r WHERE r.resolves = t.transaction_id) THEN 0 END "
        "FROM transactions AS t JOIN postings AS p ON p.transaction_seq = t.seq "
        "WHERE t.kind = 'ESTIMATE' GROUP BY t.transaction_id"
    )
    op.execute(
        "INSERT INTO settlement_jobs (number, lot_no, state, delivered_at, waits_for, reason) "
        "SELECT e.number, e.lot_no, 'ready', MAX(e.event_time), '', '' FROM events AS e "
        "WHERE e.event_type = 'DLV' AND e.classifier = 'ACT' AND NOT EXISTS (SELECT 1 FROM transactions AS t "
        "WHERE t.number = e.number AND t.lot_no = e.lot_no AND t.kind = 'SETTLE') GROUP BY e.number, e.lot_no"
    )
    if dialect == "postgresql":
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")
