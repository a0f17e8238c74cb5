"""What limits the plan."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Network
from optimizer.planning.design import Floats
from optimizer.planning.fleetflow import FleetFlow
from optimizer.planning.plan import Binding, Voyage
from optimizer.planning.program import PlanProgram
from optimizer.planning.timespace import TimeSpace


def bindings(
    plan: PlanProgram,
    space: TimeSpace,
    fleet: FleetFlow,
    prices: Floats,
    network: Network,
    graph: NetworkGraph,
    voyages: Sequence[Voyage],
) -> tuple[Binding, ...]:
    """What one more unit of each scarce thing would save."""
    return ()
