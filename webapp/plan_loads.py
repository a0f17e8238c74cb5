"""How busy a plan keeps locks and terminals: their busiest day beside what a day holds.

Days are counted as the check of a plan counts them (``optimizer.planning.check.limits``): a vessel on the day on which
it leaves the lock, cargo on the day on which its handling begins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from optimizer.errors import Lang
from optimizer.planning.layout.waterway import goods_of_group
from optimizer.planning.plan import Plan
from optimizer.planning.shipment import Shipment
from optimizer.quantities import KG_PER_T
from webapp.charts.categories import Series, category_chart
from webapp.charts.figure import Figure
from webapp.language import text
from webapp.world import World

MAX_BARS = 16


@dataclass(frozen=True, slots=True)
class Load:
    """One lock or terminal: days on which it is used, its mean and its busiest of them, what a day holds (None: not
    known any more), all in vessels or in tonnes. ``limits``: the plan would be better with more of it."""

    item_id: str
    name: str
    days: int
    mean: float
    most: float
    most_day: str
    capacity: float | None
    limits: bool

    @property
    def most_share(self) -> float | None:
        """The busiest day over what a day holds."""
        return self.most / self.capacity if self.capacity else None

    @property
    def mean_share(self) -> float | None:
        """A mean day of use over what a day holds."""
        return self.mean / self.capacity if self.capacity else None


def lock_loads(plan: Plan, world: World, lang: Lang) -> list[Load]:
    """Vessels of this plan, the busiest first; carriers' sailings pass within the share of other traffic."""
    passages: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for voyage in plan.voyages:
        for lock in voyage.locks if voyage.market != "offer" else ():
            passages[lock.lock_id][f"{lock.at:%Y-%m-%d}"] += 1
    locks = world.network.locks
    names = {key: (lock.name_zh if lang == "zh" else lock.name_en) for key, lock in locks.items()}
    most = {key: lock.vessels_per_day for key, lock in locks.items()}
    return _loads(passages, names, most, {bound.item_id for bound in plan.binding if bound.kind == "lock"})


def terminal_loads(plan: Plan, shipments: Iterable[Shipment], world: World, lang: Lang) -> list[Load]:
    """Tonnes loaded and discharged by place and kind of cargo, the busiest first."""
    network = world.network
    groups = {
        shipment.shipment_id: network.cargo[shipment.cargo_code].cargo_group
        for shipment in shipments
        if shipment.cargo_code in network.cargo
    }
    handled: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for entry in plan.shipments:
        if entry.shipment_id not in groups:
            continue  # its cargo is no longer in the network, nor is what handled it
        for lot in entry.lots:
            for leg in lot.legs:
                if leg.mode == "Hub":
                    handled[leg.origin, groups[entry.shipment_id]][f"{leg.departs_at:%Y-%m-%d}"] += (
                        lot.mass_kg / KG_PER_T
                    )
    names = {
        f"{place}/{group}": f"{world.place_name(place, lang)} · {goods_of_group(network, group).text(lang)}"
        for place, group in handled
    }
    most = {f"{place}/{group}": item.handling_t_per_day for (place, group), item in network.terminals.items()}
    by_item = {f"{place}/{group}": by_day for (place, group), by_day in handled.items()}
    return _loads(by_item, names, most, {bound.item_id for bound in plan.binding if bound.kind == "terminal"})


def load_chart(figure_id: str, title: str, loads: Sequence[Load]) -> Figure:
    """The busiest as shares of what a day holds; the table beside it has all, in vessels or tonnes."""
    shown = [load for load in loads if load.most_share is not None][:MAX_BARS]
    hidden = len(loads) - len(shown)

    def percents(shares: Sequence[float | None]) -> tuple[list[float | None], list[str]]:
        return [None if s is None else round(100 * s, 1) for s in shares], [
            "" if s is None else f"{s:.0%}" for s in shares
        ]

    return category_chart(
        figure_id,
        title,
        "",
        [f"{load.name} *" if load.limits else load.name for load in shown],
        [
            Series(text("plan.load_most"), *percents([load.most_share for load in shown]), "water"),
            Series(text("plan.load_mean"), *percents([load.mean_share for load in shown]), "quiet"),
        ],
        axis="%",
        lying=True,
        table=False,
        note=text("plan.load_note") + (text("plan.load_hidden", count=hidden) if hidden else ""),
    )


def _loads(
    by_item: Mapping[str, Mapping[str, float]],
    names: Mapping[str, str],
    most: Mapping[str, float],
    binding: set[str],
) -> list[Load]:
    loads = []
    for item_id, by_day in by_item.items():
        day = max(by_day, key=lambda key: (by_day[key], key))
        name = names.get(item_id, item_id)
        mean, capacity = sum(by_day.values()) / len(by_day), most.get(item_id)
        loads.append(Load(item_id, name, len(by_day), mean, by_day[day], day, capacity, item_id in binding))
    return sorted(loads, key=lambda load: (-(load.most_share or 0.0), load.item_id))
