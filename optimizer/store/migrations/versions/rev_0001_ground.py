"""The first schema: parties, plans, waybills, events, accounts and the rules that keep them append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from optimizer.store.migrations import rules

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything; there is no downgrade, because history is only added to."""
    _parties_and_plans()
    _waybills()
    _events()
    _accounts()
    _transactions()
    _postings()
    op.bulk_insert(sa.table("zero", sa.column("value")), [{"value": 0}])
    for statement in rules.statements(op.get_bind().dialect.name):
        op.execute(statement)


def _parties_and_plans() -> None:
    """Who takes part, who may log in, what was planned."""
    op.create_table(
        "parties",
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_parties")),
        sa.UniqueConstraint("credit_code", name=op.f("uq_parties_credit_code")),
    )
    op.create_table(
        "users",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("display_name_zh", sa.Text(), nullable=False),
        sa.Column("display_name_en", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.party_id"], name=op.f("fk_users_party_id_parties")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_users")),
        sa.UniqueConstraint("login", name=op.f("uq_users_login")),
    )
    op.create_table(
        "plans",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_plans")),
    )


def _waybills() -> None:
    """The documents, with lots and legs as rows for searching."""
    op.create_table(
        "waybills",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("shipment_id", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.Text(), nullable=False),
        sa.Column("consignor_id", sa.Text(), nullable=False),
        sa.Column("consignee_id", sa.Text(), nullable=False),
        sa.Column("cargo_code", sa.Text(), nullable=False),
        sa.Column("declared_mass_kg", sa.BigInteger(), nullable=False),
        sa.Column("place_of_receipt", sa.Text(), nullable=False),
        sa.Column("place_of_delivery", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("declared_mass_kg > 0", name=op.f("ck_waybills_declared_mass_positive")),
        sa.CheckConstraint("length(number) <= 20", name=op.f("ck_waybills_number_length")),
        sa.ForeignKeyConstraint(["consignee_id"], ["parties.party_id"], name=op.f("fk_waybills_consignee_id_parties")),
        sa.ForeignKeyConstraint(["consignor_id"], ["parties.party_id"], name=op.f("fk_waybills_consignor_id_parties")),
        sa.ForeignKeyConstraint(["operator_id"], ["parties.party_id"], name=op.f("fk_waybills_operator_id_parties")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.plan_id"], name=op.f("fk_waybills_plan_id_plans")),
        sa.PrimaryKeyConstraint("number", "version", name=op.f("pk_waybills")),
    )
    op.create_index(op.f("ix_waybills_consignor_id"), "waybills", ["consignor_id"], unique=False)
    op.create_table(
        "waybill_lots",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lot_no", sa.Integer(), nullable=False),
        sa.Column("declared_mass_kg", sa.BigInteger(), nullable=False),
        sa.Column("port_of_loading", sa.Text(), nullable=False),
        sa.Column("port_of_discharge", sa.Text(), nullable=False),
        sa.CheckConstraint("declared_mass_kg > 0", name=op.f("ck_waybill_lots_declared_mass_positive")),
        sa.ForeignKeyConstraint(
            ["number", "version"],
            ["waybills.number", "waybills.version"],
            name=op.f("fk_waybill_lots_number_version_waybills"),
        ),
        sa.PrimaryKeyConstraint("number", "version", "lot_no", name=op.f("pk_waybill_lots")),
    )
    op.create_table(
        "waybill_legs",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lot_no", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("voyage_id", sa.Text(), nullable=False),
        sa.Column("vessel_id", sa.Text(), nullable=False),
        sa.Column("distance_km", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["number", "version", "lot_no"],
            ["waybill_lots.number", "waybill_lots.version", "waybill_lots.lot_no"],
            name=op.f("fk_waybill_legs_number_version_lot_no_waybill_lots"),
        ),
        sa.PrimaryKeyConstraint("number", "version", "lot_no", "seq", name=op.f("pk_waybill_legs")),
    )
    op.create_index(op.f("ix_waybill_legs_voyage_id"), "waybill_legs", ["voyage_id"], unique=False)


def _events() -> None:
    """Reports and the digests of their evidence."""
    op.create_table(
        "events",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("lot_no", sa.Integer(), nullable=True),
        sa.Column("leg_seq", sa.Integer(), nullable=True),
        sa.Column("classifier", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event_time", sa.Text(), nullable=False),
        sa.Column("record_time", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.Column("withdraws", sa.Text(), nullable=True),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["withdraws"], ["events.event_id"], name=op.f("fk_events_withdraws_events")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_events_event_id")),
        sa.UniqueConstraint("withdraws", name=op.f("uq_events_withdraws")),
    )
    op.create_index(op.f("ix_events_number"), "events", ["number"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_evidence_sha256_length")),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_evidence_event_id_events")),
        sa.PrimaryKeyConstraint("event_id", "sha256", name=op.f("pk_evidence")),
    )
    op.create_index(op.f("ix_evidence_sha256"), "evidence", ["sha256"], unique=False)


def _accounts() -> None:
    """Calculations, accounts and closed months."""
    op.create_table(
        "calculation_runs",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("lot_no", sa.Integer(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("inputs_sha256", sa.Text(), nullable=False),
        sa.Column("result_sha256", sa.Text(), nullable=False),
        sa.Column("factors_version", sa.Text(), nullable=False),
        sa.Column("network_version", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("run_at", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_calculation_runs")),
    )
    op.create_index(op.f("ix_calculation_runs_number"), "calculation_runs", ["number"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Text(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["parties.party_id"], name=op.f("fk_accounts_party_id_parties")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
    )
    op.create_table(
        "periods",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.Text(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_periods")),
    )


def _transactions() -> None:
    """The ledger's entries."""
    op.create_table(
        "transactions",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("lot_no", sa.Integer(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("resolves", sa.Text(), nullable=True),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("effective_at", sa.Text(), nullable=False),
        sa.Column("booked_at", sa.Text(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("kind <> 'SETTLE' OR run_id IS NOT NULL", name=op.f("ck_transactions_settlement_names_run")),
        sa.CheckConstraint(
            "kind IN ('ESTIMATE','POST','VOID','SETTLE','REVERSE','RESTATE','TRANSFER','RETIRE')",
            name=op.f("ck_transactions_kind_known"),
        ),
        sa.CheckConstraint("line_count >= 2", name=op.f("ck_transactions_two_lines")),
        sa.ForeignKeyConstraint(
            ["resolves"], ["transactions.transaction_id"], name=op.f("fk_transactions_resolves_transactions")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["calculation_runs.run_id"], name=op.f("fk_transactions_run_id_calculation_runs")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_transactions")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_transactions_transaction_id")),
    )
    op.create_index(op.f("ix_transactions_period"), "transactions", ["period"], unique=False)
    op.create_index(
        "uq_transactions_one_settlement",
        "transactions",
        ["number", "lot_no", "method"],
        unique=True,
        sqlite_where=sa.text("kind = 'SETTLE'"),
        postgresql_where=sa.text("kind = 'SETTLE'"),
    )
    op.create_index(
        "uq_transactions_resolved_once",
        "transactions",
        ["resolves", "kind"],
        unique=True,
        sqlite_where=sa.text("kind IN ('POST','VOID')"),
        postgresql_where=sa.text("kind IN ('POST','VOID')"),
    )


def _postings() -> None:
    """Lines of the ledger, and the sums that must be zero at COMMIT."""
    op.create_table(
        "postings",
        sa.Column("transaction_seq", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("bucket IN ('reserved','available','retired')", name=op.f("ck_postings_bucket_known")),
        sa.CheckConstraint(
            "ledger IN ('claim','attribution','activity','energy')", name=op.f("ck_postings_ledger_known")
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_postings_not_zero")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_postings_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["transaction_seq"], ["transactions.seq"], name=op.f("fk_postings_transaction_seq_transactions")
        ),
        sa.PrimaryKeyConstraint("transaction_seq", "line", name=op.f("pk_postings")),
    )
    op.create_index(
        op.f("ix_postings_account_id_transaction_seq"), "postings", ["account_id", "transaction_seq"], unique=False
    )
    op.create_table(
        "zero",
        sa.Column("value", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("value = 0", name=op.f("ck_zero_only_zero")),
        sa.PrimaryKeyConstraint("value", name=op.f("pk_zero")),
    )
    op.create_table(
        "transaction_sums",
        sa.Column("transaction_seq", sa.Integer(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["total"],
            ["zero.value"],
            name=op.f("fk_transaction_sums_total_zero"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["transaction_seq"], ["transactions.seq"], name=op.f("fk_transaction_sums_transaction_seq_transactions")
        ),
        sa.PrimaryKeyConstraint("transaction_seq", "ledger", name=op.f("pk_transaction_sums")),
    )
