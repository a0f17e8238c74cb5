"""What a plan says of itself in words is held too: status, reasons, limits, sailings nobody can use, cargo left behind,
and the lists of a plan made around another. Each lie, put alone into a plan that holds, has its code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from optimizer.errors import Message
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Closure, FleetEntry, Mode, Network, WaterLevel
from optimizer.network.reader import read_network
from optimizer.planning.check import check_plan
from optimizer.planning.check.reason_figures import WORDS
from optimizer.planning.check.water_options import Sailing, WaterPrices
from optimizer.planning.check.words import FIGURE
from optimizer.planning.check.workings import Workings
from optimizer.planning.keeping.held import Accepted
from optimizer.planning.offer import Offer
from optimizer.planning.plan import Binding, LeftBehind, Moved, Plan, Reason
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solving import problem_layout
from optimizer.quantities import CHINA_TIME
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.random_tasks import cargo, planned
from tests.planning.round_factors import round_factors
from tests.planning.test_assemble_reasons import dear_vessels, stone
from tests.planning.test_offers import MARKET, offer

TINY = tiny_network()
CLAIMS = {"status_wrong", "left_out", "reason", "binding", "offer_unusable", "kept_other"}
"""Codes of the check that this module provokes."""

SHIPPED = read_network()
OCTOBER, OCTOBER_15 = (datetime(2026, 10, day, 7, tzinfo=CHINA_TIME) for day in (1, 15))
FULL = (
    cargo(1, 900, "UP", due_h=72),
    replace(cargo(2, 5, "UP", due_h=30), shipment_id="TINY"),
    cargo(3, 60, "UP", ready_h=300.0, due_h=400),
)
OFFERS = (offer(1, capacity_kg=300_000), offer(6, 900.0), offer(7, cargo_groups=("coal",)))


def codes(
    plan: Plan,
    shipments: Sequence[Shipment],
    network: Network = TINY,
    offers: Sequence[Offer] = (),
    accepted: Plan | None = None,
) -> set[str]:
    """Codes of everything that is wrong."""
    return {item.code for item in check_plan(plan, shipments, network, round_factors(), offers, accepted)}


@pytest.fixture(scope="module")
def market() -> Plan:
    """A full sailing, cargo on the road for want of one, two sailings that nobody can use, a shipment beyond the
    horizon."""
    plan = planned(TINY, FULL, replace(MARKET, horizon_days=5), offers=OFFERS)
    assert [entry.status for entry in plan.shipments] == ["planned", "planned", "rejected"]
    assert plan.binding
    assert len(plan.unusable_offers) == 2
    assert plan.shipments[1].on_road_because is not None
    assert codes(plan, FULL, offers=OFFERS) == set()
    return plan


def first(items: tuple[Any, ...], **changes: Any) -> tuple[Any, ...]:
    """The items with fields of the first one changed."""
    return (replace(items[0], **changes), *items[1:])


def entry(plan: Plan, number: int, **changes: Any) -> Plan:
    """The plan with one shipment changed."""
    shipments = plan.shipments
    return replace(
        plan, shipments=(*shipments[:number], replace(shipments[number], **changes), *shipments[number + 1 :])
    )


def why(plan: Plan, **changes: Any) -> Plan:
    """The plan with another reason for the second shipment to stay on the road."""
    reason = plan.shipments[1].on_road_because
    assert reason is not None
    return entry(plan, 1, on_road_because=replace(reason, **changes))


LIES: list[tuple[str, Callable[[Plan], Plan], str]] = [
    ("optimal with a gap", lambda p: replace(p, status="optimal", gap=0.1), "status_wrong"),
    ("infeasible, and yet a plan", lambda p: replace(p, status="infeasible"), "status_wrong"),
    ("a limit twice", lambda p: replace(p, binding=p.binding + p.binding[:1]), "binding"),
    ("a limit of another sailing", lambda p: replace(p, binding=first(p.binding, item_id="Y7")), "binding"),
    ("a lock that is not there", lambda p: replace(p, binding=first(p.binding, kind="lock")), "binding"),
    ("a limit of another day", lambda p: replace(p, binding=first(p.binding, day="2026-10-09")), "binding"),
    ("a limit in other units", lambda p: replace(p, binding=first(p.binding, unit="kg")), "binding"),
    ("a negative worth", lambda p: replace(p, binding=first(p.binding, value_yuan=-1.0)), "binding"),
    ("a sailing that was not offered", lambda p: replace(p, unusable_offers=first(p.unusable_offers, sailing_id="Y9")),
     "offer_unknown"),
    ("another carrier's", lambda p: replace(p, unusable_offers=first(p.unusable_offers, carrier_id="C2")),
     "offer_unusable"),
    ("closed on open water", lambda p: replace(p, unusable_offers=first(p.unusable_offers, code="closed")),
     "offer_unusable"),
    ("an unknown obstacle", lambda p: replace(p, unusable_offers=first(p.unusable_offers, code="storm")),
     "offer_unusable"),
    ("unusable twice", lambda p: replace(p, unusable_offers=p.unusable_offers + p.unusable_offers[:1]),
     "offer_unusable"),
    ("unusable and yet sailed", lambda p: replace(p, unusable_offers=first(p.unusable_offers, sailing_id="Y1")),
     "offer_unusable"),
    ("no reason to be on the road", lambda p: entry(p, 1, on_road_because=None), "reason"),
    ("a reason to be on the road, by water", lambda p: entry(p, 0, on_road_because=p.shipments[1].on_road_because),
     "reason"),
    ("a reason nobody knows", lambda p: why(p, code="weather"), "reason"),
    ("a reason that lacks something else", lambda p: why(p, lacks="money"), "reason"),
    ("a reason short of nothing", lambda p: why(p, short=3.0), "reason"),
    ("too slow by a negative time", lambda p: why(p, code="too_slow", lacks="time", unit="h", short=-1.0), "reason"),
    ("whole, and yet splittable", lambda p: why(p, code="whole_too_large", lacks="room", unit="t"), "reason"),
    ("no room for another mass", lambda p: why(p, code="vessels_taken", lacks="room", unit="t", short=9.0), "reason"),
    ("a class that there is not", lambda p: why(p, option="HUGE UP-DOWN"), "reason"),
    ("a way that there is not", lambda p: why(p, option="SMALL UP-PIT"), "reason"),
    ("within the horizon, and yet beyond it", lambda p: replace(p, settings={**p.settings, "horizon_days": 30}),
     "left_out"),
    ("left out for another reason", lambda p: entry(p, 2, reason=Reason("", "", "no_road_no_water", lacks="way")),
     "left_out"),
    ("a worth above what all could lose", lambda p: replace(p, binding=first(p.binding, value_yuan=1e9)), "binding"),
    ("another saving than is told", lambda p: replace(p, binding=first(p.binding, saving_yuan=77.0)), "binding"),
    ("a day that there is not", lambda p: replace(p, binding=first(p.binding, day="2026-13-09")), "binding"),
    ("no words for a limit", lambda p: replace(p, binding=first(p.binding, message=Message("", ""))), "binding"),
    ("an obstacle told of another sailing", lambda p: replace(p, unusable_offers=first(
        p.unusable_offers, message=p.unusable_offers[1].message)), "offer_unusable"),
    ("on a carrier's berth too long", lambda p: replace(p, voyages=first(
        p.voyages, berth_from=p.voyages[0].berth_from - timedelta(hours=3))), "berth_time"),
    ("a negative run time", lambda p: replace(p, seconds=-1.0), "status_wrong"),
    ("ended by nothing known", lambda p: replace(p, settings={**p.settings, "stop": ["rain"]}), "status_wrong"),
    ("out of time, and yet at leisure", lambda p: replace(
        p, status="feasible", settings={**p.settings, "stop": "time_limit"}), "status_wrong"),
    ("something left behind", lambda p: replace(p, left_behind=LeftBehind(1000, 0, p.binding[0].message)), "left_out"),
]  # fmt: skip


@pytest.mark.parametrize(("lie", "code"), [item[1:] for item in LIES], ids=[item[0] for item in LIES])
def test_each_lie_is_found(market: Plan, lie: Callable[[Plan], Plan], code: str) -> None:
    """One at a time."""
    assert code in codes(lie(market), FULL, offers=OFFERS)


def _dear() -> tuple[Network, tuple[Shipment, ...]]:
    """Drivers for a song: water is dearer even in a full vessel."""
    tariffs = {
        key: replace(row, minimum_yuan_per_t=0.0, fixed_yuan_per_t=0.0, yuan_per_tkm=0.05) if row.mode is Mode.ROAD
        else row
        for key, row in TINY.tariffs.items()
    }  # fmt: skip
    return replace(TINY, tariffs=tariffs), (cargo(1, 60, "UP", due_h=200),)


def _taken() -> tuple[Network, tuple[Shipment, ...]]:
    """One vessel, time for one trip, and a neighbour whose road is longer."""
    later = TINY_START + timedelta(hours=12)
    shut = Closure("C", "terminal", "UP", later, later + timedelta(days=60), "检修", "repair", MADE_UP)
    roads = {**TINY.links, "PIT-DOWN": replace(TINY.links["PIT-DOWN"], distance_km=300.0)}
    fleet = (FleetEntry("own", "SMALL", "UP", 1, TINY_START, "own", MADE_UP),)
    far = replace(stone(500, origin="PIT"), shipment_id="S2")
    return replace(TINY, fleet=fleet, closures=(shut,), links=roads), (stone(500), far)


REASONED: list[tuple[str, Callable[[], tuple[Network, tuple[Shipment, ...]]]]] = [
    ("too_little_cargo", lambda: (TINY, (cargo(2, 5, "UP", due_h=200),))),
    ("too_slow", lambda: (TINY, (cargo(1, 60, "UP", ready_h=5.0, due_h=-75.0),))),
    ("water_dearer", _dear),
    ("return_cargo_missing", lambda: (dear_vessels(5), (stone(),))),
    ("vessels_taken", _taken),
]


@pytest.mark.parametrize(("code", "world"), REASONED, ids=[code for code, _ in REASONED])
def test_no_figure_of_a_reason_can_be_changed_unseen(
    code: str, world: Callable[[], tuple[Network, tuple[Shipment, ...]]]
) -> None:
    """What it is short of, and every figure and name in both languages, is recomputed from the plan and the tables."""
    network, shipments = world()
    plan = planned(network, shipments)
    number, reason = next((n, e.on_road_because) for n, e in enumerate(plan.shipments) if e.on_road_because is not None)
    assert reason is not None
    assert reason.code == code
    assert codes(plan, shipments, network) == set()
    lies = [replace(reason, short=reason.short + by) for by in (0.01, -0.01)]
    for lang in ("zh", "en"):
        text = getattr(reason, lang)
        for match in FIGURE.finditer(text):
            digits = match.group()
            other = digits[:-1] + str((int(digits[-1]) + 1) % 10)
            lies.append(replace(reason, **{lang: text[: match.start()] + other + text[match.end() :]}))
        lies += [replace(reason, **{lang: ""}), replace(reason, **{lang: text + " 7"})]
    assert len(lies) > 8
    for lie in lies:
        assert codes(entry(plan, number, on_road_because=lie), shipments, network) == {"reason"}, lie


NO_WAYS = (
    Reason("船队中没有可装运石料的内河船。", "No inland vessel of the fleet may carry stone.", "no_vessel_for_cargo",
           lacks="way"),
    Reason("没有船队可用船型能通过的航道。", "No vessel class of the fleet can pass.", "no_waterway", lacks="way"),
    Reason("上游码头周围 50 公里内没有可装卸石料的码头。", "No terminal within 50 km of Upper port handles stone.",
           "no_terminal_near", lacks="way"),
    Reason("停航或水深不足。", "Closures or shallow water leave no sailing.", "closed_or_shallow", lacks="way"),
    Reason("没有承运人的航次合适。", "No carrier's sailing fits.", "no_offer", lacks="way"),
    Reason("不可拆分的 5.0 吨装不进（最大载 4 吨）。", "The 5.0 t must stay whole (at most 4 t).", "whole_too_large",
           lacks="room", short=1.0, unit="t"),
)  # fmt: skip


@pytest.mark.parametrize("lie", NO_WAYS, ids=[lie.code for lie in NO_WAYS])
def test_a_way_by_water_that_there_is_refutes_that_there_is_none(lie: Reason) -> None:
    """Five tonnes at a quay with vessels, water and time: whatever is told instead of too little cargo."""
    few = replace(cargo(1, 5, "UP", due_h=200), splittable=lie.code != "whole_too_large")
    plan = planned(TINY, [few])
    reason = plan.shipments[0].on_road_because
    assert reason is not None
    assert reason.code == "too_little_cargo"
    assert codes(entry(plan, 0, on_road_because=lie), [few]) == {"reason"}


@pytest.fixture(scope="module")
def by_sea() -> tuple[Plan, Shipment]:
    """Coal from the coast: by water only in a river-sea ship and a barge, and by truck for less."""
    coal = replace(cargo(1, 800, "WZ", "LP", code="coal", due_h=360, value=750.0), ready_at=OCTOBER, due_at=OCTOBER_15)
    plan = planned(SHIPPED, [coal])
    reason = plan.shipments[0].on_road_because
    assert reason is not None
    assert (reason.code, reason.option) == ("water_dearer", "B800 ZP-LY")
    assert codes(plan, [coal], SHIPPED) == set()
    return plan, coal


@pytest.mark.parametrize("code", ["no_waterway", "no_vessel_for_cargo", "closed_or_shallow"])
def test_a_way_by_sea_and_river_refutes_that_there_is_none(by_sea: tuple[Plan, Shipment], code: str) -> None:
    """No barge comes near the door, but the ship to it does."""
    plan, coal = by_sea
    lie = Reason(WORDS[code].zh + "煤炭", WORDS[code].en + " coal", code, lacks="way")
    assert codes(entry(plan, 0, on_road_because=lie), [coal], SHIPPED) == {"reason"}


def test_a_cheaper_way_by_sea_and_river_refutes_the_price_of_another(by_sea: tuple[Plan, Shipment]) -> None:
    """The figures are those of a smaller barge from the same port."""
    plan, coal = by_sea
    prices, places = WaterPrices(Workings(plan, [coal], SHIPPED, round_factors()), coal), SHIPPED.locations
    road, vessel = prices.road_yuan_per_t(), SHIPPED.vessel_classes["B500"]
    assert road is not None
    (chain,) = (chain for chain in prices.chains("B500 ZP-LY") if chain in prices.through_chains())
    one_way = prices.prices(chain, road)[0].one_way
    zh = f"水路较贵 {vessel.name_zh} {places['ZP'].name_zh} {places['LY'].name_zh} {one_way:.3f} {road:.3f}"
    en = f"Water is dearer {vessel.name_en} {places['ZP'].name_en} {places['LY'].name_en} {one_way:.3f} {road:.3f}"
    lie = Reason(zh, en, "water_dearer", "B500 ZP-LY", "money", one_way - road, "yuan/t")
    (found,) = check_plan(entry(plan, 0, on_road_because=lie), [coal], SHIPPED, round_factors())
    assert (found.code, found.expected) == ("reason", "not: B800 is better")


WATERY = (
    ("coal", "WZ", "LP"),
    ("coal", "LP", "TZ"),
    ("coal", "QZR", "JX"),
    ("container_general", "ZP", "YWD"),
    ("container_general", "YWD", "ZP"),
)
"""Cargo, origin and destination with ways of every kind."""


def test_every_way_with_one_voyage_is_tried(by_sea: tuple[Plan, Shipment]) -> None:
    """By truck, sea and rail on either side, but not by two services: what the planner's own routes say."""
    book = RouteBook(SHIPPED, NetworkGraph(SHIPPED), round_factors(), OCTOBER.date())
    kinds: Counter[str] = Counter()
    for code, origin, destination in WATERY:
        item = replace(cargo(1, 80, origin, destination, code=code), ready_at=OCTOBER, due_at=OCTOBER_15)
        prices = WaterPrices(Workings(by_sea[0], [item], SHIPPED, round_factors()), item)
        through = [route for route in book.routes(origin, destination, code) if len(route.voyages) == 1]
        tried = Counter(
            (*(step.vessel.vessel_class for step in chain if isinstance(step, Sailing)), len(chain))
            for chain in prices.through_chains()
        )
        # A voyage of the planner has its two operations as legs of their own.
        assert tried == Counter((route.legs[route.voyages[0]].vehicle_class, len(route.legs) - 2) for route in through)
        kinds.update(route.kind for route in through)
    assert {"river", "sea-river", "river-sea", "rail-river", "river-rail"} <= kinds.keys()


@pytest.mark.parametrize("code", ["too_little_cargo", "return_cargo_missing", "water_dearer"])
def test_a_better_vessel_refutes_the_price_of_another(code: str) -> None:
    """The figures are those of a way that there is, of the large vessel; but the small one is cheaper."""
    network, (few,) = dict(REASONED)[code]()
    plan = planned(network, [few])
    reason = plan.shipments[0].on_road_because
    assert reason is not None
    assert reason.code == code
    told = []
    for option in ("SMALL UP-DOWN", "BIG UP-DOWN"):
        work = Workings(plan, [few], network, round_factors())
        prices = WaterPrices(work, few)
        road = prices.road_yuan_per_t()
        assert road is not None
        (price,) = prices.prices(prices.chains(option)[0], road)
        one_way, both, mass_t, least_t = price.one_way, price.round_trip, few.mass_kg / 1000, price.least_t
        figures = {
            "too_little_cargo": (f"{least_t:.3f} {mass_t:.3f}", least_t - mass_t),
            "return_cargo_missing": (f"{one_way:.3f} {both:.3f} {road:.3f}", both - road),
            "water_dearer": (f"{one_way:.3f} {road:.3f}", one_way - road),
        }[code]
        vessel, places = network.vessel_classes[option.split(" ")[0]], network.locations
        words = WORDS[code]
        zh = f"{words.zh} {vessel.name_zh} {places['UP'].name_zh} {places['DOWN'].name_zh} {figures[0]}"
        en = f"{words.en} {vessel.name_en} {places['UP'].name_en} {places['DOWN'].name_en} {figures[0]}"
        told.append(replace(reason, zh=zh, en=en, option=option, short=figures[1]))
    best, worse = sorted(told, key=lambda item: item.short)
    assert best.option == reason.option
    assert codes(entry(plan, 0, on_road_because=best), [few], network) == set()
    assert codes(entry(plan, 0, on_road_because=worse), [few], network) == {"reason"}


def test_a_reason_fits_whether_the_fleet_was_to_sail(market: Plan) -> None:
    """Where carriers' sailings alone were to be used nobody lacks a vessel of the fleet, and where it sails no offer
    is what is lacking."""
    few = cargo(1, 5, "UP", due_h=200)
    plan = planned(TINY, [few])
    assert codes(replace(plan, settings={**plan.settings, "own_voyages": False}), [few]) == {"reason"}
    sails = replace(market, settings={**market.settings, "own_voyages": True})
    assert codes(sails, FULL, offers=OFFERS) == {"reason"}


def test_a_code_has_its_own_words() -> None:
    """Terminals taken, and told as vessels taken, or the other way round."""
    network, shipments = _taken()
    plan = planned(network, shipments)
    number, reason = next((n, e.on_road_because) for n, e in enumerate(plan.shipments) if e.on_road_because is not None)
    assert reason is not None
    assert reason.code == "vessels_taken"
    lie = entry(plan, number, on_road_because=replace(reason, code="terminals_taken"))
    assert codes(lie, shipments, network) == {"reason"}


def test_a_shipment_with_a_road_is_not_left_out() -> None:
    """A plan that carries nothing, with sums that fit: the truck could have taken it."""
    plan = planned(TINY, FULL[:1])
    none = replace(plan.totals.planned, cost_fen=0, co2e_ttw_g=0, co2e_wtw_g=0, duration_s=0)
    totals = replace(plan.totals, planned=none, baseline=none, saving=none, mass_kg=0, water_mass_kg=0, activity_kgkm=0,
                     water_activity_kgkm=0, empty_km=0.0, loaded_km=0.0)  # fmt: skip
    reason = Reason("没有公路", "No road", "no_road_no_water", lacks="way")
    empty = entry(plan, 0, status="rejected", reason=reason, lots=(), baseline=None, baseline_legs=(), saving=None,
                  on_road_because=None, late_s=0)  # fmt: skip
    empty = replace(empty, voyages=(), binding=(), totals=totals, objective_yuan=0.0, bound_yuan=0.0, gap=0.0)
    assert codes(empty, FULL[:1]) == {"left_out", "reason"}  # nor does water lack anything


def test_no_own_voyages_means_none() -> None:
    """Own hulls in a plan that was to take carriers' sailings alone."""
    plan = planned(TINY, FULL[:1])
    assert any(voyage.offer is None for voyage in plan.voyages)
    assert codes(replace(plan, settings={**plan.settings, "own_voyages": False}), FULL[:1]) == {"status_wrong"}


def test_no_limit_is_worth_more_than_all_its_users_lose(market: Plan) -> None:
    """Even where its sentence says the same: a tonne of room is below the road's whole cost, what planning again saves
    not above value and gap, and the bound behind the values is the same for all and not above the plan's."""
    limit = market.binding[0]

    def found(*entries: Binding) -> set[str]:
        return {v.where for v in check_plan(replace(market, binding=entries), FULL, TINY, round_factors(), OFFERS)}

    def told(**changes: Any) -> Binding:
        changed = replace(limit, **{"saving_yuan": None, "at_most_yuan": None, **changes})
        figures = [f"{changed.value_yuan:.2f}"]
        figures += [f"{changed.saving_yuan:.2f}"] if changed.saving_yuan is not None else []
        words = " ".join([*figures, "C1 Y1", *(TINY.locations[place].name_zh for place in ("UP", "DOWN"))])
        english = " ".join([*figures, "C1 Y1", *(TINY.locations[place].name_en for place in ("UP", "DOWN"))])
        return replace(changed, message=Message(words, english))

    assert found(told(value_yuan=50.0)) == set()
    assert found(told(value_yuan=1e9)) == {"binding/0/value_yuan"}
    assert found(told(value_yuan=50.0, at_most_yuan=60.0)) == set()
    assert found(told(value_yuan=50.0, saving_yuan=70.0)) == set()
    worse = replace(
        market, bound_yuan=market.objective_yuan - 30.0, gap=30.0 / market.objective_yuan, status="feasible"
    )
    short = replace(worse, binding=(told(value_yuan=50.0, at_most_yuan=60.0),))
    assert "binding/0/at_most_yuan" in {v.where for v in check_plan(short, FULL, TINY, round_factors(), OFFERS)}


def test_cargo_left_behind_is_summed_up() -> None:
    """A place without a road and a vessel too few: more or less than stays behind, or nothing said of it."""
    network = replace(
        TINY,
        locations={**TINY.locations, "UP": replace(TINY.locations["UP"], road_access=False)},
        fleet=(FleetEntry("F", "SMALL", "UP", 1, TINY_START, "own", MADE_UP),),
    )
    shipments = (cargo(1, 3000, "UP", due_h=40),)
    plan = planned(network, shipments)
    said, left_kg = plan.left_behind, plan.shipments[0].left_kg
    assert said is not None
    assert said.mass_kg == left_kg > 0
    assert codes(plan, shipments, network) == set()
    turned = replace(said, message=Message(said.message.en, said.message.zh))
    for lie in (None, turned, replace(said, mass_kg=left_kg - 1), replace(said, at_least_kg=left_kg + 1)):
        assert codes(replace(plan, left_behind=lie), shipments, network) == {"left_out"}
    reason = plan.shipments[0].reason
    assert reason is not None
    shorter = entry(plan, 0, reason=replace(reason, short=reason.short - 1.0))
    assert codes(shorter, shipments, network) == {"reason"}


def test_the_lists_of_a_plan_around_another_are_held() -> None:
    """Another accepted plan, a plan made around none, names listed twice or left out, voyages that it was not on."""
    network = replace(TINY, fleet=(FleetEntry("F0", "BIG", "UP", 2, TINY_START, "own", MADE_UP),))
    gone, stays = cargo(1, 900, value=2000.0), cargo(2, 400, "UP", ready_h=30.0, value=2000.0)
    accepted, now = planned(network, (gone, stays)), (stays,)
    plan = planned(network, now, PlanSettings(gap=0.0), keep=Accepted(accepted))
    kept = plan.kept
    assert kept is not None
    assert codes(plan, now, network, accepted=accepted) == set()

    def found(lie: Plan, before: Plan = accepted) -> set[str]:
        return codes(lie, now, network, accepted=before)

    assert "kept_other" in found(plan, replace(accepted, seconds=99.0))
    assert "kept_other" in found(replace(plan, kept=None, moved=()))
    assert found(replace(plan, kept=replace(kept, shipments=kept.shipments * 2))) == {"kept_unknown"}
    assert found(replace(plan, kept=replace(kept, voyages=kept.voyages * 2))) == {"kept_unknown"}
    assert found(replace(plan, kept=replace(kept, voyages=()))) == {"kept_unknown"}
    assert found(replace(plan, moved=plan.moved * 2)) == {"kept_unknown"}
    assert found(replace(plan, moved=first(plan.moved, was=("V00099",)))) == {"moved_voyages"}
    assert found(replace(plan, moved=first(plan.moved, code="whim"))) == {"moved_reason"}
    assert found(replace(plan, moved=first(plan.moved, code="after_horizon"))) == {"moved_reason"}
    stranger = Moved("S9", "missing", plan.moved[0].message, (), ())
    assert found(replace(plan, moved=(*plan.moved, stranger))) == {"moved_voyages"}


def test_a_little_more_water_may_save_more_than_all_ships_save_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two light ships save 841 yuan; 0.1 m more lets them take the tonnes that go by road, worth 2,712. That holds, and
    a value above what all these tonnes cost by road does not."""
    low = WaterLevel("UP-MID", TINY_START, TINY_START + timedelta(days=4), 1.5, MADE_UP)
    network, coal = (
        replace(TINY, water_levels=(low,)),
        (cargo(1, 500, "DOWN", "UP", code="coal", due_h=0.0, value=0.0),),
    )
    # A large plan says how far it may be above the bound that its prices prove.
    monkeypatch.setattr(problem_layout, "is_large", lambda ways, most: True)
    plan = planned(network, coal)
    (deeper,) = (entry for entry in plan.binding if entry.kind == "water_level")
    work = Workings(plan, coal, network, round_factors())
    road_yuan_per_t = WaterPrices(work, coal[0]).road_yuan_per_t()
    assert road_yuan_per_t is not None
    assert 500 * road_yuan_per_t - plan.objective_yuan < deeper.value_yuan
    assert codes(plan, coal, network) == set()
    for value_yuan, found in ((deeper.value_yuan + 1000, set()), (road_yuan_per_t * 90, {"binding"})):
        said, more = (f"{yuan:,.0f}" for yuan in (deeper.value_yuan, value_yuan))
        words = Message(deeper.message.zh.replace(said, more), deeper.message.en.replace(said, more))
        lie = replace(deeper, value_yuan=value_yuan, message=words)
        others = tuple(lie if entry is deeper else entry for entry in plan.binding)
        assert codes(replace(plan, binding=others), coal, network) == found
