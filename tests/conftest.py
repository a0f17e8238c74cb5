"""What holds for every test: properties are not judged by the clock, and on continuous integration nothing may be
skipped silently and every example is the same each time (people who run the tests go on drawing new ones)."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Generator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from flask import Flask
from hypothesis import settings
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.util import LRUCache

from optimizer.actions import releasing
from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.store import engine
from optimizer.store.engine import migrate
from tests.emissions.world import round_table

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


MEMORY = Path("/dev/shm")
ROOM_BYTES = 3_000_000_000


def pytest_configure() -> None:
    """Files of tests lie in memory where the system has room for them there, else on disk: nothing tested here depends
    on how long a flush takes, and thousands of commits wait for one."""
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # asked for anew


LONG_FILES = (
    "tests/packaging/test_readme.py",
    "tests/webapp/test_accessibility.py",
    "tests/webapp/test_chart_pages.py",
    "tests/store/test_model.py",
    "tests/store/test_faults.py",
    "tests/planning/test_solve.py",
    "tests/planning/netdesign/test_solve.py",
    "tests/webapp/test_api_contract.py",
    "tests/webapp/test_roles.py",
    "tests/bench/test_evidence.py",
    "tests/cli/test_plan.py",
    "tests/store/test_tampering.py",
    "tests/bench/test_pages.py",
    "tests/planning/test_changes.py",
    "tests/store/test_sealing.py",
    "tests/bench/test_plan.py",
    "tests/demo/test_story.py",
)
"""Files that take longest, the pages' browser included, in that order: they begin first, so that no process is left
alone with one at the end (``make test`` hands out files in this order)."""


FILES_BETWEEN_WALKS = 10
RARELY = 1_000
_files_begun = 0


@pytest.fixture(autouse=True, scope="module")
def _what_stays_is_not_walked() -> None:
    """A process that has imported everything holds a million objects that stay to the end, and walking all of them in
    search of dead cycles, again and again, took a twelfth of its time. So the search goes through the young only, and
    through all that came since the last time with every tenth file."""
    global _files_begun
    if _files_begun % FILES_BETWEEN_WALKS == 0:
        gc.set_threshold(*gc.get_threshold()[:2], RARELY)
        gc.collect()
        gc.freeze()
    _files_begun += 1


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """A process more than there are cores: those that wait for a browser, a server or a child leave theirs free."""
    cores = yield
    return cores if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else cores + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long files first, the others in their order."""
    place = {str(config.rootpath / name): number for number, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: place.get(str(item.path), len(LONG_FILES)))


@pytest.fixture(autouse=True, scope="session")
def _a_new_sqlite_database_is_a_copy() -> None:
    """The schema of the newest revision is made by the migrations once and copied into each new SQLite database:
    they take a quarter of a second, some hundreds of times. Tests of the migrations call ``migrate`` itself; on
    PostgreSQL, and on a database that holds anything, it runs as ever."""
    template = sqlite3.connect(":memory:", check_same_thread=False)

    def is_empty(database: sqlite3.Connection) -> bool:
        return database.execute("SELECT 1 FROM sqlite_master").fetchone() is None

    def migrate_or_copy(connection: Connection, revision: str = "head") -> None:
        raw = connection.connection.dbapi_connection
        if revision != "head" or not isinstance(raw, sqlite3.Connection) or not is_empty(raw):
            migrate(connection, revision)
        elif is_empty(template):
            migrate(connection)
            raw.backup(template)
        else:
            template.backup(raw)

    engine.migrate = migrate_or_copy


class CompiledStatements(LRUCache[Any, Any]):
    """Statements as the dialect writes them. SQLAlchemy keeps them for each engine, under its dialect; here all engines
    of a kind share them."""

    def get(self, key: Any, default: Any = None) -> Any:
        """What was compiled for any engine of this kind."""
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), value)


@pytest.fixture(autouse=True, scope="session")
def _statements_are_compiled_once() -> None:
    """Nearly every test opens a database of its own, and putting the same statements into words for each took a sixth
    of the time of the tests that do."""
    shared = CompiledStatements(2_000)

    def create(*arguments: Any, **options: Any) -> Engine:
        made = create_engine(*arguments, **options)
        made.update_execution_options(compiled_cache=shared)
        return made

    engine.create_engine = create


class CompiledTemplates(BytecodeCache):
    """Templates compiled, by name and content."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Leaves the bucket empty where the template is new."""
        bucket.code = self.kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it for the next application."""
        assert bucket.code is not None
        self.kept[bucket.key, bucket.checksum] = bucket.code


@pytest.fixture(autouse=True, scope="session")
def _templates_are_compiled_once() -> None:
    """Each application compiles the pages that it shows, and many tests make one of their own."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": CompiledTemplates()}


@pytest.fixture(autouse=True, scope="session")
def _the_tiny_world_travels_too() -> None:
    """The round factors of the tiny world count as part of the product, as the shipped ones do: accounts may use them
    without two persons' release, which tests/store/test_releasing.py is about."""
    both = FactorTable((*load_factors().factors, *round_table().factors))
    releasing.travelling_factors = lambda: both  # type: ignore[assignment]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test skipped for want of a tool (a browser, a database server) counts as failed when CI=true."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI=true allows no skip: {report.longrepr}"
    return report
