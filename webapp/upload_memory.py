"""How much of all requests that are still coming in may lie in memory, whoever sends them.

waitress takes a request in whole before anybody is asked whether its sender may. A large body is kept in memory, so
that a full disk is told in a sentence (see ``server``); but a hundred of them at once would be two gigabytes. So beyond
:data:`MOST_HELD_BYTES` of announced bodies the next ones go to a file on the disk, as waitress has it by itself.
"""

from __future__ import annotations

from threading import Lock
from typing import ClassVar
from weakref import WeakKeyDictionary

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser

from webapp.security import MAX_REQUEST_BYTES, MAX_UPLOAD_BYTES

MOST_HELD_BYTES = 10 * MAX_UPLOAD_BYTES
"""Of large bodies together; those of up to MAX_REQUEST_BYTES come on top, one for each connection at most."""


COUNTING = Lock()
"""Heads are read by one thread, requests end in those that answer them."""


class BoundedParser(HTTPRequestParser):  # type: ignore[misc]
    """Reads one request; announces how large its body is before it comes."""

    held: ClassVar[WeakKeyDictionary[HTTPRequestParser, int]] = WeakKeyDictionary()
    """Bytes that each large body in memory may come to; of this process."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head, and decide where the body goes."""
        super().parse_header(header_plus)
        if self.body_rcv is None:
            return
        # A body in chunks does not say how large it will be.
        size = MAX_UPLOAD_BYTES if self.chunked else min(self.content_length, MAX_UPLOAD_BYTES)
        if size <= MAX_REQUEST_BYTES:
            return
        with COUNTING:
            fits = sum(self.held.values()) + size <= MOST_HELD_BYTES
            if fits:
                self.held[self] = size
        if not fits:
            self.body_rcv.buf.overflow = MAX_REQUEST_BYTES

    def close(self) -> None:
        """The request is answered, or its sender gone."""
        with COUNTING:
            self.held.pop(self, None)
        super().close()


class BoundedChannel(HTTPChannel):  # type: ignore[misc]
    """A connection whose requests are read so."""

    parser_class = BoundedParser
