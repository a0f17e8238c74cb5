"""Tables as SQLAlchemy sees them. The migrations create them; a test compares the two.

Times are ISO 8601 text with the offset of China, so they sort and read the same in SQLite and PostgreSQL. Amounts are
64-bit integers. ``document`` columns hold canonical JSON (``waybills.codec``), the other columns are what is searched
or constrained. All tables but ``users`` and the bookkeeping of sums are append-only: triggers refuse UPDATE and DELETE.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

parties = Table(
    "parties",
    metadata,
    Column("party_id", Text, primary_key=True),
    Column("credit_code", Text, nullable=False, unique=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("display_name_zh", Text, nullable=False),
    Column("display_name_en", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("party_id", Text, ForeignKey("parties.party_id")),
    Column("password_hash", Text),
    Column("active", Boolean, nullable=False, server_default=true()),
)

plans = Table(
    "plans",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("document", Text, nullable=False),
    Column("accepted_at", Text, nullable=False),
)

waybills = Table(
    "waybills",
    metadata,
    Column("number", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("plan_id", Text, ForeignKey("plans.plan_id"), nullable=False),
    Column("shipment_id", Text, nullable=False),
    Column("operator_id", Text, ForeignKey("parties.party_id"), nullable=False),
    Column("consignor_id", Text, ForeignKey("parties.party_id"), nullable=False),
    Column("consignee_id", Text, ForeignKey("parties.party_id"), nullable=False),
    Column("cargo_code", Text, nullable=False),
    Column("declared_mass_kg", BigInteger, nullable=False),
    Column("place_of_receipt", Text, nullable=False),
    Column("place_of_delivery", Text, nullable=False),
    Column("issued_at", Text, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("document", Text, nullable=False),
    CheckConstraint("declared_mass_kg > 0", name="declared_mass_positive"),
    CheckConstraint("length(number) <= 20", name="number_length"),
    Index(None, "consignor_id"),
)

waybill_lots = Table(
    "waybill_lots",
    metadata,
    Column("number", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("lot_no", Integer, primary_key=True),
    Column("declared_mass_kg", BigInteger, nullable=False),
    Column("port_of_loading", Text, nullable=False),
    Column("port_of_discharge", Text, nullable=False),
    ForeignKeyConstraint(["number", "version"], ["waybills.number", "waybills.version"]),
    CheckConstraint("declared_mass_kg > 0", name="declared_mass_positive"),
)

waybill_legs = Table(
    "waybill_legs",
    metadata,
    Column("number", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("lot_no", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("mode", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("voyage_id", Text, nullable=False),
    Column("vessel_id", Text, nullable=False),
    Column("distance_km", Float, nullable=False),
    ForeignKeyConstraint(
        ["number", "version", "lot_no"],
        ["waybill_lots.number", "waybill_lots.version", "waybill_lots.lot_no"],
    ),
    Index(None, "voyage_id"),
)

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False, unique=True),
    Column("number", Text, nullable=False),
    Column("lot_no", Integer),
    Column("leg_seq", Integer),
    Column("classifier", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("event_time", Text, nullable=False),
    Column("record_time", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("withdraws", Text, ForeignKey("events.event_id"), unique=True),
    Column("content_sha256", Text, nullable=False),
    Column("document", Text, nullable=False),
    Index(None, "number"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("event_id", Text, ForeignKey("events.event_id"), primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    CheckConstraint("length(sha256) = 64", name="sha256_length"),
    Index(None, "sha256"),
)

calculation_runs = Table(
    "calculation_runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("lot_no", Integer, nullable=False),
    Column("method", Text, nullable=False),
    Column("inputs_sha256", Text, nullable=False),
    Column("result_sha256", Text, nullable=False),
    Column("factors_version", Text, nullable=False),
    Column("network_version", Text, nullable=False),
    Column("code_version", Text, nullable=False),
    Column("run_at", Text, nullable=False),
    Column("document", Text, nullable=False),
    Index(None, "number"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("party_id", Text, ForeignKey("parties.party_id")),
    Column("domain", Text, nullable=False),
    Column("opened_at", Text, nullable=False),
)

transactions = Table(
    "transactions",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("transaction_id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("lot_no", Integer, nullable=False),
    Column("method", Text, nullable=False),
    Column("run_id", Text, ForeignKey("calculation_runs.run_id")),
    Column("resolves", Text, ForeignKey("transactions.transaction_id")),
    Column("period", Text, nullable=False),
    Column("effective_at", Text, nullable=False),
    Column("booked_at", Text, nullable=False),
    Column("line_count", Integer, nullable=False),
    Column("content_sha256", Text, nullable=False),
    CheckConstraint(
        "kind IN ('ESTIMATE','POST','VOID','SETTLE','REVERSE','RESTATE','TRANSFER','RETIRE')", name="kind_known"
    ),
    CheckConstraint("line_count >= 2", name="two_lines"),
    CheckConstraint("kind <> 'SETTLE' OR run_id IS NOT NULL", name="settlement_names_run"),
    Index(None, "period"),
    Index(
        "uq_transactions_resolved_once",
        "resolves",
        "kind",
        unique=True,
        sqlite_where=text("kind IN ('POST','VOID')"),
        postgresql_where=text("kind IN ('POST','VOID')"),
    ),
    Index(
        "uq_transactions_one_settlement",
        "number",
        "lot_no",
        "method",
        unique=True,
        sqlite_where=text("kind = 'SETTLE'"),
        postgresql_where=text("kind = 'SETTLE'"),
    ),
)

postings = Table(
    "postings",
    metadata,
    Column("transaction_seq", Integer, ForeignKey("transactions.seq"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.account_id"), nullable=False),
    Column("ledger", Text, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    CheckConstraint("amount <> 0", name="not_zero"),
    CheckConstraint("ledger IN ('claim','attribution','activity','energy')", name="ledger_known"),
    CheckConstraint("bucket IN ('reserved','available','retired')", name="bucket_known"),
    Index(None, "account_id", "transaction_seq"),
)

zero = Table(
    "zero",
    metadata,
    Column("value", BigInteger, primary_key=True, autoincrement=False),
    CheckConstraint("value = 0", name="only_zero"),
)

transaction_sums = Table(
    "transaction_sums",
    metadata,
    Column("transaction_seq", Integer, ForeignKey("transactions.seq"), primary_key=True),
    Column("ledger", Text, primary_key=True),
    Column(
        "total",
        BigInteger,
        ForeignKey("zero.value", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
)
"""Running sums that must be zero at COMMIT: one row per ledger, and one named ``lines`` that starts at minus the number
of lines announced and gains one with each. A trigger keeps them; the deferred foreign key to the only row of ``zero``
refuses the COMMIT otherwise. So a posting can neither be missing nor be added later. SQLite only: PostgreSQL has a
deferred constraint trigger that adds up the postings themselves."""

periods = Table(
    "periods",
    metadata,
    Column("period", Text, primary_key=True),
    Column("closed_at", Text, nullable=False),
    Column("last_seq", Integer, nullable=False),
)

tree_keys = Table(
    "tree_keys",
    metadata,
    Column("key_no", Integer, primary_key=True, autoincrement=False),
    Column("verifier_key", Text, nullable=False, unique=True),
    Column("recorded_at", Text, nullable=False),
    Column("rotation", Text),
    Column("reason", Text),
)
"""Public keys of the log, oldest first. ``rotation``: the note by which the key before handed over; ``reason``: why
there is none (the key was lost). The first key has neither."""

tree_leaves = Table(
    "tree_leaves",
    metadata,
    Column("leaf_index", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    UniqueConstraint("kind", "entry_id"),
)
"""Which record stands at which leaf of the Merkle tree."""

tree_nodes = Table(
    "tree_nodes",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("node_index", Integer, primary_key=True, autoincrement=False),
    Column("node_hash", LargeBinary, nullable=False),
)
"""Complete subtrees above the leaves, at every fourth level (``merkle.STRIDE``)."""

tree_heads = Table(
    "tree_heads",
    metadata,
    Column("tree_size", Integer, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("sealed_at", Text, nullable=False),
    Column("key_no", Integer, ForeignKey("tree_keys.key_no"), nullable=False),
    Column("last_event_seq", Integer, nullable=False),
    Column("last_transaction_seq", Integer, nullable=False),
    Column("note", Text, nullable=False),
)
"""Signed tree heads, one for each sealed batch: ``note`` is the checkpoint as exported."""
