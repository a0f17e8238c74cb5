"""The Merkle tree: published vectors, and properties against the recursive definition of RFC 6962."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.accounts import merkle
from optimizer.accounts.merkle import MerkleTree, leaf_hash

# Inputs, roots and proofs of the reference implementation of Certificate Transparency (merkle tree test suite).
VECTOR_LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
VECTOR_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION_VECTORS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
CONSISTENCY_VECTORS = {
    (1, 1): [],
    (1, 8): INCLUSION_VECTORS[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
VECTOR_TREE = MerkleTree(map(leaf_hash, VECTOR_LEAVES))

sizes = st.integers(1, 200)


def tree_of(size: int) -> MerkleTree:
    """A tree of leaves that differ."""
    return MerkleTree(leaf_hash(str(number).encode()) for number in range(size))


def recursive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH as RFC 6962 section 2.1 defines it."""
    if len(leaves) == 0:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + recursive_root(leaves[:split]) + recursive_root(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    """The roots of the first 0 to 8 leaves, of a tree of that size and of a larger one at that size."""
    assert MerkleTree(map(leaf_hash, VECTOR_LEAVES[:size])).root().hex() == VECTOR_ROOTS[size]
    assert VECTOR_TREE.root(size).hex() == VECTOR_ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION_VECTORS)
def test_published_inclusion_proofs(index: int, size: int) -> None:
    """Made as published, and accepted."""
    proof = merkle.inclusion_proof(VECTOR_TREE.node, index, size)
    assert [step.hex() for step in proof] == INCLUSION_VECTORS[index, size]
    assert merkle.is_included(leaf_hash(VECTOR_LEAVES[index]), index, size, proof, bytes.fromhex(VECTOR_ROOTS[size]))


@pytest.mark.parametrize(("old_size", "size"), CONSISTENCY_VECTORS)
def test_published_consistency_proofs(old_size: int, size: int) -> None:
    """Made as published, and accepted."""
    proof = merkle.consistency_proof(VECTOR_TREE.node, old_size, size)
    assert [step.hex() for step in proof] == CONSISTENCY_VECTORS[old_size, size]
    old_root, root = (bytes.fromhex(VECTOR_ROOTS[at]) for at in (old_size, size))
    assert merkle.is_consistent(old_size, old_root, size, root, proof)


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_the_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    """At every size."""
    tree = MerkleTree(map(leaf_hash, leaves))
    assert [tree.root(size) for size in range(len(leaves) + 1)] == [
        recursive_root(leaves[:size]) for size in range(len(leaves) + 1)
    ]


@given(st.data(), sizes)
def test_every_leaf_is_proven_at_every_size_and_no_other(data: st.DataObject, size: int) -> None:
    """The path fits its leaf, index and size alone; a changed, missing or additional step is refused."""
    index = data.draw(st.integers(0, size - 1))
    tree = tree_of(size + 5)
    leaf, root = tree.node(0, index), tree.root(size)
    path = merkle.inclusion_proof(tree.node, index, size)
    assert merkle.is_included(leaf, index, size, path, root)
    assert not merkle.is_included(leaf_hash(b"another"), index, size, path, root)
    other = data.draw(st.integers(-1, size + 1).filter(lambda number: number != index))
    assert not merkle.is_included(leaf, other, size, path, root)
    assert not merkle.is_included(leaf, index, size, [*path, root], root)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not merkle.is_included(leaf, index, size, path[:at] + path[at + 1 :], root)
        assert not merkle.is_included(leaf, index, size, [*path[:at], bytes(32), *path[at + 1 :]], root)


@given(st.data(), sizes)
def test_every_beginning_is_proven_and_no_fork(data: st.DataObject, size: int) -> None:
    """A fork of the old tree, a wrong size or a changed path is refused."""
    old_size = data.draw(st.integers(1, size))
    tree = tree_of(size)
    old_root, root = tree.root(old_size), tree.root(size)
    path = merkle.consistency_proof(tree.node, old_size, size)
    assert merkle.is_consistent(old_size, old_root, size, root, path)
    assert not merkle.is_consistent(old_size, leaf_hash(b"fork"), size, root, path)
    assert not merkle.is_consistent(old_size, old_root, size, leaf_hash(b"fork"), path)
    assert not merkle.is_consistent(old_size, old_root, size, root, [*path, root])
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not merkle.is_consistent(old_size, old_root, size, root, path[:at] + path[at + 1 :])
        assert not merkle.is_consistent(old_size, old_root, size, root, [*path[:at], bytes(32), *path[at + 1 :]])


def test_nothing_precedes_everything() -> None:
    """The empty tree is a beginning of every tree, without a path; a larger tree is none."""
    tree = tree_of(3)
    assert merkle.is_consistent(0, merkle.EMPTY_ROOT, 3, tree.root(), [])
    assert not merkle.is_consistent(0, merkle.EMPTY_ROOT, 3, tree.root(), [tree.root()])
    assert not merkle.is_consistent(4, tree.root(), 3, tree.root(), [])
    assert not merkle.is_consistent(3, tree.root(), 4, tree.root(), [])


@given(st.lists(st.integers(0, 40), max_size=8))
def test_growing_by_batches_gives_the_tree_of_all_leaves(batches: list[int]) -> None:
    """Root and stored nodes of batch-wise growth are those of the whole tree, whatever the batches."""
    whole = tree_of(sum(batches))
    stored: dict[merkle.Coordinate, bytes] = {(0, at): whole.node(0, at) for at in range(len(whole))}
    size = 0
    for batch in batches:
        read = merkle.reader_of(stored)
        frontier = {level: read(level, index) for level, index in merkle.frontier_coordinates(size)}
        growth = merkle.grow(frontier, size, [whole.node(0, size + offset) for offset in range(batch)])
        stored.update(growth.nodes)
        size = growth.size
        assert growth.root == whole.root(size)
    assert {key: value for key, value in stored.items() if key[0]} == dict(whole.stored_nodes())


@given(st.data(), sizes)
def test_proofs_need_only_the_nodes_they_ask_for(data: st.DataObject, size: int) -> None:
    """From the stored coordinates alone, the same paths come out; they are few."""
    index = data.draw(st.integers(0, size - 1))
    tree = tree_of(size)
    ranges = merkle.inclusion_ranges(index, size) + merkle.consistency_ranges(index, size)
    wanted = merkle.stored_coordinates(ranges)
    read = merkle.reader_of({(level, at): tree.node(level, at) for level, at in wanted})
    assert merkle.inclusion_proof(read, index, size) == merkle.inclusion_proof(tree.node, index, size)
    assert merkle.consistency_proof(read, index, size) == merkle.consistency_proof(tree.node, index, size)
    assert len(wanted) <= 2 * 15 * size.bit_length()


def test_what_is_not_there_is_refused() -> None:
    """A leaf or size beyond the tree, and a frontier of another size."""
    tree = tree_of(3)
    with pytest.raises(ValueError, match="no leaf 3"):
        merkle.inclusion_proof(tree.node, 3, 3)
    with pytest.raises(ValueError, match="no beginning"):
        merkle.consistency_proof(tree.node, 4, 3)
    with pytest.raises(ValueError, match="3 leaves, not 4"):
        tree.root(4)
    with pytest.raises(ValueError, match="no frontier"):
        merkle.grow({0: bytes(32)}, 2, [])
