"""Ids of calculation runs in sorted levels on SQLite, as those of entries: the last index in random order is gone.

PostgreSQL keeps its primary key and leaves the table empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from optimizer.store.migrations import entry_rules, run_rules

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is no downgrade, because history is only added to."""
    op.create_table(
        "run_ids",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("run_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("level", "run_id", name=op.f("pk_run_ids")),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute("DROP TRIGGER transactions_may_enter")
    op.execute("PRAGMA legacy_alter_table = ON")
    op.execute("ALTER TABLE calculation_runs RENAME TO old_runs")
    op.create_table(
        "calculation_runs",
        *(
            sa.Column(name, kind, nullable=False, server_default=default)
            for name, kind, default in entry_rules.RUN_COLUMNS
        ),
    )
    names = ", ".join(name for name, _, _ in entry_rules.RUN_COLUMNS)
    op.execute(f"INSERT INTO calculation_runs ({names}) SELECT {names} FROM old_runs ORDER BY rowid")
    op.drop_table("old_runs")
    op.execute("PRAGMA legacy_alter_table = OFF")
    op.execute(run_rules.FILL)
    for statement in run_rules.statements():
        op.execute(statement)
