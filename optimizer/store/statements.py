"""What a statement reads: balances summed by the database, and the entries of one account and month.

The cost grows with the account's own entries, not with the ledger: only the account's side of a posting is read, and
of a calculation run only the columns beside its document.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, case, cast, func, select

from optimizer.accounts.calculation import RunFigures, part_of
from optimizer.accounts.ledger import BalanceKey, Bucket, Kind, Ledger
from optimizer.accounts.statement import MOVING, SeenEntry
from optimizer.emissions.portfolio import Part
from optimizer.errors import Message, UnreadableRecordError
from optimizer.store import schema
from optimizer.store.entry_rows import has_id
from optimizer.store.line_tables import account_numbers, posting_lines
from optimizer.store.listed import columns_of_runs
from optimizer.store.packed import unpacked
from optimizer.store.rows import BUCKET_CODES, LEDGER_CODES, unreadable

_ENTRIES, _RUNS = schema.transactions, schema.calculation_runs
_STORED = cast(_RUNS.c.document, LargeBinary)
"""A run's document as it lies in the file: making it a text of Python costs more than finding what is asked."""
_BILLS = schema.waybills
_LINES = posting_lines.c
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

    def balances_around(
        self, account_id: str, period: str, until_seq: int | None
    ) -> tuple[dict[BalanceKey, int], dict[BalanceKey, int]]:
        """Balances from all entries booked before a month, and what those booked in it change, as the ledger stood
        after ``until_seq`` (None: now)."""
        before: dict[BalanceKey, int] = {}
        changed: dict[BalanceKey, int] = {}
        for own, bucket, sign in _sides(account_id):
            # Sorted by two small numbers in one and the mode: grouping is most of the work.
            place = (_LINES.ledger * _PLACES + bucket).label("place")
            within = case((_ENTRIES.c.period == period, _MONTH), else_=0)
            key = (within + place).label("key")
            query = (
                select(key, _LINES.part, func.sum(_LINES.amount))
                .join(_ENTRIES, _ENTRIES.c.seq == _LINES.transaction_seq)
                .where(own, _ENTRIES.c.period <= period)
                .group_by(key, _LINES.part)
            )
            if until_seq is not None:
                query = query.where(_LINES.transaction_seq <= until_seq)
            for code, part, amount in self._connection.execute(query).all():
                inside, placed = divmod(code, _MONTH)
                ledger, held = divmod(placed, _PLACES)
                sums = changed if inside else before
                balance = (account_id, _LEDGERS[ledger], _BUCKETS[held], part)
                sums[balance] = sums.get(balance, 0) + sign * int(amount)
        return before, changed

    def movements(self, account_id: str, period: str, until_seq: int | None) -> list[SeenEntry]:
        """The entries of a month that a statement lists (:data:`MOVING`) and that touch an account, in order, as the
        account sees them."""
        entry = _ENTRIES.c
        found: dict[int, SeenEntry] = {}
        for own, bucket, sign in _sides(account_id):
            available = bucket == BUCKET_CODES["available"]
            sums = [
                func.sum(case((available & (_LINES.ledger == LEDGER_CODES[name]), _LINES.amount), else_=0))
                for name in ("claim", "attribution", "energy")
            ]
            beyond_memo = func.max(case((_LINES.ledger != LEDGER_CODES["attribution"], 1), else_=0))
            query = (
                select(*(entry[name] for name in _ENTRY_COLUMNS), *sums, beyond_memo)
                .join_from(_ENTRIES, posting_lines, entry.seq == _LINES.transaction_seq)
                .where(own, entry.period == period, entry.kind.in_([kind.value for kind in MOVING]))
                .group_by(_LINES.transaction_seq, entry.seq)  # the first is the order of the index
            )
            if until_seq is not None:
                query = query.where(entry.seq <= until_seq)
            for row in self._connection.execute(query).all():
                seen = _account_entry(row, sign)
                found[seen.seq] = _both(found[seen.seq], seen) if seen.seq in found else seen
        transfers = [seq for seq, item in found.items() if item.kind is Kind.TRANSFER]
        for seq, other in self._counterparties(account_id, transfers).items():
            found[seq] = found[seq]._replace(counterparty=other)
        return [found[seq] for seq in sorted(found)]

    def _counterparties(self, account_id: str, transfers: list[int]) -> dict[int, str]:
        """The other account of each of an account's transfers, by number."""
        lines = schema.postings.c
        found: dict[int, str] = {}
        for start in range(0, len(transfers), _CHUNK):
            query = select(lines.transaction_seq, lines.account_id, lines.counter_account_id).where(
                lines.transaction_seq.in_(transfers[start : start + _CHUNK])
            )
            for seq, taker, giver in self._connection.execute(query):
                found[seq] = giver if taker == account_id else taker
        return found

    def last_seq(self, account_id: str) -> int:
        """The newest entry that touches an account, 0 when none does."""
        newest = [
            self._connection.execute(select(func.max(_LINES.transaction_seq)).where(own)).scalar_one_or_none()
            for own, _, _ in _sides(account_id)
        ]
        return max(int(seq or 0) for seq in newest)

    def run_figures(self, run_ids: Iterable[str]) -> dict[str, RunFigures]:
        """The figures of calculation runs by id. Raises UnreadableRecordError for one that is gone or damaged."""
        found: dict[str, RunFigures] = {}
        wanted = list(run_ids)
        for row in columns_of_runs(self._connection, [_RUNS.c[name] for name in _FIGURE_COLUMNS], wanted):
            try:
                found[row[0]] = RunFigures(*(*row[:-1], _activity(row[-1])))
            except (ValueError, ArithmeticError) as error:
                raise unreadable(f"计算记录 {row[0]}", f"calculation run {row[0]}", error) from error
        gone = min({*wanted} - {*found}, default=None)
        if gone is not None:
            raise UnreadableRecordError(
                Message(
                    f"分录所指的计算记录 {gone} 不在了；请运行 modalshift audit，再从备份恢复。",
                    f"Calculation run {gone}, which an entry names, is gone; run modalshift audit, then restore a"
                    " backup.",
                )
            )
        return {**found, **self._of_later_versions(found)}

    def _of_later_versions(self, figures: Mapping[str, RunFigures]) -> dict[str, RunFigures]:
        """Those runs that rest on an amended waybill, with its version; few are, so only their documents are read."""
        amended = select(_BILLS.c.number).where(_BILLS.c.version == 2)
        if self._connection.execute(amended.limit(1)).first() is None:
            return {}
        found: dict[str, RunFigures] = {}
        columns, on_amended = (_RUNS.c.run_id, _RUNS.c.document), _RUNS.c.number.in_(amended)
        for run_id, document in columns_of_runs(self._connection, columns, figures, on_amended):
            version = int(json.loads(document)["inputs"]["waybill_version"])
            found[run_id] = figures[run_id]._replace(waybill_version=version)
        return found

    def run_parts(self, run_ids: Iterable[str]) -> dict[str, Part]:
        """What each run that keeps its error sources adds to a whole, by id; those that keep none are left out. Raises
        UnreadableRecordError for a damaged one."""
        parts: dict[str, Part] = {}
        for run_id, document in columns_of_runs(self._connection, [_RUNS.c.run_id, _STORED], run_ids):
            try:
                part = part_of(unpacked(document))
            except ValueError as error:
                raise unreadable(f"计算记录 {run_id}", f"calculation run {run_id}", error) from error
            if part is not None:
                parts[run_id] = part
        return parts

    def replaced_runs(self, corrections: Iterable[SeenEntry]) -> dict[str, str]:
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


_LEDGERS = {code: Ledger(name) for name, code in LEDGER_CODES.items()}
_BUCKETS = {code: Bucket(name) for name, code in BUCKET_CODES.items()}
_KINDS = {kind.value: kind for kind in Kind}
_PLACES, _MONTH = 8, 64
"""A bucket, a ledger and whether it is of the month, in one number."""
_ENTRY_COLUMNS = (
    "seq",
    "transaction_id",
    "kind",
    "number",
    "lot_no",
    "run_id",
    "resolves",
    "effective_at",
    "memo",
)

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
_moment = lru_cache(maxsize=65_536)(datetime.fromisoformat)


def _sides(account_id: str) -> Iterator[tuple[ColumnElement[bool], ColumnElement[int], int]]:
    """The two sides of a line on which an account may stand: which lines those are, the bucket there, the sign of the
    amount. Asked one after the other, each is read in the order of its index; nearly all lines of a party are on the
    first."""
    number = select(account_numbers.c.account_no).where(account_numbers.c.account_id == account_id).scalar_subquery()
    gives = _LINES.counter_account_no == number
    if not account_id.startswith("issuance."):
        gives &= _LINES.counter_account_no > 0  # what the index on this side is limited to
    yield _LINES.account_no == number, _LINES.bucket, 1
    yield gives, _LINES.counter_bucket, -1


def _account_entry(row: Any, sign: int) -> SeenEntry:
    (
        seq,
        transaction_id,
        kind,
        number,
        lot_no,
        run_id,
        resolves,
        effective_at,
        memo,
        claim_g,
        attribution_g,
        energy_g,
        own,
    ) = row
    return SeenEntry(
        seq,
        transaction_id,
        _KINDS[kind],
        number,
        lot_no,
        run_id or "",
        resolves or "",
        _moment(effective_at),
        memo,
        sign * int(claim_g),
        sign * int(attribution_g),
        sign * int(energy_g),
        own == 1,
    )


def _both(one: SeenEntry, other: SeenEntry) -> SeenEntry:
    """An entry that has the account on both sides of its lines, as a retirement does."""
    return one._replace(
        claim_g=one.claim_g + other.claim_g,
        attribution_g=one.attribution_g + other.attribution_g,
        energy_saved_g=one.energy_saved_g + other.energy_saved_g,
        own=one.own or other.own,
    )
