"""Proofs out of a stored tree: the bench measures sound proofs of the tree it says."""

from __future__ import annotations

from datetime import datetime
from random import Random

import pytest

from optimizer.accounts.merkle import MerkleTree, leaf_hash
from optimizer.actions import open_store
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.proof import REBUILT, STORED, ProofBench, proof_times, run, store_tree
from optimizer.quantities import CHINA_TIME

MEASURED_AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)
SMALL = ProofBench(MEASURED_AT, leaves=300, proofs=5, runs=2)


def test_a_run_says_what_was_measured_and_goes_through_json() -> None:
    """Both methods have the time of a proof; the document reads back."""
    result = run(SMALL)
    assert [method.name for method in result.methods] == [STORED, REBUILT]
    for method in result.methods:
        figure = method.figure("proof")
        assert figure is not None
        assert len(figure.values) == SMALL.runs
    assert result.settings["leaves"] == 300
    assert result_from_json(result_to_json(result), "x") == result


def test_the_stored_tree_is_the_tree_and_a_wrong_root_stops_the_bench(tmp_path: object) -> None:
    """Batches give the root of the whole; proofs against another root are no measurement."""
    hashes = [leaf_hash(f"entry {number}".encode()) for number in range(SMALL.leaves)]
    store = open_store(f"sqlite:///{tmp_path}/tree.db")
    _, root = store_tree(store, hashes)
    assert root == MerkleTree(hashes).root()
    assert len(proof_times(store, root, SMALL, Random(1)).inclusion) == SMALL.proofs
    with pytest.raises(AssertionError, match="does not hold"):
        proof_times(store, bytes(32), SMALL, Random(1))
    store.close()
