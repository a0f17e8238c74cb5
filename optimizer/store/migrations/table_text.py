"""SQLite's own way to change a rule of a table whose rows stay as they are. Used by migrations only.

Making the table anew would copy its rows, and lose its triggers on the way.
"""

from __future__ import annotations

from sqlalchemy import Connection, text


def replace_in_table(connection: Connection, table: str, before: str, after: str) -> None:
    """Put ``after`` for ``before`` into the text that made a table. One that is not found stays as it is. What rows
    there are must keep the new rule: nothing is checked."""
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.execute(
        text("UPDATE sqlite_schema SET sql = replace(sql, :before, :after) WHERE type = 'table' AND name = :name"),
        {"before": before, "after": after, "name": table},
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
