"""Comparison of one shipment, prepared for the page."""

from __future__ import annotations

from optimizer.planning.shipment import Shipment
from webapp.world import World


def quote_view(world: World, shipment: Shipment) -> None:
    return None
