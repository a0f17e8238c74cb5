"""Reported records read to events: units, ids, and what is given twice."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.errors import Fault
from optimizer.waybills.event import EnergyLog, Event, Evidence
from optimizer.waybills.event_reader import MAX_EVIDENCE, events_from_records
from tests.waybills.world import LATER

RECORD = {"event_type": "LOAD", "lot_no": 1, "leg_seq": 1, "event_time": "2026-10-01T08:00"}
PHOTO = {"kind": "photo", "sha256": "0" * 64}


def read(**fields: Any) -> tuple[Event | None, tuple[Fault, ...]]:
    """One record, read."""
    (found,) = events_from_records([{**RECORD, **fields}], "MW1", "E9", LATER)
    return found


@pytest.mark.parametrize(
    ("fields", "mass_kg"), [({"mass_kg": 12_500}, 12_500), ({"mass_kg": 1}, 1), ({"mass_t": 12.5}, 12_500), ({}, None)]
)
def test_a_mass_is_read_in_its_own_unit(fields: dict[str, Any], mass_kg: int | None) -> None:
    """Kilograms as they stand, tonnes a thousandfold."""
    event, faults = read(**fields)
    assert (event and event.mass_kg, faults) == (mass_kg, ())


@pytest.mark.parametrize("fields", [{"mass_kg": 12_500, "mass_t": 12.5}, {"mass_kg": 1, "mass_t": 0}])
def test_a_mass_that_is_given_twice_is_refused(fields: dict[str, Any]) -> None:
    """Also where both say the same: which one counts is not for the reader to choose."""
    event, faults = read(**fields)
    assert event is None
    assert [(fault.column, fault.code) for fault in faults] == [("/mass_t", "given_twice")]


@pytest.mark.parametrize(
    ("energy", "log"),
    [
        ({"carrier": "Diesel", "amount_kg": 1.25}, EnergyLog("Diesel", 1_250)),
        ({"carrier": "Electric", "amount_kwh": "3.5"}, EnergyLog("Electric", 3_500)),
    ],
)
def test_energy_is_read_in_thousandths_of_its_unit(energy: dict[str, Any], log: EnergyLog) -> None:
    """Grams of fuel, watt-hours of electricity."""
    event, faults = read(event_type="ARRI", energy=energy)
    assert (event and event.energy, faults) == (log, ())


def test_no_evidence_beyond_the_limit() -> None:
    """As many as are allowed, in their order; not one more."""
    event, _ = read(evidence=[PHOTO] * MAX_EVIDENCE)
    assert event
    assert event.evidence == (Evidence("photo", "0" * 64),) * MAX_EVIDENCE
    event, faults = read(evidence=[PHOTO] * (MAX_EVIDENCE + 1))
    assert event is None
    assert [fault.column for fault in faults] == ["/evidence"]
