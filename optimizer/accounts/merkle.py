"""The Merkle tree of RFC 6962 (and RFC 9162, section 2.1) over SHA-256: roots, proofs and their verification.

A leaf is hashed with the prefix byte 0, a node with the prefix byte 1, so neither can stand for the other. A tree of n
leaves splits at the largest power of two below n. Only *complete* subtrees (2^level leaves from a multiple of 2^level
on) never change once they are full; everything here is computed from them, so a store keeps each of them once.

    (level, index)   the complete subtree over the leaves [index * 2^level, (index + 1) * 2^level)
    (start, end)     any subtree that a proof can name, as the half-open range of its leaves
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

HASH_BYTES = 32
HASH_TEXT = re.compile(r"[0-9a-f]{64}")
"""A hash as files of proofs and manifests write it."""
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves (RFC 6962, 2.1)."""

STRIDE = 4
"""Complete subtrees are kept at every fourth level: one stored node for 16 leaves instead of one for each, and a proof
rebuilds at most three levels in between."""

Coordinate = tuple[int, int]
Range = tuple[int, int]
NodeReader = Callable[[int, int], bytes]
"""The hash of the complete subtree at a level and index."""


def leaf_hash(content: bytes) -> bytes:
    """SHA-256 of the byte 0 and the content."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of the byte 1 and two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


# Which subtrees: pure geometry


def complete_subtrees(start: int, end: int) -> list[Coordinate]:
    """The complete subtrees that a subtree over ``[start, end)`` is folded from, left to right: one for each set bit of
    its length, the largest first."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees whose hashes prove that a leaf is in a tree, from the leaf up (RFC 6962, 2.1.1).

    Raises ValueError where the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    start, end, found = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def consistency_ranges(old_size: int, size: int) -> list[Range]:
    """The subtrees whose hashes prove that the first ``old_size`` leaves of a tree are unchanged (RFC 6962, 2.1.2).

    An empty old tree, and a tree beside itself, need no proof. Raises ValueError where the old tree is larger.
    """
    if not 0 <= old_size <= size:
        raise ValueError(f"a tree of {old_size} is no beginning of a tree of {size}")
    if old_size in (0, size):
        return []
    start, end, found = 0, size, []
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    if start:
        # The old root itself is known to whoever checks, a part of it is not.
        found.append((start, end))
    return found[::-1]


def stored_coordinates(ranges: Iterable[Range]) -> set[Coordinate]:
    """The subtrees at stored levels (multiples of :data:`STRIDE`) that hashing these ranges reads."""
    found: set[Coordinate] = set()
    for start, end in ranges:
        for level, index in complete_subtrees(start, end):
            below = level % STRIDE
            found.update((level - below, (index << below) + offset) for offset in range(1 << below))
    return found


def _split(length: int) -> int:
    """The largest power of two below a length of at least 2."""
    return 1 << ((length - 1).bit_length() - 1)


# Hashes of subtrees


def range_hash(node: NodeReader, start: int, end: int) -> bytes:
    """The hash of a subtree over ``[start, end)``; :data:`EMPTY_ROOT` for an empty range."""
    subtrees = complete_subtrees(start, end)
    if not subtrees:
        return EMPTY_ROOT
    folded = node(*subtrees[-1])
    for level, index in reversed(subtrees[:-1]):
        folded = node_hash(node(level, index), folded)
    return folded


def root_of(node: NodeReader, size: int) -> bytes:
    """The root of the tree of the first ``size`` leaves."""
    return range_hash(node, 0, size)


def inclusion_proof(node: NodeReader, index: int, size: int) -> list[bytes]:
    """The audit path of a leaf. Raises ValueError where the tree has no such leaf."""
    return [range_hash(node, *span) for span in inclusion_ranges(index, size)]


def consistency_proof(node: NodeReader, old_size: int, size: int) -> list[bytes]:
    """The proof that an older tree is a beginning of a tree. Raises ValueError where the old tree is larger."""
    return [range_hash(node, *span) for span in consistency_ranges(old_size, size)]


def reader_of(stored: Mapping[Coordinate, bytes]) -> NodeReader:
    """Reads any complete subtree from those at stored levels. The reader raises KeyError for one that is not there."""

    def node(level: int, index: int) -> bytes:
        if level % STRIDE == 0:
            return stored[level, index]
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    return node


# Growing


class MerkleTree:
    """A whole tree in memory: every complete subtree once, so any proof at any past size takes O(log² n)."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        self.extend(leaves)

    def __len__(self) -> int:
        return len(self._levels[0])

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append leaf *hashes*, then complete every level in one pass."""
        self._levels[0].extend(leaves)
        level, below = 0, self._levels[0]
        while len(below) > 1:
            if level + 1 == len(self._levels):
                self._levels.append([])
            above = self._levels[level + 1]
            above.extend(
                hashlib.sha256(b"\x01" + below[at] + below[at + 1]).digest()
                for at in range(2 * len(above), len(below) - 1, 2)
            )
            level, below = level + 1, above

    def node(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree. Raises IndexError where it is not complete."""
        return self._levels[level][index]

    def root(self, size: int | None = None) -> bytes:
        """The root at a size, now by default. Raises ValueError for a size that the tree does not reach."""
        wanted = len(self) if size is None else size
        if not 0 <= wanted <= len(self):
            raise ValueError(f"the tree has {len(self)} leaves, not {wanted}")
        return root_of(self.node, wanted)

    def stored_nodes(self) -> Iterable[tuple[Coordinate, bytes]]:
        """Every complete subtree above the leaves at a stored level, level by level."""
        for level in range(STRIDE, len(self._levels), STRIDE):
            for index, value in enumerate(self._levels[level]):
                yield (level, index), value


@dataclass(frozen=True, slots=True)
class Growth:
    """What a batch of leaves added: the new size and root, and the new nodes at stored levels above the leaves."""

    size: int
    root: bytes
    nodes: tuple[tuple[Coordinate, bytes], ...]


def frontier_coordinates(size: int) -> list[Coordinate]:
    """The complete subtrees that appending to a tree of this size needs: at most one for each level."""
    return complete_subtrees(0, size)


def grow(frontier: Mapping[int, bytes], size: int, leaves: Sequence[bytes]) -> Growth:
    """Append leaf hashes to a tree of which only the frontier (level -> hash) is known; O(batch + log n).

    Raises ValueError where the frontier is not that of the size.
    """
    waiting = dict(frontier)
    if sorted(waiting, reverse=True) != [level for level, _ in frontier_coordinates(size)]:
        raise ValueError(f"no frontier of a tree of {size}")
    added = []
    for value in leaves:
        level, index = 0, size
        while index & 1:
            value = node_hash(waiting.pop(level), value)
            level, index = level + 1, index >> 1
            if level % STRIDE == 0:
                added.append(((level, index), value))
        waiting[level] = value
        size += 1
    return Growth(size, _folded(waiting), tuple(added))


def _folded(frontier: Mapping[int, bytes]) -> bytes:
    levels = sorted(frontier)
    if not levels:
        return EMPTY_ROOT
    folded = frontier[levels[0]]
    for level in levels[1:]:
        folded = node_hash(frontier[level], folded)
    return folded


# Verification: by the iterative algorithms of RFC 9162, which share nothing with the geometry above


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a path leads to from a leaf hash, None for a path of the wrong length (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    position, last, folded = index, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            folded = node_hash(step, folded)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            folded = node_hash(folded, step)
        position, last = position >> 1, last >> 1
    return folded if last == 0 else None


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a path proves that a leaf hash stands at an index of the tree of this size and root."""
    return root_from_inclusion(leaf, index, size, path) == root


def is_consistent(old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a path proves that an old tree is the beginning of a tree (RFC 9162, 2.1.4.2)."""
    if old_size == size:
        return not path and old_root == root
    if old_size == 0:
        return not path and old_root == EMPTY_ROOT
    if not 0 < old_size < size:
        return False
    steps = list(path)
    if old_size & (old_size - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        return False
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_folded = folded = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_folded, folded = node_hash(step, old_folded), node_hash(step, folded)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            folded = node_hash(folded, step)
        position, last = position >> 1, last >> 1
    return last == 0 and old_folded == old_root and folded == root
