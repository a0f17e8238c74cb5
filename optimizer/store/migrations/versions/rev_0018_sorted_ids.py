"""Ids in sorted levels, and pendings by number: a settlement changes as many pages in a large ledger as in a small one.

SQLite: ``entry_ids`` takes the place of the index on how ids begin. PostgreSQL keeps its unique index on ids and leaves
the table empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from optimizer.store.migrations import sorted_rules

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is no downgrade, because history is only added to. Foreign keys are off on SQLite while this runs."""
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        for name in sorted_rules.DROPPED:
            op.execute(f"DROP TRIGGER {name}")
    _pendings()
    op.create_table(
        "entry_ids",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id_start", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("level", "id_start", "seq", name=op.f("pk_entry_ids")),
        sqlite_with_rowid=False,
    )
    if dialect == "sqlite":
        op.execute(sorted_rules.FILL)
        op.execute("DROP INDEX ix_transactions_id")
    for statement in sorted_rules.statements(dialect):
        op.execute(statement)


def _pendings() -> None:
    op.execute(f"CREATE TEMPORARY TABLE old_pendings AS {sorted_rules.NUMBERED}")
    op.drop_table("pendings")
    op.create_table(
        "pendings",
        sa.Column("estimate_seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reserved_g", sa.BigInteger(), nullable=False),
        sa.Column("remaining_g", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["remaining_g"],
            ["zero.value"],
            name=op.f("fk_pendings_remaining_g_zero"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("estimate_seq", name=op.f("pk_pendings")),
    )
    op.execute(
        "INSERT INTO pendings (estimate_seq, reserved_g, remaining_g) "
        "SELECT estimate_seq, reserved_g, remaining_g FROM old_pendings ORDER BY estimate_seq"
    )
    op.execute("DROP TABLE old_pendings")
