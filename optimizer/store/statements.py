"""What a statement reads: balances summed by the database, and the entries of one account and month.

The cost grows with the account's own entries, not with the ledger: only the account's side of a posting is read, and
of a calculation run only the columns beside its document.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, func, select, union_all

from optimizer.accounts.calculation import RunFigures, part_of
from optimizer.accounts.ledger import BalanceKey, Bucket, Kind, Ledger, Posting, Transaction
from optimizer.emissions.portfolio import Part
from optimizer.store import schema
from optimizer.store.rows import transaction_of

_ENTRIES, _LINES, _RUNS = schema.transactions, schema.postings, schema.calculation_runs
_BILLS = schema.waybills
_CHUNK = 500


class AccountReader:
    """Reads about one account inside an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def balances(self, account_id: str) -> dict[BalanceKey, int]:
        """The present balances of an account, as the database keeps them."""
        table = schema.balances
        rows = self._connection.execute(select(table).where(table.c.account_id == account_id))
        return {(row.account_id, Ledger(row.ledger), Bucket(row.bucket), row.part): row.amount for row in rows}

    def all_balances(self) -> dict[BalanceKey, int]:
        """The present balances of all accounts; those that are zero now are left out."""
        rows = self._connection.execute(select(schema.balances))
        return {
            (row.account_id, Ledger(row.ledger), Bucket(row.bucket), row.part): row.amount for row in rows if row.amount
        }

    def booked_periods(self) -> list[str]:
        """The months in which anything was booked, in order."""
        query = select(_ENTRIES.c.period).distinct().order_by(_ENTRIES.c.period)
        return [str(row.period) for row in self._connection.execute(query)]

    def balances_before(self, account_id: str, period: str, until_seq: int | None) -> dict[BalanceKey, int]:
        """Balances from all entries booked before a month, as the ledger stood after ``until_seq`` (None: now)."""
        own = _own_lines(account_id).subquery()
        query = (
            select(own.c.ledger, own.c.bucket, own.c.part, func.sum(own.c.amount))
            .join(_ENTRIES, _ENTRIES.c.seq == own.c.transaction_seq)
            .where(_ENTRIES.c.period < period)
            .group_by(own.c.ledger, own.c.bucket, own.c.part)
        )
        if until_seq is not None:
            query = query.where(_ENTRIES.c.seq <= until_seq)
        return {
            (account_id, Ledger(ledger), Bucket(bucket), part): int(amount)
            for ledger, bucket, part, amount in self._connection.execute(query)
        }

    def entries(self, account_id: str, period: str, until_seq: int | None) -> list[Transaction]:
        """The entries of a month that touch an account, in order, with the account's own postings only."""
        own = _own_lines(account_id).subquery()
        chosen = select(_ENTRIES.c.seq).where(_ENTRIES.c.period == period)
        if until_seq is not None:
            chosen = chosen.where(_ENTRIES.c.seq <= until_seq)
        lines = select(own).where(own.c.transaction_seq.in_(chosen)).order_by(own.c.transaction_seq, own.c.line)
        postings: dict[int, list[Posting]] = {}
        for seq, _, ledger, bucket, part, amount in self._connection.execute(lines):
            postings.setdefault(seq, []).append(Posting(account_id, _LEDGERS[ledger], _BUCKETS[bucket], part, amount))
        entries = (
            select(_ENTRIES)
            .where(_ENTRIES.c.period == period, _ENTRIES.c.seq.in_(select(own.c.transaction_seq)))
            .order_by(_ENTRIES.c.seq)
        )
        return [
            transaction_of(row, postings[row.seq]) for row in self._connection.execute(entries) if row.seq in postings
        ]

    def last_seq(self, account_id: str) -> int:
        """The newest entry that touches an account, 0 when none does."""
        own = _own_lines(account_id).subquery()
        return int(self._connection.execute(select(func.coalesce(func.max(own.c.transaction_seq), 0))).scalar_one())

    def run_figures(self, run_ids: Iterable[str]) -> dict[str, RunFigures]:
        """The figures of calculation runs by id."""
        columns = [_RUNS.c[name] for name in _FIGURE_COLUMNS]
        found: dict[str, RunFigures] = {}
        wanted = sorted(set(run_ids))
        for start in range(0, len(wanted), _CHUNK):
            query = select(*columns).where(_RUNS.c.run_id.in_(wanted[start : start + _CHUNK]))
            for row in self._connection.execute(query):
                values: dict[str, Any] = dict(zip(_FIGURE_COLUMNS, row, strict=True))
                activity_kgkm = json.loads(values.pop("activity"))
                found[row.run_id] = RunFigures(**values, activity_kgkm=activity_kgkm)
        return {**found, **self._of_later_versions(found)}

    def _of_later_versions(self, figures: Mapping[str, RunFigures]) -> dict[str, RunFigures]:
        """Those runs that rest on an amended waybill, with its version; few are, so only their documents are read."""
        amended = select(_BILLS.c.number).where(_BILLS.c.version == 2)
        found: dict[str, RunFigures] = {}
        wanted = sorted(figures)
        for start in range(0, len(wanted), _CHUNK):
            query = select(_RUNS.c.run_id, _RUNS.c.document).where(
                _RUNS.c.run_id.in_(wanted[start : start + _CHUNK]), _RUNS.c.number.in_(amended)
            )
            for run_id, document in self._connection.execute(query):
                version = int(json.loads(document)["inputs"]["waybill_version"])
                found[run_id] = replace(figures[run_id], waybill_version=version)
        return found

    def run_parts(self, run_ids: Iterable[str]) -> dict[str, Part]:
        """What each run that keeps its error sources adds to a whole, by id; those that keep none are left out."""
        found: dict[str, Part] = {}
        wanted = sorted(set(run_ids))
        for start in range(0, len(wanted), _CHUNK):
            query = select(_RUNS.c.run_id, _RUNS.c.document).where(_RUNS.c.run_id.in_(wanted[start : start + _CHUNK]))
            for run_id, document in self._connection.execute(query):
                part = part_of(document)
                if part is not None:
                    found[run_id] = part
        return found

    def replaced_runs(self, corrections: Iterable[Transaction]) -> dict[str, str]:
        """Correction id -> the run that it takes back: of the SETTLE or RESTATE it names, empty after a REVERSE."""
        by_original = {item.resolves: item.transaction_id for item in corrections}
        wanted = sorted(by_original)
        found: dict[str, str] = {}
        for start in range(0, len(wanted), _CHUNK):
            query = select(_ENTRIES.c.transaction_id, _ENTRIES.c.kind, _ENTRIES.c.run_id).where(
                _ENTRIES.c.transaction_id.in_(wanted[start : start + _CHUNK])
            )
            for row in self._connection.execute(query):
                found[by_original[row.transaction_id]] = "" if row.kind == Kind.REVERSE else row.run_id
        return found


_LEDGERS = {ledger.value: ledger for ledger in Ledger}
_BUCKETS = {bucket.value: bucket for bucket in Bucket}

_FIGURE_COLUMNS = (
    "run_id",
    "method",
    "factors_version",
    "network_version",
    "code_version",
    "mass_kg",
    "baseline_wtw_g",
    "actual_wtw_g",
    "expected_wtw_g",
    "credited_wtw_g",
    "energy_saved_g",
    "tier",
    "activity",
)


def _own_lines(account_id: str) -> Select[Any] | Any:
    """Both sides of postings on which the account stands, as its own lines: its side's bucket and signed amount."""
    line = _LINES.c
    return union_all(
        select(
            line.transaction_seq, (2 * line.line - 1).label("line"), line.ledger, line.bucket, line.part, line.amount
        ).where(line.account_id == account_id),
        select(
            line.transaction_seq,
            (2 * line.line).label("line"),
            line.ledger,
            line.counter_bucket.label("bucket"),
            line.part,
            (-line.amount).label("amount"),
        ).where(line.counter_account_id == account_id),
    )
