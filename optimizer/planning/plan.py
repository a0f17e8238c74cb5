"""The plan document (PLAN.json) as frozen records.

Amounts are integers: kg of cargo, fen (1/100 yuan), g of CO2e, kg·km of transport activity; the JSON writer prints t,
yuan, kg CO2e and tkm as exact decimals (see ``document``). Every total equals the sum of its parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from optimizer.errors import Message


@dataclass(frozen=True, slots=True)
class Leg:
    """One element of a lot's chain: a transport leg or a hub operation.

    ``role``: pre | main | post | hub. ``mode``: Road | InlandWaterway | Sea | Rail | Hub. ``vehicle_class`` is a truck
    or vessel class, empty for a hub or a train. ``voyage_id`` is empty for anything that is not a planned voyage.
    ``co2e_*`` include this leg's share of empty running. ``data_tier``: primary | modelled | default | assumed.
    """

    seq: int
    role: str
    mode: str
    origin: str
    destination: str
    vehicle_class: str
    voyage_id: str
    departs_at: datetime
    arrives_at: datetime
    distance_km: float
    activity_kgkm: int
    cost_fen: int
    co2e_ttw_g: int
    co2e_wtw_g: int
    data_tier: str
    factor_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lot:
    """A part of a shipment that travels together."""

    lot_no: int
    mass_kg: int
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Amounts:
    """Cost, emissions and door-to-door time of something."""

    cost_fen: int
    co2e_ttw_g: int
    co2e_wtw_g: int
    duration_s: int


@dataclass(frozen=True, slots=True)
class Reason(Message):
    """Why a shipment stays on the road, or behind: a sentence, and what a program reads of it.

    ``code`` is stable (:data:`~optimizer.planning.answer.summary.REASON_KINDS`). ``option`` names the water option that
    was nearest to being taken (``B800 QJ-ZP``, or the sailing of an offer), empty where there is none. ``lacks``: money
    | time | room | cargo | way, and ``short`` how much of it in ``unit`` (yuan/t, h, t); 0 where no amount says it."""

    code: str = ""
    option: str = ""
    lacks: str = ""
    short: float = 0.0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class PlannedShipment:
    """What the plan does with one shipment. ``status``: planned | rejected (then ``reason`` says why and ``lots`` is
    empty). ``on_road_because`` explains why a planned shipment did not leave the road. ``baseline`` is the road chain
    that would have run; ``saving`` = baseline - plan and may be negative. ``late_s``: seconds after due_at. ``left_kg``
    of a planned shipment that may be split found no way and stay behind (then ``reason`` says why); baseline, saving
    and lots are of what is carried."""

    shipment_id: str
    status: str
    reason: Reason | None
    on_road_because: Reason | None
    lots: tuple[Lot, ...]
    baseline: Amounts | None
    baseline_legs: tuple[Leg, ...]
    saving: Amounts | None
    late_s: int
    left_kg: int = 0


@dataclass(frozen=True, slots=True)
class LockPassage:
    """A voyage's passage through a lock."""

    lock_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What a carrier asks for a sailing that the plan takes: ``fixed_yuan`` once, ``price_yuan_per_t`` for each tonne
    aboard, and at least ``least_kg`` of cargo."""

    carrier_id: str
    fixed_yuan: float
    price_yuan_per_t: float
    least_kg: int


@dataclass(frozen=True, slots=True)
class Voyage:
    """One sailing of one vessel. ``market``: own | spot | offer (then ``offer`` has its terms, ``voyage_id`` and
    ``vessel_id`` are the carrier's sailing id, and ``locks`` are the carrier's matter). ``vessel_id`` names the hull
    the plan uses (class, home, number), so that fleet balance can be checked by following each hull. ``berth_from``
    and ``free_at`` bound the time the vessel is taken; an empty voyage repositions it (``cargo_group`` is empty, load
    0)."""

    voyage_id: str
    vessel_id: str
    vessel_class: str
    market: str
    origin: str
    destination: str
    berth_from: datetime
    departs_at: datetime
    arrives_at: datetime
    free_at: datetime
    cargo_group: str
    load_kg: int
    capacity_kg: int
    empty: bool
    distance_km: float
    locks: tuple[LockPassage, ...]
    fuel_g: int
    cost_fen: int
    co2e_ttw_g: int
    co2e_wtw_g: int
    offer: OfferTerms | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """What limits the plan. ``kind``: lock | terminal | fleet | water_level | offer; ``value_yuan`` is the worth at
    the margin of one more ``unit``. ``saving_yuan``: what planning again with it saves (small plans); ``at_most_yuan``:
    no plan with it costs less by more. None: not known. ``days``, over which the value is a mean, stand in the message
    and in no document."""

    kind: str
    item_id: str
    day: str
    value_yuan: float
    unit: str
    message: Message
    saving_yuan: float | None = None
    at_most_yuan: float | None = None
    days: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a plan took over as it was from an accepted one (``plan_sha256``: digest of that document): ``shipments``
    and ``voyages`` by id. ``note`` says of which plans the bound holds. ``issued_only``: only what has a waybill was to
    be kept; the rest of the accepted plan is told of only where its voyages changed."""

    plan_sha256: str
    shipments: tuple[str, ...]
    voyages: tuple[str, ...]
    note: Message
    issued_only: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """A shipment of the accepted plan that was planned anew or is gone, and why: ``code`` is stable
    (:data:`~optimizer.planning.keeping.move_reasons.CODES`). ``was`` and ``now`` name its voyages,
    empty for services only."""

    shipment_id: str
    code: str
    message: Message
    was: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """Cargo without a road that has ways by water and yet stays behind, and what is proven of it: no plan that costs at
    most a tenth more leaves behind less than ``at_least_kg``."""

    mass_kg: int
    at_least_kg: int
    message: Message


@dataclass(frozen=True, slots=True)
class UnusableOffer:
    """A carrier's sailing that no plan of these shipments can take, and why: ``code`` is stable
    (:data:`~optimizer.planning.layout.unusable.CODES`)."""

    sailing_id: str
    carrier_id: str
    code: str
    message: Message


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over planned shipments. Shares are of tonnes and of tkm that travel by water in the plan."""

    planned: Amounts
    baseline: Amounts
    saving: Amounts
    mass_kg: int
    water_mass_kg: int
    activity_kgkm: int
    water_activity_kgkm: int
    empty_km: float
    loaded_km: float

    @property
    def water_share_t(self) -> float:
        """Tonnes that travel a leg by water over all planned tonnes."""
        return self.water_mass_kg / self.mass_kg if self.mass_kg else 0.0

    @property
    def water_share_tkm(self) -> float:
        """Water tkm over all tkm."""
        return self.water_activity_kgkm / self.activity_kgkm if self.activity_kgkm else 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan. ``status``: optimal | feasible | infeasible | time_limit. The solver's objective and bound are in
    yuan (money plus priced carbon, time value, lateness); gap = (objective - bound) / max(|objective|, 1).

    ``kept`` and ``moved`` are there when it was made around an accepted plan; the bound then holds for all plans that
    leave what is kept as it is."""

    status: str
    objective_yuan: float
    bound_yuan: float
    gap: float
    seconds: float
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    shipments: tuple[PlannedShipment, ...]
    voyages: tuple[Voyage, ...]
    binding: tuple[Binding, ...]
    totals: Totals
    kept: Kept | None = None
    moved: tuple[Moved, ...] = ()
    unusable_offers: tuple[UnusableOffer, ...] = ()
    left_behind: LeftBehind | None = None
