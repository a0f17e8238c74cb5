"""Parties from table rows and files, and in the books."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.actions import open_store, register_parties
from optimizer.demo.seed_files import read_parties
from optimizer.errors import ConflictError, InputError
from optimizer.network.reader import read_network
from optimizer.waybills.party import parties_from_rows
from optimizer.waybills.party_file import read_party_file
from tests.waybills.world import ISSUED_AT

ROW = {
    "enterprise_id": "E1",
    "credit_code": "91350100M000100Y43",
    "name_zh": "示范",
    "name_en": "Demo",
    "domain": "industry",
    "county_zh": "衢江区",
    "county_en": "Qujiang",
    "role": "shipper",
    "location_ids": "QJ;LY",
}


def test_a_good_row_becomes_a_party() -> None:
    """Places are split at semicolons."""
    (party,) = parties_from_rows([ROW], "enterprises.csv")
    assert party.party_id == "E1"
    assert party.location_ids == ("QJ", "LY")


def test_every_fault_is_named_at_once() -> None:
    """A wrong code, a wrong domain, a wrong role and a repeated id come back together, each with its row."""
    bad = {**ROW, "credit_code": "91350100M000100Y44", "domain": "space", "role": "pirate"}
    with pytest.raises(InputError) as caught:
        parties_from_rows([ROW, bad], "enterprises.csv")
    found = {(fault.row, fault.column, fault.code) for fault in caught.value.faults}
    assert found == {
        (3, "credit_code", "check_character"),
        (3, "domain", "not_allowed"),
        (3, "role", "not_allowed"),
        (3, "enterprise_id", "duplicate"),
    }


def test_the_shipped_table_is_read_as_the_demo_reads_it() -> None:
    """Same parties to the letter, brackets in names included: else the second way would conflict with the first."""
    shipped = Path(__file__).parents[2] / "seeds" / "enterprises.csv"
    assert read_party_file(shipped, read_network()) == read_parties()


def test_a_table_out_of_excel_is_read(tmp_path: Path) -> None:
    """Chinese headers and words, GBK, a title, an empty line, places by name; English names may be left out."""
    file = tmp_path / "企业.csv"
    rows = [
        "参与方登记表,,,,,,",
        "企业编号,统一社会信用代码,企业名称,角色,领域,区县,收货地点",
        ",,,,,,",
        "X1,91999900dem0000143,甲（衢州）,托运人,工业,衢江区,衢江港区、ZP",
        "X2,91999900DEM000022X,乙,经营人,交通,柯城区,",
    ]
    file.write_bytes("\r\n".join(rows).encode("gbk"))
    one, two = read_party_file(file, read_network())
    assert (one.credit_code, one.name_zh, one.name_en) == ("91999900DEM0000143", "甲（衢州）", "甲（衢州）")
    assert (one.role, one.domain, one.location_ids) == ("shipper", "industry", ("QJ", "ZP"))
    assert (two.role, two.domain, two.county_en) == ("operator", "transport", "柯城区")


def test_faults_of_a_table_come_together_in_order(tmp_path: Path) -> None:
    """Of cells and of parties, with the numbers of the rows in the file; nothing comes of a part."""
    file = tmp_path / "p.csv"
    head = "enterprise_id,credit_code,name_zh,role,domain,county_zh,location_ids"
    file.write_text(
        f"{head}\n,,,,,,\nX1,1,,shipper,industry,衢江区,Mars\nX1,91350100M000100Y43,乙,pirate,energy,柯城区,\n"
    )
    with pytest.raises(InputError) as caught:
        read_party_file(file, read_network())
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [
        (3, "name_zh"),
        (3, "location_ids"),
        (3, "credit_code"),
        (4, "role"),
        (4, "enterprise_id"),
    ]
    file.write_text(f"{head}\n".replace("role", "角色") + "X1,91350100M000100Y43,乙,pirate,energy,柯城区,\n")
    with pytest.raises(InputError) as caught:
        read_party_file(file, read_network())
    assert [fault.where for fault in caught.value.faults] == ["p.csv:2:角色"]
    file.write_text(f"{head}\n")
    with pytest.raises(InputError) as caught:
        read_party_file(file, read_network())
    assert [fault.code for fault in caught.value.faults] == ["no_rows"]


def test_parties_are_registered_once(tmp_path: Path) -> None:
    """The same again is known; other content under an id, or a code under another id, is refused whole."""
    store = open_store(f"sqlite:///{tmp_path / 'm.db'}")
    one, two = parties_from_rows([ROW, {**ROW, "enterprise_id": "E2", "credit_code": "91999900DEM0000143"}], "p.csv")
    assert [register_parties(store, [one], ISSUED_AT), register_parties(store, [one, two], ISSUED_AT)] == [1, 1]
    (other,) = parties_from_rows([{**ROW, "name_zh": "别家"}], "p.csv")
    (new,) = parties_from_rows([{**ROW, "enterprise_id": "E3", "credit_code": "91999900DEM000022X"}], "p.csv")
    (taken,) = parties_from_rows([{**ROW, "enterprise_id": "E4"}], "p.csv")
    for wrong in (other, taken):
        with pytest.raises(ConflictError):
            register_parties(store, [new, wrong], ISSUED_AT)
    with store.read() as session:
        assert sorted(session.parties()) == ["E1", "E2"]
    store.close()
