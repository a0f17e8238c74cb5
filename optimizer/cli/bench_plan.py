"""``modalshift bench plan``: the planner on the demo month, on files, or on generated months and markets."""

from __future__ import annotations

import re
from pathlib import Path

import click

from optimizer.cli.bench import append_option, joined_with, json_option, now, report, seed_option, tell
from optimizer.cli.command import Verb, option
from optimizer.cli.session import current_session
from optimizer.errors import InputError, Message

PART = re.compile(r"0?\.[0-9]{1,6}")
MARKET, MOST = 10_000, 1_000_000
"""Shipments of a generated market unless told otherwise, and of any generated month at most."""


@click.command("plan", cls=Verb, about=Message("统筹规划，对比整体求解", "planning, beside a direct MIP and the road"))
@click.argument("shipments", metavar="[SHIPMENTS.csv]", required=False, type=click.Path(path_type=Path))
@option(
    "--time-limit",
    metavar="SECONDS",
    type=click.FloatRange(0, min_open=True),
    zh="每次时限（秒），默认 60；与 --sizes 同用时 300",
    en="time limit of a run, s; 60, with --sizes 300",
)
@option(
    "--gap",
    type=click.FloatRange(0, 1),
    zh="达到即停的间隙，默认 0.003；与 --sizes 同用时 0.015，与 --offers 同用时 0.001",
    en="gap to stop at; 0.003, with --sizes 0.015, with --offers 0.001",
)
@option("--runs", type=click.IntRange(1, 100), zh="次数，默认 3；用生成的月份时 1", en="runs; 3, of generated months 1")
@option(
    "--sailings",
    metavar="FILE",
    type=click.Path(path_type=Path),
    zh="只用这些承运人报价航次，不排自有航次",
    en="carriers' sailings, in place of own voyages",
)
@option(
    "--sizes",
    metavar="N,N,...",
    callback=lambda _ctx, _param, value: _counts(value),
    zh="生成这些票数的月份，看用时如何随之增长",
    en="generate months of so many shipments and show how the time grows",
)
@option(
    "--offers",
    metavar="N",
    type=click.IntRange(1, 100_000),
    zh="生成一万票（或 --sizes 一个票数）与 N 个报价航次，只用这些航次",
    en="generate 10,000 shipments (or one of --sizes) and N carriers' sailings, and plan with these alone",
)
@option(
    "--caps",
    metavar="PART,PART,...",
    callback=lambda _ctx, _param, value: _parts(value),
    zh="再按排放上限规划 --sizes 的月份，上限比无上限计划的排放低这些份额，如 0.015",
    en="plan the months of --sizes again under caps on CO2e, by these parts below what they emit without, like 0.015",
)
@option(
    "--cuts",
    is_flag=True,
    zh="看联结割能把 --sizes 各月的下界抬高多少，不作计划",
    en="how much linking cuts raise the bound of the months of --sizes; no plans are made",
)
@option(
    "--corridors",
    is_flag=True,
    zh="搜索 --sizes 各月的走廊，同样的走廊分别交 HiGHS 与 CP-SAT",
    en="the corridors that the search draws in the months of --sizes, each given to HiGHS and to CP-SAT",
)
@option(
    "--frontier",
    is_flag=True,
    zh="画 --sizes 各月费用与排放的前沿，每点由邻点起步与从头算各一遍",
    en="the frontier of cost and CO2e of the months of --sizes, each point begun from its neighbour and from nothing",
)
@append_option
@seed_option
@json_option
def plan(
    shipments: Path | None,
    time_limit: float | None,
    gap: float | None,
    runs: int | None,
    sailings: Path | None,
    sizes: tuple[int, ...],
    offers: int | None,
    caps: tuple[float, ...],
    cuts: bool,
    corridors: bool,
    frontier: bool,
    seed: int,
    json_file: Path | None,
    append: bool,
) -> None:
    """The demo month unless a file is named or a month is generated."""
    from optimizer.bench import caps as capping
    from optimizer.bench import corridors as walking
    from optimizer.bench import cuts as cutting
    from optimizer.bench import frontiers, growth
    from optimizer.bench.plan import PlanBench, run, run_generated

    _check_generated(shipments or sailings, sizes, offers, append=append)
    _check_caps(caps, sizes, alone=not offers and not append)
    comparisons = {
        name: module
        for name, module, asked in (
            ("--cuts", cutting, cuts),
            ("--corridors", walking, corridors),
            ("--frontier", frontiers, frontier),
        )
        if asked
    }
    _check_alone(list(comparisons), sizes, alone=not (offers or append or caps))
    network_dir = current_session().network_dir
    if offers is not None:
        limits = time_limit or 60.0, 0.001 if gap is None else gap, runs or 1
        market = PlanBench(now(), None, network_dir, *limits, seed, cp_sat=False)
        report(run_generated(market, (sizes or (MARKET,))[0], offers, tell), json_file)
    elif caps:
        limits = time_limit or 300.0, 0.015 if gap is None else gap, runs or 1
        report(capping.run(capping.CapBench(now(), sizes, network_dir, *limits, seed, caps), tell), json_file)
    elif comparisons:
        (comparison,) = comparisons.values()
        months = growth.MonthsBench(
            now(), sizes, network_dir, gap=0.01 if gap is None else gap, runs=runs or 1, seed=seed
        )
        report(comparison.run(months, tell), json_file)
    elif sizes:
        limits = time_limit or 300.0, 0.015 if gap is None else gap, runs or 1
        curve = growth.run(growth.MonthsBench(now(), sizes, network_dir, *limits, seed), tell)
        report(joined_with(curve, json_file, growth.joined) if append else curve, json_file)
    else:
        limits = time_limit or 60.0, 0.003 if gap is None else gap, runs or 3
        report(run(PlanBench(now(), shipments, network_dir, *limits, seed, sailings), tell), json_file)


def _counts(text: str | None) -> tuple[int, ...]:
    """``1000,2000`` as numbers."""
    parts = [] if text is None else text.split(",")
    if not all(part.strip().isdecimal() and 2 <= int(part) <= MOST for part in parts):
        raise InputError(
            Message(
                f"--sizes 应为逗号分隔的票数（2 至 {MOST}），如 1000,2000，而不是“{text}”。",
                f"--sizes takes numbers of shipments from 2 to {MOST} with commas between, like 1000,2000, not"
                f" '{text}'.",
            )
        )
    return tuple(int(part) for part in parts)


def _parts(text: str | None) -> tuple[float, ...]:
    """``0.01,0.03`` as numbers. Raises InputError for what is no part of 1."""
    parts = [] if text is None else text.split(",")
    if not all(PART.fullmatch(part.strip()) for part in parts):
        raise InputError(
            Message(
                f"--caps 应为逗号分隔的份额（0 至 1 之间），如 0.01,0.03，而不是“{text}”。",
                f"--caps takes parts between 0 and 1 with commas between, like 0.01,0.03, not '{text}'.",
            )
        )
    return tuple(float(part) for part in parts)


def _check_caps(caps: tuple[float, ...], sizes: tuple[int, ...], *, alone: bool) -> None:
    """Raises InputError for caps without months to plan under them, or beside another bench."""
    if caps and not (sizes and alone):
        raise InputError(
            Message(
                "--caps 须与 --sizes 同用，不能与 --offers 或 --append 同用。",
                "--caps goes with --sizes, and not with --offers or --append.",
            )
        )


def _check_alone(names: list[str], sizes: tuple[int, ...], *, alone: bool) -> None:
    """Raises InputError for a comparison without months, or beside another bench."""
    if names and not (sizes and alone and len(names) == 1):
        raise InputError(
            Message(
                f"{names[0]} 须与 --sizes 同用，不能与 --offers、--caps、--append 或另一项比较同用。",
                f"{names[0]} goes with --sizes, and not with --offers, --caps, --append or another comparison.",
            )
        )


def _check_generated(file: Path | None, sizes: tuple[int, ...], offers: int | None, *, append: bool) -> None:
    """Raises InputError for options that do not go together."""
    if file is not None and (sizes or offers):
        raise InputError(
            Message(
                "--sizes 与 --offers 自行生成月份，不能同时指定文件。",
                "--sizes and --offers generate their months; name no file beside them.",
            )
        )
    if offers and len(sizes) > 1:
        raise InputError(Message("--offers 只配一个票数。", "--offers goes with one size."))
    if append and (not sizes or offers):
        raise InputError(Message("--append 须与 --sizes 同用。", "--append goes with --sizes."))
