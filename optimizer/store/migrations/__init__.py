"""Alembic migrations; ``engine.open_store`` runs them, so the schema travels in the wheel."""
