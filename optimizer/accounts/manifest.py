"""The list of all leaves under a tree head, as CSV: beside a checkpoint it names the very entry that was rewritten."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from optimizer.accounts.csv_text import csv_rows
from optimizer.accounts.merkle import HASH_TEXT
from optimizer.accounts.sealed import Leaf
from optimizer.errors import Fault, InputError, Message

COLUMNS = ("index", "entry", "leaf_hash")


@dataclass(frozen=True, slots=True)
class ManifestLine:
    """A leaf as it was listed: ``kind:id`` and its hash."""

    entry: str
    leaf_hash: bytes


def manifest_csv(leaves: Iterable[Leaf]) -> str:
    """The leaves in order, one a line: index, ``kind:id``, leaf hash in hex."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((leaf.index, leaf.name, leaf.leaf_hash.hex()) for leaf in leaves)
    return buffer.getvalue()


def parse_manifest(text: str, file: str) -> list[ManifestLine]:
    """Read what :func:`manifest_csv` wrote. Raises InputError that names the first wrong row."""
    rows = csv_rows(text, file)
    if tuple(next(rows, ())) != COLUMNS:
        raise _wrong(file, 1)
    found: list[ManifestLine] = []
    for row in rows:
        if len(row) != len(COLUMNS) or row[0] != str(len(found)) or not HASH_TEXT.fullmatch(row[2]):
            raise _wrong(file, len(found) + 2)
        found.append(ManifestLine(row[1], bytes.fromhex(row[2])))
    return found


def first_difference(listed: Sequence[ManifestLine], leaves: Sequence[Leaf]) -> int | None:
    """The first index at which leaves differ from the list, None where they agree as far as the list goes."""
    for index, line in enumerate(listed):
        if index >= len(leaves) or (leaves[index].name, leaves[index].leaf_hash) != (line.entry, line.leaf_hash):
            return index
    return None


def _wrong(file: str, row: int) -> InputError:
    message = Message(
        f"应为 {','.join(COLUMNS)} 各列，index 从 0 连续，leaf_hash 为 64 位小写十六进制；"
        "请用 checkpoint --manifest 写出的原件。",
        f"Expected the columns {','.join(COLUMNS)}, index from 0 without gaps, leaf_hash of 64 lower-case hex digits; "
        "use the file that checkpoint --manifest wrote.",
    )
    return InputError.of([Fault(file, row, None, "wrong_manifest", message)])
