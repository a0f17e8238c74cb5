"""Columns that one process hands to another.

A list of a million texts is packed and unpacked text by text; as one text with a line for each it
takes a tenth of that.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class HandedOver:
    """A record with slots: lists of texts, or of tuples of them, are handed over as lines."""

    __slots__: tuple[str, ...] = ()

    def __getstate__(self) -> list[Any]:
        """Every field, in order."""
        return [_folded(getattr(self, name)) for name in self.__slots__]

    def __setstate__(self, state: list[Any]) -> None:
        """The same fields again."""
        for name, value in zip(self.__slots__, state, strict=True):
            setattr(self, name, _unfolded(value))


class _Lines(NamedTuple):
    """Texts without line ends."""

    text: str


class _Columns(NamedTuple):
    """Tuples of one length."""

    columns: list[Any]


def _folded(value: Any) -> Any:
    if type(value) is not list or not value:
        return value
    try:
        if type(value[0]) is str:
            text = "\n".join(value)
            return _Lines(text) if text.count("\n") == len(value) - 1 else value
        if type(value[0]) is tuple and value[0]:
            return _Columns([_folded(list(column)) for column in zip(*value, strict=True)])
    except (TypeError, ValueError):
        pass
    return value


def _unfolded(value: Any) -> Any:
    if type(value) is _Lines:
        return value.text.split("\n")
    if type(value) is _Columns:
        return list(zip(*map(_unfolded, value.columns), strict=True))
    return value
