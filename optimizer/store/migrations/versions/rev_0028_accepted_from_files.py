"""Shipments that were accepted with a plan from a file are listed too: no user of the database submitted them."""

from __future__ import annotations

from alembic import op

from optimizer.store.migrations.table_text import replace_in_table

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is no downgrade, because history is only added to."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        replace_in_table(connection, "shipments", "submitted_by TEXT NOT NULL", "submitted_by TEXT")
    else:
        op.alter_column("shipments", "submitted_by", nullable=True)
