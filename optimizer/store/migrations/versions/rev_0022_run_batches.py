"""Runs enter in batches, as entries do; levels of ids sink later; rows are asked after they are written.

PostgreSQL keeps the table of batches empty, as ``ledger_batch``.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from optimizer.store.migrations import batch_rules

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is no downgrade, because history is only added to."""
    op.create_table(
        "run_batch",
        sa.Column("first_run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("open_batch", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["open_batch"],
            ["zero.value"],
            name=op.f("fk_run_batch_open_batch_zero"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("first_run", name=op.f("pk_run_batch")),
    )
    if op.get_bind().dialect.name != "sqlite":
        return
    for name in batch_rules.DROPPED:
        op.execute(f"DROP TRIGGER {name}")
    for statement in batch_rules.statements():
        op.execute(statement)
