"""A throw-away PostgreSQL for the tests: Debian's server where it is installed, else the wheel ``pgserver``.

A server is started once for a test run, on a socket in a directory of its own, without a network port. Each test gets a
database that is as its template was: a copy is made once and handed on from test to test, its rows put back in between,
because making a copy takes longer than most tests. One whose catalogue a test touched (a trigger dropped, a column
added) is thrown away. Nothing survives a crash of the machine: fsync is off, because these tests kill clients, not the
server.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from optimizer.actions import open_store

DEBIAN = Path("/usr/lib/postgresql")
EMPTY = "modalshift_empty"
"""The template of a migrated database without rows."""
START_SECONDS = 60


class NoServerError(Exception):
    """Why no PostgreSQL can be started here."""


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
_CATALOGUE = """SELECT md5(string_agg(line, ';' ORDER BY line)) FROM (
  SELECT 'trigger ' || oid || ' ' || xmin AS line FROM pg_trigger UNION ALL
  SELECT 'constraint ' || oid || ' ' || xmin FROM pg_constraint UNION ALL
  SELECT 'index ' || indexrelid || ' ' || xmin FROM pg_index UNION ALL
  SELECT 'function ' || oid || ' ' || xmin FROM pg_proc WHERE pronamespace = 'public'::regnamespace UNION ALL
  SELECT 'table ' || oid || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace UNION ALL
  SELECT 'column ' || attrelid || ' ' || attnum || ' ' || xmin FROM pg_attribute WHERE attrelid IN
    (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) UNION ALL
  SELECT 'sequence ' || sequencename || COALESCE(last_value, 0) FROM pg_sequences) AS lines"""
"""A row of the catalogue that was written anew has another ``xmin``: so no change of a schema is missed."""


@dataclass(frozen=True)
class Copied:
    """A copy of a template: its name, the fingerprint of its catalogue, and the rows of each table."""

    name: str
    catalogue: str
    rows: Mapping[str, bytes]


def _catalogue(connection: psycopg.Connection) -> str:
    row = connection.execute(_CATALOGUE).fetchone()
    assert row is not None
    return str(row[0])


def _copied_out(connection: psycopg.Connection, table: str) -> Iterator[bytes]:
    with connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:  # type: ignore[call-overload]
        for block in copy:
            yield bytes(block)


@dataclass(frozen=True)
class Postgres:
    """A running server: its socket directory, and how to end it."""

    host: str
    user: str
    stop: Callable[[], None]
    free: dict[str, list[Copied]] = field(default_factory=dict)

    def url(self, database: str) -> str:
        """The address of a database as the product takes it."""
        return f"postgresql+psycopg://{self.user}@/{database}?host={self.host}"

    def run(self, statement: str, database: str = "postgres") -> None:
        """Run one statement outside a transaction."""
        with self._connect(database) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    @contextmanager
    def database(self, template: str = EMPTY) -> Iterator[str]:
        """The address of a database that holds what a template holds and nothing else."""
        waiting = self.free.setdefault(template, [])
        copied = waiting.pop() if waiting else self._copy(template)
        try:
            yield self.url(copied.name)
        finally:
            if self._put_back(copied):
                waiting.append(copied)
            else:
                self.run(f"DROP DATABASE {copied.name} WITH (FORCE)")

    def _copy(self, template: str) -> Copied:
        name = f"t{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        with self._connect(name) as connection:
            tables = [row[0] for row in connection.execute(_TABLES)]
            rows = {table: b"".join(_copied_out(connection, table)) for table in tables}
            return Copied(name, _catalogue(connection), rows)

    def _put_back(self, copied: Copied) -> bool:
        """Bring the rows back to those of the template; False where the catalogue is no longer the template's."""
        with self._connect("postgres") as connection:
            for _ in range(START_SECONDS * 10):
                # Children that were killed may have left a session behind, and it may hold locks.
                if not connection.execute(_OTHERS, (copied.name,)).fetchall():
                    break
                time.sleep(0.01)
        with self._connect(copied.name) as connection:
            if _catalogue(connection) != copied.catalogue:
                return False
            with connection.transaction():
                connection.execute("SET LOCAL session_replication_role = replica")  # no trigger, no foreign key
                for table, rows in copied.rows.items():
                    connection.execute(f"DELETE FROM {table}")  # type: ignore[call-overload]
                    if rows:
                        with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:  # type: ignore[call-overload]
                            copy.write(rows)
        return True

    @contextmanager
    def _connect(self, database: str) -> Iterator[psycopg.Connection]:
        connection = psycopg.connect(host=self.host, user=self.user, dbname=database, autocommit=True)
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """The address of a database without any table."""
        name = f"t{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


def start(ways: Sequence[Callable[[], Postgres]] = ()) -> Postgres:
    """Start a server and make the template: Debian's, else the wheel's. Raises NoServerError with the reasons."""
    reasons = []
    for attempt in ways or (_debian, _wheel):
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
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=60 "
    options += "-c autovacuum=off"
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
