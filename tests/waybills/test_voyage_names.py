"""Names of voyages that two plans both use."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from optimizer.waybills.voyage_names import told_apart, voyage_ids
from optimizer.waybills.waybill import Waybill
from tests.waybills.world import world_waybills

NIGHT = datetime(2026, 10, 1, 20, 0, tzinfo=UTC)
"""The second of October where the vessels sail."""


def sailing(vessel_id: str, departs_at: datetime) -> Waybill:
    """A waybill whose only lot goes by V1, by a hull and at a time."""
    found = next(waybill for waybill in world_waybills() if waybill.lots[0].legs[2].voyage_id == "V1")
    lot = found.lots[0]
    legs = tuple(
        replace(leg, vessel_id=vessel_id, planned_departs_at=departs_at) if leg.voyage_id else leg for leg in lot.legs
    )
    return replace(found, lots=(replace(lot, legs=legs),))


def test_another_sailing_is_named_by_its_hull_and_its_day_in_china() -> None:
    """Whatever zone its time is written in; legs without a voyage stay without."""
    taken = sailing("SMALL/UP/1", NIGHT + timedelta(days=30))
    (told,) = told_apart([sailing("SMALL/UP/2", NIGHT)], [taken])
    assert [leg.voyage_id for leg in told.lots[0].legs] == ["", "", "V1@SMALL/UP/2@2026-10-02", ""]


def test_the_same_hull_at_another_time_and_another_hull_at_the_same_time_are_other_sailings() -> None:
    """Both must agree for a voyage to keep its name."""
    taken = sailing("SMALL/UP/1", NIGHT)
    for issued in (sailing("SMALL/UP/1", NIGHT + timedelta(hours=1)), sailing("SMALL/UP/2", NIGHT)):
        assert voyage_ids(told_apart([issued], [taken])) == {f"V1@{issued.lots[0].legs[2].vessel_id}@2026-10-02"}


def test_the_same_sailing_and_a_name_that_nobody_has_taken_stay() -> None:
    """So that issuing a plan again gives the same waybills."""
    issued = sailing("SMALL/UP/1", NIGHT)
    assert told_apart([issued], [issued]) == [issued]
    assert told_apart([issued], []) == [issued]
    other = replace(issued.lots[0].legs[2], voyage_id="V7", vessel_id="SMALL/UP/5")
    lot = replace(issued.lots[0], legs=(other,))
    assert told_apart([issued], [replace(issued, lots=(lot,))]) == [issued]
