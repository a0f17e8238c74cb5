"""What an amended waybill may change, and when: the database refuses the rest."""

from __future__ import annotations

from alembic import op

from optimizer.store.migrations import amendment_rules

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the rules; no waybill of an older revision has a second version."""
    for statement in amendment_rules.statements(op.get_bind().dialect.name):
        op.execute(statement)
