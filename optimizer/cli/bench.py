"""``modalshift bench``: the figures that the README and FIGURES.md quote, measured here beside their baselines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.command import Program, Verb, WrittenFile, option
from optimizer.cli.documents import read_document, write_whole
from optimizer.cli.printing import print_table, say
from optimizer.cli.session import current_session
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME

if TYPE_CHECKING:
    from optimizer.bench.record import Result

MOST_FIGURES_ACROSS, METHODS_ACROSS = 8, 4
"""So many columns can be read on a terminal."""


@click.group(
    cls=Program,
    modules={"plan": "bench_plan", "mcf": "bench_design", "mcnd": "bench_design", "problems": "bench_design"},
    invoke_without_command=True,
    about=Message("在本机测量 README 引用的数字及其基准", "measure the figures of the README beside their baselines"),
)
@click.pass_context
def bench(ctx: click.Context) -> None:
    """Show the help when no bench is named."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


json_option = option(
    "--json", "json_file", metavar="FILE", type=WrittenFile(), zh="另写入 JSON 文件", en="JSON file too"
)
append_option = option(
    "--append", is_flag=True, zh="并入 --json 文件中已有的结果", en="add to the results that --json holds"
)
seed_option = option(
    "--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1), zh="随机种子", en="random seed"
)


@bench.command("quote", cls=Verb, about=Message("报价，对比图算法库", "quotes, beside two graph libraries"))
@option("--runs", default=5, show_default=True, type=click.IntRange(1, 1000), zh="次数", en="runs")
@option(
    "--days", default=50, show_default=True, type=click.IntRange(1, 1000), zh="每流向时刻数", en="ready hours a flow"
)
@seed_option
@json_option
def bench_quote(runs: int, days: int, seed: int, json_file: Path | None) -> None:
    """The flows of the demo world."""
    from optimizer.bench.quote import QuoteBench, run

    options = QuoteBench(now(), current_session().network_dir, days, runs, seed)
    report(run(options, tell), json_file)


@bench.command(
    "proof", cls=Verb, about=Message("封存树的证明，对比每次重建", "proofs of a sealed tree, beside rebuilding")
)
@option(
    "--leaves",
    default=1_000_000,
    show_default=True,
    type=click.IntRange(2, 100_000_000),
    zh="叶数",
    en="leaves of the tree",
)
@option(
    "--proofs", default=1_000, show_default=True, type=click.IntRange(1, 1_000_000), zh="每次份数", en="proofs a run"
)
@option("--runs", default=5, show_default=True, type=click.IntRange(1, 1000), zh="次数", en="runs")
@seed_option
@json_option
def bench_proof(leaves: int, proofs: int, runs: int, seed: int, json_file: Path | None) -> None:
    """A tree of a million entries unless told otherwise."""
    from optimizer.bench.proof import ProofBench, run

    report(run(ProofBench(now(), leaves, proofs, runs, seed), tell), json_file)


@bench.command(
    "footprint",
    cls=Verb,
    about=Message(
        "足迹，对比 numpy 相乘",
        "footprints, beside a bare multiplication",
    ),
)
@option("--legs", default=1_000_000, show_default=True, type=click.IntRange(4, 20_000_000), zh="行数", en="rows")
@option("--runs", default=5, show_default=True, type=click.IntRange(1, 100), zh="次数", en="runs")
@seed_option
@json_option
def bench_footprint(legs: int, runs: int, seed: int, json_file: Path | None) -> None:
    """Reading and writing the files included."""
    from optimizer.bench.footprint import FootprintBench, run

    report(run(FootprintBench(now(), legs, runs, seed), tell), json_file)


@bench.command("settle", cls=Verb, about=Message("结算入账，对比驱动直写", "settlements, beside the bare driver"))
@option("--runs", default=3, show_default=True, type=click.IntRange(1, 100), zh="次数", en="runs")
@option(
    "--entries",
    "sizes",
    default=(10_000, 100_000),
    show_default=True,
    multiple=True,
    type=click.IntRange(0, 10_000_000),
    zh="账本规模（可多次给出，递增）",
    en="ledger sizes, in rising order; may be repeated",
)
@seed_option
@json_option
def bench_settle(runs: int, sizes: tuple[int, ...], seed: int, json_file: Path | None) -> None:
    """Copies of settled lots of the demo month."""
    from optimizer.bench.settle import SettleBench, run

    report(run(SettleBench(now(), tuple(sorted(sizes)), runs, seed), tell), json_file)


@bench.command("audit", cls=Verb, about=Message("整本审计，对比 SQL 求和", "a whole audit, beside a sum in SQL"))
@option("--runs", default=3, show_default=True, type=click.IntRange(1, 100), zh="次数", en="runs")
@option(
    "--entries",
    default=1_000_000,
    show_default=True,
    type=click.IntRange(1, 10_000_000),
    zh="账本规模",
    en="entries of the ledger",
)
@seed_option
@json_option
def bench_audit(runs: int, entries: int, seed: int, json_file: Path | None) -> None:
    """A ledger of a million entries unless told otherwise: some minutes to fill, 6 GiB of disk."""
    from optimizer.bench.audit import AuditBench, run

    report(run(AuditBench(now(), entries, runs, seed), tell), json_file)


@bench.command("evidence", cls=Verb, about=Message("连同凭证的整本审计", "a whole audit, each lot with its evidence"))
@option("--runs", default=1, show_default=True, type=click.IntRange(1, 100), zh="次数", en="runs")
@option(
    "--lots", default=100_000, show_default=True, type=click.IntRange(1, 1_000_000), zh="批数", en="lots of the ledger"
)
@seed_option
@json_option
def bench_evidence(runs: int, lots: int, seed: int, json_file: Path | None) -> None:
    """A million entries are 255,000 lots: a quarter of an hour, nearly all of it to fill, and 4 GiB of disk."""
    from optimizer.bench.evidence import EvidenceBench, run

    report(run(EvidenceBench(now(), lots, runs, seed), tell), json_file)


@bench.command(
    "serve", cls=Verb, about=Message("网页与接口，对比空答复", "pages and API as served, beside an empty answer")
)
@option("--users", default=20, show_default=True, type=click.IntRange(1, 500), zh="同时人数", en="people at once")
@option("--pause", default=1.0, show_default=True, type=click.FloatRange(0.01), zh="平均停顿秒数", en="mean pause, s")
@option("--seconds", default=20.0, show_default=True, type=click.FloatRange(0.1), zh="每轮秒数", en="seconds a round")
@option("--runs", default=3, show_default=True, type=click.IntRange(1, 100), zh="次数", en="runs")
@option("--of", "db_url", metavar="URL", zh="演示的数据库；默认为空库", en="a demo's database; an empty one without")
@seed_option
@json_option
def bench_serve(
    users: int, pause: float, seconds: float, runs: int, db_url: str | None, seed: int, json_file: Path | None
) -> None:
    """Starts the server itself."""
    from optimizer.bench.serving import ServeBench, run

    report(run(ServeBench(now(), db_url, users, pause, seconds, runs, seed), tell), json_file)


@bench.command(
    "city", cls=Verb, about=Message("城市审计页，百万批的汇总", "the city's dashboard over the sums of a million lots")
)
@option("--lots", default=1_000_000, show_default=True, type=click.IntRange(1, 10_000_000), zh="批数", en="lots")
@option("--runs", default=7, show_default=True, type=click.IntRange(1, 100), zh="次数", en="runs")
@seed_option
@json_option
def bench_city(lots: int, runs: int, seed: int, json_file: Path | None) -> None:
    """Fills the sums and starts the server itself."""
    from optimizer.bench.city import CityBench, run

    report(run(CityBench(now(), lots, runs, seed), tell), json_file)


@bench.command(
    "pages", cls=Verb, about=Message("页面在 Chromium 中可用的时间", "pages in Chromium, until they can be used")
)
@option("--of", "db_url", metavar="URL", required=True, zh="演示的数据库", en="a demo's database")
@option("--runs", default=3, show_default=True, type=click.IntRange(1, 100), zh="次数", en="runs")
@json_option
def bench_pages(db_url: str, runs: int, json_file: Path | None) -> None:
    """Starts server and browser itself; needs the dev extra and a Chromium."""
    from optimizer.bench.pages import PagesBench, run

    report(run(PagesBench(now(), db_url, runs), tell), json_file)


@bench.command("table", cls=Verb, about=Message("把测得的结果写成表", "stored results as tables of the documents"))
@click.argument("results", metavar="RESULT.json...", nargs=-1, required=True, type=click.Path(path_type=Path))
@option("--readme", metavar="FILE", type=WrittenFile(), zh="改写其中的主要的表", en="rewrite the main tables in there")
@option("--figures", metavar="FILE", type=WrittenFile(), zh="改写其中全部的表", en="rewrite all tables in there")
def bench_table(results: tuple[Path, ...], readme: Path | None, figures: Path | None) -> None:
    """Print all tables, or put them between the markers of documents."""
    from optimizer.bench.document import result_from_json
    from optimizer.bench.table import block, summary, with_block

    measured = [result_from_json(read_document(path), path.name) for path in results]
    made = [(readme, summary(measured)), (figures, block(measured))]
    rewritten = [(path, with_block(read_document(path), text, path.name)) for path, text in made if path is not None]
    if not rewritten:
        click.echo(block(measured))
    for path, text in rewritten:
        write_whole(path, text)
        say(Message(f"已写入 {path}", f"Wrote {path}"))


@bench.command(
    "duplicates", cls=Verb, about=Message("查重的精确率与召回率", "precision and recall of the search for doubles")
)
@option("--waybills", default=5000, show_default=True, type=click.IntRange(100, 10**6), zh="运单数", en="waybills")
@option("--runs", default=3, show_default=True, type=click.IntRange(1, 100), zh="次数", en="runs")
@seed_option
@json_option
def bench_duplicates(waybills: int, runs: int, seed: int, json_file: Path | None) -> None:
    """A labelled set, generated from the seed."""
    from optimizer.bench.duplicates import DuplicatesBench, run

    report(run(DuplicatesBench(now(), waybills, runs, seed), tell), json_file)


@bench.command(
    "statement",
    cls=Verb,
    about=Message("一月万批的对账单，各种格式", "a statement of ten thousand lots, in every form"),
)
@option("--lots", default=10_000, show_default=True, type=click.IntRange(1, 10**6), zh="批数", en="lots")
@option("--runs", default=3, show_default=True, type=click.IntRange(1, 100), zh="次数", en="runs")
@seed_option
@json_option
def bench_statement(lots: int, runs: int, seed: int, json_file: Path | None) -> None:
    """The ledger is filled for it, in batches of two thousand lots."""
    from optimizer.bench.statement import StatementBench, run

    report(run(StatementBench(now(), lots, runs, seed), tell), json_file)


def joined_with(found: Result, json_file: Path | None, join: Callable[[Result, Result], Result]) -> Result:
    """The new figures with those that the file holds."""
    from optimizer.bench.document import result_from_json

    if json_file is None or not json_file.exists():
        return found
    return join(result_from_json(read_document(json_file), json_file.name), found)


def now() -> datetime:
    """When a bench is run, to the second."""
    return datetime.now(CHINA_TIME).replace(microsecond=0)


def tell(message: Message) -> None:
    """Progress, beside the result."""
    say(message, err=True)


def _print_figures(result: Result) -> None:
    """A line a method; where that would be too wide, a line a figure and a few methods in a table."""
    from optimizer.bench.table import column_label, figure_columns, method_label, rows_of

    lang = current_session().lang
    runs = Message(f"，{result.runs} 次中位数", f", median of {result.runs} runs")
    title = Message(result.subject.zh + runs.zh, result.subject.en + runs.en)
    figures = [column_label(figure) for figure in figure_columns(result)]
    methods, cells = [method_label(method) for method in result.methods], rows_of(result)
    if len(figures) <= MOST_FIGURES_ACROSS:
        rows = [[method.text(lang), *row] for method, row in zip(methods, cells, strict=True)]
        print_table(title, [Message("方法", "Method"), *figures], rows)
        return
    for first in range(0, len(methods), METHODS_ACROSS):
        chosen = slice(first, first + METHODS_ACROSS)
        rows = [[figure.text(lang), *row] for figure, *row in zip(figures, *cells[chosen], strict=True)]
        print_table(title, [Message("量", "Figure"), *methods[chosen]], rows)


def report(result: Result, json_file: Path | None) -> None:
    """The table, what the methods do, the machine; and the document where one is asked for."""
    from optimizer.bench.document import result_to_json
    from optimizer.bench.table import measured_on, told_once

    _print_figures(result)
    for label, text in told_once(result.methods):
        say(Message(f"{label.zh}：{text.zh}。", f"{label.en}: {text.en}."))
    place = measured_on(result.machine, result.load)
    say(Message(f"{place.zh}。", f"{place.en}."))
    if json_file is not None:
        write_whole(json_file, result_to_json(result))
        say(Message(f"已写入 {json_file}", f"Wrote {json_file}"))
