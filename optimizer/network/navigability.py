"""What a vessel class may sail on, how fast, and how much it may load at a draught."""

from __future__ import annotations

from optimizer.network.model import Link, Lock, Mode, VesselClass


def admits(link: Link, locks: list[Lock], vessel: VesselClass) -> bool:
    """Whether a class may use a link at all: waters, rated size of link and locks, bridges."""
    if link.mode is Mode.SEA:
        if vessel.waters != "river_sea":
            return False
    elif link.mode is not Mode.INLAND_WATERWAY:
        return False
    if link.max_vessel_dwt_t is not None and vessel.capacity_t > link.max_vessel_dwt_t:
        return False
    if any(vessel.capacity_t > lock.max_vessel_dwt_t for lock in locks):
        return False
    return link.air_draught_m is None or vessel.air_draught_m <= link.air_draught_m


def sailing_speed_km_h(link: Link, towards: str) -> float:
    """Speed over ground on a link when sailing towards one of its ends."""
    return link.speed_down_km_h if towards == link.downstream_location else link.speed_up_km_h


def load_at_draught_t(vessel: VesselClass, draught_m: float) -> float:
    """Tonnes aboard at a draught: linear between the light and the full draught, within 0 and capacity."""
    part = (draught_m - vessel.light_draught_m) / (vessel.draught_m - vessel.light_draught_m)
    return vessel.capacity_t * min(max(part, 0.0), 1.0)
