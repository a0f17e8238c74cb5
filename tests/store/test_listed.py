"""Long lists in queries, and columns handed out as lists."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from optimizer import actions
from optimizer.store.engine import Store
from optimizer.store.listed import list_of, listed_rows
from tests.store.tampering import disarm
from tests.waybills.world import world_factors, world_network


def test_ids_of_any_letters_are_looked_up(settled: Store) -> None:
    """Quotes, other scripts; on SQLite also half a letter, which a command line may give."""
    with settled.read() as session:
        connection = session._connection
        (known, *_) = session.audited_numbers().numbers
        odd = ['"', "\\", "运单", "\0" * (connection.dialect.name == "sqlite"), known]
        odd += ["\udc80"] * (connection.dialect.name == "sqlite")
        rows = listed_rows(connection, "SELECT DISTINCT number FROM events WHERE number {listed}", odd)
    assert rows == [(known,)]


def test_a_column_comes_as_a_list_without_spaces(settled: Store) -> None:
    """Texts, numbers and nothing; of no rows an empty list."""
    with settled.read() as session:
        connection = session._connection
        for column in ("event_id", "seq", "mass_kg"):
            query = f"SELECT {list_of(connection, column)} FROM events WHERE seq {{listed}}"
            rows = listed_rows(connection, f"SELECT {column} FROM events WHERE seq {{listed}}", [1, 2, 3])
            ((listed,),) = listed_rows(connection, query, [1, 2, 3])
            assert sorted(json.loads(listed), key=str) == sorted((row[0] for row in rows), key=str)
            assert b" " not in listed
            assert listed_rows(connection, query, [0]) == [(b"[]",)]


@pytest.mark.parametrize("put", [b"", b"V1", b"\xff\xfe"])
def test_bytes_where_a_leg_names_its_voyage_are_named(settled: Store, path: Path, put: bytes) -> None:
    """A voyage that is no text is a finding about its waybill, and no end of the audit."""
    raw = sqlite3.connect(path)
    disarm(raw)
    raw.execute("UPDATE waybill_legs SET voyage_id = ? WHERE rowid = 2", (put,))
    raw.commit()
    raw.close()
    found = actions.audit(settled, world_network(), world_factors())
    assert {finding.code for finding in found} == {"columns_differ"}


@pytest.mark.parametrize("column", ["voyage_id", "vessel_id", "location_id", "event_time"])
@pytest.mark.parametrize("put", [b"V1", "no time", "0001-01-01T00:00:00+08:00", 7])
def test_what_names_no_neighbour_is_named_itself(settled: Store, path: Path, column: str, put: object) -> None:
    """Whatever stands where a loading names its voyage, vessel, place and time is a finding about it, and no end of
    the audit."""
    raw = sqlite3.connect(path)
    disarm(raw)
    (event_id,) = raw.execute("SELECT event_id FROM events WHERE event_type = 'LOAD'").fetchone()
    raw.execute(f"UPDATE events SET {column} = ? WHERE event_id = ?", (put, event_id))
    raw.commit()
    raw.close()
    found = actions.audit(settled, world_network(), world_factors())
    assert f"event {event_id}" in {finding.record for finding in found}
