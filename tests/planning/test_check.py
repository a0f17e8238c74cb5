"""The independent check: a plan worked out by hand holds, and each seeded mistake in it is found."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.errors import InputError
from optimizer.network.model import Closure, Mode, Network
from optimizer.planning.check import CHECKS, SENTENCES, Violation, check_plan, violations_to_text
from optimizer.planning.check.ways import Ways
from optimizer.planning.document import plan_from_json, plan_to_json
from optimizer.planning.plan import Amounts, Plan, Reason
from optimizer.planning.shipment import Shipment
from tests.planning.corridor import MADE_UP, START, corridor
from tests.planning.plan_by_hand import SHIPMENTS, plan_by_hand
from tests.planning.round_factors import round_factors
from tests.planning.test_claims import CLAIMS
from tests.planning.test_keeping import LIES
from tests.planning.test_offers import OFFER_MISTAKES

CORRIDOR = corridor()
QUAYS = {key: quay for key, quay in CORRIDOR.terminals.items() if key != ("ISLE", "steel")}
NETWORK = replace(CORRIDOR, terminals=QUAYS)
FACTORS = round_factors()
PLAN = plan_by_hand(NETWORK.version, FACTORS.version)
HOUR = timedelta(hours=1)


def check(plan: Plan, network: Network = NETWORK, shipments: tuple[Shipment, ...] = SHIPMENTS) -> list[Violation]:
    """Violations of a plan on the corridor."""
    return check_plan(plan, shipments, network, FACTORS)


def edit(record: Any, path: str, **changes: Any) -> Any:
    """A copy with fields changed at a path of attributes and indices; a value may be a function of the old one."""
    if not path:
        found = {k: v(getattr(record, k)) if callable(v) else v for k, v in changes.items()}
        return replace(record, **found)
    head, _, rest = path.partition(".")
    if head.isdigit():
        place = int(head)
        return (*record[:place], edit(record[place], rest, **changes), *record[place + 1 :])
    return replace(record, **{head: edit(getattr(record, head), rest, **changes)})


def later(hours: float) -> Callable[[Any], Any]:
    """Moves a time."""
    return lambda moment: moment + hours * HOUR


def more(amount: float) -> Callable[[Any], Any]:
    """Adds to an amount."""
    return lambda value: value + amount


S1, S2, S4, S5, S6 = "shipments.0", "shipments.1", "shipments.3", "shipments.4", "shipments.5"
BY_WATER, BY_ROAD = f"{S1}.lots.0", f"{S1}.lots.1"
V1, V2, V3, V5, V6 = "voyages.0", "voyages.1", "voyages.2", "voyages.4", "voyages.5"

MISTAKES: list[tuple[str, str, dict[str, Any], str]] = [
    ("another network", "", {"versions": {"network": "old", "factors": FACTORS.version}}, "other_version"),
    ("a shipment left out", "", {"shipments": lambda s: s[1:]}, "shipment_missing"),
    ("a shipment twice", "", {"shipments": lambda s: (*s, s[0])}, "shipment_twice"),
    ("a shipment nobody sent", S1, {"shipment_id": "S99"}, "shipment_unknown"),
    ("rejected without reason", S6, {"reason": None}, "status_wrong"),
    ("rejected and yet carried", S1, {"status": "rejected", "reason": Reason("", "")}, "status_wrong"),
    ("lots not numbered", BY_ROAD, {"lot_no": 3}, "lot_numbers"),
    ("a tonne lost between lots", BY_ROAD, {"mass_kg": more(-1000)}, "lot_mass"),
    ("a lot of nothing", S1, {"lots": lambda lots: (*lots, replace(lots[1], lot_no=3, mass_kg=0))}, "lot_mass"),
    ("a whole shipment split", S2, {"lots": lambda lots: (lots[0], replace(lots[0], lot_no=2))}, "split_forbidden"),
    ("legs misnumbered", f"{BY_WATER}.legs.1", {"seq": 7}, "leg_order"),
    ("a setting left out", "", {"settings": lambda s: {k: v for k, v in s.items() if k != "own_voyages"}}, "setting"),
    ("a voyage without a number", V2, {"voyage_id": "empty"}, "voyage_id"),
    ("a ninth hull of one", V5, {"vessel_id": "B800/spot/MID/9"}, "hull_number"),
    ("free a minute early", V6, {"free_at": later(-1 / 60)}, "slot"),
    ("fetched after it was delivered", f"{BY_WATER}.legs.4", {"role": "pre"}, "leg_kind"),
    ("legs numbered from nought", f"{BY_ROAD}.legs.0", {"seq": 0}, "leg_order"),
    ("no reason for an island's coaster", S5, {"on_road_because": None}, "reason"),
    ("a leg left out", BY_WATER, {"legs": lambda legs: (*legs[:2], *legs[3:])}, "chain_broken"),
    ("a vessel that nobody discharges", BY_WATER, {"legs": lambda legs: (*legs[:3], *legs[4:])}, "handling_missing"),
    ("the last leg left out", BY_WATER, {"legs": lambda legs: legs[:-1]}, "chain_ends"),
    ("no legs at all", BY_ROAD, {"legs": ()}, "chain_ends"),
    ("loaded before the truck arrives", f"{BY_WATER}.legs.0", {"arrives_at": later(3)}, "leg_time"),
    ("arrives before it departs", f"{BY_ROAD}.legs.0", {"arrives_at": later(-9)}, "leg_time"),
    ("fetched before ready", f"{BY_ROAD}.legs.0", {"departs_at": later(-1)}, "before_ready"),
    ("a train as drayage", f"{BY_WATER}.legs.0", {"mode": "Rail"}, "leg_kind"),
    ("a drayage truck on line haul", f"{BY_ROAD}.legs.0", {"vehicle_class": "T31"}, "leg_kind"),
    ("a barge without a voyage", f"{BY_WATER}.legs.2", {"voyage_id": ""}, "leg_kind"),
    ("a place off the map", f"{BY_ROAD}.legs.0", {"destination": "MOON"}, "place_unknown"),
    ("a voyage to nowhere", V2, {"destination": "MOON"}, "place_unknown"),
    ("a hub without a terminal", f"{BY_ROAD}.legs.0", {"role": "hub", "mode": "Hub", "vehicle_class": "",
                                                       "destination": "MILL"}, "no_terminal"),
    ("a voyage to a place without terminal", V1, {"cargo_group": "salt"}, "no_terminal"),
    ("a train where no rail lies", f"{S4}.lots.0.legs.1", {"destination": "UP"}, "no_way"),
    ("a barge at sea", V2, {"destination": "ISLE"}, "no_way"),
    ("a short cut", f"{BY_ROAD}.legs.0", {"distance_km": more(-5.0)}, "leg_distance"),
    ("a voyage that is shorter than the river", V3, {"distance_km": more(-1.0)}, "leg_distance"),
    ("a baseline that is too long", f"{S1}.baseline_legs.0", {"distance_km": more(1.0)}, "leg_distance"),
    ("a truck that flies", f"{BY_ROAD}.legs.0", {"arrives_at": later(-1)}, "leg_duration"),
    ("a voyage that is too fast", V2, {"arrives_at": later(-0.5)}, "leg_duration"),
    ("a train off its timetable", f"{S4}.lots.0.legs.1", {"departs_at": later(-1), "arrives_at": later(-1)},
     "service_time"),
    ("too many tonne-kilometres", f"{BY_ROAD}.legs.0", {"activity_kgkm": more(2)}, "activity"),
    ("a hub with tonne-kilometres", f"{BY_WATER}.legs.1", {"activity_kgkm": 2}, "activity"),
    ("lateness hidden", S2, {"late_s": 0}, "late"),
    ("lateness invented", S1, {"late_s": 60}, "late"),
    ("two voyages of one name", V2, {"voyage_id": "V1"}, "voyage_twice"),
    ("a voyage that is not there", f"{BY_WATER}.legs.2", {"voyage_id": "V9"}, "voyage_unknown"),
    ("another voyage's leg", f"{BY_WATER}.legs.2", {"voyage_id": "V3"}, "voyage_mismatch"),
    ("a leg off its voyage's time", f"{BY_WATER}.legs.2", {"departs_at": later(1)}, "voyage_mismatch"),
    ("an unknown class", V2, {"vessel_class": "B9"}, "vessel_class_unknown"),
    ("coal and steel in one hold", V1, {"cargo_group": "coal"}, "cargo_group"),
    ("a cargo the class may not carry", V1, {"cargo_group": "salt"}, "class_refuses"),
    ("free before arrival", V1, {"free_at": later(-12)}, "voyage_times"),
    ("loaded too quickly", V1, {"berth_from": later(1)}, "berth_time"),
    ("discharged too quickly", V1, {"free_at": later(-6)}, "berth_time"),
    ("a load that is not its lots", V1, {"load_kg": more(-1)}, "voyage_load"),
    ("more than the capacity", V1, {"capacity_kg": 699_999}, "over_capacity"),
    ("a capacity above the name plate", V1, {"capacity_kg": 900_000}, "capacity"),
    ("a loaded voyage called empty", V1, {"empty": True}, "empty_voyage"),
    ("an empty voyage called loaded", V2, {"empty": False}, "empty_voyage"),
    ("a lock left out", V1, {"locks": lambda locks: locks[:1]}, "lock_passages"),
    ("a lock passed too late", f"{V1}.locks.1", {"at": later(3)}, "lock_passages"),
    ("a hull that changes hands", V2, {"market": "spot"}, "hull_changes"),
    ("a hull in two places", V2, {"berth_from": later(-1)}, "hull_overlap"),
    ("a hull that jumps", V2, {"origin": "MID"}, "hull_jumps"),
    ("a hull left at the far end", "", {"voyages": lambda v: (v[0], *v[2:])}, "hull_not_home"),
    ("a hull from where none is", V5, {"market": "own"}, "hull_start"),
    ("a price too low", f"{BY_ROAD}.legs.0", {"cost_fen": more(-2)}, "leg_cost"),
    ("a train's price too high", f"{S4}.lots.0.legs.1", {"cost_fen": more(2)}, "leg_cost"),
    ("a hub without its loss", f"{S2}.lots.0.legs.0", {"cost_fen": more(-61_320)}, "leg_cost"),
    ("storage forgotten", "shipments.6.lots.0.legs.0", {"cost_fen": more(-5_000)}, "leg_cost"),
    ("fuel saved on paper", V1, {"fuel_g": more(-2)}, "voyage_fuel"),
    ("a cheap voyage", V1, {"cost_fen": more(-3)}, "voyage_cost"),
    ("waiting away from base unpaid", V6, {"cost_fen": more(-120_000)}, "voyage_cost"),
    ("one lot bears another's cost", f"{BY_WATER}.legs.2", {"cost_fen": more(-50)}, "voyage_shares"),
    ("one lot bears another's grams", f"{BY_WATER}.legs.2", {"co2e_wtw_g": more(-50)}, "voyage_shares"),
    ("the empty return forgotten", f"{S2}.lots.0.legs.1", {"co2e_wtw_g": more(-1_200_000)}, "fleet_shares"),
    ("the empty return unpaid", f"{S2}.lots.0.legs.1", {"cost_fen": more(-420_000)}, "fleet_shares"),
    ("grams saved on a truck", f"{BY_ROAD}.legs.0", {"co2e_wtw_g": more(-2)}, "leg_co2e"),
    ("grams of the baseline raised", f"{S1}.baseline_legs.0", {"co2e_ttw_g": more(2)}, "leg_co2e"),
    ("grams saved on a coaster", f"{S5}.lots.0.legs.1", {"co2e_wtw_g": more(-2)}, "leg_co2e"),
    ("grams saved on a voyage", V3, {"co2e_wtw_g": more(-2)}, "voyage_co2e"),
    ("a better data tier", f"{BY_ROAD}.legs.0", {"data_tier": "primary"}, "leg_factors"),
    ("a factor left out", f"{BY_WATER}.legs.2", {"factor_ids": ()}, "leg_factors"),
    ("a dearer baseline", f"{S1}.baseline", {"cost_fen": more(1)}, "baseline"),
    ("a dirtier baseline", f"{S1}.baseline", {"co2e_wtw_g": more(1)}, "baseline"),
    ("no baseline", S1, {"baseline": None}, "baseline"),
    ("a slow baseline", f"{S1}.baseline", {"duration_s": more(60)}, "baseline"),
    ("a baseline by rail", S1, {"baseline_legs": PLAN.shipments[3].lots[0].legs}, "baseline"),
    ("a saving rounded up", f"{S1}.saving", {"co2e_wtw_g": more(1)}, "saving"),
    ("no saving", S1, {"saving": None}, "saving"),
    ("a total too low", "totals.planned", {"cost_fen": more(-1)}, "totals"),
    ("a total saving too high", "totals.saving", {"co2e_ttw_g": more(1)}, "totals"),
    ("tonnes that never moved", "totals", {"mass_kg": more(1)}, "totals"),
    ("water tonnes that went by road", "totals", {"water_mass_kg": more(1)}, "totals"),
    ("tonne-kilometres added", "totals", {"activity_kgkm": more(1)}, "totals"),
    ("water tonne-kilometres added", "totals", {"water_activity_kgkm": more(1)}, "totals"),
    ("empty kilometres hidden", "totals", {"empty_km": 200.0}, "totals"),
    ("a cap that is broken", "", {"settings": {"carbon_price_yuan_per_t": 100.0, "co2e_cap_t": 1.0}}, "co2e_cap"),
    ("an objective too low", "", {"objective_yuan": more(-50.0)}, "objective"),
    ("carbon not priced", "", {"settings": {"carbon_price_yuan_per_t": 0.0}}, "objective"),
    ("a bound above the objective", "", {"bound_yuan": PLAN.objective_yuan + 50, "gap": -50 / PLAN.objective_yuan},
     "bound"),
    ("a gap too good", "", {"gap": 0.0}, "gap"),
    ("no plan, and yet a gap", "", {"objective_yuan": math.inf}, "gap"),
]  # fmt: skip


def test_the_plan_by_hand_holds() -> None:
    """Nobody's planner made this plan; every figure of it agrees with the check."""
    assert violations_to_text(check(PLAN), "en") == "The plan holds: nothing wrong was found."


def test_known_figures_of_the_plan_by_hand() -> None:
    """A few figures that can be done in the head: V1 burns 387.5 kg, costs a day and its fuel; the island saves
    nothing."""
    first = PLAN.voyages[0]
    assert (first.fuel_g, first.cost_fen, first.co2e_wtw_g) == (387_500, 550_000, 1_550_000)
    # Lot 1 of S1 bears 6/7 of V1 and its empty return (4,200 yuan), and 0.7 yuan/t of toll.
    assert PLAN.shipments[0].lots[0].legs[2].cost_fen == round(970_000 * 6 / 7) + 42_000
    assert PLAN.shipments[4].saving == Amounts(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("path", "changes", "code"), [item[1:] for item in MISTAKES], ids=[item[0] for item in MISTAKES]
)
def test_each_seeded_mistake_is_found(path: str, changes: dict[str, Any], code: str) -> None:
    """One mistake at a time, put into a plan that holds, is found under its code."""
    codes = {violation.code for violation in check(edit(PLAN, path, **changes))}
    assert code in codes


def with_closure(kind: str, item_id: str, from_h: float, to_h: float) -> Network:
    """The corridor with one thing shut for some hours of 1 October."""
    closure = Closure("C9", kind, item_id, START + from_h * HOUR, START + to_h * HOUR, "", "", MADE_UP)
    return replace(NETWORK, closures=(*NETWORK.closures, closure))


def changed(table: str, key: Any, **changes: Any) -> Network:
    """The corridor with one row of a table changed."""
    rows = getattr(NETWORK, table)
    return replace(NETWORK, **{table: {**rows, key: replace(rows[key], **changes)}})


LATER_FLEET = tuple(replace(entry, available_from=START + 100 * HOUR) for entry in NETWORK.fleet)
SMALL_FLEET = tuple(replace(entry, count=1) for entry in NETWORK.fleet)
LOW_WATER = tuple(replace(level, valid_from=START, available_depth_m=1.8) for level in NETWORK.water_levels)
DRY = tuple(replace(level, valid_from=START, available_depth_m=0.9) for level in NETWORK.water_levels)

# V1 casts off at 9 h: link UP-MID until 15 h, lock L1 from 11 to 13 h, link MID-LOW until 22 h.
OTHER_WORLDS: list[tuple[str, Network, str, bool]] = [
    ("a lock shut as V1 waits", with_closure("lock", "L1", 12.5, 14), "closed", True),
    ("a lock shut until V1 comes", with_closure("lock", "L1", 10, 11), "closed", False),
    ("a link shut as V1 leaves it", with_closure("link", "MID-LOW", 21.9, 22.5), "closed", True),
    ("a terminal shut as V1 loads", with_closure("terminal", "UP", 5, 6.5), "terminal_closed", True),
    ("a terminal shut after V1 has loaded", with_closure("terminal", "UP", 9, 11), "terminal_closed", False),
    ("a terminal shut as V5 discharges", with_closure("terminal", "UP", 58.5, 59), "terminal_closed", True),
    ("a terminal shut as V5 lies idle", with_closure("terminal", "UP", 63, 66), "terminal_closed", False),
    ("low water", replace(NETWORK, water_levels=LOW_WATER), "capacity", True),
    ("no water for an empty hull", replace(NETWORK, water_levels=DRY), "capacity", True),
    ("a lock for one vessel a day", changed("locks", "L1", lockages_per_day=1.0), "lock_capacity", True),
    ("a lock for two vessels a day", changed("locks", "L1", lockages_per_day=2.0), "lock_capacity", False),
    (
        "a terminal of 699 t a day",
        changed("terminals", ("UP", "steel"), handling_t_per_day=699.0),
        "terminal_capacity",
        True,
    ),
    (
        "a terminal of 700 t a day",
        changed("terminals", ("UP", "steel"), handling_t_per_day=700.0),
        "terminal_capacity",
        False,
    ),
    (
        "a terminal for small vessels",
        changed("terminals", ("UP", "steel"), max_vessel_dwt_t=500.0),
        "port_too_small",
        True,
    ),
    (
        "a quay for smaller coasters",
        changed("terminals", ("ISLE", "coal"), max_vessel_dwt_t=2999.0),
        "port_too_small",
        True,
    ),
    (
        "a quay just for the coaster",
        changed("terminals", ("ISLE", "coal"), max_vessel_dwt_t=3000.0),
        "port_too_small",
        False,
    ),
    ("a coaster on fresh water", changed("links", "LOW-ISLE", mode=Mode.INLAND_WATERWAY), "no_way", True),
    ("vessels that come later", replace(NETWORK, fleet=LATER_FLEET), "hull_early", True),
    ("a fleet of one", replace(NETWORK, fleet=SMALL_FLEET), "fleet_size", True),
    ("no fleet", replace(NETWORK, fleet=()), "hull_start", True),
    ("a lock for small vessels", changed("locks", "L2", max_vessel_dwt_t=500.0), "no_way", True),
    ("a low bridge", changed("links", "UP-MID", air_draught_m=6.9), "no_way", True),
    ("a link of another scenario", changed("links", "MID-LOW", scenario="planned"), "no_way", True),
    ("a stronger current", changed("links", "UP-MID", speed_down_km_h=11.0), "leg_duration", True),
    ("dearer diesel", changed("parameters", "diesel_price_yuan_per_kg", value=9.0), "voyage_cost", True),
    ("a higher toll", changed("locks", "L1", toll_yuan_per_t=1.0), "fleet_shares", True),
]


@pytest.mark.parametrize(("network", "code", "wrong"), [w[1:] for w in OTHER_WORLDS], ids=[w[0] for w in OTHER_WORLDS])
def test_the_plan_in_other_worlds(network: Network, code: str, wrong: bool) -> None:
    """The same plan where something is shut, shallow, small or dearer; limits are found at their very edge."""
    assert (code in {violation.code for violation in check(PLAN, network)}) == wrong


def test_every_code_is_seeded() -> None:
    """No check goes untested: each code has a mistake or a world that makes it speak."""
    seeded = {code for _, _, _, code in MISTAKES} | {code for _, _, code, wrong in OTHER_WORLDS if wrong}
    seeded |= {code for _, _, code in OFFER_MISTAKES}
    assert seeded | LIES | CLAIMS == set(SENTENCES)


def test_low_water_limits_the_load() -> None:
    """1.8 m of water less 0.2 m leave half of the barge's range of draught (0.8 to 2.4 m): 400 of 800 t."""
    ways = Ways(replace(NETWORK, water_levels=LOW_WATER))
    course = ways.course("UP", "LOW", "B800")
    assert course is not None
    assert ways.capacity_t(course, NETWORK.vessel_classes["B800"], START) == pytest.approx(400.0)


def test_water_level_counts_while_the_vessel_is_on_the_link() -> None:
    """Low water lasts from day 10 to day 12; MID-LOW is entered 6 h and left 13 h after casting off."""
    ways, barge = Ways(NETWORK), NETWORK.vessel_classes["B800"]
    course = ways.course("UP", "LOW", "B800")
    assert course is not None
    for casts_off_h, capacity_t in ((240 - 13.01, 800), (240 - 12.99, 400), (288 - 6.01, 400), (288 - 5.99, 800)):
        assert ways.capacity_t(course, barge, START + casts_off_h * HOUR) == pytest.approx(capacity_t)


def test_who_is_ready_after_the_horizon_is_named_and_not_planned() -> None:
    """With a horizon of a day some become ready after it: they stand in the plan, rejected, or it hides them."""
    plan = edit(PLAN, "", settings=lambda settings: {**settings, "horizon_days": 1}, shipments=lambda s: s[1:])
    late = {s.shipment_id for s in SHIPMENTS if s.ready_at >= START + 24 * HOUR}
    assert late
    assert {v.where for v in check(plan) if v.code == "shipment_missing"} == {f"shipments/{SHIPMENTS[0].shipment_id}"}
    assert {f"shipments/{name}" for name in late} <= {v.where for v in check(plan) if v.code == "left_out"}


def test_an_empty_plan_holds() -> None:
    """No shipments, nothing to do, nothing wrong."""
    none = Amounts(0, 0, 0, 0)
    totals = replace(PLAN.totals, planned=none, baseline=none, saving=none, mass_kg=0, water_mass_kg=0, activity_kgkm=0,
                     water_activity_kgkm=0, empty_km=0.0, loaded_km=0.0)  # fmt: skip
    plan = replace(PLAN, objective_yuan=0.0, bound_yuan=0.0, gap=0.0, shipments=(), voyages=(), totals=totals)
    assert check(plan, shipments=()) == []


def test_an_unknown_bound_is_no_violation() -> None:
    """A run that was stopped before it had a bound says so; its gap is then unbounded."""
    stopped = edit(PLAN, "", status="time_limit", settings=lambda settings: {**settings, "stop": "interrupt"})
    assert check(replace(stopped, bound_yuan=-math.inf, gap=math.inf)) == []


def test_order_does_not_matter() -> None:
    """Permuting shipments, voyages and the list of shipments changes nothing."""
    plan = edit(PLAN, "", shipments=lambda s: s[::-1], voyages=lambda v: v[::-1])
    assert check(plan, shipments=SHIPMENTS[::-1]) == []


def test_the_document_holds_as_the_plan_does() -> None:
    """What is written to PLAN.json and read again still holds."""
    assert check(plan_from_json(plan_to_json(PLAN))) == []


def test_text_in_both_languages() -> None:
    """Each line says where, what is expected and what was found; the closing line counts."""
    violations = check(edit(PLAN, BY_ROAD, mass_kg=more(-1000)))
    english, chinese = violations_to_text(violations, "en"), violations_to_text(violations, "zh")
    assert (
        "shipments/S1: the lots do not sum to the shipment's mass (expected 720000, found 719000) [lot_mass]" in english
    )
    assert "shipments/S1：各批质量之和不等于货单质量（应为 720000，实为 719000）[lot_mass]" in chinese
    assert english.splitlines()[-1] == f"{len(violations)} violation(s)."
    assert violations_to_text([], "zh") == "复核通过，未发现问题。"


def test_checks_are_named_for_what_they_hold() -> None:
    """Each check has a sentence of its own."""
    assert all(check_.__doc__ for check_ in CHECKS)
    assert len({check_.__name__ for check_ in CHECKS}) == len(CHECKS)


def leaves(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value of a JSON tree with its path."""
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(value, (*path, key))
    else:
        yield path, node


def with_value(path: tuple[str | int, ...], value: Any) -> str:
    """The plan's document with one value changed."""
    tree = json.loads(plan_to_json(PLAN))
    node = tree
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return json.dumps(tree)


LEAVES = list(leaves(json.loads(plan_to_json(PLAN))))

FREE = {
    ("seconds",),
    ("settings", "seed"),
    ("shipments", 5, "reason", "zh"),
    ("shipments", 5, "reason", "en"),
}
"""What nothing else in the plan contradicts: run time, seed, words of a reason that are no figures."""


def test_no_figure_can_be_changed_unseen() -> None:
    """Every number, time and name of two shipments, one rejected, two voyages and the totals: changed
    alone, it is refused on reading or found by the check."""
    unseen = set()
    for path, value in LEAVES:
        if (path[:1] == ("shipments",) and path[1] not in (0, 1, 5)) or (
            path[:1] == ("voyages",) and path[1] not in (0, 1)
        ):
            continue
        if isinstance(value, str):
            other: Any = value.replace("2026-", "2027-", 1) if value.startswith("2026-") else value + "X"
        elif value is None:
            continue
        else:
            other = not value if isinstance(value, bool) else value + 1000
        try:
            if not check(plan_from_json(with_value(path, other))):
                unseen.add(path)
        except InputError:
            continue
    assert unseen == FREE


@given(
    st.sampled_from([path for path, _ in LEAVES]),
    st.sampled_from(
        [None, "", "UP", "MOON", "V1", "Rail", "Hub", "main", "coal", "B800", 0, -5, 0.001, 10**9, True, [], {}]
    ),
)
def test_no_document_makes_the_check_fail(path: tuple[str | int, ...], value: Any) -> None:
    """Whatever stands in a document: it is refused on reading, or checked to the end."""
    try:
        plan = plan_from_json(with_value(path, value))
    except InputError:
        return
    assert isinstance(check(plan), list)
