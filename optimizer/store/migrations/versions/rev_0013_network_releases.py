"""Networks come into force by two persons: who proposed and who released them, with their tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from optimizer.store.migrations import rules

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; there is no downgrade, because history is only added to."""
    op.create_table(
        "network_records",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("proposal_id", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("archive", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('PROPOSE','RELEASE')", name=op.f("ck_network_records_kind_known")),
        sa.PrimaryKeyConstraint("kind", "proposal_id", name=op.f("pk_network_records")),
    )
    for statement in rules.append_only(op.get_bind().dialect.name, rules.NETWORK_APPEND_ONLY):
        op.execute(statement)
