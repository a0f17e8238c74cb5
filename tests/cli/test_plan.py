"""`plan` and `check` on a file of shipments, as a person runs them one after the other."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from optimizer.actions import open_store, register_parties
from optimizer.actions.keeping import accepted_so_far, carried_shipments
from optimizer.cli import cli
from optimizer.cli.plan import STOPS
from optimizer.demo.seed_files import read_parties, shipments_path
from optimizer.quantities import CHINA_TIME
from tests.documents.spreadsheet import Spreadsheet

ROWS = 6
"""Four of them go by water and two by road, each for a reason of its own; nine take three times as long and show no
more."""


def run(*words: object) -> Result:
    """One command line in this process."""
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture(scope="module")
def shipments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first rows of the demo month."""
    file = tmp_path_factory.mktemp("plan") / "shipments.csv"
    lines = shipments_path().read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[: ROWS + 1]), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def planned(shipments: Path) -> tuple[Path, Result]:
    """Their plan and what the command printed."""
    out = shipments.parent / "plan.json"
    return out, run("plan", shipments, "--out", out, "--lang", "en")


@pytest.fixture
def document(planned: tuple[Path, Result]) -> Any:
    """The plan as JSON."""
    return json.loads(planned[0].read_text(encoding="utf-8"))


def test_a_plan_is_written_and_summed_up(planned: tuple[Path, Result], document: Any) -> None:
    """Exit 0, every shipment in the document, totals on stdout, progress with bound and gap on stderr."""
    _out, result = planned
    assert result.exit_code == 0, result.stderr
    assert len(document["shipments"]) == ROWS
    assert f"{document['totals']['saving']['cost_yuan']:,.2f}" in result.stdout
    assert f"{document['totals']['plan']['co2e_wtw_kg']:,.1f}" in result.stdout
    assert "bounding" in result.stderr
    assert "%" in result.stderr


def test_the_check_agrees(planned: tuple[Path, Result], shipments: Path) -> None:
    """A plan of ours passes the independent check."""
    checked = run("check", planned[0], "--shipments", shipments)
    assert (checked.exit_code, checked.stdout) == (0, "复核通过，未发现问题。\n")


def test_the_check_finds_a_changed_figure(document: Any, shipments: Path, tmp_path: Path) -> None:
    """One yuan less in one place: exit 1, and the finding names its place, as text and as JSON."""
    document["shipments"][0]["lots"][0]["legs"][0]["cost_yuan"] -= 1
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(document), encoding="utf-8")
    told = run("check", changed, "--shipments", shipments, "--lang", "en")
    assert told.exit_code == 1
    assert document["shipments"][0]["shipment_id"] in told.stdout
    listed = json.loads(run("check", changed, "--shipments", shipments, "--json").stdout)
    assert {"code", "where", "message", "expected", "found"} == set(listed[0])


def test_the_same_seed_gives_the_same_plan(document: Any, shipments: Path, tmp_path: Path) -> None:
    """Another run differs in nothing but the seconds it took."""
    again = tmp_path / "again.json"
    assert run("plan", shipments, "--out", again).exit_code == 0
    second = json.loads(again.read_text(encoding="utf-8"))
    del document["seconds"], second["seconds"]
    assert second == document


def test_bad_shipments_leave_an_old_plan_alone(shipments: Path, tmp_path: Path) -> None:
    """Every fault with file, row and column; exit 2; what stood at --out still stands there."""
    bad = tmp_path / "bad.csv"
    text = shipments.read_text(encoding="utf-8").replace(",coal,", ",coat,")
    bad.write_text(text + text.splitlines()[1].replace(",2026-", ",26-") + "\n", encoding="utf-8")
    out = tmp_path / "plan.json"
    out.write_text("old", encoding="utf-8")
    result = run("plan", bad, "--out", out)
    assert result.exit_code == 2
    assert f"bad.csv:{ROWS + 2}:ready_at" in result.stderr
    assert out.read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "plan.json"]


def test_a_place_nobody_can_write_to_is_named_before_the_work(shipments: Path, tmp_path: Path) -> None:
    """No planning for nothing: the only words are about the file."""
    result = run("plan", shipments, "--out", tmp_path / "none" / "plan.json", "--lang", "en")
    assert result.exit_code == 2
    assert result.stderr.startswith("Cannot write")


@pytest.mark.parametrize("verb", ["plan", "frontier"])
def test_what_is_read_is_not_written_over(shipments: Path, tmp_path: Path, verb: str) -> None:
    """`--out` with the name of the shipments, however it is spelt: refused, and they still stand there."""
    source = tmp_path / "mine.csv"
    source.write_bytes(shipments.read_bytes())
    result = run(verb, source, "--out", tmp_path / "." / "mine.csv", "--lang", "en")
    assert result.exit_code == 2
    assert "is a file that is read" in result.stderr
    assert source.read_bytes() == shipments.read_bytes()


def test_an_accepted_plan_is_not_written_over(shipments: Path, tmp_path: Path) -> None:
    """`--keep` and `--out` of one name, and the file of the database: refused before any work, both still stand."""
    accepted, books = tmp_path / "plan.json", tmp_path / "books.db"
    accepted.write_text("accepted", encoding="utf-8")
    books.write_text("books", encoding="utf-8")
    for words in (("--keep", accepted, "--out", accepted), ("--out", books, "--db", f"sqlite:///{books}")):
        result = run("plan", shipments, *words, "--lang", "en")
        assert result.exit_code == 2
        assert "is a file that is read" in result.stderr
    assert (accepted.read_text(encoding="utf-8"), books.read_text(encoding="utf-8")) == ("accepted", "books")


@pytest.mark.parametrize("name", ["--gap", "--time-limit", "--carbon-price", "--co2e-cap-t"])
def test_what_is_no_number_is_refused(shipments: Path, tmp_path: Path, name: str) -> None:
    """Not a plan, and no internal error after the work."""
    result = run("plan", shipments, "--out", tmp_path / "plan.json", name, "nan")
    assert (result.exit_code, name in result.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_month_and_its_market_are_written_both_or_not_at_all(tmp_path: Path) -> None:
    """A place for the sailings that cannot be written to, or the file of the shipments once more."""
    words = ("generate", "--shipments", 5, "--out", tmp_path / "s.csv", "--sailings", 3, "--sailings-out")
    assert run(*words, tmp_path / "none" / "y.csv").exit_code == 2
    assert run(*words, tmp_path / "s.csv").exit_code == 2
    assert list(tmp_path.iterdir()) == []
    assert run(*words, tmp_path / "y.csv").exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.csv", "y.csv"]


def test_a_shipment_left_out_is_named_and_exits_1(shipments: Path, tmp_path: Path) -> None:
    """Outside the horizon is an answer, with its reason."""
    lines = shipments.read_text(encoding="utf-8").splitlines(keepends=True)
    late = tmp_path / "late.csv"
    late.write_text("".join([*lines[:3], lines[3].replace("2026-10-", "2026-11-")]), encoding="utf-8")
    result = run("plan", late, "--out", tmp_path / "plan.json", "--horizon-days", 7, "--lang", "en")
    assert result.exit_code == 1
    assert "Left out " + lines[3].split(",")[0] in result.stdout


def test_the_result_says_who_travels_how(planned: tuple[Path, Result], document: Any) -> None:
    """Saved per tonne that leaves the road, why the run ended, and how many shipments go which way."""
    out = planned[1].stdout
    assert out.startswith(f"{STOPS[document['settings']['stop']].en}: objective {document['objective_yuan']:,.0f} yuan")
    assert "Per t shifted" in out
    on_road = sum(shipment["on_road_because"] is not None for shipment in document["shipments"])
    assert f"{on_road} on the road" in out


def test_the_number_of_workers_changes_nothing_in_the_plan(shipments: Path, tmp_path: Path) -> None:
    """More threads price cargo, the plan is the same."""
    plans = []
    for workers in ("1", "2"):
        out = tmp_path / f"{workers}.json"
        assert run("plan", shipments, "--out", out, "--workers", workers).exit_code == 0
        made = json.loads(out.read_text(encoding="utf-8"))
        plans.append([made[key] for key in ("shipments", "voyages", "objective_yuan", "bound_yuan", "totals")])
    assert plans[0] == plans[1]
    assert run("plan", shipments, "--out", tmp_path / "0.json", "--workers", "0").exit_code == 2


def test_a_plan_is_kept_and_checked_against_what_was_accepted(
    planned: tuple[Path, Result], shipments: Path, tmp_path: Path
) -> None:
    """Nothing changed, so nothing moves; the terminal says of which plans the bound is; a shipment that was dropped is
    listed with the reason, and the check with the accepted plan beside it agrees."""
    again = tmp_path / "again.json"
    result = run("plan", shipments, "--out", again, "--keep", planned[0], "--lang", "en")
    assert result.exit_code == 0, result.stderr
    assert f"{ROWS} shipments and" in result.stdout
    assert "leave what is kept as it is" in result.stdout
    before, after = (json.loads(path.read_text(encoding="utf-8")) for path in (planned[0], again))
    assert (after["shipments"], after["voyages"]) == (before["shipments"], before["voyages"])
    fewer = tmp_path / "fewer.csv"
    fewer.write_text("".join(shipments.read_text(encoding="utf-8").splitlines(keepends=True)[:ROWS]), encoding="utf-8")
    result = run("plan", fewer, "--out", again, "--keep", planned[0], "--lang", "en")
    assert "The new file does not have it." in result.stdout
    checked = run("check", again, "--shipments", fewer, "--accepted", planned[0], "--lang", "en")
    assert (checked.exit_code, "--accepted" in checked.stderr) == (0, False)
    alone = run("check", again, "--shipments", fewer, "--lang", "en")
    assert (alone.exit_code, "was not held against that" in alone.stderr) == (0, True)


def test_issued_only_needs_a_plan_and_a_database(planned: tuple[Path, Result], shipments: Path, tmp_path: Path) -> None:
    """Both are said in a sentence, and nothing is written."""
    out = tmp_path / "plan.json"
    alone = run("plan", shipments, "--out", out, "--issued-only", "--lang", "en")
    assert (alone.exit_code, "goes with --keep" in alone.stderr) == (2, True)
    gone = f"sqlite:///{tmp_path}/none.db"
    without = run("--db", gone, "plan", shipments, "--out", out, "--keep", planned[0], "--issued-only")
    assert without.exit_code == 2
    assert not out.exists()


def test_a_plan_from_a_file_becomes_waybills_once(
    planned: tuple[Path, Result], shipments: Path, document: Any, tmp_path: Path
) -> None:
    """Accepted in the books it has its waybills; a second time the same stand. Shippers must be registered. A figure
    changed by hand is found first, and no waybill is issued. The shipments are listed as submitted ones are, so that a
    plan on the web can be made around them."""
    store = open_store(f"sqlite:///{tmp_path / 'own.db'}")

    def accepted(plan: Path) -> Result:
        return run("accept", plan, "--shipments", shipments, "--db", store.url, "--lang", "en")

    assert accepted(planned[0]).exit_code == 2
    register_parties(store, read_parties(), datetime(2026, 9, 1, tzinfo=CHINA_TIME))
    document["shipments"][0]["lots"][0]["legs"][0]["cost_yuan"] -= 1
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(document), encoding="utf-8")
    refused = accepted(changed)
    assert (refused.exit_code, "no waybill was issued" in refused.stderr) == (1, True)
    with store.read() as session:
        assert session.waybills() == {}
        assert session.submitted() == []
    first = accepted(planned[0]).stdout
    assert "Issued 4 waybills; 0 were issued before" in first
    with store.read() as session:
        assert all(number in first for number in session.waybills())
    assert "Issued 0 waybills; 4 were issued before" in accepted(planned[0]).stdout
    with store.read() as session:
        assert len(session.waybills()) == 4
        assert session.last_seq() > 0
        listed = session.submitted()
    assert len(listed) == ROWS
    assert sum(bool(entry.waybill_number) for entry in listed) == 4
    assert {entry.version for entry in listed} == {1}
    kept = accepted_so_far(store)
    assert kept is not None
    assert len(carried_shipments(store, kept)) == 4
    store.close()


def test_a_cap_that_no_plan_keeps_is_bad_input(shipments: Path, tmp_path: Path) -> None:
    """A tenth of a kilogram for all shipments: exit 2 with the remedy, nothing written."""
    result = run("plan", shipments, "--out", tmp_path / "plan.json", "--co2e-cap-t", 0.0001, "--lang", "en")
    assert result.exit_code == 2
    assert "raise the cap" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_market_of_sailings_is_generated_planned_and_checked(tmp_path: Path) -> None:
    """generate, plan --sailings with and without own voyages, check --sailings; without the offers the check fails."""
    cargo, market, out = tmp_path / "s.csv", tmp_path / "o.csv", tmp_path / "plan.json"
    made = run("generate", "--shipments", 30, "--sailings", 25, "--out", cargo, "--sailings-out", market)
    assert made.exit_code == 0, made.stderr
    for own in ("none", "all"):
        words = ("--sailings", market, "--own-voyages", own, "--gap", 0.1, "--time-limit", 20)
        result = run("plan", cargo, "--out", out, *words)
        assert result.exit_code == 0, result.stderr
        checked = run("check", out, "--shipments", cargo, "--sailings", market)
        assert (checked.exit_code, checked.stdout) == (0, "复核通过，未发现问题。\n")
        document = json.loads(out.read_text(encoding="utf-8"))
        if own == "none":
            assert document["voyages"]
            assert {voyage["market"] for voyage in document["voyages"]} == {"offer"}
            assert run("check", out, "--shipments", cargo).exit_code == 1


def test_another_solver_of_corridors_is_written_down_and_checked(shipments: Path, tmp_path: Path) -> None:
    """The plan says which one it was made with, and passes its check; a solver that there is not is bad input."""
    out = tmp_path / "plan.json"
    result = run("plan", shipments, "--out", out, "--corridors-by", "both")
    assert result.exit_code == 0, result.stderr
    assert json.loads(out.read_text(encoding="utf-8"))["settings"]["corridors_by"] == "both"
    assert run("check", out, "--shipments", shipments).exit_code == 0
    refused = run("--lang", "en", "plan", shipments, "--out", out, "--corridors-by", "scip")
    assert (refused.exit_code, "'highs', 'cp-sat', 'both'" in refused.stderr) == (2, True)


def test_a_wrong_file_of_sailings_writes_nothing(shipments: Path, tmp_path: Path) -> None:
    """Every fault with file, row and column; exit 2."""
    market = tmp_path / "o.csv"
    market.write_text("sailing_id,carrier_id\nY1,C1\n", encoding="utf-8")
    result = run("plan", shipments, "--out", tmp_path / "plan.json", "--sailings", market)
    assert result.exit_code == 2
    assert "o.csv:1:capacity_t" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["o.csv"]


def test_the_frontier_is_traced_from_the_command_line(tmp_path: Path) -> None:
    """A market for a small month: JSON and CSV, a table and a drawing; another ending is bad input."""
    cargo, market = tmp_path / "s.csv", tmp_path / "o.csv"
    run("generate", "--shipments", 20, "--sailings", 20, "--out", cargo, "--sailings-out", market)
    words = ("--sailings", market, "--own-voyages", "none", "--points", 3, "--gap", 0.001)
    result = run("frontier", cargo, "--out", tmp_path / "f.json", *words, "--lang", "en")
    assert result.exit_code == 0, result.stderr
    points = json.loads((tmp_path / "f.json").read_text(encoding="utf-8"))["points"]
    assert len(points) == 3
    assert f"{points[0]['weighed_yuan']:,.0f}" in result.stdout
    assert run("frontier", cargo, "--out", tmp_path / "f.csv", *words, "--workers", 2).exit_code == 0
    assert len((tmp_path / "f.csv").read_text(encoding="utf-8").splitlines()) == 4
    assert run("frontier", cargo, "--out", tmp_path / "f.txt", *words).exit_code == 2


def test_every_leg_of_the_plan_has_its_sheet(
    planned: tuple[Path, Result], document: Any, shipments: Path, tmp_path: Path
) -> None:
    """The grams of the plan again from inputs, factors and empties; a workbook of live formulas gives the same."""
    words = ["sheet", "--plan", planned[0], "--shipments", shipments]
    for shipment in document["shipments"]:
        told = run(*words, shipment["shipment_id"], "--format", "json")
        assert told.exit_code == 0, told.stderr
        sheet = json.loads(told.stdout)
        assert sheet["document"] == "plan-calculation-sheet"
        road, *lots = sheet["options"]
        assert road["co2e_wtw_g"] == pytest.approx(shipment["baseline"]["co2e_wtw_kg"] * 1000, abs=0.5)
        for lot, option in zip(shipment["lots"], lots, strict=True):
            assert [leg["co2e_wtw_g"] for leg in option["legs"]] == [
                round(leg["co2e_wtw_kg"] * 1000) for leg in lot["legs"]
            ]
            assert all(abs(off) <= 3 for leg in option["legs"] for off in leg["largest_remainder_g"])
    by_water = next(s for s in document["shipments"] if any(leg["voyage_id"] for o in s["lots"] for leg in o["legs"]))
    out = tmp_path / "sheet.xlsx"
    assert run(*words, by_water["shipment_id"], "--format", "xlsx", "--out", out).exit_code == 0
    book = Spreadsheet(out.read_bytes())
    formulas = book.formulas()
    assert formulas
    for page, cell in formulas:
        assert book.value(page, cell) == pytest.approx(book.stored_value(page, cell), rel=1e-12, abs=1e-9), (page, cell)
    text = run(*words, by_water["shipment_id"], "--lang", "en").stdout
    assert "empty running borne by each loaded km" in text


def test_a_plan_has_no_sheet_of_what_it_does_not_hold_or_hold_so(
    planned: tuple[Path, Result], document: Any, shipments: Path, tmp_path: Path
) -> None:
    """An unknown shipment, no file of shipments and a leg of other grams end with a sentence and nothing else."""
    words = ["sheet", "--plan", planned[0], "--lang", "en"]
    assert run(*words, "nobody", "--shipments", shipments).exit_code == 2
    assert run(*words, document["shipments"][0]["shipment_id"]).exit_code == 2
    changed = json.loads(planned[0].read_text(encoding="utf-8"))
    leg = changed["shipments"][0]["lots"][0]["legs"][0]
    leg["co2e_wtw_kg"] += 1
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(changed), encoding="utf-8")
    told = run(
        "sheet", "--plan", forged, "--shipments", shipments, changed["shipments"][0]["shipment_id"], "--lang", "en"
    )
    assert told.exit_code == 2
    assert "Traceback" not in told.stderr
