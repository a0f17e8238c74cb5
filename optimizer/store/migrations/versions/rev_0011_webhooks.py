"""Webhooks: addresses that are told what is new. Not part of the books."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An ordinary table: owners remove their addresses again."""
    op.create_table(
        "webhooks",
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("url", "topics", "secret", "created_at")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("event_seq", "entry_seq")),
        sa.Column("next_try_at", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_webhooks")),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_webhooks_user_id_users")),
    )
    op.create_index(op.f("ix_webhooks_user_id"), "webhooks", ["user_id"])
    op.create_index(op.f("ix_webhooks_next_try_at"), "webhooks", ["next_try_at"])
