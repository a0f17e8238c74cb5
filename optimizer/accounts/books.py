"""The books as an auditor gets them: everything recorded, and what is needed to recompute it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.ledger import Account, Kind, Period, Transaction
from optimizer.accounts.settlement import Review
from optimizer.emissions.factors import FactorTable
from optimizer.network.model import Network
from optimizer.waybills.event import Event
from optimizer.waybills.waybill import Waybill


@dataclass(frozen=True, slots=True)
class StoredTransaction:
    """A transaction as read back, with the digest and line count that were written beside it."""

    transaction: Transaction
    content_sha256: str
    line_count: int


class StandingEntry(NamedTuple):
    """Of a settlement, restatement or reversal what says which run stands for a lot since when, as
    :class:`~optimizer.accounts.ledger.Transaction` says it. A tuple: an audit makes one for each lot."""

    seq: int
    transaction_id: str
    kind: Kind
    waybill_number: str
    lot_no: int
    run_id: str
    resolves: str
    period: str


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A waybill, event or run document as read back: its record name, its digest now and the one written beside it."""

    record: str
    sha256_now: str
    sha256_written: str


@dataclass(frozen=True, slots=True)
class Books:
    """Everything recorded, and the data package the auditor recomputes with. ``events`` in order of arrival;
    ``kept_factors``: by version, the tables that were kept with the accounts."""

    waybills: Mapping[str, Waybill]
    events: Sequence[Event]
    documents: Iterable[StoredDocument]
    runs: Mapping[str, CalculationRun]
    accounts: Mapping[str, Account]
    stored: Sequence[StoredTransaction]
    periods: Sequence[Period]
    network: Network
    factors: FactorTable
    kept_factors: Mapping[str, FactorTable] = field(default_factory=dict)

    def factors_of(self, run: CalculationRun) -> FactorTable | None:
        """The table that a run was made with, None where neither the package nor the accounts hold it."""
        if run.factors_version == self.factors.version:
            return self.factors
        return self.kept_factors.get(run.factors_version)

    @property
    def transactions(self) -> list[Transaction]:
        """The ledger in order."""
        return [item.transaction for item in self.stored]

    @property
    def settlements(self) -> list[Transaction]:
        """All SETTLE transactions in order."""
        return [item.transaction for item in self.stored if item.transaction.kind is Kind.SETTLE]


@dataclass(frozen=True, slots=True)
class AuditView:
    """The books with the events folded once, shared by all checks. ``standing``: the last SETTLE, RESTATE or REVERSE of
    each lot; ``settled``: the lots that have a SETTLE. ``plain``: of lots that are verified and have no state in
    ``reviewed``, for none is needed, the least weighed mass, kg, and the last delivery."""

    books: Books
    reviewed: Review
    standing: Mapping[tuple[str, int], Transaction | StandingEntry]
    settled: Collection[tuple[str, int]]
    plain: Mapping[tuple[str, int], tuple[int, datetime]] = field(default_factory=dict)

    def waybill_of(self, run: CalculationRun) -> Waybill | None:
        """The waybill that a run was made for, None when it is gone."""
        return self.books.waybills.get(run.inputs.waybill_number)
