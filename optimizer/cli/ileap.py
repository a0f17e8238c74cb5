"""``modalshift ileap``: footprints as iLEAP 1.0 documents, bare or in PACT envelopes, out and in."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli.command import DONE, FINDINGS, Program, Verb, WrittenFile, option
from optimizer.cli.documents import read_document, write_whole
from optimizer.cli.printing import json_text, say
from optimizer.cli.session import current_session
from optimizer.errors import Fault, InputError, Message
from optimizer.quantities import CHINA_TIME, local_time

if TYPE_CHECKING:
    from datetime import date

    from optimizer.exchange.ileap import Bundle

PATH = click.Path(path_type=Path)


@click.group(
    cls=Program,
    invoke_without_command=True,
    about=Message("iLEAP 1.0 数据交换，可带 PACT 信封", "exchange iLEAP 1.0 documents, bare or in PACT envelopes"),
)
@click.pass_context
def ileap(ctx: click.Context) -> None:
    """Show the help when no verb is named."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@ileap.command("export", cls=Verb, about=Message("输出 iLEAP 文件", "write an iLEAP document"))
@option("--out", required=True, type=WrittenFile(), metavar="FILE.json", zh="写入的文件", en="file to write")
@option("--plan", "plan_file", type=PATH, metavar="PLAN.json", zh="来自计划", en="from a plan")
@option("--chains", "chains_file", type=PATH, metavar="CHAINS.csv", zh="来自运输链", en="from transport chains")
@option("--waybill", "waybills", multiple=True, metavar="NUMBER", zh="只要这些运单（数据库）", en="these waybills only")
@option(
    "--pact", "pact_version", type=click.IntRange(2, 3), zh="PACT 信封版本（3 为现行）", en="PACT version (3: current)"
)
@option("--company", default="modalshift", show_default=True, zh="出具方名称", en="name of who issues it")
@option("--company-id", "company_ids", multiple=True, metavar="URN", zh="出具方 URN，可多次", en="URN of who issues it")
@option("--no-tad", is_flag=True, zh="不写活动数据", en="leave activity data out")
@option("--created-at", metavar="TIME", zh="出具时间，默认现在", en="time of issue; now by default")
@option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", zh="运输链的作业日", en="day of chains that name none"
)
def export(
    out: Path,
    plan_file: Path | None,
    chains_file: Path | None,
    waybills: tuple[str, ...],
    pact_version: int | None,
    company: str,
    company_ids: tuple[str, ...],
    no_tad: bool,
    created_at: str | None,
    on: datetime | None,
) -> int:
    """Settled lots of the database unless a plan or chains are named. The document is checked before it is written."""
    from optimizer.exchange.ileap import bundle_document
    from optimizer.exchange.ileap_rules import bundle_faults
    from optimizer.exchange.pact import Issuer, envelope

    now = _moment(created_at)
    bundle = _bundle(plan_file, chains_file, waybills, on.date() if on else now.date())
    if no_tad:
        bundle = replace(bundle, activities=())
    document = bundle_document(bundle)
    faults = bundle_faults(document, out.name)
    if faults:
        raise InputError.of(faults)
    if pact_version is not None:
        urns = company_ids or (f"urn:pathfinder:company:customcode:vendor-assigned:{company}",)
        start, end = _period(bundle, now)
        document = envelope(bundle, Issuer(company, urns, now, start, end), pact_version)
    write_whole(out, json_text(document))
    counts = len(bundle.footprints), len(bundle.baseline), len(bundle.operations), len(bundle.activities)
    say(
        Message(
            f"{counts[0]} 个货运足迹、{counts[1]} 个基准足迹、{counts[2]} 个 TOC/HOC、{counts[3]} 个 TAD；已写入 {out}",
            f"{counts[0]} footprints, {counts[1]} baselines, {counts[2]} TOC/HOC, {counts[3]} TAD; wrote {out}",
        )
    )
    return DONE if bundle.footprints or bundle.operations else FINDINGS


@ileap.command("import", cls=Verb, about=Message("读入 iLEAP 文件为运输链与因子", "read iLEAP into chains and factors"))
@click.argument("file", metavar="FILE.json", type=PATH)
@option(
    "--chains", "chains_out", required=True, type=WrittenFile(), metavar="CHAINS.csv", zh="写入的运输链",
    en="chains to write",
)  # fmt: skip
@option(
    "--factors", "factors_out", required=True, type=PATH, metavar="DIR", zh="写入的因子目录", en="directory of factors"
)
@option(
    "--valid-from", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", zh="因子有效期起", en="first day of the factors"
)
def import_file(file: Path, chains_out: Path, factors_out: Path, valid_from: datetime | None) -> int:
    """Every fault is listed and nothing written; exit 1 when some activity data could not be taken over."""
    import tempfile

    from optimizer.emissions.factor_files import FILE, ImportRules, import_factors
    from optimizer.exchange.ileap_chains import import_bundle

    document = _checked(file)
    day = (valid_from or datetime(2020, 1, 1)).date()
    made = import_bundle(document, day, file.name)
    with tempfile.TemporaryDirectory() as directory:
        own = Path(directory) / file.name
        own.write_text(made.factors_csv, encoding="utf-8")
        text = import_factors(own, None, ImportRules()).text if made.factors_csv.count("\n") > 1 else ""
    if text:
        factors_out.mkdir(parents=True, exist_ok=True)
        write_whole(factors_out / FILE, text)
    write_whole(chains_out, made.chains_csv)
    for words in (*made.skipped, *made.whole):
        say(words)
    rows = made.chains_csv.count("\n") - 1
    say(
        Message(
            f"{rows} 行运输链写入 {chains_out}，因子写入 {factors_out}",
            f"{rows} rows into {chains_out}, factors into {factors_out}",
        )
    )
    return FINDINGS if made.skipped else DONE


@ileap.command("check", cls=Verb, about=Message("检查 iLEAP 或 PACT 文件", "check an iLEAP or PACT document"))
@click.argument("file", metavar="FILE.json", type=PATH)
def check(file: Path) -> None:
    """Exit 2 with every fault."""
    document = _checked(file)
    counts = ", ".join(f"{name} {len(items)}" for name, items in document.items() if isinstance(items, list))
    say(Message(f"{file.name} 合乎 iLEAP 1.0：{counts}", f"{file.name} is valid iLEAP 1.0: {counts}"))


def _checked(file: Path) -> dict[str, Any]:
    """A document as a bundle document, its faults raised."""
    from optimizer.exchange.ileap_rules import bundle_faults
    from optimizer.exchange.pact import opened

    try:
        tree = json.loads(read_document(file))
    except (ValueError, RecursionError) as error:
        message = Message(f"不是 JSON（{error}）。", f"This is not JSON ({error}).")
        raise InputError.of([Fault(file.name, None, None, "bad_json", message)]) from error
    document, faults = opened(tree, file.name)
    if not any(isinstance(items, list) and items for items in document.values()):
        message = Message("没有 iLEAP 数据。", "There is no iLEAP data in it.")
        faults.append(Fault(file.name, None, None, "no_data", message))
    faults += bundle_faults(document, file.name)
    if faults:
        raise InputError.of(faults)
    return document


def _bundle(plan_file: Path | None, chains_file: Path | None, waybills: tuple[str, ...], on: date) -> Bundle:
    session = current_session()
    factors = session.factors()
    if plan_file is not None:
        from optimizer.exchange.ileap_plan import plan_bundle
        from optimizer.planning.document import plan_from_json

        return plan_bundle(plan_from_json(read_document(plan_file), plan_file.name), session.network(), factors)
    if chains_file is not None:
        from optimizer.emissions.footprint import RateRules, compute, legs_of, read_chains
        from optimizer.exchange.ileap_chains import chains_bundle

        chains = read_chains(chains_file)
        legs = legs_of(chains.columns, factors, on, RateRules())
        return chains_bundle(legs, compute(legs), factors, on)
    from optimizer.exchange.ileap_lots import by_waybill, lots_bundle

    with session.store() as store:
        network, factors = session.tables(store)
        with store.read() as reading:
            lots = by_waybill(reading.runs(), reading.waybills(waybills or None))
    return lots_bundle(lots, network, factors)


def _period(bundle: Bundle, now: datetime) -> tuple[datetime, datetime]:
    """From the first departure to the last arrival; the day of issue where no element says when."""
    elements = [element for one in bundle.footprints for element in one.elements]
    begins = [element.departs_at for element in elements if element.departs_at]
    ends = [element.arrives_at for element in elements if element.arrives_at]
    return (min(begins), max(ends)) if begins and ends else (now, now + timedelta(days=1))


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(CHINA_TIME).replace(microsecond=0)
    try:
        return local_time(text)
    except ValueError as error:
        message = Message(
            "--created-at 应如 2026-11-01T08:00:00+08:00。",
            "--created-at: a time such as 2026-11-01T08:00:00+08:00.",
        )
        raise InputError(message) from error
