"""Cap, horizon and limits of a plan made around an accepted one: what is kept alone answers to them too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.errors import InputError, Message
from optimizer.network.model import FleetEntry, Network
from optimizer.planning.answer import marginal_value
from optimizer.planning.keeping.held import Accepted
from optimizer.planning.keeping.joining import opened
from optimizer.planning.plan import Binding, Plan
from optimizer.planning.settings import PlanSettings
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.random_tasks import cargo, planned
from tests.planning.test_keeping import moves, named, replanned

FIRST = replace(cargo(0, 900, "MILL", "DOWN", value=2000.0), shipment_id="FIRST")
THIRD_DAY = replace(cargo(0, 400, "UP", "DOWN", ready_h=50.0, value=2000.0), shipment_id="THIRD_DAY")
BOTH = (FIRST, THIRD_DAY)


@pytest.fixture(scope="module")
def network() -> Network:
    """Two large own hulls above."""
    return tiny_network(fleet=(FleetEntry("F0", "BIG", "UP", 2, TINY_START, "own", MADE_UP),))


@pytest.fixture(scope="module")
def accepted(network: Network) -> Plan:
    """The optimal plan of two shipments."""
    return planned(network, BOTH)


def test_a_cap_below_what_is_kept_is_refused_though_nothing_is_left_to_plan(network: Network, accepted: Plan) -> None:
    """Nothing can be changed about it: that is said, instead of a plan that breaks the cap."""
    emitted_t = accepted.totals.planned.co2e_wtw_g / 1e6
    with pytest.raises(InputError, match="kept alone"):
        planned(network, BOTH, keep=Accepted(accepted), settings=PlanSettings(gap=0.0, co2e_cap_t=emitted_t * 0.9))
    plan = replanned(accepted, BOTH, network, settings=PlanSettings(gap=0.0, co2e_cap_t=emitted_t))
    assert plan.totals == accepted.totals


def test_what_becomes_ready_after_the_new_horizon_is_told_so(network: Network, accepted: Plan) -> None:
    """The new file does have it: the reason is the horizon, and the second opinion agrees."""
    plan = replanned(accepted, BOTH, network, settings=PlanSettings(gap=0.0, horizon_days=2))
    assert moves(plan) == {"THIRD_DAY": "after_horizon"}
    assert [entry.status for entry in plan.shipments] == ["planned", "rejected"]


def test_a_kept_tour_that_began_before_the_new_first_day_has_its_hull() -> None:
    """The first shipment is done with and no longer in the file, so that the new plan begins days after the hull left
    its home for the second one. The hull is where the tour leaves it, and nowhere else."""
    network = tiny_network(fleet=(FleetEntry("F0", "BIG", "DOWN", 1, TINY_START, "own", MADE_UP),))
    early = replace(cargo(0, 900, "DOWN", "UP", code="coal", value=100.0), shipment_id="EARLY")
    before = planned(network, (early, THIRD_DAY))
    assert len({voyage.vessel_id for voyage in before.voyages}) == 1
    new = replace(cargo(0, 300, "UP", "DOWN", ready_h=60.0, value=2000.0), shipment_id="NEW")
    plan = replanned(before, (THIRD_DAY, new), network)
    assert moves(plan) == {"EARLY": "missing"}
    assert plan.kept is not None
    assert plan.kept.shipments == ("THIRD_DAY",)
    assert min(voyage.berth_from for voyage in plan.voyages) < THIRD_DAY.ready_at.replace(hour=0)


def test_what_was_left_out_before_and_is_gone_now_did_not_move(network: Network) -> None:
    """It had no place in the accepted plan that it could have lost."""
    before = planned(network, BOTH, PlanSettings(gap=0.0, horizon_days=2))
    assert before.shipments[1].status == "rejected"
    plan = replanned(before, (FIRST,), network)
    assert moves(plan) == {}


def test_what_a_limit_may_save_counts_what_the_kept_part_may_cost_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kept hired hull sails home and back empty, since waiting away from home would cost more; of the bound it need
    not. So much lies open in the whole plan, and beside what one more hull may save: the second opinion asks for it."""
    monkeypatch.setattr(marginal_value, "MOST", 0)
    hired = FleetEntry("F1", "SMALL", "DOWN", 1, TINY_START, "spot", MADE_UP)
    own = FleetEntry("F2", "SMALL", "UP", 1, TINY_START, "own", MADE_UP)
    there = named("THERE", 500, "DOWN", "UP", code="coal", due_h=40.0, value=2000.0)
    later = named("LATER", 490, "UP", "DOWN", ready_h=200.0, due_h=230.0, value=2000.0)
    more = named("MORE", 900, "UP", "DOWN", ready_h=300.0, due_h=320.0, value=2000.0)
    dear = PlanSettings(gap=0.0, carbon_price_yuan_per_t=3000.0)
    accepted = planned(tiny_network(fleet=(hired,)), (there, later), dear)
    assert [voyage.empty for voyage in accepted.voyages] == [False, True, True, False]
    plan = replanned(accepted, (there, later, more), tiny_network(fleet=(hired, own)), settings=dear)
    (limit,) = plan.binding
    assert limit.at_most_yuan is not None
    assert limit.at_most_yuan - limit.value_yuan >= plan.objective_yuan - plan.bound_yuan > 10_000


def test_a_mean_over_days_may_save_a_part_of_it_on_each() -> None:
    """400 yuan more open: 400 on one day, 100 on each of four, and where nothing is known still nothing."""
    limit = Binding("lock", "L1", "2026-10-01", 10.0, "vessel", Message("", ""), at_most_yuan=15.0)
    mean, unknown = replace(limit, days=4), replace(limit, at_most_yuan=None)
    assert [item.at_most_yuan for item in opened((limit, mean, unknown), 400.0)] == [415.0, 115.0, None]
    assert opened((limit,), -0.01) == (limit,)
