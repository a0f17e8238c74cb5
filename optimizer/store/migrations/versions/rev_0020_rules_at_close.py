"""Entries are held to the rules of the ledger by the batch: SQLite asks once of all of them what it asked of each.

PostgreSQL, whose checks run for each row inside the server's own language, stays as it is.
"""

from __future__ import annotations

from alembic import op

from optimizer.store.migrations import close_rules

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is no downgrade, because history is only added to."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for name in close_rules.DROPPED:
        op.execute(f"DROP TRIGGER {name}")
    for statement in close_rules.statements():
        op.execute(statement)
