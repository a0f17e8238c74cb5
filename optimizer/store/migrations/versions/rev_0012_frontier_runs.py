"""Frontiers in the background: a run may trace several plans, each of which is a run of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs made before are plans."""
    op.add_column("plan_runs", sa.Column("points", sa.Integer(), nullable=True))
    op.add_column("plan_runs", sa.Column("frontier_id", sa.Text(), nullable=True))
