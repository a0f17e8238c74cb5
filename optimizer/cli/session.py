"""What every verb of the command line shares: the language, the network directory, the database."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.errors import InputError, Lang, Message, StorageError
from optimizer.store.sqlite_file import PREFIX, sqlite_file

if TYPE_CHECKING:
    from optimizer.emissions.factors import FactorTable
    from optimizer.network.model import Network
    from optimizer.store.engine import Store
    from optimizer.store.evidence_files import EvidenceFiles

DEFAULT_DB_URL = f"{PREFIX}modalshift.db"


@dataclass(slots=True)
class Session:
    """The answers to the options that stand everywhere. ``network_dir`` None means the shipped network."""

    lang: Lang = "zh"
    network_dir: Path | None = None
    db_url: str = field(default_factory=lambda: os.environ.get("MODALSHIFT_DB", DEFAULT_DB_URL))

    @property
    def db_file(self) -> Path | None:
        """The file of a SQLite database, None for another one."""
        return sqlite_file(self.db_url)

    def network(self) -> Network:
        """The network asked for; NetworkDataError lists all its faults."""
        # Imported here as in every verb: `modalshift --help` must not pay for libraries it does not use.
        from optimizer.network.reader import read_network

        return read_network(self.network_dir)

    def factors(self) -> FactorTable:
        """The factor table of the network directory, or the shipped one where that directory has none."""
        from optimizer.emissions.factors import load_factors

        own = self.network_dir if self.network_dir and (self.network_dir / "factors.csv").exists() else None
        return load_factors(own)

    def tables(self, store: Store) -> tuple[Network, FactorTable]:
        """Network and factors in force for the accounts of a database: what two persons released into it stands beside
        the shipped tables; a directory named with ``--network`` takes the place of a released network.

        Raises StorageError where there is no room to lay out what was released."""
        from optimizer.actions import tables_in_force

        try:
            with tempfile.TemporaryDirectory() as scratch:
                named = self.network_dir is not None
                found = tables_in_force(store, self.network_dir, Path(scratch), base_stands=named)
                return found.network, found.factors
        except OSError as error:
            place, reason = tempfile.gettempdir(), error.strerror or str(error)
            raise StorageError(
                Message(
                    f"无法在 {place} 展开已发布的数据表（{reason}）；请腾出空间，或用 TMPDIR 指定另一目录。",
                    f"The released tables cannot be laid out in {place} ({reason}); make room there, or name another "
                    "directory by TMPDIR.",
                )
            ) from error

    def evidence(self) -> EvidenceFiles:
        """The evidence files that lie beside the database."""
        from optimizer.store.evidence_files import EvidenceFiles, evidence_directory

        return EvidenceFiles(evidence_directory(self.db_url))

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The database, opened and migrated for the length of a verb.

        Raises InputError where that fails, and where the file does not exist: a misspelt name must not become an empty
        database in which every audit is clean.
        """
        from optimizer.actions import open_store

        self.require_database()
        opened = open_store(self.db_url)
        try:
            yield opened
        finally:
            opened.close()

    def require_database(self) -> None:
        """Raises InputError where the database is a file that does not exist, or lies in memory."""
        file = self.db_file
        named = file or self.db_url
        in_memory = file is None and self.db_url.startswith("sqlite")
        if in_memory or (file is not None and not file.exists()):
            raise InputError(
                Message(
                    f"没有数据库文件 {named}；请用 --db 指定，或先新建一个："
                    "空库用 modalshift database create，演示库用 modalshift demo。",
                    f"There is no database file {named}; name one with --db, or make one: an empty one with "
                    "modalshift database create, one with a demo month with modalshift demo.",
                )
            )


def current_session() -> Session:
    """The session of the running command."""
    return click.get_current_context().find_root().ensure_object(Session)


def language_asked(arguments: Sequence[str]) -> Lang:
    """The language of a command line before it is parsed, because help and usage errors are printed in it too.

    The last ``--lang`` wins, then ``MODALSHIFT_LANG``, then Chinese. An unknown language counts as Chinese here; the
    parser reports it.
    """
    lang = os.environ.get("MODALSHIFT_LANG", "zh")
    for here, after in pairwise([*arguments, ""]):
        if here == "--lang":
            lang = after
        elif here.startswith("--lang="):
            lang = here.removeprefix("--lang=")
    return "en" if lang == "en" else "zh"
