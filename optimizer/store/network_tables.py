"""The table of networks proposed, released and withdrawn."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Table, Text

from optimizer.store.schema import metadata

network_records = Table(
    "network_records",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("proposal_id", Text, primary_key=True),
    Column("login", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("archive", Text, nullable=False),
    CheckConstraint("kind IN ('PROPOSE','RELEASE','WITHDRAW')", name="kind_known"),
)
"""Networks proposed and released by two persons, or withdrawn by the first (``network.releases``). ``archive``: the
proposed tables, a ZIP in base64; empty in a release and in a withdrawal."""
