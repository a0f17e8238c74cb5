"""Plan shipments together. It writes nothing: a plan is a document until somebody accepts it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from optimizer.emissions.factors import FactorTable
from optimizer.network.model import Network
from optimizer.planning.keeping.held import Accepted
from optimizer.planning.offer import Offer
from optimizer.planning.plan import Plan
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solve import Tell, plan_shipments


def plan(
    shipments: Sequence[Shipment],
    network: Network,
    factors: FactorTable,
    settings: PlanSettings,
    *,
    clock: Callable[[], float],
    tell: Tell = lambda progress: None,
    offers: Sequence[Offer] = (),
    keep: Accepted | None = None,
) -> Plan:
    """The plan of the shipments, in their order, with its proven gap. ``clock`` counts seconds, ``tell`` hears of each
    step on the way; ``offers`` are carriers' sailings it may take, ``keep`` is what was accepted and
    stays as far as it can.

    Raises InputError when no plan keeps the cap on emissions, SolverError when the solver fails (a defect of ours).
    """
    return plan_shipments(shipments, network, factors, settings, clock=clock, tell=tell, offers=offers, keep=keep)
