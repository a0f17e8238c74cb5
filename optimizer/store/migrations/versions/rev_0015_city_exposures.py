"""The error sources of everything that stands are kept as sums, beside the city's cells."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and begin both sums anew: they follow one cursor."""
    op.create_table(
        "city_exposures",
        sa.Column("uncertainty_version", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rel", sa.Text(), nullable=False),
        sa.Column("exposed_mg", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("uncertainty_version", "source_key", "kind", "rel", name=op.f("pk_city_exposures")),
        sqlite_with_rowid=False,
    )
    op.execute("DELETE FROM city_cells")
    op.execute("DELETE FROM city_cursor")
