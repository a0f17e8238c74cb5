"""Lists of waybills without their documents: by scope, page by page. A part of ``Session``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from optimizer.store import schema


@dataclass(frozen=True, slots=True)
class WaybillHeader:
    """What a list shows of a waybill; the newest version of each number."""

    number: str
    version: int
    shipment_id: str
    operator_id: str
    consignor_id: str
    consignee_id: str
    cargo_code: str
    declared_mass_kg: int
    place_of_receipt: str
    place_of_delivery: str
    issued_at: str


class WaybillLists:
    """The part of a session that lists waybills."""

    _connection: Connection

    def waybill_headers(
        self,
        *,
        operator_id: str | None = None,
        shipper_or_receiver_id: str | None = None,
        after: str = "",
        limit: int | None = None,
        text: str = "",
    ) -> list[WaybillHeader]:
        """Headers by number from ``after`` on: all, those of an operator, or those that a party ships or receives;
        ``text``: only numbers or shipment ids that begin with it."""
        bills = schema.waybills.c
        newest = (
            select(bills.number, func.max(bills.version).label("version")).group_by(bills.number).subquery("newest")
        )
        columns = [getattr(bills, name) for name in WaybillHeader.__dataclass_fields__]
        joined = schema.waybills.join(newest, and_(bills.number == newest.c.number, bills.version == newest.c.version))
        query = select(*columns).select_from(joined).where(bills.number > after).order_by(bills.number)
        if operator_id is not None:
            query = query.where(bills.operator_id == operator_id)
        if shipper_or_receiver_id is not None:
            query = query.where(
                or_(bills.consignor_id == shipper_or_receiver_id, bills.consignee_id == shipper_or_receiver_id)
            )
        if text:
            begins = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            query = query.where(
                or_(bills.number.like(begins, escape="\\"), bills.shipment_id.like(begins, escape="\\"))
            )
        if limit is not None:
            query = query.limit(limit)
        return [_header(row) for row in self._connection.execute(query)]


def _header(row: Any) -> WaybillHeader:
    return WaybillHeader(**{name: getattr(row, name) for name in WaybillHeader.__dataclass_fields__})
