"""Waybills that are held against digests and columns side by side: what passes is what would pass one by one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from optimizer.accounts.audit.waybill_part import WaybillsRead, read_waybills, seen_waybills
from optimizer.store import waybills_read
from optimizer.store.engine import Store
from optimizer.store.repeated_columns import _parts_are_said, changed_parts
from optimizer.store.waybills_read import WAYBILL_COLUMNS
from optimizer.waybills.codec import lean_text
from tests.store.conftest import allow_changes


def by_party(read: WaybillsRead) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Of each waybill its newest version and who is credited."""
    return {number: (version, read.parties[place]) for number, (version, place) in read.newest.items()}


def both(store: Store) -> tuple[bool, list[tuple[str, ...]], bool]:
    """Whether waybills pass at once; the columns that one by one differ, and whether a document does. What is read
    either way is the same, and what the ledger is held against is that of the rows."""
    with store.read() as session:
        connection: Connection = session._connection
        numbers = sorted(session.audited_numbers().numbers)
        at_once, one_by_one = (
            waybills_read._at_once(connection, numbers),
            waybills_read._one_by_one(connection, numbers),
        )
        found = waybills_read.waybills_read(connection, numbers)
        in_order = [one_by_one.versions[key] for key in sorted(one_by_one.versions)]
        assert at_once is None or lean_text(sorted(at_once, key=waybills_read._key)) == lean_text(in_order)
        assert list(found.versions) == sorted(one_by_one.versions)
        assert lean_text(list(found.versions.values())) == lean_text(in_order)
        assert found[1:] == one_by_one[1:]
        seen, rows = seen_waybills(found.versions, found.changed), read_waybills(session.waybill_rows())
        assert (by_party(seen), seen.changed, seen.count) == (by_party(rows), rows.changed, rows.count)
        return at_once is not None, [row.columns for row in one_by_one.rows], one_by_one.changed


def test_what_was_written_passes_at_once(settled: Store) -> None:
    """Otherwise every waybill, lot and leg would be asked by itself."""
    assert both(settled) == (True, [], False)
    with settled.read() as session:
        numbers = sorted(session.audited_numbers().numbers)
        waybills = waybills_read.waybills_read(session._connection, numbers).versions.values()
        assert len(waybills) > 1
        assert _parts_are_said(session._connection, numbers, waybills)


@pytest.mark.parametrize("name", [*WAYBILL_COLUMNS[2:], "content_sha256"])
def test_a_column_that_says_something_else_passes_neither_way(raw: Connection, settled: Store, name: str) -> None:
    """Each column by which waybills are looked up, and the digest."""
    allow_changes(raw, "waybills")
    others = f"(SELECT MIN(party_id) FROM parties WHERE party_id <> {name})"
    said: Any = others if name.endswith("_id") and name not in ("plan_id", "shipment_id") else f"{name} || 'x'"
    said = f"{name} + 1" if name == "declared_mass_kg" else said
    if name == "plan_id":
        raw.exec_driver_sql("INSERT INTO plans (plan_id, document, accepted_at) VALUES ('x', '{}', '')")
        said = "'x'"
    raw.exec_driver_sql(f"UPDATE waybills SET {name} = {said} WHERE number = (SELECT MIN(number) FROM waybills)")
    changed: list[tuple[str, ...]] = [] if name == "content_sha256" else [(name,)]
    assert both(settled) == (False, changed, name == "content_sha256")


PARTS = {
    "waybill_lots": ("declared_mass_kg", "port_of_loading", "port_of_discharge"),
    "waybill_legs": ("mode", "origin", "destination", "voyage_id", "vessel_id", "distance_km"),
}


@pytest.mark.parametrize(("table", "name"), [(table, name) for table, names in PARTS.items() for name in names])
def test_a_part_that_says_something_else_is_found(raw: Connection, settled: Store, table: str, name: str) -> None:
    """Each column of lots and legs; of distances the least that is another."""
    allow_changes(raw, table)
    number = raw.exec_driver_sql(f"SELECT MIN(number) FROM {table}").scalar_one()
    key = "number = (SELECT MIN(number) FROM waybill_lots) AND lot_no = 1 AND version = 1"
    if table == "waybill_legs":
        key += f" AND seq = (SELECT MIN(seq) FROM waybill_legs WHERE {key} AND distance_km > 0)"
    values = {"declared_mass_kg": "declared_mass_kg + 1", "distance_km": "distance_km * (1 + 2.3e-16)"}
    value = values.get(name, f"{name} || 'x'")
    raw.exec_driver_sql(f"UPDATE {table} SET {name} = {value} WHERE {key}")
    with settled.read() as session:
        numbers = sorted(session.audited_numbers().numbers)
        waybills = waybills_read.waybills_read(session._connection, numbers).versions.values()
        found = [tuple(row) for row in changed_parts(session._connection, numbers, waybills) or ()]
    assert found == [(f"waybill {number}", table, (name,))]
