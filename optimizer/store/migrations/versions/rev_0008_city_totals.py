"""Kept sums for the city's dashboard. They start empty: who reads or settles first folds the ledger into them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEYS = ("month", "enterprise", "county", "cargo", "corridor")
_AMOUNTS = (
    "lots",
    "mass_kg",
    "water_kgkm",
    "activity_kgkm",
    "baseline_g",
    "actual_g",
    "expected_g",
    "credited_g",
    "energy_saved_g",
    "cost_saved_fen",
)


def upgrade() -> None:
    """Derived tables, like balances: no trigger refuses a change, the audit compares them with the ledger."""
    op.create_table(
        "city_cells",
        *(sa.Column(name, sa.Text(), nullable=False) for name in _KEYS),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _AMOUNTS),
        sa.PrimaryKeyConstraint(*_KEYS, name=op.f("pk_city_cells")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "city_cursor",
        sa.Column("cursor_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.CheckConstraint("cursor_no = 1", name=op.f("ck_city_cursor_one_row")),
        sa.PrimaryKeyConstraint("cursor_no", name=op.f("pk_city_cursor")),
    )
