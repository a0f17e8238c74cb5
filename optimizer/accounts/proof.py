"""Inclusion proofs as files: one record, its way to a signed tree head, and the verdict on both.

The file is JSON whose values are strings and lists of strings only, so no two readers can take a number differently. It
is documented in FORMAT.md; ``webapp/static/verify.js`` reads it from that document alone and must reach the same
verdict, word for word.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.accounts.checkpoint import (
    COUNT_TEXT,
    Checkpoint,
    VerifierKey,
    parse_checkpoint,
    parse_rotation,
    parse_verifier_key,
)
from optimizer.accounts.entries import DIGEST_COLUMN, document_digest
from optimizer.accounts.merkle import HASH_TEXT, is_consistent, is_included, leaf_hash
from optimizer.errors import InputError, Message

FORMAT = "modalshift-proof-1"
_REQUIRED = {"format", "entry", "index", "leaf", "path", "checkpoint", "keys"}
_OPTIONAL = {"document", "since"}
DEEPEST = 100
"""How deep JSON may nest: readers end at depths of their own, and no record of ours nests deeper than five."""
KEY_EDGES = " \t\r\n"
"""What may stand around a public key."""


@dataclass(frozen=True, slots=True)
class Since:
    """The proof that a tree of ``size`` leaves is a beginning of the head's tree."""

    size: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """A record as sealed (``leaf`` is its text) at ``index`` of the tree of a signed head. ``keys``: the log's changes
    of keys; ``document``: the text whose digest stands in the leaf; ``since``: the link to an older head."""

    entry: str
    index: int
    leaf: str
    path: tuple[bytes, ...]
    checkpoint: str
    keys: tuple[str, ...] = ()
    document: str | None = None
    since: Since | None = None


VERDICTS = {
    "ok": Message(
        "证明成立：该记录在签名的树中，内容未变", "The proof holds: the record is in the signed tree, unchanged"
    ),
    "malformed_bundle": Message(
        "证明文件格式不对或被改动；对账单、报告本身不是证明，请向出具方索取证明文件",
        "The proof file has another form or was altered; a statement or report is no proof by itself, ask for one",
    ),
    "malformed_head": Message(
        "证明中的树头格式不对或被改动", "The tree head in the proof has another form or was altered"
    ),
    "head_signature_wrong": Message("证明中的树头签名不对", "The signature of the tree head in the proof is wrong"),
    "not_included": Message(
        "记录不在该树中：内容、位置或路径被改动",
        "The record is not in that tree: it, its place or its path was altered",
    ),
    "entry_differs": Message("证明声称的记录与其内容不符", "The proof is of another record than it says"),
    "document_differs": Message("所附文件与记录中的摘要不符", "The document is not the one that the record names"),
    "malformed_checkpoint": Message(
        "所给树头文件格式不对或被改动", "The checkpoint file has another form or was altered"
    ),
    "checkpoint_signature_wrong": Message("所给树头文件签名不对", "The signature of the checkpoint file is wrong"),
    "other_log": Message("证明与树头文件属于不同的日志", "Proof and checkpoint are of different logs"),
    "malformed_key": Message("所给公钥格式不对", "The public key has another form"),
    "rotation_wrong": Message("换钥记录不对", "A change of keys is wrong"),
    "other_key": Message("树头不是由可信的密钥签署", "The tree head is not signed by a key that is trusted"),
    "root_differs": Message(
        "与所给树头同样大小而树根不同：存在两棵树", "Same size as the checkpoint and another root: there are two trees"
    ),
    "not_linked": Message(
        "证明没有联到所给树头；请用 proof --checkpoint 重做",
        "The proof is not linked to the checkpoint; make it anew with proof --checkpoint",
    ),
    "not_consistent": Message(
        "所给树头不是该树的开头：树被改写", "The checkpoint is no beginning of that tree: it was rewritten"
    ),
}
"""Every verdict in words, in the order in which the faults are looked for."""


def proof_json(proof: Proof) -> str:
    """The proof as a file."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "entry": proof.entry,
        "index": str(proof.index),
        "leaf": proof.leaf,
        "path": [step.hex() for step in proof.path],
        "checkpoint": proof.checkpoint,
        "keys": list(proof.keys),
    }
    if proof.document is not None:
        document["document"] = proof.document
    if proof.since is not None:
        document["since"] = {"size": str(proof.since.size), "path": [step.hex() for step in proof.since.path]}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def parse_proof(text: str) -> Proof | None:
    """The proof of a file, None for any other text."""
    try:
        document = _read_json(text)
        if _is_proof(document):
            since = document.get("since")
            proof = Proof(
                entry=document["entry"],
                index=int(document["index"]),
                leaf=document["leaf"],
                path=_hashes(document["path"]),
                checkpoint=document["checkpoint"],
                keys=tuple(document["keys"]),
                document=document.get("document"),
                since=None if since is None else Since(int(since["size"]), _hashes(since["path"])),
            )
            # A lone surrogate is no text and has no bytes to hash.
            json.dumps(document, ensure_ascii=False).encode()
            return proof
    except ValueError:
        pass
    return None


def verdict_on(proof_text: str, checkpoint_text: str | None = None, key_text: str | None = None) -> str:
    """The verdict on a proof file, a key of :data:`VERDICTS`.

    ``checkpoint_text``: a head that one trusts, exported at any time before. ``key_text``: the log's public key as
    published. Without either the proof's own head is believed.
    """
    proof = parse_proof(proof_text)
    if proof is None:
        return "malformed_bundle"
    head = _parsed(proof.checkpoint)
    if head is None:
        return "malformed_head"
    if not head.is_signed:
        return "head_signature_wrong"
    if not is_included(leaf_hash(proof.leaf.encode()), proof.index, head.size, proof.path, head.root):
        return "not_included"
    return _content_fault(proof) or _trust_fault(proof, head, checkpoint_text, key_text) or "ok"


def _content_fault(proof: Proof) -> str:
    """The leaf is in the tree; is it the record that the proof says?"""
    try:
        leaf = _read_json(proof.leaf)
        kind, name, record = leaf["kind"], leaf["id"], leaf["record"]
        digest = record.get(DIGEST_COLUMN)
    except (ValueError, KeyError, TypeError, AttributeError):
        return "entry_differs"
    if not isinstance(kind, str) or not isinstance(name, str) or f"{kind}:{name}" != proof.entry:
        return "entry_differs"
    if proof.document is not None and document_digest(proof.document) != digest:
        return "document_differs"
    return ""


def _trust_fault(proof: Proof, head: Checkpoint, checkpoint_text: str | None, key_text: str | None) -> str:
    """Is the head one of the log that is trusted?"""
    checkpoint, trusted = None, head.key
    if checkpoint_text is not None:
        checkpoint = _parsed(checkpoint_text)
        if checkpoint is None:
            return "malformed_checkpoint"
        if not checkpoint.is_signed:
            return "checkpoint_signature_wrong"
        if checkpoint.origin != head.origin:
            return "other_log"
        trusted = checkpoint.key
    if key_text is not None:
        published = parse_verifier_key(key_text.strip(KEY_EDGES))
        if published is None:
            return "malformed_key"
        if checkpoint is not None and published != checkpoint.key:
            return "other_key"
        trusted = published
    fault = _key_fault(proof.keys, trusted, head)
    return fault or ("" if checkpoint is None else _link_fault(proof, head, checkpoint))


def _key_fault(rotations: Sequence[str], trusted: VerifierKey, head: Checkpoint) -> str:
    """From the trusted key, through changes that each old key signed, to the head's key."""
    for text in rotations:
        try:
            rotation = parse_rotation(text)
        except InputError:
            return "rotation_wrong"
        if not rotation.is_signed or rotation.origin != head.origin:
            return "rotation_wrong"
        if rotation.old == trusted:
            trusted = rotation.new
    return "" if trusted == head.key else "other_key"


def _link_fault(proof: Proof, head: Checkpoint, checkpoint: Checkpoint) -> str:
    if checkpoint.size == head.size:
        return "" if checkpoint.root == head.root else "root_differs"
    if proof.since is None or proof.since.size != checkpoint.size:
        return "not_linked"
    linked = is_consistent(checkpoint.size, checkpoint.root, head.size, head.root, proof.since.path)
    return "" if linked else "not_consistent"


def _parsed(text: str) -> Checkpoint | None:
    try:
        return parse_checkpoint(text)
    except InputError:
        return None


def _is_proof(document: Any) -> bool:
    """Exactly the fields, each of its type."""
    if not isinstance(document, dict) or not _REQUIRED <= document.keys() <= _REQUIRED | _OPTIONAL:
        return False
    if not all(isinstance(document[name], str) for name in ("format", "entry", "index", "leaf", "checkpoint")):
        return False
    since = document.get("since", {"size": "0", "path": []})
    return (
        document["format"] == FORMAT
        and COUNT_TEXT.fullmatch(document["index"]) is not None
        and _are_hashes(document["path"])
        and isinstance(document["keys"], list)
        and all(isinstance(text, str) for text in document["keys"])
        and isinstance(document.get("document", ""), str)
        and isinstance(since, dict)
        and since.keys() == {"size", "path"}
        and isinstance(since["size"], str)
        and COUNT_TEXT.fullmatch(since["size"]) is not None
        and _are_hashes(since["path"])
    )


def _are_hashes(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(step, str) and HASH_TEXT.fullmatch(step) for step in value)


def _hashes(texts: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(text) for text in texts)


def _read_json(text: str) -> Any:
    """The value of a JSON text. Every number is 0: no verdict hangs on one, and readers end at sizes of their own.

    Raises ValueError for any other text, where an object says a name twice, and where it nests deeper than
    :data:`DEEPEST`.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_said_once, parse_constant=_refuse, parse_int=_nought, parse_float=_nought
        )
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    _require_flat(value, DEEPEST)
    return value


def _said_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) < len(pairs):
        raise ValueError("a name stands twice")
    return named


def _require_flat(value: Any, left: int) -> None:
    if isinstance(value, (dict, list)):
        if not left:
            raise ValueError("nested too deep")
        for inner in value.values() if isinstance(value, dict) else value:
            _require_flat(inner, left - 1)


def _nought(_digits: str) -> int:
    return 0


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
