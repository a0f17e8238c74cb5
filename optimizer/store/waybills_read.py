"""The waybills of some numbers, held against their digests and columns side by side: for who reads millions.

As with events (``events_read``) the database hands out some dozen waybills at a time as one row: their documents, a
line each, and of each column a JSON list; and what the documents say is written down in the same form. What is equal is
as written. Whatever differs, or cannot be written so, is read again row by row and looked at by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from optimizer.accounts.audit.columns import ChangedRow, differing
from optimizer.accounts.ledger import china_text
from optimizer.store.events_read import as_bytes
from optimizer.store.listed import list_of, listed_rows
from optimizer.store.rows import seen_waybill
from optimizer.waybills.codec import lean_lines_reader_of, lean_text
from optimizer.waybills.waybill import Waybill

WAYBILL_COLUMNS = (
    *("number", "version", "plan_id", "shipment_id", "operator_id", "consignor_id", "consignee_id", "cargo_code"),
    *("declared_mass_kg", "place_of_receipt", "place_of_delivery", "issued_at"),
)
TOGETHER = 50
"""Numbers asked for at a time: the texts stay near the processor."""
Versions = dict[tuple[str, int], Waybill]
"""Waybills by number and version."""


class WaybillsOf(NamedTuple):
    """All versions of some waybills in order of number and version; the rows that are not what their documents say; and
    whether any document is not what was written."""

    versions: Versions
    rows: list[ChangedRow]
    changed: bool


def waybills_read(connection: Connection, numbers: Collection[str]) -> WaybillsOf:
    """The waybills of these numbers. Raises UnreadableRecordError for one whose document was damaged."""
    versions: Versions = {}
    rows: list[ChangedRow] = []
    changed = False
    for _, block in waybill_blocks(connection, numbers):
        versions |= block.versions
        rows += block.rows
        changed |= block.changed
    return WaybillsOf(versions, rows, changed)


def waybill_blocks(connection: Connection, numbers: Collection[str]) -> Iterator[tuple[Sequence[str], WaybillsOf]]:
    """The same, some numbers at a time, in order: whoever asks all of them before the next come has them near the
    processor."""
    listed = sorted(numbers)
    for start in range(0, len(listed), TOGETHER):
        some = listed[start : start + TOGETHER]
        waybills = _at_once(connection, some)
        if waybills is None:
            found = _one_by_one(connection, some)
            yield some, found._replace(versions=dict(sorted(found.versions.items(), key=_place)))
        else:
            waybills.sort(key=_key)
            yield some, WaybillsOf(dict(zip(map(_key, waybills), waybills, strict=True)), [], False)


def _at_once(connection: Connection, numbers: Sequence[str]) -> list[Waybill] | None:
    """The same, if there is nothing to doubt: each document is one line, and digests and columns say what they say."""
    try:
        ((count, lines, *columns),) = listed_rows(connection, _query(connection), numbers)
    except DatabaseError:
        if connection.dialect.name != "sqlite":
            raise
        return None  # bytes where a text belongs
    if not count:
        return []
    try:
        waybills = _read(lines)
    except (TypeError, ValueError):
        return None
    texts = lines.split(b"\n")
    said = [[sha256(text).hexdigest() for text in texts], *(list(map(get, waybills)) for get in _SAID)]
    if not count == len(waybills) == len(texts) or lean_text(said) != b"[%b]" % b",".join(columns):
        return None
    return waybills


def _one_by_one(connection: Connection, numbers: Sequence[str]) -> WaybillsOf:
    columns = f"{', '.join(WAYBILL_COLUMNS)}, content_sha256, {as_bytes(connection, 'document')}"
    query = f"SELECT {columns} FROM waybills WHERE number {{listed}}"  # nosec B608
    versions: Versions = {}
    rows: list[ChangedRow] = []
    changed = False
    for *kept, written, document in listed_rows(connection, query, numbers):
        waybill = versions[kept[0], kept[1]] = seen_waybill(kept[0], document)
        record = f"waybill {waybill.number}/{waybill.version}"
        said = [*(get(waybill) for get in _SAID[:-1]), china_text(waybill.issued_at)]
        rows += differing(record, "waybills", WAYBILL_COLUMNS, kept, said)
        changed |= sha256(document).hexdigest() != written
    return WaybillsOf(versions, rows, changed)


def _query(connection: Connection) -> str:
    """How many waybills some numbers have, their documents, and a list of each of the columns that are compared."""
    lists = ", ".join(list_of(connection, column) for column in ("content_sha256", *WAYBILL_COLUMNS))
    if connection.dialect.name == "sqlite":  # which looks numbers up in their order, and their versions so too
        documents = "CAST(group_concat(document, char(10)) AS BLOB)"
        return f"SELECT count(*), {documents}, {lists} FROM waybills WHERE number {{listed}}"  # nosec B608
    documents = "convert_to(string_agg(document, chr(10)), 'UTF8')"
    rows = "(SELECT * FROM waybills WHERE number {listed} ORDER BY number, version) AS w"
    return f"SELECT count(*), {documents}, {lists} FROM {rows}"  # nosec B608


def _place(item: tuple[tuple[str, int], Waybill]) -> tuple[str, int]:
    return item[0]


_read = lean_lines_reader_of(Waybill, frozenset({"operator", "consignor", "consignee", "baseline_legs", "factor_ids"}))
_key = attrgetter("number", "version")
_SAID = tuple(
    attrgetter(name)
    for name in (
        *("number", "version", "plan_id", "shipment_id", "operator.party_id", "consignor.party_id"),
        *("consignee.party_id", "cargo_code", "declared_mass_kg", "place_of_receipt", "place_of_delivery"),
        "issued_at",
    )
)
"""What a document says of each of :data:`WAYBILL_COLUMNS`."""
