"""Export what was sealed, and verify the database against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from optimizer.accounts import merkle
from optimizer.accounts.checkpoint import Checkpoint, parse_checkpoint
from optimizer.accounts.entries import Entry
from optimizer.accounts.manifest import ManifestLine
from optimizer.accounts.proof import Proof, Since
from optimizer.accounts.seal_check import check_seals
from optimizer.accounts.seal_view import SealReport
from optimizer.accounts.sealed import Head, Leaf
from optimizer.errors import ConflictError, Message, UnknownRecordError, UnreadableRecordError
from optimizer.store.engine import Store
from optimizer.store.session import Session
from optimizer.store.tree_rows import readable
from optimizer.store.tree_sources import KINDS
from optimizer.waybills.finding import Finding


def checkpoint(store: Store) -> Checkpoint:
    """The newest signed head. Raises UnknownRecordError where nothing was sealed, InputError and ConflictError where
    the stored one was altered."""
    with store.read() as session:
        return _signed(_head(session))


def leaves(store: Store, size: int) -> list[Leaf]:
    """The first ``size`` leaves, for a manifest."""
    with store.read() as session:
        return list(session.tree.leaves())[:size]


def verify(
    store: Store, checkpoints: Sequence[Checkpoint] = (), manifest: Sequence[ManifestLine] | None = None
) -> SealReport:
    """Compare every record with its leaf, the tree with its signed heads and with heads exported before.

    A database that cannot be read to the end is a finding too.
    """
    try:
        with store.read() as session, readable():
            report = check_seals(session.tree.log(), checkpoints, manifest)
            damage = session.tree.damage()
    except UnreadableRecordError as error:
        return SealReport((Finding("unreadable", "database", error.message),), 0, 0)
    return replace(report, findings=(*report.findings, *map(_damaged, damage)))


def _damaged(said: str) -> Finding:
    return Finding(
        "file_damaged",
        "database",
        Message(f"数据库文件损坏：{said}；请从备份恢复。", f"The database file is damaged: {said}; restore a backup."),
    )


def prove(store: Store, name: str, since: Checkpoint | None = None, *, with_document: bool = False) -> Proof:
    """The proof that a record is in the newest signed tree.

    ``name``: ``kind:id``, an id that only one kind has, or the place in the log (``#17``). ``since``: a head exported
    before, to which the proof is linked. ``with_document``: with the text whose digest stands in the leaf.

    Raises UnknownRecordError for a record that is not there or not sealed, ConflictError for one that differs from what
    was sealed and for a head that is no beginning of the tree.
    """
    with store.read() as session:
        head = _head(session)
        leaf = _leaf(session, name)
        if leaf.index >= head.size:
            raise _unknown(name)
        entry, document = _unchanged(session, leaf)
        ranges = merkle.inclusion_ranges(leaf.index, head.size)
        path = merkle.inclusion_proof(session.tree.reader(ranges), leaf.index, head.size)
        return Proof(
            entry=entry.name,
            index=leaf.index,
            leaf=entry.text,
            path=tuple(path),
            checkpoint=str(_signed(head).note),
            keys=tuple(key.rotation for key in session.tree.public_keys() if key.rotation),
            document=document if with_document and document else None,
            since=None if since is None else _since(session, head, since),
        )


def _since(session: Session, head: Head, since: Checkpoint) -> Since:
    if since.size > head.size:
        raise ConflictError(
            Message(
                f"树头文件有 {since.size} 条，数据库只封存了 {head.size} 条；请运行 modalshift verify。",
                f"The checkpoint covers {since.size} entries, but only {head.size} are sealed here; run "
                "modalshift verify.",
            )
        )
    ranges = merkle.consistency_ranges(since.size, head.size)
    path = merkle.consistency_proof(session.tree.reader(ranges), since.size, head.size)
    if not merkle.is_consistent(since.size, since.root, head.size, head.root, path):
        raise ConflictError(
            Message(
                "所给树头不是本数据库的树的开头；请运行 modalshift verify。",
                "The checkpoint is no beginning of this database's tree; run modalshift verify.",
            )
        )
    return Since(since.size, tuple(path))


def _head(session: Session) -> Head:
    head = session.tree.head()
    if head is None:
        raise UnknownRecordError(
            Message(
                "尚未封存，没有树头；请先运行 modalshift seal --key FILE。",
                "Nothing was sealed yet; run modalshift seal --key FILE first.",
            )
        )
    return head


def _signed(head: Head) -> Checkpoint:
    found = parse_checkpoint(head.note, f"tree_heads {head.size}")
    if not found.is_signed or (found.size, found.root) != (head.size, head.root):
        raise ConflictError(
            Message(
                "数据库中的树头被改动；请运行 modalshift verify。",
                "The tree head in the database was altered; run modalshift verify.",
            )
        )
    return found


def _leaf(session: Session, name: str) -> Leaf:
    if name.startswith("#") and name[1:].isascii() and name[1:].isdigit() and len(name) <= 10:
        found = session.tree.leaf_at(int(name[1:]))
        candidates = [] if found is None else [found]
    else:
        kind, colon, entry_id = name.partition(":")
        known = colon and kind in KINDS
        candidates = session.tree.leaves_of(entry_id, kind) if known else session.tree.leaves_of(name)
        if not candidates and (not known or kind == "waybill"):
            candidates = _version_in_force(session, entry_id if known else name)
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        listed = ", ".join(leaf.name for leaf in candidates)
        raise UnknownRecordError(
            Message(f"“{name}”不止一条：{listed}。", f"'{name}' is more than one entry: {listed}.")
        )
    raise _unknown(name)


def _version_in_force(session: Session, number: str) -> list[Leaf]:
    """A waybill is known by its number, which means the version in force; ``NUMBER/1`` is the first one."""
    waybill = session.waybills([number]).get(number)
    if waybill is None:
        return []
    found = session.tree.leaves_of(f"{number}/{waybill.version}", "waybill")
    if not found and waybill.version > 1:
        raise UnknownRecordError(
            Message(
                f"运单 {number} 现为第 {waybill.version} 版，尚未封存；先前的版本写作 waybill:{number}/1。",
                f"Version {waybill.version} of waybill {number} is in force and not sealed yet; earlier ones are"
                f" waybill:{number}/1 and so on.",
            )
        )
    return found


def _unknown(name: str) -> UnknownRecordError:
    return UnknownRecordError(
        Message(
            f"没有已封存的条目“{name}”；写法如 transaction:编号、event:编号、运单号（现行版）、"
            "waybill:运单号/版次或 #17；"
            "新记录须先 modalshift seal。",
            f"There is no sealed entry '{name}'; write transaction:ID, event:ID, a waybill number (the version "
            "in force), waybill:NUMBER/VERSION or #17; new records are sealed with modalshift seal.",
        )
    )


def _unchanged(session: Session, leaf: Leaf) -> tuple[Entry, str]:
    found = session.tree.entry(leaf.kind, leaf.entry_id)
    if found is None or found[0].leaf != leaf.leaf_hash:
        raise ConflictError(
            Message(
                f"{leaf.name} 与封存时不同，不能出具证明；请运行 modalshift verify。",
                f"{leaf.name} differs from what was sealed, so nothing can be proven; run modalshift verify.",
            )
        )
    return found
