"""The calculation sheet of a settled lot, and the sheet of any entry that settles, corrects or moves claim."""

from __future__ import annotations

from optimizer.access.user import User
from optimizer.accounts import entry_sheet as entries
from optimizer.accounts import sheet
from optimizer.accounts.corrections import standing_entries
from optimizer.accounts.entry_sheet import EntrySheet, EntrySources
from optimizer.accounts.ledger import BalanceKey, Kind, Transaction
from optimizer.accounts.sheet import CalculationSheet
from optimizer.actions.releasing import factors_of_run
from optimizer.actions.waybill_views import sees_waybill, unknown_waybill
from optimizer.emissions.factors import FactorTable
from optimizer.errors import Message, UnknownRecordError
from optimizer.store.engine import Store
from optimizer.store.session import Session

_AFTER_ALL_MONTHS = "9999-12"


def calculation_sheet(store: Store, number: str, lot_no: int, factors: FactorTable) -> CalculationSheet:
    """The sheet of the calculation that stands in the accounts for a lot.

    Raises UnknownRecordError for an unknown waybill, a lot that is not settled and one whose settlement was reversed;
    ConflictError and FactorError as :func:`optimizer.accounts.sheet.calculation_sheet`.
    """
    return _sheet(store, None, number, lot_no, factors)


def calculation_sheet_for(store: Store, user: User, number: str, lot_no: int, factors: FactorTable) -> CalculationSheet:
    """The same for a user: a waybill out of his scope is unknown to him. Raises as :func:`calculation_sheet`."""
    return _sheet(store, user, number, lot_no, factors)


def entry_sheet(store: Store, transaction_id: str, factors: FactorTable) -> EntrySheet:
    """The sheet of an entry: settlement, restatement, reversal, transfer or retirement.

    Raises UnknownRecordError for an id that is no entry; InputError, ConflictError and FactorError as
    :func:`optimizer.accounts.entry_sheet.entry_sheet`.
    """
    with store.read() as session:
        entry = session.transaction(transaction_id)
        if entry is None:
            raise UnknownRecordError(
                Message(f"没有分录 {transaction_id}。", f"There is no entry {transaction_id} in the ledger.")
            )
        sources = _sources(session, entry)
        tables = {run.factors_version: factors_of_run(session, run, factors) for run in sources.runs.values()}
        return entries.entry_sheet(entry, sources, factors, tables)


def _sources(session: Session, entry: Transaction) -> EntrySources:
    if not entry.waybill_number:
        accounts = {line.account_id for line in entry.postings if not line.account_id.startswith("issuance.")}
        held: dict[BalanceKey, int] = {}
        for account_id in sorted(accounts):
            held |= session.account_reader.balances_around(account_id, _AFTER_ALL_MONTHS, entry.seq - 1)[0]
        return EntrySources((), {}, None, held)
    about = [one for one in session.transactions([entry.waybill_number]) if one.lot_no == entry.lot_no]
    earlier = [one for one in about if one.seq < entry.seq]
    runs = session.runs({one.run_id for one in (*earlier, entry)} - {""})
    version = runs[entry.run_id].inputs.waybill_version if entry.run_id in runs else 1
    versions = session.waybill_versions([entry.waybill_number])
    return EntrySources(earlier, runs, next((one for one in versions if one.version == version), None), {})


def _sheet(store: Store, user: User | None, number: str, lot_no: int, factors: FactorTable) -> CalculationSheet:
    with store.read() as session:
        found = session.waybills([number]).get(number)
        if found is None or (user is not None and not sees_waybill(user, found)):
            raise unknown_waybill(number)
        entry = standing_entries(session.transactions([number])).get((number, lot_no))
        run = session.runs([entry.run_id]).get(entry.run_id) if entry else None
        table = factors_of_run(session, run, factors) if run else factors
    if entry is None or run is None:
        raise UnknownRecordError(
            Message(
                f"运单 {number} 没有已结算的第 {lot_no} 批；结算后才有计算书。",
                f"Waybill {number} has no settled lot {lot_no}; a lot has its sheet once it is settled.",
            )
        )
    if entry.kind is Kind.REVERSE:
        raise UnknownRecordError(
            Message(
                f"运单 {number} 第 {lot_no} 批的结算已冲销（{entry.transaction_id}），账上没有它的数字；"
                "冲销本身见 modalshift sheet --entry。",
                f"The settlement of lot {lot_no} of waybill {number} was reversed ({entry.transaction_id}); the"
                " accounts hold no figure of it. Its own sheet: modalshift sheet --entry.",
            )
        )
    return sheet.calculation_sheet(run, table)
