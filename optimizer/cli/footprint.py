"""``modalshift footprint``: the ISO 14083 footprint of any transport chains, millions of rows."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.command import DONE, FINDINGS, Verb, WrittenFile, option
from optimizer.cli.documents import keep_apart, whole_file, write_whole
from optimizer.cli.printing import json_text, print_table, say
from optimizer.cli.session import current_session
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME

if TYPE_CHECKING:
    from optimizer.emissions.footprint import Outcome

SHOWN_FACTORS = 12


def _tell_columns(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    """Print what each column of file and result holds, and end."""
    if not asked:
        return
    from optimizer.emissions.footprint import columns as names

    lang = current_session().lang
    chinese = {ours: theirs for theirs, ours in names.CHINESE.items()}
    rows = [[name, chinese.get(name, ""), about.text(lang)] for name, about in names.ABOUT.items()]
    print_table(
        Message("列：输入，之后是结果所加", "Columns: of the file, then what the result adds"),
        [Message("列名", "Column"), Message("中文列名", "In Chinese"), Message("含义", "Holds")],
        rows,
        numeric_from=3,
    )
    ctx.exit(0)


@click.command(
    cls=Verb,
    about=Message("核算任意运输链的碳足迹（ISO 14083）", "ISO 14083 footprint of any transport chains"),
)
@click.argument("chains", metavar="CHAINS.csv", type=click.Path(path_type=Path))
@option("--out", required=True, type=WrittenFile(replaces=True), metavar="RESULT.csv", zh="结果文件", en="result file")
@option(
    "--factors",
    "factors_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    zh="因子目录，默认随软件附带",
    en="directory of factors.csv; the shipped one by default",
)
@option(
    "--on", "on", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", zh="未写日期的行的作业日，默认今天",
    en="day of rows that name none; today by default",
)  # fmt: skip
@option(
    "--boundary",
    type=click.Choice(["wtw_co2e", "ttw_co2"]),
    default="wtw_co2e",
    show_default=True,
    zh="能源行的核算边界",
    en="boundary of rows by energy",
)
@option("--allow-unstated", is_flag=True, zh="允许使用未说明边界的因子", en="let factors pass that state no boundary")
@option(
    "--columns", is_flag=True, is_eager=True, expose_value=False, callback=_tell_columns,
    zh="说明各列后结束", en="explain the columns and end",
)  # fmt: skip
@option("--report", type=WrittenFile(), metavar="FILE.json", zh="另写核算说明", en="write a report too")
def footprint(
    chains: Path,
    out: Path,
    factors_dir: Path | None,
    on: datetime | None,
    boundary: str,
    allow_unstated: bool,
    report: Path | None,
) -> int:
    """A wrong row carries its error and fails its chain; the others go on. Exit 1 when a chain failed."""
    from optimizer.actions.versions import code_version
    from optimizer.emissions.boundaries import Boundary
    from optimizer.emissions.factors import load_factors
    from optimizer.emissions.footprint import RateRules, footprint_of, read_chains
    from optimizer.emissions.footprint.report import report_document

    if report is not None:
        keep_apart(report, out)
    session = current_session()
    table = load_factors(factors_dir) if factors_dir else session.factors()
    day = on.date() if on else datetime.now(CHINA_TIME).date()
    rules = RateRules(Boundary(boundary), allow_unstated)
    read = read_chains(chains)
    with whole_file(out) as draft, draft.open("wb") as file:
        outcome = footprint_of(read, table, day, file, session.lang, rules, tell=lambda words: say(words, err=True))
    if report is not None:
        versions = {"product": code_version(), "factors": outcome.factors_version}
        write_whole(report, json_text(report_document(outcome, versions)))
    _print(outcome, out, day)
    return FINDINGS if outcome.failed_chains else DONE


def _print(outcome: Outcome, out: Path, on: date) -> None:
    from optimizer.emissions.footprint.report import boundary_name, fault_sentence

    if outcome.chains_by_boundary:
        _print_totals(outcome)
    for code, rows in outcome.faults.items():
        sentence = fault_sentence(code)
        say(Message(f"{rows:,} 行 {code}：{sentence.zh}", f"{rows:,} row(s) {code}: {sentence.en}"))
    for used in outcome.used[:SHOWN_FACTORS]:
        factor = used.rate.factor
        source = factor.provenance.source if factor else ""
        say(
            Message(
                f"因子 {used.rate.label}：{used.rows:,} 行，{used.rate.how.zh}来源：{source}",
                f"Factor {used.rate.label}: {used.rows:,} row(s), {used.rate.how.en}; source: {source}",
            )
        )
    rest = len(outcome.used) - SHOWN_FACTORS
    if rest > 0:
        say(Message(f"另有 {rest} 个因子，见 --report。", f"{rest} more factors: see --report."))
    if outcome.road_assumed_rows:
        count = f"{outcome.road_assumed_rows:,}"
        say(
            Message(
                f"假定：{count} 个运输段未写运输方式（mode），燃料按公路计。",
                f"Assumed: {count} leg(s) state no mode; their fuel counts as burnt on the road.",
            )
        )
    odd = [name for name in outcome.chains_by_boundary if name != "wtw_co2e"]
    for name in odd:
        words = boundary_name(name)
        say(Message(f"注意：有运输链的数值为 {words.zh}。", f"Note: some chains are {words.en}."))
    ok = outcome.chains - outcome.failed_chains
    say(
        Message(
            f"{outcome.rows:,} 行、{outcome.chains:,} 条运输链，{ok:,} 条完成，{outcome.failed_chains:,} 条有误；"
            f"因子按 {on} 有效，{outcome.factors_version}；已写入 {out}",
            f"{outcome.rows:,} rows, {outcome.chains:,} chains, {ok:,} computed, {outcome.failed_chains:,} failed; "
            f"factors of {on}, {outcome.factors_version}; wrote {out}",
        )
    )


def _print_totals(outcome: Outcome) -> None:
    from optimizer.emissions.footprint.report import boundary_name

    lang = current_session().lang
    print_table(
        Message("运输链合计，不同边界不相加", "Totals of chains; boundaries are never added up"),
        [Message("边界", "Boundary"), Message("运输链", "Chains"), Message("吨", "Tonnes")],
        [
            [boundary_name(name).text(lang), f"{chains:,}", f"{outcome.totals_mg[name] / 1e9:,.3f}"]
            for name, chains in outcome.chains_by_boundary.items()
        ],
    )
