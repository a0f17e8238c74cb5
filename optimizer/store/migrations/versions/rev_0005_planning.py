"""What is to be planned: submitted shipments and plans made in the background."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from optimizer.store.migrations import rules

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; there is no downgrade, because history is only added to."""
    op.create_table(
        "shipments",
        sa.Column("shipment_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("shipper_id", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("submitted_by", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.Text(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_shipments_version_positive")),
        sa.ForeignKeyConstraint(["submitted_by"], ["users.user_id"], name=op.f("fk_shipments_submitted_by_users")),
        sa.PrimaryKeyConstraint("shipment_id", "version", name=op.f("pk_shipments")),
    )
    op.create_index(op.f("ix_shipments_shipper_id"), "shipments", ["shipper_id"])
    op.create_table(
        "plan_runs",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("shipment_ids", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('queued','running','done','failed')", name=op.f("ck_plan_runs_state_known")),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_plan_runs_user_id_users")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_plan_runs")),
    )
    op.create_index(op.f("ix_plan_runs_created_at"), "plan_runs", ["created_at"])
    op.create_table(
        "returned_files",
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_returned_files_user_id_users")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_returned_files")),
    )
    op.create_index(op.f("ix_returned_files_made_at"), "returned_files", ["made_at"])
    for statement in rules.append_only(op.get_bind().dialect.name, rules.PLANNING_APPEND_ONLY):
        op.execute(statement)
