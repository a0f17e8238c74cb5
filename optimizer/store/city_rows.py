"""The city's totals in the database: kept cells, and the transactions since. A part of ``Session``.

The cells are a fold with a cursor. Whoever reads adds the entries after the cursor, so the answer is that of the whole
ledger however far the cells reach; settling and reading move the cursor on, block by block.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, LargeBinary, cast, delete, func, insert, select, text

from optimizer.accounts.city import AMOUNTS, CityAmounts, CityCell, CityCells, CityGroup, GroupKeys
from optimizer.accounts.whole import ExposureSums
from optimizer.network.model import WATER_MODES
from optimizer.store import schema
from optimizer.store.city_exposures import CityExposureRows
from optimizer.store.city_tables import city_cells, city_cursor
from optimizer.store.listed import columns_of_runs, listed_rows, named_rows
from optimizer.store.packed import unpacked
from optimizer.store.rows import unreadable
from optimizer.store.schema import calculation_runs
from optimizer.store.sorted_ids import joined_runs

CITY_BLOCK = 10_000
"""Transactions folded at a time: some tens of MiB, and a fraction of a second of the writing place."""

_KEYS = ("month", "enterprise", "county", "cargo", "corridor")
_MOVES = """
SELECT m.period, m.sign, r.number, r.lot_no,
  CASE WHEN EXISTS (SELECT 1 FROM waybills AS b WHERE b.number = r.number AND b.version = 2) THEN r.document END
    AS amended, r.mass_kg, r.baseline_wtw_g, r.actual_wtw_g,
  r.expected_wtw_g, r.credited_wtw_g, r.energy_saved_g, r.activity
FROM (
  SELECT period, 1 AS sign, run_id FROM transactions
  WHERE seq > :after AND seq <= :until AND kind IN ('SETTLE','RESTATE')
  UNION ALL
  SELECT t.period, -1, o.run_id FROM transactions AS t JOIN transactions AS o
    ON o.transaction_id = t.resolves AND o.number = t.number AND o.lot_no = t.lot_no
  WHERE t.seq > :after AND t.seq <= :until AND t.kind IN ('REVERSE','RESTATE') AND o.kind <> 'REVERSE'
) AS m {runs}
"""
_BILLS = "SELECT number, version, {document} FROM waybills WHERE number {{listed}}"
_CHUNK = 500


class CityRows(CityExposureRows):
    """The part of a session that keeps and reads the city's totals."""

    _connection: Connection

    def city_behind(self) -> int:
        """How many transactions the kept cells are behind."""
        newest = select(func.coalesce(func.max(schema.transactions.c.seq), 0))
        return int(self._connection.execute(newest).scalar_one()) - self._city_cursor()

    def city_sums(
        self, group_by: Sequence[CityGroup], filters: Mapping[str, str]
    ) -> list[tuple[GroupKeys, CityAmounts]]:
        """The kept cells that pass the filters (``accounts.city``), summed into groups by the database."""
        columns = city_cells.c
        keys = [columns[name] for name in group_by]
        sums = [func.sum(columns[name]) for name in AMOUNTS]
        query = select(*keys, *sums).where(*_conditions(filters)).group_by(*keys)
        width = len(keys)
        return [
            (tuple(row[:width]), CityAmounts(*map(int, row[width:])))
            for row in self._connection.execute(query)
            if row[width] is not None  # the sum of no rows at all
        ]

    def city_keys(self, name: CityGroup, filters: Mapping[str, str]) -> set[str]:
        """The keys of one grouping among the kept cells that pass the filters."""
        query = select(city_cells.c[name]).where(*_conditions(filters)).distinct()
        return set(self._connection.execute(query).scalars())

    def city_cells_since(self) -> CityCells:
        """What the entries after the kept cells add and take out."""
        return self.city_cells_after(self._city_cursor())

    def city_cells_after(self, seq: int) -> CityCells:
        """What the entries after one of them add and take out, up to the newest."""
        return self._city_fold(seq, None)

    def kept_city_cells(self) -> CityCells:
        """The cells as they are kept, without the entries since."""
        found = {}
        for row in self._connection.execute(select(city_cells)):
            cell = CityCell(*(row._mapping[name] for name in _KEYS))
            found[cell] = CityAmounts(*(row._mapping[name] for name in AMOUNTS))
        return found

    def folded_city_cells(self) -> CityCells:
        """What the kept cells have to be: the fold of the ledger up to the cursor, from the first entry on."""
        return self._city_fold(0, self._city_cursor())

    def folded_city_exposures(self) -> ExposureSums:
        """What the kept sums of error sources have to be: the fold of the ledger up to the cursor."""
        return self.exposures_between(0, self._city_cursor())

    def versions_behind(self, run_ids: Iterable[str]) -> dict[str, int]:
        """Which version of its waybill each of these runs rests on, of those that exist."""
        runs = calculation_runs.c
        rows = columns_of_runs(self._connection, (runs.run_id, cast(runs.document, LargeBinary)), run_ids)
        return {run_id: _version(document) for run_id, document in rows}

    def keep_city_cells(self, block: int = CITY_BLOCK) -> int:
        """Fold the next entries into the kept cells; how many entries (0: nothing was behind). In a writing session."""
        after = self._city_cursor()
        count = min(block, self.city_behind())
        if count <= 0:
            return 0
        rows = [
            (*(getattr(cell, name) for name in _KEYS), *(getattr(amounts, name) for name in AMOUNTS))
            for cell, amounts in self._city_fold(after, after + count).items()
        ]
        self._add_cells(rows)
        self._add_exposures(self.exposures_between(after, after + count))
        self._connection.execute(delete(city_cursor))
        self._connection.execute(insert(city_cursor).values(cursor_no=1, last_seq=after + count))
        return count

    def forget_city_cells(self) -> None:
        """Empty the kept cells, to fold them anew from the ledger."""
        self._connection.execute(delete(city_cells))
        self._forget_exposures()
        self._connection.execute(delete(city_cursor))

    def _add_cells(self, rows: list[tuple[Any, ...]]) -> None:
        if not rows:
            return
        columns = (*_KEYS, *AMOUNTS)
        changes = ", ".join(f"{name} = city_cells.{name} + excluded.{name}" for name in AMOUNTS)
        names, places = ", ".join(columns), ", ".join(f":{name}" for name in columns)
        statement = text(
            f"INSERT INTO city_cells ({names}) VALUES ({places}) "
            f"ON CONFLICT ({', '.join(_KEYS)}) DO UPDATE SET {changes}"
        )
        self._connection.execute(statement, [dict(zip(columns, row, strict=True)) for row in rows])

    def _city_cursor(self) -> int:
        return int(self._connection.execute(select(func.coalesce(func.max(city_cursor.c.last_seq), 0))).scalar_one())

    def _city_fold(self, after: int, until: int | None) -> CityCells:
        """What the settlements and corrections after one entry, up to another (None: the newest), add and take out, by
        cell; cells that come to nothing at all are left out."""
        last = self.city_behind() + self._city_cursor() if until is None else until
        sums: dict[tuple[str, ...], list[int]] = {}
        for start in range(after, last, CITY_BLOCK):
            span = {"after": start, "until": min(start + CITY_BLOCK, last)}
            rows = named_rows(self._connection, _MOVES.format(runs=joined_runs(self._connection, "m.run_id")), span)
            versions = [_version(row[4]) for row in rows]
            lots = self._lots_of({(row[2], version) for row, version in zip(rows, versions, strict=True)})
            for row, version in zip(rows, versions, strict=True):
                place = lots.get((row[2], version, row[3]))
                if place is not None:  # a run whose waybill is gone: the audit names it
                    _add(sums, row, *place)
        return {CityCell(*keys): CityAmounts(*amounts) for keys, amounts in sums.items() if any(amounts)}

    def _lots_of(self, versions: set[tuple[str, int]]) -> dict[tuple[str, int, int], tuple[tuple[str, ...], int]]:
        """Of each lot of these waybill versions: enterprise, county, cargo and corridor, and the freight saved, fen."""
        numbers = sorted({number for number, _ in versions})
        # As it lies in the file: names are Chinese, and decoding a text to encode it again takes as long as reading it.
        sqlite = self._connection.dialect.name == "sqlite"
        query = _BILLS.format(document="CAST(document AS BLOB)" if sqlite else "document")
        found: dict[tuple[str, int, int], tuple[tuple[str, ...], int]] = {}
        for start in range(0, len(numbers), _CHUNK):
            for number, version, document in listed_rows(self._connection, query, numbers[start : start + _CHUNK]):
                bill = _BILL.decode(document)
                corridor = f"{bill.place_of_receipt}>{bill.place_of_delivery}"
                place = (bill.consignor.party_id, bill.consignor.county_en, bill.cargo_code, corridor)
                for lot in bill.lots:
                    found[number, version, lot.lot_no] = (place, lot.baseline_cost_fen - lot.cost_fen)
        return found


class _Consignor(msgspec.Struct, frozen=True, gc=False):
    party_id: str
    county_en: str


class _Lot(msgspec.Struct, frozen=True, gc=False):
    lot_no: int
    baseline_cost_fen: int
    cost_fen: int


class _Bill(msgspec.Struct, frozen=True, gc=False):
    """What the totals ask of a waybill; only that part of its text is made into records, of a kind that is soon made:
    an audit reads every waybill there is."""

    consignor: _Consignor
    place_of_receipt: str
    place_of_delivery: str
    cargo_code: str
    lots: tuple[_Lot, ...]


def _conditions(filters: Mapping[str, str]) -> Iterator[ColumnElement[bool]]:
    months = {"month_from": city_cells.c.month.__ge__, "month_to": city_cells.c.month.__le__}
    for name, wanted in filters.items():
        yield months[name](wanted) if name in months else city_cells.c[name] == wanted


def _version(document: bytes | None) -> int:
    """The version of the waybill that a run rests on; only the runs of amended waybills come with their document."""
    return 1 if document is None else int(json.loads(unpacked(bytes(document)))["inputs"]["waybill_version"])


def _add(sums: dict[tuple[str, ...], list[int]], row: Any, place: tuple[str, ...], saved_fen: int) -> None:
    """Add what a row of :data:`_MOVES` moves to the amounts of its cell, in order of :data:`AMOUNTS`. An audit adds
    every lot there is: no record of each."""
    month, sign, _, _, _, mass_kg, baseline_g, actual_g, expected_g, credited_g, energy_g, activity = row
    cell = (month, *place)
    found = sums.get(cell)
    if found is None:
        found = sums[cell] = [0] * len(AMOUNTS)
    water_kgkm = all_kgkm = 0
    try:
        moved = _ACTIVITY.decode(activity)
    except msgspec.DecodeError as error:
        raise unreadable("计算记录的运输活动", "the activity of a calculation run", error) from error
    for mode, kgkm in moved.items():
        all_kgkm += kgkm
        if mode in WATER_MODES:
            water_kgkm += kgkm
    found[0] += sign
    found[1] += sign * mass_kg
    found[2] += sign * water_kgkm
    found[3] += sign * all_kgkm
    found[4] += sign * baseline_g
    found[5] += sign * actual_g
    found[6] += sign * expected_g
    found[7] += sign * credited_g
    found[8] += sign * energy_g
    found[9] += sign * saved_fen


_BILL = msgspec.json.Decoder(_Bill)
_ACTIVITY = msgspec.json.Decoder(dict[str, int])
