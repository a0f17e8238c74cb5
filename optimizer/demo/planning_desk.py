"""What the demo's planner finds on the pages: the month's shipments, and the plan of them as made in the background."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from optimizer.access.user import User
from optimizer.actions.plan_runs import last_sign
from optimizer.actions.submitting import submit_shipments
from optimizer.planning.document import plan_to_json
from optimizer.planning.plan import Plan
from optimizer.planning.run import PlanRun
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.store.engine import Store


def lay_on_desk(
    store: Store, plan: Plan, shipments: Sequence[Shipment], settings: PlanSettings, planner: User, at: datetime
) -> str:
    """Submit the shipments as the planner and keep the plan as a finished run; its id."""
    submit_shipments(store, shipments, planner, at)
    ids = tuple(shipment.shipment_id for shipment in shipments)
    run_id = str(uuid5(NAMESPACE_URL, f"modalshift:plan:{planner.user_id}:{at.isoformat()}:{len(ids)}"))
    with store.write() as session:
        session.add_run(PlanRun(run_id, planner.user_id, "queued", settings, ids, at))
        session.take_run(run_id, at)
        session.note_progress(run_id, last_sign(plan))
        session.end_run(run_id, at, document=plan_to_json(plan))
    return run_id
