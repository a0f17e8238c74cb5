"""The first level of ids goes into the second in sixteen slices, so that no batch takes much longer than the others."""

from __future__ import annotations

from alembic import op

from optimizer.store.migrations import slice_rules

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is no downgrade, because history is only added to. PostgreSQL has no such levels."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for name in slice_rules.DROPPED:
        op.execute(f"DROP TRIGGER {name}")
    for statement in slice_rules.statements():
        op.execute(statement)
