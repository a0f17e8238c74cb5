"""Opening a database: engine, pragmas, migration, and the two ways in: reading and writing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DataError, NoSuchModuleError, OperationalError

from optimizer.errors import InputError, Message, StorageError, UnreadableRecordError
from optimizer.store.session import Session
from optimizer.store.value_types import of_their_types

DEFAULT_URL = "sqlite:///modalshift.db"
BUSY_TIMEOUT_S = 60
_WRITE = "modalshift_write"
_MIGRATION_LOCK = 4_720_061
"""Key of the PostgreSQL advisory lock under which one process migrates."""


class Store:
    """A database of the product. Use :func:`open_store`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def url(self) -> str:
        """The URL under which another process opens the same database; empty for one in memory."""
        in_memory = self._engine.url.get_backend_name() == "sqlite" and self._engine.url.database in (
            None,
            "",
            ":memory:",
        )
        return "" if in_memory else self._engine.url.render_as_string(hide_password=False)

    @property
    def shown_url(self) -> str:
        """The same for people to read, without the password."""
        return self._engine.url.render_as_string()

    @property
    def reads_beside_writer(self) -> bool:
        """A SQLite file: a second connection reads the last commit while one writes. One in memory has one connection;
        PostgreSQL reads so too, but there nothing of ours needs it."""
        return self._engine.dialect.name == "sqlite" and self.url != ""

    @contextmanager
    def read(self, snapshot: str = "") -> Iterator[Session]:
        """A consistent view of everything committed so far; nothing can be written through it by our own code.

        ``snapshot``: what another open session sees (``Session.snapshot``) instead. Raises StorageError where the
        database does not answer, UnreadableRecordError where its file is damaged or a value is of another type than its
        column.
        """
        with (
            of_their_types(self._engine),
            _answering(),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            if snapshot:
                connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            yield Session(connection)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction, alone: writers wait for each other. Committed at the end, rolled back on any exception.

        Raises StorageError when the database cannot write (disk full, locked for long, server gone), and
        UnreadableRecordError as :meth:`read` does.
        """
        try:
            with (
                of_their_types(self._engine),
                _unharmed(),
                self._engine.connect().execution_options(**{_WRITE: True}) as connection,
                connection.begin(),
            ):
                if connection.dialect.name == "postgresql":
                    # One writer at a time keeps the sequence gapless; readers go on. The lock comes before the
                    # snapshot, so what the writer before wrote is seen.
                    connection.exec_driver_sql("LOCK TABLE transactions IN SHARE ROW EXCLUSIVE MODE")
                yield Session(connection)
        except (OperationalError, sqlite3.OperationalError) as error:
            reason = str(getattr(error, "orig", None) or error)
            raise StorageError(
                Message(
                    f"数据库无法写入（{reason}）；本次操作未写入任何内容，请腾出空间或恢复服务后重试。",
                    f"The database cannot write ({reason}); nothing of this was written. Make room or bring the server "
                    "back, then try again.",
                )
            ) from error

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()


@contextmanager
def _answering() -> Iterator[None]:
    """A server that is gone or a lock that is not given up is no defect of ours."""
    try:
        with _unharmed():
            yield
    except OperationalError as error:
        reason = str(error.orig)
        raise StorageError(
            Message(
                f"数据库没有应答（{reason}）；请恢复服务后重试。",
                f"The database does not answer ({reason}); bring it back, then try again.",
            )
        ) from error


@contextmanager
def _unharmed() -> Iterator[None]:
    """SQLite says what is damaged by its plainest error; every other one has a class of its own. PostgreSQL holds no
    NUL in a text, and anybody may send one in an address or a login."""
    try:
        yield
    except DataError as error:
        if "NUL" not in str(error.orig):
            raise
        raise InputError(
            Message("文本中有不可用的字符（NUL）；请去掉后重试。", "A text holds a NUL character; leave it out.")
        ) from error
    except DatabaseError as error:
        if type(error.orig) is not sqlite3.DatabaseError:
            raise
        raise UnreadableRecordError(
            Message(
                f"数据库文件损坏（{error.orig}）；请从备份恢复。",
                f"The database file is damaged ({error.orig}); restore a backup.",
            )
        ) from error


def open_store(url: str = DEFAULT_URL) -> Store:
    """Open (and create or migrate) the database at a URL: ``sqlite:///file.db`` or ``postgresql+psycopg://...``.

    Raises InputError when the URL is not understood or the database cannot be opened.
    """
    with _opening():
        engine = _engine(url)
        with engine.connect() as connection:
            migrate(connection)
    return Store(engine)


def create_store(url: str) -> Store:
    """A new, empty database at a URL. A file that could not be filled is removed. Raises InputError as
    :func:`open_store` does, and where anything is there already, which is left as it is."""
    with _opening():
        engine = _engine(url)
        file = engine.url.database or ""
        if engine.dialect.name != "sqlite":
            with engine.connect() as connection:
                if _revision(connection) is not None:
                    raise _is_there(engine.url.render_as_string())
                connection.rollback()
                migrate(connection)
            return Store(engine)
        if file in ("", ":memory:"):
            raise InputError(
                Message(
                    f"{url} 在内存中，命令一结束就没有了；请写文件名，如 {DEFAULT_URL}。",
                    f"{url} is in memory and gone when the command ends; name a file, such as {DEFAULT_URL}.",
                )
            )
        try:
            # Taken before it is filled: of two who create the same one is told that it is there.
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError as error:
            raise _is_there(file) from error
        except OSError as error:
            raise InputError(
                Message(
                    f"无法在 {file} 建立数据库：{error.strerror}。",
                    f"No database can be made at {file}: {error.strerror}.",
                )
            ) from error
        try:
            with engine.connect() as connection:
                migrate(connection)
        except BaseException:
            engine.dispose()
            for end in ("", "-wal", "-shm"):
                Path(f"{file}{end}").unlink(missing_ok=True)
            raise
    return Store(engine)


def _is_there(place: str) -> InputError:
    return InputError(
        Message(
            f"{place} 已经存在，未写入任何内容；要使用它，其他命令用同一个 --db 即可（旧版库会自动升级）。",
            f"{place} is there already and nothing was written; to use it give other commands the same --db "
            "(a database of an older version is upgraded by itself).",
        )
    )


@contextmanager
def _opening() -> Iterator[None]:
    try:
        yield
    except (ArgumentError, NoSuchModuleError) as error:
        # The URL is not repeated: it may hold a password.
        raise InputError(
            Message(
                f"读不懂数据库地址；请写 {DEFAULT_URL}（文件）或 postgresql://用户@主机/库名。",
                f"The database's URL is not understood; write {DEFAULT_URL} (a file) or postgresql://user@host/name.",
            )
        ) from error
    except DatabaseError as error:
        reason = " ".join(str(error.orig or error).split()).rstrip(".?")
        raise InputError(
            Message(
                f"无法打开数据库（{reason}）；请检查 --db 或 MODALSHIFT_DB 所指的文件或服务器。",
                f"Cannot open the database ({reason}); check the file or server that --db or MODALSHIFT_DB names.",
            )
        ) from error


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), isolation_level="REPEATABLE READ")
    if parsed.get_backend_name() != "sqlite":
        raise ArgumentError("sqlite or postgresql")
    engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        prepare_sqlite(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once: upgrading a read transaction later could fail half-way.
        writing = connection.get_execution_options().get(_WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


SQLITE_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "recursive_triggers = ON",
    "cache_size = -65536",
    "wal_autocheckpoint = 8192",
)
"""What every SQLite connection of ours has. At most 64 MiB of pages are kept, so that the indexes of a large ledger
stay at hand, and the log is moved into the file every 32 MiB: a page that several batches change is moved once. A
commit is on the disk either way."""


def prepare_sqlite(connection: sqlite3.Connection) -> None:
    """WAL, full durability, foreign keys, room for pages, and transactions begun by us."""
    connection.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the schema to a revision; several processes may try at once and one of them does it. Raises InputError
    when the database is of a newer version. Alembic is imported only where there is something to do: that takes longer
    than most commands."""
    with connection.begin():
        present = _revision(connection)
        if present == newest_revision():
            return
        if present is None:
            _require_empty(connection)
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    with as_file(files("optimizer.store") / "migrations") as scripts:
        config = Config()
        config.set_main_option("script_location", os.fspath(scripts).replace("%", "%%"))
        writer = connection.execution_options(**{_WRITE: True})
        sqlite = writer.dialect.name == "sqlite"
        if sqlite:
            # Rebuilding a table drops it; with foreign keys on that would count as deleting its rows.
            _raw(writer).execute("PRAGMA foreign_keys = OFF")
        with writer.begin():
            if not sqlite:
                writer.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            config.attributes["connection"] = writer
            try:
                command.upgrade(config, revision)
            except CommandError as error:
                raise InputError(
                    Message(
                        f"数据库由更新的版本建立（{error}）；请升级 modalshift 后再打开。",
                        f"The database was made by a newer version ({error}); upgrade modalshift to open it.",
                    )
                ) from error
            if sqlite and writer.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise RuntimeError("the migration left rows that point nowhere")
        if sqlite:
            _raw(writer).execute("PRAGMA foreign_keys = ON")


@cache
def newest_revision() -> str:
    """The newest migration, by the names of their files (``rev_0001_ground.py``): reading them takes longer than
    opening a database. They make one line, and do not change while we run."""
    names = (item.name for item in (files("optimizer.store") / "migrations" / "versions").iterdir())
    return max(name.split("_")[1] for name in names if name.startswith("rev_"))


def _revision(connection: Connection) -> str | None:
    """The revision that the database says it has, None for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _require_empty(connection: Connection) -> None:
    """No tables of ours are made in a file that holds another program's. (A server may hold several programs' tables.)
    Raises InputError."""
    others = inspect(connection).get_table_names() if connection.dialect.name == "sqlite" else []
    if others:
        raise InputError(
            Message(
                f"这不是 modalshift 的数据库：其中有 {others[0]} 等 {len(others)} 张别的表；"
                "未写入任何内容，请核对 --db。",
                f"This is no database of modalshift: it holds {len(others)} table(s) of something else, such as "
                f"{others[0]}; nothing was written. Check --db.",
            )
        )


def _raw(connection: Connection) -> sqlite3.Connection:
    driver: sqlite3.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]
    return driver
