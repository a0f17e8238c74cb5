"""Nodes of the sealed tree as they were read, for who needs all that he asks for."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.accounts.merkle import Coordinate, NodeReader, reader_of
from optimizer.errors import Message, UnreadableRecordError


def whole_reader(stored: Mapping[Coordinate, bytes]) -> NodeReader:
    """Reads any complete subtree from those at stored levels. The reader raises UnreadableRecordError for one that is
    not there: the stored tree has a hole."""
    node = reader_of(stored)

    def whole(level: int, index: int) -> bytes:
        try:
            return node(level, index)
        except KeyError as error:
            raise _hole(*error.args[0]) from error

    return whole


def _hole(level: int, index: int) -> UnreadableRecordError:
    return UnreadableRecordError(
        Message(
            f"封存的树缺少节点（第 {level} 层第 {index} 个）；请运行 modalshift verify，再从备份恢复。",
            f"The sealed tree has lost a node (level {level}, number {index}); run modalshift verify, then restore a"
            " backup.",
        )
    )
