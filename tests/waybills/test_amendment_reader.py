"""An amendment as a program asks for it: units and times as written, every fault in its place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from optimizer.errors import InputError
from optimizer.quantities import CHINA_TIME
from optimizer.waybills.amendment import Amendment, LegChange
from optimizer.waybills.amendment_reader import MAX_CHANGES, Requested, amendment_from_record
from tests.waybills.world import parties

PARTIES = {party.party_id: party for party in parties()}
SIXTH, SEVENTH = datetime(2026, 10, 6, 8, tzinfo=CHINA_TIME), datetime(2026, 10, 7, 8, tzinfo=CHINA_TIME)


def test_all_that_can_be_asked_for_is_read() -> None:
    """Tonnes become kilograms, departure stays apart from arrival, and each leg keeps its own changes."""
    record = {
        "reason": "the shipper asked",
        "version": 3,
        "original_document_number": "PO-7",
        "description_of_goods_zh": "",
        "consignee_id": "E3",
        "due_at": "2026-10-07T08:00:00+08:00",
        "lots": [{"lot_no": 1, "mass_t": "280.5"}, {"lot_no": 2, "mass_kg": 290_000}],
        "legs": [
            {"lot_no": 1, "leg_seq": 3, "vessel_id": "CN-1", "voyage_id": "V8"},
            {
                "lot_no": 2,
                "leg_seq": 1,
                "destination": "UP",
                "departs_at": "2026-10-06T08:00:00+08:00",
                "arrives_at": "2026-10-07T08:00:00+08:00",
            },
        ],
    }
    change = Amendment(
        original_document_number="PO-7",
        description_of_goods_zh="",
        consignee=PARTIES["E3"],
        due_at=SEVENTH,
        declared_mass_kg={1: 280_500, 2: 290_000},
        legs=(
            LegChange(1, 3, vessel_id="CN-1", voyage_id="V8"),
            LegChange(2, 1, destination="UP", departs_at=SIXTH, arrives_at=SEVENTH),
        ),
    )
    assert amendment_from_record(record, PARTIES) == Requested(change, "the shipper asked", 3)


def test_due_on_a_day_is_due_until_its_end() -> None:
    """As in tables of shipments; a time of departure on a day alone stays its begin."""
    leg = {"lot_no": 1, "leg_seq": 1, "departs_at": "2026-10-06"}
    asked = amendment_from_record({"reason": "r", "due_at": "2026-10-07", "legs": [leg]}, PARTIES).change
    assert asked.due_at == datetime(2026, 10, 7, 23, 59, 59, tzinfo=CHINA_TIME)
    assert asked.legs[0].departs_at == datetime(2026, 10, 6, tzinfo=CHINA_TIME)


def test_a_reason_alone_changes_nothing() -> None:
    """It opens the amendment: no mass, no leg and no text is touched."""
    assert amendment_from_record({"reason": "to be discussed"}, PARTIES) == Requested(
        Amendment(), "to be discussed", None
    )


LEG = {"lot_no": 1, "leg_seq": 3, "vessel_id": "CN-1"}
LOT = {"lot_no": 1, "mass_t": 5}


@pytest.mark.parametrize(
    ("record", "faults"),
    [
        ({"reason": " "}, {("/reason", "required")}),
        ({"reason": "x" * 201}, {("/reason", "bad_text")}),
        ({"reason": "r", "consignee_id": "E8"}, {("/consignee_id", "unknown_party")}),
        ({"reason": "r", "lots": [LOT, {"lot_no": 1, "mass_t": 6}]}, {("/lots/1/lot_no", "given_twice")}),
        ({"reason": "r", "lots": [{"lot_no": 1}]}, {("/lots/0/mass_t", "required")}),
        ({"reason": "r", "lots": [{"lot_no": 1, "mass_t": 0}]}, {("/lots/0/mass_t", "bad_number")}),
        ({"reason": "r", "legs": [LEG, {**LEG, "vessel_id": "CN-2"}]}, {("/legs", "given_twice")}),
        ({"reason": "r", "legs": [{"lot_no": 1, "leg_seq": 3}]}, {("/legs/0/vessel_id", "no_change")}),
        ({"reason": "r", "lots": LOT}, {("/lots", "not_a_list")}),
        ({"reason": "r", "legs": [LEG] * (MAX_CHANGES + 1)}, {("/legs", "not_a_list")}),
        (
            {"legs": [{**LEG, "mode": "Road"}], "lots": [{"mass_t": 1}], "speed": 9},
            {
                *{("/reason", "required"), ("/legs/0/mode", "unknown_field")},
                *{("/lots/0/lot_no", "required"), ("/speed", "unknown_field")},
            },
        ),
    ],
)
def test_every_fault_of_an_amendment_has_its_place(record: dict[str, Any], faults: set[tuple[str, str]]) -> None:
    """One sentence for each, all together, and nothing said twice."""
    with pytest.raises(InputError) as refused:
        amendment_from_record(record, PARTIES)
    assert sorted((fault.column, fault.code) for fault in refused.value.faults) == sorted(faults)
