"""The sealing part of the story: a signed tree over all records, taken away as a file and checked against the books."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from optimizer import actions
from optimizer.accounts.ledger import Kind
from optimizer.accounts.manifest import manifest_csv
from optimizer.accounts.proof import proof_json, verdict_on
from optimizer.accounts.seal_view import SealReport
from optimizer.accounts.statement import Statement
from optimizer.demo.folder import DemoFolder
from optimizer.demo.step import FIGURES, Row, Step, count
from optimizer.errors import Message
from optimizer.store.engine import Store

ORIGIN = "modalshift.demo/books"


def demo_key(seed: int) -> Ed25519PrivateKey:
    """The demo's key. Everybody can make it from the seed, so it vouches for nothing; a real one is random and secret
    (``modalshift key new``)."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"modalshift demo {seed}".encode()).digest())


def seal_books(store: Store, seed: int, at: datetime) -> None:
    """Seal everything recorded so far."""
    actions.seal(store, demo_key(seed), at, origin=ORIGIN)


def export_and_verify(store: Store, folder: DemoFolder, statements: Sequence[Statement]) -> Step:
    """Take the head, the list of leaves and one proof away as files, and verify the database against the head."""
    head = actions.checkpoint(store)
    folder.write("books.checkpoint", str(head.note))
    folder.write("books.manifest.csv", manifest_csv(actions.leaves(store, head.size)))
    proof = actions.prove(store, f"transaction:{_example(statements)}", head)
    folder.write("proof.json", proof_json(proof))
    verdict = verdict_on(proof_json(proof), str(head.note), head.key.text)
    return seal_step(head.size, head.root.hex(), actions.verify(store, [head]), proof.entry, verdict)


def seal_step(size: int, root: str, report: SealReport, entry: str, verdict: str) -> Step:
    """What is sealed, and what verification says."""
    rows: list[Row] = [
        [
            Message("封存条目（运单、事件、计算、分录……）", "entries sealed (waybills, events, runs, postings ...)"),
            count(size),
        ],
        [Message("树根", "root"), root],
        [
            Message("与导出的树头核对", "verified against the exported head"),
            Message("相符", "agrees") if not report.findings else Message("不符", "differs"),
        ],
        [Message("示例证明 proof.json", "example proof, proof.json"), f"{entry}: {verdict}"],
    ]
    notes = [
        Message(
            "演示密钥由种子算出，人人可得，不构成凭证；真实密钥用 modalshift key new 生成并离线保管。",
            "The demo's key follows from its seed and vouches for nothing; make a real one with modalshift key new and "
            "keep it off line.",
        )
    ]
    return Step(Message("十 续 封存并核对全部账目", "10 (cont.) Seal all books and verify them"), FIGURES, rows, notes)


def _example(statements: Sequence[Statement]) -> str:
    """The first settlement of the first statement that has one."""
    for statement in statements:
        for movement in statement.movements:
            if movement.kind == Kind.SETTLE:
                return movement.transaction_id
    raise LookupError("no lot was settled")
