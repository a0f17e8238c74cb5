"""Tables as SQLAlchemy sees them. The migrations create them; a test compares the two.

Times are ISO 8601 text with the offset of China, so they sort and read the same in SQLite and PostgreSQL. Amounts are
64-bit integers. ``document`` columns hold canonical JSON (``waybills.codec``), the other columns are what is searched
or constrained. What a partial index is limited to stands in its ``info``: said to SQLAlchemy for a dialect, it would
load that dialect for every command.

A column of whole numbers takes anything on SQLite, so each table of the books has one more check there
(``migrations.whole_rules``); PostgreSQL has the types.

All tables but ``users``, what triggers keep (``balances``, ``pendings``, ``entry_ids``, ``run_ids``), the outbox,
``ledger_batch`` and ``run_batch`` are append-only: triggers refuse UPDATE and DELETE.
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
    true,
)

from optimizer.store.packed import PackedText

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
    Column("sessions_ended", Integer, nullable=False, server_default="0"),
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
    Column("voyage_id", Text, nullable=False, server_default=""),
    Column("vessel_id", Text, nullable=False, server_default=""),
    Column("location_id", Text, nullable=False, server_default=""),
    Column("mass_kg", BigInteger),
    Index(None, "number"),
    Index(None, "voyage_id"),
    Index(None, "vessel_id", "location_id", "event_time"),
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
    Column("document", PackedText, nullable=False),
    Column("mass_kg", BigInteger, nullable=False, server_default="0"),
    Column("baseline_wtw_g", BigInteger, nullable=False, server_default="0"),
    Column("actual_wtw_g", BigInteger, nullable=False, server_default="0"),
    Column("expected_wtw_g", BigInteger, nullable=False, server_default="0"),
    Column("credited_wtw_g", BigInteger, nullable=False, server_default="0"),
    Column("energy_saved_g", BigInteger, nullable=False, server_default="0"),
    Column("tier", Text, nullable=False, server_default=""),
    Column("activity", Text, nullable=False, server_default="{}"),
)
"""SQLite has ``batch_tables.run_ids`` in place of the primary key. The columns after ``document`` repeat what
statements and audits read of its result: kg, g CO2e, g coal equivalent, and kg·km by mode as JSON."""

evidence_files = Table(
    "evidence_files",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("added_at", Text, nullable=False),
    CheckConstraint("length(sha256) = 64", name="sha256_length"),
    CheckConstraint("size_bytes > 0", name="not_empty"),
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
    Column("run_id", Text),
    Column("resolves", Text),
    Column("period", Text, nullable=False),
    Column("effective_at", Text, nullable=False),
    Column("booked_at", Text, nullable=False),
    Column("memo", Text, nullable=False),
    Column("line_count", Integer, nullable=False),
    Column("content_sha256", Text, nullable=False),
    CheckConstraint(
        "kind IN ('ESTIMATE','POST','VOID','SETTLE','REVERSE','RESTATE','TRANSFER','RETIRE')", name="kind_known"
    ),
    CheckConstraint("line_count >= 1", name="has_lines"),
    CheckConstraint("kind NOT IN ('SETTLE','RESTATE') OR run_id IS NOT NULL", name="settlement_names_run"),
    CheckConstraint(
        "(resolves IS NOT NULL) = (kind IN ('POST','VOID','REVERSE','RESTATE'))", name="correction_names_original"
    ),
    Index(None, "number", "lot_no"),
    Index(
        "uq_transactions_resolves_kind",
        "resolves",
        "kind",
        unique=True,
        info={"where": "resolves IS NOT NULL"},
    ),
    Index(
        "uq_transactions_one_settlement",
        "number",
        "lot_no",
        unique=True,
        info={"where": "kind = 'SETTLE'"},
    ),
    Index(
        "uq_transactions_corrected_once",
        "resolves",
        unique=True,
        info={"where": "kind IN ('REVERSE','RESTATE')"},
    ),
)
"""Triggers hold that the run and the original exist, and that all lines announced are there; a foreign key and the
index it needs would cost more on every entry than the rest of the row (``migrations.line_rules``). On SQLite, where one
writes at a time, the close of a batch holds what is unique too: within a lot by the index on lots, ids by
``entry_ids`` (``migrations.close_rules``)."""

POSTGRESQL_ONLY = frozenset(
    {
        "uq_transactions_transaction_id",
        "uq_transactions_resolves_kind",
        "uq_transactions_one_settlement",
        "uq_transactions_corrected_once",
    }
)
"""Indexes that SQLite does without: each is one more place in random order to write at every entry. In place of the
first it has ``batch_tables.entry_ids``."""

postings = Table(
    "postings",
    MetaData(),
    Column("transaction_seq", Integer, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("ledger", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("counter_account_id", Text, nullable=False),
    Column("counter_bucket", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
)
"""A view of ``line_tables.posting_lines`` with names instead of numbers: what is sealed, and what most readers read.
Look for an account in the lines themselves, by its number; the view has no index on names."""

balances = Table(
    "balances",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("ledger", Text, primary_key=True),
    Column("bucket", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""The fold of all postings, kept by trigger; a claim of a party below zero is refused."""

zero = Table(
    "zero",
    metadata,
    Column("value", BigInteger, primary_key=True, autoincrement=False),
    CheckConstraint("value = 0", name="only_zero"),
)

pendings = Table(
    "pendings",
    metadata,
    Column("estimate_seq", Integer, primary_key=True, autoincrement=False),
    Column("reserved_g", BigInteger, nullable=False),
    Column("remaining_g", BigInteger, ForeignKey("zero.value", deferrable=True, initially="DEFERRED")),
)
"""What each ESTIMATE reserved, by its number in the ledger: what is dispatched together lies together. ``remaining_g``
is NULL until a POST or VOID touches it; from then on it must be zero at COMMIT: posted + voided = reserved. Kept by
trigger."""

settlement_jobs = Table(
    "settlement_jobs",
    metadata,
    Column("number", Text, primary_key=True),
    Column("lot_no", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("delivered_at", Text, nullable=False),
    Column("waits_for", Text, nullable=False),
    Column("reason", Text, nullable=False),
    CheckConstraint("state IN ('ready','held','failed')", name="state_known"),
    Index(None, "state", "delivered_at", "number", "lot_no"),
    Index(None, "waits_for"),
)
"""The outbox: lots to settle. Written with the event that completes the evidence, deleted with the settlement. ``held``
waits for a person or for events of another waybill (``waits_for``); ``failed`` says why in ``reason``."""

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
