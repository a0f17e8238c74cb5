"""A throw-away PostgreSQL for the tests: Debian's server where it is installed, else the wheel ``pgserver``.

A server is started once for a test run, on a socket in a directory of its own, without a network port. Each test gets a
database of its own, copied from a template that was migrated once. Nothing survives a crash of the machine: fsync is
off, because these tests kill clients, not the server.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from optimizer.actions import open_store

DEBIAN = Path("/usr/lib/postgresql")
EMPTY = "modalshift_empty"
"""The template of a migrated database without rows."""
START_SECONDS = 60


class NoServerError(Exception):
    """Why no PostgreSQL can be started here."""


@dataclass(frozen=True)
class Postgres:
    """A running server: its socket directory, and how to end it."""

    host: str
    user: str
    stop: Callable[[], None]

    def url(self, database: str) -> str:
        """The address of a database as the product takes it."""
        return f"postgresql+psycopg://{self.user}@/{database}?host={self.host}"

    def run(self, statement: str, database: str = "postgres") -> None:
        """Run one statement outside a transaction."""
        connection = psycopg.connect(host=self.host, user=self.user, dbname=database, autocommit=True)
        with connection:
            connection.execute(statement)  # type: ignore[call-overload]
        connection.close()

    @contextmanager
    def database(self, template: str = EMPTY) -> Iterator[str]:
        """The address of a copy of a template that is dropped afterwards."""
        name = f"t{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """The address of a database without any table."""
        name = f"t{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


def start() -> Postgres:
    """Start a server and make the template. Raises NoServerError with the reasons."""
    reasons = []
    for attempt in (_debian, _wheel):
        try:
            server = attempt()
        except (NoServerError, OSError, subprocess.SubprocessError, ImportError) as error:
            reasons.append(f"{attempt.__name__[1:]}: {error}")
            continue
        server.run(f"CREATE DATABASE {EMPTY}")
        open_store(server.url(EMPTY)).close()
        return server
    raise NoServerError("; ".join(reasons))


def _debian() -> Postgres:
    binaries = sorted(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name))
    if not binaries:
        raise NoServerError(f"nothing under {DEBIAN}")
    folder = Path(tempfile.mkdtemp(prefix="modalshift-pg-"))
    folder.chmod(0o755)
    as_user: list[str] = []
    user = os.environ.get("USER", "postgres")
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        as_user, user = _unprivileged(), "postgres"
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"

    def call(program: str, *arguments: str) -> None:
        command = [*as_user, str(binaries[-1] / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=START_SECONDS, cwd=folder)

    call("initdb", "-D", str(data), "-U", user, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=60"
    call("pg_ctl", "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")

    def stop() -> None:
        call("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)

    return Postgres(str(folder), user, stop)


def _unprivileged() -> list[str]:
    for name, arguments in (
        ("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups"]),
        ("runuser", ["-u", "postgres", "--"]),
    ):
        found = shutil.which(name)
        if found:
            return [found, *arguments]
    raise NoServerError("running as root, and neither setpriv nor runuser is here")


def _wheel() -> Postgres:
    import pgserver

    folder = Path(tempfile.mkdtemp(prefix="modalshift-pg-"))
    server = pgserver.get_server(folder, cleanup_mode="delete")
    return Postgres(str(folder), "postgres", server.cleanup)
