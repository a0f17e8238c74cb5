"""Run by Alembic: migrates over the connection that ``engine.open_store`` hands in."""

from __future__ import annotations

from alembic import context

from optimizer.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
