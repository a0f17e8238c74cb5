"""The checks of an entry's kind as plain comparisons: SQLite makes a table of the values of a longer ``IN`` for each
statement and looks into it for each row, which took a quarter of the time of a row. They say the same.

SQLite's own way to put another text of a check into a table whose rows stay as they are is ``writable_schema``; making
the table anew would copy the whole ledger. A text that is not found stays as it is. PostgreSQL stays as it is.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_KINDS = ("SETTLE", "POST", "VOID", "ESTIMATE", "TRANSFER", "RETIRE", "REVERSE", "RESTATE")
_CORRECTIONS = ("POST", "VOID", "REVERSE", "RESTATE")


def _one_of(kinds: tuple[str, ...]) -> str:
    return " OR ".join(f"kind = '{kind}'" for kind in kinds)


PLAIN = (
    (
        "CHECK (kind IN ('ESTIMATE','POST','VOID','SETTLE','REVERSE','RESTATE','TRANSFER','RETIRE'))",
        f"CHECK ({_one_of(_KINDS)})",
    ),
    (
        "CHECK ((resolves IS NOT NULL) = (kind IN ('POST','VOID','REVERSE','RESTATE')))",
        f"CHECK ((resolves IS NOT NULL) = ({_one_of(_CORRECTIONS)}))",
    ),
)
"""A check before and after; the commonest kinds come first."""


def upgrade() -> None:
    """There is no downgrade, because history is only added to."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    for before, after in PLAIN:
        connection.execute(
            text(
                "UPDATE sqlite_schema SET sql = replace(sql, :before, :after) "
                "WHERE type = 'table' AND name = 'transactions'"
            ),
            {"before": before, "after": after},
        )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
