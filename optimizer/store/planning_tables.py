"""Tables of what is to be planned: submitted shipments, and plans being made in the background.

Shipments are append-only like the books: a change or a withdrawal is a new version. A run's row changes while it runs.
"""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from optimizer.store.schema import metadata

shipments = Table(
    "shipments",
    metadata,
    Column("shipment_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("shipper_id", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("submitted_by", Text, ForeignKey("users.user_id")),
    Column("submitted_at", Text, nullable=False),
    CheckConstraint("version >= 1", name="version_positive"),
    Index(None, "shipper_id"),
)
"""``submitted_by``: NULL where they came with a plan from a file that was accepted."""

returned_files = Table(
    "returned_files",
    metadata,
    Column("file_id", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("users.user_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("made_at", Text, nullable=False),
    Index(None, "made_at"),
)
"""Uploads sent back with their faults marked; forgotten after a day."""

plan_runs = Table(
    "plan_runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("users.user_id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("shipment_ids", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("begun_at", Text),
    Column("ended_at", Text),
    Column("progress", Text, nullable=False),
    Column("cancelled", Boolean, nullable=False),
    Column("document", Text),
    Column("failure", Text),
    Column("points", Integer),
    Column("frontier_id", Text),
    Column("offers", Text),
    CheckConstraint("state IN ('queued','running','done','failed')", name="state_known"),
    Index(None, "created_at"),
)
"""``points``: set where the run traces a frontier of so many plans; ``frontier_id``: on the plans of its points;
``offers``: carriers' sailings that it may take, as a list of records."""
