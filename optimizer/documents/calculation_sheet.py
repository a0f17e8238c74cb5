"""A calculation sheet as text, JSON and workbook.

JSON holds every number unrounded, so that its lines can be multiplied again to the gram; text prints the same numbers.
The workbook reckons them: grams, sums, the combined uncertainty and the credit are formulas over the inputs, each with
the engine's own result beside it as the stored value.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from optimizer.accounts.lot_chain import VoyageShare
from optimizer.accounts.sheet import CalculationSheet, SheetLine
from optimizer.documents.sheets import Cell, Formula, Sheet, first_row, workbook_of
from optimizer.emissions.factor import Factor
from optimizer.emissions.sensitivity import FUEL_LOGGED_MODES, Influence
from optimizer.emissions.uncertainty import Spread
from optimizer.errors import Lang, Message
from optimizer.quantities import G_PER_KG
from optimizer.waybills.codec import to_plain

TITLE = Message("减排计算书", "Calculation sheet")
SIDES = {"baseline": Message("基准", "baseline"), "project": Message("实际", "project")}
SENSITIVITY = Message("哪项输入最左右结果", "What moves the result most")
FACTORS = Message("因子", "Factors")
LINES = Message("逐行计算", "Line by line")


def sheet_json(sheet: CalculationSheet) -> str:
    """Everything on the sheet; grams are integers, rates and distances floats as they were multiplied."""
    run, reduction, logging = sheet.run, sheet.reduction, sheet.logging
    document: dict[str, Any] = {
        "document": "calculation-sheet",
        "waybill_number": run.inputs.waybill_number,
        "waybill_version": run.inputs.waybill_version,
        "lot_no": run.inputs.lot_no,
        "run_id": run.run_id,
        "method": run.inputs.method,
        "boundary": run.inputs.boundary.value,
        "versions": {
            "factors": run.factors_version,
            "factors_recomputed_with": sheet.factors_at_hand,
            "network": run.network_version,
            "code": run.code_version,
            "uncertainty": run.inputs.uncertainty_version,
            "inputs_sha256": run.inputs_sha256,
            "result_sha256": run.result_sha256,
        },
        "mass_kg": run.inputs.mass_kg,
        "delivered_on": run.inputs.on.isoformat(),
        "tier": run.result.tier,
        "lines": [_line_document(line) for line in sheet.lines],
        "baseline_g": reduction.baseline_g,
        "project_g": reduction.project_g,
        "expected_g": reduction.expected_g,
        "standard_uncertainty_g": reduction.standard_g,
        "lower_90_g": reduction.lower_g,
        "credited_g": reduction.credited_g,
        "sensitivity": [_influence(item) for item in sheet.influences],
        "logging_fuel": {**to_plain(logging), "gain_g": logging.gain_g},
        "factors": [to_plain(factor) for factor in sheet.factors],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _line_document(line: SheetLine) -> dict[str, Any]:
    borne = {} if line.tour is None else {"tour_borne_fuel_g": line.tour.borne_fuel_g}
    return {**to_plain(line), **borne, "wtw_g": line.wtw_g}


def sheet_text(sheet: CalculationSheet, lang: Lang) -> str:
    """The sheet as lines of text."""
    lines = [TITLE.text(lang), *(f"{name}: {value}" for name, value in head(sheet, lang)), "", LINES.text(lang)]
    for number, line in enumerate(sheet.lines, start=1):
        lines += [
            f"{number}. [{SIDES[line.side].text(lang)}] {line.mode} {line.place}  ({line.tier})",
            f"   {arithmetic(line)}",
            f"   {line.how.text(lang)}",
            f"   {', '.join(line.factor_ids)}",
        ]
    lines += ["", *(f"{name}: {value}" for name, value in totals(sheet, lang)), "", SENSITIVITY.text(lang)]
    for item in sheet.influences:
        part = item.contribution
        short = Message("90% 下移", "shortfall at 90 %").text(lang)
        lines.append(
            f"  {item.share:7.2%}  {part.key}  {_width(part.spread)}  {short} {part.shortfall_g:,.1f} g"
            f"  {part.spread.reason.text(lang)}"
        )
    lines += [f"  {logging_words(sheet).text(lang)}", "", FACTORS.text(lang)]
    for factor in sheet.factors:
        lines.append("  " + " | ".join(str(cell) for cell in factor_cells(factor, lang) if cell not in (None, "")))
    return "\n".join(lines) + "\n"


def sheet_xlsx(sheet: CalculationSheet, lang: Lang) -> bytes:
    """The sheet as a workbook of three pages; the same sheet gives the same bytes."""
    return workbook_of(sheet_pages(sheet, lang), TITLE.text(lang), sheet.run.run_at)


def sheet_pages(sheet: CalculationSheet, lang: Lang, mark: str = "") -> list[Sheet]:
    """The three pages with their live formulas; ``mark`` is put behind their titles, so that several calculations have
    room in one workbook."""
    lead = _live_lead(sheet, lang, mark)
    top = first_row(len(lead))
    return [
        Sheet(
            LINES.text(lang) + mark,
            lead,
            _texts(LINE_COLUMNS, lang),
            [_line_cells(line, top + place, lang) for place, line in enumerate(sheet.lines)],
            decimals=9,
        ),
        Sheet(
            SENSITIVITY.text(lang) + mark,
            [],
            _texts(SHARE_COLUMNS, lang),
            share_rows(sheet, lang),
            notes=[logging_words(sheet).text(lang)],
            decimals=6,
        ),
        Sheet(
            FACTORS.text(lang) + mark,
            [],
            _texts(FACTOR_COLUMNS, lang),
            [factor_cells(factor, lang) for factor in sheet.factors],
            decimals=9,
        ),
    ]


def share_rows(sheet: CalculationSheet, lang: Lang) -> list[list[Cell]]:
    """What moves the result, under ``SHARE_COLUMNS``, the largest first."""
    return [
        [
            item.contribution.key,
            _share(item),
            round(item.contribution.exposed_g),
            _width(item.contribution.spread),
            Decimal(repr(item.contribution.standard_g)),
            Decimal(repr(item.contribution.shortfall_g)),
            item.contribution.spread.reason.text(lang),
        ]
        for item in sheet.influences
    ]


def basis_text(line: SheetLine) -> str:
    """The basis of a distance (ISO 14083), with the great circle and the detour factor of an estimated one."""
    if not line.gcd_km:
        return line.distance_basis
    return f"{line.distance_basis} = gcd {line.gcd_km:.3f} km x {line.distance_km / line.gcd_km:.4f}"


def arithmetic(line: SheetLine) -> str:
    """One line's sum, numbers unrounded."""
    if line.log is not None:
        log = line.log
        shared = f" x {float(line.round_trip.factor)!r}" if line.round_trip is not None else ""
        added = f"{log.carrier} {log.logged_g:,} g x (1 + {log.empty_fuel_ratio!r}){shared}"
        if line.tour is not None:
            added = f"({log.carrier} {log.logged_g:,} g{shared} + {line.tour.borne_fuel_g:,} g)"
        amount = f"{added} x {log.own_kg:,} / {log.load_kg:,} kg"
    elif line.unit == "tkm":
        amount = f"{line.mass_kg:,} kg x {line.distance_km!r} km ({basis_text(line)}) = {line.activity_kgkm:,} kg·km"
    else:
        amount = f"{line.mass_kg:,} kg"
    per = f"kg CO2e/{line.unit}"
    return (
        f"{amount}; x {line.ttw_kg!r} {per} = TTW {line.ttw_g:,} g; x {line.wtt_kg!r} {per} = WTT {line.wtt_g:,} g;"
        f" WTW {line.wtw_g:,} g"
    )


LINE_COLUMNS = (
    Message("一侧", "Side"),
    Message("方式", "Mode"),
    Message("路段或地点", "Route or place"),
    Message("重量 kg", "Mass, kg"),
    Message("里程 km", "Distance, km"),
    Message("里程口径", "Distance basis"),
    Message("周转量 kg·km", "Activity, kg·km"),
    Message("单位", "Unit"),
    Message("TTW kg/单位", "TTW kg per unit"),
    Message("WTT kg/单位", "WTT kg per unit"),
    Message("TTW g", "TTW, g"),
    Message("WTT g", "WTT, g"),
    Message("WTW g", "WTW, g"),
    Message("数据层级", "Tier"),
    Message("因子", "Factors"),
    Message("记录能耗 g 或 Wh", "Logged energy, g or Wh"),
    Message("空驶加成", "Empty running added"),
    Message("往返分摊", "Share of the round trip"),
    Message("环线空驶油耗 g", "Empties of the tour, g"),
    Message("本批 kg", "This lot, kg"),
    Message("全船 kg", "Whole voyage, kg"),
    Message("算式", "Arithmetic"),
    Message("依据", "Where it comes from"),
)
SHARE_COLUMNS = (
    Message("输入", "Input"),
    Message("占方差", "Share of variance"),
    Message("随之变动 g", "Moves with it, g"),
    Message("宽度 95%", "Width, 95 %"),
    Message("标准不确定度 g", "Standard uncertainty, g"),
    Message("90% 下移 g", "Shortfall at 90 %, g"),
    Message("理由", "Reason"),
)
FACTOR_COLUMNS = (
    Message("因子", "Factor"),
    Message("版本", "Version"),
    Message("单位", "Unit"),
    Message("WTT kg", "WTT kg"),
    Message("TTW kg", "TTW kg"),
    Message("标准煤 kg", "Coal equivalent kg"),
    Message("气体", "Gases"),
    Message("来源", "Source"),
    Message("条款或页", "Clause or page"),
    Message("证据", "Evidence"),
    Message("许可", "Licence"),
    Message("有效起日", "Valid from"),
)


def _line_cells(line: SheetLine, row: int, lang: Lang) -> list[Cell]:
    """Columns A to W; the grams are formulas over the cells to their left, or over the log at P to U."""
    log = line.log
    if log is not None:
        moved = f"(P{row}/{G_PER_KG}*(1+Q{row})*R{row}+S{row}/{G_PER_KG})*T{row}/U{row}*{G_PER_KG}"
    else:
        moved = f"D{row}*E{row}" if line.unit == "tkm" else f"D{row}"
    return [
        SIDES[line.side].text(lang),
        line.mode.value,
        line.place,
        line.mass_kg,
        Decimal(repr(line.distance_km)),
        basis_text(line),
        Formula(f"ROUND(D{row}*E{row},0)", line.activity_kgkm),
        line.unit,
        Decimal(repr(line.ttw_kg)),
        Decimal(repr(line.wtt_kg)),
        Formula(f"ROUND({moved}*I{row},0)", line.ttw_g),
        Formula(f"ROUND({moved}*J{row},0)", line.wtt_g),
        Formula(f"K{row}+L{row}", line.wtw_g),
        line.tier,
        " ".join(line.factor_ids),
        *(_log_cells(line, log) if log else (None,) * 6),
        arithmetic(line),
        line.how.text(lang),
    ]


def _log_cells(line: SheetLine, log: VoyageShare) -> tuple[Cell, ...]:
    """What the log said, what return cargo leaves of it (1 without), the empties of the tour that are added, and the
    lot's part in it."""
    shared = 1 if line.round_trip is None else Decimal(repr(float(line.round_trip.factor)))
    empties_g = line.tour.borne_fuel_g if line.tour is not None else 0
    return log.logged_g, Decimal(repr(log.empty_fuel_ratio)), shared, empties_g, log.own_kg, log.load_kg


def factor_cells(factor: Factor, lang: Lang) -> list[Cell]:
    """A factor as a row under ``FACTOR_COLUMNS``."""
    values = (factor.wtt_kg, factor.ttw_kg, factor.kgce)
    return [
        f"{factor.factor_id} {factor.description.text(lang)}",
        factor.version,
        factor.unit,
        *(None if value is None else Decimal(repr(value)) for value in values),
        f"{factor.gas_basis} {factor.gwp_set}".strip(),
        factor.provenance.source,
        factor.page,
        factor.provenance.evidence.value,
        factor.licence,
        factor.valid_from.isoformat(),
    ]


def head(sheet: CalculationSheet, lang: Lang) -> list[tuple[str, str]]:
    """What the sheet is of: names and values."""
    run = sheet.run
    versions = f"{run.factors_version}, {run.network_version}, {run.code_version}, {run.inputs.uncertainty_version}"
    rows = [
        (Message("运单与批次", "Waybill and lot"), f"{run.inputs.waybill_number} / {run.inputs.lot_no}"),
        (Message("计算", "Run"), run.run_id),
        (Message("方法与边界", "Method and boundary"), f"{run.inputs.method}, {run.inputs.boundary.value}"),
        (Message("送达日", "Delivered on"), run.inputs.on.isoformat()),
        (Message("版本", "Versions"), versions),
        (Message("重算所用因子表", "Recomputed with"), sheet.factors_at_hand),
    ]
    return [(name.text(lang), value) for name, value in rows]


def totals(sheet: CalculationSheet, lang: Lang) -> list[tuple[str, int]]:
    """From the baseline to the credit: names and grams."""
    reduction = sheet.reduction
    rows = [
        (Message("基准 g", "Baseline, g"), reduction.baseline_g),
        (Message("实际 g", "Project, g"), reduction.project_g),
        (Message("预期减排 = 基准 - 实际 g", "Expected = baseline - project, g"), reduction.expected_g),
        (Message("标准不确定度 g", "Standard uncertainty, g"), round(reduction.standard_g)),
        (
            Message(
                "入账 = 90% 下限（预期减排 - 各项 90% 下移平方和的平方根）取整、不小于 0，g",
                "Credited = lower 90 % bound (expected - root of the summed squares of the shortfalls at 90 %), floor,"
                " >= 0, g",
            ),
            reduction.credited_g,
        ),
    ]
    return [(name.text(lang), value) for name, value in rows]


def _live_lead(sheet: CalculationSheet, lang: Lang, mark: str) -> list[tuple[str, Cell]]:
    """Head and totals; the totals sum the lines below them and take the bound from the page of uncertainties."""
    known, sums = head(sheet, lang), totals(sheet, lang)
    top, at = first_row(len(known) + len(sums)), len(known) + 1
    baseline = sum(line.side == "baseline" for line in sheet.lines)
    last, widths = top + len(sheet.lines) - 1, len(sheet.influences)
    page, first = f"'{SENSITIVITY.text(lang)}{mark}'!", first_row(0)
    formulas = [
        f"SUM(M{top}:M{top + baseline - 1})",
        f"SUM(M{top + baseline}:M{last})",
        f"B{at}-B{at + 1}",
        f"ROUND(SQRT(SUMSQ({page}E{first}:E{first + widths - 1})),0)",
        f"MAX(0,INT(B{at + 2}-SQRT(SUMSQ({page}F{first}:F{first + widths - 1}))))",
    ]
    live: list[tuple[str, Cell]] = [
        (name, Formula(text, value) if widths or place < 3 else value)
        for place, ((name, value), text) in enumerate(zip(sums, formulas, strict=True))
    ]
    return [*known, *live]


def logging_words(sheet: CalculationSheet) -> Message:
    """What logging fuel would change."""
    gain, places = sheet.logging, ", ".join(sheet.logging.places)
    if not any(line.side == "project" and line.mode in FUEL_LOGGED_MODES for line in sheet.lines):
        return Message("没有走水路，无船舶油耗可记录。", "No voyage by water, no vessel's fuel to log.")
    if not places:
        return Message("船舶油耗均已记录。", "The fuel of every voyage is logged.")
    return Message(
        f"若记录 {places} 的油耗且与预期相同，入账由 {gain.credited_g:,} 克变为"
        f" {gain.credited_with_logs_g:,} 克（{gain.gain_g:+,}）。",
        f"Logging the fuel of {places}, were it the expected amount, changes the credit from {gain.credited_g:,} g to"
        f" {gain.credited_with_logs_g:,} g ({gain.gain_g:+,}).",
    )


def _influence(item: Influence) -> dict[str, Any]:
    part = item.contribution
    return {
        "input": part.key,
        "kind": part.kind.value,
        "share_of_variance": item.share,
        "exposed_g": part.exposed_g,
        "width_95": part.spread.value,
        "lognormal": part.spread.lognormal,
        "standard_g": part.standard_g,
        "shortfall_90_g": part.shortfall_g,
        "reason": to_plain(part.spread.reason),
    }


def _share(item: Influence) -> Decimal:
    return Decimal(f"{item.share:.6f}")


def _width(spread: Spread) -> str:
    return f"x/÷ {spread.value:g}" if spread.lognormal else f"±{spread.value:.1%}"


def _texts(columns: tuple[Message, ...], lang: Lang) -> list[str]:
    return [column.text(lang) for column in columns]
