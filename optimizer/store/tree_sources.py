"""Which records are sealed: every append-only table, as a record of its own or as a part of one.

A test holds that no table is left out unsaid. Records are read column by column as the schema has them, so a new kind
of transaction or a new column needs nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Table

from optimizer.store import factor_tables, line_tables, network_tables, schema


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that belong to a record: ``link`` pairs columns of the record's row with columns of these. ``stored``: the
    table itself where ``table`` is a view of it."""

    name: str
    table: Table
    link: tuple[tuple[str, str], ...]
    stored: Table | None = None

    @property
    def rows_in(self) -> Table:
        """The table that holds the rows."""
        return self.table if self.stored is None else self.stored


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of sealed record. ``key``: the columns of its id. ``numbered``: it has a gapless ``seq``."""

    kind: str
    table: Table
    key: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    numbered: bool = False


HEAD = "head"
"""A head is sealed by the batch after it, so that none can be taken out of the row of heads. It is no reason for a
batch of its own, or there would always be one more."""

_WAYBILL = (("number", "number"), ("version", "version"))

SOURCES: tuple[Source, ...] = (
    Source("key", schema.tree_keys, ("key_no",)),
    Source(HEAD, schema.tree_heads, ("tree_size",)),
    Source("party", schema.parties, ("party_id",)),
    Source("factors", factor_tables.factor_records, ("kind", "proposal_id")),
    Source("network", network_tables.network_records, ("kind", "proposal_id")),
    Source("factor_table", factor_tables.factor_archive, ("factors_version",)),
    Source("plan", schema.plans, ("plan_id",)),
    Source("account", schema.accounts, ("account_id",)),
    Source(
        "waybill",
        schema.waybills,
        ("number", "version"),
        (Part("lots", schema.waybill_lots, _WAYBILL), Part("legs", schema.waybill_legs, _WAYBILL)),
    ),
    Source(
        "event",
        schema.events,
        ("event_id",),
        (Part("evidence", schema.evidence, (("event_id", "event_id"),)),),
        numbered=True,
    ),
    Source("run", schema.calculation_runs, ("run_id",)),
    Source(
        "transaction",
        schema.transactions,
        ("transaction_id",),
        (Part("postings", schema.postings, (("seq", "transaction_seq"),), line_tables.posting_lines),),
        numbered=True,
    ),
    Source("period", schema.periods, ("period",)),
    Source("evidence_file", schema.evidence_files, ("sha256",)),
)
"""In the order in which a batch is sealed: what a record names comes before it."""

NOT_SEALED = frozenset(
    {
        *(
            "users",
            "zero",
            "balances",
            "pendings",
            "ledger_batch",
            "run_batch",
            "settlement_jobs",
            "tree_leaves",
            "tree_nodes",
        ),
        *("api_tokens", "account_grants", "idempotency_keys", "security_events"),
        *("shipments", "plan_runs", "returned_files"),
        *("city_cells", "city_exposures", "city_cursor", "webhooks", "account_numbers", "entry_ids", "run_ids"),
    }
)
"""Log-ins change; sums are derived and kept by the database; work that waits is not history; the tree is checked
against its signed heads; the number of an account shows as its name in the leaf of every posting, ids in the leaves
of entries and runs."""

BY_KIND = {source.kind: source for source in SOURCES}

KINDS = tuple(BY_KIND)
"""The kinds of sealed records."""
