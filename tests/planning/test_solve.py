"""Planning as a whole, attacked: any task gives a plan that holds, with a bound that is one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.errors import InputError
from optimizer.network.model import FleetEntry, Network, WaterLevel
from optimizer.planning.document import plan_to_json
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solve import Progress
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.corridor import corridor
from tests.planning.enumeration import Hull
from tests.planning.plan_by_hand import SHIPMENTS
from tests.planning.random_tasks import HOUR, Task, any_tasks, cargo, faults, planned, tiny_tasks
from tests.planning.solved import by_id
from tests.planning.test_brute_force import world

LOOK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LOOK
@given(any_tasks())
def test_any_task_makes_a_plan_that_holds(task: Task) -> None:
    """Whatever is asked and however little there is to do it with, the second opinion finds nothing wrong."""
    network, shipments = task
    plan = planned(network, shipments)
    assert faults(plan, shipments, network) == []


@LOOK
@given(any_tasks())
def test_any_task_makes_a_plan_that_holds_in_steps(task: Task) -> None:
    """The way of large plans (coarse prices, batches, windows) gives plans that hold, never below the optimum."""
    network, shipments = task
    best, plan = planned(network, shipments), planned(network, shipments, in_steps=True)
    assert faults(plan, shipments, network) == []
    slack = 1e-6 * abs(best.objective_yuan) + 0.5
    rejected = [[s.shipment_id for s in p.shipments if s.status == "rejected"] for p in (best, plan)]
    if rejected[0] == rejected[1]:
        assert plan.bound_yuan <= best.objective_yuan + slack
        assert plan.objective_yuan >= best.bound_yuan - slack


def test_rounded_times_do_not_put_a_plan_below_its_bound() -> None:
    """500 t of dear steel, late by truck: half a second of rounding is worth more than half a yuan."""
    late = cargo(0, 500.0, "UP", "MID", code="steel", due_h=0.0, value=20_000.0)
    plan = planned(corridor(), [late])
    assert faults(plan, [late], corridor()) == []
    assert plan.status == "optimal"


def test_an_empty_hull_waits_for_water_to_float_in() -> None:
    """A meter too little for the large class until the second morning: it may not come up for its cargo before."""
    shallow = WaterLevel("UP-MID", TINY_START, TINY_START + 30 * HOUR, 0.9, MADE_UP)
    network = replace(tiny_network(), water_levels=(shallow,))
    shipments = [cargo(0, 1000.0, "UP", code="coal", due_h=0.0)]
    plan = planned(network, shipments)
    assert faults(plan, shipments, network) == []
    up = [voyage for voyage in plan.voyages if (voyage.destination, voyage.vessel_class) == ("UP", "BIG")]
    assert all(voyage.arrives_at > TINY_START + 30 * HOUR for voyage in up)


def busy_fortnight() -> tuple[Shipment, ...]:
    """Forty shipments both ways on the tiny river: more than its five hulls can take."""
    shipments = []
    for number in range(40):
        ends = ("DOWN", "UP") if number % 3 == 0 else ("MILL", "DOWN")
        ready_h = 7.0 * number
        shipments.append(
            cargo(
                number, 180.0 + 37 * (number % 7), *ends, code=("coal", "stone")[number % 2], ready_h=ready_h,
                due_h=ready_h + 40 + 9 * (number % 5), splittable=number % 4 != 0, value=400.0 * (number % 3),
            )
        )  # fmt: skip
    return tuple(shipments)


def nearly_free_road() -> Network:
    """The tiny world with trucks at a tenth of a yuan per tonne: no voyage pays."""
    network = tiny_network()
    tariffs = {key: replace(row, fixed_yuan_per_t=0.1, yuan_per_tkm=0.0) for key, row in network.tariffs.items()}
    return replace(network, tariffs=tariffs)


class Ticking:
    """A clock that goes on by a step whenever somebody looks, and may press Ctrl-C at one of those looks."""

    def __init__(self, step_s: float, interrupt_at: int | None = None) -> None:
        self.step_s, self.looks, self.interrupt_at = step_s, 0, interrupt_at

    def __call__(self) -> float:
        """Seconds."""
        self.looks += 1
        if self.looks == self.interrupt_at:
            raise KeyboardInterrupt
        return self.looks * self.step_s


@pytest.mark.parametrize("in_steps", [False, True])
@pytest.mark.parametrize("step_s", [0.6, 0.3, 0.1, 0.05, 0.02])
def test_a_time_limit_at_any_point_leaves_a_plan(step_s: float, in_steps: bool) -> None:
    """Half a second by a clock that runs out early or late: a plan that holds, with a gap from a bound that is one."""
    network, shipments = tiny_network(), busy_fortnight()
    plan = planned(
        network, shipments, PlanSettings(gap=0.0, time_limit_s=0.5), in_steps=in_steps, clock=Ticking(step_s)
    )
    assert faults(plan, shipments, network) == []
    assert plan.status in ("time_limit", "feasible", "optimal")
    assert {item.status for item in plan.shipments} == {"planned"}
    if step_s >= 0.3:
        assert plan.status == "time_limit"
        assert plan.gap > 0


def test_interrupting_at_any_point_leaves_a_plan() -> None:
    """Ctrl-C at looks at the clock from the first to the last: the best plan so far holds; the longer the search, the
    better it is."""
    network, shipments = tiny_network(), busy_fortnight()[:6]
    whole = Ticking(0.0)
    done = planned(network, shipments, PlanSettings(gap=0.0), in_steps=True, clock=whole)
    costs = []
    for look in (*range(2, whole.looks, max(3, whole.looks // 5)), whole.looks):
        clock = Ticking(0.0, interrupt_at=look)
        plan = planned(network, shipments, PlanSettings(gap=0.0), in_steps=True, clock=clock)
        assert faults(plan, shipments, network) == []
        costs.append(plan.objective_yuan)
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > done.objective_yuan
    assert costs[-1] == pytest.approx(done.objective_yuan)


@pytest.mark.parametrize("in_steps", [False, True])
def test_the_order_of_the_rows_changes_nothing(in_steps: bool) -> None:
    """Shuffled rows: the same entry for each shipment, the same voyages and totals, byte for byte."""
    network, shipments = tiny_network(), busy_fortnight()[: 8 if in_steps else 4]
    other = tuple(sorted(shipments, key=lambda item: (item.mass_kg, item.shipment_id)))
    settings_ = PlanSettings(gap=0.001)
    plan, shuffled = (planned(network, rows, settings_, in_steps=in_steps) for rows in (shipments, other))
    assert [item.shipment_id for item in shuffled.shipments] == [item.shipment_id for item in other]
    assert plan_to_json(replace(shuffled, shipments=tuple(by_id(shuffled, s.shipment_id) for s in shipments))) == (
        plan_to_json(plan)
    )


@pytest.mark.parametrize("in_steps", [False, True])
def test_equal_seed_equal_bytes(in_steps: bool) -> None:
    """Two runs give one document; only ``seconds`` follows the clock."""
    network, shipments = tiny_network(), busy_fortnight()[: 8 if in_steps else 4]
    first, second = (planned(network, shipments, PlanSettings(gap=0.05, seed=5), in_steps=in_steps) for _ in range(2))
    assert plan_to_json(first) == plan_to_json(second)
    slow = planned(network, shipments, PlanSettings(gap=0.05, seed=5), in_steps=in_steps, clock=Ticking(3.0))
    assert slow.seconds > first.seconds
    assert plan_to_json(replace(slow, seconds=first.seconds)) == plan_to_json(first)


@settings(LOOK, max_examples=25)
@given(tiny_tasks(3), st.data())
def test_more_of_anything_never_costs_more(task: Task, data: st.DataObject) -> None:
    """One hull, lockage or tonne of handling more: the optimum does not rise."""
    network, shipments = task
    richer = data.draw(
        st.sampled_from(
            [
                replace(network, fleet=tuple(replace(entry, count=entry.count + 1) for entry in network.fleet)),
                replace(
                    network,
                    fleet=(*network.fleet, FleetEntry("more", "BIG", "UP", 1, TINY_START, "own", MADE_UP)),
                ),
                replace(
                    network,
                    locks={
                        k: replace(v, lockages_per_day=v.lockages_per_day + 2, vessels_per_lockage=2.5)
                        for k, v in network.locks.items()
                    },
                ),
                replace(
                    network,
                    terminals={
                        k: replace(v, handling_t_per_day=v.handling_t_per_day * 1.5)
                        for k, v in network.terminals.items()
                    },
                ),
            ]
        )
    )
    before, after = planned(network, shipments), planned(richer, shipments)
    assert after.objective_yuan <= before.objective_yuan + 0.02 * len(shipments) + 1e-6 * before.objective_yuan


@settings(LOOK, max_examples=25)
@given(tiny_tasks(3), st.sampled_from([(0.0, 50.0), (50.0, 400.0), (0.0, 5000.0)]))
def test_a_higher_carbon_price_never_emits_more(task: Task, prices: tuple[float, float]) -> None:
    """The optimum at the higher price emits at most as much (rounding to kg and solver tolerance aside)."""
    network, shipments = task
    low, high = (planned(network, shipments, PlanSettings(price, gap=0.0)) for price in prices)
    # Optima are known to 1e-6; over a difference of prices that is this many grams.
    slack_g = 2e-6 * high.objective_yuan / (prices[1] - prices[0]) * 1e6 + 2000
    assert high.totals.planned.co2e_wtw_g <= low.totals.planned.co2e_wtw_g + slack_g


@pytest.mark.parametrize("price_yuan_per_t", [0.0, 50.0])
def test_a_kilogram_too_much_for_a_vessel_sends_no_tonne_by_road(price_yuan_per_t: float) -> None:
    """500 t and a kilogram for a vessel of 500 t: whatever carbon costs, the kilogram goes by road."""
    homes = [("SMALL", "UP", "own"), ("SMALL", "UP", "own"), ("BIG", "DOWN", "own"), ("SMALL", "DOWN", "spot")]
    network = world([Hull(*home) for home in homes])
    shipments = [
        cargo(0, 500.0, "DOWN", "MILL", ready_h=5.5, due_h=6.5, value=0.0),
        cargo(1, 0.001, "DOWN", "MILL", ready_h=5.5, due_h=5.5, value=0.0),
    ]
    plan = planned(network, shipments, PlanSettings(price_yuan_per_t, gap=0.0))
    assert plan.status == "optimal"
    assert plan.totals.water_mass_kg == 500_000


@pytest.mark.parametrize("in_steps", [False, True])
def test_a_return_load_bears_what_it_adds_and_no_more(in_steps: bool) -> None:
    """A road that is cheaper than a voyage, but dearer than going along with a hull that must go up the river anyway.

    Road DOWN-UP 115 km x 0.22 = 25.3 yuan/t. A full BIG of its own: 20 at the quays, 300 kg diesel and a day of
    3,000 yuan for 1,000 t, more than 26 together. On the way to the mill's cargo: quays, 0.15 kg/t diesel and two
    slots at berths.
    """
    network = world([Hull("BIG", "DOWN")])
    cheap = {key: replace(row, fixed_yuan_per_t=0.0, yuan_per_tkm=0.22) for key, row in network.tariffs.items()}
    far = {**network.links, "MILL-DOWN": replace(network.links["MILL-DOWN"], distance_km=800.0)}
    network = replace(network, tariffs=cheap, links=far)
    shipments = [
        cargo(0, 1000.0, "MILL", "DOWN", due_h=90.0, value=0.0),
        cargo(1, 1000.0, "DOWN", "UP", due_h=48.0, value=0.0),
    ]
    plan = planned(network, shipments, PlanSettings(0.0, gap=0.0), in_steps=in_steps)
    assert [(v.origin, v.load_kg) for v in plan.voyages] == [("DOWN", 1_000_000), ("UP", 1_000_000)]
    alone = planned(network, shipments[1:], PlanSettings(0.0, gap=0.0), in_steps=in_steps)
    assert alone.voyages == ()


def test_what_nobody_can_move_is_rejected_and_the_rest_planned() -> None:
    """The island's own port is shut out of the network: its cargo is rejected with the reason, all else travels."""
    network = corridor()
    terminals = {key: row for key, row in network.terminals.items() if row.location_id != "ISLE"}
    network = replace(network, terminals=terminals)
    for in_steps in (False, True):
        plan = planned(network, SHIPMENTS, in_steps=in_steps)
        assert faults(plan, SHIPMENTS, network) == []
        left = {item.shipment_id: item.reason for item in plan.shipments if item.status == "rejected"}
        assert set(left) == {"S5", "S6"}
        for reason in left.values():
            assert reason is not None
            assert "外岛港" in reason.zh
            assert "Island port" in reason.en


@pytest.mark.parametrize("in_steps", [False, True])
def test_a_plan_of_which_nothing_can_move(in_steps: bool) -> None:
    """All shipments stranded: every one rejected, nothing costs anything, no exception."""
    network = replace(corridor(), terminals={})
    shipments = [item for item in SHIPMENTS if item.origin == "ISLE"]
    plan = planned(network, shipments, in_steps=in_steps)
    assert {item.status for item in plan.shipments} == {"rejected"}
    assert (plan.objective_yuan, plan.bound_yuan, plan.voyages) == (0.0, 0.0, ())
    assert faults(plan, shipments, network) == []


@pytest.mark.parametrize("in_steps", [False, True])
@pytest.mark.parametrize(
    "network",
    [replace(tiny_network(), fleet=()), replace(tiny_network(), terminals={})],
    ids=["no hull", "no terminal"],
)
def test_without_water_everything_takes_the_road(network: Network, in_steps: bool) -> None:
    """No hull or no terminal, so no family of sailings: the plan is the baseline, and says why."""
    shipments = [cargo(0, 400.0), cargo(1, 120.0, splittable=False)]
    plan = planned(network, shipments, in_steps=in_steps)
    assert plan.totals.planned == plan.totals.baseline
    assert plan.status == "optimal"
    assert all(item.on_road_because is not None for item in plan.shipments)
    assert faults(plan, shipments, network) == []


def test_extremes_of_mass_and_time() -> None:
    """A kilogram, a million tonnes, due before it is ready, ready long before any hull is there."""
    early = tuple(replace(entry, available_from=TINY_START + 400 * HOUR) for entry in tiny_network().fleet)
    network = tiny_network(fleet=early)
    shipments = [
        cargo(0, 0.001),
        cargo(1, 1_000_000.0),
        cargo(2, 1_000_000.0, splittable=False),
        cargo(3, 300.0, ready_h=50.0, due_h=0.0),
        cargo(4, 480.0, ready_h=395.0, due_h=500.0),
    ]
    for in_steps in (False, True):
        plan = planned(network, shipments, in_steps=in_steps)
        assert faults(plan, shipments, network) == []
        assert {item.status for item in plan.shipments} == {"planned"}
        assert all(voyage.berth_from >= TINY_START + 400 * HOUR for voyage in plan.voyages)


def test_a_due_date_far_away_is_no_larger_a_plan() -> None:
    """Due in a thousand years: cargo waits at most MAX_WAIT_H, so the columns are those of a month."""
    sizes = []
    for due_h in (24.0 * 40, 24.0 * 365_000):
        planned(tiny_network(), [cargo(0, 400.0, due_h=due_h)], tell=lambda told: sizes.append(told.columns))
    assert len(set(sizes)) == 1


def test_shipments_over_more_than_a_year_are_refused_with_a_way_out() -> None:
    """Two shipments ten years apart would be a plan of 15,000 slots: InputError names the limit and the option."""
    shipments = [cargo(0, 400.0), cargo(1, 400.0, ready_h=24.0 * 3650, due_h=24.0 * 3660)]
    with pytest.raises(InputError) as caught:
        planned(tiny_network(), shipments)
    assert "3651" in caught.value.text("zh")
    assert "--horizon-days" in caught.value.text("en")
    plan = planned(tiny_network(), shipments, PlanSettings(horizon_days=7))
    assert [item.status for item in plan.shipments] == ["planned", "rejected"]


def test_without_shipments_there_is_no_plan() -> None:
    """An empty list is the user's mistake."""
    with pytest.raises(InputError):
        planned(tiny_network(), [])


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_horizon_must_be_a_number_of_days_up_to_a_year(days: int) -> None:
    """Zero, negative, too long: InputError."""
    with pytest.raises(InputError):
        planned(tiny_network(), [cargo(0, 400.0)], PlanSettings(horizon_days=days))


def test_the_horizon_leaves_out_what_becomes_ready_later() -> None:
    """Three days from the first ready day: the fourth day's shipment is rejected, the rest planned as if alone."""
    network = tiny_network()
    shipments = [cargo(2, 300.0, ready_h=71.9, due_h=200.0), cargo(1, 450.0), cargo(3, 450.0, ready_h=72.0, due_h=99.0)]
    plan = planned(network, shipments, PlanSettings(horizon_days=3))
    assert [(item.shipment_id, item.status) for item in plan.shipments] == [
        ("S2", "planned"),
        ("S1", "planned"),
        ("S3", "rejected"),
    ]
    reason = plan.shipments[2].reason
    assert reason is not None
    assert "3 天" in reason.zh
    alone = planned(network, shipments[:2])
    assert plan.objective_yuan == pytest.approx(alone.objective_yuan)
    assert faults(plan, shipments, network) == []


@pytest.mark.parametrize("in_steps", [False, True])
def test_a_cap_on_co2e_is_kept(in_steps: bool) -> None:
    """From what the cheapest plan emits down to what the cleanest does: within the cap, and dearer the lower it is."""
    network, shipments = nearly_free_road(), busy_fortnight()[:6]
    cheap, clean = (planned(network, shipments, PlanSettings(price, gap=0.0)) for price in (0.0, 1e6))
    most_g, least_g = (plan.totals.planned.co2e_wtw_g for plan in (cheap, clean))
    assert least_g < 0.99 * most_g
    costs = [cheap.objective_yuan]
    for part in (1.0, 0.5, 0.1):
        cap_t = (least_g + part * (most_g - least_g) + 1000) / 1e6
        plan = planned(network, shipments, PlanSettings(0.0, co2e_cap_t=cap_t, gap=0.0), in_steps=in_steps)
        assert plan.totals.planned.co2e_wtw_g <= cap_t * 1e6 + 50
        assert faults(plan, shipments, network) == []
        costs.append(plan.objective_yuan)
    if not in_steps:
        assert costs == pytest.approx(sorted(costs), abs=0.5)


def test_under_a_cap_water_is_used_even_where_it_is_dear() -> None:
    """A road at a tenth of a yuan per tonne: only the cap puts the cargo on the river."""
    network, shipments = nearly_free_road(), [cargo(0, 1000.0)]
    free = planned(network, shipments, PlanSettings(0.0, gap=0.0))
    assert free.voyages == ()
    # A tonne by road 6.2 kg, in a full BIG that comes up the river empty 4.9 kg.
    cap_t = free.totals.planned.co2e_wtw_g / 1e6 * 0.9
    for in_steps in (False, True):
        plan = planned(network, shipments, PlanSettings(0.0, co2e_cap_t=cap_t, gap=0.0), in_steps=in_steps)
        assert plan.totals.planned.co2e_wtw_g <= cap_t * 1e6 + 50
        assert plan.totals.water_share_t > 0


@pytest.mark.parametrize("in_steps", [False, True])
@pytest.mark.parametrize("cap_t", [0.0, 0.5])
def test_a_cap_that_nothing_keeps_is_refused(cap_t: float, in_steps: bool) -> None:
    """Moving 800 t 100 km emits more than half a tonne: the error says so in both languages."""
    shipments = [cargo(0, 400.0), cargo(1, 400.0, splittable=False)]
    with pytest.raises(InputError) as caught:
        planned(tiny_network(), shipments, PlanSettings(co2e_cap_t=cap_t), in_steps=in_steps)
    assert f"{cap_t:g} 吨" in caught.value.text("zh")
    assert "raise the cap" in caught.value.text("en")


@pytest.mark.parametrize("in_steps", [False, True])
def test_progress_tells_ever_better_plans_and_bounds(in_steps: bool) -> None:
    """Stages come in order, the incumbent only falls, the bound only rises and stays below."""
    told: list[Progress] = []
    plan = planned(tiny_network(), busy_fortnight()[: 12 if in_steps else 6], in_steps=in_steps, tell=told.append)
    stages = list(dict.fromkeys(item.stage for item in told))
    assert stages[:2] == ["layout", "bound"]
    assert stages[-1] == "write"
    costs = [item.incumbent_yuan for item in told if item.incumbent_yuan is not None]
    bounds = [item.bound_yuan for item in told if item.bound_yuan is not None]
    assert costs == sorted(costs, reverse=True)
    assert bounds == sorted(bounds)
    assert bounds[-1] <= costs[-1] + 0.01
    assert plan.objective_yuan == pytest.approx(costs[-1], abs=0.5)


@pytest.mark.parametrize("gap", [0.2, 0.13])
def test_the_gap_asked_for_is_that_of_the_document(gap: float) -> None:
    """When the search says it stopped at the gap, the plan as written down is within it."""
    plan = planned(tiny_network(), busy_fortnight(), PlanSettings(gap=gap), in_steps=True)
    assert plan.settings["stop"] in ("gap", "exhausted")
    assert plan.settings["stop"] == "exhausted" or plan.gap <= gap
