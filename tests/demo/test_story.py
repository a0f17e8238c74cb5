"""The whole story on an afternoon of the month: every document is there, every number re-adds, twice the same."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from optimizer.accounts.checkpoint import parse_checkpoint
from optimizer.accounts.ledger import Kind
from optimizer.accounts.proof import verdict_on
from optimizer.accounts.statement_document import statement_json
from optimizer.actions import open_store, statement, user_id_of, verify
from optimizer.actions.auditing import books
from optimizer.actions.plan_runs import plan_of_run
from optimizer.demo.folder import DATABASE, FILES, MARKER, STATEMENTS, DemoFolder, prepare
from optimizer.demo.step import Step
from optimizer.demo.story import Told, tell_story
from optimizer.demo.world import World, seed_world
from optimizer.emissions.factors import load_factors
from optimizer.errors import InputError
from optimizer.network.reader import read_network
from optimizer.planning.document import plan_from_json, plan_to_json
from optimizer.planning.files.shipment_file import read_shipments
from optimizer.quantities import kilograms

SLICE = slice(112, 148, 2)
"""Every other shipment of 6 October."""
INCIDENTS = {"D19-2610-0007", "D13-2610-0024", "D06-2610-0005", "D07-2610-0005"}
"""Of the same day, and sure to meet an incident: two lose their tickets, one is delivered short, one is corrected."""


@dataclass(frozen=True)
class Heard:
    """A story told: its folder, its steps and what came of it."""

    folder: DemoFolder
    steps: Sequence[Step]
    told: Told


def world() -> World:
    """The demo world with a slice of its month."""
    whole = seed_world(read_network(), load_factors())
    every_other = {shipment.shipment_id for shipment in whole.shipments[SLICE]}
    return replace(whole, shipments=tuple(s for s in whole.shipments if s.shipment_id in every_other | INCIDENTS))


def hear(path: Path) -> Heard:
    """Tell the story into a directory."""
    steps: list[Step] = []
    folder = prepare(path)
    told = tell_story(world(), folder, clock=time.monotonic, show=lambda step, seconds: steps.append(step))
    return Heard(folder, steps, told)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    """The story, told once."""
    return hear(tmp_path_factory.mktemp("demo") / "out")


def movements(heard: Heard) -> list[dict[str, Any]]:
    """All movements of all statements, each with the party that holds the account."""
    found = []
    for path in sorted((heard.folder.path / STATEMENTS).glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        found += [{**row, "party": document["party"]["credit_code"]} for row in document["movements"]]
    return found


def test_every_document_is_there(heard: Heard) -> None:
    """The files, the database, and a statement in two forms for each account and month."""
    names = {path.name for path in heard.folder.path.iterdir()}
    assert names == {MARKER, DATABASE, STATEMENTS, *FILES}
    written = {path.name for path in (heard.folder.path / STATEMENTS).iterdir()}
    assert {f"E01-{heard.told.periods[0]}.json", f"E12-{heard.told.periods[0]}.csv"} <= written
    assert {name.removesuffix(".json") for name in written if name.endswith(".json")} == {
        name.removesuffix(".csv") for name in written if name.endswith(".csv")
    }


def test_the_plan_on_file_is_the_plan_and_holds(heard: Heard) -> None:
    """PLAN.json and shipments.csv read back to what was planned, and the independent check finds nothing."""
    path = heard.folder.path
    assert plan_from_json((path / "PLAN.json").read_text(encoding="utf-8")) == heard.told.plan
    assert tuple(read_shipments(path / "shipments.csv", read_network())) == world().shipments
    assert list(heard.told.violations) == []


def test_every_report_is_recorded(heard: Heard) -> None:
    """The month as it went is believable: nothing that carriers report is refused."""
    assert [item.faults for item in heard.told.recorded.refused] == []
    assert len(heard.told.recorded.accepted) == len(heard.told.events)


def test_statements_add_up_to_the_settlement(heard: Heard) -> None:
    """Each settled lot is credited once, to its consignor; the credits of all statements are what was settled."""
    claims = [row for row in movements(heard) if Decimal(row["claim_kg"])]
    keys = [(row["waybill_number"], row["lot_no"]) for row in claims]
    assert len(keys) == len(set(keys))
    assert sum(Decimal(row["claim_kg"]) for row in claims) == Decimal(kilograms(heard.told.settled.credited_g))
    consignor = {waybill.number: waybill.consignor.credit_code for waybill in heard.told.waybills}
    assert all(row["party"] == consignor[row["waybill_number"]] for row in claims)


def test_csv_and_json_say_the_same(heard: Heard) -> None:
    """The claims of a statement's CSV are those of its JSON."""
    for path in (heard.folder.path / STATEMENTS).glob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        with path.with_suffix(".csv").open(encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["kind"] == "SETTLE"]
        assert [row["claim_kg"] for row in rows] == [row["claim_kg"] for row in document["movements"]]


def test_the_city_is_the_sum_of_its_enterprises(heard: Heard) -> None:
    """savings.csv: the last row adds up the others in every amount, and equals the settlement."""
    with (heard.folder.path / "savings.csv").open(encoding="utf-8") as file:
        *rows, city = list(csv.DictReader(file))
    for name in ("lots", "mass_t", "baseline_kg", "actual_kg", "net_expected_kg", "credited_kg", "cost_saved_yuan"):
        assert sum(Decimal(row[name]) for row in rows) == Decimal(city[name])
    assert city["credited_kg"] == kilograms(heard.told.settled.credited_g)
    assert city["net_expected_kg"] == kilograms(heard.told.settled.expected_g)
    assert Decimal(city["net_expected_kg"]) == Decimal(city["baseline_kg"]) - Decimal(city["actual_kg"])


def test_lots_without_evidence_are_found_and_not_settled(heard: Heard) -> None:
    """Two shipments of the slice lose their weigh tickets: the audit names both, and neither is credited."""
    listed = {"D19-2610-0007", "D13-2610-0024"}
    numbers = {waybill.number for waybill in heard.told.waybills if waybill.shipment_id in listed}
    lost = {finding.record for finding in heard.told.findings if finding.code == "evidence_lost"}
    assert numbers
    assert {f"waybill {number}/1" for number in numbers} <= lost
    audited = json.loads((heard.folder.path / "audit.json").read_text(encoding="utf-8"))
    assert {item["record"] for item in audited if item["code"] == "evidence_lost"} == lost
    settled = {f"waybill {row['waybill_number']}/{row['lot_no']}" for row in movements(heard)}
    assert not settled & lost


def test_the_months_are_closed_and_the_database_opens(heard: Heard) -> None:
    """What `serve` opens holds the settlements, all in closed months."""
    store = open_store(heard.folder.db_url)
    recorded = books(store, read_network(), load_factors())
    store.close()
    assert [period.period for period in recorded.periods] == list(heard.told.periods)
    settled = [item for item in recorded.transactions if item.kind is Kind.SETTLE]
    assert len(settled) == heard.told.settled.settled_lots
    assert {item.period for item in settled} <= set(heard.told.periods)


def test_the_planner_finds_shipments_and_plan_on_the_pages(heard: Heard) -> None:
    """All shipments are submitted, those that left the road bear their waybills, and the plan on file opens as a
    finished run of the planner's."""
    store = open_store(heard.folder.db_url)
    with store.read() as session:
        (run,) = session.runs_of_plans()
        entries = session.submitted(ids=run.shipment_ids)
    assert (run.state, run.user_id) == ("done", user_id_of("planner"))
    assert (run.progress.incumbent_yuan, run.progress.gap) == (heard.told.plan.objective_yuan, heard.told.plan.gap)
    assert plan_to_json(plan_of_run(store, run.run_id)) == (heard.folder.path / "PLAN.json").read_text(encoding="utf-8")
    numbers = {waybill.number for waybill in heard.told.waybills}
    assert len(entries) == len(heard.told.plan.shipments)
    assert {entry.waybill_number for entry in entries if entry.waybill_number} == numbers
    store.close()


def test_every_step_speaks_both_languages(heard: Heard) -> None:
    """Titles, columns and notes in Chinese and in English; every row fills every column."""
    assert len(heard.steps) == 17
    for step in heard.steps:
        for message in (step.title, *step.columns, *step.notes):
            assert (not message.zh) == (not message.en)
        for lang in ("zh", "en"):
            assert {len(row) for row in step.texts(lang)} <= {len(step.columns)}


def without_root(file: Path) -> bytes:
    """A document without the tree's root."""
    return re.sub(rb"[0-9a-f]{64}", b"root", file.read_bytes()) if file.parent.name == STATEMENTS else file.read_bytes()


def test_the_books_are_sealed_and_every_statement_names_the_tree(heard: Heard) -> None:
    """The exported head is that of the database; the statements read the same as of its size; the proof holds."""
    path = heard.folder.path
    head = parse_checkpoint((path / "books.checkpoint").read_text(encoding="utf-8"))
    store = open_store(heard.folder.db_url)
    assert verify(store, [head]).findings == ()
    for file in sorted((path / STATEMENTS).glob("*.json"))[:6]:
        document = json.loads(file.read_text(encoding="utf-8"))
        assert (document["tree_size"], document["root"]) == (head.size, head.root.hex())
        again = statement(store, document["account_id"], document["period"], at_size=head.size)
        assert statement_json(again) == file.read_text(encoding="utf-8")
    store.close()
    proof = (path / "proof.json").read_text(encoding="utf-8")
    assert verdict_on(proof, str(head.note), head.key.text) == "ok"


def test_a_second_run_replaces_the_first_and_is_the_same(heard: Heard) -> None:
    """Into the same directory: every document as before, but for the seconds in PLAN.json and what follows from them,
    which the tree seals too; a stray statement of the first run is gone."""
    path = heard.folder.path
    before = {file: without_root(file) for file in path.rglob("*") if file.is_file()}
    (path / STATEMENTS / "E99-2026-10.json").write_text("{}", encoding="utf-8")
    again = hear(path)
    after = {file: without_root(file) for file in path.rglob("*") if file.is_file()}
    assert set(after) == set(before)
    assert replace(again.told.plan, seconds=0) == replace(heard.told.plan, seconds=0)
    sealed = ("books.checkpoint", "books.manifest.csv", "proof.json")
    changing = {path / name for name in ("PLAN.json", "waybills.jsonl", DATABASE, *sealed)}
    # PDF and workbook carry the root too, where no text can be masked; that they follow from the statement alone is
    # held beside them.
    changing |= {file for file in after if file.suffix in (".pdf", ".xlsx")}
    assert [file.name for file in after if file not in changing and after[file] != before[file]] == []


def test_a_directory_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """Any file without our marker: refused, nothing written, nothing removed."""
    (tmp_path / DATABASE).write_bytes(b"books")
    with pytest.raises(InputError, match="no demo made it"):
        prepare(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {DATABASE: b"books"}


def test_what_a_person_put_beside_a_demo_stays(tmp_path: Path) -> None:
    """Only what a demo makes is replaced."""
    folder = prepare(tmp_path / "demo")
    folder.write("PLAN.json", "old")
    folder.write("notes.txt", "mine")
    prepare(folder.path)
    assert {path.name for path in folder.path.iterdir()} == {MARKER, "notes.txt"}


def test_a_file_in_the_place_of_the_directory_is_named(tmp_path: Path) -> None:
    """Not a traceback: a sentence with the remedy."""
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="--out"):
        prepare(tmp_path / "out")
