"""``modalshift bench mcf|mcnd|problems``: public problems of network design, and generated ones of their families."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from optimizer.cli.bench import append_option, joined_with, json_option, now, report, seed_option, tell
from optimizer.cli.command import Verb, option
from optimizer.cli.documents import write_whole
from optimizer.cli.printing import say
from optimizer.errors import Message


def problem_options(command: Callable[..., None]) -> Callable[..., None]:
    """The files and options that both benches of network design take."""
    for decorate in (
        append_option,
        json_option,
        seed_option,
        option("--no-baselines", is_flag=True, zh="不跑基准", en="leave the baselines out"),
        option("--runs", default=1, show_default=True, type=click.IntRange(1, 100), zh="次数", en="runs"),
        option(
            "--time-limit",
            metavar="SECONDS",
            default=60.0,
            show_default=True,
            type=click.FloatRange(0, min_open=True),
            zh="每次时限（秒）",
            en="time limit of a run, s",
        ),
        click.argument("paths", metavar="FILES|DIRS...", nargs=-1, required=True, type=click.Path(path_type=Path)),
    ):
        command = decorate(command)
    return command


@click.command(
    "mcf", cls=Verb, about=Message("线性多商品流公开算例，对比整体求解", "public linear flows, beside an LP")
)
@problem_options
def mcf(
    paths: tuple[Path, ...],
    time_limit: float,
    runs: int,
    no_baselines: bool,
    seed: int,
    json_file: Path | None,
    append: bool,
) -> None:
    """CommaLab files, or folders of them; optimal.csv or reference.csv beside them is read."""
    from optimizer.bench.netdesign import DesignBench, joined, run
    from optimizer.bench.netdesign_files import LINEAR

    found = run(DesignBench(LINEAR, now(), paths, time_limit, runs, seed, not no_baselines), tell)
    report(joined_with(found, json_file, joined) if append else found, json_file)


@click.command(
    "mcnd", cls=Verb, about=Message("网络设计公开算例，对比整体求解", "public network designs, beside a MIP and CP-SAT")
)
@problem_options
def mcnd(
    paths: tuple[Path, ...],
    time_limit: float,
    runs: int,
    no_baselines: bool,
    seed: int,
    json_file: Path | None,
    append: bool,
) -> None:
    """Canad .dow files, or folders of them; optimal.csv or reference.csv beside them is read."""
    from optimizer.bench.netdesign import DesignBench, joined, run
    from optimizer.bench.netdesign_files import DESIGN

    found = run(DesignBench(DESIGN, now(), paths, time_limit, runs, seed, not no_baselines), tell)
    report(joined_with(found, json_file, joined) if append else found, json_file)


@click.command(
    "problems",
    cls=Verb,
    about=Message("生成未见过的网络设计算例", "write network design problems that nobody has seen"),
)
@click.argument("kind", type=click.Choice(["mcf", "mcnd"]))
@option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), zh="目录", en="folder")
@seed_option
def problems(kind: str, out: Path, seed: int) -> None:
    """Files for ``bench mcf`` or ``bench mcnd``, in the public formats; another seed gives others."""
    from optimizer.planning.netdesign.generate import unseen
    from optimizer.planning.netdesign.writer import instance_to_text

    out.mkdir(parents=True, exist_ok=True)
    for instance in unseen(kind, seed):
        file = out / (instance.name + (".dow" if kind == "mcnd" else ""))
        write_whole(file, instance_to_text(instance))
        say(Message(f"已写入 {file}", f"Wrote {file}"))
