"""Signed tree heads: the published form, exactly that form, and nothing that was altered."""

from __future__ import annotations

import base64
from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from optimizer.accounts import checkpoint as notes
from optimizer.accounts.checkpoint import VerifierKey, parse_checkpoint, parse_rotation, parse_verifier_key
from optimizer.errors import InputError
from optimizer.quantities import CHINA_TIME

KEY, NEXT_KEY = (Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)) for number in (1, 2))
AT = datetime(2026, 11, 1, 9, tzinfo=CHINA_TIME)
ORIGIN = "quzhou.example/accounts"
HEAD = notes.sign_checkpoint(ORIGIN, 12, bytes(range(32)), AT, KEY)
HAND_OVER = notes.sign_rotation(KEY, notes.verifier_key(ORIGIN, NEXT_KEY), AT)


def test_the_signed_note_of_the_reference_implementation() -> None:
    """Key, key id, text and signature published with the note package of the Go checksum database."""
    key = parse_verifier_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert key is not None
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    note = notes.Note(text, (("PeterNeumann", base64.b64decode(signature)),))
    assert key.verifies(note)
    assert str(note) == f"{text}\n— PeterNeumann {signature}\n"
    assert not key.verifies(notes.Note(text.upper(), note.signatures))


def test_a_person_can_read_a_checkpoint() -> None:
    """Origin, size, root, time, key; an empty line; the signature."""
    lines = str(HEAD.note).split("\n")
    assert lines[:2] == [ORIGIN, "12"]
    assert base64.b64decode(lines[2]) == bytes(range(32))
    assert lines[3] == "time 2026-11-01T09:00:00+08:00"
    assert lines[4] == f"key {HEAD.key.text}"
    assert lines[5] == ""
    assert lines[6].startswith(f"— {ORIGIN} ")


def test_what_is_written_is_read_back() -> None:
    """Checkpoint, rotation and key, all signed."""
    assert parse_checkpoint(str(HEAD.note)) == HEAD
    assert parse_rotation(str(HAND_OVER.note)) == HAND_OVER
    assert parse_verifier_key(HEAD.key.text) == HEAD.key
    assert HEAD.is_signed
    assert HAND_OVER.is_signed


@pytest.mark.parametrize("text", [str(HEAD.note), str(HAND_OVER.note)])
@given(data=st.data())
def test_no_altered_note_passes(text: str, data: st.DataObject) -> None:
    """One byte changed, left out or put in: it is no note any more, or its signature is wrong."""
    raw = text.encode()
    at = data.draw(st.integers(0, len(raw) - 1))
    put = data.draw(st.sampled_from([b"", bytes([raw[at] ^ 1 << data.draw(st.integers(0, 7))]), raw[at : at + 1] * 2]))
    altered = raw[:at] + put + raw[at + 1 :]
    parse = parse_checkpoint if text == str(HEAD.note) else parse_rotation
    try:
        read = parse(altered.decode())
    except (InputError, UnicodeDecodeError):
        return
    assert not read.is_signed or altered == raw


def test_another_key_of_the_same_name_does_not_vouch() -> None:
    """The text names its key; a signature by another one is wrong whatever its key id claims."""
    forged = notes.sign_checkpoint(ORIGIN, 12, HEAD.root, AT, NEXT_KEY)
    body = forged.note.signatures[0][1][4:]
    assert not HEAD.key.verifies(forged.note)
    assert not HEAD.key.verifies(notes.Note(HEAD.note.text, ((ORIGIN, HEAD.key.key_id + body),)))
    assert not HEAD.key.verifies(notes.Note(HEAD.note.text, ()))


def test_cosignatures_of_witnesses_do_no_harm() -> None:
    """A further signature line of somebody else's key leaves the log's own valid."""
    note = notes.Note(HEAD.note.text, (("witness.example", bytes(68)), *HEAD.note.signatures))
    assert parse_checkpoint(str(note)).is_signed


@pytest.mark.parametrize("size", [0, 67, 69])
def test_a_signature_of_another_length_is_none(size: int) -> None:
    """A line that no key of this form can have written makes the note malformed, whoever's it is."""
    note = notes.Note(HEAD.note.text, (*HEAD.note.signatures, ("witness.example", bytes(size))))
    with pytest.raises(InputError, match="no signed note"):
        parse_checkpoint(str(note))


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "衢州", "a\nb", "x" * 201])
def test_an_origin_must_fit_on_a_line(origin: str) -> None:
    """Blank, spaces, plus, other scripts, line breaks, too long."""
    with pytest.raises(InputError, match="cannot name a log"):
        notes.sign_checkpoint(origin, 0, bytes(32), AT, KEY)


@pytest.mark.parametrize(
    "text", ["", "a", "a+b", "a+b+c", VerifierKey("a", bytes(32)).text + "=", "a+00000000+" + "A" * 44]
)
def test_other_texts_are_no_keys(text: str) -> None:
    """A wrong key id included."""
    assert parse_verifier_key(text) is None
