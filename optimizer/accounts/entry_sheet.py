"""The sheet of one entry of the ledger: every amount it posts, and how each follows from what is stored.

    SETTLE              what the run says                                  = posted
    RESTATE             what the new run says - what stood for the lot     = posted
    REVERSE             nothing               - what stood for the lot     = posted
    TRANSFER, RETIRE    what the accounts held before, the change          -> what they held after

A sheet is made only where the amounts derived again are those posted. The runs behind a correction (the one booked now,
the one taken back) have their calculation sheets in it; where another factor table is at hand that no longer gives the
grams of the run taken back, its stored result stands in place of its sheet and the sheet says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.corrections import Booking, chain, restatement, reversal, standing
from optimizer.accounts.ledger import BalanceKey, Bucket, Kind, Ledger, Posting, Transaction
from optimizer.accounts.settlement import credit_lines
from optimizer.accounts.sheet import CalculationSheet, calculation_sheet
from optimizer.emissions.factors import FactorTable
from optimizer.errors import ConflictError, FactorError, InputError, Message
from optimizer.waybills.waybill import Waybill

SHEETED = (Kind.SETTLE, Kind.RESTATE, Kind.REVERSE, Kind.TRANSFER, Kind.RETIRE)
"""Kinds that have a sheet; estimates and their release are reservations of a plan and settle nothing."""


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One account's amount in one place of one ledger, in the ledger's unit (g CO2e, kg·km, g coal equivalent):
    ``before`` + ``change`` = ``after``. Of a lot's entry: what the lot was and is worth there; of a transfer or
    retirement: what the account held and holds."""

    account_id: str
    ledger: Ledger
    bucket: Bucket
    part: str
    before: int
    change: int

    @property
    def after(self) -> int:
        """What stands after the entry."""
        return self.before + self.change


@dataclass(frozen=True, slots=True)
class EntrySheet:
    """``run`` is booked by the entry, ``taken`` is the run taken back (None: there is none). ``sheet`` and
    ``taken_sheet`` are their calculation sheets, recomputed; ``taken_sheet`` is None where the table at hand cannot."""

    entry: Transaction
    lines: tuple[EntryLine, ...]
    run: CalculationRun | None
    sheet: CalculationSheet | None
    taken: CalculationRun | None
    taken_sheet: CalculationSheet | None


@dataclass(frozen=True, slots=True)
class EntrySources:
    """What an entry rests on. ``earlier``: the entries of its lot before it, in order; ``held``: what the accounts of a
    transfer or retirement held before it; ``waybill``: of the lot, as it was settled on."""

    earlier: Sequence[Transaction]
    runs: Mapping[str, CalculationRun]
    waybill: Waybill | None
    held: Mapping[BalanceKey, int]


def entry_sheet(
    entry: Transaction,
    sources: EntrySources,
    factors: FactorTable,
    kept: Mapping[str, FactorTable] | None = None,
) -> EntrySheet:
    """The sheet of an entry. ``kept``: other tables by version; a run is recomputed with its own where it is there.

    Raises InputError for a kind that has none, ConflictError where what is derived differs from what is posted, and as
    :func:`optimizer.accounts.sheet.calculation_sheet` for the run that the entry books.
    """
    if entry.kind not in SHEETED:
        raise InputError(
            Message(
                f"{entry.kind.value} 分录是按计划预留或释放，没有计算书。",
                f"A {entry.kind.value} entry reserves or releases what was planned; it has no sheet.",
            )
        )
    if entry.kind in (Kind.TRANSFER, Kind.RETIRE):
        return EntrySheet(entry, _lines(entry, sources.held), None, None, None, None)
    links, tables = chain(sources.earlier), kept or {}
    _require_derived(entry, _derived(entry, sources))
    booked = None if entry.kind is Kind.REVERSE else sources.runs[entry.run_id]
    last = links[-1] if links and entry.kind is not Kind.SETTLE else None
    taken = sources.runs[last.run_id] if last is not None and last.kind is not Kind.REVERSE else None
    return EntrySheet(
        entry=entry,
        lines=_lines(entry, standing(links)),
        run=booked,
        sheet=None if booked is None else calculation_sheet(booked, tables.get(booked.factors_version, factors)),
        taken=taken,
        taken_sheet=None if taken is None else _sheet_if_at_hand(taken, tables.get(taken.factors_version, factors)),
    )


def _derived(entry: Transaction, sources: EntrySources) -> tuple[Posting, ...]:
    """The postings that follow from the stored runs and the lot's entries so far."""
    booking = Booking(entry.effective_at, "", entry.memo)
    if entry.kind is Kind.REVERSE:
        return reversal(sources.earlier, booking).postings
    assert sources.waybill is not None, "a lot has its waybill"
    run = sources.runs[entry.run_id]
    if entry.kind is Kind.SETTLE:
        return tuple(credit_lines(sources.waybill, run.result))
    again = restatement(sources.earlier, sources.waybill, run, booking)
    return again.postings if again is not None else ()


def _require_derived(entry: Transaction, derived: tuple[Posting, ...]) -> None:
    if derived != entry.postings:
        raise ConflictError(
            Message(
                f"分录 {entry.transaction_id} 的金额与存档的计算不符，不出具计算书；请运行审计。",
                f"Entry {entry.transaction_id} posts other amounts than its stored calculation; no sheet is made of it."
                " Run the audit.",
            )
        )


def _sheet_if_at_hand(run: CalculationRun, factors: FactorTable) -> CalculationSheet | None:
    try:
        return calculation_sheet(run, factors)
    except (ConflictError, FactorError):
        if run.factors_version == factors.version:
            raise  # its own table gives other grams: the record was changed
        return None


def _lines(entry: Transaction, before: Mapping[BalanceKey, int]) -> tuple[EntryLine, ...]:
    """The entry's effect by account and place, issuance left out; what a lot's entry leaves as it is, too."""
    changes: dict[BalanceKey, int] = {}
    for line in entry.postings:
        if not line.account_id.startswith("issuance."):
            key = (line.account_id, line.ledger, line.bucket, line.part)
            changes[key] = changes.get(key, 0) + line.amount
    keys = sorted({*changes, *(before if entry.kind not in (Kind.TRANSFER, Kind.RETIRE) else ())})
    return tuple(
        EntryLine(account_id, ledger, bucket, part, before.get(key, 0), changes.get(key, 0))
        for key in keys
        for account_id, ledger, bucket, part in (key,)
    )
