"""``modalshift plan``: all shipments of a week or a month together, with a proven gap."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.command import DONE, FINDINGS, Verb, option
from optimizer.cli.documents import whole_file
from optimizer.cli.figures import kilograms, tonnes, yuan
from optimizer.cli.printing import print_table, say
from optimizer.cli.session import current_session
from optimizer.errors import Message

if TYPE_CHECKING:
    from optimizer.planning.plan import Plan
    from optimizer.planning.solve import Progress

STAGES = {
    "layout": Message("布置时空网络", "laying out time and space"),
    "bound": Message("求下界", "bounding"),
    "batches": Message("配载成船", "filling ships"),
    "polish": Message("打磨", "polishing"),
    "improve": Message("改进", "improving"),
    "exact": Message("精确求解", "solving exactly"),
    "write": Message("成文", "writing down"),
}

STATUS = {
    "optimal": Message("达到所要求的间隙", "the gap asked for was reached"),
    "feasible": Message("可行，未再改进", "feasible, nothing improved it further"),
    "time_limit": Message("时间到，取当前最好的计划", "time is up; this is the best plan so far"),
    "infeasible": Message("没有可行计划", "there is no feasible plan"),
}


@click.command(
    cls=Verb, about=Message("统筹规划全部货单，给出可证明的间隙", "plan all shipments together, with a proven gap")
)
@click.argument("shipments", metavar="SHIPMENTS.csv", type=click.Path(path_type=Path))
@option("--out", required=True, metavar="PLAN.json", type=click.Path(path_type=Path), zh="计划文件", en="plan to write")
@option("--horizon-days", type=click.IntRange(1, 366), zh="计划期（天），默认全部", en="days to plan; all by default")
@option(
    "--carbon-price",
    metavar="YUAN_PER_T",
    default=100.0,
    show_default=True,
    type=click.FloatRange(0, 1e6),
    zh="碳价（元/吨 CO2e）",
    en="price of carbon, yuan per t CO2e",
)
@option("--co2e-cap-t", type=click.FloatRange(0), zh="排放上限（吨 CO2e）", en="cap on emissions, t CO2e")
@option("--gap", default=0.01, show_default=True, type=click.FloatRange(0, 1), zh="达到即停的间隙", en="gap to stop at")
@option("--time-limit", metavar="SECONDS", type=click.FloatRange(0, min_open=True), zh="时限（秒）", en="time limit, s")
@option("--seed", default=0, show_default=True, type=int, zh="随机种子", en="random seed")
@option("--workers", default=1, show_default=True, type=click.IntRange(1, 256), zh="线程数", en="threads")
def plan(
    shipments: Path,
    out: Path,
    horizon_days: int | None,
    carbon_price: float,
    co2e_cap_t: float | None,
    gap: float,
    time_limit: float | None,
    seed: int,
    workers: int,
) -> int:
    """Exit 1 when a shipment had to be left out."""
    from optimizer.planning.document import plan_to_json
    from optimizer.planning.settings import PlanSettings
    from optimizer.planning.shipment_file import read_shipments
    from optimizer.planning.solve import plan_shipments

    session = current_session()
    network = session.network()
    listed = read_shipments(shipments, network)
    factors = session.factors()
    settings = PlanSettings(carbon_price, co2e_cap_t, horizon_days, gap, time_limit, seed, workers)
    # The file is opened first: that a place cannot be written to is said before an hour of work, not after it.
    with whole_file(out) as draft:
        made = plan_shipments(listed, network, factors, settings, clock=time.monotonic, tell=teller())
        draft.write_text(plan_to_json(made), encoding="utf-8", newline="")
    print_plan(made)
    say(Message(f"已写入 {out}", f"Wrote {out}"))
    rejected = any(shipment.status == "rejected" for shipment in made.shipments)
    return FINDINGS if rejected or made.status == "infeasible" else DONE


def print_plan(made: Plan) -> None:
    """How the run ended, totals beside the road, what binds, what was left out."""
    status = STATUS[made.status]
    words = f"{made.objective_yuan:,.0f}", f"{made.bound_yuan:,.0f}", f"{made.gap:.2%}", f"{made.seconds:,.1f}"
    say(
        Message(
            f"{status.zh}：目标 {words[0]} 元，下界 {words[1]} 元，间隙 {words[2]}，用时 {words[3]} 秒",
            f"{status.en}: objective {words[0]} yuan, bound {words[1]} yuan, gap {words[2]}, {words[3]} s",
        )
    )
    _print_totals(made)
    for bound in made.binding:
        say(bound.message)
    for shipment in made.shipments:
        if shipment.reason is not None:
            say(
                Message(
                    f"未安排 {shipment.shipment_id}：{shipment.reason.zh}",
                    f"Left out {shipment.shipment_id}: {shipment.reason.en}",
                )
            )


def _print_totals(made: Plan) -> None:
    totals = made.totals
    loaded = sum(not voyage.empty for voyage in made.voyages)
    share, activity_share = f"{totals.water_share_t:.1%}", f"{totals.water_share_tkm:.1%}"
    title = Message(
        f"{len(made.shipments)} 票 {tonnes(totals.mass_kg)} 吨；水路占吨数 {share}、周转量 {activity_share}；"
        f"载货航次 {loaded}，空驶 {len(made.voyages) - loaded}",
        f"{len(made.shipments)} shipments, {tonnes(totals.mass_kg)} t; by water {share} of tonnes,"
        f" {activity_share} of tkm; {loaded} voyages loaded, {len(made.voyages) - loaded} empty",
    )
    columns = [
        Message("", ""),
        Message("公路基准", "Road baseline"),
        Message("计划", "Plan"),
        Message("节约", "Saving"),
    ]
    three = (totals.baseline, totals.planned, totals.saving)
    lang = current_session().lang
    rows = [
        [Message("费用 元", "Cost yuan").text(lang), *(yuan(part.cost_fen) for part in three)],
        [Message("WTW kg CO2e", "WTW kg CO2e").text(lang), *(kilograms(part.co2e_wtw_g) for part in three)],
        [Message("TTW kg CO2e", "TTW kg CO2e").text(lang), *(kilograms(part.co2e_ttw_g) for part in three)],
    ]
    print_table(title, columns, rows)


def teller() -> Callable[[Progress], None]:
    """Progress on stderr, one line for each new stage and each better plan. Stdout stays for the result."""
    told: tuple[str, float | None] | None = None

    def tell(progress: Progress) -> None:
        nonlocal told
        news = (progress.stage, progress.incumbent_yuan)
        if news == told:
            return
        told = news
        figures = [f"{progress.seconds:8.1f} s"]
        if progress.bound_yuan is not None:
            figures.append(f">= {progress.bound_yuan:,.0f}")
        if progress.incumbent_yuan is not None:
            figures.append(f"<= {progress.incumbent_yuan:,.0f}")
        if progress.gap is not None:
            figures.append(f"{progress.gap:.2%}")
        stage, tail = STAGES[progress.stage], "  ".join(figures)
        say(Message(f"{stage.zh}  {tail}", f"{stage.en}  {tail}"), err=True)

    return tell
