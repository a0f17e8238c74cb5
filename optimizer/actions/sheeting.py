"""The calculation sheet of a settled lot."""

from __future__ import annotations

from optimizer.access.user import User
from optimizer.accounts import sheet
from optimizer.accounts.corrections import standing_entries
from optimizer.accounts.ledger import Kind
from optimizer.accounts.sheet import CalculationSheet
from optimizer.actions.waybill_views import sees_waybill, unknown_waybill
from optimizer.emissions.factors import FactorTable
from optimizer.errors import Message, UnknownRecordError
from optimizer.store.engine import Store


def calculation_sheet(store: Store, number: str, lot_no: int, factors: FactorTable) -> CalculationSheet:
    """The sheet of the calculation that stands in the accounts for a lot.

    Raises UnknownRecordError for an unknown waybill, a lot that is not settled and one whose settlement was reversed;
    ConflictError and FactorError as :func:`optimizer.accounts.sheet.calculation_sheet`.
    """
    return _sheet(store, None, number, lot_no, factors)


def calculation_sheet_for(store: Store, user: User, number: str, lot_no: int, factors: FactorTable) -> CalculationSheet:
    """The same for a user: a waybill out of his scope is unknown to him. Raises as :func:`calculation_sheet`."""
    return _sheet(store, user, number, lot_no, factors)


def _sheet(store: Store, user: User | None, number: str, lot_no: int, factors: FactorTable) -> CalculationSheet:
    with store.read() as session:
        found = session.waybills([number]).get(number)
        if found is None or (user is not None and not sees_waybill(user, found)):
            raise unknown_waybill(number)
        entry = standing_entries(session.transactions([number])).get((number, lot_no))
        run = session.runs([entry.run_id]).get(entry.run_id) if entry else None
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
                f"运单 {number} 第 {lot_no} 批的结算已冲销（{entry.transaction_id}），账上没有它的数字。",
                f"The settlement of lot {lot_no} of waybill {number} was reversed ({entry.transaction_id}); the"
                " accounts hold no figure of it.",
            )
        )
    return sheet.calculation_sheet(run, factors)
