"""The error sources of everything that stands, kept as sums. A part of ``Session``.

They follow the same cursor as the city's cells: what is kept and the entries since make one answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, LargeBinary, cast, delete, select, text

from optimizer.accounts.calculation import part_of
from optimizer.accounts.whole import ExposureKey, ExposureSums, SourceName, exposure_sums, moved_by
from optimizer.emissions.portfolio import Part
from optimizer.emissions.uncertainty import ErrorKind
from optimizer.store.city_tables import city_exposures
from optimizer.store.listed import columns_of_runs, named_rows
from optimizer.store.packed import unpacked
from optimizer.store.schema import calculation_runs
from optimizer.store.sorted_ids import joined_runs

_COLUMNS = ("uncertainty_version", "source_key", "kind", "rel")
_MOVES = """
  SELECT 1 AS sign, run_id FROM transactions
  WHERE seq > :after AND seq <= :until AND kind IN ('SETTLE','RESTATE')
  UNION ALL
  SELECT -1, o.run_id FROM transactions AS t JOIN transactions AS o
    ON o.transaction_id = t.resolves AND o.number = t.number AND o.lot_no = t.lot_no
  WHERE t.seq > :after AND t.seq <= :until AND t.kind IN ('REVERSE','RESTATE') AND o.kind <> 'REVERSE'
"""
_RUNS = f"SELECT m.sign, r.document FROM ({_MOVES}) AS m {{runs}}"  # nosec B608
_ID, _STORED = calculation_runs.c.run_id, cast(calculation_runs.c.document, LargeBinary)
_LOGGED = ErrorKind.LOGGED_ENERGY.value
_LOGS = """
SELECT MIN(version), rel, SUM(CAST(exposed_mg AS DOUBLE PRECISION) * exposed_mg) FROM (
  SELECT MIN(uncertainty_version) AS version, source_key, rel, SUM(exposed_mg) AS exposed_mg FROM city_exposures
  WHERE kind = :kind GROUP BY source_key, rel
) AS logs GROUP BY rel
"""
BLOCK = 10_000


class CityExposureRows:
    """The part of a session that keeps and reads what each error source moves in the city's whole."""

    _connection: Connection

    def kept_city_exposures(self) -> ExposureSums:
        """The sums as they are kept, without the entries since."""
        rows = named_rows(self._connection, f"SELECT {', '.join(_COLUMNS)}, exposed_mg FROM city_exposures", {})  # nosec B608
        return {ExposureKey._make(row[:4]): row[4] for row in rows if row[4]}

    def kept_city_sources(self) -> ExposureSums:
        """The kept sums with all logged voyages as one source, ``logged:*``. They are independent of each other, of one
        width and normal, so the root of the sum of their squares stands for them; there are as many as voyages, and
        what is read stays small."""
        rows = self._connection.execute(select(city_exposures).where(city_exposures.c.kind != _LOGGED))
        sums = {
            ExposureKey(*(row._mapping[name] for name in _COLUMNS)): row.exposed_mg for row in rows if row.exposed_mg
        }
        for version, rel, squares in self._connection.execute(text(_LOGS), {"kind": _LOGGED}):
            if squares:
                sums[ExposureKey(version, "logged:*", _LOGGED, rel)] = round(math.sqrt(squares))
        return sums

    def exposures_between(self, after: int, until: int) -> ExposureSums:
        """What the entries after one number, up to another, add and take out; sources that come to nothing left out."""
        sums: dict[SourceName, int] = {}
        for start in range(after, until, BLOCK):
            for sign, part in self._moved({"after": start, "until": min(start + BLOCK, until)}):
                for key, exposed_mg in moved_by(part):
                    sums[key] = sums.get(key, 0) + sign * exposed_mg
        return exposure_sums(sums)

    def exposures_of(self, counts: Mapping[str, int]) -> dict[SourceName, int]:
        """What some runs come to, each taken so often. ``counts``: by id; below zero takes them out."""
        sums: dict[SourceName, int] = {}
        for run_id, document in columns_of_runs(self._connection, (_ID, _STORED), counts):
            for key, exposed_mg in moved_by(part_of(unpacked(bytes(document)))):
                sums[key] = sums.get(key, 0) + counts[run_id] * exposed_mg
        return sums

    def _moved(self, span: dict[str, int]) -> Iterator[tuple[int, Part | None]]:
        query = text(_RUNS.format(runs=joined_runs(self._connection, "m.run_id")))
        for sign, document in self._connection.execute(query, span).all():
            yield sign, part_of(document if isinstance(document, str) else unpacked(bytes(document)))

    def _add_exposures(self, sums: ExposureSums) -> None:
        rows: list[dict[str, Any]] = [
            {**dict(zip(_COLUMNS, key, strict=True)), "exposed_mg": exposed_mg} for key, exposed_mg in sums.items()
        ]
        if sums:
            names = ", ".join((*_COLUMNS, "exposed_mg"))
            places = ", ".join(f":{name}" for name in (*_COLUMNS, "exposed_mg"))
            statement = (
                f"INSERT INTO city_exposures ({names}) VALUES ({places}) ON CONFLICT ({', '.join(_COLUMNS)})"
                " DO UPDATE SET exposed_mg = city_exposures.exposed_mg + excluded.exposed_mg"
            )
            self._connection.execute(text(statement), rows)

    def _forget_exposures(self) -> None:
        self._connection.execute(delete(city_exposures))
