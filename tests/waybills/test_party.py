"""Parties from table rows."""

from __future__ import annotations

import pytest

from optimizer.errors import InputError
from optimizer.waybills.party import parties_from_rows

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
