"""SQLite refuses what is no whole number where grams, kilograms and other numbers of the books stand.

PostgreSQL, whose columns hold whole numbers alone, stays as it is.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

from optimizer.store.migrations import whole_rules

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is no downgrade, because history is only added to."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    named = "FROM sqlite_schema WHERE type = 'table' AND name = :table"
    for table in whole_rules.WHOLE:
        made = connection.execute(text(f"SELECT sql {named}"), {"table": table}).scalar_one()
        connection.execute(
            text("UPDATE sqlite_schema SET sql = :made WHERE type = 'table' AND name = :table"),
            {"table": table, "made": whole_rules.with_check(table, made)},
        )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
