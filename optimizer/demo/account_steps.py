"""The accounting half of the story as tables: waybills, reports, settlement, statements, audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from optimizer.accounts.totals import LotSaving, SavingsRow, total
from optimizer.actions import LotsOverview, RecordResult, SettleResult
from optimizer.demo.step import FIGURES, Row, Step, count, kg, kg_per_t, share, t, yuan, yuan_per_t
from optimizer.emissions.portfolio import Portfolio
from optimizer.errors import Message
from optimizer.waybills.event import Event
from optimizer.waybills.finding import Finding
from optimizer.waybills.waybill import Waybill

CARBON_NAMES = {
    "VERIFIED": Message("已核证", "verified"),
    "DISPUTED": Message("有争议，冻结", "disputed, frozen"),
    "EVIDENCE_LOST": Message("凭证缺失，冻结", "evidence lost, frozen"),
    "ESTIMATED": Message("仅预估", "estimated only"),
    "EVIDENCE_COMPLETE": Message("凭证齐全", "evidence complete"),
    "SETTLED": Message("已结算", "settled"),
    "NONE": Message("无", "none"),
}
TIER_NAMES = {
    "primary": Message("实测油耗", "fuel logged"),
    "modelled": Message("油耗模型", "fuel model"),
    "default": Message("默认因子", "default factor"),
    "assumed": Message("假定", "assumed"),
}


def accept_step(waybills: Sequence[Waybill]) -> Step:
    """One waybill for the whole way, and what is reserved."""
    lots = [lot for waybill in waybills for lot in waybill.lots]
    reserved_g = sum(max(0, lot.estimated_saving_wtw_g) for lot in lots)
    rows: list[Row] = [
        [Message("运单", "waybills"), count(len(waybills))],
        [
            Message("批次 / 其中走水路", "lots / of these by water"),
            f"{count(len(lots))} / {count(sum(x.by_water for x in lots))}",
        ],
        [Message("预留（未入账）kg CO2e", "reserved, not credited, kg CO2e"), kg(reserved_g)],
    ]
    title = Message("六 接受计划：一单到底", "6 Accept the plan: one waybill for the whole way")
    return Step(title, FIGURES, rows)


def record_step(result: RecordResult, events: Sequence[Event]) -> Step:
    """What carriers, ports and consignees reported."""
    kinds = Counter(event.event_type.value for event in events)
    rows: list[Row] = [
        [
            Message("上报 / 收下 / 退回", "reported / accepted / refused"),
            _slashed(len(events), len(result.accepted), len(result.refused)),
        ],
        [
            Message("装 / 离 / 到 / 卸", "LOAD / DEPA / ARRI / DISC"),
            _slashed(*(kinds[k] for k in ("LOAD", "DEPA", "ARRI", "DISC"))),
        ],
        [Message("交付", "DLV"), count(kinds["DLV"])],
    ]
    notes = [
        Message(f"退回 {item.event.event_id}：{fault.message.zh}", f"Refused {item.event.event_id}: {fault.message.en}")
        for item in result.refused[:3]
        for fault in item.faults[:1]
    ]
    return Step(Message("七 当月执行：承运各方上报", "7 The month as it went: reports"), FIGURES, rows, notes)


def settle_step(before: LotsOverview, result: SettleResult, city: SavingsRow) -> Step:
    """What was settled, expected and credited apart."""
    mass_kg = result.mass_kg
    columns = (Message("", ""), Message("合计", "Sum"), Message("每吨", "Per t"))
    rows: list[Row] = [
        [Message("已结算 批次 / 吨", "settled lots / t"), f"{count(result.settled_lots)} / {t(mass_kg)}", ""],
        [
            Message("公路基准 kg CO2e", "road baseline, kg CO2e"),
            kg(result.baseline_g),
            kg_per_t(result.baseline_g, mass_kg),
        ],
        [Message("实际 kg CO2e", "actual, kg CO2e"), kg(result.actual_g), kg_per_t(result.actual_g, mass_kg)],
        [
            Message("减排期望值 kg", "expected reduction, kg"),
            kg(result.expected_g),
            kg_per_t(result.expected_g, mass_kg),
        ],
        [
            Message("入账（90% 下限）kg", "credited (lower 90 % bound), kg"),
            kg(result.credited_g),
            kg_per_t(result.credited_g, mass_kg),
        ],
        [
            Message("省运费 元", "freight saved, yuan"),
            yuan(city.cost_saved_fen),
            yuan_per_t(city.cost_saved_fen, city.mass_kg),
        ],
    ]
    statuses = [(CARBON_NAMES.get(key, Message(key, key)), number) for key, number in sorted(before.carbon.items())]
    tiers = [(TIER_NAMES.get(key, Message(key, key)), number) for key, number in sorted(result.tiers.items())]
    notes = [
        _listed(Message("结算前批次状态", "Lots before settling"), statuses),
        _listed(Message("水路段数据等级", "Data of the water legs"), tiers),
    ]
    return Step(Message("八 结算已核证批次", "8 Settle the verified lots"), columns, rows, notes)


def netting_step(lots: Iterable[LotSaving], rows: Sequence[SavingsRow], whole: Portfolio | None) -> Step:
    """Each enterprise and the city: credited and net expected side by side, and what lies between them. ``whole``: all
    lots bounded together."""
    settled = [lot for lot in lots if lot.settled]
    city = total(rows)
    table = [_netting_row(row, [lot for lot in settled if lot.labels["enterprise"][0] == row.key]) for row in rows]
    notes = [
        Message(
            "两个数不可混用：“净期望”把变差的批次算作负数，是对实际效果的最佳估计；"
            "“入账”逐批取 90% 下限，变差的批次计 0、从不为负，是可以主张的量。未结算批次两者都不含。",
            "The two are not the same: net expected counts lots that got worse as negative and is the best estimate"
            " of the effect; credited adds up each lot's lower 90 % bound, at least 0, and is what may be claimed."
            " Lots not settled are in neither.",
        )
    ]
    if whole is not None:
        lower, standard = f"{whole.lower_g // 1000:,}", f"{-(-whole.standard_g // 1000):,}"
        notes.append(
            Message(
                f"全市合计的 90% 下限 {lower} kg（标准不确定度 {standard} kg）："
                "共用的因子与油耗模型先跨批次相加，不是逐批下限之和。",
                f"The city's sum has the 90 % bound {lower} kg (standard uncertainty {standard} kg): factors and fuel"
                " models that lots share are added up first, so it is not the sum of the lots' bounds.",
            )
        )
    columns = (
        Message("企业", "Enterprise"),
        Message("已结算 吨", "Settled t"),
        Message("净期望 kg", "Net expected kg"),
        Message("其中变差（批）", "of it worse (lots)"),
        Message("入账 kg", "Credited kg"),
        Message("入账/期望", "Share"),
        Message("省 元", "Saved yuan"),
    )
    title = Message("九 各企业与全市：净期望减排与入账合计", "9 Enterprises and city: net expected and credited")
    return Step(title, columns, [*table, _netting_row(city, settled)], notes)


def close_step(periods: Sequence[str], written: int, directory: str) -> Step:
    """Closed months and the statements on file."""
    rows: list[Row] = [
        [Message("已关账期", "periods closed"), ", ".join(periods)],
        [Message("对账单（JSON、CSV、XLSX、PDF）", "statements (JSON, CSV, XLSX, PDF)"), count(written)],
        [Message("位置", "where"), directory],
    ]
    return Step(
        Message("十 关账、出对账单（减碳一表清算）", "10 Close the months, write the statements"), FIGURES, rows
    )


def audit_step(findings: Sequence[Finding]) -> Step:
    """What the audit found, one example of each kind."""
    kinds: dict[str, list[Finding]] = {}
    for finding in findings:
        kinds.setdefault(finding.code, []).append(finding)
    rows: list[Row] = [[code, count(len(found)), found[0].record] for code, found in sorted(kinds.items())]
    notes = [found[0].message for _, found in sorted(kinds.items())]
    if not findings:
        notes = [Message("未发现问题。", "The books are clean.")]
    columns = (Message("发现", "Finding"), Message("数", "Number"), Message("例", "Example"))
    title = Message(f"十一 审计全部账目：{len(findings)} 项发现", f"11 Audit of all books: {len(findings)} finding(s)")
    return Step(title, columns, rows, notes)


def _netting_row(row: SavingsRow, lots: Sequence[LotSaving]) -> Row:
    worse = [lot.expected_g for lot in lots if lot.expected_g < 0]
    return [
        Message(f"{row.key} {row.label_zh}".strip(), f"{row.key} {row.label_en}".strip()),
        t(row.mass_kg),
        kg(row.expected_g),
        f"{kg(sum(worse))} ({count(len(worse))})",
        kg(row.credited_g),
        share(row.credited_g, row.expected_g) if row.expected_g > 0 else "-",
        yuan(row.cost_saved_fen),
    ]


def _slashed(*numbers: int) -> str:
    return " / ".join(map(count, numbers))


def _listed(head: Message, items: Sequence[tuple[Message, int]]) -> Message:
    zh = "，".join(f"{name.zh} {count(number)}" for name, number in items)
    en = ", ".join(f"{name.en} {count(number)}" for name, number in items)
    return Message(f"{head.zh}：{zh or '无'}", f"{head.en}: {en or 'none'}")
