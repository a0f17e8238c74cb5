"""A child process that works on the database and dies: at a chosen statement, or whenever it is killed.

The child is forked, so it costs no start of an interpreter; no connection of the parent may be open then. It tells the
parent through a pipe what it was promised: a verb that returned has been acknowledged.
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import current_thread, main_thread
from typing import Any

from sqlalchemy import event

from optimizer import actions
from optimizer.actions import settling
from optimizer.store import bulk, entry_rows, session
from optimizer.store.engine import Store

Step = Callable[..., None]
Points = Callable[[Store, Step], None]
"""Has a function called at each point where a child may be killed."""

Work = Callable[[Store, Callable[[str], None]], None]
"""Does something with a store; the second argument tells the parent that something is acknowledged."""


@dataclass(frozen=True)
class Died:
    """How a child ended: what it acknowledged, and whether it was killed before it was done."""

    acknowledged: tuple[str, ...]
    was_killed: bool


def every_statement(store: Store, step: Step) -> None:
    """Before each statement and commit, before and after each append."""
    event.listen(store._engine, "before_cursor_execute", step)
    event.listen(store._engine, "commit", step)
    real = bulk.append_tuples

    def append(*arguments: Any) -> None:
        step()
        real(*arguments)
        step()

    _replace_append(append)


def within_appends(_store: Store, step: Step) -> None:
    """Before each append of entries, lines, runs, events and jobs, within it and after it. Within: on SQLite where the
    statement and each of its triggers begins, on PostgreSQL between the rows of a COPY."""
    real = bulk.append_tuples

    def append(connection: Any, table: str, columns: Any, rows: Any) -> None:
        def one_by_one() -> Iterator[Any]:
            for row in rows:
                step()
                yield row

        step()
        driver = connection.connection.driver_connection
        if connection.dialect.name == "sqlite":
            driver.set_trace_callback(step)
            real(connection, table, columns, rows)
            driver.set_trace_callback(None)
        else:
            real(connection, table, columns, one_by_one())
        step()

    _replace_append(append)


def _replace_append(append: Callable[..., None]) -> None:
    for module in (bulk, session, entry_rows):
        module.append_tuples = append  # type: ignore[attr-defined]


def while_preparing(_store: Store, step: Step) -> None:
    """In the thread that prepares the next batch while one is written: as it begins, at each entry, as it ends."""
    prepared, digest = settling._prepared, settling.content_digest

    def in_thread() -> None:
        if current_thread() is not main_thread():
            step()

    def prepare(*arguments: Any) -> Any:
        in_thread()
        found = prepared(*arguments)
        in_thread()
        return found

    def digest_of(entry: Any) -> str:
        in_thread()
        return digest(entry)

    settling._prepared, settling.content_digest = prepare, digest_of


def in_child(url: str, work: Work, kill_at: int | None = None, points: Points = every_statement) -> Died:
    """Run ``work`` in a child; with ``kill_at`` it kills itself at that point."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _live(url, work, writer, kill_at, points)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        lines = tuple(line.rstrip("\n") for line in pipe)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status) != 0:
        raise AssertionError(f"the child failed: {lines}")
    return Died(lines, os.WIFSIGNALED(status))


def start(url: str, work: Work) -> tuple[int, int]:
    """Start a child; its process id and the reading end of its pipe."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _live(url, work, writer, None)
    os.close(writer)
    return child, reader


def kill(child: int, reader: int) -> tuple[str, ...]:
    """Kill a child wherever it is; what it had acknowledged."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    return tuple(line for line in text.split("\n")[:-1])


def _live(url: str, work: Work, writer: int, kill_at: int | None, points: Points = every_statement) -> None:
    """The child's life; it never returns."""
    code = 1
    try:
        with os.fdopen(writer, "w", buffering=1) as pipe:
            try:
                store = actions.open_store(url)
                if kill_at is not None:
                    points(store, _count_down(kill_at))
                work(store, lambda text: print(text, file=pipe, flush=True))
                store.close()
                code = 0
            except Exception as error:
                print(f"{type(error).__name__}: {error}", file=pipe, flush=True)
    finally:
        os._exit(code)


def _count_down(kill_at: int) -> Step:
    left = kill_at

    def step(*_arguments: Any) -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    return step


def sqlite_limit_pages(store: Store, pages: int) -> None:
    """Let a SQLite database grow by at most so many pages, as a full disk would."""

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        present = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {present + pages}")

    event.listen(store._engine, "connect", limit)


@contextmanager
def full_disk(room_bytes: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes: writing fails at the same places as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
