"""A view as CSV, XLSX or JSON, with control totals: whoever adds the rows up must come to them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from flask import Response

from optimizer.accounts.city import CityAmounts
from optimizer.accounts.lot_entry import LotEntry, sum_of
from optimizer.documents.sheets import XLSX_TYPE, Sheet, workbook_of
from optimizer.planning.files.shipment_upload import csv_text
from optimizer.quantities import CHINA_TIME, FEN_PER_YUAN, G_PER_KG, KG_PER_T
from webapp.city.choice import Choice, label_of, query_of
from webapp.language import text
from webapp.world import World

FORMS = ("csv", "xlsx", "json")

COLUMNS: Mapping[str, tuple[str, int]] = {
    "lots": ("lots", 1),
    "mass_t": ("mass_kg", KG_PER_T),
    "water_tkm": ("water_kgkm", KG_PER_T),
    "activity_tkm": ("activity_kgkm", KG_PER_T),
    "cost_saved_yuan": ("cost_saved_fen", FEN_PER_YUAN),
    "baseline_kg": ("baseline_g", G_PER_KG),
    "actual_kg": ("actual_g", G_PER_KG),
    "expected_kg": ("expected_g", G_PER_KG),
    "credited_kg": ("credited_g", G_PER_KG),
    "energy_saved_kgce": ("energy_saved_g", G_PER_KG),
}
"""Column of a file -> amount and what it is divided by; emissions are kg CO2e WTW."""


@dataclass(frozen=True, slots=True)
class Table:
    """A view with its column names, its rows, its control totals and what it was restricted to."""

    kind: str
    query: str
    texts: Sequence[str]
    rows: Sequence[tuple[Sequence[str | int], CityAmounts]]
    total: CityAmounts
    versions: Mapping[str, str]
    last_seq: int


def groups_table(world: World, choice: Choice, groups: Mapping[str, CityAmounts]) -> Table:
    """Groups with their key and words."""
    rows = [([key, label_of(world, choice.by, key)], amounts) for key, amounts in groups.items()]
    return Table(
        "groups", query_of(choice), ["key", "label"], rows, sum_of(groups.values()), world.versions, _last_seq(world)
    )


def entries_table(world: World, choice: Choice, entries: Sequence[LotEntry]) -> Table:
    """Entries with everything that says which they are."""
    texts = [
        *("seq", "transaction_id", "kind", "waybill_number", "lot_no", "month"),
        *("enterprise", "cargo", "corridor", "tier"),
    ]
    rows: list[tuple[Sequence[str | int], CityAmounts]] = [
        (
            [
                *(entry.seq, entry.transaction_id, entry.kind, entry.number, entry.lot_no, entry.month),
                *(entry.enterprise, entry.cargo, entry.corridor, entry.tier),
            ],
            entry.amounts,
        )
        for entry in entries
    ]
    return Table(
        "entries",
        query_of(choice),
        texts,
        rows,
        sum_of(entry.amounts for entry in entries),
        world.versions,
        _last_seq(world),
    )


def table_reply(table: Table, form: str, name: str) -> Response:
    """The file of a table. Numbers are exact decimals in CSV and JSON."""
    match form:
        case "xlsx":
            content, media_type = _xlsx(table), XLSX_TYPE
        case "csv":
            content, media_type = ("\ufeff" + _csv(table)).encode(), "text/csv; charset=utf-8"
        case _:
            content, media_type = _json(table).encode(), "application/json; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="{name}-{table.kind}.{form}"'}
    return Response(content, content_type=media_type, headers=headers)


def exact(amounts: CityAmounts) -> list[Decimal | int]:
    """Amounts in the units of :data:`COLUMNS`, nothing rounded."""
    found: list[Decimal | int] = []
    for name, divisor in COLUMNS.values():
        amount: int = getattr(amounts, name)
        found.append(amount if divisor == 1 else Decimal(amount) / divisor)
    return found


def _csv(table: Table) -> str:
    header = [*table.texts, *COLUMNS]
    rows = [[*texts, *map(_plain, exact(amounts))] for texts, amounts in table.rows]
    total = ["TOTAL", f"{len(table.rows)} rows", *[""] * (len(table.texts) - 2), *map(_plain, exact(table.total))]
    return csv_text([header, *rows, total])


def _json(table: Table) -> str:
    document = {
        "document": f"city-{table.kind}",
        "query": table.query,
        "versions": dict(table.versions),
        "ledger_last_seq": table.last_seq,
        "control_totals": {"rows": len(table.rows), **asdict(table.total)},
        "rows": [{**dict(zip(table.texts, texts, strict=True)), **asdict(amounts)} for texts, amounts in table.rows],
        "units": "kg, kg·km, g CO2e WTW, g coal equivalent, fen",
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _xlsx(table: Table) -> bytes:
    sheet = Sheet(
        text("city.title")[:31],
        [
            ("query", table.query),
            *((name, version) for name, version in table.versions.items()),
            ("ledger_last_seq", table.last_seq),
        ],
        [*table.texts, *COLUMNS],
        [[*texts, *exact(amounts)] for texts, amounts in table.rows],
        [["TOTAL", f"{len(table.rows)} rows", *[None] * (len(table.texts) - 2), *exact(table.total)]],
    )
    return workbook_of([sheet], text("city.title"), datetime(2000, 1, 1, tzinfo=CHINA_TIME))


def _plain(amount: Decimal | int) -> str:
    return f"{amount:f}" if isinstance(amount, Decimal) else str(amount)


def _last_seq(world: World) -> int:
    with world.store.read() as session:
        return session.last_seq()
