"""Columns of text to arrays: numbers, whole numbers, and the few different words of a column.

A column is tried as a whole first; only one that holds a wrong cell is looked at cell by cell. Numbers are plain
decimals as everywhere in the product (``12.5``, ``1e3``): no units, no thousands separators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
INTEGER = r"^[+-]?\d{1,18}$"


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """``values`` is NaN where a cell is empty or wrong; ``given`` says where something is written."""

    values: Floats
    given: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """``codes`` point into ``words``; -1 where the cell is empty."""

    codes: Integers
    words: tuple[str, ...]


def numbers(column: Any) -> Numbers:
    """A column of decimals. ``nan`` and ``inf`` count as wrong."""
    given = _given(column)
    try:
        values = pc.cast(column, pa.float64())
    except pa.ArrowInvalid:
        values = pc.cast(_only(column, NUMBER), pa.float64())
    found = _floats(values)
    found[~np.isfinite(found)] = np.nan
    return Numbers(found, given)


def integers(column: Any) -> tuple[Integers, Flags]:
    """A column of whole numbers and where one could be read."""
    try:
        values = pc.cast(column, pa.int64())
    except pa.ArrowInvalid:
        values = pc.cast(_only(column, INTEGER), pa.int64())
    readable = _flags(pc.is_valid(values))
    return _array(pc.fill_null(values, -1)), readable


def words(column: Any) -> Words:
    """The different cells of a column, surrounding blanks removed, in the order in which they first appear."""
    encoded = column.dictionary_encode()
    found = [str(word).strip() for word in encoded.dictionary.to_pylist()]
    names = tuple(dict.fromkeys(word for word in found if word))
    index = {word: code for code, word in enumerate(names)}
    targets = np.array([index.get(word, -1) for word in found] + [-1], dtype=np.int64)
    return Words(targets[_array(pc.fill_null(encoded.indices, len(found)))], names)


def empty_numbers(rows: int) -> Numbers:
    """A column that is not in the file."""
    return Numbers(np.full(rows, np.nan), np.zeros(rows, dtype=bool))


def empty_words(rows: int) -> Words:
    """A column that is not in the file."""
    return Words(np.full(rows, -1, dtype=np.int64), ())


def _given(column: Any) -> Flags:
    return _flags(pc.is_valid(column))


def _only(column: Any, pattern: str) -> Any:
    """The cells that match, blanks around them removed; the others null."""
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.match_substring_regex(trimmed, pattern), trimmed, pa.scalar(None, pa.string()))


def _array(column: Any) -> Integers:
    return np.asarray(column.to_numpy(zero_copy_only=False)).astype(np.int64, copy=False)


def _floats(column: Any) -> Floats:
    return np.array(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _flags(column: Any) -> Flags:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=bool)
