"""The factor tables that accounts were settled with are kept, whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from optimizer.store.migrations import rules

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; what was settled before is kept with the next settlement under the same factors."""
    op.create_table(
        "factor_archive",
        sa.Column("factors_version", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("factors_version", name=op.f("pk_factor_archive")),
    )
    for statement in rules.append_only(op.get_bind().dialect.name, rules.FACTOR_ARCHIVE_APPEND_ONLY):
        op.execute(statement)
