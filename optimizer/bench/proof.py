"""``bench proof``: proofs out of a large stored tree, beside a tree that is built anew for each."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from optimizer.accounts import merkle
from optimizer.accounts.merkle import MerkleTree, leaf_hash
from optimizer.accounts.sealed import Leaf
from optimizer.actions.opening import open_store
from optimizer.actions.sealing import BATCH
from optimizer.actions.versions import code_version
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.quote import NS_PER_MS, percentile
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.errors import Message
from optimizer.store.engine import Store

STORED, REBUILT = "modalshift", "rebuilt"
PROOF = Message("存在证明（中位数）", "inclusion proof (median)")


@dataclass(frozen=True, slots=True)
class ProofBench:
    """Each run makes ``proofs`` inclusion proofs for random leaves and as many consistency proofs from random sizes,
    out of a SQLite file with ``leaves`` leaves that is filled once."""

    measured_at: datetime
    leaves: int = 1_000_000
    proofs: int = 1_000
    runs: int = 5
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ProofTimes:
    """One run, ms each."""

    inclusion: Sequence[float]
    consistency: Sequence[float]
    checking: Sequence[float]


def run(options: ProofBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. ``tell`` hears of each part before it starts."""
    before = load_average()
    hashes = [leaf_hash(f"entry {number}".encode()) for number in range(options.leaves)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tree.db"
        store = open_store(f"sqlite:///{file}")
        tell(Message(f"写入 {options.leaves:,} 叶", f"storing {options.leaves:,} leaves"))
        stored_s, root = store_tree(store, hashes)
        times = []
        for number in range(1, options.runs + 1):
            tell(Message(f"第 {number}/{options.runs} 次", f"run {number}/{options.runs}"))
            times.append(proof_times(store, root, options, Random(options.seed + number)))
        store.close()
        size_mib = file.stat().st_size / 2**20
    tell(Message("整棵重建", "building the whole tree"))
    built_s = [_built_s(hashes, root) for _ in range(options.runs)]
    return Result(
        bench="proof",
        subject=Message(
            f"{options.leaves:,} 条的封存树，每次 {options.proofs:,} 份证明",
            f"a sealed tree of {options.leaves:,} entries, {options.proofs:,} proofs a run",
        ),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions={"product": code_version(), **library_versions("sqlalchemy")},
        settings={"leaves": options.leaves, "proofs": options.proofs, "batch": BATCH},
        seed=options.seed,
        runs=options.runs,
        methods=(_stored_method(times, stored_s, size_mib), _rebuilt_method(built_s)),
    )


def store_tree(store: Store, hashes: Sequence[bytes]) -> tuple[float, bytes]:
    """Append leaf hashes in the sealer's batches, each in a transaction of its own; seconds and the root."""
    start = time.perf_counter()
    size, root, frontier = 0, merkle.EMPTY_ROOT, dict[int, bytes]()
    for batch in _batches(hashes):
        with store.write() as session:
            read = session.tree.reader([(0, size)])
            frontier = {level: read(level, index) for level, index in merkle.frontier_coordinates(size)}
            growth = merkle.grow(frontier, size, batch)
            leaves = [Leaf(size + at, "entry", str(size + at), value) for at, value in enumerate(batch)]
            session.tree.append(leaves, growth.nodes)
        size, root = growth.size, growth.root
    return time.perf_counter() - start, root


def proof_times(store: Store, root: bytes, options: ProofBench, random: Random) -> ProofTimes:
    """Make and check proofs, each timed by itself from the question to the list of hashes. A wrong one would raise."""
    size = options.leaves
    inclusion, consistency, checking = [], [], []
    with store.read() as session:
        tree = session.tree
        for _ in range(options.proofs):
            index, old_size = random.randrange(size), random.randrange(1, size)
            leaf = leaf_hash(f"entry {index}".encode())
            started = time.perf_counter_ns()
            path = merkle.inclusion_proof(tree.reader(merkle.inclusion_ranges(index, size)), index, size)
            made = time.perf_counter_ns()
            sound = merkle.is_included(leaf, index, size, path, root)
            checked = time.perf_counter_ns()
            merkle.consistency_proof(tree.reader(merkle.consistency_ranges(old_size, size)), old_size, size)
            linked = time.perf_counter_ns()
            if not sound:
                raise AssertionError(f"the proof of entry {index} does not hold")
            inclusion.append((made - started) / NS_PER_MS)
            checking.append((checked - made) / NS_PER_MS)
            consistency.append((linked - checked) / NS_PER_MS)
    return ProofTimes(inclusion, consistency, checking)


def _built_s(hashes: Sequence[bytes], root: bytes) -> float:
    start = time.perf_counter()
    tree = MerkleTree(hashes)
    merkle.inclusion_proof(tree.node, len(hashes) // 3, len(hashes))
    took_s = time.perf_counter() - start
    if tree.root() != root:
        raise AssertionError("the stored tree has another root")
    return took_s


def _batches(hashes: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(hashes), BATCH):
        yield hashes[start : start + BATCH]


def _stored_method(times: Sequence[ProofTimes], stored_s: float, size_mib: float) -> Method:
    def at(name: str, label: Message, share: float, part: Callable[[ProofTimes], Sequence[float]]) -> Figure:
        return Figure(name, label, "ms", tuple(round(percentile(part(one), share), 4) for one in times))

    return Method(
        name=STORED,
        label=Message("modalshift", "modalshift"),
        baseline=False,
        does=Message(
            "完整子树每四层存于 SQLite，一份证明取约七十行再折算；计时从提问到得出路径，不含读取签名树头与记录本身",
            "complete subtrees at every fourth level in SQLite; a proof reads some seventy rows and folds them; timed"
            " from the question to the path, without reading the signed head and the record",
        ),
        figures=(
            at("proof", PROOF, 0.5, lambda one: one.inclusion),
            at("proof_p99", Message("存在证明 p99", "inclusion p99"), 0.99, lambda one: one.inclusion),
            at(
                "consistency",
                Message("一致性证明（中位数）", "consistency proof (median)"),
                0.5,
                lambda one: one.consistency,
            ),
            at("check", Message("核对一份证明", "checking a proof"), 0.5, lambda one: one.checking),
            Figure("build", Message("建树", "building the tree"), "s", (round(stored_s, 3),)),
        ),
        notes=(
            Message(
                f"分批（每批 {BATCH:,} 叶，一批一事务，落盘）写入叶与节点，文件 {size_mib:.0f} MiB；不含读出记录与签名",
                f"leaves and nodes are written in batches of {BATCH:,}, a durable transaction each, into a file of"
                f" {size_mib:.0f} MiB; reading the records and signing are left out",
            ),
        ),
    )


def _rebuilt_method(built_s: Sequence[float]) -> Method:
    return Method(
        name=REBUILT,
        label=Message("每次重建", "rebuilt each time"),
        baseline=True,
        does=Message(
            "不存节点：每份证明由内存中全部叶哈希重建整棵树",
            "no stored nodes: each proof builds the whole tree from all leaf hashes in memory",
        ),
        figures=(
            Figure("proof", PROOF, "ms", tuple(round(took_s * 1000, 3) for took_s in built_s)),
            Figure("build", Message("建树", "building the tree"), "s", tuple(round(took_s, 3) for took_s in built_s)),
        ),
    )
