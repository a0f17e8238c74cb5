"""Who proposed factors may withdraw them while they wait: a third kind of record, as networks have it."""

from __future__ import annotations

from alembic import op

from optimizer.store.migrations.table_text import replace_in_table

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

BEFORE, AFTER = "kind IN ('PROPOSE','RELEASE')", "kind IN ('PROPOSE','RELEASE','WITHDRAW')"


def upgrade() -> None:
    """There is no downgrade, because history is only added to."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        name = op.f("ck_factor_records_kind_known")
        op.drop_constraint(name, "factor_records", type_="check")
        op.create_check_constraint(name, "factor_records", AFTER)
        return
    replace_in_table(connection, "factor_records", f"CHECK ({BEFORE})", f"CHECK ({AFTER})")
