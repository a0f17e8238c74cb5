"""What one planning run works on: the program with what it was made from, and what was known before the search."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.network.model import Network
from optimizer.planning.bounds.lagrange import LagrangianBound
from optimizer.planning.bounds.relaxation import Relaxation
from optimizer.planning.design import Floats
from optimizer.planning.layout.fleetflow import FleetFlow
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.layout.timespace import TimeSpace
from optimizer.planning.layout.unusable import Unusable


@dataclass(frozen=True, slots=True)
class Priced:
    """A price of CO2e, yuan a tonne, and prices of a program's rows where emissions cost that much more."""

    carbon_yuan_per_t: float
    prices: Floats


@dataclass(frozen=True, slots=True)
class Problem:
    """What one run works on."""

    network: Network
    space: TimeSpace
    fleet: FleetFlow
    program: PlanProgram
    proof: LagrangianBound
    relaxation: Relaxation | None = None
    """Prices and shares, where they are known before the search begins."""
    made: Floats | None = None
    """A plan that was made with them."""
    priced: Priced | None = None
    """Under a cap on CO2e: the price at which that plan was made."""
    unusable: tuple[Unusable, ...] = ()
    """Carriers' offers that nobody can use."""
    interrupted: bool = False
    """Somebody pressed Ctrl-C before the search began: what is at hand is the plan."""

    @property
    def only_given(self) -> bool:
        """Whether all vessels are carriers' own, each on its sailing."""
        return bool(self.fleet.pools) and all(pool.sailing_id for pool in self.fleet.pools)


@dataclass(frozen=True, slots=True)
class Start:
    """What is known from a like problem (same rows and columns, other costs): a plan, and prices of the rows."""

    x: Floats
    prices: Floats
