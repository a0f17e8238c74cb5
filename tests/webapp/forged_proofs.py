"""Proofs, checkpoints and keys altered on purpose, one field at a time, each with the verdict that it must get."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from optimizer.accounts.checkpoint import Note, parse_checkpoint, sign_checkpoint
from optimizer.accounts.merkle import leaf_hash
from optimizer.accounts.proof import DEEPEST, Proof, proof_json
from tests.waybills.world import LATER
from tests.webapp.proof_cases import FOREIGN_KEY, NEXT_KEY, Case, SmallLog

Forgery = tuple[str, Case, str]
"""What was done, the case, and the verdict."""
HUGE = "9" * 15
LAX_NUMBERS: tuple[Any, ...] = (
    *("03", "+3", "-3", "3.0", "3e0", "0x3", " 3", "3 ", "3\n", "３", "٣", "", "9" * 16, "9" * 5000),
    *(3, 3.0, True, None, ["3"]),
)
"""Ways to write a number that are none in this format."""
FULL_WIDTH = {ord(digit): ord(digit) - ord("0") + ord("０") for digit in "0123456789"}


def forgeries(log: SmallLog) -> list[Forgery]:
    """All of them, made of the small log's sound proofs and heads."""
    return [*_of_fields(log), *_of_paths(log), *_of_heads(log), *_of_links(log), *_of_texts(log), *_of_own_logs()]


def _changed(text: str, **fields: Any) -> str:
    return json.dumps({**json.loads(text), **fields}, ensure_ascii=False)


def _of_fields(log: SmallLog) -> Iterator[Forgery]:
    sound, other = log.proofs[1], json.loads(log.proofs[2])
    here = json.loads(sound)
    for name, verdict in (
        ("index", "not_included"),
        ("leaf", "not_included"),
        ("path", "not_included"),
        ("entry", "entry_differs"),
    ):
        yield f"{name} of another record", Case(_changed(sound, **{name: other[name]})), verdict
    yield (
        "everything of another record but its path",
        Case(_changed(sound, **{**other, "path": here["path"]})),
        ("not_included"),
    )
    yield "index beyond the tree", Case(_changed(sound, index=HUGE)), "not_included"
    yield "another document", Case(_changed(sound, document="{}")), "document_differs"
    yield (
        "Cyrillic letter in the entry",
        Case(_changed(sound, entry=here["entry"].replace("a", "а", 1))),
        ("entry_differs"),
    )
    yield "Cyrillic letter in the leaf", Case(_changed(sound, leaf=here["leaf"].replace("a", "а", 1))), "not_included"
    for value in LAX_NUMBERS:
        yield f"index {value!r:.20}", Case(_changed(sound, index=value)), "malformed_bundle"
    for name in here:
        if name not in ("document", "since"):
            without = json.dumps({key: value for key, value in here.items() if key != name})
            yield f"no {name}", Case(without), "malformed_bundle"
        yield f"{name} null", Case(_changed(sound, **{name: None})), "malformed_bundle"
    (rotation,) = here["keys"]
    for what, keys, verdict in (
        ("no rotation", ["x"], "rotation_wrong"),
        ("signed by nobody", [_unsigned(rotation)], "rotation_wrong"),
        ("none", [], "other_key"),
        ("a text", rotation, "malformed_bundle"),
    ):
        yield f"keys: {what}", Case(_changed(sound, keys=keys), None, log.keys[0]), verdict
    yield "another format", Case(_changed(sound, format="modalshift-proof-2")), "malformed_bundle"


def _of_paths(log: SmallLog) -> Iterator[Forgery]:
    sound = log.proofs[1]
    path = json.loads(sound)["path"]
    for name, steps, verdict in (
        ("swapped siblings", [path[1], path[0], *path[2:]], "not_included"),
        ("cut at the leaf", path[1:], "not_included"),
        ("cut at the root", path[:-1], "not_included"),
        ("one step more", [*path, path[-1]], "not_included"),
        ("a step twice", [path[0], *path], "not_included"),
        ("no step", [], "not_included"),
        ("upper case", [path[0].upper(), *path[1:]], "malformed_bundle"),
        ("short step", [path[0][:-2], *path[1:]], "malformed_bundle"),
        ("space around a step", [f" {path[0]}", *path[1:]], "malformed_bundle"),
        ("step in base64", ["q" * 44, *path[1:]], "malformed_bundle"),
        ("full-width digits", [path[0].translate(FULL_WIDTH), *path[1:]], "malformed_bundle"),
        ("a number", [7, *path[1:]], "malformed_bundle"),
        ("one text", "".join(path), "malformed_bundle"),
    ):
        yield f"path: {name}", Case(_changed(sound, path=steps)), verdict


def _of_heads(log: SmallLog) -> Iterator[Forgery]:
    sound = log.proofs[1]
    head = parse_checkpoint(json.loads(sound)["checkpoint"])
    text, (name, signature) = head.note.text, head.note.signatures[0]
    lines = text.split("\n")

    def note(line: int, words: str) -> str:
        """The head with another line, signed anew where that is a fault of form and not of the signature."""
        changed = "\n".join([*lines[:line], words, *lines[line + 1 :]])
        return str(Note(changed, ((name, signature[:4] + NEXT_KEY.sign(changed.encode())),)))

    for what, checkpoint, verdict in (
        ("other origin", note(0, "other.example/log"), "malformed_head"),
        ("other size", str(Note(text.replace(lines[1], "7", 1), head.note.signatures)), "head_signature_wrong"),
        ("other size, signed", note(1, "7"), "not_included"),
        ("huge size, signed", note(1, HUGE), "not_included"),
        ("empty tree, signed", note(1, "0"), "not_included"),
        ("root of another head", note(2, parse_checkpoint(log.heads[0]).note.lines[2]), "not_included"),
        ("other time", str(Note(text.replace("2026", "2025", 1), head.note.signatures)), "head_signature_wrong"),
        ("root with loose bits", note(2, _loose(lines[2])), "malformed_head"),
        ("root without padding", note(2, lines[2].rstrip("=")), "malformed_head"),
        ("root in base64url", note(2, "-" + lines[2][1:]), "malformed_head"),
        ("size with a zero before", note(1, f"0{lines[1]}"), "malformed_head"),
        ("size in full-width digits", note(1, "１９"), "malformed_head"),
        ("a sixth line", note(4, f"{lines[4]}\nmore"), "malformed_head"),
        ("Windows line ends", str(head.note).replace("\n", "\r\n"), "malformed_head"),
        ("en dash before the signature", str(head.note).replace("—", "–"), "malformed_head"),
        ("no signature", f"{text}\n", "malformed_head"),
        ("signature of another record", _signed(head.note, signature[:4] + bytes(64)), "head_signature_wrong"),
        ("another key's", _signed(head.note, signature[:4] + FOREIGN_KEY.sign(text.encode())), "head_signature_wrong"),
        ("another key's id", _signed(head.note, bytes(4) + signature[4:]), "head_signature_wrong"),
        ("signature of another name", str(Note(text, (("other", signature),))), "head_signature_wrong"),
    ):
        yield f"head: {what}", Case(_changed(sound, checkpoint=checkpoint)), verdict


def _of_links(log: SmallLog) -> Iterator[Forgery]:
    """Against an older head. The last heads of the log are forged, foreign, of another log, larger, and crossed."""
    sound = log.proofs[1]
    since = json.loads(sound)["since"]
    old = next(head for head in log.heads if parse_checkpoint(head).size == int(since["size"]))
    path = since["path"]
    forged_old, forged_new, foreign, other, larger, crossed = log.heads[-6:]
    for name, changed, verdict in (
        ("other size", {"size": "8", "path": path}, "not_linked"),
        ("huge size", {"size": HUGE, "path": path}, "not_linked"),
        ("cut", {"size": since["size"], "path": path[:-1]}, "not_consistent"),
        ("cut in front", {"size": since["size"], "path": path[1:]}, "not_consistent"),
        ("one step more", {"size": since["size"], "path": [*path, path[-1]]}, "not_consistent"),
        ("swapped", {"size": since["size"], "path": [path[1], path[0], *path[2:]]}, "not_consistent"),
        ("of a record", {"size": since["size"], "path": json.loads(sound)["path"]}, "not_consistent"),
        ("a field more", {**since, "more": "x"}, "malformed_bundle"),
        ("no path", {"size": since["size"]}, "malformed_bundle"),
    ):
        yield f"link: {name}", Case(_changed(sound, since=changed), old), verdict
    for value in LAX_NUMBERS:
        yield (
            f"link: size {value!r:.20}",
            Case(_changed(sound, since={**since, "size": value}), old),
            ("malformed_bundle"),
        )
    for name, head, verdict in (
        ("forged, older", forged_old, "not_consistent"),
        ("forged, of this size", forged_new, "root_differs"),
        ("of a foreign key", foreign, "other_key"),
        ("of another log", other, "other_log"),
        ("larger", larger, "not_linked"),
        ("signed for another", crossed, "checkpoint_signature_wrong"),
        ("with Windows line ends", old.replace("\n", "\r\n"), "malformed_checkpoint"),
        ("the proof itself", sound, "malformed_checkpoint"),
    ):
        yield f"checkpoint: {name}", Case(sound, head), verdict
    key = log.keys[1]
    name, key_id, public = key.split("+", 2)
    for what, text in (
        ("other id", f"{name}+{'0' * 8}+{public}"),
        ("id in capitals", f"{name}+{key_id.upper()}+{public}"),
        ("other name", f"x{key}"),
        ("another last letter", f"{name}+{key_id}+{_loose(public)}"),
        *(
            (f"{mark!r} at its edge", edge)
            for mark in "\ufeff\x1c\x85\xa0\u2028"
            for edge in (f"{mark}{key}", key + mark)
        ),
    ):
        yield f"key: {what}", Case(sound, None, text), "malformed_key"
    yield "key: of another log's signer", Case(sound, None, log.keys[2]), "other_key"


def _of_texts(log: SmallLog) -> Iterator[Forgery]:
    sound = log.proofs[1]
    index = json.loads(sound)["index"]
    for name, text in (
        ("index twice", sound.replace("{", '{"index": "7",', 1)),
        ("index twice, the same", sound.replace("{", f'{{"index": "{index}",', 1)),
        ("index twice, once escaped", sound.replace("{", '{"ind\\u0065x": "7",', 1)),
        ("size of the link twice", sound.replace('"size":', '"size": "0", "size":', 1)),
        ("a field more", sound.replace("{", '{"more": "x",', 1)),
        ("__proto__", f'{{"__proto__": {sound}}}'),
        ("field with a look-alike", sound.replace('"entry"', '"еntry"', 1)),
        ("NaN", sound.replace("{", '{"more": NaN,', 1)),
        ("comment", f"/**/{sound}"),
        ("trailing comma", f"{sound.rstrip()[:-1]},}}"),
        ("single quotes", sound.replace('"', "'")),
        ("two proofs", sound + sound),
        ("in a list", f"[{sound}]"),
        ("byte order mark twice", f"\ufeff{sound}"),
        ("hard space after", f"{sound}\xa0"),
        ("half a character", sound.replace('"index"', '"\\ud83d"', 1)),
        ("endless lists", "[" * 100_000 + "]" * 100_000),
        ("nothing", ""),
    ):
        yield f"text: {name}", Case(text), "malformed_bundle"


def _of_own_logs() -> Iterator[Forgery]:
    """Anybody can sign a log of his own; what its one record says must be read alike all the same."""
    plain = '{"id":"i","kind":"k","record":%s}'
    deep: Callable[[int], str] = lambda levels: '{"x":' + "[" * levels + "]" * levels + "}"  # noqa: E731
    for name, leaf, entry, verdict in (
        ("sound", plain % "{}", "k:i", "ok"),
        ("big numbers", plain % ('{"x":1e999,"y":%s}' % ("9" * 5000)), "k:i", "ok"),
        ("as deep as may be", plain % deep(DEEPEST - 2), "k:i", "ok"),
        ("a level deeper", plain % deep(DEEPEST - 1), "k:i", "entry_differs"),
        ("bottomless", plain % deep(100_000), "k:i", "entry_differs"),
        ("NaN", plain % '{"x":NaN}', "k:i", "entry_differs"),
        ("kind twice", '{"id":"i","kind":"j","kind":"k","record":{}}', "k:i", "entry_differs"),
        ("a name of a row twice", plain % '{"x":1,"x":1}', "k:i", "entry_differs"),
        ("the same name in two rows", plain % '{"x":[{"y":1},{"y":1}],"y":"y:"}', "k:i", "ok"),
        ("record a list", plain % "[]", "k:i", "entry_differs"),
        ("record a text", plain % '"x"', "k:i", "entry_differs"),
        ("no id", '{"kind":"k","record":{}}', "k:undefined", "entry_differs"),
        ("id inherited", '{"kind":"k","record":{},"__proto__":{"id":"i"}}', "k:i", "entry_differs"),
        *(
            (f"id {value}", f'{{"id":{value},"kind":"k","record":{{}}}}', f"k:{said}", "entry_differs")
            for value, words in (
                ("true", ("True", "true")),
                ("null", ("None", "null")),
                ("1", ("1",)),
                ("1.0", ("1.0", "1")),
                ('["a"]', ("['a']", "a")),
                ("{}", ("{}", "[object Object]")),
            )
            for said in words
        ),
    ):
        yield f"own log: {name}", Case(_own(leaf, entry)), verdict


def _own(leaf: str, entry: str) -> str:
    key = Ed25519PrivateKey.from_private_bytes(bytes([9] * 32))
    head = sign_checkpoint("anybody.example/log", 1, leaf_hash(leaf.encode()), LATER, key)
    return proof_json(Proof(entry, 0, leaf, (), str(head.note)))


def _signed(note: Note, signature: bytes) -> str:
    return str(Note(note.text, ((note.signatures[0][0], signature),)))


def _unsigned(note: str) -> str:
    text, _, line = note.partition("\n\n")
    dash, name, signature = line.split(" ")
    return f"{text}\n\n{dash} {name} {signature[:8]}{'A' * 82}==\n"


def _loose(base64: str) -> str:
    """The same bytes by another base64: one of the bits that pad the last character is set."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(base64.rstrip("=")) - 1
    return base64[:at] + letters[letters.index(base64[at]) + 1] + base64[at + 1 :]
