"""Records as rows of the tables, and transactions back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.ledger import Kind, Posting, Transaction, content_digest
from optimizer.waybills.codec import sha256, to_json, to_plain
from optimizer.waybills.event import Event
from optimizer.waybills.waybill import Waybill


def waybill_row(waybill: Waybill) -> dict[str, Any]:
    """A waybill as a row of ``waybills``."""
    document = to_json(waybill)
    return {
        "number": waybill.number,
        "version": waybill.version,
        "plan_id": waybill.plan_id,
        "shipment_id": waybill.shipment_id,
        "operator_id": waybill.operator.party_id,
        "consignor_id": waybill.consignor.party_id,
        "consignee_id": waybill.consignee.party_id,
        "cargo_code": waybill.cargo_code,
        "declared_mass_kg": waybill.declared_mass_kg,
        "place_of_receipt": waybill.place_of_receipt,
        "place_of_delivery": waybill.place_of_delivery,
        "issued_at": to_plain(waybill.issued_at),
        "content_sha256": sha256(document),
        "document": document,
    }


def event_row(event: Event, seq: int, at: datetime) -> dict[str, Any]:
    """An event as a row of ``events``; ``at`` is when it arrived."""
    document = to_json(event)
    return {
        "seq": seq,
        "event_id": event.event_id,
        "number": event.waybill_number,
        "lot_no": event.lot_no,
        "leg_seq": event.leg_seq,
        "classifier": event.classifier.value,
        "event_type": event.event_type.value,
        "event_time": to_plain(event.event_time),
        "record_time": to_plain(event.record_time),
        "recorded_at": to_plain(at),
        "withdraws": event.withdraws or None,
        "content_sha256": sha256(document),
        "document": document,
    }


def run_row(run: CalculationRun) -> dict[str, Any]:
    """A calculation run as a row of ``calculation_runs``."""
    return {
        "run_id": run.run_id,
        "number": run.inputs.waybill_number,
        "lot_no": run.inputs.lot_no,
        "method": run.inputs.method,
        "inputs_sha256": run.inputs_sha256,
        "result_sha256": run.result_sha256,
        "factors_version": run.factors_version,
        "network_version": run.network_version,
        "code_version": run.code_version,
        "run_at": to_plain(run.run_at),
        "document": to_json(run),
    }


def transaction_row(transaction: Transaction) -> dict[str, Any]:
    """A transaction as a row of ``transactions``, with its digest and the number of its lines."""
    return {
        "seq": transaction.seq,
        "transaction_id": transaction.transaction_id,
        "kind": transaction.kind.value,
        "number": transaction.waybill_number,
        "lot_no": transaction.lot_no,
        "method": transaction.method,
        "run_id": transaction.run_id or None,
        "resolves": transaction.resolves or None,
        "period": transaction.period,
        "effective_at": to_plain(transaction.effective_at),
        "booked_at": to_plain(transaction.booked_at),
        "line_count": len(transaction.postings),
        "content_sha256": content_digest(transaction),
    }


def transaction_of(row: Any, postings: Sequence[Posting]) -> Transaction:
    """A transaction from its row and its postings."""
    return Transaction(
        transaction_id=row.transaction_id,
        kind=Kind(row.kind),
        waybill_number=row.number,
        lot_no=row.lot_no,
        method=row.method,
        run_id=row.run_id or "",
        resolves=row.resolves or "",
        period=row.period,
        effective_at=datetime.fromisoformat(row.effective_at),
        booked_at=datetime.fromisoformat(row.booked_at),
        postings=tuple(postings),
        seq=row.seq,
    )
