"""What limits the plan, and what one more unit of it would be worth.

The values are row prices of the relaxation: what the bound would fall by if a limit were a little wider. So they are
worth *at the margin*, and the sentences say no more. Vessels sail whole: planned again with one more passage, tonne or
hull, the objective falls by anything from nothing to the value plus what lies between it and the bound that these
prices prove (that bound moves by price times side, and holds on both sides of the change): ``at_most_yuan``. A second
lock chamber is not worth thousands of times one more passage. A small plan is planned again with each unit, and
``saving_yuan`` is what that saves.

    lock          one more vessel on a day; over many days one more lockage a day
    terminal      one more tonne handled on a day
    fleet         one more vessel at a home for the whole plan: hull price at its start less that at the end
    offer         one more tonne of room on a carrier's sailing that is full
    water level   0.1 m more depth where it cuts the load: tonne price x hulls x tonnes more, over the whole plan
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from optimizer.errors import Message
from optimizer.network.graph import Lane, NetworkGraph
from optimizer.network.model import Network
from optimizer.planning.bounds.lagrange import NO_HULL
from optimizer.planning.design import Floats
from optimizer.planning.layout.fleetflow import FleetFlow
from optimizer.planning.layout.given import KEPT, OFFERED
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.layout.timespace import TimeSpace
from optimizer.planning.layout.waterway import goods_of_group
from optimizer.planning.plan import Binding, Voyage
from optimizer.planning.settings import SLOT_H

MOST = 30
"""A list that people read has an end."""
FEW_DAYS = 3
"""Up to so many days of one lock or terminal stand as entries of their own; more are summed up in one."""
LEAST_YUAN = 0.05
DEEPER_M = 0.1
MARKET_NAMES = {"own": Message("自有船", "own"), "spot": Message("租用船", "hired")}


@dataclass(frozen=True, slots=True)
class Widening:
    """One more unit in the program: rows whose sides move by so much; a pool whose columns may have one hull more (-1:
    none); a row of a sailing whose hull takes one tonne more (-1: none)."""

    rows: Mapping[int, float]
    pool: int = -1
    link: int = -1


OnceMore = Callable[[Widening], float | None]
"""Yuan that planning again with a widening saves; None where that is not known."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the values are read from."""

    plan: PlanProgram
    space: TimeSpace
    fleet: FleetFlow
    prices: Floats
    network: Network
    graph: NetworkGraph

    def date(self, day: int) -> str:
        """ISO date of a day of the plan."""
        return f"{self.space.grid.epoch + timedelta(days=day):%Y-%m-%d}"

    def row(self, kind: str, key: tuple[object, ...]) -> int:
        """The row of a key."""
        block = self.plan.block(kind)
        return block.first + block.keys.index(key)

    def by_day(self, kind: str) -> dict[tuple[object, ...], dict[int, float]]:
        """Worth of one more unit of each row of a kind: key without the day -> day -> yuan. Zeros are left out."""
        block = self.plan.block(kind)
        found: dict[tuple[object, ...], dict[int, float]] = defaultdict(dict)
        for number, key in enumerate(block.keys):
            worth = -float(self.prices[block.first + number])
            day = key[-1]
            assert isinstance(day, int)
            if worth >= LEAST_YUAN:
                found[key[:-1]][day] = worth
        return found


@dataclass(frozen=True, slots=True)
class Limit:
    """An entry, over how many days its value is a mean (0: no bound on it is known), and its widening where it speaks
    of one unit."""

    entry: Binding
    days: int = 1
    wider: Widening | None = None


def bindings(
    plan: PlanProgram,
    space: TimeSpace,
    fleet: FleetFlow,
    prices: Floats,
    network: Network,
    graph: NetworkGraph,
    voyages: Sequence[Voyage],
    *,
    open_yuan: float | None = None,
    once_more: OnceMore = lambda widening: None,
) -> tuple[Binding, ...]:
    """What one more unit of each scarce thing is worth at the margin, the most valuable first (at most :data:`MOST`).

    ``prices`` has one entry per row of ``plan``, yuan per unit of the row, at most 0 for rows with an upper limit.
    ``open_yuan``: how far the plan is above the bound that these prices prove (None: not known); ``once_more`` plans
    again with one unit more.
    """
    scene = _Scene(plan, space, fleet, prices, network, graph)
    found = [*_locks(scene), *_terminals(scene), *_fleet(scene), *_offers(scene, voyages), *_water(scene, voyages)]
    # What its own sentence would round to 0 yuan is left out.
    worth = [limit for limit in found if _is_worth(limit.entry)]
    worth.sort(key=lambda limit: (-limit.entry.value_yuan, limit.entry.kind, limit.entry.item_id, limit.entry.day))
    return tuple(_told(limit, open_yuan, once_more) for limit in worth[:MOST])


def _told(limit: Limit, open_yuan: float | None, once_more: OnceMore) -> Binding:
    """The entry with what planning again saves, or the most that it can save."""
    entry = limit.entry
    saving = None if limit.wider is None else once_more(limit.wider)
    if saving is not None:
        digits = _digits(entry)
        words = f"{saving:,.{digits}f}"
        why = Message("", "")
        if round(saving, digits) == 0:
            why = Message("：船与不拆的货只能整走，用不上这一份", ": vessels and what must stay whole cannot use it")
        message = Message(
            entry.message.zh.removesuffix("。") + f"；重新求解，实省 {words} 元{why.zh}。",
            entry.message.en.removesuffix(".") + f"; planned again with it, the plan saves {words} yuan{why.en}.",
        )
        return replace(entry, saving_yuan=saving, message=message)
    if open_yuan is None or not limit.days:
        return entry
    return replace(entry, at_most_yuan=entry.value_yuan + max(open_yuan, 0.0) / limit.days, days=limit.days)


def _is_worth(entry: Binding) -> bool:
    return entry.value_yuan >= LEAST_YUAN and round(entry.value_yuan, _digits(entry)) > 0


def _digits(entry: Binding) -> int:
    """Decimals of the yuan in its sentence: tonnes are worth little each."""
    return 2 if entry.unit.startswith("t") else 0


def _locks(scene: _Scene) -> Iterator[Limit]:
    for (lock_id,), days in scene.by_day("lock").items():
        lock = scene.network.locks[str(lock_id)]
        if len(days) <= FEW_DAYS:
            for day, yuan in days.items():
                date = scene.date(day)
                message = Message(
                    f"{lock.name_zh}在 {date} 多过一艘船，边际价值 {yuan:,.0f} 元。",
                    f"One more vessel through {lock.name_en} on {date} is worth {yuan:,.0f} yuan at the margin.",
                )
                row = scene.row("lock", (lock_id, day))
                yield Limit(Binding("lock", lock.lock_id, date, yuan, "vessel", message), wider=Widening({row: 1.0}))
            continue
        vessels = lock.vessels_per_lockage * lock.planner_share
        yuan = vessels * float(np.mean(list(days.values())))
        message = Message(
            f"{lock.name_zh}每天多过一闸（计划可用 {vessels:.1f} 艘），边际价值 {yuan:,.0f} 元/天"
            f"（{len(days)} 天过闸受限，取其平均）。",
            f"One more lockage a day at {lock.name_en} ({vessels:.1f} vessels for the plan) is worth"
            f" {yuan:,.0f} yuan a day at the margin (mean of the {len(days)} days on which the lock limits the plan).",
        )
        yield Limit(Binding("lock", lock.lock_id, "", yuan, "lockage a day", message), len(days))


def _terminals(scene: _Scene) -> Iterator[Limit]:
    for (place, group), days in scene.by_day("terminal").items():
        location = scene.network.locations[str(place)]
        goods = goods_of_group(scene.network, str(group))
        item_id = f"{place}/{group}"
        if len(days) <= FEW_DAYS:
            for day, yuan in days.items():
                date = scene.date(day)
                message = Message(
                    f"{location.name_zh}（{goods.zh}）在 {date} 多装卸一吨，边际价值 {yuan:,.2f} 元。",
                    f"One more tonne ({goods.en}) handled at {location.name_en} on {date} is worth {yuan:,.2f} yuan"
                    " at the margin.",
                )
                row = scene.row("terminal", (place, group, day))
                yield Limit(Binding("terminal", item_id, date, yuan, "t", message), wider=Widening({row: 1.0}))
            continue
        yuan = float(np.mean(list(days.values())))
        message = Message(
            f"{location.name_zh}（{goods.zh}）每天多装卸一吨，边际价值 {yuan:,.2f} 元/天"
            f"（{len(days)} 天作业受限，取其平均）。",
            f"One more tonne a day ({goods.en}) at {location.name_en} is worth {yuan:,.2f} yuan a day at the margin"
            f" (mean of the {len(days)} days on which the terminal limits the plan).",
        )
        yield Limit(Binding("terminal", item_id, "", yuan, "t a day", message), len(days))


def _fleet(scene: _Scene) -> Iterator[Limit]:
    block, fleet = scene.plan.block("node"), scene.fleet
    row = {key: block.first + number for number, key in enumerate(block.keys)}
    last = scene.space.grid.slots - 1
    for node in np.flatnonzero(fleet.supply > 0):
        number, place, start = int(fleet.node_pool[node]), fleet.node_place[node], int(fleet.node_slot[node])
        pool = fleet.pools[number]
        if pool.sailing_id:
            continue
        # A hull more is one more at its start and one more that must be back at the end.
        yuan = float(scene.prices[row[(number, place, last)]] - scene.prices[row[(number, place, start)]])
        vessel, location = scene.network.vessel_classes[pool.vessel_class], scene.network.locations[place]
        gap = " " if vessel.name_zh[:1].isascii() else ""  # as between a Chinese word and a figure
        market = MARKET_NAMES.get(pool.market, Message(pool.market, pool.market))
        date = scene.date(start * SLOT_H // 24)
        message = Message(
            f"{location.name_zh}自 {date} 起多一艘{gap}{vessel.name_zh}（{market.zh}），"
            f"计划期内边际价值 {yuan:,.0f} 元。",
            f"One more {market.en} {vessel.name_en} at {location.name_en} from {date} on"
            f" is worth {yuan:,.0f} yuan at the margin over the plan.",
        )
        entry = Binding("fleet", f"{pool.vessel_class}/{pool.market}/{place}", date, yuan, "vessel", message)
        ends = {row[(number, place, start)]: 1.0, row[(number, place, last)]: -1.0}
        yield Limit(entry, wider=Widening(ends, pool=number))


def _offers(scene: _Scene, voyages: Sequence[Voyage]) -> Iterator[Limit]:
    """Sailings that were bought and are full, of the cargo group that they load."""
    full = {(v.voyage_id, v.cargo_group) for v in voyages if v.offer is not None and v.load_kg >= v.capacity_kg}
    block = scene.plan.block("link")
    for number, (family, _) in enumerate(block.keys):
        assert isinstance(family, int)
        given = scene.space.families[family].given
        yuan = -float(scene.prices[block.first + number])
        if given is None or given.offer is None or yuan >= NO_HULL:
            continue
        if (given.voyage_id, given.cargo_group) not in full:
            continue
        places = scene.network.locations
        start, end = places[given.origin], places[given.destination]
        message = Message(
            f"{given.offer.carrier_id} 的航次 {given.voyage_id}（{start.name_zh}—{end.name_zh}）"
            f"多一吨舱位，边际价值 {yuan:,.2f} 元。",
            f"One more tonne of room on {given.offer.carrier_id}'s sailing {given.voyage_id} ({start.name_en} to"
            f" {end.name_en}) is worth {yuan:,.2f} yuan at the margin.",
        )
        entry = Binding("offer", given.voyage_id, f"{given.departs_at:%Y-%m-%d}", yuan, "t", message)
        yield Limit(entry, wider=Widening({}, link=block.first + number))


def _water(scene: _Scene, voyages: Sequence[Voyage]) -> Iterator[Limit]:
    space, block = scene.space, scene.plan.block("link")
    row = {key: block.first + number for number, key in enumerate(block.keys)}
    number_of = {
        (f.origin, f.destination, f.vessel_class, f.cargo_group): n
        for n, f in enumerate(space.families)
        if f.given is None
    }
    worth: dict[tuple[str, ...], float] = defaultdict(float)
    sailings: dict[tuple[str, ...], int] = defaultdict(int)
    for voyage in voyages:
        if voyage.empty or voyage.market in (OFFERED, KEPT):
            continue
        family = number_of[(voyage.origin, voyage.destination, voyage.vessel_class, voyage.cargo_group)]
        slot = round(space.grid.hour(voyage.berth_from) / SLOT_H)
        lane = space.families[family].leg.lane
        assert lane is not None, "a planned leg has a lane"
        links, more_t = _deeper(scene, lane, voyage)
        if more_t > 0:
            worth[links] -= float(scene.prices[row[(family, slot)]]) * more_t
            sailings[links] += 1
    for links, yuan in worth.items():
        waterway = "、".join(dict.fromkeys(scene.network.links[link_id].waterway for link_id in links if link_id))
        named = _between(scene.network, links)
        message = Message(
            f"{waterway} {named.zh} 水深每增 {DEEPER_M} 米，受浅水限载的 {sailings[links]} 个航次"
            f"边际价值 {yuan:,.0f} 元。",
            f"{DEEPER_M} m more water on {named.en} is worth {yuan:,.0f} yuan at the margin"
            f" on the {sailings[links]} voyages that shallow water keeps from loading fully.",
        )
        # Any hull might use the depth, not only those that sail in this plan: no bound is at hand.
        yield Limit(Binding("water_level", ", ".join(links), "", yuan, f"{DEEPER_M} m", message), days=0)


def _deeper(scene: _Scene, lane: Lane, voyage: Voyage) -> tuple[tuple[str, ...], float]:
    """The shallowest links of a voyage and the tonnes that 0.1 m more depth there would let it carry."""
    vessel = scene.network.vessel_classes[lane.vessel_class]
    each = [
        (scene.graph.capacity_t(replace(lane, stretches=(stretch,)), voyage.departs_at), stretch.link_id)
        for stretch in lane.stretches
    ]
    least_t = min(capacity for capacity, _ in each)
    if least_t >= vessel.capacity_t:
        return (), 0.0
    links = tuple(sorted(link_id for capacity, link_id in each if capacity <= least_t + 1e-6))
    next_t = min((capacity for capacity, link_id in each if link_id not in links), default=vessel.capacity_t)
    more_t = DEEPER_M * vessel.capacity_t / (vessel.draught_m - vessel.light_draught_m)
    return links, min(least_t + more_t, next_t, vessel.capacity_t) - least_t


def _between(network: Network, links: Sequence[str]) -> Message:
    """Links by the names of their ends: ``A to B, B to C``."""
    ends = [(network.links[link_id].from_location, network.links[link_id].to_location) for link_id in links]
    places = network.locations
    return Message(
        "、".join(f"{places[start].name_zh}—{places[end].name_zh}" for start, end in ends),
        ", ".join(f"{places[start].name_en} to {places[end].name_en}" for start, end in ends),
    )
