"""The servers of the tests: the wheel starts one too, and databases that are handed on carry nothing over."""

from __future__ import annotations

import pytest

from optimizer import actions
from tests.store import servers
from tests.store.conftest import connect, settle_world
from tests.store.servers import Postgres


def test_a_server_starts_from_the_wheel_where_debian_has_none() -> None:
    """The product's books open, settle and audit on the PostgreSQL that `pgserver` carries."""
    pytest.importorskip("pgserver")
    server = servers.start([servers._wheel])
    try:
        with server.database() as url:
            store = actions.open_store(url)
            settle_world(store)
            with store.read() as session:
                assert session.last_seq() == 12
            store.close()
    finally:
        server.stop()


def test_a_database_is_handed_on_empty_and_a_touched_one_is_thrown_away(postgres: Postgres) -> None:
    """Rows do not pass from one test to the next; a dropped trigger ends the database."""
    with postgres.database() as first:
        store = actions.open_store(first)
        settle_world(store)
        store.close()
    with postgres.database() as second:
        assert second == first
        store = actions.open_store(second)
        with store.read() as session:
            assert (session.last_seq(), session.last_event_seq(), session.parties()) == (0, 0, {})
        store.close()
        raw = connect(second)
        raw.exec_driver_sql("ALTER TABLE events DISABLE TRIGGER USER")
        raw.close()
        raw.engine.dispose()
    with postgres.database() as third:
        assert third != second
