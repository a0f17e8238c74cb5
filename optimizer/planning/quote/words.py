"""What a quote says in words: titles of options, what was assumed, and how water compares with the road."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.errors import Message
from optimizer.network.model import WATER_MODES, Mode, Network
from optimizer.planning.plan import Amounts
from optimizer.planning.quote.records import Quote, QuoteLeg, QuoteOption
from optimizer.planning.routing.route import Route, RouteLeg
from optimizer.planning.settings import MAX_LATE_H, SLOT_H
from optimizer.quantities import FEN_PER_YUAN, G_PER_KG

SECONDS_PER_HOUR = 3600

MODE_NAMES = {
    Mode.INLAND_WATERWAY.value: Message("内河", "river"),
    Mode.SEA.value: Message("江海船", "river-sea ship"),
    Mode.RAIL.value: Message("铁路", "rail"),
    Mode.ROAD.value: Message("公路", "road"),
    Mode.HUB.value: Message("装卸", "hub"),
}


def place_name(network: Network, location_id: str) -> Message:
    """A place in both languages."""
    place = network.locations[location_id]
    return Message(place.name_zh, place.name_en)


def option_title(network: Network, route: Route, vessels: Sequence[int]) -> Message:
    """Such as ``内河 衢江港区→乍浦港区（1000 吨级，2 艘）``; a truck from door to door is just the road.
    ``vessels``: how many each leg takes."""
    parts = [
        _leg_title(network, leg, count)
        for leg, count in zip(route.legs, vessels, strict=True)
        if leg.role == "main" and leg.mode is not Mode.ROAD
    ]
    if route.kind == "road":
        direct = Message("公路直达", "Road, door to door")
        ships = Message("、".join(p.zh for p in parts), ", ".join(p.en for p in parts))
        return Message(f"公路（含 {ships.zh}）", f"Road, with {ships.en}") if parts else direct
    english = ", then ".join(part.en for part in parts)
    return Message("，转".join(part.zh for part in parts), english[:1].upper() + english[1:])


def _leg_title(network: Network, leg: RouteLeg, vessels: int) -> Message:
    mode, start, end = MODE_NAMES[leg.mode.value], place_name(network, leg.origin), place_name(network, leg.destination)
    zh, en = f"{mode.zh} {start.zh}→{end.zh}", f"{mode.en} {start.en} to {end.en}"
    if not leg.planned:
        return Message(zh, en)
    many = (f"，{vessels} 艘", f", {vessels} vessels") if vessels > 1 else ("", "")
    return Message(f"{zh}（{leg.vehicle_class}{many[0]}）", f"{en} ({leg.vehicle_class}{many[1]})")


def voyage_words(
    network: Network, leg: RouteLeg, vessels: int, load_t: float, capacity_t: float, mass_t: float
) -> Message:
    """How the voyage was reckoned."""
    vessel = network.vessel_classes[leg.vehicle_class]
    empty = network.value("vessel_empty_share")
    own_t = mass_t / vessels
    zh = f"内河段：{vessel.name_zh} {vessels} 艘，水深允许每艘装 {capacity_t:,.0f} 吨，按每艘装 {load_t:,.0f} 吨计"
    en = (
        f"River leg: {vessels} x {vessel.name_en}; the water allows {capacity_t:,.0f} t each,"
        f" priced and reckoned with {load_t:,.0f} t aboard"
    )
    if own_t < load_t * (1 - 1e-6):
        zh += f"（本票 {own_t:,.3f} 吨，余舱假定揽得他货）"
        en += f" (this shipment: {own_t:,.3f} t; the rest of the hold is assumed sold)"
    if capacity_t < vessel.capacity_t * (1 - 1e-6):
        zh += f"；水浅，达不到满载 {vessel.capacity_t:,.0f} 吨"
        en += f"; shallow water keeps it from its full {vessel.capacity_t:,.0f} t"
    if all(entry.market != "own" for entry in network.fleet if entry.vessel_class == leg.vehicle_class):
        zh, en = f"{zh}；按租船日租金", f"{en}; at the charter rate"
    else:
        zh, en = f"{zh}；按自有船日费用", f"{en}; at the own fleet's daily cost"
    return Message(f"{zh}，另计 {empty:.1%} 的空驶。", f"{en}, with {empty:.1%} of all km run empty.")


def service_words(network: Network, leg: RouteLeg) -> list[Message]:
    """How often a train or ship leaves and how full it is taken to be; nothing for trucks and hubs."""
    if leg.mode is Mode.SEA:
        load, empty = network.value("sea_load_factor"), network.value("sea_empty_share")
        zh = f"江海船每 {leg.interval_h:g} 小时一班，装载率 {load:.0%}，空驶率 {empty:.0%}，按吨付费。"
        en = f"River-sea ships: every {leg.interval_h:g} h, {load:.0%} full, {empty:.0%} of km empty; paid per tonne."
        return [Message(zh, en)]
    if leg.mode is Mode.RAIL:
        zh = f"铁路每 {leg.interval_h:g} 小时一班，按吨付费，排放按铁路默认因子。"
        en = f"Trains: every {leg.interval_h:g} h, paid by the tonne; emissions by the default factor of rail."
        return [Message(zh, en)]
    return []


def general_assumptions(value_yuan_per_t: float) -> tuple[Message, ...]:
    """What holds for every option."""
    said = [
        Message(
            "单票估算：不知其他货票与航次，未占用船队、码头和船闸能力；"
            f"船每 {SLOT_H} 小时可开一班，最多晚到 {MAX_LATE_H} 小时。",
            "Reckoned alone: other shipments and voyages are unknown; no fleet, terminal or lock capacity is reserved;"
            f" a vessel may berth every {SLOT_H} h and deliver at most {MAX_LATE_H} h late.",
        ),
        Message(
            "推荐规则：按期送达且排放不高于公路的方案中最省的；没有这样的方案，则为最早送达的。",
            "Recommended: the cheapest option that arrives in time and emits no more than the road;"
            " if there is none, the one that arrives first.",
        ),
    ]
    if value_yuan_per_t == 0:
        said.append(
            Message("未填货值，装卸货损未计价。", "No cargo value was given, so handling losses are not priced.")
        )
    return tuple(said)


def verdict(baseline: QuoteOption | None, water: QuoteOption | None, chosen: QuoteOption | None) -> Message:
    """One sentence: what is recommended, and what water is against the road, good or bad, too late included."""
    if chosen is None:
        return Message("没有任何方案可以承运，原因见下。", "Nobody can move this shipment; see why below.")
    zh, en = f"推荐：{chosen.title.zh}。", f"Recommended: {chosen.title.en}."
    if chosen.late_s:
        late_h = f"{chosen.late_s / SECONDS_PER_HOUR:,.1f}"
        zh = f"{zh}没有方案能按期送达，它最早到，晚 {late_h} 小时。"
        en = f"{en} Nothing arrives in time; this comes first, {late_h} h late."
    if water is None:
        return Message(f"{zh}没有可行的水路方案，原因见下。", f"{en} No way by water is possible; see why below.")
    shown = compared_with_road(water, chosen)
    if baseline is None or shown.saving is None:
        return Message(f"{zh}没有公路可比。", f"{en} There is no road to compare with.")
    compared = _compared(shown.saving, baseline.amounts)
    if shown is chosen:
        return Message(f"{zh}比公路{compared.zh}。", f"{en} Against the road: {compared.en}.")
    late = Message("", "")
    if shown.late_s:
        late_h = f"{shown.late_s / SECONDS_PER_HOUR:,.1f}"
        late = Message(f"，比期限晚 {late_h} 小时", f", {late_h} h after the due time")
    return Message(
        f"{zh}水路（{shown.title.zh}）比公路{compared.zh}{late.zh}。",
        f"{en} By water ({shown.title.en}): {compared.en}{late.en}.",
    )


def compared_with_road(water: QuoteOption, chosen: QuoteOption) -> QuoteOption:
    """The option that is held against the road: the recommended one where it goes by water, else the cheapest that
    does."""
    return chosen if chosen.by_water and chosen.kind != "road" else water


MEASURES = (
    (Message("费用（元）", "Cost (yuan)"), FEN_PER_YUAN, 2),
    (Message("排放（kg CO2e）", "Emissions (kg CO2e)"), G_PER_KG, 1),
    (Message("用时（小时）", "Time (h)"), SECONDS_PER_HOUR, 1),
)
"""What road and water are compared in, how many small units (fen, g, s) are one that is said, and its decimals."""
PARTS = (
    (frozenset(mode.value for mode in WATER_MODES), Message("船", "ship")),
    (frozenset({Mode.RAIL.value}), Message("火车", "train")),
    (frozenset({Mode.ROAD.value}), Message("卡车", "truck")),
    (frozenset({Mode.HUB.value}), Message("装卸", "handling")),
)
"""The parts of a way that a sentence tells apart."""
WAITING = Message("等待", "waiting")


def reasons_why(answer: Quote) -> tuple[Message, ...]:
    """Where the money, the CO2e and the hours of road and water go, a sentence each: why water is better or worse.

    Empty where there is no road or no water to compare. The parts are sums over the option's legs and add up to its
    amounts (those that are 0 are left out); hours that no leg takes are waiting between legs.
    """
    road, water, chosen = answer.baseline, answer.water, answer.recommended
    if road is None or water is None or chosen is None:
        return ()
    shown = compared_with_road(water, chosen)
    return tuple(_reason(at, road, shown) for at in range(len(MEASURES)))


def _reason(at: int, road: QuoteOption, shown: QuoteOption) -> Message:
    name, unit, places = MEASURES[at]
    total = _of_all(shown.amounts)[at]
    parts = [(words, sum(_of_leg(leg)[at] for leg in shown.legs if leg.mode in modes)) for modes, words in PARTS]
    parts.append((WAITING, total - sum(amount for _, amount in parts)))
    named = [(words, f"{amount / unit:,.{places}f}") for words, amount in parts if amount]
    by_road, by_water = (f"{amount / unit:,.{places}f}" for amount in (_of_all(road.amounts)[at], total))
    zh = " + ".join(f"{words.zh} {amount}" for words, amount in named)
    en = " + ".join(f"{words.en} {amount}" for words, amount in named)
    return Message(
        f"{name.zh}：公路 {by_road}；水路 {by_water} = {zh}。", f"{name.en}: road {by_road}; water {by_water} = {en}."
    )


def _of_all(amounts: Amounts) -> tuple[int, int, int]:
    return amounts.cost_fen, amounts.co2e_wtw_g, amounts.duration_s


def _of_leg(leg: QuoteLeg) -> tuple[int, int, int]:
    return leg.cost_fen, leg.co2e_wtw_g, round((leg.arrives_at - leg.departs_at).total_seconds())


def _compared(saving: Amounts, road: Amounts) -> Message:
    yuan, kg, hours = saving.cost_fen / FEN_PER_YUAN, saving.co2e_wtw_g / G_PER_KG, saving.duration_s / SECONDS_PER_HOUR
    money_rel = abs(saving.cost_fen) / road.cost_fen if road.cost_fen else 0.0
    carbon_rel = abs(saving.co2e_wtw_g) / road.co2e_wtw_g if road.co2e_wtw_g else 0.0
    zh = [
        f"{'省' if yuan >= 0 else '贵'} {abs(yuan):,.2f} 元（{money_rel:.1%}）",
        f"{'少' if kg >= 0 else '多'}排 {abs(kg):,.1f} kg CO2e（{carbon_rel:.1%}）",
        f"{'快' if hours >= 0 else '慢'} {abs(hours):,.1f} 小时",
    ]
    en = [
        f"{abs(yuan):,.2f} yuan ({money_rel:.1%}) {'saved' if yuan >= 0 else 'dearer'}",
        f"{abs(kg):,.1f} kg CO2e ({carbon_rel:.1%}) {'less' if kg >= 0 else 'more'}",
        f"{abs(hours):,.1f} h {'faster' if hours >= 0 else 'slower'}",
    ]
    return Message("，".join(zh), ", ".join(en))
