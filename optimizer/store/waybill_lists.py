"""Lists of waybills without their documents: by scope, page by page. A part of ``Session``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, cast, exists, func, or_, select

from optimizer.accounts.ledger import Kind
from optimizer.accounts.sealed import Extent
from optimizer.store import schema
from optimizer.store.neighbourhood import on_voyages
from optimizer.waybills.event import Classifier, EventType

ENDS_LOT = (EventType.DLV.value, EventType.LOST.value, EventType.RETN.value)
TAKES_LOT_AWAY = (EventType.LOST.value, EventType.RETN.value)
ENDS_WAYBILL = (EventType.VOID.value, EventType.CMPL.value)


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

    def waybills_on_voyages(self, voyages: Iterable[str]) -> set[str]:
        """Numbers of the waybills that are planned on these voyages or reported them."""
        return on_voyages(self._connection, voyages)

    def waybill_headers(
        self,
        *,
        operator_id: str | None = None,
        shipper_or_receiver_id: str | None = None,
        after: str = "",
        limit: int | None = None,
        text: str = "",
        open_only: bool = False,
        offset: int = 0,
    ) -> list[WaybillHeader]:
        """Headers by number from ``after`` on: all, those of an operator, or those that a party ships or receives;
        ``text``: only numbers or shipment ids that begin with it; ``open_only``: only those with a lot of which nobody
        reported an end (delivery, loss, return); ``offset``: how many are passed over."""
        columns = [getattr(schema.waybills.c, name) for name in WaybillHeader.__dataclass_fields__]
        query = _newest(columns, operator_id, shipper_or_receiver_id, text).where(schema.waybills.c.number > after)
        query = query.order_by(schema.waybills.c.number)
        if open_only:
            query = query.where(_has_open_lot())
        # A dialect that has no OFFSET without LIMIT gets none of either.
        if limit is not None:
            query = query.limit(limit).offset(offset)
        return [_header(row) for row in self._connection.execute(query)]

    def count_waybill_headers(
        self, *, operator_id: str | None = None, shipper_or_receiver_id: str | None = None, text: str = ""
    ) -> int:
        """How many headers :meth:`waybill_headers` would list. Reads keys only."""
        found = _newest([schema.waybills.c.number], operator_id, shipper_or_receiver_id, text).subquery()
        return int(self._connection.execute(select(func.count()).select_from(found)).scalar_one())

    def count_unsettled_lots(self) -> int:
        """How many lots there are as :meth:`unsettled_lots` finds them. Reads keys only."""
        found = _unsettled_lots().subquery()
        return int(self._connection.execute(select(func.count()).select_from(found)).scalar_one())

    def unsettled_lots(self, consignor_id: str, sealed: Extent | None = None) -> list[tuple[str, int, int]]:
        """Number, version and lot of a consignor's lots, of the newest versions, that were never settled and that
        nobody reported lost, returned or void: those under way, or delivered and waiting. ``sealed``: by what a tree
        holds and nothing else."""
        bills, lots = schema.waybills.c, schema.waybill_lots.c
        whose = exists().where(
            bills.number == lots.number, bills.version == lots.version, bills.consignor_id == consignor_id
        )
        query = _unsettled_lots(sealed).where(whose).order_by(lots.number, lots.lot_no)
        return [(row.number, int(row.version), int(row.lot_no)) for row in self._connection.execute(query)]


def _newest(
    columns: Sequence[Any], operator_id: str | None, shipper_or_receiver_id: str | None, text: str
) -> Select[Any]:
    """Columns of the newest version of each waybill, of an operator or a party, of which number or shipment id begins
    with a text."""
    bills = schema.waybills.c
    newest = select(bills.number, func.max(bills.version).label("version")).group_by(bills.number).subquery("newest")
    joined = schema.waybills.join(newest, and_(bills.number == newest.c.number, bills.version == newest.c.version))
    query = select(*columns).select_from(joined)
    if operator_id is not None:
        query = query.where(bills.operator_id == operator_id)
    if shipper_or_receiver_id is not None:
        query = query.where(
            or_(bills.consignor_id == shipper_or_receiver_id, bills.consignee_id == shipper_or_receiver_id)
        )
    if text:
        begins = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(or_(bills.number.like(begins, escape="\\"), bills.shipment_id.like(begins, escape="\\")))
    return query


def _unsettled_lots(sealed: Extent | None = None) -> Select[tuple[str, int, int]]:
    bills, lots, entries = schema.waybills.c, schema.waybill_lots.c, schema.transactions.c
    events, leaves = schema.events, schema.tree_leaves.c
    versions = select(bills.number, func.max(bills.version).label("version")).group_by(bills.number)
    if sealed is not None:
        name = bills.number.concat("/").concat(cast(bills.version, Text))
        leaf = leaves.kind == "waybill", leaves.entry_id == name, leaves.leaf_index < sealed.size
        versions = versions.where(exists().where(*leaf))
    newest = versions.subquery()
    gone = exists().where(
        events.c.number == lots.number,
        or_(
            and_(events.c.lot_no == lots.lot_no, events.c.event_type.in_(TAKES_LOT_AWAY)),
            and_(events.c.lot_no.is_(None), events.c.event_type == EventType.VOID.value),
        ),
        *_stands(sealed),
    )
    booked = exists().where(
        entries.number == lots.number,
        entries.lot_no == lots.lot_no,
        entries.kind == Kind.SETTLE.value,
        *(() if sealed is None else (entries.seq <= sealed.last_transaction_seq,)),
    )
    joined = schema.waybill_lots.join(newest, and_(lots.number == newest.c.number, lots.version == newest.c.version))
    return select(lots.number, lots.version, lots.lot_no).select_from(joined).where(~booked, ~gone)


def _has_open_lot() -> ColumnElement[bool]:
    """Some lot of the waybill's version has no event that ends it, and the waybill none that ends it whole; estimates
    and reports that were withdrawn count for nothing."""
    bills, lots, events = schema.waybills.c, schema.waybill_lots.c, schema.events
    ended = exists().where(
        events.c.number == lots.number, events.c.lot_no == lots.lot_no, events.c.event_type.in_(ENDS_LOT), *_stands()
    )
    ended_whole = exists().where(
        events.c.number == bills.number, events.c.lot_no.is_(None), events.c.event_type.in_(ENDS_WAYBILL), *_stands()
    )
    open_lot = exists().where(lots.number == bills.number, lots.version == bills.version, ~ended)
    return and_(open_lot, ~ended_whole)


def _stands(sealed: Extent | None = None) -> Iterator[ColumnElement[bool]]:
    """That an event is a fact which nobody withdrew."""
    events = schema.events
    withdrawal = events.alias("withdrawal")
    taken_back = [withdrawal.c.withdraws == events.c.event_id]
    yield events.c.classifier == Classifier.ACT.value
    if sealed is not None:
        yield events.c.seq <= sealed.last_event_seq
        taken_back.append(withdrawal.c.seq <= sealed.last_event_seq)
    yield ~exists().where(*taken_back)


def _header(row: Any) -> WaybillHeader:
    return WaybillHeader(**{name: getattr(row, name) for name in WaybillHeader.__dataclass_fields__})
