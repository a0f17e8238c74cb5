"""The sheet of a ledger entry as text, JSON and workbook; amounts are integers in the ledger's own unit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from optimizer.accounts.entry_sheet import EntryLine, EntrySheet
from optimizer.accounts.ledger import Kind, Ledger
from optimizer.documents.calculation_sheet import sheet_json, sheet_pages, sheet_text
from optimizer.documents.sheets import Cell, Sheet, workbook_of
from optimizer.documents.statement_words import KINDS, LEDGERS
from optimizer.errors import Lang, Message
from optimizer.quantities import iso
from optimizer.waybills.codec import to_plain

TITLE = Message("分录计算书", "Sheet of an entry")
AMOUNTS = Message("金额", "Amounts")
UNITS: Mapping[Ledger, str] = {
    Ledger.CLAIM: "g CO2e",
    Ledger.ATTRIBUTION: "g CO2e",
    Ledger.ACTIVITY: "kg·km",
    Ledger.ENERGY: "gce",
}
COLUMNS = (
    Message("账户", "Account"),
    Message("账本", "Ledger"),
    Message("部分", "Part"),
    Message("单位", "Unit"),
    Message("之前", "Before"),
    Message("本分录", "This entry"),
    Message("之后", "After"),
)
DERIVATIONS: Mapping[Kind, Message] = {
    Kind.SETTLE: Message("本分录 = 计算结果", "this entry = what the run says"),
    Kind.RESTATE: Message("本分录 = 新计算结果 - 该批此前在账", "this entry = what the new run says - what stood"),
    Kind.REVERSE: Message("本分录 = 0 - 该批此前在账", "this entry = nothing - what stood"),
    Kind.TRANSFER: Message(
        "转出与转入相等，转出后不为负", "given = taken, and the giver is left with nothing negative"
    ),
    Kind.RETIRE: Message("可用减少与注销增加相等", "less available = more retired"),
}
BOOKED = Message("所记入的计算", "The calculation it books")
TAKEN = Message("所冲回的计算", "The calculation it takes back")


def entry_sheet_json(sheet: EntrySheet) -> str:
    """Everything on the sheet, the calculation sheets behind it included."""
    entry = sheet.entry
    document: dict[str, Any] = {
        "document": "entry-sheet",
        "transaction_id": entry.transaction_id,
        "seq": entry.seq,
        "kind": entry.kind.value,
        "waybill_number": entry.waybill_number,
        "lot_no": entry.lot_no,
        "method": entry.method,
        "period": entry.period,
        "booked_at": iso(entry.booked_at),
        "corrects": entry.resolves,
        "memo": entry.memo,
        "derivation": to_plain(DERIVATIONS[entry.kind]),
        "lines": [{**to_plain(line), "after": line.after, "unit": UNITS[line.ledger]} for line in sheet.lines],
        "booked": None if sheet.sheet is None else json.loads(sheet_json(sheet.sheet)),
        "taken_back": _taken(sheet),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def entry_sheet_text(sheet: EntrySheet, lang: Lang) -> str:
    """The sheet as lines of text."""
    lines = [TITLE.text(lang), *(f"{name}: {value}" for name, value in _head(sheet, lang)), "", AMOUNTS.text(lang)]
    for line in sheet.lines:
        account, ledger, part, unit, before, change, after = _cells(line, lang)
        lines.append(f"  {account}  {ledger} {part}: {before:,} {change:+,} = {after:,} {unit}".replace(" :", ":"))
    for title, inner in ((BOOKED, sheet.sheet), (TAKEN, sheet.taken_sheet)):
        if inner is not None:
            lines += ["", f"== {title.text(lang)} ==", sheet_text(inner, lang).rstrip()]
    if sheet.taken is not None and sheet.taken_sheet is None:
        lines += ["", f"== {TAKEN.text(lang)} ==", _not_at_hand(sheet).text(lang)]
    return "\n".join(lines) + "\n"


def entry_sheet_xlsx(sheet: EntrySheet, lang: Lang) -> bytes:
    """The amounts as a workbook, and the calculations behind it with their live formulas: three pages each, marked 1
    for the one that the entry books and 2 for the one that it takes back."""
    notes = [f"{name}: {value}" for name, value in _runs(sheet, lang)]
    if sheet.taken is not None and sheet.taken_sheet is None:
        notes.append(_not_at_hand(sheet).text(lang))
    page = Sheet(
        AMOUNTS.text(lang),
        _head(sheet, lang),
        [column.text(lang) for column in COLUMNS],
        [_cells(line, lang) for line in sheet.lines],
        notes=notes,
    )
    behind = [(inner, mark) for inner, mark in ((sheet.sheet, " 1"), (sheet.taken_sheet, " 2")) if inner is not None]
    pages = [page, *(one for inner, mark in behind for one in sheet_pages(inner, lang, mark))]
    return workbook_of(pages, TITLE.text(lang), sheet.entry.booked_at)


def _head(sheet: EntrySheet, lang: Lang) -> list[tuple[str, Cell]]:
    entry = sheet.entry
    rows = [
        (Message("分录", "Entry"), f"{entry.transaction_id} ({entry.seq})"),
        (Message("类别", "Kind"), f"{KINDS[entry.kind.value].text(lang)} {entry.kind.value}"),
        (Message("运单与批次", "Waybill and lot"), f"{entry.waybill_number} / {entry.lot_no}"),
        (Message("记账期", "Period"), entry.period),
        (Message("记账时间", "Booked at"), iso(entry.booked_at)),
        (Message("更正的分录", "Corrects"), entry.resolves),
        (Message("原因", "Reason"), entry.memo),
        (Message("推导", "Derivation"), DERIVATIONS[entry.kind].text(lang)),
    ]
    shown = [(name.text(lang), value) for name, value in rows if value and value != " / 0"]
    return [*shown, *_runs(sheet, lang)]


def _runs(sheet: EntrySheet, lang: Lang) -> list[tuple[str, Cell]]:
    named = ((BOOKED, sheet.run), (TAKEN, sheet.taken))
    return [(title.text(lang), f"{run.run_id}, {run.factors_version}") for title, run in named if run is not None]


def _cells(line: EntryLine, lang: Lang) -> tuple[str, str, str, str, int, int, int]:
    name = LEDGERS[line.ledger, line.bucket].text(lang).rsplit(" kg", 1)[0].rsplit(" tkm", 1)[0].rstrip(", ")
    return line.account_id, name, line.part, UNITS[line.ledger], line.before, line.change, line.after


def _taken(sheet: EntrySheet) -> dict[str, Any] | None:
    if sheet.taken is None:
        return None
    if sheet.taken_sheet is not None:
        return {"recomputed": True, "sheet": json.loads(sheet_json(sheet.taken_sheet))}
    run = sheet.taken
    return {
        "recomputed": False,
        "run_id": run.run_id,
        "factors": run.factors_version,
        "expected_g": run.result.expected_wtw_g,
        "credited_g": run.result.credited_wtw_g,
        "note": to_plain(_not_at_hand(sheet)),
    }


def _not_at_hand(sheet: EntrySheet) -> Message:
    assert sheet.taken is not None
    run = sheet.taken
    return Message(
        f"计算 {run.run_id} 依据因子表 {run.factors_version}，不在手边，未重算；存档结果：期望"
        f" {run.result.expected_wtw_g:,} 克，入账 {run.result.credited_wtw_g:,} 克。",
        f"Run {run.run_id} rests on {run.factors_version}, which is not at hand, and was not recomputed; its record"
        f" says expected {run.result.expected_wtw_g:,} g, credited {run.result.credited_wtw_g:,} g.",
    )
