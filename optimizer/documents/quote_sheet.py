"""The calculation sheet of a quote as text, JSON and workbook.

JSON holds every number unrounded; text prints the same sums; the workbook reckons them: its cells are formulas from
the inputs of a class up to the saving of an option, so that a reader can change a number and see what follows.
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from optimizer.documents.calculation_sheet import FACTOR_COLUMNS, FACTORS, factor_cells
from optimizer.documents.sheets import Cell, Formula, Sheet, first_row, workbook_of
from optimizer.emissions.arithmetic import renamed
from optimizer.emissions.workings import EnergyStep, Input
from optimizer.errors import Lang, Message
from optimizer.planning.quote.sheet import HUB, VOYAGE, QuoteSheet, QuoteSheetLine, QuoteSheetOption
from optimizer.quantities import KG_PER_T
from optimizer.waybills.codec import to_plain

TITLES = {
    "quote": Message("比选计算书（估算，不入账）", "Calculation sheet of a quote (an estimate, no credit)"),
    "plan": Message("计划计算书（估算，不入账）", "Calculation sheet of a planned shipment (an estimate, no credit)"),
}
OPTIONS = Message("方案", "Options")
LEGS = Message("逐段计算", "Leg by leg")
INTENSITIES = Message("强度", "Intensities")

EVIDENCE = {
    "published": Message("公布", "published"),
    "secondary": Message("转引", "secondary"),
    "derived": Message("推算", "derived"),
    "assumed": Message("假定", "assumed"),
    "synthetic": Message("拟制", "synthetic"),
}

SYMBOLS = ("L", "E", "e", "P", "W", "C", "f", "D", "K", "X")
"""Columns of the intensity page, in this order; a formula uses some of them."""

OPTION_COLUMNS = (
    Message("方案", "Option"),
    Message("走法", "Way"),
    Message("TTW g", "TTW, g"),
    Message("WTW g", "WTW, g"),
    Message("比公路省 g", "Saved against road, g"),
)
LEG_COLUMNS = (
    Message("方案", "Option"),
    Message("段", "Leg"),
    Message("方式", "Mode"),
    Message("路段或地点", "Route or place"),
    Message("车船型", "Vehicle"),
    Message("重量 kg", "Mass, kg"),
    Message("里程 km", "Distance, km"),
    Message("里程口径", "Distance basis"),
    Message("单位", "Unit"),
    Message("TTW kg/单位", "TTW kg per unit"),
    Message("WTT kg/单位", "WTT kg per unit"),
    Message("TTW g", "TTW, g"),
    Message("WTT g", "WTT, g"),
    Message("WTW g", "WTW, g"),
    Message("数据层级", "Tier"),
    Message("因子", "Factors"),
    Message("算式", "Arithmetic"),
)
INTENSITY_COLUMNS = (
    Message("方案", "Option"),
    Message("段", "Leg"),
    Message("能源", "Energy carrier"),
    Message("公式", "Formula"),
    *(Message(symbol, symbol) for symbol in SYMBOLS),
    Message("每单位能耗", "Energy per unit"),
    Message("TTW kg/kg 或 kWh", "TTW kg per kg or kWh"),
    Message("WTT kg/kg 或 kWh", "WTT kg per kg or kWh"),
    Message("TTW kg/单位", "TTW kg per unit"),
    Message("WTT kg/单位", "WTT kg per unit"),
    Message("输入及来源", "Inputs and their sources"),
)
_SYMBOL_AT = 4
_AMOUNT, _RATE_TTW, _RATE_WTT, _TTW, _WTT = "O", "P", "Q", "R", "S"


def quote_sheet_document(sheet: QuoteSheet) -> dict[str, Any]:
    """The sheet as a JSON object: grams as integers, inputs and rates as the floats that were multiplied."""
    return {
        "document": f"{sheet.of}-calculation-sheet",
        "boundary": "wtw_co2e",
        "mass_kg": sheet.shipment.mass_kg,
        "factors_of": sheet.on.isoformat(),
        "versions": {"factors": sheet.factors_version, "network": sheet.network_version},
        "options": [_option_document(option) for option in sheet.options],
        "factors": [to_plain(factor) for factor in sheet.factors],
    }


def quote_sheet_json(sheet: QuoteSheet) -> str:
    """:func:`quote_sheet_document` as text."""
    return json.dumps(quote_sheet_document(sheet), ensure_ascii=False, indent=1) + "\n"


def _option_document(option: QuoteSheetOption) -> dict[str, Any]:
    return {
        "option": option.number,
        "title": to_plain(option.title),
        "baseline": option.is_baseline,
        "co2e_ttw_g": option.ttw_g,
        "co2e_wtw_g": option.wtw_g,
        "saving_wtw_g": option.saving_g,
        "legs": [
            {
                "seq": line.seq,
                "mode": line.mode,
                "place": line.place,
                "vehicle_class": line.vehicle_class,
                "vessels": line.vessels,
                "rule": line.rule,
                "mass_kg": line.mass_kg,
                "distance_km": line.distance_km,
                "distance_basis": line.distance_basis,
                "unit": line.working.unit,
                "ttw_kg_per_unit": line.working.ttw_kg,
                "wtt_kg_per_unit": line.working.wtt_kg,
                "co2e_ttw_g": line.ttw_g,
                "co2e_wtt_g": line.wtt_g,
                "co2e_wtw_g": line.wtw_g,
                "largest_remainder_g": list(line.remainders_g),
                "data_tier": line.working.tier,
                "factor_ids": list(line.working.factor_ids),
                "how": to_plain(line.working.how),
                "steps": [{**to_plain(step), "amount_per_unit": step.amount} for step in line.working.steps],
            }
            for line in option.lines
        ],
    }


def quote_sheet_text(sheet: QuoteSheet, lang: Lang) -> str:
    """The sheet as lines of text."""
    lines = [TITLES[sheet.of].text(lang), *(f"{name}: {value}" for name, value in head(sheet, lang))]
    for option in sheet.options:
        lines += ["", f"{option.number}. {option.title.text(lang)}"]
        for line in option.lines:
            lines.append(f"  {option.number}.{line.seq} {line.mode} {line.place}  ({line.working.tier})")
            lines += [f"      {words}" for words in leg_words(line, lang)]
        saved = "" if option.saving_g is None else f"; {OPTION_COLUMNS[4].text(lang)} {option.saving_g:,}"
        lines.append(f"  = TTW {option.ttw_g:,} g, WTW {option.wtw_g:,} g{saved}")
    lines += ["", FACTORS.text(lang)]
    for factor in sheet.factors:
        lines.append("  " + " | ".join(str(cell) for cell in factor_cells(factor, lang) if cell not in (None, "")))
    return "\n".join(lines) + "\n"


def leg_words(line: QuoteSheetLine, lang: Lang) -> list[str]:
    """One leg's arithmetic from the inputs of its class to its grams, numbers unrounded."""
    words = [line.working.how.text(lang)]
    unit = line.working.unit
    for step in line.working.steps:
        if len(step.inputs) > 1:
            words.append(", ".join(_given(one, lang) for one in step.inputs))
        else:
            words.append(f"{_given(step.inputs[0], lang)} ({step.carrier})")
        words.append(
            f"{step.formula} = {step.amount!r} {step.unit} {step.carrier}/{unit}; x {step.ttw_kg!r} kg CO2e/{step.unit}"
            f" = TTW {step.amount * step.ttw_kg!r}; x {step.wtt_kg!r} = WTT {step.amount * step.wtt_kg!r} kg/{unit}"
        )
    words.append(arithmetic(line))
    words.append(", ".join(line.working.factor_ids))
    return words


def arithmetic(line: QuoteSheetLine) -> str:
    """The last sum of a leg: intensity times what was moved."""
    mass_t = line.mass_kg / KG_PER_T
    moved = f"{mass_t!r} t" if line.rule == HUB else f"{mass_t!r} t x {line.distance_km!r} km ({line.distance_basis})"
    per = f"kg CO2e/{line.working.unit}"
    both = line.working.ttw_kg + line.working.wtt_kg
    ttw, wtw = (_remainder(off) and f" ({off:+d} g by largest remainder)" for off in line.remainders_g)
    return (
        f"{moved}; x {line.working.ttw_kg!r} {per} = TTW {line.ttw_g:,} g{ttw}; x {both!r} {per} = WTW"
        f" {line.wtw_g:,} g{wtw}"
    )


def _remainder(off_g: int) -> str:
    return f"{off_g:+d}" if off_g else ""


def _given(one: Input, lang: Lang) -> str:
    source = f" [{EVIDENCE[one.evidence].text(lang)}: {one.source}]" if one.source else ""
    return f"{one.symbol} = {one.value!r} {one.unit} {one.what.text(lang)}{source}".replace("  ", " ")


def quote_sheet_xlsx(sheet: QuoteSheet, lang: Lang, made_at: datetime) -> bytes:
    """The sheet as a workbook of four pages with live formulas; equal input gives equal bytes."""
    steps, step_rows = _intensity_rows(sheet, lang)
    legs, leg_rows = _leg_rows(sheet, step_rows, lang)
    lead: list[tuple[str, Cell]] = [*head(sheet, lang)]
    pages = [
        Sheet(OPTIONS.text(lang), lead, _texts(OPTION_COLUMNS, lang), _option_rows(sheet, leg_rows, len(lead), lang)),
        Sheet(LEGS.text(lang), [], _texts(LEG_COLUMNS, lang), legs, decimals=9),
        Sheet(INTENSITIES.text(lang), [], _texts(INTENSITY_COLUMNS, lang), steps, decimals=9),
        Sheet(
            FACTORS.text(lang), [], _texts(FACTOR_COLUMNS, lang), [factor_cells(f, lang) for f in sheet.factors],
            decimals=9,
        ),
    ]  # fmt: skip
    return workbook_of(pages, TITLES[sheet.of].text(lang), made_at)


def _intensity_rows(sheet: QuoteSheet, lang: Lang) -> tuple[list[list[Cell]], dict[tuple[int, int], list[int]]]:
    """Rows of the intensity page, and which of them belong to each leg of each option."""
    rows: list[list[Cell]] = []
    at: dict[tuple[int, int], list[int]] = {}
    for option in sheet.options:
        for line in option.lines:
            for step in line.working.steps:
                number = first_row(0) + len(rows)
                at.setdefault((option.number, line.seq), []).append(number)
                rows.append([option.number, line.seq, *_step_cells(step, number, lang)])
    return rows, at


def _step_cells(step: EnergyStep, row: int, lang: Lang) -> list[Cell]:
    values = {one.symbol: one.value for one in step.inputs}
    cells = {symbol: f"{chr(ord('A') + _SYMBOL_AT + place)}{row}" for place, symbol in enumerate(SYMBOLS)}
    return [
        step.carrier,
        step.formula,
        *(_number(values[symbol]) if symbol in values else None for symbol in SYMBOLS),
        Formula(renamed(step.formula, cells), _number(step.amount)),
        _number(step.ttw_kg),
        _number(step.wtt_kg),
        Formula(f"{_AMOUNT}{row}*{_RATE_TTW}{row}", _number(step.amount * step.ttw_kg)),
        Formula(f"{_AMOUNT}{row}*{_RATE_WTT}{row}", _number(step.amount * step.wtt_kg)),
        "; ".join(_given(one, lang) for one in step.inputs),
    ]


def _leg_rows(
    sheet: QuoteSheet, steps: dict[tuple[int, int], list[int]], lang: Lang
) -> tuple[list[list[Cell]], dict[int, tuple[int, int]]]:
    """Rows of the leg page, and the first and last of each option."""
    rows: list[list[Cell]] = []
    at: dict[int, tuple[int, int]] = {}
    for option in sheet.options:
        start = first_row(0) + len(rows)
        for line in option.lines:
            row = first_row(0) + len(rows)
            rows.append(_leg_cells(option.number, line, row, steps.get((option.number, line.seq), []), lang))
        at[option.number] = start, first_row(0) + len(rows) - 1
    return rows, at


def _leg_cells(number: int, line: QuoteSheetLine, row: int, steps: list[int], lang: Lang) -> list[Cell]:
    page = f"'{INTENSITIES.text(lang)}'!"

    def rate(column: str, value: float) -> Cell:
        summed = "+".join(f"{page}{column}{step}" for step in steps)
        return Formula(summed, _number(value)) if steps else _number(value)

    mass_t = f"(F{row}/{KG_PER_T})"
    moved = {HUB: mass_t, VOYAGE: f"({mass_t}*G{row})"}.get(line.rule, f"G{row}*{mass_t}")
    return [
        number,
        line.seq,
        line.mode,
        line.place,
        f"{line.vessels} x {line.vehicle_class}" if line.vessels > 1 else line.vehicle_class,
        line.mass_kg,
        _number(line.distance_km),
        line.distance_basis,
        line.working.unit,
        rate(_TTW, line.working.ttw_kg),
        rate(_WTT, line.working.wtt_kg),
        Formula(f"ROUND(J{row}*{moved}*1000,0){_remainder(line.remainders_g[0])}", line.ttw_g),
        Formula(f"N{row}-L{row}", line.wtt_g),
        Formula(f"ROUND((J{row}+K{row})*{moved}*1000,0){_remainder(line.remainders_g[1])}", line.wtw_g),
        line.working.tier,
        " ".join(line.working.factor_ids),
        arithmetic(line),
    ]


def _option_rows(sheet: QuoteSheet, legs: dict[int, tuple[int, int]], lead: int, lang: Lang) -> list[list[Cell]]:
    page = f"'{LEGS.text(lang)}'!"
    rows: list[list[Cell]] = []
    road = next((first_row(lead) + place for place, option in enumerate(sheet.options) if option.is_baseline), None)
    for place, option in enumerate(sheet.options):
        first, last = legs[option.number]
        row = first_row(lead) + place
        saved = None if option.saving_g is None or road is None else Formula(f"D{road}-D{row}", option.saving_g)
        rows.append(
            [
                option.number,
                option.title.text(lang),
                Formula(f"SUM({page}L{first}:L{last})", option.ttw_g),
                Formula(f"SUM({page}N{first}:N{last})", option.wtw_g),
                saved,
            ]
        )
    return rows


def head(sheet: QuoteSheet, lang: Lang) -> list[tuple[str, str]]:
    """What the sheet is of: names and values."""
    shipment = sheet.shipment
    rows = [
        (Message("起讫", "From, to"), f"{shipment.origin} > {shipment.destination}"),
        (Message("货类与重量", "Cargo and mass"), f"{shipment.cargo_code}, {shipment.mass_kg:,} kg"),
        (Message("可提货", "Ready at"), shipment.ready_at.isoformat()),
        (Message("边界", "Boundary"), "WTW CO2e, ISO 14083"),
        (Message("因子自此日起有效", "Factors in force since"), sheet.on.isoformat()),
        (Message("版本", "Versions"), f"{sheet.factors_version}, {sheet.network_version}"),
    ]
    return [(name.text(lang), value) for name, value in rows]


def _number(value: float) -> Decimal:
    return Decimal(repr(value))


def _texts(columns: tuple[Message, ...], lang: Lang) -> list[str]:
    return [column.text(lang) for column in columns]
