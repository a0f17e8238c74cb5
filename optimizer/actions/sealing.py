"""Seal what is recorded: batches of leaves under a signed tree head."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from optimizer.accounts import merkle
from optimizer.accounts.checkpoint import (
    Checkpoint,
    VerifierKey,
    parse_checkpoint,
    parse_verifier_key,
    require_origin,
    sign_checkpoint,
    sign_rotation,
    verifier_key,
)
from optimizer.accounts.entries import Entry
from optimizer.accounts.sealed import Head, Leaf, LogKey
from optimizer.errors import ConflictError, Message, UnknownRecordError, UnreadableRecordError
from optimizer.quantities import iso
from optimizer.store.engine import Store
from optimizer.store.session import Session

BATCH = 10_000
"""Most records under one head: a batch holds the database's only writing place for about half a second."""


@dataclass(frozen=True, slots=True)
class SealResult:
    """What a run of the sealer did: records sealed under how many new heads, and the head that stands now."""

    entries: int
    heads: int
    checkpoint: Checkpoint


def seal(
    store: Store,
    key: Ed25519PrivateKey,
    at: datetime,
    *,
    origin: str = "",
    signed_before: Checkpoint | None = None,
    batch: int = BATCH,
) -> SealResult:
    """Seal everything that is recorded and not sealed yet, one signed head for each batch.

    Each batch is one database transaction: after a crash the next run goes on where the last head stands, and of two
    sealers at once the second finds nothing left. ``origin`` names the log when it is begun (default: after its first
    key). ``signed_before``: the newest head that was ever signed with this key, kept outside the database; where the
    database no longer holds it, an old backup was restored or the tree rewritten, and nothing is signed.

    Raises ConflictError then, for a key that is not the log's present one, and where the stored tree contradicts its
    own last head; InputError for an origin that cannot name a log.
    """
    entries = heads = 0
    while True:
        with store.write() as session:
            sealed, checkpoint = _seal_batch(session, key, at, origin, signed_before, batch)
        if not sealed:
            return SealResult(entries, heads, checkpoint)
        entries, heads, signed_before = entries + sealed, heads + 1, checkpoint


def rotate_key(
    store: Store, new: Ed25519PrivateKey, at: datetime, *, old: Ed25519PrivateKey | None = None, reason: str = ""
) -> LogKey:
    """Record a new key of the log: the old one signs the hand-over, or a reason says why it cannot.

    The record is sealed under the next head, which the new key signs. Raises UnknownRecordError where no log was begun,
    ConflictError where ``old`` is not its present key, where the new key was used before, or where neither an old key
    nor a reason is given.
    """
    with store.write() as session:
        keys = session.tree.public_keys()
        if not keys:
            raise UnknownRecordError(
                Message(
                    "尚未封存过，没有可更换的密钥；请先 seal。",
                    "Nothing was sealed yet, so there is no key to change; seal first.",
                )
            )
        origin = _public(keys[-1]).name
        public = verifier_key(origin, new)
        if public.text in {item.verifier_key for item in keys}:
            raise ConflictError(
                Message(
                    "这把密钥已在本日志用过；请生成新密钥。", "This key was used for this log before; make a new one."
                )
            )
        if old is not None:
            _require_present(keys[-1], verifier_key(origin, old))
            note = str(sign_rotation(old, public, at).note)
            record = LogKey(len(keys) + 1, public.text, iso(at), rotation=note)
        elif reason:
            record = LogKey(len(keys) + 1, public.text, iso(at), reason=reason)
        else:
            raise ConflictError(
                Message("请给出旧密钥，或说明遗失原因。", "Give the old key, or the reason why it is lost.")
            )
        session.tree.add_key(record)
    return record


def _seal_batch(
    session: Session,
    key: Ed25519PrivateKey,
    at: datetime,
    origin: str,
    signed_before: Checkpoint | None,
    batch: int,
) -> tuple[int, Checkpoint]:
    """The number of records sealed (0: none was left) and the head that stands then."""
    tree = session.tree
    head = tree.head()
    key_no, public = _present_key(session, key, at, origin)
    frontier = _frontier(session, head)
    if signed_before is not None:
        _require_prefix(session, public.name, head, signed_before)
    entries = tree.unsealed(head, batch)
    if not entries and head is not None:
        return 0, parse_checkpoint(head.note)
    size = 0 if head is None else head.size
    leaves = [Leaf(size + offset, item.kind, item.entry_id, item.leaf) for offset, item in enumerate(entries)]
    growth = merkle.grow(frontier, size, [leaf.leaf_hash for leaf in leaves])
    checkpoint = sign_checkpoint(public.name, growth.size, growth.root, at, key)
    tree.append(leaves, growth.nodes)
    tree.add_head(
        Head(
            size=growth.size,
            root=growth.root,
            sealed_at=checkpoint.sealed_at,
            key_no=key_no,
            last_event_seq=_last_seq(entries, "event", 0 if head is None else head.last_event_seq),
            last_transaction_seq=_last_seq(entries, "transaction", 0 if head is None else head.last_transaction_seq),
            note=str(checkpoint.note),
        )
    )
    return len(entries), checkpoint


def _present_key(session: Session, key: Ed25519PrivateKey, at: datetime, origin: str) -> tuple[int, VerifierKey]:
    """Number and public half of the key that signs now; a log without a key is begun with this one."""
    keys = session.tree.public_keys()
    if not keys:
        name = origin or default_origin(key)
        require_origin(name)
        public = verifier_key(name, key)
        session.tree.add_key(LogKey(1, public.text, iso(at)))
        return 1, public
    present = keys[-1]
    public = verifier_key(_public(present).name, key)
    _require_present(present, public)
    if origin and origin != public.name:
        raise ConflictError(
            Message(
                f"本日志名为 {public.name}，不能改称 {origin}。",
                f"This log is {public.name} and cannot become {origin}.",
            )
        )
    return present.key_no, public


def default_origin(key: Ed25519PrivateKey) -> str:
    """The name of a log that was given none: after the first key that signs it."""
    return f"modalshift/{hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()[:16]}"


def _frontier(session: Session, head: Head | None) -> dict[int, bytes]:
    """What the next leaves are appended to. Raises ConflictError where it does not lead to the last signed root."""
    if head is None:
        return {}
    read = session.tree.reader([(0, head.size)])
    try:
        frontier = {level: read(level, index) for level, index in merkle.frontier_coordinates(head.size)}
        root = merkle.root_of(read, head.size)
    except UnreadableRecordError:
        root = b""
    if root != head.root or parse_checkpoint(head.note).root != root:
        raise ConflictError(
            Message(
                f"树中存储的节点与 {head.size} 条时签名的树根不符，未封存；请运行 modalshift verify。",
                f"The stored tree does not lead to the root signed at {head.size} entries; nothing was sealed. Run "
                "modalshift verify.",
            )
        )
    return frontier


def _require_prefix(session: Session, origin: str, head: Head | None, signed: Checkpoint) -> None:
    """The database must still hold what was signed before, or a fork would be signed beside it."""
    size = 0 if head is None else head.size
    if signed.origin != origin:
        raise ConflictError(
            Message(
                f"这把密钥签署的是日志 {signed.origin}，不是 {origin}；每个日志须用自己的密钥。",
                f"This key signs the log {signed.origin}, not {origin}; each log needs its own key.",
            )
        )
    if signed.size > size:
        raise ConflictError(
            Message(
                f"数据库只有 {size} 条，而这把密钥已签到 {signed.size} 条：恢复了旧备份？未封存。",
                f"The database holds {size} sealed entries, but this key has signed {signed.size}: was an old backup "
                "restored? Nothing was sealed.",
            )
        )
    try:
        kept = merkle.root_of(session.tree.reader([(0, signed.size)]), signed.size) == signed.root
    except UnreadableRecordError:
        kept = False
    if not kept:
        raise ConflictError(
            Message(
                f"前 {signed.size} 条与这把密钥签过的树根不符：树被改写。未封存；请运行 modalshift verify。",
                f"The first {signed.size} entries do not have the root that this key signed: the tree was rewritten. "
                "Nothing was sealed; run modalshift verify.",
            )
        )


def _require_present(present: LogKey, public: VerifierKey) -> None:
    if present.verifier_key != public.text:
        raise ConflictError(
            Message(
                f"这不是本日志现用的密钥（{present.verifier_key}）；换钥请用 modalshift key rotate。",
                f"This is not the log's present key ({present.verifier_key}); change keys with modalshift key rotate.",
            )
        )


def _public(key: LogKey) -> VerifierKey:
    public = parse_verifier_key(key.verifier_key)
    if public is None:
        raise ConflictError(
            Message(
                f"数据库中第 {key.key_no} 把公钥无法识别；请运行 modalshift verify。",
                f"Public key {key.key_no} in the database is none; run modalshift verify.",
            )
        )
    return public


def _last_seq(entries: list[Entry], kind: str, before: int) -> int:
    return max((entry.seq for entry in entries if entry.kind == kind), default=before)
