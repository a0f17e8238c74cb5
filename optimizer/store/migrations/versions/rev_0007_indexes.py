"""Indexes for the columns that point at other rows.

SQLite looks for the children of every row that enters a table with triggers; without an index it reads the whole ledger
for each entry, and appending slows down as the ledger grows.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rows without a value need no entry."""
    for column in ("resolves", "run_id"):
        present = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            op.f(f"ix_transactions_{column}"),
            "transactions",
            [column],
            sqlite_where=present,
            postgresql_where=present,
        )
