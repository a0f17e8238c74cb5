"""A real database for each test: every test here runs on a SQLite file and on a PostgreSQL server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, event

from optimizer import actions
from optimizer.store.engine import Store, prepare_sqlite
from tests.accounts.small_books import FUEL_LOGS
from tests.store.servers import EMPTY, NoServerError, Postgres, start
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for the run; skipped by name where none can be started (a failure when CI=true)."""
    try:
        server = start()
    except NoServerError as error:
        pytest.skip(f"no PostgreSQL can be started here: {error}")
    yield server
    server.stop()


def settle_world(store: Store) -> None:
    """The tiny world accepted, reported and settled."""
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    result = actions.record(store, all_events(issued, FUEL_LOGS), LATER)
    assert result.refused == ()
    actions.settle(store, world_network(), world_factors(), LATER)


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """An empty database and the settled world as files, made once: False and True."""
    found = {}
    for is_settled in (False, True):
        found[is_settled] = tmp_path_factory.mktemp("template") / "template.db"
        made = actions.open_store(f"sqlite:///{found[is_settled]}")
        if is_settled:
            settle_world(made)
        made.close()
    return found


@pytest.fixture(scope="session")
def settled_template(postgres: Postgres) -> str:
    """The settled world as a template of PostgreSQL."""
    postgres.run(f"CREATE DATABASE modalshift_settled TEMPLATE {EMPTY}")
    made = actions.open_store(postgres.url("modalshift_settled"))
    settle_world(made)
    made.close()
    return "modalshift_settled"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Both databases, unless a test works on the file of SQLite."""
    if "url" in metafunc.fixturenames:
        kinds = ["sqlite"] if "path" in metafunc.fixturenames else ["sqlite", "postgresql"]
        metafunc.parametrize("url", kinds, indirect=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file lies, for tests that are about the file; they run on SQLite alone."""
    return tmp_path / "accounts.db"


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database, once of each kind: empty, or the settled world where a test asks for ``settled``."""
    is_settled = "settled" in request.fixturenames
    if request.param == "sqlite":
        file = tmp_path / "accounts.db"
        shutil.copyfile(request.getfixturevalue("sqlite_templates")[is_settled], file)
        yield f"sqlite:///{file}"
    else:
        template = request.getfixturevalue("settled_template") if is_settled else EMPTY
        with request.getfixturevalue("postgres").database(template) as address:
            yield address


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """The database opened."""
    opened = actions.open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def settled(store: Store) -> Store:
    """The tiny world accepted, reported and settled."""
    return store


def connect(url: str) -> Connection:
    """A second connection beside the product's own, in which every statement commits by itself."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _record: prepare_sqlite(connection))
    return engine.connect()


@pytest.fixture
def raw(url: str, settled: Store) -> Iterator[Connection]:
    """A second connection to the settled database."""
    connection = connect(url)
    yield connection
    connection.close()
    connection.engine.dispose()


def allow_changes(raw: Connection, table: str) -> None:
    """What an administrator does who wants to change history: take the triggers away."""
    if raw.dialect.name == "sqlite":
        for verb in ("update", "delete"):
            raw.exec_driver_sql(f"DROP TRIGGER {table}_no_{verb}")
    else:
        raw.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
