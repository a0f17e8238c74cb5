"""Two changes of the same tables as one: what two persons changed in different rows stands together."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from optimizer.errors import ConflictError, Message
from optimizer.network.row_changes import Row, changed_keys, rows_by_key
from optimizer.network.schema import PackageSchema, TableSchema

NAMED_ROWS = 3
Key = tuple[str, ...]


def merged(
    before: Mapping[str, bytes], since: Mapping[str, bytes], after: Mapping[str, bytes], schema: PackageSchema
) -> dict[str, bytes]:
    """The files ``since`` with what ``after`` changed in ``before``: file name -> content. Rows keep the order of
    ``since``, added ones stand last.

    Raises ConflictError for a table whose columns differ, and naming the rows that both changed, each otherwise.
    """
    found, clashes = dict(since), list[str]()
    for table in schema.tables.values():
        old, now, new = (files.get(table.path, b"") for files in (before, since, after))
        if table.path in after and new not in (old, now):
            found[table.path] = new if now == old else _merged_table(table, (old, now, new), clashes)
    if clashes:
        names = ", ".join(clashes[:NAMED_ROWS]) + (", …" if len(clashes) > NAMED_ROWS else "")
        raise ConflictError(
            Message(
                f"{len(clashes)} 行被双方改成不同的内容（{names}）；请在现行表上重做改动并另行提请。",
                f"{len(clashes)} row(s) were changed by both, each otherwise ({names}); make the change again over the"
                " tables in force and propose that.",
            )
        )
    return found


def _merged_table(table: TableSchema, contents: tuple[bytes, bytes, bytes], clashes: list[str]) -> bytes:
    old, now, new = (rows_by_key(table, content) for content in contents)
    own, others = changed_keys(old, new), changed_keys(old, now)
    clashes += [f"{table.name} {' · '.join(key)}" for key in own if key in others and now.get(key) != new.get(key)]
    columns = list(next(iter(now.values()), {}))
    if any(set(row) != set(columns) for row in (*now.values(), *new.values())):
        raise ConflictError(
            Message(
                f"{table.path} 的列与现行表不同，不能合并；请在现行表上重做改动。",
                f"The columns of {table.path} differ from those in force and cannot be merged; make the change again"
                " over the tables in force.",
            )
        )
    rows = dict(now)
    for key in own:
        if key in new:
            rows[key] = new[key]
        else:
            rows.pop(key, None)
    return _written(columns, rows.values())


def _written(columns: list[str], rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
