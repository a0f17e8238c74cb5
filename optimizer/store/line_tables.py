"""Tables of postings as they are stored: ledgers, buckets and accounts by small numbers.

A settlement appends some eight lines, so their width decides what it costs: with names in place of numbers, an index on
both accounts and triggers for each row, lines took most of the time of a settlement.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
)

from optimizer.store.schema import metadata

account_numbers = Table(
    "account_numbers",
    metadata,
    Column("account_no", Integer, primary_key=True, autoincrement=False),
    Column("account_id", Text, ForeignKey("accounts.account_id"), nullable=False, unique=True),
    CheckConstraint(
        "account_no <> 0 AND (account_no < 0) = (substr(account_id, 1, 9) = 'issuance.')", name="issuance_below_zero"
    ),
)
"""Given by trigger with each account. Issuance accounts are numbered below zero: a rule for claims of parties, and an
index without issuance, need no look at the name."""

posting_lines = Table(
    "posting_lines",
    metadata,
    Column("transaction_seq", Integer, ForeignKey("transactions.seq"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("ledger", SmallInteger, nullable=False),
    Column("part", Text, nullable=False),
    Column("account_no", Integer, ForeignKey("account_numbers.account_no"), nullable=False),
    Column("bucket", SmallInteger, nullable=False),
    Column("counter_account_no", Integer, ForeignKey("account_numbers.account_no"), nullable=False),
    Column("counter_bucket", SmallInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    CheckConstraint("line >= 1", name="line_positive"),
    CheckConstraint("amount <> 0", name="not_zero"),
    CheckConstraint("ledger BETWEEN 1 AND 4", name="ledger_known"),
    CheckConstraint("bucket BETWEEN 1 AND 3 AND counter_bucket BETWEEN 1 AND 3", name="bucket_known"),
    CheckConstraint("account_no <> counter_account_no OR bucket <> counter_bucket", name="two_places"),
    Index(None, "account_no", "transaction_seq"),
    Index(
        None,
        "counter_account_no",
        "transaction_seq",
        info={"where": "counter_account_no > 0"},
    ),
    sqlite_with_rowid=False,
)
"""One row moves an amount inside one ledger: the account gains what its counter account gives. A row is both sides of
the entry, so every transaction balances by its shape (invariant 1). Ledger: 1 claim, 2 attribution, 3 activity, 4
energy; bucket: 1 reserved, 2 available, 3 retired. Nearly every counter account is an issuance account, and who reads
one of those reads the ledger: the second index leaves them out."""
