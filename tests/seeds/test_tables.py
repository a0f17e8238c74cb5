"""The tables of the demo world: valid, fictional, consistent with each other, and described by their README."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import frictionless
import pytest

from optimizer.demo.incidents import VOYAGE_KINDS
from optimizer.demo.seed_files import (
    read_flows,
    read_incidents,
    read_parties,
    read_users,
    seeds_directory,
    shipments_path,
)
from optimizer.errors import InputError
from optimizer.waybills.codes import is_credit_code

ROOT = Path(__file__).resolve().parents[2]
SEEDS = seeds_directory()
README = (SEEDS / "README.md").read_text(encoding="utf-8")


def rows(name: str) -> list[dict[str, str]]:
    """A table as text."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_data_package_is_valid() -> None:
    """An independent reader (frictionless) accepts every table and every reference between them."""
    report = frictionless.validate(str(SEEDS / "datapackage.json"))
    assert report.valid, report.to_summary()


def test_every_enterprise_is_marked_as_fictional() -> None:
    """Names carry 示范 and Demo; credit codes are well-formed but registered in an area that does not exist."""
    parties = read_parties()
    assert 12 <= len(parties) <= 14
    for party in parties:
        assert party.name_zh.startswith("示范")
        assert party.name_en.startswith("Demo ")
        assert is_credit_code(party.credit_code)
        assert party.credit_code[2:8] == "999900"
        assert party.credit_code[8:11] == "DEM"
        assert organisation_check_character(party.credit_code[8:16]) == party.credit_code[16]


def organisation_check_character(body: str) -> str:
    """GB 11714: 11 - sum(value x weight) mod 11 with the weights 3 7 9 10 5 8 4 2; 10 is X, 11 is 0."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    check = 11 - sum(alphabet.index(c) * w for c, w in zip(body, weights, strict=True)) % 11
    return {10: "X", 11: "0"}.get(check, str(check))


def test_one_operator_and_ports_and_shippers_stand_ready() -> None:
    """Exactly one multimodal operator; every flow's shipper is a shipper and every consignee exists."""
    parties = {party.party_id: party for party in read_parties()}
    roles = [party.role for party in parties.values()]
    assert roles.count("operator") == 1
    assert {"port", "consignee", "shipper"} <= set(roles)
    for flow in read_flows():
        assert parties[flow.shipper_id].role == "shipper"
        assert flow.consignee_id in parties


def test_a_flow_ends_at_the_shipper_or_at_its_consignee() -> None:
    """Where the consignee is known by its places, the flow's destination is one of them."""
    parties = {party.party_id: party for party in read_parties()}
    for flow in read_flows():
        assert flow.destination in parties[flow.consignee_id].location_ids
        ends = {flow.origin, flow.destination}
        assert ends & set(parties[flow.shipper_id].location_ids)


def test_one_user_for_each_role_and_no_password_anywhere() -> None:
    """Six roles, six users, and no column that could hold a secret."""
    users = read_users()
    roles = [user.role for user in users]
    assert sorted(roles) == ["administrator", "auditor", "bank", "carrier", "enterprise", "planner"]
    assert not {"password", "password_hash", "secret", "token"} & set(rows("users")[0])
    known = {party.party_id for party in read_parties()}
    assert all(user.enterprise_id in known for user in users if user.role in ("planner", "enterprise", "carrier"))


def test_every_synthetic_number_of_a_flow_is_declared() -> None:
    """Tonnage and the rest say that they are made up, and every row says so in both languages."""
    for row in rows("flows"):
        assert row["evidence"] == "synthetic"
        assert {"kt_per_year", "lot_t"} <= set(row["assumed_fields"].split(";"))
        assert "虚构" in row["notes"]
        assert "made up" in row["notes"]
        assert row["source"]


def test_incidents_name_shipments_of_the_month() -> None:
    """Every listed shipment exists, is met by one kind only, and can go by water (neither small nor urgent)."""
    known = {row["shipment_id"]: row for row in rows("shipments")}
    listed = [item for incident in read_incidents() for item in incident.shipment_ids]
    assert len(listed) == len(set(listed)) == 24
    for item in listed:
        assert float(known[item]["mass_t"]) > 400
        assert known[item]["due_at"][:10] > known[item]["ready_at"][:10]
    assert {incident.kind for incident in read_incidents()} >= VOYAGE_KINDS


def test_incidents_have_sizes_that_fit_their_unit() -> None:
    """A size is a range of hours or of shares; kinds without a size have none."""
    for incident in read_incidents():
        assert (incident.size_min is None) == (incident.size_max is None) == (not incident.size_unit)
        if incident.size_min is not None and incident.size_max is not None:
            assert 0 < incident.size_min <= incident.size_max
            assert incident.size_unit == "h" or incident.size_max < 1


def test_faults_in_a_users_own_directory_are_all_reported(tmp_path: Path) -> None:
    """A damaged copy yields every fault with file, row and column, and nothing else is raised."""
    copy = tmp_path / "seeds"
    shutil.copytree(SEEDS, copy)
    text = (copy / "flows.csv").read_text(encoding="utf-8")
    text = text.replace("D01,coal,ZP,YL,850,", "D01,coal,ZP,YL,much,").replace(",1200,weekly,", ",1200,yearly,")
    (copy / "flows.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_flows(copy)
    assert [(f.file, f.row, f.column) for f in caught.value.faults] == [
        ("flows.csv", 2, "kt_per_year"),
        ("flows.csv", 3, "frequency"),
    ]


def test_a_wrong_credit_code_is_reported(tmp_path: Path) -> None:
    """One digit changed, and the check character tells."""
    copy = tmp_path / "seeds"
    shutil.copytree(SEEDS, copy)
    code = read_parties()[0].credit_code
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    text = (copy / "enterprises.csv").read_text(encoding="utf-8").replace(code, wrong)
    (copy / "enterprises.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_parties(copy)
    assert [(f.row, f.column, f.code) for f in caught.value.faults] == [(2, "credit_code", "check_character")]


def test_the_readme_names_every_file_and_every_fact_in_both_languages() -> None:
    """Each shipped file stands in both halves; the facts F01.. are the same set, in order, in both."""
    chinese, english = README.split('<a id="english"></a>')
    for resource in json.loads((SEEDS / "datapackage.json").read_text(encoding="utf-8"))["resources"]:
        assert f"`{resource['path']}`" in chinese
        assert f"`{resource['path']}`" in english
    facts = re.findall(r"^\| (F\d\d) \|", chinese, re.MULTILINE)
    assert facts == [f"F{i:02d}" for i in range(1, len(facts) + 1)]
    assert len(facts) >= 30
    assert re.findall(r"^\| (F\d\d) \|", english, re.MULTILINE) == facts


def test_every_fact_says_where_it_lives_or_that_it_does_not_yet() -> None:
    """The last cell of each fact names a path that exists, or says 尚未 / not yet."""
    for line in re.findall(r"^\| F\d\d \|.*$", README, re.MULTILINE):
        where = line.rstrip("| ").rsplit("|", 1)[1]
        paths = re.findall(r"`([^`]+)`", where)
        assert paths or "尚未" in where or "not yet" in where, line
        built = [path for path in paths if path != "sailings.csv"]
        missing = [path for path in built if not (ROOT / path).exists()]
        assert not missing, line


def test_the_readme_states_the_figures_of_the_shipped_month() -> None:
    """The number of shipments and of enterprises in the text is the number in the files."""
    count = len(rows("shipments"))
    assert README.count(f"{count:,}") >= 4
    assert shipments_path().name == "shipments.csv"
    assert f"{len(rows('flows'))} 条年流向" in README
    assert f"{len(rows('enterprises'))} demo enterprises" in README
