"""What is chosen of a plan is accepted, and what the plan lacks is not passed over."""

from __future__ import annotations

import pytest

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.actions.plan_runs import accept_run
from optimizer.actions.submitting import submit_shipments
from optimizer.errors import InputError, UnknownRecordError
from optimizer.planning.document import plan_to_json
from optimizer.planning.run import PlanRun
from optimizer.planning.settings import PlanSettings
from optimizer.store.engine import Store
from tests.waybills.world import ISSUED_AT, parties, shipments, world_network, world_plan

RUN_ID, FRONTIER_ID, BEGUN_ID = "a-plan", "a-frontier", "a-plan-under-way"


@pytest.fixture
def planned(store: Store) -> Store:
    """The tiny world's plan, made and not accepted; the same document under a frontier; a run that goes on."""
    planner = User(actions.user_id_of("planner"), "planner", "planner", "planner", Role.PLANNER, "E9")
    with store.write() as session:
        session.add_parties(parties(), ISSUED_AT)
    actions.add_user(store, planner, None, ISSUED_AT)
    submit_shipments(store, shipments(), planner, ISSUED_AT)
    ids = tuple(shipment.shipment_id for shipment in shipments())
    with store.write() as session:
        for run_id, points in ((RUN_ID, 0), (FRONTIER_ID, 3), (BEGUN_ID, 0)):
            session.add_run(
                PlanRun(run_id, planner.user_id, "queued", PlanSettings(), ids, ISSUED_AT, points=points or None)
            )
            session.take_run(run_id, ISSUED_AT)
            if run_id != BEGUN_ID:
                session.end_run(run_id, ISSUED_AT, document=plan_to_json(world_plan()))
    return store


def issued_for(store: Store) -> list[str]:
    """The shipments that have a waybill."""
    with store.read() as session:
        return sorted(waybill.shipment_id for waybill in session.waybills().values())


def test_the_chosen_alone_are_accepted(planned: Store) -> None:
    """The others are still to be decided."""
    issued = accept_run(planned, RUN_ID, ["S1"], world_network(), ISSUED_AT)
    assert [waybill.shipment_id for waybill in issued] == issued_for(planned) == ["S1"]


@pytest.mark.parametrize("chosen", [["S1", "S9"], ["S9"]])
def test_a_choice_that_the_plan_lacks_accepts_nothing(planned: Store, chosen: list[str]) -> None:
    """Not even the rest of it: whoever sent it looks at another plan."""
    with pytest.raises(UnknownRecordError, match="S9"):
        accept_run(planned, RUN_ID, chosen, world_network(), ISSUED_AT)
    assert issued_for(planned) == []


def test_no_choice_is_not_everything(planned: Store) -> None:
    """An empty choice is refused; all is what is asked for without one."""
    with pytest.raises(InputError):
        accept_run(planned, RUN_ID, [], world_network(), ISSUED_AT)
    assert issued_for(planned) == []
    accept_run(planned, RUN_ID, None, world_network(), ISSUED_AT)
    assert issued_for(planned) == ["S1", "S2"]


@pytest.mark.parametrize("run_id", [FRONTIER_ID, BEGUN_ID, "none"])
def test_only_a_finished_plan_is_accepted(planned: Store, run_id: str) -> None:
    """A frontier is several plans, a run under way none yet."""
    with pytest.raises(UnknownRecordError):
        accept_run(planned, run_id, None, world_network(), ISSUED_AT)
    assert issued_for(planned) == []
