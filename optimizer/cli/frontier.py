"""``modalshift frontier``: cost against CO2e, from the cheapest plan to the cleanest."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.command import DONE, FINDINGS, FiniteRange, Verb, WrittenFile, option
from optimizer.cli.documents import whole_file
from optimizer.cli.planning_options import own_voyages_option, seed_option, workers_option
from optimizer.cli.printing import print_table, say
from optimizer.cli.session import current_session
from optimizer.errors import InputError, Message

if TYPE_CHECKING:
    from optimizer.planning.frontier import Frontier, FrontierPoint


@click.command(
    cls=Verb,
    about=Message(
        "费用与排放的权衡：从最省到最低碳的一组计划", "cost against CO2e: plans from the cheapest to the cleanest"
    ),
)
@click.argument("shipments", metavar="SHIPMENTS.csv", type=click.Path(path_type=Path))
@option(
    "--out",
    required=True,
    metavar="FILE.json|.csv",
    type=WrittenFile(),
    zh="写入的文件，按后缀定格式",
    en="file to write; its ending says the format",
)
@option("--points", default=7, show_default=True, type=click.IntRange(2, 50), zh="点数", en="how many points")
@option("--horizon-days", type=click.IntRange(1, 366), zh="计划期（天），默认全部", en="days to plan; all by default")
@option("--gap", default=0.01, show_default=True, type=FiniteRange(0, 1), zh="每点的间隙", en="gap of each point")
@option(
    "--time-limit",
    metavar="SECONDS",
    type=FiniteRange(0, min_open=True),
    zh="每点时限（秒）",
    en="time limit of each point, s",
)
@seed_option
@option("--sailings", metavar="FILE", type=click.Path(path_type=Path), zh="承运人报价航次", en="carriers' sailings")
@own_voyages_option
@workers_option
def frontier(
    shipments: Path,
    out: Path,
    points: int,
    horizon_days: int | None,
    gap: float,
    time_limit: float | None,
    seed: int,
    sailings: Path | None,
    own_voyages: str,
    workers: int,
) -> int:
    """Exit 1 when fewer points than asked for lie apart."""
    from optimizer.planning.files.sailing_file import read_sailings
    from optimizer.planning.files.shipment_file import read_shipments
    from optimizer.planning.frontier import frontier as trace
    from optimizer.planning.frontier_document import frontier_to_csv, frontier_to_json
    from optimizer.planning.settings import PlanSettings

    if out.suffix.lower() not in (".json", ".csv"):
        raise InputError(Message(f"{out} 应以 .json 或 .csv 结尾。", f"{out} should end in .json or .csv."))
    session = current_session()
    network, factors = session.network(), session.factors()
    listed, offers = read_shipments(shipments, network), read_sailings(sailings, network) if sailings else []
    own = own_voyages == "all"
    settings = PlanSettings(
        horizon_days=horizon_days, gap=gap, time_limit_s=time_limit, seed=seed, own_voyages=own, workers=workers
    )
    with whole_file(out) as draft:
        found = trace(listed, network, factors, settings, points, clock=time.monotonic, tell_point=_tell, offers=offers)
        asked = {"points": points, "gap": gap, "time_limit_s": time_limit, "seed": seed, "own_voyages": own_voyages}
        versions = {"network": network.version, "factors": factors.version}
        text = frontier_to_csv(found) if out.suffix.lower() == ".csv" else frontier_to_json(found, asked, versions)
        draft.write_text(text, encoding="utf-8", newline="")
    _print(found)
    say(Message(f"已写入 {out}", f"Wrote {out}"))
    return FINDINGS if len(found.points) < points else DONE


def _tell(point: FrontierPoint) -> None:
    price, gap = f"{point.carbon_price_yuan_per_t:,.2f}", f"{point.gap:.2%}"
    figures = f"{point.weighed_yuan:,.0f}", f"{point.co2e_wtw_t:,.1f}", f"{point.seconds:,.1f}"
    say(
        Message(
            f"碳价 {price} 元/吨：{figures[0]} 元，{figures[1]} 吨 CO2e，间隙 {gap}，{figures[2]} 秒",
            f"at {price} yuan/t: {figures[0]} yuan, {figures[1]} t CO2e, gap {gap}, {figures[2]} s",
        ),
        err=True,
    )


def _print(found: Frontier) -> None:
    from optimizer.planning.frontier_document import drawing

    columns = [
        Message("", ""),
        Message("碳价 元/吨", "Carbon price yuan/t"),
        Message("费用 元", "Cost yuan"),
        Message("含时间与延误 元", "With time and lateness"),
        Message("CO2e 吨", "CO2e t"),
        Message("每多减一吨 元", "Yuan per t more avoided"),
        Message("水路占吨数", "By water"),
        Message("间隙", "Gap"),
        Message("秒", "s"),
    ]
    rows = [
        [
            str(number),
            f"{point.carbon_price_yuan_per_t:,.2f}",
            f"{point.cost_yuan:,.0f}",
            f"{point.weighed_yuan:,.0f}",
            f"{point.co2e_wtw_t:,.2f}",
            f"{point.marginal_yuan_per_t:,.0f}" if number > 1 else "",
            f"{point.water_share_t:.1%}",
            f"{point.gap:.2%}",
            f"{point.seconds:,.1f}",
        ]
        for number, point in enumerate(found.points, start=1)
    ]
    count, left_out = len(found.points), found.dominated
    title = Message(
        f"费用与排放的前沿：{count} 个互不支配的计划，另有 {left_out} 个被支配",
        f"Cost against CO2e: {count} plans of which none beats another; {left_out} more were beaten",
    )
    print_table(title, columns, rows)
    for line in drawing(found):
        click.echo(line)
