"""The second opinion on a plan: every number recomputed from PLAN.json, the shipments and the tables alone.

No code of the planner is used (routes, prices, time expansion, model): what two people wrote from the same
documentation must agree. Checks are plain functions that add violations; each is short and names what it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from optimizer.emissions.factors import FactorTable
from optimizer.network.model import Network
from optimizer.planning.check.amounts import (
    check_leg_costs,
    check_leg_emissions,
    check_shares,
    check_voyage_amounts,
    check_voyage_costs,
)
from optimizer.planning.check.binding_limits import check_bindings
from optimizer.planning.check.claims import check_left_behind, check_left_out, check_reasons, check_status
from optimizer.planning.check.fleet import check_fleet, check_hulls
from optimizer.planning.check.kept import check_accepted, check_kept, check_names
from optimizer.planning.check.limits import check_locks, check_terminals
from optimizer.planning.check.move_reasons import check_moved
from optimizer.planning.check.movement import check_legs, check_services
from optimizer.planning.check.offers import check_offers
from optimizer.planning.check.run_settings import check_settings, check_stop
from optimizer.planning.check.sailing import (
    check_cargo,
    check_legs_on_board,
    check_passage,
    check_voyage_ids,
    check_water,
)
from optimizer.planning.check.structure import (
    check_chains,
    check_late,
    check_lots,
    check_presence,
    check_references,
    check_versions,
)
from optimizer.planning.check.sums import (
    check_baselines,
    check_cap,
    check_objective,
    check_savings,
    check_totals,
)
from optimizer.planning.check.unusable_offers import check_unusable
from optimizer.planning.check.violation import SENTENCES, Findings, Violation, violations_to_text
from optimizer.planning.check.workings import Workings
from optimizer.planning.check.worth import check_worth, check_worth_told
from optimizer.planning.offer import Offer
from optimizer.planning.plan import Plan
from optimizer.planning.shipment import Shipment

__all__ = ["CHECKS", "SENTENCES", "Violation", "check_plan", "violations_to_text"]

CHECKS: tuple[Callable[[Workings, Findings], None], ...] = (
    check_versions,
    check_settings,
    check_presence,
    check_lots,
    check_references,
    check_chains,
    check_late,
    check_legs,
    check_services,
    check_voyage_ids,
    check_legs_on_board,
    check_cargo,
    check_passage,
    check_water,
    check_offers,
    check_hulls,
    check_fleet,
    check_locks,
    check_terminals,
    check_leg_costs,
    check_leg_emissions,
    check_voyage_amounts,
    check_voyage_costs,
    check_shares,
    check_baselines,
    check_savings,
    check_totals,
    check_cap,
    check_objective,
    check_status,
    check_stop,
    check_left_out,
    check_reasons,
    check_left_behind,
    check_bindings,
    check_worth,
    check_worth_told,
    check_unusable,
    check_kept,
    check_moved,
    check_accepted,
    check_names,
)


def check_plan(
    plan: Plan,
    shipments: Sequence[Shipment],
    network: Network,
    factors: FactorTable,
    offers: Sequence[Offer] = (),
    accepted: Plan | None = None,
) -> list[Violation]:
    """Everything that is wrong in a plan, in the order of :data:`CHECKS`; an empty list is a plan that holds.

    ``shipments`` are all that were to be planned, ``offers`` all that carriers had offered, ``accepted`` the plan
    around which it was made (without it the list of what moved is not followed up). A leg that names what the network
    does not have is reported once and left out of the recomputation. Raises FactorError when the factor table lacks a
    row that the plan needs.
    """
    work, found = Workings(plan, shipments, network, factors, offers, accepted), Findings()
    for check in CHECKS:
        check(work, found)
    return found.violations
