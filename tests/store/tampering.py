"""Ways of tampering with a sealed database, for tests: what an administrator with every right could do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from optimizer.accounts.checkpoint import Checkpoint, sign_checkpoint
from optimizer.accounts.manifest import ManifestLine
from optimizer.accounts.merkle import MerkleTree
from optimizer.accounts.seal_check import check_seals
from optimizer.accounts.seal_view import SealReport
from optimizer.errors import UnreadableRecordError
from optimizer.quantities import local_time
from optimizer.store.tree_rows import TreeRows, readable
from optimizer.store.tree_sources import SOURCES
from optimizer.waybills.finding import Finding

SEALED_TABLES = tuple(
    dict.fromkeys(table for source in SOURCES for table in (source.table, *(part.rows_in for part in source.parts)))
)
TREE_TABLES = ("tree_leaves", "tree_nodes", "tree_heads", "tree_keys")


@dataclass(frozen=True, slots=True)
class Place:
    """A row, as a condition on its primary key."""

    condition: str
    values: tuple[object, ...]


def disarm(raw: sqlite3.Connection) -> None:
    """Drop every trigger, index and check that the administrator can switch off."""
    for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {name}")
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute("PRAGMA ignore_check_constraints = ON")


def verified(
    tree: TreeRows, checkpoints: Sequence[Checkpoint] = (), manifest: Sequence[ManifestLine] | None = None
) -> SealReport:
    """What ``actions.verify`` reports, on a connection with uncommitted tampering."""
    try:
        with readable():
            return check_seals(tree.log(), checkpoints, manifest)
    except UnreadableRecordError as error:
        return SealReport((Finding("unreadable", "database", error.message),), 0, 0)


@dataclass(frozen=True, slots=True)
class Tampering:
    """One way of tampering. ``apply`` changes the database and says whether it found anything to change.

    ``needs_checkpoint``: the database alone agrees with itself afterwards; only an exported head tells.
    """

    name: str
    apply: Callable[[sqlite3.Connection, Random], bool]
    needs_checkpoint: bool = False


def value_changed(raw: sqlite3.Connection, random: Random) -> bool:
    """One value of one row of a sealed table or of the tree: a bit flipped, a character, a number by one, NULL."""
    table = random.choice([table.name for table in SEALED_TABLES] + list(TREE_TABLES))
    columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
    place = _any_row(raw, table, random)
    if place is None:
        return False
    column = random.choice(columns)
    before = raw.execute(f"SELECT {column} FROM {table} WHERE {place.condition}", place.values).fetchone()[0]
    return _updated(raw, table, column, place, altered(before, random))


def row_removed(raw: sqlite3.Connection, random: Random) -> bool:
    """One row of any of these tables is gone."""
    table = random.choice([table.name for table in SEALED_TABLES] + list(TREE_TABLES))
    place = _any_row(raw, table, random)
    return place is not None and raw.execute(f"DELETE FROM {table} WHERE {place.condition}", place.values).rowcount == 1


def part_added(raw: sqlite3.Connection, random: Random) -> bool:
    """A posting, leg, lot or piece of evidence put under a sealed record."""
    table, columns = random.choice(
        [
            ("posting_lines", {"line": "line + 100", "amount": "-amount"}),
            ("waybill_legs", {"seq": "seq + 100"}),
            ("waybill_lots", {"lot_no": "lot_no + 100"}),
            ("evidence", {"sha256": "hex(randomblob(32))"}),
        ]
    )
    place = _any_row(raw, table, random)
    return place is not None and _copied(raw, table, columns, place)


def rows_swapped(raw: sqlite3.Connection, random: Random) -> bool:
    """Two rows of a table trade the value of one column: amounts, leaves, numbers, times."""
    table, column = random.choice(
        [
            ("posting_lines", "amount"),
            ("posting_lines", "account_no"),
            ("account_numbers", "account_id"),
            ("events", "document"),
            ("events", "recorded_at"),
            ("transactions", "transaction_id"),
            ("transactions", "booked_at"),
            ("transactions", "period"),
            ("tree_leaves", "leaf_hash"),
            ("tree_leaves", "entry_id"),
            ("tree_nodes", "node_hash"),
            ("tree_heads", "root"),
            ("tree_heads", "note"),
        ]
    )
    key = _key_of(raw, table)
    rows = raw.execute(f"SELECT {column}, {', '.join(key)} FROM {table}").fetchall()
    first = random.choice(rows)
    others = [row for row in rows if row[0] != first[0]]
    if not others:
        return False
    second = random.choice(others)
    condition = " AND ".join(f"{name} = ?" for name in key)
    # By way of a third value, because columns may be unique.
    for row, value in ((first, "?"), (second, first[0]), (first, second[0])):
        raw.execute(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {condition}", (value, *row[1:]))
    return True


def leaves_moved(raw: sqlite3.Connection, random: Random) -> bool:
    """Two leaves trade places, record and hash together."""
    count = raw.execute("SELECT COUNT(*) FROM tree_leaves").fetchone()[0]
    first, second = random.sample(range(count), 2)
    for old, new in ((first, -1), (second, first), (-1, second)):
        raw.execute("UPDATE tree_leaves SET leaf_index = ? WHERE leaf_index = ?", (new, old))
    return True


def order_rewritten(raw: sqlite3.Connection, random: Random) -> bool:
    """Two events or transactions trade their numbers."""
    table = random.choice(["events", "transactions"])
    numbers = [row[0] for row in raw.execute(f"SELECT seq FROM {table}")]
    first, second = random.sample(numbers, 2)
    for old, new in ((first, -1), (second, first), (-1, second)):
        raw.execute(f"UPDATE {table} SET seq = ? WHERE seq = ?", (new, old))
    return True


def record_slipped_in(raw: sqlite3.Connection, random: Random) -> bool:
    """A copy of an event or transaction under another id and a number that is sealed already, or the same twice."""
    table, key = random.choice([("events", "event_id"), ("transactions", "transaction_id")])
    place = _any_row(raw, table, random)
    assert place is not None
    raw.execute(f"CREATE TABLE copied AS SELECT * FROM {table} WHERE 0")
    raw.execute(f"INSERT INTO copied SELECT * FROM {table} WHERE {place.condition}", place.values)
    number = random.choice(["seq", "-seq", "0"])
    raw.execute(f"UPDATE copied SET {key} = 'slipped in', seq = {number}")
    # Without the unique indexes of the table itself: its rows move to one without any.
    raw.execute(f"ALTER TABLE {table} RENAME TO kept")
    raw.execute(f"CREATE TABLE {table} AS SELECT * FROM kept UNION ALL SELECT * FROM copied")
    return True


def truncated(raw: sqlite3.Connection, random: Random) -> bool:
    """The newest head, its leaves and nodes, and the records they were of are gone: an old backup, restored."""
    heads = [row[0] for row in raw.execute("SELECT tree_size FROM tree_heads ORDER BY tree_size")]
    kept = random.choice([0, *heads[:-1]])
    for kind, entry_id in raw.execute(
        "SELECT kind, entry_id FROM tree_leaves WHERE leaf_index >= ?", (kept,)
    ).fetchall():
        _remove_record(raw, kind, entry_id)
    raw.execute("DELETE FROM tree_leaves WHERE leaf_index >= ?", (kept,))
    raw.execute("DELETE FROM tree_nodes WHERE ((node_index + 1) << level) > ?", (kept,))
    raw.execute("DELETE FROM tree_heads WHERE tree_size > ?", (kept,))
    return True


def heads_removed(raw: sqlite3.Connection, random: Random) -> bool:
    """Some head but not its leaves."""
    sizes = [row[0] for row in raw.execute("SELECT tree_size FROM tree_heads")]
    return raw.execute("DELETE FROM tree_heads WHERE tree_size = ?", (random.choice(sizes),)).rowcount == 1


def rebuilt(tree: TreeRows, key: Ed25519PrivateKey) -> Callable[[sqlite3.Connection, Random], bool]:
    """Rows *and* tree rewritten with the true key: the forger that only an exported head catches."""

    def apply(raw: sqlite3.Connection, random: Random) -> bool:
        table, column, value = random.choice(
            [
                ("posting_lines", "amount", "amount + 1000"),
                ("transactions", "period", "'2026-11'"),
                ("transactions", "booked_at", "'2026-10-01T00:00:00+08:00'"),
                ("events", "document", "replace(document, '8', '9')"),
                ("events", "event_time", "'2026-10-02T00:00:00+08:00'"),
                ("waybills", "declared_mass_kg", "declared_mass_kg + 1"),
                ("waybill_legs", "distance_km", "distance_km * 2"),
                ("parties", "name_zh", "name_zh || '某'"),
                ("calculation_runs", "run_at", "'2026-10-02T00:00:00+08:00'"),
                ("evidence", "kind", "'other'"),
            ]
        )
        place = _any_row(raw, table, random)
        assert place is not None
        raw.execute(f"UPDATE {table} SET {column} = {value} WHERE {place.condition}", place.values)
        rebuild_tree(raw, tree, key)
        return True

    return apply


def forked(tree: TreeRows, key: Ed25519PrivateKey) -> Callable[[sqlite3.Connection, Random], bool]:
    """The last leaves in another order under a head signed again: same size, another root."""

    def apply(raw: sqlite3.Connection, random: Random) -> bool:
        leaves_moved(raw, random)
        rebuild_tree(raw, tree, key)
        return True

    return apply


def rebuild_tree(raw: sqlite3.Connection, tree: TreeRows, key: Ed25519PrivateKey) -> None:
    """Make leaves, nodes and heads anew from the rows as they are, as a careful forger with the key would."""
    for size, events, transactions in _counts(raw):
        raw.execute(
            "UPDATE tree_heads SET last_event_seq = ?, last_transaction_seq = ? WHERE tree_size = ?",
            (events, transactions, size),
        )
    now = {entry.name: entry.leaf for entry in tree.entries()}
    leaves = list(tree.leaves())
    hashes = [now.get(leaf.name, leaf.leaf_hash) for leaf in leaves]
    for head in tree.heads():
        # A head is a leaf of the next one, so they are made one after the other.
        root = MerkleTree(hashes[: head.size]).root()
        note = str(sign_checkpoint(_origin(head.note), head.size, root, local_time(head.sealed_at), key).note)
        raw.execute("UPDATE tree_heads SET root = ?, note = ? WHERE tree_size = ?", (root, note, head.size))
        made = tree.entry("head", str(head.size))
        assert made is not None
        hashes = [
            made[0].leaf if leaf.name == made[0].name else known for leaf, known in zip(leaves, hashes, strict=True)
        ]
    raw.executemany(
        "UPDATE tree_leaves SET leaf_hash = ? WHERE leaf_index = ?",
        [(value, leaf.index) for leaf, value in zip(leaves, hashes, strict=True)],
    )
    built = MerkleTree(hashes)
    raw.execute("DELETE FROM tree_nodes")
    raw.executemany("INSERT INTO tree_nodes VALUES (?, ?, ?)", [(*at, value) for at, value in built.stored_nodes()])


def altered(value: object, random: Random) -> object:
    """Another value of the same kind, or of another one."""
    if isinstance(value, bytes) and value:
        at = random.randrange(len(value))
        return value[:at] + bytes([value[at] ^ 1 << random.randrange(8)]) + value[at + 1 :]
    if isinstance(value, int):
        return value + random.choice([-1, 1, 1000])
    if isinstance(value, float):
        return value * random.choice([-1.0, 2.0]) or 1.0
    if isinstance(value, str):
        at = random.randrange(len(value) + 1)
        return random.choice(
            [
                value[:at] + random.choice("0aZ减 ") + value[at:],
                value[:at] + value[at + 1 :] if at < len(value) else value + "x",
                None,
                value.encode(),
                b"\xff\xfe",
            ]
        )
    return random.choice(["x", 1])


def _updated(raw: sqlite3.Connection, table: str, column: str, place: Place, value: object) -> bool:
    """Whether the row says something else now; what a constraint refuses is no tampering."""
    before = raw.execute(f"SELECT * FROM {table}").fetchall()
    try:
        raw.execute(f"UPDATE {table} SET {column} = ? WHERE {place.condition}", (value, *place.values))
    except sqlite3.IntegrityError:
        return False
    return raw.execute(f"SELECT * FROM {table}").fetchall() != before


def _key_of(raw: sqlite3.Connection, table: str) -> list[str]:
    """The primary key of a table, or its row number: not every table has both."""
    columns = raw.execute(f"PRAGMA table_info({table})").fetchall()
    return [row[1] for row in sorted(columns, key=lambda row: row[5]) if row[5]] or ["rowid"]


def _any_row(raw: sqlite3.Connection, table: str, random: Random) -> Place | None:
    key = _key_of(raw, table)
    rows = raw.execute(f"SELECT {', '.join(key)} FROM {table}").fetchall()
    return Place(" AND ".join(f"{column} = ?" for column in key), random.choice(rows)) if rows else None


def _copied(raw: sqlite3.Connection, table: str, changed: dict[str, str], place: Place) -> bool:
    columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changed.get(column, column) for column in columns)
    raw.execute(f"INSERT INTO {table} SELECT {values} FROM {table} WHERE {place.condition}", place.values)
    return True


def _remove_record(raw: sqlite3.Connection, kind: str, entry_id: str) -> None:
    source = next(source for source in SOURCES if source.kind == kind)
    condition = " || '/' || ".join(source.key) + " = ?"
    for part in source.parts:
        rows = part.rows_in.name
        links = " AND ".join(f"{rows}.{theirs} = {source.table.name}.{own}" for own, theirs in part.link)
        owner = f"SELECT 1 FROM {source.table.name} WHERE {links} AND {condition}"
        raw.execute(f"DELETE FROM {rows} WHERE EXISTS ({owner})", (entry_id,))
    raw.execute(f"DELETE FROM {source.table.name} WHERE CAST({condition.replace(' = ?', '')} AS TEXT) = ?", (entry_id,))


def _origin(note: str) -> str:
    return note.split("\n", 1)[0]


def _counts(raw: sqlite3.Connection) -> list[tuple[int, int, int]]:
    return [
        (
            size,
            *(
                raw.execute(
                    "SELECT COUNT(*) FROM tree_leaves WHERE kind = ? AND leaf_index < ?", (kind, size)
                ).fetchone()[0]
                for kind in ("event", "transaction")
            ),
        )
        for (size,) in raw.execute("SELECT tree_size FROM tree_heads").fetchall()
    ]
