"""What a statement reads: balances summed by the database, and the entries of one account and month.

The cost grows with the account's own entries, not with the ledger: only the account's side of a posting is read, and
of a calculation run only the columns beside its document.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    select,
    union_all,
)

from optimizer.accounts.calculation import RunFigures, part_of
from optimizer.accounts.ledger import BalanceKey, Bucket, Kind, Ledger, Posting, Transaction
from optimizer.accounts.statement import MOVING
from optimizer.emissions.portfolio import Part
from optimizer.store import schema
from optimizer.store.entry_rows import has_id
from optimizer.store.line_tables import account_numbers, posting_lines
from optimizer.store.packed import unpacked
from optimizer.store.rows import BUCKET_CODES, LEDGER_CODES, TRANSACTION_COLUMNS, transaction_of_columns

_ENTRIES, _RUNS = schema.transactions, schema.calculation_runs
_STORED = cast(_RUNS.c.document, LargeBinary)
"""A run's document as it lies in the file: making it a text of Python costs more than finding what is asked."""
_BILLS = schema.waybills
_CHUNK = 500
_SLICE = 5_000
"""Most runs whose documents are held at a time."""


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

    def balances_around(
        self, account_id: str, period: str, until_seq: int | None
    ) -> tuple[dict[BalanceKey, int], dict[BalanceKey, int]]:
        """Balances from all entries booked before a month, and what those booked in it change, as the ledger stood
        after ``until_seq`` (None: now)."""
        own = _own_lines(account_id).subquery()
        within = (_ENTRIES.c.period == period).label("within")
        query = (
            select(within, own.c.ledger, own.c.bucket, own.c.part, func.sum(own.c.amount))
            .join(_ENTRIES, _ENTRIES.c.seq == own.c.transaction_seq)
            .where(_ENTRIES.c.period <= period)
            .group_by(within, own.c.ledger, own.c.bucket, own.c.part)
        )
        if until_seq is not None:
            query = query.where(_ENTRIES.c.seq <= until_seq)
        before: dict[BalanceKey, int] = {}
        changed: dict[BalanceKey, int] = {}
        for inside, ledger, bucket, part, amount in self._connection.execute(query).all():
            (changed if inside else before)[account_id, Ledger(ledger), Bucket(bucket), part] = int(amount)
        return before, changed

    def movements(self, account_id: str, period: str, until_seq: int | None) -> list[Transaction]:
        """The entries of a month that a statement lists (:data:`MOVING`) and that touch an account, in order, with the
        account's own postings only."""
        own = _own_lines(account_id).subquery()
        entry = _ENTRIES.c
        chosen = [entry.period == period, entry.kind.in_([kind.value for kind in MOVING])]
        if until_seq is not None:
            chosen.append(entry.seq <= until_seq)
        lines = (
            select(own.c.transaction_seq, own.c.ledger, own.c.bucket, own.c.part, own.c.amount)
            .join(_ENTRIES, entry.seq == own.c.transaction_seq)
            .where(*chosen)
            .order_by(own.c.transaction_seq, own.c.line)
        )
        postings: dict[int, list[Posting]] = {}
        for seq, ledger, bucket, part, amount in self._connection.execute(lines).all():
            postings.setdefault(seq, []).append(Posting(account_id, _LEDGERS[ledger], _BUCKETS[bucket], part, amount))
        columns = [entry[name] for name in TRANSACTION_COLUMNS]
        entries = select(*columns).where(*chosen, entry.seq.in_(select(own.c.transaction_seq))).order_by(entry.seq)
        return [
            transaction_of_columns(row, postings[row[0]])
            for row in self._connection.execute(entries).all()
            if row[0] in postings
        ]

    def last_seq(self, account_id: str) -> int:
        """The newest entry that touches an account, 0 when none does."""
        own = _own_lines(account_id).subquery()
        return int(self._connection.execute(select(func.coalesce(func.max(own.c.transaction_seq), 0))).scalar_one())

    def run_figures(self, run_ids: Iterable[str]) -> dict[str, RunFigures]:
        """The figures of calculation runs by id."""
        found: dict[str, RunFigures] = {}
        for row in self._of_runs([_RUNS.c[name] for name in _FIGURE_COLUMNS], run_ids):
            found[row[0]] = RunFigures(*(*row[:-1], _activity(row[-1])))
        return {**found, **self._of_later_versions(found)}

    def _of_later_versions(self, figures: Mapping[str, RunFigures]) -> dict[str, RunFigures]:
        """Those runs that rest on an amended waybill, with its version; few are, so only their documents are read."""
        amended = select(_BILLS.c.number).where(_BILLS.c.version == 2)
        if self._connection.execute(amended.limit(1)).first() is None:
            return {}
        found: dict[str, RunFigures] = {}
        for run_id, document in self._of_runs([_RUNS.c.run_id, _RUNS.c.document], figures, _RUNS.c.number.in_(amended)):
            version = int(json.loads(document)["inputs"]["waybill_version"])
            found[run_id] = replace(figures[run_id], waybill_version=version)
        return found

    def run_parts(self, run_ids: Iterable[str]) -> dict[str, Part]:
        """What each run that keeps its error sources adds to a whole, by id; those that keep none are left out."""
        parts = (
            (run_id, part_of(unpacked(document)))
            for run_id, document in self._of_runs([_RUNS.c.run_id, _STORED], run_ids)
        )
        return {run_id: part for run_id, part in parts if part is not None}

    def _of_runs(
        self, columns: Sequence[ColumnElement[Any]], run_ids: Iterable[str], *also: ColumnElement[bool]
    ) -> Iterator[Any]:
        """Columns of runs by id, in large slices: every slice is one statement with one list of ids."""
        wanted = sorted(set(run_ids))
        query = select(*columns).where(_in_list(self._connection, _RUNS.c.run_id), *also)
        for start in range(0, len(wanted), _SLICE):
            ids = wanted[start : start + _SLICE]
            yield from self._connection.execute(query, {"ids": _as_list(self._connection, ids)}).all()

    def replaced_runs(self, corrections: Iterable[Transaction]) -> dict[str, str]:
        """Correction id -> the run that it takes back: of the SETTLE or RESTATE it names, empty after a REVERSE."""
        by_original = {item.resolves: item.transaction_id for item in corrections}
        wanted = sorted(by_original)
        found: dict[str, str] = {}
        for start in range(0, len(wanted), _CHUNK):
            query = select(_ENTRIES.c.transaction_id, _ENTRIES.c.kind, _ENTRIES.c.run_id).where(
                has_id(self._connection, wanted[start : start + _CHUNK])
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


_activity = lru_cache(maxsize=65_536)(json.loads)
"""What runs of one cargo and way say is often the same text; nobody changes the mapping."""


def _in_list(connection: Connection, column: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a column is in the list ``ids``: one parameter, where an IN clause has one for each id."""
    if connection.dialect.name == "sqlite":
        return column.in_(select(func.json_each(bindparam("ids")).table_valued("value").c.value))
    return column == func.any(bindparam("ids", type_=ARRAY(Text)))


def _as_list(connection: Connection, ids: list[str]) -> Any:
    return json.dumps(ids) if connection.dialect.name == "sqlite" else ids


def _own_lines(account_id: str) -> Select[Any] | Any:
    """Both sides of postings on which the account stands, as its own lines: its side's bucket and signed amount."""
    line = posting_lines.c
    number = select(account_numbers.c.account_no).where(account_numbers.c.account_id == account_id).scalar_subquery()
    gives = line.counter_account_no == number
    if not account_id.startswith("issuance."):
        gives &= line.counter_account_no > 0  # what the index on this side is limited to
    return union_all(
        select(
            line.transaction_seq,
            (2 * line.line - 1).label("line"),
            _named(line.ledger, LEDGER_CODES).label("ledger"),
            _named(line.bucket, BUCKET_CODES).label("bucket"),
            line.part,
            line.amount,
        ).where(line.account_no == number),
        select(
            line.transaction_seq,
            (2 * line.line).label("line"),
            _named(line.ledger, LEDGER_CODES).label("ledger"),
            _named(line.counter_bucket, BUCKET_CODES).label("bucket"),
            line.part,
            (-line.amount).label("amount"),
        ).where(gives),
    )


def _named(column: ColumnElement[int], codes: Mapping[str, int]) -> ColumnElement[str]:
    return case({code: name for name, code in codes.items()}, value=column)
