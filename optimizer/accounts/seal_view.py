"""The sealed log read once, for all checks of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from optimizer.accounts.entries import Entry
from optimizer.accounts.merkle import HASH_BYTES, Coordinate, MerkleTree
from optimizer.accounts.sealed import Head, Leaf, LogKey
from optimizer.errors import Message
from optimizer.waybills.finding import Finding

NUMBERED = ("event", "transaction")
"""Kinds that are sealed in the order of their gapless numbers."""


@dataclass(frozen=True, slots=True)
class SealedLog:
    """What the database holds: its tree as stored, and every record as it is now (numbered kinds in order)."""

    keys: Sequence[LogKey]
    heads: Sequence[Head]
    leaves: Iterable[Leaf]
    nodes: Iterable[tuple[Coordinate, bytes]]
    entries: Iterable[Entry]
    orphans: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SealReport:
    """``size``: leaves in the tree; ``unsealed``: records that no head covers yet (not a finding)."""

    findings: tuple[Finding, ...]
    size: int
    unsealed: int


@dataclass(slots=True)
class SealView:
    """The log read once, shared by all checks. ``wrong``: what is wrong with an entry, by its index."""

    keys: Sequence[LogKey]
    heads: Sequence[Head]
    leaves: list[Leaf]
    nodes: Mapping[Coordinate, bytes]
    tree: MerkleTree
    orphans: Sequence[str]
    wrong: dict[int, Finding] = field(default_factory=dict)
    behind: list[Finding] = field(default_factory=list)
    unsealed: int = 0


def view_of(log: SealedLog) -> SealView:
    """Read the log; a hash that is none counts as zeros and is reported by ``tree_check``."""
    leaves = list(log.leaves)
    hashes = (leaf.leaf_hash if is_hash(leaf.leaf_hash) else bytes(HASH_BYTES) for leaf in leaves)
    return SealView(log.keys, log.heads, leaves, dict(log.nodes), MerkleTree(hashes), log.orphans)


def is_hash(value: object) -> bool:
    """Whether a stored value can be a hash at all."""
    return isinstance(value, bytes) and len(value) == HASH_BYTES


def tree_finding(code: str, record: str, what: Message) -> Finding:
    """A finding about the tree itself; the sentences come without their full stop."""
    return Finding(code, record, Message(f"{what.zh}。", f"{what.en}."))
