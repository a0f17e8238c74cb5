"""The table of factors proposed and released for use in accounts."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Table, Text

from optimizer.store.schema import metadata

factor_records = Table(
    "factor_records",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("proposal_id", Text, primary_key=True),
    Column("login", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("document", Text, nullable=False),
    CheckConstraint("kind IN ('PROPOSE','RELEASE')", name="kind_known"),
)
"""Factors proposed and released for use in accounts; the two must be different persons (``emissions.releases``)."""
