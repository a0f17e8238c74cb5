"""The tables of factors proposed, released and withdrawn, and of those that accounts were settled with."""

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
    CheckConstraint("kind IN ('PROPOSE','RELEASE','WITHDRAW')", name="kind_known"),
)
"""Factors proposed and released for use in accounts by two different persons, or withdrawn by the first
(``emissions.releases``)."""

factor_archive = Table(
    "factor_archive",
    metadata,
    Column("factors_version", Text, primary_key=True),
    Column("kept_at", Text, nullable=False),
    Column("document", Text, nullable=False),
)
"""Every factor table that a calculation run was made with, whole, so that its sheet can be made for ever."""
