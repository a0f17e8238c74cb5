"""``modalshift factors``: the factor database: look up, compare, bring one's own, release by two persons."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli.command import DONE, FINDINGS, Program, Verb, option
from optimizer.cli.factor_import import DIRECTORY, directory_option, import_file, print_changes
from optimizer.cli.printing import print_json, print_table, say
from optimizer.cli.session import current_session
from optimizer.cli.usage import BadValue
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME

if TYPE_CHECKING:
    from optimizer.emissions.factor import Factor
    from optimizer.emissions.factors import FactorTable


@click.group(
    cls=Program,
    invoke_without_command=True,
    about=Message("排放因子库：查询、比较、导入、两人发布", "the factor database: look up, compare, import, release"),
)
@click.pass_context
def factors(ctx: click.Context) -> None:
    """Show the help when no verb is named."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


json_option = option("--json", "as_json", is_flag=True, zh="输出 JSON", en="print JSON")


factors.add_command(import_file)


@factors.command("list", cls=Verb, about=Message("列出因子", "list factors"))
@directory_option
@option("--mode", default="", metavar="MODE", zh="运输方式或 energy", en="mode, or energy")
@option("--carrier", default="", metavar="NAME", zh="能源品种", en="energy carrier")
@option("--find", "text", default="", metavar="TEXT", zh="编号或说明含有的文字", en="text in id or description")
@option("--on", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", zh="当日有效", en="valid on a day")
@json_option
def list_factors(directory: Path | None, mode: str, carrier: str, text: str, on: datetime | None, as_json: bool) -> int:
    """Exit 1 when nothing fits."""
    table = _table(directory)
    found = [
        f
        for f in table.factors
        if mode.lower() in ("", f.mode)
        and carrier in ("", f.energy_carrier)
        and text.lower() in f"{f.factor_id} {f.description.zh} {f.description.en}".lower()
        and (on is None or f.valid_on(on.date()))
    ]
    if as_json:
        print_json({"factors_version": table.version, "factors": [document(f) for f in found]})
        return DONE if found else FINDINGS
    columns = [
        Message("因子@版本", "Factor@version"),
        Message("每", "Per"),
        Message("WTT kg", "WTT kg"),
        Message("TTW kg", "TTW kg"),
        Message("WTW kg", "WTW kg"),
        Message("口径", "Covers"),
        Message("地区", "Region"),
        Message("有效期", "Valid"),
    ]
    rows = [
        [
            f"{f.factor_id}@{f.version}",
            f.unit,
            *(_number(value) for value in (f.wtt_kg, f.ttw_kg, f.wtw_kg)),
            f"{f.boundary} {f.gas_basis}",
            f.region,
            f"{f.valid_from}..{f.valid_to or ''}",
        ]
        for f in found
    ]
    print_table(
        Message(f"{len(found)} 个因子，{table.version}", f"{len(found)} factors, {table.version}"), columns, rows
    )
    return DONE if found else FINDINGS


@factors.command(
    "show", cls=Verb, about=Message("一个因子的全部版本与来源", "every version of a factor, with its source")
)
@click.argument("factor_id", metavar="FACTOR_ID")
@directory_option
@json_option
def show(factor_id: str, directory: Path | None, as_json: bool) -> None:
    """An unknown id is an error that says where to look."""
    table = _table(directory)
    table.get(factor_id)
    versions = [f for f in table.factors if f.factor_id == factor_id]
    if as_json:
        print_json([document(f) for f in versions])
        return
    for factor in versions:
        rows = [[name, str(value)] for name, value in document(factor).items() if value not in (None, "", [])]
        title = Message(
            f"{factor.factor_id}@{factor.version}：{factor.description.zh}",
            f"{factor.factor_id}@{factor.version}: {factor.description.en}",
        )
        print_table(title, [Message("项", "Field"), Message("值", "Value")], rows, numeric_from=2)


@factors.command(
    "match", cls=Verb, about=Message("查找适用的因子并说明如何匹配", "find the factor that applies and say how")
)
@directory_option
@option(
    "--mode",
    required=True,
    metavar="MODE",
    zh="Road、Rail、Sea、InlandWaterway 或 Hub",
    en="Road, Rail, Sea, InlandWaterway or Hub",
)
@option(
    "--carrier",
    default="",
    metavar="NAME",
    zh="能源品种；留空则查每吨公里默认值",
    en="energy carrier; empty: default per tkm",
)
@option(
    "--size-t", type=click.FloatRange(0, min_open=True), zh="船舶载重吨或车辆总质量", en="deadweight or gross mass, t"
)
@option("--on", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", zh="作业日，默认今天", en="day; today by default")
@option(
    "--boundary",
    type=click.Choice(["wtw_co2e", "ttw_co2"]),
    default="wtw_co2e",
    show_default=True,
    zh="边界",
    en="boundary",
)
@option("--region", default="CN-ZJ", show_default=True, zh="地区", en="region")
@json_option
def match(
    directory: Path | None, mode: str, carrier: str, size_t: float | None, on: datetime | None, boundary: str,
    region: str, as_json: bool,
) -> None:  # fmt: skip
    """Exit 2 when nothing fits; the sentence says what to add."""
    from optimizer.emissions.boundaries import Boundary
    from optimizer.emissions.footprint.legs import MODES
    from optimizer.emissions.footprint.rates import USES

    table = _table(directory)
    asked = MODES.get(mode)
    if asked is None:
        raise BadValue(
            Message("应为 Road、Rail、Sea、InlandWaterway 或 Hub。", "Road, Rail, Sea, InlandWaterway or Hub.")
        )
    day = on.date() if on else datetime.now(CHINA_TIME).date()
    chosen = Boundary(boundary)
    if carrier:
        found = table.energy(carrier, USES[asked], day, chosen, region)
    else:
        found = table.transport_default(asked, size_t, day, chosen, region)
    if as_json:
        how = {"zh": found.how.zh, "en": found.how.en}
        print_json({"match": found.code, "how": how, "factor": document(found.factor)})
        return
    f = found.factor
    say(
        Message(
            f"{f.factor_id}@{f.version}：{found.how.zh}（{found.code}）来源：{f.provenance.source}，{f.page}",
            f"{f.factor_id}@{f.version}: {found.how.en} ({found.code}); source: {f.provenance.source}, {f.page}",
        )
    )


@factors.command("diff", cls=Verb, about=Message("比较两个因子目录", "compare two factor directories"))
@click.argument("before", type=DIRECTORY)
@click.argument("after", type=DIRECTORY)
@json_option
def diff(before: Path, after: Path, as_json: bool) -> int:
    """Exit 1 when a row changed or went: rows are immutable, so one of the two is not to be trusted."""
    from optimizer.emissions.factor_changes import changes
    from optimizer.emissions.factors import load_factors

    found = changes(load_factors(before), load_factors(after))
    if as_json:
        print_json([asdict(change) for change in found])
    else:
        print_changes(found)
    return DONE if all(change.allowed for change in found) else FINDINGS


@factors.command("propose", cls=Verb, about=Message("提请发布未发布的因子", "propose unreleased factors for release"))
@directory_option
@option("--by", required=True, metavar="LOGIN", zh="提请人", en="who proposes")
@option("--reason", required=True, metavar="TEXT", zh="理由", en="why")
def propose(directory: Path | None, by: str, reason: str) -> None:
    """Every row of the directory that is neither shipped nor released."""
    from optimizer import actions

    with current_session().store() as store:
        made = actions.propose_factors(store, _table(directory), by, datetime.now(CHINA_TIME), reason)
    count = len(made.rows)
    say(
        Message(
            f"提请 {made.proposal_id}：{count} 行，由 {by} 提出，待另一人发布。",
            f"Proposal {made.proposal_id}: {count} row(s) by {by}, waiting for another person's release.",
        )
    )


@factors.command("release", cls=Verb, about=Message("发布他人提请的因子", "release what another person proposed"))
@click.argument("proposal_id", metavar="PROPOSAL")
@option("--by", required=True, metavar="LOGIN", zh="发布人", en="who releases")
def release(proposal_id: str, by: str) -> None:
    """The person who proposed may not release."""
    from optimizer import actions

    with current_session().store() as store:
        done = actions.release_factors(store, proposal_id, by, datetime.now(CHINA_TIME))
    say(Message(f"{by} 已发布 {done.proposal_id}。", f"{by} released {done.proposal_id}."))


@factors.command("withdraw", cls=Verb, about=Message("撤回自己的提请", "withdraw a proposal of one's own"))
@click.argument("proposal_id", metavar="PROPOSAL")
@option("--by", required=True, metavar="LOGIN", zh="提请人", en="who proposed it")
def withdraw(proposal_id: str, by: str) -> None:
    """As long as it waits; the same factors may be proposed again."""
    from optimizer import actions

    with current_session().store() as store:
        gone = actions.withdraw_factors(store, proposal_id, by, datetime.now(CHINA_TIME))
    say(Message(f"{by} 已撤回 {gone.proposal_id}。", f"{by} withdrew {gone.proposal_id}."))


@factors.command("releases", cls=Verb, about=Message("列出提请与发布", "list proposals and releases"))
@json_option
def releases(as_json: bool) -> None:
    """Oldest first."""
    from optimizer import actions

    with current_session().store() as store:
        book = actions.factor_releases(store)
    ends = {one.proposal_id: one.released_by for one in book.releases}
    taken_back = Message("（已撤回）", "(withdrawn)").text(current_session().lang)
    ends |= {one.proposal_id: taken_back for one in book.withdrawals}
    if as_json:
        from optimizer.waybills.codec import to_plain

        print_json(to_plain(book))
        return
    columns = [
        Message("提请", "Proposal"),
        Message("行", "Rows"),
        Message("提请人", "Proposed by"),
        Message("理由", "Reason"),
        Message("发布人", "Released by"),
    ]
    rows = [
        [
            one.proposal_id,
            str(len(one.rows)),
            one.proposed_by,
            one.reason,
            ends.get(one.proposal_id, "—"),
        ]
        for one in book.proposals
    ]
    print_table(Message("因子发布", "Factor releases"), columns, rows, numeric_from=len(columns))


def document(factor: Factor) -> dict[str, Any]:
    """A factor under the column names of factors.csv."""
    from optimizer.emissions.factor_files import column_names

    values = asdict(factor)
    values.update(values.pop("provenance"))
    values["use"] = list(factor.uses)
    values["description_zh"], values["description_en"] = factor.description.zh, factor.description.en
    values["evidence"] = factor.provenance.evidence.value
    values["assumed_fields"] = list(factor.provenance.assumed_fields)
    values["valid_from"] = factor.valid_from.isoformat()
    values["valid_to"] = factor.valid_to.isoformat() if factor.valid_to else None
    return {name: values[name] for name in column_names()}


def _table(directory: Path | None) -> FactorTable:
    from optimizer.emissions.factors import load_factors

    return load_factors(directory) if directory else current_session().factors()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
