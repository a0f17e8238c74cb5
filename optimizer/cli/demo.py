"""``modalshift demo``: the whole story on the shipped data.

    shipments -> plan -> waybills -> what carriers report -> settlement -> closed month -> statements -> audit

Everything happens at fixed times of the demo month, so a second run tells the same story.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.command import Verb, option
from optimizer.cli.documents import write_whole
from optimizer.cli.figures import kilograms, tonnes, yuan
from optimizer.cli.plan import print_plan, teller
from optimizer.cli.printing import json_text, print_table, say
from optimizer.cli.session import SQLITE_FILE_URL, current_session
from optimizer.errors import InputError, Message
from optimizer.quantities import CHINA_TIME

if TYPE_CHECKING:
    from optimizer.emissions.factors import FactorTable
    from optimizer.network.model import Network
    from optimizer.planning.plan import Plan
    from optimizer.planning.shipment import Shipment
    from optimizer.store.engine import Store
    from optimizer.waybills.waybill import Waybill

DATABASE = "modalshift.db"
MARKER = "demo.txt"
"""Only a directory that carries this file, or holds no database, may be written over."""

ACCEPTED_AT = datetime(2026, 9, 30, 17, tzinfo=CHINA_TIME)
SETTLED_AT = datetime(2026, 11, 30, 9, tzinfo=CHINA_TIME)
PERIODS = ("2026-10",)
EXECUTION_SEED = 1


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where the story plays."""

    out: Path
    network: Network
    factors: FactorTable
    store: Store


@click.command(cls=Verb, about=Message("用随附数据演示全程", "tell the whole story on the shipped data"))
@option(
    "--out",
    default="demo-out",
    show_default=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    zh="结果目录",
    en="directory for the results",
)
@option(
    "--shipments",
    metavar="SHIPMENTS.csv",
    type=click.Path(path_type=Path),
    zh="改用这些货单，默认随附的一个月",
    en="other shipments than the shipped month",
)
def demo(out: Path, shipments: Path | None) -> None:
    """Leaves DIR/modalshift.db, which `serve` opens."""
    from optimizer import actions
    from optimizer.demo.seed_files import shipments_path
    from optimizer.planning.shipment_file import read_shipments

    session = current_session()
    network, factors = session.network(), session.factors()
    listed = read_shipments(shipments or shipments_path(), network)
    _prepare(out)
    store = actions.open_store(f"{SQLITE_FILE_URL}{out / DATABASE}")
    try:
        stage = _Stage(out, network, factors, store)
        plan = _plan(stage, listed)
        _report(stage, _accept(stage, listed, plan))
        _settle(stage)
        _statements(stage)
        _audit(stage)
    finally:
        store.close()
    serve = f"modalshift serve --demo --db {SQLITE_FILE_URL}{out / DATABASE}"
    say(Message(f"完成。打开网页：{serve}", f"Done. Web pages: {serve}"))


def _prepare(out: Path) -> None:
    """An empty stage: what an earlier demo left is removed, anything else is left alone."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = Message(
            f"无法建立目录 {out}（{error.strerror}）；请换一个。",
            f"Cannot make {out} ({error.strerror}); name another.",
        )
        raise InputError(message) from error
    if (out / DATABASE).exists() and not (out / MARKER).exists():
        raise InputError(
            Message(
                f"{out / DATABASE} 不是演示生成的，不会覆盖；请换一个 --out 目录。",
                f"{out / DATABASE} was not made by a demo and stays as it is; name another directory with --out.",
            )
        )
    write_whole(out / MARKER, "modalshift demo\n")
    for suffix in ("", "-wal", "-shm"):
        (out / f"{DATABASE}{suffix}").unlink(missing_ok=True)


def _plan(stage: _Stage, shipments: list[Shipment]) -> Plan:
    from optimizer.planning.check import check_plan
    from optimizer.planning.document import plan_to_json
    from optimizer.planning.settings import PlanSettings
    from optimizer.planning.solve import plan_shipments

    _heading("一、规划", "1. Plan")
    plan = plan_shipments(shipments, stage.network, stage.factors, PlanSettings(), clock=time.monotonic, tell=teller())
    write_whole(stage.out / "plan.json", plan_to_json(plan))
    print_plan(plan)
    wrong = len(check_plan(plan, shipments, stage.network, stage.factors))
    say(Message(f"独立复核：{wrong} 处问题", f"Independent check: {wrong} violation(s)"))
    return plan


def _accept(stage: _Stage, shipments: list[Shipment], plan: Plan) -> list[Waybill]:
    from optimizer import actions
    from optimizer.demo.seed_files import read_parties

    waybills = actions.accept(stage.store, plan, shipments, read_parties(), stage.network, ACCEPTED_AT)
    lots = sum(len(waybill.lots) for waybill in waybills)
    _heading("二、签发运单（一单到底）", "2. Waybills, one for the whole way")
    say(Message(f"签发运单 {len(waybills)} 份，共 {lots} 批", f"{len(waybills)} waybills issued, {lots} lots"))
    return waybills


def _report(stage: _Stage, waybills: list[Waybill]) -> None:
    from optimizer import actions
    from optimizer.demo.execution import execute_month
    from optimizer.demo.seed_files import read_incidents

    events = execute_month(waybills, read_incidents(), EXECUTION_SEED)
    result = actions.record(stage.store, events, SETTLED_AT)
    _heading("三、承运人上报", "3. Carriers report")
    accepted, refused = len(result.accepted), len(result.refused)
    say(Message(f"事件 {accepted} 条入库，{refused} 条退回", f"{accepted} events recorded, {refused} refused"))


def _settle(stage: _Stage) -> None:
    from optimizer import actions

    result = actions.settle(stage.store, stage.network, stage.factors, SETTLED_AT)
    _heading("四、结算", "4. Settlement")
    rows = [
        (Message("已结算批次", "lots settled"), str(result.settled_lots)),
        (Message("重量 t", "mass t"), tonnes(result.mass_kg)),
        (Message("公路基准 kg CO2e", "road baseline kg CO2e"), kilograms(result.baseline_g)),
        (Message("实际排放 kg CO2e", "actual kg CO2e"), kilograms(result.actual_g)),
        (Message("减排期望值 kg CO2e", "expected reduction kg CO2e"), kilograms(result.expected_g)),
        (Message("入账 kg CO2e", "credited kg CO2e"), kilograms(result.credited_g)),
        (Message("每吨减排 kg", "reduction kg per t"), kilograms(result.expected_g * 1000 // max(result.mass_kg, 1))),
    ]
    lang = current_session().lang
    table = [[name.text(lang), figure] for name, figure in rows]
    print_table(Message("结算结果", "Settled"), [Message("项目", "Figure"), Message("数值", "Value")], table)
    for status, count in sorted(result.carbon.items()):
        say(Message(f"批次状态 {status}：{count}", f"Lots {status}: {count}"))


def _statements(stage: _Stage) -> None:
    from optimizer import actions
    from optimizer.accounts.statement import statement_csv, statement_json

    for period in PERIODS:
        actions.close(stage.store, period, SETTLED_AT)
    rows = []
    for enterprise in actions.savings(stage.store, "enterprise"):
        for period in PERIODS:
            found = actions.statement(stage.store, enterprise.key, period)
            name = f"statement-{enterprise.key}-{period}"
            write_whole(stage.out / f"{name}.json", statement_json(found))
            write_whole(stage.out / f"{name}.csv", statement_csv(found))
        label = Message(enterprise.label_zh, enterprise.label_en).text(current_session().lang)
        rows.append(
            [
                label,
                str(enterprise.lots),
                tonnes(enterprise.mass_kg),
                yuan(enterprise.cost_saved_fen),
                kilograms(enterprise.expected_g),
                kilograms(enterprise.credited_g),
            ]
        )
    _heading("五、关账与对账单（减碳一表清算）", "5. The month is closed; statements")
    columns = [
        Message("企业", "Enterprise"),
        Message("批次", "Lots"),
        Message("重量 t", "Mass t"),
        Message("省 元", "Saved yuan"),
        Message("减排期望值 kg", "Expected kg"),
        Message("入账 kg", "Credited kg"),
    ]
    print_table(Message("各企业全部已结算批次", "All settled lots by enterprise"), columns, rows)


def _audit(stage: _Stage) -> None:
    from optimizer import actions

    findings = actions.audit(stage.store, stage.network, stage.factors)
    write_whole(stage.out / "audit.json", json_text([asdict(finding) for finding in findings]))
    _heading("六、审计", "6. Audit")
    counts = Counter(finding.code for finding in findings)
    say(Message(f"发现 {len(findings)} 项（详见 audit.json）", f"{len(findings)} finding(s), see audit.json"))
    for code, count in sorted(counts.items()):
        say(Message(f"  {code}：{count}", f"  {code}: {count}"))


def _heading(zh: str, en: str) -> None:
    say(Message(f"\n{zh}", f"\n{en}"))
