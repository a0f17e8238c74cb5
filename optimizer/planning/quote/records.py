"""A quote as frozen records: every way of one shipment from door to door that is worth a thought.

Amounts are integers as in a plan: fen, g of CO2e, kg·km, seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from optimizer.errors import Message
from optimizer.network.model import WATER_MODES
from optimizer.planning.plan import Amounts
from optimizer.planning.shipment import Shipment

CHEAPEST, FASTEST, LOWEST_CARBON, RECOMMENDED = "cheapest", "fastest", "lowest_carbon", "recommended"
LABEL_NAMES = {
    RECOMMENDED: Message("推荐", "recommended"),
    CHEAPEST: Message("最省", "cheapest"),
    FASTEST: Message("最快", "fastest"),
    LOWEST_CARBON: Message("最低碳", "lowest carbon"),
}
"""Labels in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class QuoteLeg:
    """One element of an option's chain, as in a plan (:class:`~optimizer.planning.plan.Leg`), and beside it:

    ``distance_basis``: actual | sfd (measured along fairway, road or track; shortest feasible, estimated on a part of
    the way or all of it), empty at a hub. ``vessels``: how many vessels of the class an inland voyage takes (0 on other
    legs), each reckoned with ``load_kg`` aboard, of which this shipment may be a part; ``reckoned_load_t`` is that load
    unrounded, as it went into the fuel model.
    """

    seq: int
    role: str
    mode: str
    origin: str
    destination: str
    vehicle_class: str
    departs_at: datetime
    arrives_at: datetime
    distance_km: float
    distance_basis: str
    activity_kgkm: int
    cost_fen: int
    co2e_ttw_g: int
    co2e_wtw_g: int
    data_tier: str
    factor_ids: tuple[str, ...]
    vessels: int
    load_kg: int
    reckoned_load_t: float


@dataclass(frozen=True, slots=True)
class QuoteOption:
    """One way from door to door. ``kind`` as in ``routes``.

    ``amounts.duration_s`` runs from ready_at to ``arrives_at``; ``late_s`` is the part of it after due_at. ``saving`` =
    road baseline - this option, negative where it is dearer, dirtier or slower; None without a road. ``labels`` are
    keys of :data:`LABEL_NAMES`; ``dominated``: another option is at least as good in cost, CO2e and arrival.
    """

    kind: str
    title: Message
    legs: tuple[QuoteLeg, ...]
    amounts: Amounts
    saving: Amounts | None
    departs_at: datetime
    arrives_at: datetime
    late_s: int
    labels: tuple[str, ...]
    dominated: bool
    assumptions: tuple[Message, ...]

    @property
    def by_water(self) -> bool:
        """Whether any leg goes by water."""
        return any(leg.mode in WATER_MODES for leg in self.legs)

    @property
    def vector(self) -> tuple[int, int, datetime]:
        """What the Pareto set compares: fen, g CO2e WTW, arrival."""
        return (self.amounts.cost_fen, self.amounts.co2e_wtw_g, self.arrives_at)


@dataclass(frozen=True, slots=True)
class MissingRoute:
    """Why a route that a person would expect is not among the options. ``code`` is stable: no_terminal | no_vessel |
    no_waterway | class_too_large | terminal_too_small | closure | low_water | indivisible | too_late."""

    code: str
    message: Message


@dataclass(frozen=True, slots=True)
class Quote:
    """The answer for one shipment. ``pareto``: all options that no other one beats, by cost. ``options``: at most six
    of them, the recommended one first, every labelled one among them. ``baseline``: the road, shown beside even where
    it is dominated; None where no road leads. ``water``: the cheapest option by water (in time where one is), likewise;
    None where nothing goes by water. ``verdict`` compares in one sentence; ``assumptions`` hold for all options."""

    shipment: Shipment
    options: tuple[QuoteOption, ...]
    pareto: tuple[QuoteOption, ...]
    baseline: QuoteOption | None
    water: QuoteOption | None
    verdict: Message
    missing: tuple[MissingRoute, ...]
    assumptions: tuple[Message, ...]

    @property
    def shown(self) -> tuple[QuoteOption, ...]:
        """The road first, then the options, then the cheapest way by water where something beats it; their numbers on
        pages, sheets and the command line count from 1."""
        beside = (self.baseline,) if self.baseline is not None else ()
        options = tuple(option for option in self.options if option != self.baseline)
        water = (self.water,) if self.water is not None and self.water not in (*beside, *options) else ()
        return (*beside, *options, *water)

    @property
    def recommended(self) -> QuoteOption | None:
        """The recommended option, None when nobody can move the shipment."""
        return next((option for option in self.options if RECOMMENDED in option.labels), None)
