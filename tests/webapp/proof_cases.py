"""Proofs of a small log, sound and altered in a thousand ways: cases on which two verifiers must agree."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from optimizer import actions
from optimizer.accounts.checkpoint import Checkpoint, sign_checkpoint, sign_rotation, verifier_key
from optimizer.accounts.proof import proof_json, verdict_on
from tests.waybills.world import ISSUED_AT, LATER, parties, shipments, world_network, world_plan

KEY, NEXT_KEY, FOREIGN_KEY = (Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)) for number in (1, 2, 3))
CHARACTERS = '0aZ+/=— \n\t"\\{}[],:\u0000\ufeff减\ud83d\ude00é'


@dataclass(frozen=True, slots=True)
class Case:
    """What a verifier is asked. ``native``: with the browser's own cryptography."""

    proof: str
    checkpoint: str | None = None
    key: str | None = None
    native: bool = True

    @property
    def verdict(self) -> str:
        """What the product says."""
        return verdict_on(self.proof, self.checkpoint, self.key)

    @property
    def line(self) -> str:
        """The case as a line of JSON."""
        fields = {"proof": self.proof, "checkpoint": self.checkpoint, "key": self.key, "native": self.native}
        return json.dumps(fields)


@dataclass(frozen=True, slots=True)
class SmallLog:
    """Sound proofs, and heads that are sound, foreign, forked or of other sizes."""

    proofs: Sequence[str]
    heads: Sequence[str]
    keys: Sequence[str]


def small_log(folder: Path) -> SmallLog:
    """Seal a little world in batches, change the key, and prove entries against every head."""
    store = actions.open_store(f"sqlite:///{folder / 'log.db'}")
    actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    early = actions.seal(store, KEY, LATER, batch=7).checkpoint
    actions.rotate_key(store, NEXT_KEY, LATER, old=KEY)
    actions.seal(store, NEXT_KEY, LATER)
    actions.close(store, "2026-09", LATER)
    newest = actions.seal(store, NEXT_KEY, LATER + timedelta(hours=1)).checkpoint
    with store.read() as session:
        known = [actions.prove(store, f"#{index}", early, with_document=True) for index in range(0, newest.size, 3)]
        notes = [head.note for head in session.tree.heads()]
    store.close()
    forged = [
        sign_checkpoint(head.origin, head.size, bytes(32), LATER, key)
        for head, key in ((early, KEY), (newest, NEXT_KEY))
    ]
    foreign = sign_checkpoint(newest.origin, newest.size, newest.root, LATER, FOREIGN_KEY)
    other = sign_checkpoint("other.example/log", newest.size, newest.root, LATER, KEY)
    larger = sign_checkpoint(newest.origin, newest.size + 1, newest.root, LATER, NEXT_KEY)
    crossed = replace(newest.note, signatures=early.note.signatures)
    rotation = str(sign_rotation(FOREIGN_KEY, verifier_key(newest.origin, NEXT_KEY), LATER).note)
    proofs = [proof_json(proof) for proof in known]
    proofs += [
        proof_json(replace(known[0], keys=(*known[0].keys, rotation))),
        proof_json(replace(known[1], since=None)),
    ]
    heads = [*notes, *(str(head.note) for head in (*forged, foreign, other, larger)), str(crossed)]
    return SmallLog(proofs, heads, [_text(early), _text(newest), _text(foreign), _text(other), "no key"])


def cases(log: SmallLog, count: int, seed: int) -> list[Case]:
    """So many random cases: a proof altered or not, with some head and key, altered or not."""
    random = Random(seed)
    found = []
    for _ in range(count):
        proof, head = random.choice(log.proofs), random.choice([None, *log.heads])
        what = random.randrange(5)
        if what == 1:
            proof = altered_text(proof, random)
        elif what == 2:
            proof = json.dumps(altered_document(json.loads(proof), log, random), ensure_ascii=random.random() < 0.5)
        elif what == 3 and head is not None:
            head = altered_text(head, random)
        elif what == 4:
            document = json.loads(proof)
            document["checkpoint"] = altered_text(document["checkpoint"], random)
            proof = json.dumps(document)
        found.append(Case(proof, head, random.choice([None, None, *log.keys])))
    return found


def altered_text(text: str, random: Random) -> str:
    """A character replaced, removed, put in or doubled, or the end cut off."""
    at = random.randrange(len(text))
    return random.choice(
        [
            text[:at] + random.choice(CHARACTERS) + text[at + 1 :],
            text[:at] + text[at + 1 :],
            text[:at] + random.choice(CHARACTERS) + text[at:],
            text[:at] + text[at] + text[at:],
            text[:at] + text[at].swapcase() + text[at + 1 :],
            text[:at],
        ]
    )


def altered_document(document: dict[str, Any], log: SmallLog, random: Random) -> dict[str, Any]:
    """A field changed, taken from another proof, missing, of another type, or one too many."""
    other = json.loads(random.choice(log.proofs))
    name = random.choice(sorted(document))
    value = document[name]
    choices: list[Any] = [other.get(name, "x"), None, 1, 1.0, [], {}, "", "0", [value]]
    if isinstance(value, str):
        choices += [altered_text(value, random) if value else "x", value + "0", "00", value.upper()]
    if isinstance(value, list) and value:
        choices += [value[1:], value[:-1], [*value, value[0]], value[::-1], [str(step).upper() for step in value]]
    if isinstance(value, dict):
        choices += [{**value, "size": random.choice(["0", "1", "7", "-1", 7])}, {**value, "path": value["path"][1:]}]
    document[name] = random.choice(choices)
    if random.random() < 0.1:
        del document[random.choice(sorted(document))]
    if random.random() < 0.1:
        document[random.choice(["more", "__proto__", "constructor"])] = "x"
    return document


def _text(head: Checkpoint) -> str:
    return head.key.text
