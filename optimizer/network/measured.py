"""What is known of a distance, for who keeps it: apart from the graph, so that who only reads it loads no graph."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """How a leg's distance is known, in the terms of ISO 14083. ``basis``: actual | sfd. ``gcd_km`` is above zero where
    the distance is an estimate of the shortest feasible one, great circle times a detour factor (``distance_km`` over
    ``gcd_km``); such km are no great circle distance and never carry that label."""

    basis: str
    gcd_km: float = 0.0
