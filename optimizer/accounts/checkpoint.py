"""Signed tree heads as text: a checkpoint that a person can read, and the note that hands over to a new key.

Both are signed notes in the form that transparency logs use (C2SP signed-note and tlog-checkpoint): lines of text, an
empty line, and a line for each signature. The key of a log is named like the log. Only the exact form is accepted: what
parses is, byte for byte, what would be written again, so two readers cannot disagree. Documented in FORMAT.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from optimizer.accounts.merkle import HASH_BYTES
from optimizer.errors import InputError, Message
from optimizer.quantities import iso

ED25519 = b"\x01"
KEY_ID_BYTES, SIGNATURE_BYTES = 4, 64
MAX_NOTE_CHARACTERS = 100_000
ROTATION = "modalshift key rotation"
COUNT_TEXT = re.compile(r"0|[1-9][0-9]{0,14}")
"""How a size or a place in a tree is written: whole, without zeros before it, exact in any program."""

_ORIGIN = re.compile(r"[!-*,-~]{1,200}")
_TIME = re.compile(r"time [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public Ed25519 key (32 bytes) and the log it signs for."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256 over name, newline, algorithm byte and key (C2SP signed-note)."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_ID_BYTES]

    @property
    def text(self) -> str:
        """``name+id+key``: how a public key is published."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(ED25519 + self.public)}"

    def verifies(self, note: Note) -> bool:
        """Whether one of the note's signatures is by this key."""
        public = Ed25519PublicKey.from_public_bytes(self.public)
        for name, signature in note.signatures:
            if name == self.name and signature[:KEY_ID_BYTES] == self.key_id:
                try:
                    public.verify(signature[KEY_ID_BYTES:], note.text.encode())
                except InvalidSignature:
                    return False
                return True
        return False


@dataclass(frozen=True, slots=True)
class Note:
    """A text of whole lines and its signatures: (key name, key id and signature)."""

    text: str
    signatures: tuple[tuple[str, bytes], ...]

    @property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self.text.split("\n")[:-1]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"— {name} {_base64(value)}\n" for name, value in self.signatures)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: what the log ``origin`` held at ``sealed_at``, and the public key that vouches for it."""

    origin: str
    size: int
    root: bytes
    sealed_at: str
    key: VerifierKey
    note: Note

    @property
    def is_signed(self) -> bool:
        """Whether the signature is by the key that the text names."""
        return self.key.verifies(self.note)


@dataclass(frozen=True, slots=True)
class Rotation:
    """The log's hand-over from one key to the next, signed by the old one."""

    origin: str
    old: VerifierKey
    new: VerifierKey
    at: str
    note: Note

    @property
    def is_signed(self) -> bool:
        """Whether the old key signed it."""
        return self.old.verifies(self.note)


def verifier_key(name: str, private: Ed25519PrivateKey) -> VerifierKey:
    """The public half of a key, for a log."""
    return VerifierKey(name, private.public_key().public_bytes_raw())


def require_origin(origin: str) -> None:
    """Raise InputError unless the text may name a log: printable ASCII without spaces and ``+``, at most 200."""
    if not _ORIGIN.fullmatch(origin):
        raise InputError(
            Message(
                f"“{origin}”不能作日志名；应如 quzhou.example/accounts（可见 ASCII 字符，不含空格与 +）。",
                f"'{origin}' cannot name a log; write it like quzhou.example/accounts (printable ASCII, no space, no "
                "+).",
            )
        )


def sign_checkpoint(origin: str, size: int, root: bytes, at: datetime, private: Ed25519PrivateKey) -> Checkpoint:
    """The signed head of a tree. Raises InputError for an origin that cannot name a log."""
    require_origin(origin)
    key = verifier_key(origin, private)
    text = f"{origin}\n{size}\n{_base64(root)}\ntime {iso(at)}\nkey {key.text}\n"
    return Checkpoint(origin, size, root, iso(at), key, _signed(text, key, private))


def sign_rotation(old: Ed25519PrivateKey, new: VerifierKey, at: datetime) -> Rotation:
    """The note by which the old key of a log names the new one."""
    before = verifier_key(new.name, old)
    text = f"{new.name}\n{ROTATION}\nold {before.text}\nnew {new.text}\ntime {iso(at)}\n"
    return Rotation(new.name, before, new, iso(at), _signed(text, before, old))


def parse_checkpoint(text: str, where: str = "checkpoint") -> Checkpoint:
    """Read a checkpoint; whether its signature is right is asked of the result. Raises InputError for another form."""
    note = _parsed_note(text)
    if note is not None and len(note.lines) == 5:
        origin, size, root_text, time, key_line = note.lines
        root, key = _exact_base64(root_text), parse_verifier_key(key_line.removeprefix("key "))
        if (
            _ORIGIN.fullmatch(origin)
            and COUNT_TEXT.fullmatch(size)
            and root is not None
            and len(root) == HASH_BYTES
            and _TIME.fullmatch(time)
            and key_line.startswith("key ")
            and key is not None
            and key.name == origin
        ):
            return Checkpoint(origin, int(size), root, time.removeprefix("time "), key, note)
    raise _malformed(where)


def parse_rotation(text: str) -> Rotation:
    """Read a hand-over of keys; whether its signature is right is asked of the result. Raises InputError."""
    note = _parsed_note(text)
    if note is not None and len(note.lines) == 5:
        origin, title, old_line, new_line, time = note.lines
        old, new = parse_verifier_key(old_line.removeprefix("old ")), parse_verifier_key(new_line.removeprefix("new "))
        if (
            title == ROTATION
            and old_line.startswith("old ")
            and new_line.startswith("new ")
            and old is not None
            and new is not None
            and old.name == new.name == origin
            and _TIME.fullmatch(time)
        ):
            return Rotation(origin, old, new, time.removeprefix("time "), note)
    raise _malformed("key rotation")


def parse_verifier_key(text: str) -> VerifierKey | None:
    """The key that :attr:`VerifierKey.text` wrote, None for any other text."""
    name, _, rest = text.partition("+")
    _, _, encoded = rest.partition("+")
    raw = _exact_base64(encoded)
    if not _ORIGIN.fullmatch(name) or raw is None or len(raw) != HASH_BYTES + 1 or raw[:1] != ED25519:
        return None
    key = VerifierKey(name, raw[1:])
    return key if key.text == text else None


def _signed(text: str, key: VerifierKey, private: Ed25519PrivateKey) -> Note:
    return Note(text, ((key.name, key.key_id + private.sign(text.encode())),))


def _parsed_note(text: str) -> Note | None:
    """The note of a text, None where it is not exactly one."""
    if len(text) > MAX_NOTE_CHARACTERS:
        return None
    body, separator, tail = text.partition("\n\n")
    if not separator or not tail.endswith("\n"):
        return None
    signatures = []
    for line in tail[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        signature = _exact_base64(encoded)
        if dash != "—" or not _ORIGIN.fullmatch(name) or signature is None:
            return None
        if len(signature) != KEY_ID_BYTES + SIGNATURE_BYTES:
            return None
        signatures.append((name, signature))
    note = Note(body + "\n", tuple(signatures))
    return note if str(note) == text else None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _exact_base64(text: str) -> bytes | None:
    """The bytes of a text that is exactly their base64, None for any other text."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if _base64(data) == text else None


def _malformed(where: str) -> InputError:
    return InputError(
        Message(
            f"{where} 不是本系统的签名树头文件，或已被改动；请用 modalshift checkpoint 导出的原件。",
            f"{where} is no signed note of this product, or was altered; use the original that modalshift checkpoint "
            "wrote.",
        )
    )
