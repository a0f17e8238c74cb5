"""What a plan's page shows of loads and flows agrees with the plan's own sums and with its check."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from optimizer.access.user import Role, User
from optimizer.actions import add_user, open_store, plan_shelf, user_id_of
from optimizer.actions.plan_runs import plan_of_run
from optimizer.errors import Message, UnknownRecordError
from optimizer.planning.answer.summary import summary_of
from optimizer.planning.document import plan_to_json
from optimizer.planning.layout.unusable import CODES
from optimizer.planning.plan import Binding, LockPassage, OfferTerms, Plan, UnusableOffer
from optimizer.planning.run import PlanRun
from optimizer.planning.settings import PlanSettings
from optimizer.store.engine import Store
from tests.waybills import world as tiny
from tests.webapp.full_house import AT, FRONTIER_ID, RUN_ID, FullHouse
from webapp import Settings, create_app, plan_offers
from webapp.flow_map import Passage, flow_map, flows_of
from webapp.language import catalogue
from webapp.list_pages import Pages
from webapp.plan_loads import load_chart, lock_loads, terminal_loads
from webapp.plan_offers import taken_offers, unusable_offers
from webapp.plan_view import plan_view
from webapp.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """What the pages ask, with a request's language."""
    app = create_app(Settings(db_url=f"sqlite:///{tmp_path_factory.mktemp('w') / 'm.db'}", limits=False))
    with app.test_request_context("/plans?lang=en"):
        yield app.extensions["modalshift.world"]


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """The planner of the house with a finished plan."""
    return FullHouse.at(tmp_path_factory.mktemp("house")).browser("planner")[0]


def with_locks(plan: Plan, *passages: tuple[str, int]) -> Plan:
    """The plan, whose first voyage passes locks, each so many days after it departs."""
    first = plan.voyages[0]
    locks = tuple(LockPassage(lock, first.departs_at + timedelta(days=days)) for lock, days in passages)
    return replace(plan, voyages=(replace(first, locks=locks), *(replace(v, locks=()) for v in plan.voyages[1:])))


def test_locks_are_counted_by_day_against_what_a_day_holds(world: World) -> None:
    """Two vessels on one day, one on another: busiest 2, mean 1.5, of the lock's vessels a day."""
    plan = with_locks(tiny.world_plan(), ("FCJ", 0), ("FCJ", 0), ("FCJ", 3), ("YB", 0))
    limit = Binding("lock", "YB", "", 1.0, "vessel", Message("多一艘", "one more"))
    loads = {load.item_id: load for load in lock_loads(replace(plan, binding=(limit,)), world, "en")}
    fcj = loads["FCJ"]
    assert (fcj.days, fcj.most, fcj.mean) == (2, 2.0, 1.5)
    assert fcj.capacity == world.network.locks["FCJ"].vessels_per_day
    assert fcj.most_share == pytest.approx(2 / (12 * 9.3 * 0.5))
    assert [load.limits for load in (fcj, loads["YB"])] == [False, True]
    chart = load_chart("locks", "Locks", list(loads.values()))
    assert "Youbu *" in str(chart.svg)
    assert "Fuchunjiang *" not in str(chart.svg)


def test_a_lock_that_the_network_no_longer_has_keeps_its_count(world: World) -> None:
    """Old plans stay readable; there is no share to draw."""
    (load,) = lock_loads(with_locks(tiny.world_plan(), ("GONE", 0)), world, "en")
    assert (load.name, load.most, load.capacity, load.most_share) == ("GONE", 1.0, None, None)
    assert "GONE" not in str(load_chart("locks", "Locks", [load]).svg)


def test_terminals_handle_what_the_lots_weigh(world: World) -> None:
    """The sum over all days of a terminal is the mass of the hub operations there."""
    plan = tiny.world_plan()
    loads = terminal_loads(plan, tiny.shipments(), world, "en")
    handled = sum(
        lot.mass_kg for entry in plan.shipments for lot in entry.lots for leg in lot.legs if leg.mode == "Hub"
    )
    assert sum(load.days * load.mean for load in loads) == pytest.approx(handled / 1000)
    assert terminal_loads(plan, [], world, "en") == []


def test_flows_of_both_directions_and_of_shared_stretches_add_up(world: World) -> None:
    """Down to Zhapu and half-way up again: the stretch that both pass carries both."""
    down = Passage("InlandWaterway", "QJ", "ZP", "B800", 1000)
    up = Passage("InlandWaterway", "NB", "QJ", "B500", 300)
    masses = {flow.stretch.link_id: flow.mass_kg for flow in flows_of(world, [down, up])}
    assert masses["QJ-LY-water"] == masses["MGT-NB-water"] == 1300
    assert masses["JX-ZP-water"] == 1000
    assert max(masses.values()) == 1300


def test_the_widest_line_carries_the_most_and_what_is_left_out_is_counted(world: World) -> None:
    """Widths in proportion to tonnes down to the thinnest; nothing vanishes without a word."""
    places = sorted(world.network.locations)
    pairs = [(a, b) for a in places[:20] for b in places[20:30]][:130]
    passages = [Passage("Road", a, b, "T49H", 1000 * (200 - n)) for n, (a, b) in enumerate(pairs)]
    figure = flow_map(world, "m", "Flows", flows_of(world, passages), [], "en")
    layers = figure.plot["layout"]["map"]["style"]["layers"]
    widths = [layer["paint"]["line-width"] for layer in layers if layer["id"].startswith("line-")]
    assert widths[0] == 14.0
    assert widths[20] == pytest.approx(14 * 180 / 200, abs=0.06)
    assert "10 more are not drawn, none above 80.0 t" in figure.note
    assert figure.table is not None
    assert len(figure.table.rows) == len(widths) == 120


def test_sailings_that_cannot_be_used_are_counted_and_named(world: World) -> None:
    """By reason in the order of the codes, each with its sentence; beyond what a page holds the document is named; a
    code of another version counts under its own name."""
    whole = [UnusableOffer(f"F{n}", "C1", "dearer", Message(f"航次 F{n}", f"sailing F{n}")) for n in range(205)]
    codes = (("no_cargo", "S1"), ("closed", "S2"), ("strange", "S3"))
    whole[:0] = [UnusableOffer(name, "C1", code, Message(f"航次 {name}", f"sailing {name}")) for code, name in codes]
    found = unusable_offers(replace(tiny.world_plan(), unusable_offers=tuple(whole)), "en")
    assert found is not None
    assert (found.count, len(found.sentences), found.left_out) == (208, 200, 8)
    assert [number for _, number in found.kinds] == [1, 1, 205, 1]
    assert [kind for kind, _ in found.kinds][::3] == ["The way is closed when it passes", "strange"]
    assert found.sentences[:2] == ("sailing S1", "sailing S2")
    assert all(catalogue()[f"plan.offer_{code}"] for code in CODES)
    assert unusable_offers(tiny.world_plan(), "en") is None


def test_sailings_that_are_taken_are_listed_with_who_is_aboard(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order of departure, own voyages left out; beyond what a page holds they are counted."""
    plan = tiny.world_plan()
    assert taken_offers(plan, world, "en") is None
    loaded = next(voyage for voyage in plan.voyages if not voyage.empty)
    bought = replace(loaded, offer=OfferTerms("C1", 500.0, 7.25, 0))
    later = replace(bought, voyage_id="later", departs_at=bought.departs_at + timedelta(hours=1))
    own = [voyage for voyage in plan.voyages if voyage is not loaded]
    offered = replace(plan, voyages=(later, *own, bought))
    found = taken_offers(offered, world, "en")
    assert found is not None
    assert [sailing.sailing_id for sailing in found.listed] == [bought.voyage_id, "later"]
    first = found.listed[0]
    assert (first.carrier_id, first.fixed_yuan, first.price_yuan_per_t) == ("C1", 500.0, 7.25)
    aboard = {
        entry.shipment_id
        for entry in plan.shipments
        if any(leg.voyage_id == bought.voyage_id for lot in entry.lots for leg in lot.legs)
    }
    assert set(first.shipment_ids) == aboard
    assert aboard
    assert found.listed[1].shipment_ids == ()
    monkeypatch.setattr(plan_offers, "MOST_NAMED", 1)
    cut = taken_offers(offered, world, "en")
    assert cut is not None
    assert (cut.count, len(cut.listed), cut.left_out) == (2, 1, 1)


def test_the_page_shows_unusable_sailings_in_both_languages(tmp_path: Path) -> None:
    """With the reason of each; a plan without any has no such heading."""
    house = FullHouse.at(tmp_path)
    client, _ = house.browser("planner")
    assert "不能用的报价航次" not in client.get(f"/plans/{RUN_ID}?lang=zh").text
    offer = UnusableOffer(
        "S<7>", "C1", "no_cargo", Message("C1 的航次 S<7> 不能用", "C1's sailing S<7> cannot be used")
    )
    made = replace(tiny.world_plan(), unusable_offers=(offer,))
    run = PlanRun("with-offers", user_id_of("planner"), "queued", PlanSettings(), ("S1", "S2", "S3"), AT)
    with house.store.write() as session:
        session.add_run(run)
        session.take_run(run.run_id, AT)
        session.end_run(run.run_id, AT, document=plan_to_json(made))
    zh, en = (client.get(f"/plans/with-offers?lang={lang}").text for lang in ("zh", "en"))
    assert "C1 的航次 S&lt;7&gt; 不能用" in zh
    assert "不能用的报价航次" in zh
    assert "C1&#39;s sailing S&lt;7&gt; cannot be used" in en
    assert "No shipment fits it" in en


def test_a_plan_is_read_once_and_four_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fifth pushes the one out that was not asked for longest; a summary follows new versions of its shipments;
    reading ahead fills the shelf, and an unknown run does no harm there."""
    store = open_store(f"sqlite:///{tmp_path / 'm.db'}")
    made, auditor = tiny.world_plan(), User(user_id_of("reader"), "reader", "reader", "reader", Role.AUDITOR)
    add_user(store, auditor, None, AT)
    with store.write() as session:
        for n in range(5):
            session.add_run(PlanRun(f"r{n}", auditor.user_id, "queued", PlanSettings(), ("S1",), AT))
            session.take_run(f"r{n}", AT)
            session.end_run(f"r{n}", AT, document=plan_to_json(made))
    read: list[str] = []

    def counted(kept: Store, run_id: str) -> Plan:
        read.append(run_id)
        return plan_of_run(kept, run_id)

    monkeypatch.setattr(plan_shelf, "plan_of_run", counted)
    shelf = plan_shelf.PlanShelf(store)
    assert [shelf.plan(name) == made for name in ("r0", "r1", "r2", "r3", "r0", "r4", "r0", "r1")] == [True] * 8
    assert read == ["r0", "r1", "r2", "r3", "r4", "r1"]
    shipments = tiny.shipments()
    first = shelf.summary("r0", shipments)
    assert shelf.summary("r0", list(shipments)) is first
    assert shelf.summary("r0", shipments) == summary_of(made, shipments)
    shelf.read_ahead("nobody's")
    shelf.read_newest_ahead()
    for thread in threading.enumerate():
        if thread.name == "plan-shelf":
            thread.join()
    with pytest.raises(UnknownRecordError):
        shelf.plan("nobody's")
    monkeypatch.setattr(plan_shelf, "MOST_SHIPMENTS", 2 * len(made.shipments))
    read.clear()
    for name in ("r0", "r1", "r2", "r1", "r2", "r0"):
        shelf.plan(name)
    assert read.count("r1") <= 1
    assert read[-1] == "r0", "large plans push each other out"
    monkeypatch.setattr(plan_shelf, "MOST_SHIPMENTS", 0)
    read.clear()
    assert [shelf.plan(name) == made for name in ("r3", "r3")] == [True, True]
    assert read in (["r3"], []), "one plan is kept whatever its size"
    store.close()


def test_the_counts_of_a_plan_leave_nobody_out(planner: FlaskClient, world: World) -> None:
    """Shipments by rail have a figure of their own where there are any; the others did not add up to all."""
    made, shipments = tiny.world_plan(), tiny.shipments()
    summary = summary_of(made, shipments)
    with planner.application.test_request_context("/?lang=en"):
        without = plan_view(made, shipments, summary, world, "en").counts
        counts = dict(plan_view(made, shipments, replace(summary, by_rail=49), world, "en").counts)
    assert len(counts) == len(without) + 1
    assert "49" in counts.values()


def test_pages_of_a_list_are_the_nearest_that_exist() -> None:
    """Whatever a visitor writes into the address."""
    assert [Pages.of(asked, 250, 100).page for asked in (-3, 0, 1, 3, 99)] == [1, 1, 1, 3, 3]
    assert Pages.of(3, 250, 100).of_list(list(range(250))) == list(range(200, 250))
    assert Pages.of(1, 0, 100).of_list([]) == []
    shown = [item for page in (1, 2, 3) for item in Pages.of(page, 250, 100).of_list(list(range(250)))]
    assert shown == list(range(250))


def test_the_page_is_compressed_for_whoever_accepts_it(planner: FlaskClient) -> None:
    """The same page, smaller; a page that repeats its address (the quote) never is."""
    path = f"/plans/{RUN_ID}?page=2&hulls=-4&lang=zh"
    plain = planner.get(path)
    assert plain.status_code == 200
    assert "plan-map" in plain.text
    zipped = planner.get(path, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in zipped.headers["Vary"]
    assert len(gzip.decompress(zipped.data)) == pytest.approx(len(plain.data), abs=200)
    for path in (f"/frontiers/{FRONTIER_ID}", "/static/style.css", "/static/charts.js", "/api/openapi.json"):
        assert planner.get(path, headers={"Accept-Encoding": "gzip"}).headers.get("Content-Encoding") == "gzip", path
    quote = planner.get("/quote?mass_t=xxxx", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in quote.headers


@pytest.mark.parametrize("guess", ["page=token", "csrf_token=Ij", "page=1&page=Ij", "lang=Ij", "hulls=1234567"])
@pytest.mark.parametrize("path", [f"/plans/{RUN_ID}", f"/frontiers/{FRONTIER_ID}"])
def test_a_page_is_not_compressed_beside_words_of_a_stranger(planner: FlaskClient, path: str, guess: str) -> None:
    """Its link to the other language repeats the whole address, and its length would tell whether a guess stands in the
    CSRF token as well (BREACH)."""
    shown = planner.get(f"{path}?{guess}", headers={"Accept-Encoding": "gzip"})
    assert shown.status_code == 200
    assert 'name="csrf_token"' in shown.text
    assert "Content-Encoding" not in shown.headers
    assert "Accept-Encoding" in shown.headers["Vary"]
