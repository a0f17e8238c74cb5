"""What many uploads at once may hold in memory, and what is refused before it has come."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from weakref import WeakKeyDictionary

import pytest
from waitress.adjustments import Adjustments
from waitress.server import BaseWSGIServer

from tests.webapp.signed_in import House
from webapp import upload_memory
from webapp.security import MAX_REQUEST_BYTES, MAX_UPLOAD_BYTES
from webapp.server import MOST_TAKEN_BYTES, listening
from webapp.upload_memory import MOST_HELD_BYTES, BoundedParser

SOME_BYTES = 2 * MAX_REQUEST_BYTES
SENT = b"x" * SOME_BYTES


@pytest.fixture(autouse=True)
def _nothing_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """By requests of other tests."""
    monkeypatch.setattr(BoundedParser, "held", WeakKeyDictionary())


@pytest.fixture
def served(tmp_path: Path) -> Iterator[BaseWSGIServer]:
    """An application behind waitress."""
    server = listening(House.at(tmp_path / "m.db").app, "127.0.0.1", 0)
    Thread(target=server.run, daemon=True).start()
    yield server
    server.close()


def begun(length: str) -> BoundedParser:
    """A request whose head and first two megabytes have come."""
    parser = BoundedParser(Adjustments(inbuf_overflow=MAX_UPLOAD_BYTES))
    head = f"POST /shipments HTTP/1.1\r\nHost: here\r\n{length}\r\n\r\n".encode()
    assert parser.received(head) == len(head)
    body = SENT if "Length" in length else b"%x\r\n%s\r\n" % (len(SENT), SENT)
    parser.received(body)
    return parser


def in_a_file(parser: BoundedParser) -> bool:
    """Whether the body goes to the disk."""
    return bool(parser.body_rcv.buf.overflowed)


@pytest.mark.parametrize("length", [f"Content-Length: {MAX_UPLOAD_BYTES}", "Transfer-Encoding: chunked"])
def test_uploads_lie_in_memory_up_to_their_bound_together(length: str) -> None:
    """Ten of the largest; the next one goes to a file, and to memory again once one of them is over."""
    held = [begun(length) for _ in range(MOST_HELD_BYTES // MAX_UPLOAD_BYTES)]
    assert not any(map(in_a_file, held))
    assert in_a_file(begun(length))
    held.pop().close()
    assert not in_a_file(begun(length))
    held.clear()  # gone without a word: nobody holds them any more
    assert not any(in_a_file(begun(length)) for _ in range(MOST_HELD_BYTES // MAX_UPLOAD_BYTES))


def test_small_requests_never_wait_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever others hold: they are what pages and most of the API are asked with."""
    monkeypatch.setattr(upload_memory, "MOST_HELD_BYTES", 0)
    parser = BoundedParser(Adjustments(inbuf_overflow=MAX_UPLOAD_BYTES))
    parser.received(f"POST / HTTP/1.1\r\nContent-Length: {MAX_REQUEST_BYTES}\r\n\r\n".encode())
    parser.received(b"x" * (MAX_REQUEST_BYTES - 1))
    assert not in_a_file(parser)
    assert not BoundedParser.held


def answer(server: BaseWSGIServer, head: str, body: bytes = b"") -> bytes:
    """The first line of what the server says to a request."""
    with closing(socket.create_connection(("127.0.0.1", server.effective_port), timeout=60)) as line:
        line.sendall(f"POST /api/v1/quotes HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode() + body)
        return line.recv(4096).split(b"\r\n")[0]


def test_a_body_in_a_file_is_read_like_any_other(served: BaseWSGIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the answer is the same sentence: too large for this address."""
    head = f"Content-Type: application/json\r\nContent-Length: {SOME_BYTES}"
    in_memory = answer(served, head, SENT)
    monkeypatch.setattr(upload_memory, "MOST_HELD_BYTES", 0)
    assert answer(served, head, SENT) == in_memory
    assert b" 413 " in in_memory


def test_what_is_far_too_large_is_refused_by_its_head(served: BaseWSGIServer) -> None:
    """Nothing of it has been sent, and nothing of it is waited for."""
    assert b" 413 " in answer(served, f"Content-Length: {MOST_TAKEN_BYTES}")
