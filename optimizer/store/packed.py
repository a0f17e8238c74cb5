"""Long documents of one kind, packed: a settlement writes a tenth of the bytes, and its commit takes half the time.

The runs of a city repeat the same intensities, error sources and sentences, so deflate with a preset dictionary (two
typical runs, in ``run_dictionary_1.json``) leaves about 700 of 6,300 bytes. What is digested, sealed, exported and
shown is the text; packing is how it lies in the file.

A packed document is one byte, the number of its dictionary; four bytes, the CRC-32 of what follows; and a raw deflate
stream. A dictionary is never changed: old rows need it. A new one gets the next number.
"""

from __future__ import annotations

import zlib
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Dialect, LargeBinary, TypeDecorator

MOST_BYTES = 16 * 2**20
"""Longest text that is unpacked; runs have some thousand bytes. What says that it is longer reads as it lies, so a row
that somebody forged cannot fill the memory of who reads it."""
_NUMBER = 1
_HEAD = 5
_WINDOW_BITS, _MEMORY, _LEVEL = 14, 5, 2
"""16 KiB of window and little state: a packer is copied for each document, and copying a large one takes longer than
packing. Levels above 2 take twice the time for a percent."""


def packed(text: str) -> bytes:
    """A text as it is stored. Another release of zlib may pack it otherwise; all unpack to the same."""
    packer = _packer().copy()
    stream: bytes = packer.compress(text.encode()) + packer.flush()
    return bytes([_NUMBER]) + zlib.crc32(stream).to_bytes(4, "big") + stream


def unpacked(stored: bytes) -> bytes:
    """The text of a stored document, as UTF-8. What :func:`packed` has not written comes back as it lies: text that an
    older release wrote on PostgreSQL, or damage, which every digest of the record shows."""
    head, stream = stored[:_HEAD], stored[_HEAD:]
    if len(head) < _HEAD or head[0] != _NUMBER or zlib.crc32(stream) != int.from_bytes(head[1:], "big"):
        return stored
    unpacker = _unpacker().copy()
    try:
        text: bytes = unpacker.decompress(stream, MOST_BYTES)
    except zlib.error:
        return stored
    return text if unpacker.eof and not unpacker.unused_data else stored


class PackedText(TypeDecorator[Any]):
    """A column of packed text. It reads as text, or as the stored bytes where they are none."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Pack a text; bytes are packed already."""
        return packed(value) if isinstance(value, str) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The text."""
        if not isinstance(value, bytes | memoryview):
            return value
        text = unpacked(bytes(value))
        try:
            return text.decode()
        except UnicodeDecodeError:
            return text


def dictionary() -> bytes:
    """What both sides begin with."""
    return files("optimizer.store").joinpath(f"run_dictionary_{_NUMBER}.json").read_bytes()


@cache
def _packer() -> Any:
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, -_WINDOW_BITS, _MEMORY, zlib.Z_DEFAULT_STRATEGY, dictionary())


@cache
def _unpacker() -> Any:
    return zlib.decompressobj(-_WINDOW_BITS, dictionary())
