"""The Merkle tree over all records: keys, leaves, nodes and signed heads, append-only like the records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from optimizer.store.migrations import rules

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; what was recorded before is sealed by the next run of the sealer."""
    op.create_table(
        "tree_keys",
        sa.Column("key_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("verifier_key", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.Column("rotation", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key_no", name=op.f("pk_tree_keys")),
        sa.UniqueConstraint("verifier_key", name=op.f("uq_tree_keys_verifier_key")),
    )
    op.create_table(
        "tree_leaves",
        sa.Column("leaf_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_tree_leaves")),
        sa.UniqueConstraint("kind", "entry_id", name=op.f("uq_tree_leaves_kind_entry_id")),
    )
    op.create_table(
        "tree_nodes",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("node_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("node_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "node_index", name=op.f("pk_tree_nodes")),
    )
    op.create_table(
        "tree_heads",
        sa.Column("tree_size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.Text(), nullable=False),
        sa.Column("key_no", sa.Integer(), nullable=False),
        sa.Column("last_event_seq", sa.Integer(), nullable=False),
        sa.Column("last_transaction_seq", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["key_no"], ["tree_keys.key_no"], name=op.f("fk_tree_heads_key_no_tree_keys")),
        sa.PrimaryKeyConstraint("tree_size", name=op.f("pk_tree_heads")),
    )
    for statement in rules.append_only(op.get_bind().dialect.name, rules.TREE_APPEND_ONLY):
        op.execute(statement)
