"""A statement in the words of one language: what the PDF and the workbook print, exact decimals as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from optimizer.accounts.ledger import Bucket, Ledger, month_after
from optimizer.accounts.statement import (
    DISCLAIMER,
    LOT_KINDS,
    METHOD_NOTE,
    NETTING_NOTE,
    WHOLE_NOTE,
    Balance,
    Movement,
    Statement,
)
from optimizer.errors import Lang, Message
from optimizer.quantities import CHINA_TIME, iso, kilograms, tonnes

MAX_LISTED = 5
"""Entries that are named for one reason."""
TITLE = Message("碳账户对账单（减碳一表清算）", "Carbon account statement")
MOVEMENTS = Message("变动明细", "Movements")
NOTHING = Message("本期没有变动。", "There were no movements in this period.")
SUM = Message("本户托运合计", "Sum of lots consigned")
OPENING, CLOSING = Message("期初", "Opening"), Message("期末", "Closing")
QR_HINT = Message("账户、期间、入账量与树根", "account, period, credit and tree root")

LEDGERS: Mapping[tuple[Ledger, Bucket], Message] = {
    (Ledger.CLAIM, Bucket.AVAILABLE): Message("可用减排量 kg CO2e", "Claim available, kg CO2e"),
    (Ledger.CLAIM, Bucket.RESERVED): Message("预留（估算）kg CO2e", "Claim reserved (estimates), kg CO2e"),
    (Ledger.CLAIM, Bucket.RETIRED): Message("已注销 kg CO2e", "Claim retired, kg CO2e"),
    (Ledger.ATTRIBUTION, Bucket.AVAILABLE): Message("归因量（备查）kg CO2e", "Attribution (memo), kg CO2e"),
    (Ledger.ACTIVITY, Bucket.AVAILABLE): Message("周转量 tkm", "Transport activity, tkm"),
    (Ledger.ENERGY, Bucket.AVAILABLE): Message("节约标准煤 kg", "Coal equivalent saved, kg"),
}
MODES: Mapping[str, Message] = {
    "Road": Message("公路", "road"),
    "InlandWaterway": Message("内河", "inland waterway"),
    "Sea": Message("海运", "sea"),
    "Rail": Message("铁路", "rail"),
}
KINDS: Mapping[str, Message] = {
    "SETTLE": Message("结算", "settled"),
    "RESTATE": Message("重述", "restated"),
    "REVERSE": Message("冲销", "reversed"),
    "TRANSFER": Message("转让", "transfer"),
    "RETIRE": Message("注销", "retired"),
}
TIERS: Mapping[str, Message] = {
    "primary": Message("实测", "primary"),
    "modelled": Message("模型", "modelled"),
    "default": Message("默认", "default"),
    "assumed": Message("假定", "assumed"),
}
COLUMNS: tuple[tuple[Message, float], ...] = (
    (Message("序号", "No."), 0),
    (Message("类别", "Kind"), 0),
    (Message("运单", "Waybill"), 0),
    (Message("批", "Lot"), 0),
    (Message("日期", "Date"), 0),
    (Message("重量 t", "Mass t"), 0),
    (Message("公路 tkm", "Road tkm"), 1),
    (Message("水路 tkm", "Water tkm"), 1),
    (Message("铁路 tkm", "Rail tkm"), 1),
    (Message("基准 kg", "Baseline kg"), 1),
    (Message("实际 kg", "Actual kg"), 1),
    (Message("期望减排 kg", "Expected kg"), 1),
    (Message("入账 kg", "Credited kg"), 1),
    (Message("本户 kg", "This account kg"), 1),
    (Message("等级", "Tier"), 0),
)
"""Words and relative width (0: as wide as needed) of the printed columns."""
TEXT_COLUMNS = (1, 2, 4, 14)


@dataclass(frozen=True, slots=True)
class StatementWords:
    """Everything that a statement prints, in order."""

    title: str
    head: tuple[tuple[str, str], ...]
    opening: tuple[tuple[str, str], ...]
    closing: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    movements: tuple[tuple[str, ...], ...]
    sum: tuple[str, ...]
    notes: tuple[str, ...]
    qr_text: str


def statement_words(statement: Statement, lang: Lang) -> StatementWords:
    """The words of a statement."""
    return StatementWords(
        title=TITLE.text(lang),
        head=tuple((name.text(lang), value) for name, value in _head(statement, lang)),
        opening=_balances(statement.opening, lang),
        closing=_balances(statement.closing, lang),
        columns=tuple(name.text(lang) for name, _ in COLUMNS),
        movements=tuple(_movement(movement, lang) for movement in statement.movements),
        sum=_sum(statement, lang),
        notes=(
            *_reasons(statement.movements, lang),
            *(note.text(lang) for note in (METHOD_NOTE, NETTING_NOTE, WHOLE_NOTE, DISCLAIMER)),
        ),
        qr_text=qr_text(statement),
    )


def period_end(period: str) -> datetime:
    """The first moment after a month: the date of documents about it, whenever they are printed."""
    return datetime.fromisoformat(f"{month_after(period)}-01T00:00:00").replace(tzinfo=CHINA_TIME)


def qr_text(statement: Statement) -> str:
    """What the QR code says: enough to compare the sheet with a checkpoint that somebody kept elsewhere."""
    seal = statement.seal
    sealed = f"{seal.tree_size}:{seal.root.hex()}" if seal else "unsealed"
    return f"modalshift-statement:1:{statement.account.account_id}:{statement.period}:{statement.credited_g}:{sealed}"


def _head(statement: Statement, lang: Lang) -> list[tuple[Message, str]]:
    party = statement.party
    name = "—" if party is None else party.name_zh if lang == "zh" else party.name_en
    versions = ", ".join((*statement.factors_versions, *statement.network_versions))
    return [
        (Message("企业", "Enterprise"), name),
        (Message("统一社会信用代码", "Credit code"), party.credit_code if party else "—"),
        (Message("账户", "Account"), f"{statement.account.account_id} ({statement.account.domain})"),
        (Message("期间", "Period"), period_text(statement).text(lang)),
        (Message("本期入账", "Credited in the period"), f"{kilograms(statement.credited_g)} kg CO2e"),
        (Message("本期净期望减排", "Net expected reduction"), f"{kilograms(statement.net_expected_g)} kg CO2e"),
        (Message("整体 90% 下限", "90 % bound of the whole"), whole_text(statement).text(lang)),
        (Message("账本序号", "Ledger number"), str(statement.last_seq)),
        (Message("默克尔树", "Merkle tree"), seal_text(statement).text(lang)),
        (Message("方法与界限", "Method, boundary"), f"{statement.method}, WTW CO2e"),
        (Message("因子与网络", "Factors, network"), versions or "—"),
        (Message("程序", "Product"), ", ".join(statement.code_versions) or "—"),
    ]


def period_text(statement: Statement) -> Message:
    """The month, and whether it is closed: figures of an open one may still change."""
    if statement.closed:
        return Message(f"{statement.period}（已关账）", f"{statement.period} (closed)")
    return Message(f"{statement.period}（未关账）", f"{statement.period} (open)")


def seal_text(statement: Statement) -> Message:
    """The tree behind a statement, and whether it holds all of that: a root vouches for nothing that came later."""
    seal = statement.seal
    if seal is None:
        return Message("尚未封存", "not sealed yet")
    tree = f"{seal.tree_size} · {seal.root.hex()}"
    if not statement.beyond_seal:
        return Message(tree, tree)
    return Message(
        f"{tree}；第 {seal.sealed_seq} 号以后的变动尚未封存",
        f"{tree}; what comes after No. {seal.sealed_seq} is not sealed yet",
    )


def whole_text(statement: Statement) -> Message:
    """The bound of the lots consigned together, or why there is none."""
    whole, unknown = statement.whole, statement.unbounded_runs
    if unknown:
        return Message(
            f"— {unknown} 次计算早于误差来源存档，重述后可得",
            f"— {unknown} run(s) are older than kept error sources; restate them to have it",
        )
    if whole is None:
        return Message("—", "—")
    lower, standard, lots = map(kilograms, (whole.lower_g, whole.standard_g, whole.credited_g))
    return Message(
        f"{lower} kg CO2e（标准不确定度 {standard}，逐批入账合计 {lots}）",
        f"{lower} kg CO2e (standard uncertainty {standard}, credited lot by lot {lots})",
    )


def _balances(balances: Iterable[Balance], lang: Lang) -> tuple[tuple[str, str], ...]:
    rows = []
    for balance in balances:
        name = LEDGERS[(balance.ledger, balance.bucket)].text(lang)
        part = MODES[balance.part].text(lang) if balance.part in MODES else balance.part
        amount = tonnes(balance.amount) if balance.ledger is Ledger.ACTIVITY else kilograms(balance.amount)
        rows.append((f"{name} · {part}" if part else name, amount))
    return tuple(rows) or (("—", "0.000"),)


def _movement(movement: Movement, lang: Lang) -> tuple[str, ...]:
    """A row of the table; a transfer or retirement has a claim and nothing else."""
    of_lot = movement.kind in LOT_KINDS
    first = (
        str(movement.seq),
        KINDS[movement.kind].text(lang),
        _waybill(movement) or "—",
        str(movement.lot_no) if movement.waybill_number else "—",
        iso(movement.effective_at)[:10],
    )
    tier = TIERS[movement.tier].text(lang) if movement.tier in TIERS else "—"
    return (*first, *(_lot_amounts(movement) if of_lot else ["—"] * 8), kilograms(movement.claim_g), tier)


def _lot_amounts(movement: Movement) -> tuple[str, ...]:
    activity = movement.activity_kgkm
    water_kgkm = activity.get("InlandWaterway", 0) + activity.get("Sea", 0)
    return (
        tonnes(movement.mass_kg),
        tonnes(activity.get("Road", 0)),
        tonnes(water_kgkm),
        tonnes(activity.get("Rail", 0)),
        kilograms(movement.baseline_g),
        kilograms(movement.actual_g),
        kilograms(movement.expected_g),
        kilograms(movement.credited_g),
    )


def _reasons(movements: Iterable[Movement], lang: Lang) -> list[str]:
    """Why corrections, transfers and retirements were asked for, of which deal: one line for each kind and reason, with
    the entries that have it; a revision of factors restates lots by the thousand for one reason."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for movement in movements:
        if movement.memo:
            key = KINDS[movement.kind].text(lang), _counterparty(movement).text(lang), movement.memo
            found.setdefault(key, []).append(movement.seq)
    lines = []
    for (kind, other, memo), numbers in found.items():
        listed, more = ", ".join(map(str, numbers[:MAX_LISTED])), len(numbers) - MAX_LISTED
        rest = Message(f" 等 {len(numbers)} 条", f" and {more} more").text(lang) if more > 0 else ""
        lines.append(f"{kind} {listed}{rest}{other}: {memo}")
    return lines


def _counterparty(movement: Movement) -> Message:
    """From or to which account a transfer went."""
    other = movement.counterparty
    if not other:
        return Message("", "")
    if movement.claim_g < 0:
        return Message(f"（转给 {other}）", f" (to {other})")
    return Message(f"（转自 {other}）", f" (from {other})")


def _waybill(movement: Movement) -> str:
    """The number, and the version where the waybill was amended."""
    version = f" v{movement.waybill_version}" if movement.waybill_version > 1 else ""
    return movement.waybill_number + version


def _sum(statement: Statement, lang: Lang) -> tuple[str, ...]:
    own = [movement for movement in statement.movements if movement.consigned]
    activity: dict[str, int] = {}
    for movement in own:
        for mode, amount in movement.activity_kgkm.items():
            activity[mode] = activity.get(mode, 0) + amount
    water_kgkm = activity.get("InlandWaterway", 0) + activity.get("Sea", 0)
    return (
        "",
        SUM.text(lang),
        "",
        str(len(own)),
        "",
        tonnes(sum(movement.mass_kg for movement in own)),
        tonnes(activity.get("Road", 0)),
        tonnes(water_kgkm),
        tonnes(activity.get("Rail", 0)),
        kilograms(sum(movement.baseline_g for movement in own)),
        kilograms(sum(movement.actual_g for movement in own)),
        kilograms(sum(movement.expected_g for movement in own)),
        kilograms(sum(movement.credited_g for movement in own)),
        kilograms(sum(movement.claim_g for movement in own)),
        "",
    )
