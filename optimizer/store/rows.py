"""Records as rows of the tables, and transactions back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.ledger import Bucket, Kind, Ledger, Posting, Transaction, china_text
from optimizer.errors import Message, UnreadableRecordError
from optimizer.waybills.codec import Record, from_json, lean_reader_of, sha256, to_json, to_plain
from optimizer.waybills.event import Event
from optimizer.waybills.party import Party
from optimizer.waybills.waybill import Waybill


def waybill_row(waybill: Waybill, document: str | None = None) -> dict[str, Any]:
    """A waybill as a row of ``waybills``; ``document`` is its canonical JSON where that is known."""
    document = document or to_json(waybill)
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
        "voyage_id": event.voyage_id,
        "vessel_id": event.vessel_id,
        "location_id": event.location_id,
        "mass_kg": event.mass_kg,
    }


def run_row(run: CalculationRun, document: str | None = None) -> dict[str, Any]:
    """A calculation run as a row of ``calculation_runs``; ``document`` is its canonical JSON where that is known."""
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
        "run_at": china_text(run.run_at),
        "document": document or to_json(run),
        "mass_kg": run.result.mass_kg,
        "baseline_wtw_g": run.result.baseline_wtw_g,
        "actual_wtw_g": run.result.actual_wtw_g,
        "expected_wtw_g": run.result.expected_wtw_g,
        "credited_wtw_g": run.result.credited_wtw_g,
        "energy_saved_g": run.result.energy_saved_g,
        "tier": run.result.tier,
        "activity": activity_text(run.result.activity_kgkm),
    }


def unreadable(zh: str, en: str, error: Exception) -> UnreadableRecordError:
    """The error of a stored record that nobody can read any more."""
    return UnreadableRecordError(
        Message(
            f"{zh} 的内容读不出（{error}）；请从备份恢复。",
            f"What {en} says cannot be read ({error}); restore a backup.",
        )
    )


def record_of_document(kind: type[Record], document: str | bytes, zh: str, en: str) -> Record:
    """The record that a document says; ``zh`` and ``en`` name it. Raises UnreadableRecordError where it is none."""
    try:
        return from_json(kind, document)
    except (ValueError, TypeError) as error:
        raise unreadable(zh, en, error) from error


def run_of_document(run_id: str, document: str | bytes) -> CalculationRun:
    """The run that a document says. Raises UnreadableRecordError where it is none."""
    return record_of_document(CalculationRun, document, f"计算记录 {run_id}", f"calculation run {run_id}")


def party_of_document(party_id: str, document: str | bytes) -> Party:
    """The party that a document says. Raises UnreadableRecordError where it is none."""
    return record_of_document(Party, document, f"企业 {party_id}", f"party {party_id}")


def waybill_of_document(number: str, document: str | bytes) -> Waybill:
    """The waybill that a document says. Raises UnreadableRecordError where it is none."""
    return record_of_document(Waybill, document, f"运单 {number}", f"waybill {number}")


def event_of_document(seq: int, document: str | bytes) -> Event:
    """The event that a document says. Raises UnreadableRecordError where it is none."""
    return record_of_document(Event, document, f"第 {seq} 条事件", f"event {seq}")


def events_of_documents(rows: Sequence[Sequence[Any]]) -> list[Event]:
    """The events of many rows that begin with number and document, for who only looks at them
    (``codec.lean_reader_of``). Raises as :func:`event_of_document` does."""
    try:
        return list(map(_read_event, map(itemgetter(1), rows)))
    except ValueError:
        return [event_of_document(row[0], row[1]) for row in rows]


def seen_waybill(number: str, document: bytes) -> Waybill:
    """:func:`waybill_of_document`, for who only looks at it (``codec.lean_reader_of``)."""
    try:
        return _read_waybill(document)
    except ValueError:
        return waybill_of_document(number, document)


_read_event = lean_reader_of(Event)
_read_waybill = lean_reader_of(Waybill)


def activity_text(activity_kgkm: Mapping[str, int]) -> str:
    """``to_json`` of an activity: kg·km by mode."""
    return "{" + ",".join(f'"{mode}":{amount}' for mode, amount in sorted(activity_kgkm.items())) + "}"


TRANSACTION_COLUMNS = (
    "seq",
    "transaction_id",
    "kind",
    "number",
    "lot_no",
    "method",
    "run_id",
    "resolves",
    "period",
    "effective_at",
    "booked_at",
    "memo",
    "line_count",
    "content_sha256",
)
"""Of the view ``postings``."""
LINE_COLUMNS = (
    "transaction_seq",
    "line",
    "ledger",
    "part",
    "account_no",
    "bucket",
    "counter_account_no",
    "counter_bucket",
    "amount",
)
"""Of the table ``posting_lines``."""
LEDGER_CODES = {"claim": 1, "attribution": 2, "activity": 3, "energy": 4}
BUCKET_CODES = {"reserved": 1, "available": 2, "retired": 3}


def transaction_row(transaction: Transaction, digest: str) -> tuple[Any, ...]:
    """A transaction as a row of :data:`TRANSACTION_COLUMNS` without the first, its sequence number."""
    return (
        transaction.transaction_id,
        transaction.kind._value_,
        transaction.waybill_number,
        transaction.lot_no,
        transaction.method,
        transaction.run_id or None,
        transaction.resolves or None,
        transaction.period,
        china_text(transaction.effective_at),
        china_text(transaction.booked_at),
        transaction.memo,
        len(transaction.postings) // 2,
        digest,
    )


def line_rows(transaction: Transaction, numbers: Mapping[str, int]) -> tuple[tuple[Any, ...], ...]:
    """The postings of a transaction as rows of :data:`LINE_COLUMNS` without the first, one row for each pair.
    ``numbers``: of the accounts; the database refuses an account without one. Raises ValueError where postings are no
    such pairs."""
    number_of = numbers.get
    rows: list[tuple[Any, ...]] = []
    lines = iter(transaction.postings)
    for place, (line, counter) in enumerate(zip(lines, lines, strict=True), start=1):
        # Sixteen lines to a settlement: taking one apart once costs less than asking it for each of its fields.
        account_id, ledger, bucket, part, amount = line
        counter_id, counter_ledger, counter_bucket, counter_part, counter_amount = counter
        if amount != -counter_amount or ledger is not counter_ledger or part != counter_part:
            raise ValueError("postings stand in pairs of opposite amounts inside one ledger and part")
        rows.append(
            (
                place,
                LEDGER_CODES[ledger],
                part,
                number_of(account_id),
                BUCKET_CODES[bucket],
                number_of(counter_id),
                BUCKET_CODES[counter_bucket],
                amount,
            )
        )
    return tuple(rows)


_LEDGERS = {ledger.value: ledger for ledger in Ledger}
_BUCKETS = {bucket.value: bucket for bucket in Bucket}
_KINDS = {kind.value: kind for kind in Kind}
_moment = lru_cache(maxsize=65_536)(datetime.fromisoformat)


def postings_of(row: Any) -> tuple[Posting, Posting]:
    """The two lines of a posting row."""
    _, _, ledger_name, part, account_id, bucket, counter_id, counter_bucket, amount = row
    ledger = _LEDGERS[ledger_name]
    return (
        Posting(account_id, ledger, _BUCKETS[bucket], part, amount),
        Posting(counter_id, ledger, _BUCKETS[counter_bucket], part, -amount),
    )


def entry_of(row: Any, lines: Iterable[Any]) -> Transaction:
    """A transaction from its row and those of its postings. Raises UnreadableRecordError for values that no entry has:
    a kind, a time or an amount that is none."""
    try:
        return transaction_of(row, [posting for line in lines for posting in postings_of(line)])
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable(f"第 {row.seq} 号分录", f"entry {row.seq}", error) from error


def transaction_of(row: Any, postings: Sequence[Posting]) -> Transaction:
    """A transaction from its row and its postings."""
    return Transaction(
        transaction_id=row.transaction_id,
        kind=_KINDS.get(row.kind) or Kind(row.kind),
        waybill_number=row.number,
        lot_no=row.lot_no,
        method=row.method,
        run_id=row.run_id or "",
        resolves=row.resolves or "",
        period=row.period,
        effective_at=_moment(row.effective_at),
        booked_at=_moment(row.booked_at),
        postings=tuple(postings),
        seq=row.seq,
        memo=row.memo,
    )
