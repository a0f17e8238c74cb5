"""The auditor's way from a city total to the weigh ticket: every step is a link, every sum is the ledger's."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from optimizer import actions
from optimizer.accounts.city import CITY_GROUPS, CityAmounts
from optimizer.accounts.ledger import Ledger
from optimizer.accounts.lot_entry import LotEntry
from optimizer.accounts.lot_entry import sum_of as amounts_summed
from optimizer.accounts.misstatement import sample_csv
from optimizer.accounts.seal_view import SealReport
from optimizer.accounts.totals import total
from optimizer.actions.city_audit import FindingsDesk, lot_entries, lot_passages
from optimizer.actions.sampling import draw_sample
from optimizer.actions.seal_checks import SealDesk
from optimizer.actions.verifying import verify
from optimizer.errors import Message, UnknownRecordError
from optimizer.network.reader import read_network
from optimizer.network.shapes import read_shapes
from optimizer.store.packed import packed, unpacked
from optimizer.waybills.finding import Finding
from tests.waybills import world
from tests.webapp.full_house import AT, FullHouse
from tests.webapp.signed_in import TOKEN
from webapp.charts.atlas import Atlas
from webapp.city import flows
from webapp.city.error_sources import KNOWN, source_words
from webapp.flow_map import Flow

WITHOUT_SCRIPTS = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> FullHouse:
    """A settled and sealed house; tests only read from it."""
    return at_home(FullHouse.at(tmp_path_factory.mktemp("city")))


def at_home(house: FullHouse) -> FullHouse:
    """The house with the network and factors that its lots were settled with, instead of the shipped ones."""
    known = house.app.extensions["modalshift.world"]
    known.network, known.factors = world.world_network(), world.world_factors()
    known.findings = FindingsDesk(known.store, known.network, known.factors)
    return house


@pytest.fixture
def auditor(house: FullHouse) -> FlaskClient:
    """A browser of the auditor, in English."""
    client, _ = house.browser("auditor")
    client.get("/city?lang=en")
    return client


def links(page: str, beginning: str) -> list[str]:
    """Addresses of a page that begin like this."""
    return [unescape(found) for found in re.findall(rf'href="({re.escape(beginning)}[^"]*)"', page)]


def words(page: str) -> str:
    """What a reader sees of a page."""
    return " ".join(unescape(WITHOUT_SCRIPTS.sub(" ", page)).split())


def sum_of(entries: list[LotEntry]) -> CityAmounts:
    """The control totals of entries."""
    return amounts_summed(entry.amounts for entry in entries)


def test_the_auditor_begins_at_the_city(house: FullHouse) -> None:
    """Signing in leads to the totals, and nobody else is led there."""
    for login, first in (("auditor", "/city"), ("planner", "/shipments")):
        client, token = house.browser("stranger")
        reply = client.post("/login/demo", data={"csrf_token": token, "login": login})
        assert reply.headers["Location"].startswith(first), login


@pytest.mark.parametrize("by", CITY_GROUPS)
def test_groups_are_the_overview_s_and_add_up(house: FullHouse, by: str) -> None:
    """Two roads to the same figures: columns beside the runs, and the runs themselves folded by the overview."""
    found = actions.city_totals(house.store, (by,), {}, world.world_network())  # type: ignore[arg-type]
    groups = {group.keys[0]: group.amounts for group in found}
    overview = {row.key: row for row in actions.savings(house.store, by) if row.lots}  # type: ignore[arg-type]
    assert groups.keys() == overview.keys()
    for key, amounts in groups.items():
        for name in ("lots", "mass_kg", "water_kgkm", "activity_kgkm", "baseline_g", "actual_g", "expected_g"):
            assert getattr(amounts, name) == getattr(overview[key], name), (key, name)
        assert (amounts.credited_g, amounts.cost_saved_fen) == (overview[key].credited_g, overview[key].cost_saved_fen)


def test_corrections_count_in_their_month_and_sum_to_the_claims(tmp_path: Path) -> None:
    """After a reversal and a restatement the entries still sum to what the claim accounts hold, to the gram."""
    house = FullHouse.at(tmp_path)
    before = sum_of(lot_entries(house.store, {}))
    later = AT + timedelta(days=40)
    number = house.keys["number"]
    actions.close(house.store, "2026-10", later)
    actions.reverse(house.store, number, 1, "evidence withdrawn", later)
    entries = lot_entries(house.store, {})
    gone = [entry for entry in entries if entry.kind == "REVERSE"]
    assert [(entry.amounts.lots, entry.tier) for entry in gone] == [(-1, "")]
    assert gone[0].month > "2026-10"
    after = sum_of(entries)
    assert after.lots == before.lots - 1
    with house.store.read() as session:
        claims = [
            amount
            for (account, ledger, _, _), amount in session.account_reader.all_balances().items()
            if ledger is Ledger.CLAIM and not account.startswith("issuance")
        ]
    assert after.credited_g == sum(claims)
    assert sum_of(lot_entries(house.store, {"month": "2026-10"})) == before
    for by in CITY_GROUPS:
        for group in actions.city_totals(house.store, (by,)):
            assert group.amounts == sum_of(lot_entries(house.store, {by: group.keys[0]})), (by, group.keys)


def test_from_the_city_total_to_the_weigh_ticket_in_four_links(house: FullHouse, auditor: FlaskClient) -> None:
    """Total, group, lots, lot, file: an auditor follows links only, and the file is the ticket that was handed in."""
    page = auditor.get("/city").text
    group = next(link for link in links(page, "/city?") if "month=2026-10" in link and "by=county" in link)
    lots = next(link for link in links(auditor.get(group).text, "/city/lots?") if "county=Qujiang" in link)
    lot = next(link for link in links(auditor.get(lots).text, "/city/lots/") if house.keys["number"] in link)
    tickets = []
    for sheet in links(auditor.get(lots).text, f"/city/lots/{house.keys['number']}"):
        tickets += links(auditor.get(sheet).text, "/waybills/")
    ticket = next(link for link in tickets if "/evidence/" in link)
    assert auditor.get(lot).status_code == 200
    assert auditor.get(ticket).data.startswith(b"\xff\xd8\xff")


def test_a_lot_recomputes_to_the_gram_and_says_so(house: FullHouse, auditor: FlaskClient) -> None:
    """Recorded and recomputed stand beside each other, and the figures are the ledger's."""
    path = f"/city/lots/{house.keys['number']}/1"
    assert "Computed again" not in words(auditor.get(path).text)
    page = auditor.get(f"{path}?recompute=1").text
    assert 'class="verdict holds"' in page
    credited = actions.calculation_sheet(house.store, house.keys["number"], 1, world.world_factors()).run.result
    row = f"Credited (g CO2e) {credited.credited_wtw_g:,} {credited.credited_wtw_g:,} equal"
    assert row in words(page)


def test_what_was_not_compared_is_not_claimed(house: FullHouse, auditor: FlaskClient, tmp_path: Path) -> None:
    """With another network than the run's the inputs cannot be derived again from the events, and the page says so."""
    path = f"/city/lots/{house.keys['number']}/1?recompute=1"
    assert "give today" in auditor.get(path).text
    elsewhere = FullHouse.at(tmp_path)  # its application knows the shipped network
    client, _ = elsewhere.browser("auditor")
    page = client.get(f"{path}&lang=en").text
    assert "were not compared" in page
    assert "give today" not in page


def test_a_changed_run_is_found_by_recomputing(tmp_path: Path) -> None:
    """Whoever edits a recorded result behind the ledger's back is shown on the lot's page, and nothing breaks."""
    house = at_home(FullHouse.at(tmp_path))
    number = house.keys["number"]
    client, _ = house.browser("auditor")
    with sqlite3.connect(tmp_path / "m.db") as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            raw.execute(f'DROP TRIGGER "{name}"')
        for run_id, document in raw.execute("SELECT run_id, document FROM calculation_runs").fetchall():
            changed = unpacked(document).replace(b'"credited_wtw_g":', b'"credited_wtw_g":1')
            raw.execute("UPDATE calculation_runs SET document = ? WHERE run_id = ?", (packed(changed.decode()), run_id))
    page = client.get(f"/city/lots/{number}/1?recompute=1&lang=en").text
    assert "Not equal" in page
    assert 'class="verdict holds"' not in page


def test_unknown_lots_and_groupings_are_not_found(house: FullHouse, auditor: FlaskClient) -> None:
    """A mistyped address is a 404."""
    number = house.keys["number"]
    for path in (f"/city/lots/{number}/99", "/city/lots/MW00/1", "/city?by=lot", "/city/export.pdf", "/city/lots?by=x"):
        assert auditor.get(path).status_code == 404, path
    assert auditor.get("/city/lots?after=-1").status_code == 200
    assert "No settled lot fits" in auditor.get("/city?cargo=%27%20OR%201%3D1").text


@pytest.mark.parametrize("path", ["/city/export", "/city/lots/export"])
def test_exports_carry_control_totals_that_their_rows_add_up_to(
    house: FullHouse, auditor: FlaskClient, path: str
) -> None:
    """CSV, JSON and XLSX say the same, and the last line is the exact sum of the others."""
    rows = list(csv.reader(io.StringIO(auditor.get(f"{path}.csv?by=enterprise").data.decode("utf-8-sig"))))
    header, *lines, last = rows
    first = header.index("lots")
    assert last[0] == "TOTAL"
    for place in range(first, len(header)):
        assert sum(Decimal(line[place]) for line in lines) == Decimal(last[place]), header[place]
    document = json.loads(auditor.get(f"{path}.json?by=enterprise").data)
    assert document["control_totals"]["rows"] == len(lines) == len(document["rows"])
    assert document["control_totals"]["credited_g"] == Decimal(last[header.index("credited_kg")]) * 1000
    ledger = total(actions.savings(house.store, "lot"))
    assert document["control_totals"]["credited_g"] == ledger.credited_g
    sheet = load_workbook(io.BytesIO(auditor.get(f"{path}.xlsx?by=enterprise").data)).active
    assert sheet is not None
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert next(row for row in cells if row[0] == "TOTAL")[first] == ledger.lots


def test_pages_of_lots_go_on_where_the_last_one_ended(house: FullHouse) -> None:
    """Key by key, no entry twice and none left out."""
    whole = lot_entries(house.store, {})
    seen, after = [], 0
    while page := lot_entries(house.store, {}, after, 2):
        seen += page
        after = page[-1].seq
    assert seen == whole
    assert len(whole) == 3


def test_findings_can_be_filtered_and_lead_to_their_lot(house: FullHouse, auditor: FlaskClient) -> None:
    """The page says when the audit still runs; then it lists what was found, restricted as the address says."""
    deadline = time.monotonic() + 30
    while "Recomputing every entry" in (page := auditor.get("/city/findings").text):
        assert time.monotonic() < deadline
    listed = actions.audit(house.store, world.world_network(), world.world_factors())
    assert f"What all checks found: {len(listed)}." in words(page)
    for code in {item.code for item in listed}:
        chosen = [item for item in listed if item.code == code]
        filtered = auditor.get(f"/city/findings?code={code}").text
        assert f"{len(chosen)} shown" in words(filtered)
        assert f">{code}<" not in filtered.replace("<code>", ">").replace("</code>", "<")
    assert "No finding fits" in auditor.get("/city/findings?q=no-such-words").text
    assert auditor.get("/city/findings.csv").data.decode("utf-8-sig").startswith("code,record,")


def test_a_sample_is_drawn_again_by_its_seed_and_recomputed(house: FullHouse, auditor: FlaskClient) -> None:
    """The page draws what the command draws; recomputed lots say whether they are equal; a wrong size is refused."""
    address = "/city/sample?method=random&size=2&seed=spring"
    drawn = draw_sample(house.store, "random", 2, "spring")
    page = auditor.get(f"{address}&recompute=1").text
    assert [link.split("?")[0].rsplit("/", 2)[1] for link in links(page, "/city/lots/MW")] == [
        item.waybill_number for item in drawn.items
    ]
    assert page.count('<span class="badge">equal</span>') == 2
    first, again = (TOKEN.sub("", auditor.get(address).text) for _ in range(2))  # a token names its second
    assert first == again
    assert auditor.get(f"/city/sample.csv?{address.partition('?')[2]}").text.lstrip("\ufeff") == sample_csv(drawn)
    for wrong in ("size=0", "size=x", "method=best"):
        assert auditor.get(f"/city/sample?{wrong}").status_code == 422, wrong


def test_seals_are_verified_on_the_page(house: FullHouse) -> None:
    """With nothing handed in, with a head kept elsewhere, with a file that is none."""
    client, token = house.browser("auditor")
    with house.store.read() as session:
        head = session.tree.head()
    assert head is not None
    kept = client.get(f"/city/checkpoints/{head.size}.checkpoint").data
    assert kept.decode() == head.note
    assert client.get(f"/city/checkpoints/{head.size + 1}.checkpoint").status_code == 404
    plain = client.post("/city/seals?lang=en", data={"csrf_token": token}, follow_redirects=True)
    assert "The seals hold" in plain.text
    compared = client.post(
        "/city/seals",
        data={"csrf_token": token, "checkpoint": (io.BytesIO(kept), "books.checkpoint")},
        follow_redirects=True,
    )
    assert f"Compared with the head of {head.size}" in compared.text
    wrong = client.post("/city/seals", data={"csrf_token": token, "checkpoint": (io.BytesIO(b"\xff no"), "x.txt")})
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text


def test_a_rewritten_entry_breaks_the_seals(tmp_path: Path) -> None:
    """The page names what was changed after it was sealed."""
    house = FullHouse.at(tmp_path)
    client, token = house.browser("auditor")
    with sqlite3.connect(tmp_path / "m.db") as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            raw.execute(f'DROP TRIGGER "{name}"')
        raw.execute("UPDATE transactions SET memo = 'rewritten' WHERE seq = 1")
    page = client.post("/city/seals?lang=en", data={"csrf_token": token}, follow_redirects=True).text
    assert "The seals do not hold" in page


def test_the_bound_of_the_whole_stands_on_the_page_and_in_the_api(house: FullHouse, auditor: FlaskClient) -> None:
    """The same figures: all lots together, whatever the filters; and sums by group beside it."""
    found = auditor.get("/api/v1/savings?by=county,cargo").get_json()
    whole = found["whole"]
    kept = actions.city_whole(house.app.extensions["modalshift.world"].store).portfolio
    assert kept is not None
    assert (whole["lower_90_g"], whole["lots"]) == (kept.lower_g, kept.parts)
    assert whole["credited_lot_by_lot_g"] <= whole["lower_90_g"] <= whole["expected_g"]
    assert sum(item["expected_g"] for item in found["items"]) == whole["expected_g"]
    assert {"county", "cargo"} == set(found["items"][0]["keys"])
    page = auditor.get("/city").get_data(as_text=True)
    assert f"{kept.lower_g / 1000:,.1f}" in page
    assert auditor.get("/api/v1/savings?by=luck").status_code == 422


def test_the_flow_map_shows_what_settled_lots_travelled(house: FullHouse, auditor: FlaskClient) -> None:
    """Leg by leg of the newest waybills; a filter leaves its lots alone; what was reversed leaves the map."""
    passages = lot_passages(house.store, {})
    with house.store.read() as session:
        bills, entries = session.waybills(), session.lot_entries.page({})
        mass_kg = {(one.number, one.lot_no): one.amounts.mass_kg for one in entries}
    wanted: dict[tuple[str, str, str], int] = {}
    for (number, lot_no), kg in mass_kg.items():
        lot = next(lot for lot in bills[number].lots if lot.lot_no == lot_no)
        for leg in lot.legs:
            if leg.origin != leg.destination:
                key = (str(leg.mode), leg.origin, leg.destination)
                wanted[key] = wanted.get(key, 0) + kg
    assert passages == wanted != {}
    page = auditor.get("/city").text
    assert 'id="city-map"' in page
    assert f"{max(wanted.values()) / 1000:,.0f}" in page.replace(".0", "")
    alone = lot_passages(house.store, {"enterprise": "E1"})
    assert alone
    assert sum(alone.values()) < sum(passages.values())
    assert lot_passages(house.store, {"enterprise": "nobody"}) == {}
    assert lot_passages(house.store, {"county": "nowhere"}) == {}


SHIPPED = read_network()


def test_what_went_by_water_follows_the_water_on_the_map(house: FullHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A leg names no class: the smallest of its waters finds the way, inland as well as at sea."""
    links = [link for link in SHIPPED.links.values() if link.link_id in ("QJ-LY-water", "ZP-BE-sea")]
    travelled = {(link.mode.value, link.from_location, link.to_location): 1000 for link in links}
    shipped = replace(house.app.extensions["modalshift.world"], network=SHIPPED, atlas=Atlas(SHIPPED, read_shapes()))
    drawn: list[Flow] = []
    monkeypatch.setattr(flows, "lot_passages", lambda store, filters: travelled)
    monkeypatch.setattr(flows, "flow_map", lambda world, name, title, found, *more, **options: drawn.extend(found))
    with house.app.test_request_context():
        flows.city_map(shipped, {}, "en")
    assert {flow.stretch.link_id for flow in drawn} == {"QJ-LY-water", "ZP-BE-sea"}


def test_too_many_lots_are_not_drawn(auditor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says what to do instead."""
    monkeypatch.setattr("webapp.city.dashboard_page.MOST_LOTS", 1)
    page = auditor.get("/city").text
    assert 'id="city-map"' not in page
    assert "choose a month" in page


def test_a_long_comparison_goes_on_in_the_background(house: FullHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says so and looks again; another process of the server tells the outcome, and nobody else's reader;
    a defect ends it, too."""
    go_on = Event()

    def slow(*asked: Any) -> SealReport:
        assert go_on.wait(20)
        return verify(*asked)

    monkeypatch.setattr("optimizer.actions.seal_checks.verify", slow)
    monkeypatch.setattr("webapp.city.checks_page.PATIENCE_S", 0.01)
    client, token = house.browser("auditor")
    begun = client.post("/city/seals?lang=en", data={"csrf_token": token})
    assert begun.status_code == 303
    address = begun.headers["Location"]
    assert "Comparing every record" in client.get(f"{address}&lang=en").text
    go_on.set()
    monkeypatch.setattr("webapp.city.checks_page.PATIENCE_S", 20.0)
    assert "The seals hold" in client.get(f"{address}&lang=en").text
    neighbour = SealDesk(house.store, lambda: AT)
    check_id = address.partition("check=")[2]
    assert neighbour.look(check_id, actions.user_id_of("auditor"), 0).report is not None
    with pytest.raises(UnknownRecordError):
        neighbour.look(check_id, actions.user_id_of("bank"), 0)
    monkeypatch.setattr("optimizer.actions.seal_checks.verify", None)
    broken = client.post("/city/seals?lang=en", data={"csrf_token": token}, follow_redirects=True)
    assert "Internal error" in broken.text


def test_findings_are_read_page_by_page(
    house: FullHouse, auditor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None twice, none left out; a page beyond the last is the last."""
    made = [Finding(f"code_{n % 2}", f"record {n:03}", Message("问题", "trouble")) for n in range(77)]
    desk = house.app.extensions["modalshift.world"].findings
    monkeypatch.setattr(desk, "found_within", lambda seconds: made)
    pages = [auditor.get(f"/city/findings?code=code_0&page={number}").text for number in (1, 2, 3)]
    listed = [re.findall(r"record \d{3}", page) for page in pages]
    assert listed[0] + listed[1] == [one.record for one in made if one.code == "code_0"]
    assert listed[2] == listed[1]
    assert 'rel="next"' in pages[0]
    assert 'rel="next"' not in pages[1]
    assert "1–25 of 39" in pages[0]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_largest_errors_are_named_in_words(house: FullHouse, lang: str) -> None:
    """Every kind that the emissions know; what is new stands for itself."""
    with house.app.test_request_context(f"/city?lang={lang}"):
        keys = ("fuel_model:T49H", "detour:Road", "distance:Road:QJ>ZP", "logged:*", "logged:V1", "combustion:diesel")
        words = [source_words(key) for key in (*keys, "provision:diesel", "other_gases:diesel:truck", "factor:x")]
        assert not any(word.partition(":")[0] in KNOWN for word in words)
        assert len(set(words)) == len(words)
        assert "Road" not in words[1] or lang == "en"
        assert [source_words(key) for key in ("strange:1", "fuel_model", "")] == ["strange:1", "fuel_model", ""]
