"""``modalshift plan``: all shipments of a week or a month together, with a proven gap."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.command import DONE, FINDINGS, FiniteRange, Verb, WrittenFile, option
from optimizer.cli.documents import read_document, whole_file
from optimizer.cli.figures import kilograms, tonnes, yuan
from optimizer.cli.planning_options import corridors_by_option, own_voyages_option, seed_option, workers_option
from optimizer.cli.printing import print_table, say
from optimizer.cli.session import current_session
from optimizer.errors import InputError, Message
from optimizer.quantities import FEN_PER_YUAN, KG_PER_T

if TYPE_CHECKING:
    from optimizer.planning.answer.summary import PlanSummary, Shifted
    from optimizer.planning.keeping.held import Accepted
    from optimizer.planning.plan import Amounts, Plan
    from optimizer.planning.solve import Progress


STOPS = {
    "gap": Message("达到所要求的间隙", "the gap asked for was reached"),
    "exhausted": Message("无法再改进", "nothing improved it further"),
    "time_limit": Message("时间到，取当前最好的计划", "time is up; this is the best plan so far"),
    "interrupt": Message("已中断，取当前最好的计划", "interrupted; this is the best plan so far"),
}
"""Why the run ended, by the setting ``stop`` of the document."""

REASONS_SHOWN = 8
OFFERS_SHOWN = 20
MOVES_SHOWN = 40
S_PER_H = 3600


@click.command(
    cls=Verb, about=Message("统筹规划全部货单，给出可证明的间隙", "plan all shipments together, with a proven gap")
)
@click.argument("shipments", metavar="SHIPMENTS.csv", type=click.Path(path_type=Path))
@option("--out", required=True, metavar="PLAN.json", type=WrittenFile(), zh="计划文件", en="plan to write")
@option("--horizon-days", type=click.IntRange(1, 366), zh="计划期（天），默认全部", en="days to plan; all by default")
@option(
    "--carbon-price",
    metavar="YUAN_PER_T",
    default=100.0,
    show_default=True,
    type=FiniteRange(0, 1e6),
    zh="碳价（元/吨 CO2e）",
    en="price of carbon, yuan per t CO2e",
)
@option("--co2e-cap-t", type=FiniteRange(0), zh="排放上限（吨 CO2e）", en="cap on emissions, t CO2e")
@option("--gap", default=0.01, show_default=True, type=FiniteRange(0, 1), zh="达到即停的间隙", en="gap to stop at")
@option("--time-limit", metavar="SECONDS", type=FiniteRange(0, min_open=True), zh="时限（秒）", en="time limit, s")
@seed_option
@option(
    "--sailings",
    metavar="FILE",
    type=click.Path(path_type=Path),
    zh="承运人报价航次（CSV 或 XLSX）",
    en="sailings that carriers offer (CSV or XLSX)",
)
@option(
    "--keep",
    metavar="ACCEPTED.json",
    type=click.Path(path_type=Path),
    zh="已接受的计划：尽量保持不动，其余围绕它重排，并列出变动与原因",
    en="an accepted plan: stays as far as it can, the rest is planned around it, with a list of what moved and why",
)
@option(
    "--issued-only",
    is_flag=True,
    zh="配合 --keep：只保留数据库（--db）中已签发运单的货",
    en="with --keep: keep only what has a waybill in the database (--db)",
)
@own_voyages_option
@corridors_by_option
@workers_option
def plan(
    shipments: Path,
    out: Path,
    horizon_days: int | None,
    carbon_price: float,
    co2e_cap_t: float | None,
    gap: float,
    time_limit: float | None,
    seed: int,
    sailings: Path | None,
    keep: Path | None,
    issued_only: bool,
    own_voyages: str,
    corridors_by: str,
    workers: int,
) -> int:
    """Exit 1 when a shipment had to be left out."""
    from optimizer.actions.planning import plan as plan_together
    from optimizer.planning.answer.summary import summary_of
    from optimizer.planning.document import plan_to_json
    from optimizer.planning.files.sailing_file import read_sailings
    from optimizer.planning.files.shipment_file import read_shipments
    from optimizer.planning.settings import PlanSettings

    session = current_session()
    network = session.network()
    listed, offers = read_shipments(shipments, network), read_sailings(sailings, network) if sailings else []
    factors = session.factors()
    settings = PlanSettings(
        carbon_price, co2e_cap_t, horizon_days, gap, time_limit, seed, own_voyages == "all", workers, corridors_by
    )
    accepted = _accepted(keep, issued_only=issued_only)
    # The file is opened first: that a place cannot be written to is said before an hour of work, not after it.
    with whole_file(out) as draft:
        made = plan_together(
            listed,
            network,
            factors,
            settings,
            clock=time.monotonic,
            tell=teller(),
            offers=offers,
            keep=accepted,
        )
        try:
            draft.write_text(plan_to_json(made), encoding="utf-8", newline="")
        except KeyboardInterrupt:
            # Whoever stops a run wants its plan; a second Ctrl-C means it.
            draft.write_text(plan_to_json(made), encoding="utf-8", newline="")
    print_plan(made, summary_of(made, listed))
    say(Message(f"已写入 {out}", f"Wrote {out}"))
    rejected = any(shipment.status == "rejected" or shipment.left_kg for shipment in made.shipments)
    return FINDINGS if rejected or made.status == "infeasible" else DONE


def _accepted(keep: Path | None, *, issued_only: bool) -> Accepted | None:
    """The accepted plan, and of its shipments those to keep."""
    from optimizer.actions.keeping import issued_shipments
    from optimizer.planning.document import plan_from_json
    from optimizer.planning.keeping.held import Accepted

    if keep is None:
        if issued_only:
            message = Message("--issued-only 须与 --keep 同用。", "--issued-only goes with --keep.")
            raise InputError(message)
        return None
    document = plan_from_json(read_document(keep), keep.name)
    if not issued_only:
        return Accepted(document)
    with current_session().store() as store:
        return Accepted(document, issued_shipments(store))


def print_plan(made: Plan, summary: PlanSummary) -> None:
    """How the run ended, totals beside the road, who stays on it and why, what binds, what was left out."""
    stop = STOPS.get(str(made.settings.get("stop")), Message(made.status, made.status))
    words = f"{made.objective_yuan:,.0f}", f"{made.bound_yuan:,.0f}", f"{made.gap:.2%}", f"{made.seconds:,.1f}"
    say(
        Message(
            f"{stop.zh}：目标 {words[0]} 元，下界 {words[1]} 元，间隙 {words[2]}，用时 {words[3]} 秒",
            f"{stop.en}: objective {words[0]} yuan, bound {words[1]} yuan, gap {words[2]}, {words[3]} s",
        )
    )
    _print_kept(made)
    _print_totals(made, summary)
    _print_reasons(summary)
    _print_binding(made)
    _print_offers(made)
    if made.left_behind is not None:
        say(made.left_behind.message)
    for shipment in made.shipments:
        if shipment.left_kg:
            left, why = tonnes(shipment.left_kg), shipment.reason or Message("", "")
            say(
                Message(
                    f"只安排一部分 {shipment.shipment_id}，留下 {left} 吨：{why.zh}",
                    f"Planned in part {shipment.shipment_id}, {left} t left out: {why.en}",
                )
            )
        elif shipment.reason is not None:
            say(
                Message(
                    f"未安排 {shipment.shipment_id}：{shipment.reason.zh}",
                    f"Left out {shipment.shipment_id}: {shipment.reason.en}",
                )
            )


def _print_binding(made: Plan) -> None:
    """What limits the plan; where it was not planned again, how far from the value at the margin the saving may be."""
    for item in made.binding:
        say(item.message)
    apart = [item.at_most_yuan - item.value_yuan for item in made.binding if item.at_most_yuan is not None]
    if apart:
        words = f"{max(apart):,.0f}"
        say(
            Message(
                f"边际价值不等于实际节约：添一单位后重新规划，可省 0 元至该值加 {words} 元（本计划与下界之差）。",
                "Worth at the margin is not a saving: planned again with one unit more, the plan may save from 0 up to"
                f" that value plus {words} yuan, by which it stands above its bound.",
            )
        )


def _print_offers(made: Plan) -> None:
    """Carriers' sailings that cannot be used, each with the reason, the first of them."""
    for offer in made.unusable_offers[:OFFERS_SHOWN]:
        say(offer.message)
    more = len(made.unusable_offers) - OFFERS_SHOWN
    if more > 0:
        say(
            Message(
                f"另有 {more} 个航次不能用，见计划文件的 unusable_offers。",
                f"{more} more sailings cannot be used; they stand in the plan under unusable_offers.",
            )
        )


def _print_kept(made: Plan) -> None:
    """What stayed as accepted, and each shipment that moved with its reason."""
    if made.kept is None:
        return
    lang = current_session().lang
    shipments, voyages, moved = len(made.kept.shipments), len(made.kept.voyages), len(made.moved)
    title = Message(
        f"保留 {shipments} 票、{voyages} 个航次；变动 {moved} 票。{made.kept.note.zh}",
        f"{shipments} shipments and {voyages} voyages kept; {moved} shipments moved. {made.kept.note.en}",
    )
    columns = [
        Message("变动的货单", "Shipment"),
        Message("原航次", "Was on"),
        Message("现航次", "Is on"),
        Message("原因", "Why"),
    ]
    rows = [
        [item.shipment_id, ", ".join(item.was) or "—", ", ".join(item.now) or "—", item.message.text(lang)]
        for item in made.moved[:MOVES_SHOWN]
    ]
    if not rows:
        say(title)
        return
    print_table(title, columns, rows)
    if moved > MOVES_SHOWN:
        more = moved - MOVES_SHOWN
        say(Message(f"另有 {more} 票，见计划文件的 moved。", f"{more} more stand in the plan under moved."))


def _print_totals(made: Plan, summary: PlanSummary) -> None:
    totals = made.totals
    loaded = sum(not voyage.empty for voyage in made.voyages)
    share, activity_share = f"{totals.water_share_t:.1%}", f"{totals.water_share_tkm:.1%}"
    mass, late = f"{tonnes(totals.mass_kg)}", summary.late
    title = Message(
        f"{len(made.shipments)} 票 {mass} 吨；水路占吨数 {share}、周转量 {activity_share}；"
        f"载货航次 {loaded}，空驶 {len(made.voyages) - loaded}；晚到 {late} 票",
        f"{len(made.shipments)} shipments, {mass} t; by water {share} of tonnes,"
        f" {activity_share} of tkm; {loaded} voyages loaded, {len(made.voyages) - loaded} empty; {late} late",
    )
    columns = [
        Message("", ""),
        Message("公路基准", "Road baseline"),
        Message("计划", "Plan"),
        Message("节约", "Saving"),
        Message("每转水吨", "Per t shifted"),
    ]
    lang = current_session().lang
    names = [
        Message("费用 元", "Cost yuan"),
        *(Message(f"{name} kg CO2e", f"{name} kg CO2e") for name in ("WTW", "TTW")),
    ]
    names.append(Message("全程合计 h", "Door to door, h in all"))
    figures = [_figures(part) for part in (totals.baseline, totals.planned, totals.saving)]
    per_t = [*_per_t(summary.shifted), ""]
    rows = [[name.text(lang), *row, last] for name, *row, last in zip(names, *figures, per_t, strict=True)]
    print_table(title, columns, rows)


def _figures(part: Amounts) -> list[str]:
    """Cost, WTW, TTW and time of one side."""
    hours = f"{part.duration_s / S_PER_H:,.0f}"
    return [yuan(part.cost_fen), kilograms(part.co2e_wtw_g), kilograms(part.co2e_ttw_g), hours]


def _per_t(shifted: Shifted) -> list[str]:
    """Yuan, kg WTW and kg TTW saved per tonne that goes by water; g per kg is kg per t."""
    if not shifted.mass_kg:
        return ["", "", ""]
    yuan_per_t = shifted.saved_fen / FEN_PER_YUAN / (shifted.mass_kg / KG_PER_T)
    saved_kg_per_t = (saved_g / shifted.mass_kg for saved_g in (shifted.saved_wtw_g, shifted.saved_ttw_g))
    return [f"{yuan_per_t:,.2f}", *(f"{saved:,.2f}" for saved in saved_kg_per_t)]


def _print_reasons(summary: PlanSummary) -> None:
    """Why cargo stays on the road, by kind of reason, and how much of the shifted cargo got worse."""
    lang = current_session().lang
    columns = [
        Message("留在公路的原因", "Why on the road"),
        Message("票", "Shipments"),
        Message("吨", "t"),
        Message("例", "Example"),
    ]
    rows = [
        [item.kind.text(lang), f"{item.shipments:,}", tonnes(item.mass_kg), item.example_id]
        for item in summary.road_reasons[:REASONS_SHOWN]
    ]
    title = Message(
        f"走水路 {summary.by_water} 票，部分走水路 {summary.partly}，走铁路 {summary.by_rail}，"
        f"留在公路 {summary.on_road}",
        f"{summary.by_water} shipments by water, {summary.partly} partly, {summary.by_rail} by rail,"
        f" {summary.on_road} on the road",
    )
    if rows:
        print_table(title, columns, rows)
    else:
        say(title)
    if summary.dirtier or summary.dearer:
        dirtier, dearer = len(summary.dirtier), len(summary.dearer)
        say(
            Message(
                f"走水路但排放高于公路 {dirtier} 票，费用高于公路 {dearer} 票。",
                f"By water yet emitting more than the road: {dirtier}; costing more: {dearer}.",
            )
        )


def teller() -> Callable[[Progress], None]:
    """Progress on stderr, one line for each new stage, better bound and better plan. Stdout stays for the result."""
    from optimizer.planning.run import STAGE_NAMES

    told: tuple[str, float | None, float | None] | None = None

    def tell(progress: Progress) -> None:
        nonlocal told
        climbing = progress.bound_yuan if progress.stage == "bound" else None
        news = (progress.stage, progress.incumbent_yuan, climbing)
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
        stage, tail = STAGE_NAMES[progress.stage], "  ".join(figures)
        say(Message(f"{stage.zh}  {tail}", f"{stage.en}  {tail}"), err=True)

    return tell
