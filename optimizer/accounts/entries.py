"""What is sealed: each stored record as one canonical text, which is a leaf of the Merkle tree.

The text is made from the stored row and the rows that belong to it (the postings of a transaction, the lots and legs of
a waybill, the evidence of an event), column by column, so that a change of any of them changes the leaf. Nothing here
knows what a kind of record means; a new kind of transaction, or a new column, is sealed without a change. Two rules
keep old leaves as they are: a column without a value is left out (so a later migration may add one), and a long
``document`` stands as its SHA-256 (so a proof shows a record without all it rests on).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.accounts.merkle import leaf_hash

DOCUMENT = "document"
DIGEST_COLUMN = "document_sha256"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored record. ``kind`` and ``entry_id`` name it (``transaction`` and its id); ``seq`` is its place among its
    kind, 0 where the kind is not numbered; ``text`` is what is sealed."""

    kind: str
    entry_id: str
    seq: int
    text: str

    @property
    def name(self) -> str:
        """``kind:id``, as commands take it."""
        return f"{self.kind}:{self.entry_id}"

    @property
    def leaf(self) -> bytes:
        """The leaf hash."""
        return leaf_hash(self.text.encode())


def entry_text(kind: str, entry_id: str, row: Row, parts: Mapping[str, Iterable[Row]]) -> str:
    """The canonical JSON of a record: keys sorted, no spaces, UTF-8 as it is; ``parts`` by name, rows in their order.

    A value that no record of ours has (bytes in a text column) is written too: whoever put it there changed the leaf.
    """
    document = {
        "kind": kind,
        "id": entry_id,
        "record": _columns(row),
        "parts": {name: [_columns(part) for part in rows] for name, rows in parts.items()},
    }
    return _ENCODER.encode(document)


def document_digest(document: str) -> str:
    """The SHA-256 under which a document stands in a leaf, 64 hex digits."""
    return hashlib.sha256(document.encode()).hexdigest()


def _columns(row: Row) -> dict[str, Any]:
    values = {name: value for name, value in row.items() if value is not None}
    if isinstance(values.get(DOCUMENT), str):
        values[DIGEST_COLUMN] = document_digest(values.pop(DOCUMENT))
    return values


def _foreign(value: Any) -> dict[str, str]:
    return {type(value).__name__: value.hex() if isinstance(value, bytes) else str(value)}


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_foreign)
"""Made once: a month has tens of thousands of records, and an encoder for each takes a third of the time."""
