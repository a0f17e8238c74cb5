"""How often all sessions of a user were ended: they stay ended when the user is let in again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sessions of before go on."""
    op.add_column("users", sa.Column("sessions_ended", sa.Integer(), server_default="0", nullable=False))
