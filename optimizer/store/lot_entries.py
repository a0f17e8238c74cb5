"""Entries that the city's totals are made of, page by page and restricted; only columns are read, no documents of runs.

The freight saved of a lot stands in its waybill's document: those of one page are read with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from optimizer.accounts.city import CityAmounts
from optimizer.accounts.ledger import Kind
from optimizer.accounts.lot_entry import LotEntry, sum_of
from optimizer.network.model import WATER_MODES
from optimizer.store import schema
from optimizer.store.rows import waybill_of_document
from optimizer.store.sorted_ids import run_where

_KINDS = (Kind.SETTLE.value, Kind.RESTATE.value, Kind.REVERSE.value)
_CORRECTIONS = (Kind.REVERSE.value, Kind.RESTATE.value)
_FIGURES = (
    "mass_kg",
    "baseline_wtw_g",
    "actual_wtw_g",
    "expected_wtw_g",
    "credited_wtw_g",
    "energy_saved_g",
    "activity",
)
_CHUNK = 400


class LotEntries:
    """Reads entries of lots inside an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, filters: Mapping[str, object], after_seq: int = 0, limit: int | None = None) -> list[LotEntry]:
        """Entries in order of their numbers, from after ``after_seq`` on.

        ``filters``: month, cargo, corridor (``from>to``), enterprise, consignors (a collection of party ids), number.
        """
        entry, bill = schema.transactions, schema.waybills
        original, run, before = entry.alias("original"), _runs("run"), _runs("before")
        query = (
            select(
                *(entry.c[name] for name in ("seq", "transaction_id", "kind", "number", "lot_no", "period")),
                *(bill.c[name] for name in ("consignor_id", "cargo_code", "place_of_receipt", "place_of_delivery")),
                original.c.kind.label("original_kind"),
                run.c.tier.label("run_tier"),
                *(run.c[name].label(f"run_{name}") for name in _FIGURES),
                *(before.c[name].label(f"before_{name}") for name in _FIGURES),
            )
            .select_from(
                entry.join(bill, (bill.c.number == entry.c.number) & (bill.c.version == _newest(bill)))
                .outerjoin(original, _corrects(entry, original))
                .outerjoin(run, _made(self._connection, run, entry))
                .outerjoin(before, _made(self._connection, before, original))
            )
            .where(entry.c.kind.in_(_KINDS), entry.c.seq > after_seq)
            .order_by(entry.c.seq)
        )
        for condition in _conditions(filters):
            query = query.where(condition)
        rows = list(self._connection.execute(query if limit is None else query.limit(limit)))
        saved_fen = self._freight_saved({row.number for row in rows})
        return [_entry(row, saved_fen.get((row.number, row.lot_no), 0)) for row in rows]

    def passages(self, filters: Mapping[str, object]) -> dict[tuple[str, str, str], int]:
        """(mode, from, to) -> kg that the settled lots of these entries travelled so, by the newest version of their
        waybills; what was reversed or restated is taken out again. Filters as for :meth:`page`."""
        entry, original, run = schema.transactions, schema.transactions.alias("original"), schema.calculation_runs
        added = entry.join(run, _made(self._connection, run, entry))
        taken = entry.join(original, _corrects(entry, original)).join(run, _made(self._connection, run, original))
        sums: dict[tuple[str, str, str], int] = {}
        for sign, joined, condition in (
            (1, added, entry.c.kind.in_((Kind.SETTLE.value, Kind.RESTATE.value))),
            (-1, taken, entry.c.kind.in_(_CORRECTIONS) & (original.c.kind != Kind.REVERSE.value)),
        ):
            for row in self._connection.execute(_travelled(joined, filters).where(condition)):
                key = (str(row.mode), str(row.origin), str(row.destination))
                sums[key] = sums.get(key, 0) + sign * int(row.mass_kg)
        return {key: mass_kg for key, mass_kg in sums.items() if mass_kg}

    def _freight_saved(self, numbers: Iterable[str]) -> dict[tuple[str, int], int]:
        """(waybill, lot) -> freight by road less planned freight, in fen."""
        bills, wanted = schema.waybills.c, sorted(numbers)
        found: dict[tuple[str, int], int] = {}
        for start in range(0, len(wanted), _CHUNK):
            query = select(bills.number, bills.document).where(bills.number.in_(wanted[start : start + _CHUNK]))
            for row in self._connection.execute(query.order_by(bills.version)):
                waybill = waybill_of_document(row.number, row.document)
                for lot in waybill.lots:
                    found[waybill.number, lot.lot_no] = lot.baseline_cost_fen - lot.cost_fen
        return found


def _travelled(joined: Any, filters: Mapping[str, object]) -> Any:
    entry, bill, leg, run = schema.transactions, schema.waybills, schema.waybill_legs, schema.calculation_runs
    way = (leg.c.mode, leg.c.origin, leg.c.destination)
    query = (
        select(*way, func.sum(run.c.mass_kg).label("mass_kg"))
        .select_from(
            joined.join(bill, (bill.c.number == entry.c.number) & (bill.c.version == _newest(bill))).join(
                leg,
                (leg.c.number == entry.c.number)
                & (leg.c.version == bill.c.version)
                & (leg.c.lot_no == entry.c.lot_no)
                & (leg.c.origin != leg.c.destination),
            )
        )
        .group_by(*way)
    )
    for condition in _conditions(filters):
        query = query.where(condition)
    return query


def _corrects(entry: Any, original: Any) -> Any:
    """A correction and what it corrects are about one lot, and lots have an index."""
    same_lot = (original.c.number == entry.c.number) & (original.c.lot_no == entry.c.lot_no)
    return same_lot & (original.c.transaction_id == entry.c.resolves)


def _made(connection: Connection, run: Any, entry: Any) -> Any:
    """The run that an entry names."""
    return run_where(connection, run, lambda run_id: run_id == entry.c.run_id)


def _newest(bill: Any) -> Any:
    other_version = bill.alias("other_version")
    newest = select(func.max(other_version.c.version)).where(other_version.c.number == bill.c.number)
    return newest.scalar_subquery()


def _runs(name: str) -> Any:
    return schema.calculation_runs.alias(name)


def _conditions(filters: Mapping[str, object]) -> Iterable[Any]:
    entry, bill = schema.transactions.c, schema.waybills.c
    columns = {"month": entry.period, "cargo": bill.cargo_code, "enterprise": bill.consignor_id, "number": entry.number}
    for name, wanted in filters.items():
        if name == "corridor":
            origin, _, destination = str(wanted).partition(">")
            yield bill.place_of_receipt == origin
            yield bill.place_of_delivery == destination
        elif name == "consignors":
            yield bill.consignor_id.in_(sorted(wanted))  # type: ignore[call-overload]
        else:
            yield columns[name] == wanted


def _entry(row: Any, cost_saved_fen: int) -> LotEntry:
    kind = str(row.kind)
    own = (
        _amounts(row, "run", cost_saved_fen) if kind != Kind.REVERSE and row.run_mass_kg is not None else CityAmounts()
    )
    stood = kind != Kind.SETTLE and row.original_kind != Kind.REVERSE and row.before_mass_kg is not None
    before = _amounts(row, "before", cost_saved_fen) if stood else CityAmounts()
    return LotEntry(
        seq=row.seq,
        transaction_id=row.transaction_id,
        kind=kind,
        number=row.number,
        lot_no=row.lot_no,
        month=row.period,
        enterprise=row.consignor_id,
        cargo=row.cargo_code,
        corridor=f"{row.place_of_receipt}>{row.place_of_delivery}",
        tier=(row.run_tier or "") if kind != Kind.REVERSE else "",
        amounts=sum_of((own, before.times(-1))),
    )


def _amounts(row: Any, prefix: str, cost_saved_fen: int) -> CityAmounts:
    figure = {name: getattr(row, f"{prefix}_{name}") for name in _FIGURES}
    activity = json.loads(figure["activity"])
    return CityAmounts(
        lots=1,
        mass_kg=figure["mass_kg"],
        water_kgkm=sum(amount for mode, amount in activity.items() if mode in WATER_MODES),
        activity_kgkm=sum(activity.values()),
        baseline_g=figure["baseline_wtw_g"],
        actual_g=figure["actual_wtw_g"],
        expected_g=figure["expected_wtw_g"],
        credited_g=figure["credited_wtw_g"],
        energy_saved_g=figure["energy_saved_g"],
        cost_saved_fen=cost_saved_fen,
    )
