"""``modalshift audit``: every check over the whole database, and what an auditor draws from it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from optimizer.cli.command import DONE, FINDINGS, Program, Verb, WrittenFile, option
from optimizer.cli.documents import read_document, write_whole
from optimizer.cli.printing import json_text, print_findings, print_json, print_table, say
from optimizer.cli.session import current_session
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME, kilograms, tonnes

PER_CENT = 100
REMEDIES = (
    (
        frozenset({"evidence_lost", "evidence_missing"}),
        Message(
            "证据不全（evidence_…）：由承运方撤回原事件、补报带凭证的过磅，凭证文件用 modalshift evidence add 登记，"
            "再 modalshift settle。",
            "Evidence (evidence_...): the carrier withdraws the event and reports the weighing with its ticket, files"
            " are registered by modalshift evidence add; then modalshift settle.",
        ),
    ),
    (
        frozenset({"duplicate_under_another_number"}),
        Message(
            "疑为重复（duplicate_…）：核实两份运单；确是两次运输的，由经营人的调度报告解除（RELS），"
            "否则由承运方撤回错报的事件。",
            "Doubles (duplicate_...): compare both waybills; where they are two journeys the operator's planner reports"
            " a release (RELS), else the carrier withdraws the wrong events.",
        ),
    ),
    (
        frozenset(
            {
                *("document_changed", "transaction_changed", "run_changed", "run_missing", "columns_differ"),
                *("postings_differ_from_run", "claims_differ_from_runs", "balance_differs", "not_balanced"),
                *("sequence_gap", "unknown_account", "city_totals_differ", "city_exposures_differ"),
                *("pending_differs", "factor_table_changed"),
            }
        ),
        Message(
            "记录被改动或账不平：用 modalshift verify 树头文件 --manifest 清单 指出被改的记录"
            "（余额与全市汇总不在树中，只有审计发现），再由备份恢复（modalshift restore）。",
            "Records were changed or do not add up: modalshift verify CHECKPOINT --manifest FILE names what was"
            " changed (balances and city totals are not in the tree, the audit alone finds them); then restore a backup"
            " (modalshift restore).",
        ),
    ),
)
"""What to do about findings, by their codes."""
SHOWN = 20
"""Findings of an examination that are printed; `--json` gives all."""

json_option = option("--json", "as_json", is_flag=True, zh="输出 JSON", en="print JSON")
confidence_option = option(
    "--confidence",
    default=95.0,
    show_default=True,
    type=click.FloatRange(50, 99.99),
    metavar="PERCENT",
    zh="置信度（%）",
    en="confidence, %",
)
threshold_option = option(
    "--threshold",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0.01, 50),
    metavar="PERCENT",
    zh="重要性界限，占入账总量（%）",
    en="threshold, % of all credited grams",
)


@click.group(
    cls=Program,
    invoke_without_command=True,
    about=Message("审计全部账目：重算、核对、查缺", "audit all books: recompute, cross-check, find gaps"),
)
@json_option
@option(
    "--processes",
    type=click.IntRange(1, 64),
    metavar="N",
    zh="同时读账的进程数，默认按账本大小与核数",
    en="processes that read at once; by default what size of ledger and cores suggest",
)
@click.pass_context
def audit(ctx: click.Context, as_json: bool, processes: int | None) -> int:
    """Exit 1 when there is any finding."""
    if ctx.invoked_subcommand is not None:
        return DONE
    from optimizer import actions

    session = current_session()
    with session.store() as store:
        findings = actions.audit(store, *session.tables(store), session.evidence(), processes)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_findings(findings)
        say(
            Message(f"审计完成，{len(findings)} 项发现。", f"Audit done, {len(findings)} finding(s).")
            if findings
            else Message("审计完成，未发现问题。", "Audit done, the books are clean.")
        )
        codes = {finding.code for finding in findings}
        for concerned, remedy in REMEDIES:
            if codes & concerned:
                say(remedy)
    return FINDINGS if findings else DONE


@audit.command(
    "population",
    cls=Verb,
    about=Message("导出已结算批次与控制总数", "export the settled lots with their control totals"),
)
@option(
    "--out",
    required=True,
    type=WrittenFile(),
    metavar="FILE.csv|json",
    zh="写入的文件",
    en="file to write",
)
@option("--period", default="", metavar="YYYY-MM", zh="只取一个月", en="one month only")
def audit_population(out: Path, period: str) -> int:
    """Exit 1 when the ledger holds grams that no lot of the export explains."""
    from optimizer.accounts.population import population_csv
    from optimizer.actions.sampling import population

    with current_session().store() as store:
        found = population(store, period)
    totals = found.totals
    document = {"control_totals": _totals(found), "items": [asdict(item) for item in found.items]}
    write_whole(out, json_text(document) if out.suffix == ".json" else population_csv(found.items))
    say(
        Message(
            f"已写入 {out}：{totals.lots} 批（冲正 {totals.reversed_lots}），{tonnes(totals.mass_kg)} t，入账 "
            f"{kilograms(totals.credited_wtw_g)} kg CO2e，"
            f"账本截至第 {totals.last_seq} 号，CSV 的 SHA-256 {totals.sha256}",
            f"Wrote {out}: {totals.lots} lots ({totals.reversed_lots} reversed), {tonnes(totals.mass_kg)} t, credited "
            f"{kilograms(totals.credited_wtw_g)} kg CO2e, ledger up to entry {totals.last_seq}, SHA-256 of the CSV "
            f"{totals.sha256}",
        )
    )
    if totals.unexplained_g is not None:
        difference = kilograms(totals.unexplained_g)
        say(Message(f"与账本余额之差 {difference} kg。", f"Difference to the balances of the ledger: {difference} kg."))
    return FINDINGS if totals.unexplained_g else DONE


@audit.command("sample", cls=Verb, about=Message("按种子抽样，可重现", "draw a sample that its seed reproduces"))
@option("--out", required=True, type=WrittenFile(), metavar="FILE.csv", zh="写入的文件", en="file to write")
@option(
    "--method",
    default="mus",
    show_default=True,
    type=click.Choice(["mus", "random"]),
    zh="按克或简单随机",
    en="by grams or simple random",
)
@option(
    "--size",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    zh="样本量，默认按置信度与界限",
    en="size; by default what confidence and threshold need",
)
@option("--seed", default="0", show_default=True, metavar="TEXT", zh="种子，任意文本", en="seed, any text")
@confidence_option
@threshold_option
def audit_sample(out: Path, method: str, size: int | None, seed: str, confidence: float, threshold: float) -> None:
    """Fill in the column audited_g, then `audit misstatement FILE`."""
    from optimizer.accounts.misstatement import sample_csv
    from optimizer.actions.sampling import draw_sample

    with current_session().store() as store:
        sample = draw_sample(store, method, size, seed, confidence / PER_CENT, threshold / PER_CENT)
    write_whole(out, sample_csv(sample))
    drawn_g = sum(item.credited_wtw_g for item in sample.items)
    say(
        Message(
            f"已写入 {out}：{sample.population_lots} 批中抽 {len(sample.items)} 批（必查 {len(sample.certain)}），"
            f"{kilograms(drawn_g)} / {kilograms(sample.population_g)} kg；请填 audited_g。",
            f"Wrote {out}: {len(sample.items)} of {sample.population_lots} lots ({len(sample.certain)} certain), "
            f"{kilograms(drawn_g)} of {kilograms(sample.population_g)} kg; fill in audited_g.",
        )
    )


@audit.command(
    "misstatement",
    cls=Verb,
    about=Message("由样本推算全账错报，与界限比较", "project a sample's misstatements and compare with the threshold"),
)
@click.argument("sample", metavar="SAMPLE.csv", type=click.Path(path_type=Path))
@confidence_option
@threshold_option
@json_option
def audit_misstatement(sample: Path, confidence: float, threshold: float, as_json: bool) -> int:
    """Exit 1 unless the misstatement is below the threshold at that confidence."""
    from optimizer.accounts.misstatement import BELOW, parse_sample
    from optimizer.actions.sampling import evaluate_sample

    file = parse_sample(read_document(sample), sample.name)
    with current_session().store() as store:
        found = evaluate_sample(store, file, confidence / PER_CENT, threshold / PER_CENT)
    if as_json:
        print_json({**asdict(found), "conclusion": found.conclusion})
        return DONE if found.conclusion == BELOW else FINDINGS
    limits = (found.overstatement_limit_g, found.understatement_limit_g)
    over, under = ("—" if limit is None else f"{kilograms(limit)} kg" for limit in limits)
    says = {
        BELOW: Message("低于界限", "below the threshold"),
        "above_threshold": Message("高于界限", "above the threshold"),
    }.get(found.conclusion, Message("样本不足以判断", "the sample does not decide"))
    say(
        Message(
            f"{found.items} 批中 {found.wrong} 批有误；推算净错报 {kilograms(found.projected_g)} kg，"
            f"{confidence:g}% 上限：高估 {over}，低估 {under}；界限 {kilograms(found.threshold_g)} kg：{says.zh}。",
            f"{found.wrong} of {found.items} lots are wrong; projected net misstatement "
            f"{kilograms(found.projected_g)} kg, {confidence:g} % limits: over {over}, under {under}; threshold "
            f"{kilograms(found.threshold_g)} kg: {says.en}.",
        )
    )
    return DONE if found.conclusion == BELOW else FINDINGS


@audit.command(
    "overlaps", cls=Verb, about=Message("与其他机制的主张比对", "compare settled lots with claims of another scheme")
)
@click.argument("claims", metavar="CLAIMS.csv", type=click.Path(path_type=Path))
@json_option
def audit_overlaps(claims: Path, as_json: bool) -> int:
    """Columns: scheme, claim_id, document_number, evidence_sha256, vessel_id, place, loaded_at, mass_t."""
    from optimizer.accounts.audit.overlaps import parse_claims
    from optimizer.actions.examining import examine_overlaps

    listed = parse_claims(read_document(claims), claims.name)
    with current_session().store() as store:
        findings = examine_overlaps(store, listed)
    if as_json:
        print_json([asdict(finding) for finding in findings])
        return FINDINGS if findings else DONE
    print_findings(findings)
    say(
        Message(
            f"比对 {len(listed)} 条主张，{len(findings)} 项重叠。",
            f"Compared {len(listed)} claim(s), {len(findings)} overlap(s).",
        )
    )
    return FINDINGS if findings else DONE


@audit.command(
    "timeliness",
    cls=Verb,
    about=Message("完整性与及时性：每批在何处，各用几天", "where every lot is, and how long it took"),
)
@option(
    "--max-days",
    default=30,
    show_default=True,
    type=click.IntRange(0, 10_000),
    metavar="N",
    zh="天数上限",
    en="limit, days",
)
@json_option
def audit_timeliness(max_days: int, as_json: bool) -> int:
    """Exit 1 when anything took longer than the limit or a verified lot has neither settlement nor job."""
    from optimizer.actions.examining import examine_timeliness

    with current_session().store() as store:
        found = examine_timeliness(store, datetime.now(CHINA_TIME), timedelta(days=max_days))
    bad = bool(found.findings or found.lots["verified_without_job"])
    if as_json:
        print_json(asdict(found))
        return FINDINGS if bad else DONE
    print_findings(found.findings[:SHOWN])
    print_table(
        Message(f"{found.issued} 批", f"{found.issued} lots"),
        [Message("所在", "where"), Message("批数", "lots")],
        [[name, str(count)] for name, count in found.lots.items()],
    )
    print_table(
        Message("天数", "Days"),
        [
            Message("阶段", "step"),
            *(Message("件数", "count"), Message("中位数", "median"), Message("95%", "95 %")),
            *(Message("最大", "largest"), Message("超限", "late")),
        ],
        [
            [name, str(d.count), f"{d.median_days:.1f}", f"{d.p95_days:.1f}", f"{d.largest_days:.1f}", str(d.late)]
            for name, d in (("event > record", found.reporting), ("delivery > settlement", found.settling))
        ],
    )
    return FINDINGS if bad else DONE


def _totals(found: Any) -> dict[str, Any]:
    return {**asdict(found.totals), "unexplained_g": found.totals.unexplained_g}
