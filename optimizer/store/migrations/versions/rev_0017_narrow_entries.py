"""Fewer indexes in random order, and runs packed: a settlement writes a third fewer bytes, and costs about the same in
a large ledger as in a small one.

SQLite: ``transactions`` keeps an index on lots and one on the first characters of ids. What four other indexes held,
the trigger that lets entries in holds by these two: one writer at a time makes that as good as an index. The index on
months had nobody who needed it. PostgreSQL, where several write, keeps its unique indexes.

``calculation_runs.document`` becomes binary (see ``store.packed``); PostgreSQL's old rows stay as plain text inside,
which reads the same.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from optimizer.store.migrations import entry_rules, rules
from optimizer.store.migrations import ledger_rules as ledger
from optimizer.store.packed import packed

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is no downgrade, because history is only added to. Foreign keys are off on SQLite while this runs."""
    if op.get_bind().dialect.name == "sqlite":
        _entries_on_sqlite()
        _runs_on_sqlite()
        return
    op.drop_index("ix_transactions_period", "transactions")
    op.execute("ALTER TABLE calculation_runs ALTER COLUMN document TYPE bytea USING convert_to(document, 'UTF8')")


def _entries_on_sqlite() -> None:
    columns = entry_rules.ENTRY_COLUMNS
    op.execute("CREATE TEMPORARY TABLE old_transactions AS SELECT * FROM transactions")
    op.drop_table("transactions")
    op.create_table(
        "transactions",
        *(
            sa.Column(
                name,
                sa.Integer() if name in ("seq", "lot_no", "line_count") else sa.Text(),
                nullable=name in ("run_id", "resolves"),
            )
            for name in columns
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
    )
    names = ", ".join(columns)
    op.execute(f"INSERT INTO transactions ({names}) SELECT {names} FROM old_transactions ORDER BY seq")
    op.execute("DROP TABLE old_transactions")
    op.create_index(op.f("ix_transactions_number_lot_no"), "transactions", ["number", "lot_no"])
    op.execute("CREATE INDEX ix_transactions_id ON transactions (substr(transaction_id, 1, 8))")
    for statement in (entry_rules.may_enter(ids_by_index=True), *ledger.append_only("sqlite", "transactions")):
        op.execute(statement)


def _runs_on_sqlite() -> None:
    """The table is made anew beside the old one; triggers that name it are told nothing."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.create_function("packed_text", 1, packed, deterministic=True)
    op.execute("PRAGMA legacy_alter_table = ON")
    op.execute("ALTER TABLE calculation_runs RENAME TO old_runs")
    op.create_table(
        "calculation_runs",
        *(
            sa.Column(name, kind, nullable=False, server_default=default)
            for name, kind, default in entry_rules.RUN_COLUMNS
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_calculation_runs")),
    )
    names = ", ".join(name for name, _, _ in entry_rules.RUN_COLUMNS)
    values = names.replace("document", "packed_text(document)")
    op.execute(f"INSERT INTO calculation_runs ({names}) SELECT {values} FROM old_runs ORDER BY rowid")
    op.drop_table("old_runs")
    op.execute("PRAGMA legacy_alter_table = OFF")
    for statement in rules.append_only("sqlite", {"calculation_runs": rules.APPEND_ONLY["calculation_runs"]}):
        op.execute(statement)
