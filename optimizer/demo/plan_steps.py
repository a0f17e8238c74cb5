"""The planning half of the story as tables: the world, a quote, the plan beside the road, and its second opinion."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from optimizer.demo.step import FIGURES, Row, Step, count, kg, kg_per_t, share, t, yuan, yuan_per_t
from optimizer.demo.world import World
from optimizer.errors import Message
from optimizer.network.model import Mode
from optimizer.planning.answer.summary import PlanSummary, ReasonCount
from optimizer.planning.check import Violation
from optimizer.planning.plan import Amounts, Plan, PlannedShipment, Totals
from optimizer.planning.quote import LABEL_NAMES, Quote, QuoteOption

WORST_SHOWN = 5
BINDING_SHOWN = 3


def world_step(world: World) -> Step:
    """What the story is told of."""
    network = world.network
    water_km = sum(link.distance_km for link in network.links.values() if link.mode is Mode.INLAND_WATERWAY)
    mass_kg = sum(shipment.mass_kg for shipment in world.shipments)
    rows: list[Row] = [
        [Message("地点 / 码头", "places / terminals"), f"{len(network.locations)} / {len(network.terminals)}"],
        [Message("内河航道 km / 船闸", "inland waterway km / locks"), f"{water_km:,.0f} / {len(network.locks)}"],
        [Message("船舶", "vessels"), count(sum(entry.count for entry in network.fleet))],
        [Message("排放因子", "emission factors"), count(len(world.factors.factors))],
        [Message("货单 / 吨", "shipments / t"), f"{count(len(world.shipments))} / {t(mass_kg)}"],
        [Message("企业", "enterprises"), count(len(world.parties))],
        [Message("版本", "versions"), f"{network.version}, {world.factors.version}"],
    ]
    return Step(Message("一 路网、因子与一个月的货单", "1 Network, factors and a month of shipments"), FIGURES, rows)


def quote_step(answer: Quote, world: World) -> Step:
    """One shipment: road and water side by side."""
    shipment, places = answer.shipment, world.network.locations
    cargo = world.network.cargo[shipment.cargo_code]
    start, end = places[shipment.origin], places[shipment.destination]
    title = Message(
        f"二 比选一票：{shipment.shipment_id}，{cargo.name_zh} {t(shipment.mass_kg)} 吨，"
        f"{start.name_zh} 至 {end.name_zh}",
        f"2 Quote one shipment: {shipment.shipment_id}, {t(shipment.mass_kg)} t of {cargo.name_en}, "
        f"{start.name_en} to {end.name_en}",
    )
    rows = [_option_row(item) for item in _shown(answer)]
    notes = [answer.verdict, *(missing.message for missing in answer.missing)]
    return Step(title, _OPTION_COLUMNS, rows, notes)


def plan_step(plan: Plan, summary: PlanSummary) -> Step:
    """The month as planned: what leaves the road, beside the road it would have taken."""
    totals, shifted = plan.totals, summary.shifted
    title = Message(
        f"三 统筹规划一个月：{count(len(plan.shipments))} 票 {t(totals.mass_kg)} 吨",
        f"3 Plan the month together: {count(len(plan.shipments))} shipments, {t(totals.mass_kg)} t",
    )
    rows: list[Row] = [
        _beside(
            Message("费用 元", "cost, yuan"), totals, "cost_fen", yuan, yuan_per_t(shifted.saved_fen, shifted.mass_kg)
        ),
        _beside(
            Message("WTW kg CO2e", "WTW kg CO2e"),
            totals,
            "co2e_wtw_g",
            kg,
            kg_per_t(shifted.saved_wtw_g, shifted.mass_kg),
        ),
        _beside(
            Message("TTW kg CO2e", "TTW kg CO2e"),
            totals,
            "co2e_ttw_g",
            kg,
            kg_per_t(shifted.saved_ttw_g, shifted.mass_kg),
        ),
        [Message("平均全程 h", "mean door to door, h"), *_hours(plan), ""],
    ]
    shares = share(totals.water_mass_kg, totals.mass_kg), share(totals.water_activity_kgkm, totals.activity_kgkm)
    moved = Message(
        f"转水 {t(shifted.mass_kg)} 吨；水路占吨数 {shares[0]}、周转量 {shares[1]}。",
        f"{t(shifted.mass_kg)} t leave the road; by water {shares[0]} of tonnes, {shares[1]} of tkm.",
    )
    return Step(title, _BESIDE_ROAD, rows, [moved, *plan_notes(plan)])


def plan_notes(plan: Plan) -> list[Message]:
    """Voyages, the proof and what limits the plan, dearest first."""
    empty = sum(voyage.empty for voyage in plan.voyages)
    loaded, empties = count(len(plan.voyages) - empty), count(empty)
    empty_km = share(plan.totals.empty_km, plan.totals.empty_km + plan.totals.loaded_km)
    objective, bound, seconds = f"{plan.objective_yuan:,.0f}", f"{plan.bound_yuan:,.0f}", f"{plan.seconds:.0f}"
    dearest = sorted(plan.binding, key=lambda item: -item.value_yuan)[:BINDING_SHOWN]
    return [
        Message(
            f"航次：载货 {loaded}，空驶 {empties}（占里程 {empty_km}），空驶的费用与排放已计入。",
            f"Voyages: {loaded} loaded, {empties} empty ({empty_km} of km); cost and emissions of the empty ones are"
            " included.",
        ),
        Message(
            f"目标 {objective} 元，已证明的下界 {bound} 元：离最优至多 {plan.gap:.2%}（求解 {seconds} 秒）。",
            f"Objective {objective} yuan, proven bound {bound} yuan: at most {plan.gap:.2%} from the best"
            f" ({seconds} s).",
        ),
        *(item.message for item in dearest),
    ]


def stays_step(summary: PlanSummary) -> Step:
    """Who stays on the road and why, and where the water is the worse way."""
    groups = [*summary.road_reasons, *summary.rejected_reasons]
    rows: list[Row] = [[item.kind, count(item.shipments), t(item.mass_kg), item.example_id] for item in groups]
    by_water, partly, by_rail = count(summary.by_water), count(summary.partly), count(summary.by_rail)
    on_road, rejected, late = count(summary.on_road), count(summary.rejected), count(summary.late)
    dirtier, dearer = count(len(summary.dirtier)), count(len(summary.dearer))
    notes = [
        Message(
            f"走水路 {by_water} 票，部分走水路 {partly}，走铁路 {by_rail}，留在公路 {on_road}，"
            f"无法安排 {rejected}；晚到 {late}。",
            f"By water {by_water}, partly {partly}, by rail {by_rail}, on the road {on_road}, left out {rejected};"
            f" late {late}.",
        ),
        *(_example(item) for item in groups[:2]),
        Message(
            f"走水路但排放高于公路 {dirtier} 票，费用高于公路 {dearer} 票。",
            f"By water yet emitting more than the road: {dirtier}; costing more: {dearer}.",
        ),
    ]
    title = Message("四 为什么留在公路", "4 Why cargo stays on the road")
    return Step(title, _REASON_COLUMNS, rows, notes)


def worse_step(summary: PlanSummary) -> Step:
    """The flows on which water saves least; a negative figure got worse."""
    rows: list[Row] = [
        [
            f"{flow.origin} → {flow.destination}",
            flow.cargo_code,
            t(flow.shifted.mass_kg),
            kg_per_t(flow.shifted.saved_wtw_g, flow.shifted.mass_kg),
            yuan_per_t(flow.shifted.saved_fen, flow.shifted.mass_kg),
        ]
        for flow in summary.flows[:WORST_SHOWN]
    ]
    notes = [_worst(item.shipment_id, item.saving) for item in summary.dirtier[:1] if item.saving is not None]
    title = Message("水路减排最少的流向", "Flows on which water saves least")
    return Step(title, _FLOW_COLUMNS, rows, notes, numeric_from=2)


def check_step(violations: Sequence[Violation]) -> Step:
    """The second opinion on the plan."""
    rows: list[Row] = [[Message("违规", "violations"), count(len(violations))]]
    notes = [Message(f"{item.code}：{item.message.zh}", f"{item.code}: {item.message.en}") for item in violations[:3]]
    title = Message("五 独立复核：不用规划器的任何代码重算", "5 Independent check, without any code of the planner")
    return Step(title, FIGURES, rows, notes)


def _worst(shipment_id: str, saving: Amounts) -> Message:
    more, saved = kg(-saving.co2e_wtw_g), yuan(saving.cost_fen)
    return Message(
        f"最差一票 {shipment_id}：比公路多排 {more} kg CO2e，省 {saved} 元。",
        f"Worst shipment {shipment_id}: emits {more} kg CO2e more than the road and saves {saved} yuan.",
    )


def _example(item: ReasonCount) -> Message:
    return Message(f"如 {item.example_id}：{item.example.zh}", f"For example {item.example_id}: {item.example.en}")


def _shown(answer: Quote) -> list[QuoteOption]:
    extra = [item for item in (answer.baseline, answer.water) if item is not None and item not in answer.options]
    return [*answer.options, *extra]


def _option_row(item: QuoteOption) -> Row:
    labels = [LABEL_NAMES[label] for label in item.labels]
    zh, en = "、".join(label.zh for label in labels), ", ".join(label.en for label in labels)
    saved = item.saving
    return [
        Message(
            f"{item.title.zh} {f'[{zh}]' if zh else ''}".strip(), f"{item.title.en} {f'[{en}]' if en else ''}".strip()
        ),
        yuan(item.amounts.cost_fen),
        kg(item.amounts.co2e_wtw_g),
        f"{item.amounts.duration_s / 3600:,.0f}",
        yuan(saved.cost_fen) if saved else "",
        kg(saved.co2e_wtw_g) if saved else "",
    ]


def _beside(name: Message, totals: Totals, field: str, text: Callable[[int], str], per_t: str) -> Row:
    """Baseline, plan and saving of one kind of amount."""
    return [name, *(text(getattr(side, field)) for side in (totals.baseline, totals.planned, totals.saving)), per_t]


def _hours(plan: Plan) -> list[str]:
    """Mean hours over the planned shipments that have a road to compare with."""
    compared: list[PlannedShipment] = [item for item in plan.shipments if item.baseline and item.saving]
    if not compared:
        return ["", "", ""]
    baseline = sum(item.baseline.duration_s for item in compared if item.baseline) / len(compared) / 3600
    saving = sum(item.saving.duration_s for item in compared if item.saving) / len(compared) / 3600
    return [f"{baseline:,.1f}", f"{baseline - saving:,.1f}", f"{saving:,.1f}"]


_OPTION_COLUMNS = (
    Message("方案", "Option"),
    Message("费用 元", "Cost yuan"),
    Message("kg CO2e WTW", "kg CO2e WTW"),
    Message("全程 h", "Hours"),
    Message("省 元", "Saves yuan"),
    Message("减 kg CO2e", "Saves kg CO2e"),
)
_BESIDE_ROAD = (
    Message("", ""),
    Message("公路基准", "Road baseline"),
    Message("计划", "Plan"),
    Message("节约", "Saving"),
    Message("每转水吨", "Per t shifted"),
)
_REASON_COLUMNS = (Message("原因", "Reason"), Message("票", "Shipments"), Message("吨", "t"), Message("例", "Example"))
_FLOW_COLUMNS = (
    Message("流向", "Flow"),
    Message("货类", "Cargo"),
    Message("转水 吨", "t by water"),
    Message("减排 kg/t", "Saves kg/t"),
    Message("省 元/t", "Saves yuan/t"),
)
