"""Carriers' sailings that a plan in the background may take."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs made before had none."""
    op.add_column("plan_runs", sa.Column("offers", sa.Text(), nullable=True))
