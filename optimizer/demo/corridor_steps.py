"""The last part of the story: the month beside the corridor's published figures, and why they differ."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from optimizer.accounts.totals import SavingsRow
from optimizer.demo.corridor import (
    FIRST_PASS_KG_PER_T,
    FIRST_PASS_YUAN_PER_T,
    BreakEven,
    Kind,
    Rederived,
    Shift,
    Side,
    Way,
)
from optimizer.demo.step import Row, Step, share
from optimizer.demo.traffic import Figure
from optimizer.errors import Message
from optimizer.network.model import Network
from optimizer.quantities import FEN_PER_YUAN, G_PER_KG, KG_PER_T

_SIDES: tuple[tuple[Side, Message], ...] = (
    ("baseline", Message("公路基准", "road baseline")),
    ("project", Message("水路方案", "by water")),
)
_KIND_NAMES: dict[Kind, Message] = {
    "truck": Message("干线卡车", "line-haul truck"),
    "drayage": Message("短驳卡车", "drayage truck"),
    "vessel": Message("内河船，含空驶", "inland vessel, empties included"),
    "sea": Message("海船", "sea vessel"),
    "rail": Message("火车", "train"),
    "hub": Message("码头装卸", "terminals"),
}


def published_step(shift: Shift, settled: SavingsRow, traffic: Sequence[Figure], network: Network) -> Step:
    """Published figure, planned and settled, one line each."""
    known = {name: item.value for name, item in network.benchmarks.items()}
    settled_t = settled.mass_kg / KG_PER_T
    settled_yuan_per_t = settled.cost_saved_fen / FEN_PER_YUAN / settled_t if settled_t else 0.0
    baseline, project = shift.side("baseline").wtw_kg, shift.side("project").wtw_kg
    planned_kg_per_t = (baseline - project) / shift.mass_t if shift.mass_t else 0.0
    rows: list[Row] = [
        [
            Message("转水 吨（公布：一季度；本月）", "t shifted (published: a quarter; ours: a month)"),
            f"{known['shifted_mass_t']:,.0f}",
            f"{shift.mass_t:,.0f}",
            f"{settled_t:,.0f}",
        ],
        [
            Message("省运费 元/t（公布为上限）", "freight saved, yuan/t (published: upper value)"),
            f"{known['cost_saving_upper_yuan_per_t']:.1f}",
            f"{shift.saved_yuan / shift.mass_t if shift.mass_t else 0:.1f}",
            f"{settled_yuan_per_t:.1f}",
        ],
        [
            Message("减排 kg/t（公布未说明边界）", "CO2 saved, kg/t (published: boundary not stated)"),
            f"{known['co2_saving_kg_per_t']:.2f}",
            f"{planned_kg_per_t:.2f}",
            f"{_g_per_kg(settled.expected_g, settled):.2f}",
        ],
        [
            Message("  其中入账 kg/t", "  of this credited, kg/t"),
            "",
            "",
            f"{_g_per_kg(settled.credited_g, settled):.2f}",
        ],
    ]
    rows += [[figure.label, *figure.texts, ""] for figure in traffic]
    columns = (
        Message("指标", "Measure"),
        Message("公布值", "Published"),
        Message("计划", "Planned"),
        Message("已结算", "Settled"),
    )
    return Step(Message("十二 与通道公布数字对照", "12 Beside the corridor's published figures"), columns, rows)


def ways_step(shift: Shift, ways: Sequence[Way]) -> Step:
    """The same month counted in several ways."""
    rows: list[Row] = [
        [
            way.code,
            way.label,
            way.boundary,
            f"{way.baseline_kg / way.mass_t if way.mass_t else 0:.2f}",
            f"{way.project_kg / way.mass_t if way.mass_t else 0:.2f}",
            f"{way.saving_kg_per_t:.2f}",
        ]
        for way in ways
    ]
    table_way = next((way.saving_kg_per_t for way in ways if way.code == "b"), 0.0)
    freight = shift.saved_yuan / shift.mass_t if shift.mass_t else 0.0
    notes = [
        Message(
            f"同口径 b 的早先粗算为 {FIRST_PASS_KG_PER_T:.1f} kg/t、{FIRST_PASS_YUAN_PER_T:.0f} 元/t；"
            f"本次 {table_way:.2f} kg/t、{freight:.1f} 元/t。",
            f"An earlier rough pass in way b gave {FIRST_PASS_KG_PER_T:.1f} kg/t and {FIRST_PASS_YUAN_PER_T:.0f}"
            f" yuan/t; here {table_way:.2f} kg/t and {freight:.1f} yuan/t.",
        ),
        Message(
            "b、b2 混用了边界不同的数值，只供对照，不入账；a、c、d 各在一个边界之内。",
            "b and b2 mix numbers of different boundaries and serve comparison only; a, c and d each keep to one.",
        ),
    ]
    columns = (
        Message("", ""),
        Message("算法", "Way of counting"),
        Message("边界", "Boundary"),
        Message("基准 kg/t", "Baseline kg/t"),
        Message("水路 kg/t", "By water kg/t"),
        Message("减排 kg/t", "Saved kg/t"),
    )
    return Step(
        Message("同一个月的五种算法", "The same month counted in five ways"), columns, rows, notes, numeric_from=3
    )


def parts_step(shift: Shift, rederivation: Rederived, needed: BreakEven, published_kg_per_t: float) -> Step:
    """Where the kilograms per tonne come from, in way (a)."""
    rows: list[Row] = [
        _part_row(shift, side, kind, Message(f"{whose.zh}：{name.zh}", f"{whose.en}: {name.en}"))
        for side, whose in _SIDES
        for kind, name in _KIND_NAMES.items()
        if shift.part(side, kind).wtw_kg
    ]
    saved = (shift.side("baseline").wtw_kg - shift.side("project").wtw_kg) / shift.mass_t if shift.mass_t else 0.0
    rows.append([Message("减排", "saved"), "", "", f"{saved:+.2f}"])
    notes = [
        *_why(shift, saved, published_kg_per_t),
        _rederived(rederivation, published_kg_per_t),
        *_needed(needed, published_kg_per_t),
    ]
    columns = (
        Message("组成（a，每转水吨）", "Part (way a, per t shifted)"),
        Message("km", "km"),
        Message("g CO2e/tkm", "g CO2e/tkm"),
        Message("kg CO2e/t", "kg CO2e/t"),
    )
    return Step(Message("为什么不同：逐项分解", "Why they differ, part by part"), columns, rows, notes)


def _part_row(shift: Shift, side: Side, kind: Kind, name: Message) -> Row:
    """One part with its sign: the baseline is saved, the project spent."""
    part, sign = shift.part(side, kind), 1 if side == "baseline" else -1
    km, intensity = (f"{shift.km(side, kind):.1f}", f"{part.wtw_g_per_tkm:.1f}") if part.tkm else ("", "")
    return [name, km, intensity, f"{sign * part.wtw_kg / shift.mass_t:+.2f}"]


def look_step(directory: str, account: str, period: str) -> Step:
    """Where to look next."""
    url = f"sqlite:///{directory}/modalshift.db"
    commands = (
        f"modalshift check {directory}/PLAN.json --shipments {directory}/shipments.csv",
        f"modalshift audit --db {url}",
        f"modalshift statement {account} --period {period} --out statement.json --db {url}",
        f"modalshift serve --demo --db {url}",
    )
    return Step(Message("接下来可看", "Where to look next"), notes=[Message(command, command) for command in commands])


def corridor_csv(ways: Sequence[Way], shift: Shift) -> str:
    """The ways of counting and the parts of way (a) as CSV: way or part, label, boundary, km per t, g/tkm, kg per t."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("row", "label_zh", "label_en", "boundary_en", "km", "g_per_tkm", "kg_per_t"))
    for way in ways:
        row = (f"way {way.code}", way.label.zh, way.label.en, way.boundary.en, "", "", f"{way.saving_kg_per_t:.4f}")
        writer.writerow(row)
    for (side, kind), part in shift.parts.items():
        kg_per_t = part.wtw_kg / shift.mass_t if shift.mass_t else 0.0
        figures = f"{shift.km(side, kind):.3f}", f"{part.wtw_g_per_tkm:.3f}", f"{kg_per_t:.4f}"
        writer.writerow((f"{side} {kind}", "", "", "WTW CO2e", *figures))
    return buffer.getvalue()


def _why(shift: Shift, saved: float, published: float) -> list[Message]:
    """The differences in words, each with its own number."""
    if not shift.mass_t:
        return []
    road_km = shift.km("baseline", "truck") + shift.km("baseline", "sea")
    water_km = shift.km("project", "vessel") + shift.km("project", "sea")
    truck = shift.part("baseline", "truck").wtw_g_per_tkm
    vessel = shift.part("project", "vessel").wtw_g_per_tkm
    ends_kg = (shift.part("project", "drayage").wtw_kg + shift.part("project", "hub").wtw_kg) / shift.mass_t
    detour_kg = (water_km - road_km) * vessel / G_PER_KG
    longer = share(water_km - road_km, road_km)
    return [
        Message(
            f"距离：公路 {road_km:.0f} km，水路 {water_km:.0f} km（长 {longer}），多走的路值 {detour_kg:.2f} kg/t。",
            f"Distance: {road_km:.0f} km by road, {water_km:.0f} km by water ({longer} longer); the detour takes"
            f" {detour_kg:.2f} kg/t.",
        ),
        Message(
            f"强度：卡车 {truck:.1f}、内河船 {vessel:.1f} g CO2e/tkm，均含空驶；两端短驳与装卸 {ends_kg:.2f} kg/t。",
            f"Intensity: trucks {truck:.1f}, inland vessels {vessel:.1f} g CO2e/tkm, both with their empties; drayage"
            f" and terminals take {ends_kg:.2f} kg/t.",
        ),
        Message(
            f"减排 {saved:.2f} kg/t，与公布的 {published:.2f} kg/t 之差为 {saved - published:+.2f} kg/t。",
            f"Saved {saved:.2f} kg/t, {saved - published:+.2f} kg/t from the published {published:.2f} kg/t.",
        ),
    ]


def _rederived(item: Rederived, published: float) -> Message:
    difference, haul = f"{item.difference_g_per_tkm:.1f}", f"{item.haul_km:.0f}"
    off = f"{item.kg_per_t / published - 1:+.1%}"
    sum_zh = f"{haul} × ({item.truck_g_per_tkm:.1f} − {item.vessel_g_per_tkm:.1f}) = {item.kg_per_t:.2f} kg/t"
    sum_en = sum_zh.replace("×", "x").replace("−", "-")
    return Message(
        f"公布减排 ÷ 公布运距 = {difference} g/tkm。若两边都取 {haul} km、用 b 的两张表、不计短驳与装卸：{sum_zh}，"
        f"与公布值相差 {off}；公布方未说明算法。",
        f"The published saving over the published haul is {difference} g/tkm. With {haul} km on both sides, the tables"
        f" of way b and nothing at the ends: {sum_en}, {off} from what was published; its method is not stated.",
    )


def _needed(needed: BreakEven, published: float) -> list[Message]:
    notes = []
    if needed.truck_g_per_tkm is not None:
        truck = f"{needed.truck_g_per_tkm:.1f}"
        notes.append(
            Message(
                f"只改一项要达到 {published:.2f} kg/t：干线卡车须为 {truck} g/tkm。",
                f"To reach {published:.2f} kg/t by one change alone, line-haul trucks must emit {truck} g/tkm.",
            )
        )
    if needed.vessel_g_per_tkm is not None:
        vessel = f"{needed.vessel_g_per_tkm:.1f}"
        notes.append(Message(f"或内河船须为 {vessel} g/tkm。", f"Or inland vessels {vessel} g/tkm."))
    return notes


def _g_per_kg(grams: int, row: SavingsRow) -> float:
    """g of CO2e per kg of cargo: kg per t."""
    return grams / row.mass_kg if row.mass_kg else 0.0
