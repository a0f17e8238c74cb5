"""Whether the records are still what was sealed, and the tree still what was exported.

Two comparisons together leave no room: every record now against its stored leaf hash (here), and the tree of the stored
leaf hashes against signed heads, those in the database (``tree_check``) and those that somebody took away
(``checkpoint_check``). A finding names the entry by its place in the log; the first one comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from optimizer.accounts.checkpoint import Checkpoint
from optimizer.accounts.checkpoint_check import checkpoint_findings
from optimizer.accounts.entries import Entry
from optimizer.accounts.manifest import ManifestLine
from optimizer.accounts.seal_view import NUMBERED, SealedLog, SealReport, SealView, view_of
from optimizer.accounts.sealed import Head, Leaf
from optimizer.accounts.tree_check import heads_findings, keys_findings, leaves_findings, nodes_findings
from optimizer.errors import Message
from optimizer.waybills.finding import Finding


def check_seals(
    log: SealedLog, checkpoints: Sequence[Checkpoint] = (), manifest: Sequence[ManifestLine] | None = None
) -> SealReport:
    """All findings: none means that every sealed record is unchanged and every head a beginning of the present tree.

    ``checkpoints``: heads exported before. ``manifest``: the leaves under one of them, to name what was rewritten.
    """
    view = view_of(log)
    _compare(view, log.entries)
    findings = [
        *(view.wrong[index] for index in sorted(view.wrong)),
        *view.behind,
        *_orphans(view),
        *leaves_findings(view),
        *nodes_findings(view),
        *keys_findings(view),
        *heads_findings(view),
        *checkpoint_findings(view, checkpoints, manifest),
    ]
    return SealReport(tuple(findings), len(view.leaves), view.unsealed)


def _compare(view: SealView, entries: Iterable[Entry]) -> None:
    """Every record now against its leaf; fills ``wrong``, ``behind`` and ``unsealed``."""
    index_of = {(leaf.kind, leaf.entry_id): position for position, leaf in enumerate(view.leaves)}
    seen = bytearray(len(view.leaves))
    last_sealed = _last_sealed(view.heads)
    before = dict.fromkeys(NUMBERED, -1)
    for entry in entries:
        index = index_of.get((entry.kind, entry.entry_id))
        if index is None:
            if not _is_newest_head(view, entry):
                view.unsealed += 1
                if entry.kind == "head" or (entry.kind in NUMBERED and entry.seq <= last_sealed[entry.kind]):
                    view.behind.append(_slipped_in(entry))
        elif seen[index]:
            view.wrong[index] = _entry_finding(view.leaves[index], index, "entry_doubled", DOUBLED)
        else:
            seen[index] = 1
            if entry.leaf != view.leaves[index].leaf_hash:
                view.wrong[index] = _entry_finding(view.leaves[index], index, "entry_changed", CHANGED)
            elif entry.seq and index <= before[entry.kind]:
                view.wrong[index] = _entry_finding(view.leaves[index], index, "entry_order", REORDERED)
            if entry.seq:
                before[entry.kind] = max(before[entry.kind], index)
    for index, present in enumerate(seen):
        if not present:
            view.wrong[index] = _entry_finding(view.leaves[index], index, "entry_missing", MISSING)


CHANGED = Message("与封存时不同", "differs from what was sealed")
MISSING = Message("已封存，但记录不见了", "was sealed and its record is gone")
DOUBLED = Message("有两条同号记录", "has two records of the same id")
REORDERED = Message("的次序与封存时不同", "stands in another order than it was sealed")


def _entry_finding(leaf: Leaf, index: int, code: str, what: Message) -> Finding:
    return Finding(
        code, f"entry {index} ({leaf.name})", Message(f"第 {index} 条 {what.zh}。", f"Entry {index} {what.en}.")
    )


def _is_newest_head(view: SealView, entry: Entry) -> bool:
    """The newest head waits for the next batch."""
    return bool(view.heads) and entry.name == f"head:{view.heads[-1].size}"


def _slipped_in(entry: Entry) -> Finding:
    return Finding(
        "entry_behind",
        entry.name,
        Message(
            "该记录未封存，但其后的已封存：事后插入或封存记录被删。",
            "This record is not sealed although later ones are: it was slipped in, or its leaf was removed.",
        ),
    )


def _orphans(view: SealView) -> Iterator[Finding]:
    for row in view.orphans:
        yield Finding(
            "row_without_record",
            row,
            Message("该行所属的记录不存在。", "The record that this row belongs to does not exist."),
        )


def _last_sealed(heads: Sequence[Head]) -> dict[str, int]:
    newest = heads[-1] if heads else None
    return {
        "event": newest.last_event_seq if newest else 0,
        "transaction": newest.last_transaction_seq if newest else 0,
    }
