"""The network as frozen records: one record type per table of the data package, one field per column.

Units stand last in every name. ``Provenance`` is on every row: a number without a source is a bug. Nothing here reads a
file (see ``reader``) or searches a path (see ``graph``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Mode(StrEnum):
    """Transport modes, spelled as iLEAP 1.0 spells them. ``Hub`` marks a hub operation."""

    ROAD = "Road"
    INLAND_WATERWAY = "InlandWaterway"
    SEA = "Sea"
    RAIL = "Rail"
    HUB = "Hub"


WATER_MODES = frozenset({Mode.INLAND_WATERWAY, Mode.SEA})


class Evidence(StrEnum):
    """How good a row's source is, best first."""

    PUBLISHED = "published"
    SECONDARY = "secondary"
    DERIVED = "derived"
    ASSUMED = "assumed"
    SYNTHETIC = "synthetic"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a row comes from. ``source``: publisher, title, date. ``seen_at``: addresses where it was read (may be
    reposts). ``assumed_fields``: columns of this row that are assumed although the row is not."""

    source: str
    seen_at: str
    evidence: Evidence
    assumed_fields: tuple[str, ...]
    notes: str


@dataclass(frozen=True, slots=True)
class Location:
    """A place. ``kind``: inland_port | river_port | sea_port | junction | dry_port | rail_yard | industry.
    ``road_access`` is False for islands without a fixed link: no truck gets there."""

    location_id: str
    name_zh: str
    name_en: str
    kind: str
    city: str
    latitude: float
    longitude: float
    unlocode: str
    road_access: bool
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Terminal:
    """What one place can do with one cargo group. ``handling_t_per_day`` counts tonnes loaded plus discharged;
    ``berth_t_per_h`` is the rate of one berth; energy per tonne covers one ship-yard or train-yard operation."""

    location_id: str
    cargo_group: str
    handling_t_per_day: float
    berth_t_per_h: float
    transfer_yuan_per_t: float
    storage_yuan_per_t_day: float
    storage_free_days: float
    diesel_kg_per_t: float
    electricity_kwh_per_t: float
    max_vessel_dwt_t: float
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Link:
    """A stretch between two places, usable both ways. ``use``: line_haul | drayage for Road, empty otherwise.
    ``downstream_location`` is the end to which the water flows (empty: no current); a vessel going there makes
    ``speed_down_km_h``. ``design_dwt_t`` is the nominal rating of the waterway class, ``max_vessel_dwt_t`` the largest
    vessel class that demonstrably passes (what the planner uses). ``distance_basis``: actual | sfd | gcd (actual,
    shortest feasible, great circle with a detour factor). ``scenario`` is base, or the name of a future state."""

    link_id: str
    from_location: str
    to_location: str
    mode: Mode
    use: str
    waterway: str
    distance_km: float
    distance_basis: str
    waterway_class: str
    design_dwt_t: float | None
    max_vessel_dwt_t: float | None
    min_depth_m: float | None
    air_draught_m: float | None
    speed_up_km_h: float
    speed_down_km_h: float
    downstream_location: str
    toll_yuan_per_t: float
    scenario: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock on a link. ``order_on_link`` counts from the link's ``from_location``; ``position`` is how far along the
    link it lies (0..1). Vessels a day open to the planner = lockages_per_day x vessels_per_lockage x planner_share
    (other traffic uses the rest)."""

    lock_id: str
    link_id: str
    order_on_link: int
    position: float
    name_zh: str
    name_en: str
    passage_min: float
    wait_h: float
    lockages_per_day: float
    vessels_per_lockage: float
    planner_share: float
    max_vessel_dwt_t: float
    toll_yuan_per_t: float
    provenance: Provenance

    @property
    def vessels_per_day(self) -> float:
        """Passages a day, both directions together, that a plan may use."""
        return self.lockages_per_day * self.vessels_per_lockage * self.planner_share


@dataclass(frozen=True, slots=True)
class Closure:
    """Something shut from one time to another. ``kind``: link | lock | terminal; ``item_id`` names it."""

    closure_id: str
    kind: str
    item_id: str
    closed_from: datetime
    closed_to: datetime
    reason_zh: str
    reason_en: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class WaterLevel:
    """Depth available on a link from one time to another (replaces ``Link.min_depth_m`` in that span)."""

    link_id: str
    valid_from: datetime
    valid_to: datetime
    available_depth_m: float
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class VesselClass:
    """A vessel class. ``kind``: inland_bulk | inland_container | river_sea_bulk | river_sea_container. ``waters``:
    inland | river_sea. ``cargo_groups``: what it may carry. Fuel per km is at full load and empty; loads between are
    interpolated linearly. Load falls linearly from ``capacity_t`` at ``draught_m`` to zero at ``light_draught_m``.
    Daily costs are without fuel; ``charter_yuan_per_day`` is the spot market's price for the same day."""

    vessel_class: str
    name_zh: str
    name_en: str
    kind: str
    waters: str
    cargo_groups: tuple[str, ...]
    capacity_t: float
    teu: float | None
    draught_m: float
    light_draught_m: float
    air_draught_m: float
    fuel_loaded_kg_per_km: float
    fuel_empty_kg_per_km: float
    energy_carrier: str
    cost_yuan_per_day: float
    charter_yuan_per_day: float
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class FleetEntry:
    """Vessels at a place. ``market``: own (contracted, paid by the voyage day) | spot (hired, comes from this place
    and is paid by the charter day from hire to return)."""

    fleet_id: str
    vessel_class: str
    location_id: str
    count: int
    available_from: datetime
    market: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class TruckClass:
    """A truck class. ``use``: line_haul | drayage. ``empty_share`` is empty km over all km."""

    truck_class: str
    name_zh: str
    name_en: str
    use: str
    cargo_groups: tuple[str, ...]
    payload_t: float
    energy_carrier: str
    fuel_loaded_kg_per_km: float
    fuel_empty_kg_per_km: float
    empty_share: float
    speed_km_h: float
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Tariff:
    """A market price for carrying a cargo group: fixed_yuan_per_t + yuan_per_tkm x km. ``mode`` Road | Sea | Rail;
    ``service``: line_haul | drayage | river_sea | rail_class_2 .. rail_class_6 | rail_container. ``minimum_yuan_per_t``
    is a floor."""

    tariff_id: str
    mode: Mode
    service: str
    fixed_yuan_per_t: float
    yuan_per_tkm: float
    minimum_yuan_per_t: float
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Cargo:
    """A cargo code. ``jt_t_19_class`` is the two-digit class of JT/T 19. ``containerised`` cargo moves in boxes of
    ``t_per_teu``. ``handling_loss_rel`` is the share of mass lost at each extra handling."""

    cargo_code: str
    jt_t_19_class: str
    cargo_group: str
    name_zh: str
    name_en: str
    rail_service: str
    containerised: bool
    t_per_teu: float | None
    handling_loss_rel: float
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Parameter:
    """One named number of the model (detour factors, fuel price, time value, keel clearance...), with its unit."""

    name: str
    value: float
    unit: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A published figure that results are compared with; never an input of a calculation."""

    name: str
    value: float
    unit: str
    period: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Network:
    """All tables, keyed by their ids. ``version`` is the data package's version plus a hash of its files."""

    version: str
    locations: Mapping[str, Location]
    terminals: Mapping[tuple[str, str], Terminal]
    links: Mapping[str, Link]
    locks: Mapping[str, Lock]
    closures: tuple[Closure, ...]
    water_levels: tuple[WaterLevel, ...]
    vessel_classes: Mapping[str, VesselClass]
    fleet: tuple[FleetEntry, ...]
    truck_classes: Mapping[str, TruckClass]
    tariffs: Mapping[str, Tariff]
    cargo: Mapping[str, Cargo]
    parameters: Mapping[str, Parameter]
    benchmarks: Mapping[str, Benchmark]

    def value(self, parameter: str) -> float:
        """The value of a model parameter; a missing one is a KeyError because the reader has checked them all."""
        return self.parameters[parameter].value
