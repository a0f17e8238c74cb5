"""The small books with return cargo: V1's hull goes back loaded, so that V1's cargo shares its trip."""

from __future__ import annotations

from dataclasses import replace

from optimizer.accounts.books import Books
from optimizer.waybills.issue import from_plan
from optimizer.waybills.waybill import Waybill
from tests.accounts.small_books import FUEL_LOGS, settled_books
from tests.waybills.world import (
    ISSUED_AT,
    all_events,
    parties,
    plan_of,
    shipments,
    voyage,
    world_network,
    world_plan,
)

RETURN_LOAD_KG = 150_000
RETURN_FUEL_G = 230_000


def shared_waybills() -> list[Waybill]:
    """The world's waybills from a plan in which hulls 1 and 2 both carry 150 t back on 230 kg of fuel."""
    plan = world_plan()
    home = [
        replace(voyage(f"R{hull}", f"SMALL/UP/{hull}", RETURN_LOAD_KG, hull + 1), origin="DOWN", destination="UP",
                fuel_g=RETURN_FUEL_G)
        for hull in (1, 2)
    ]  # fmt: skip
    changed = plan_of(plan.shipments, [*plan.voyages, *home])
    return from_plan(changed, shipments(), parties(), world_network(), ISSUED_AT)


def shared_books() -> Books:
    """Those waybills delivered and settled: V1 logged, V2 modelled."""
    issued = shared_waybills()
    return settled_books(issued, all_events(issued, FUEL_LOGS))
