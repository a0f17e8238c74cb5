"""A new database where none is: on PostgreSQL its tables, in SQLite its file (``tests.cli.test_database``)."""

from __future__ import annotations

import uuid

import pytest

from optimizer import actions
from optimizer.errors import InputError
from tests.store.servers import Postgres


def test_a_database_of_a_server_is_filled_once(postgres: Postgres) -> None:
    """Then it is refused as one that is there; tables of other programs beside ours do not matter."""
    name = f"t{uuid.uuid4().hex}"
    postgres.run(f"CREATE DATABASE {name}")
    try:
        made = actions.create_store(postgres.url(name))
        with made.read() as session:
            assert session.last_seq() == 0
        made.close()
        with pytest.raises(InputError, match="is there already"):
            actions.create_store(postgres.url(name))
    finally:
        postgres.run(f"DROP DATABASE {name} WITH (FORCE)")
