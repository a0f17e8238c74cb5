"""Packing of documents: the text comes back, and nothing else does."""

from __future__ import annotations

import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.store.packed import MOST_BYTES, dictionary, packed, unpacked


@given(st.text(max_size=3000))
def test_a_text_comes_back(text: str) -> None:
    """Whatever it says."""
    assert unpacked(packed(text)) == text.encode()


def test_a_run_takes_a_small_part_of_its_length() -> None:
    """Half of the dictionary is a typical run; another number in it costs little."""
    run = dictionary().decode()[1:6000].replace("JX", "NB")
    assert len(packed(run)) < len(run.encode()) / 8


@given(st.data())
def test_every_changed_bit_shows(data: st.DataObject) -> None:
    """A changed row never reads as the old text, the unused bits at the end of a stream included."""
    stored = packed('{"run":"一单制"}' * 3)
    at = data.draw(st.integers(0, 8 * len(stored) - 1))
    changed = bytearray(stored)
    changed[at // 8] ^= 1 << at % 8
    assert unpacked(bytes(changed)) != unpacked(stored)


@pytest.mark.parametrize("stored", [b"", b"{}", b"\x01", b"\x01\x00\x00\x00\x00", b'{"plain":"text of an old row"}'])
def test_what_is_not_packed_reads_as_it_lies(stored: bytes) -> None:
    """Old rows of PostgreSQL, and damage."""
    assert unpacked(stored) == stored


def test_nothing_hides_behind_the_end_of_a_document() -> None:
    """More after the stream, with a right check sum, is not the document."""
    stream = packed("a")[5:] + b"hidden"
    stored = b"\x01" + zlib.crc32(stream).to_bytes(4, "big") + stream
    assert unpacked(stored) == stored


def test_a_forged_document_cannot_fill_the_memory() -> None:
    """Zeros without end pack into little; past the limit they are not unpacked."""
    stored = packed("0" * (MOST_BYTES + 1))
    assert len(stored) < 200_000
    assert unpacked(stored) == stored
    assert len(unpacked(packed("0" * 100_000))) == 100_000


def test_the_dictionary_is_never_changed() -> None:
    """Every stored run needs it; a better one gets the next number."""
    assert (
        hashlib.sha256(dictionary()).hexdigest() == "c7444c0a22beb240f49ed59dc5d20e6efdb843e0b4a8a67cd82314bc0a430c0c"
    )


def test_a_row_of_today_is_read_tomorrow() -> None:
    """A document packed by the first release of this format."""
    assert unpacked(bytes.fromhex("013f35b05d7bb2a3013ceaba4d01da8e0000")) == "一单制 waybill".encode()
