"""The bank report as one PDF page and as JSON."""

from __future__ import annotations

import json
from typing import Any

from optimizer.accounts.report import COLOUR_NAMES, BankReport
from optimizer.accounts.statement import DISCLAIMER, METHOD_NOTE, NETTING_NOTE
from optimizer.accounts.statement_document import whole_row
from optimizer.documents.statement_files import qr_svg
from optimizer.documents.statement_words import MODES, NOTHING, period_end, period_text, qr_text, seal_text
from optimizer.documents.typesetting import pdf_of
from optimizer.errors import Lang, Message
from optimizer.quantities import kilograms, tonnes

TITLE = Message("企业碳账户报告（供银行查阅）", "Carbon account report for banks")
SUBTITLE = Message(
    "公转水减排，逐批核验，账可复核", "Road-to-water reductions, verified lot by lot, open to recomputation"
)
ACTIVITY = Message("运输周转量", "Transport activity")
CHECK_NOTE = Message(
    "自行核对：二维码载有账户、期间、入账克数、树的条数与树根（未封存时为 unsealed）。"
    "条数与树根和您另行保管的树头文件（checkpoint）相同，账就是那时封存的账；"
    "向企业索取存在证明，即可在核对页 /verify（在您的浏览器内运算，可离线）逐条核对，不必信任出具报告的系统。",
    "How to check this yourself: the QR code holds account, period, grams credited, size and root of the tree (unsealed"
    " where there is none). Where size and root equal those of a checkpoint that you keep, the books are those sealed"
    " then; ask the enterprise for inclusion proofs and check record by record on the page /verify (in your browser,"
    " also off line), without trusting the system that made this report.",
)
TRUST = Message("可信程度", "How far it can be trusted")


def bank_report_pdf(report: BankReport, lang: Lang) -> bytes:
    """One A4 page, PDF/A-2b; the same report gives the same bytes."""
    statement = report.statement
    words = {"title": TITLE, "subtitle": SUBTITLE, "activity": ACTIVITY, "trust": TRUST}
    data: dict[str, Any] = {
        "period": statement.period,
        "words": {name: message.text(lang) for name, message in words.items()},
        "head": _head(report, lang),
        "figures": _figures(report, lang),
        "colour": report.colour,
        "rating": _rating(report).text(lang),
        "activity": _activity(report, lang),
        "trust": _trust(report, lang),
        "notes": [note.text(lang) for note in (METHOD_NOTE, NETTING_NOTE, DISCLAIMER, CHECK_NOTE)],
    }
    return pdf_of("report", data, lang, period_end(statement.period), qr_svg(qr_text(statement)))


def bank_report_json(report: BankReport) -> str:
    """The report's figures as exact decimal strings."""
    statement, party = report.statement, report.statement.party
    document = {
        "account_id": statement.account.account_id,
        "credit_code": party.credit_code if party else None,
        "period": statement.period,
        "closed": statement.closed,
        "lots": report.lots,
        "verified_t": tonnes(report.verified_mass_kg),
        "shipped_t": tonnes(report.shipped_mass_kg),
        "activity_tkm": {mode: tonnes(amount) for mode, amount in sorted(report.activity_kgkm.items())},
        "baseline_kg": kilograms(report.baseline_g),
        "actual_kg": kilograms(report.actual_g),
        "expected_kg": kilograms(report.expected_g),
        "credited_kg": kilograms(report.credited_g),
        "primary_credited_kg": kilograms(report.primary_credited_g),
        "whole": whole_row(statement),
        "restatements": report.restatements,
        "transferred_kg": kilograms(statement.transferred_g),
        "retired_kg": kilograms(statement.retired_g),
        "available_kg": kilograms(statement.available_g),
        "percentile": report.percentile,
        "peers": report.peers,
        "colour": report.colour,
        "colour_scale": report.scale.version,
        "tree_size": statement.seal.tree_size if statement.seal else None,
        "root": statement.seal.root.hex() if statement.seal else None,
        "sealed_seq": statement.seal.sealed_seq if statement.seal else None,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _head(report: BankReport, lang: Lang) -> list[tuple[str, str]]:
    statement, party = report.statement, report.statement.party
    name = "—" if party is None else party.name_zh if lang == "zh" else party.name_en
    rows = [
        (Message("企业", "Enterprise"), name),
        (Message("统一社会信用代码", "Credit code"), party.credit_code if party else "—"),
        (Message("期间", "Period"), period_text(statement).text(lang)),
        (Message("默克尔树（条数 · 根）", "Merkle tree (size · root)"), seal_text(statement).text(lang)),
    ]
    return [(label.text(lang), value) for label, value in rows]


def _figures(report: BankReport, lang: Lang) -> list[tuple[str, str]]:
    rows = [
        (Message("结算重量", "Settled"), f"{report.verified_mass_kg / 1000:,.1f} t"),
        (Message("期望减排", "Expected reduction"), f"{report.expected_g / 1_000_000:,.2f} t CO2e"),
        (Message("入账减排", "Credited"), f"{report.credited_g / 1_000_000:,.2f} t CO2e"),
        (Message("公路基准", "Road baseline"), f"{report.baseline_g / 1_000_000:,.2f} t CO2e"),
        (Message("实际排放", "Actual"), f"{report.actual_g / 1_000_000:,.2f} t CO2e"),
        (Message("水路占周转量", "Water share of tkm"), _share(report.water_kgkm, sum(report.activity_kgkm.values()))),
    ]
    return [(label.text(lang), value) for label, value in rows]


def _rating(report: BankReport) -> Message:
    name, version = COLOUR_NAMES[report.colour], report.scale.version
    intensity = f"{report.intensity_g_per_tkm:.1f}" if report.intensity_g_per_tkm is not None else "—"
    if report.percentile is None:
        return Message(
            f"{name.zh}：可比企业 {report.peers} 家，不足以给出分位。强度 {intensity} g CO2e/tkm（{version}）",
            f"{name.en}: {report.peers} enterprises to compare with are too few. Intensity {intensity} g CO2e/tkm"
            f" ({version})",
        )
    return Message(
        f"{name.zh}：运输碳强度 {intensity} g CO2e/tkm，低于 {report.percentile}% 的同期企业"
        f"（{report.peers} 家，{version}）",
        f"{name.en}: transport intensity {intensity} g CO2e/tkm, lower than {report.percentile} % of the enterprises of"
        f" the period ({report.peers}, {version})",
    )


def _activity(report: BankReport, lang: Lang) -> list[tuple[str, str, str]]:
    total = sum(report.activity_kgkm.values())
    if not report.activity_kgkm:
        return [(NOTHING.text(lang), "", "")]
    return [
        (MODES[mode].text(lang) if mode in MODES else mode, f"{amount / 1000:,.0f} tkm", _share(amount, total))
        for mode, amount in sorted(report.activity_kgkm.items(), key=lambda item: -item[1])
    ]


def _trust(report: BankReport, lang: Lang) -> list[tuple[str, str]]:
    statement, whole = report.statement, report.statement.whole
    rows = [
        (
            Message("已核验结算的重量占比", "Share of mass verified and settled"),
            _share(report.verified_mass_kg, report.shipped_mass_kg),
        ),
        (
            Message("入账中用实测油耗的占比", "Share of the credit on logged fuel"),
            _share(report.primary_credited_g, report.credited_g),
        ),
        (
            Message("整体 90% 下限（共用误差已计入）", "90 % bound of the whole, shared errors counted"),
            "—" if whole is None else f"{whole.lower_g / 1_000_000:,.2f} t CO2e",
        ),
        (Message("结算批次（减去冲销的）", "Lots settled, less those reversed"), f"{report.lots}"),
        (Message("本期重述与冲销", "Restatements and reversals"), f"{report.restatements}"),
        (
            Message("本期净转入（负数为转出）", "Net taken over from others (negative: handed over)"),
            f"{statement.transferred_g / 1_000_000:,.2f} t CO2e",
        ),
        (Message("本期注销", "Retired in the period"), f"{statement.retired_g / 1_000_000:,.2f} t CO2e"),
        (
            Message("期末可用减排量", "Claim available at the end of the period"),
            f"{statement.available_g / 1_000_000:,.2f} t CO2e",
        ),
        (Message("同期可比企业", "Enterprises compared with"), f"{report.peers}"),
    ]
    return [(label.text(lang), value) for label, value in rows]


def _share(part: int, whole: int) -> str:
    """A share in per cent, rounded down: only the whole is 100.0 %. A month in which more was reversed than settled has
    none."""
    if whole <= 0 or part < 0:
        return "—"
    per_mille = 1000 * part // whole
    return f"{per_mille // 10}.{per_mille % 10}%"
