"""What an auditor draws from a database: population, samples, overlaps, delays; on both databases."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from optimizer import actions
from optimizer.accounts.audit.overlaps import CLAIM_COLUMNS, parse_claims
from optimizer.accounts.misstatement import BELOW, parse_sample, sample_csv
from optimizer.actions.examining import examine_overlaps, examine_timeliness
from optimizer.actions.sampling import draw_sample, evaluate_sample, population
from optimizer.errors import ConflictError, InputError
from optimizer.quantities import iso
from optimizer.store.engine import Store
from optimizer.waybills.event import EventType
from tests.accounts.small_books import FUEL_LOGS
from tests.store.conftest import allow_changes
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
    world_waybills,
)

S1, S2 = world_waybills()


def test_the_population_is_every_settled_lot_and_adds_up_to_the_ledger(settled: Store) -> None:
    """Three lots, no unexplained gram; after a reversal its lot stands at zero; the books of before still
    give the export of before, digest and all."""
    before = population(settled)
    assert {item.lot for item in before.items} == {f"{S1.number}/1", f"{S2.number}/1", f"{S1.number}/2"}
    assert (before.totals.lots, before.totals.unexplained_g, before.totals.reversed_lots) == (3, 0, 0)
    assert before.totals.mass_kg == 750_000
    actions.reverse(settled, S1.number, 1, "test", LATER)
    after = population(settled)
    assert (after.totals.lots, after.totals.unexplained_g, after.totals.reversed_lots) == (3, 0, 1)
    assert after.totals.credited_wtw_g == before.totals.credited_wtw_g - next(
        item.credited_wtw_g for item in before.items if item.lot == f"{S1.number}/1"
    )
    assert population(settled, until_seq=before.totals.last_seq) == before
    assert {item.lot for item in population(settled, "2026-11").items} == {f"{S1.number}/1"}
    assert population(settled, "2026-10").totals.unexplained_g is None
    for wrong in ("October", "2026-13", "2026-1"):
        with pytest.raises(InputError):
            population(settled, wrong)


def test_a_gram_in_the_run_that_was_never_posted_is_unexplained(settled: Store, raw: Connection) -> None:
    """The columns of a run are altered by hand: the export no longer adds up to the balances."""
    allow_changes(raw, "calculation_runs")
    raw.exec_driver_sql("UPDATE calculation_runs SET credited_wtw_g = credited_wtw_g + 1 WHERE credited_wtw_g > 0")
    assert population(settled).totals.unexplained_g in (-1, -2, -3)


def test_a_sample_is_drawn_again_before_it_is_believed(settled: Store) -> None:
    """Filled in honestly it is rolled up, also after the books moved on; with a row left out, or another seed
    written over it, it is refused."""
    sample = draw_sample(settled, "mus", 60, "seed")
    filled = "".join(
        line if number == 0 else line.replace(",,\n", f",{line.split(',')[9]},\n")
        for number, line in enumerate(sample_csv(sample).splitlines(keepends=True))
    )
    actions.retire(settled, "E1.industry", 1000, "R1", "test", LATER)
    actions.reverse(settled, S2.number, 1, "test", LATER)
    assert evaluate_sample(settled, parse_sample(filled), 0.95, 0.05).conclusion == BELOW
    lines = filled.splitlines(keepends=True)
    for wrong in ("".join(lines[:-1]), filled.replace("mus,", "random,").replace("seed,", "other,", 1)):
        with pytest.raises((ConflictError, InputError)):
            evaluate_sample(settled, parse_sample(wrong), 0.95, 0.05)
    with pytest.raises(InputError):
        evaluate_sample(settled, parse_sample(filled), 1.0, 0.05)
    with pytest.raises(InputError):
        draw_sample(settled, "haphazard")


def claims(*rows: str) -> str:
    """A list of another scheme."""
    return "\n".join([",".join(CLAIM_COLUMNS), *rows]) + "\n"


def test_lots_claimed_elsewhere_are_found_by_document_digest_and_loading(settled: Store) -> None:
    """Each way of being the same transport finds its lot; near misses (another time, mass, place, vessel) find none."""
    load = next(
        item
        for item in all_events([S1], FUEL_LOGS)
        if item.event_type is EventType.LOAD and item.lot_no == 1 and item.evidence
    )
    berth = f"{load.vessel_id},{load.location_id}"
    near, far = iso(load.event_time + timedelta(hours=11)), iso(load.event_time + timedelta(hours=13))
    text = claims(
        f"VCS,1,{S2.number},,,,,",
        f"VCS,2,,{load.evidence[0].sha256},,,,",
        f"VCS,3,,,{berth},{near},300.1",
        f"VCS,4,,,{berth},{far},300",
        f"VCS,5,,,{berth},{near},301",
        f"VCS,6,,,{load.vessel_id},DOWN,{near},300",
        f"VCS,7,,,CN1,{load.location_id},{near},300",
        "VCS,8,NOBODY,,,,,",
    )
    found = examine_overlaps(settled, parse_claims(text))
    assert [(item.record, item.message.en.split(": ")[1].split(" of ")[0]) for item in found] == [
        (f"waybill {S2.number}/1", "1"),
        (f"waybill {S1.number}/1", "2"),
        (f"waybill {S1.number}/1", "3"),
    ]


@pytest.mark.parametrize(
    "row",
    [
        "VCS,1,,,,,,",
        "VCS,1,,,V1,UP,yesterday,3",
        "VCS,1,,,V1,UP,2026-10-05T08:00,heavy",
        "VCS,1,,,V1,UP,,",
        "VCS,1,,,V1,UP,2026-10-05T08:00,1e999999",
        "VCS,1,,,V1,UP,0001-01-01T00:00:00+14:00,3",
    ],
)
def test_a_claim_that_says_nothing_is_named_by_its_row(row: str) -> None:
    """Nothing to compare by, or a cell that cannot be read."""
    with pytest.raises(InputError) as refused:
        parse_claims(claims("VCS,0,MW1,,,,,", row))
    assert [fault.row for fault in refused.value.faults] == [3]
    with pytest.raises(InputError):
        parse_claims("scheme\n")
    before = csv.field_size_limit(1_000_000)
    try:  # Whatever another library lets the reader of this process take.
        with pytest.raises(InputError, match="no CSV that can be read"):
            parse_claims(claims('"' + "x" * 200_000))
    finally:
        csv.field_size_limit(before)
    assert parse_claims(claims("VCS,0,MW1,,,,,").replace("\n", "\r")) == parse_claims(claims("VCS,0,MW1,,,,,"))


def test_every_lot_is_in_one_place_and_delays_are_measured(store: Store) -> None:
    """Nothing reported: all under way, and overdue once it is late. Half reported: one waiting job. Settled: all
    settled; what arrived or settled later than the limit is named."""
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    calm = examine_timeliness(store, ISSUED_AT, timedelta(days=30))
    assert (calm.lots["under_way"], calm.findings) == (3, ())
    overdue = examine_timeliness(store, S1.due_at + timedelta(days=31), timedelta(days=30))
    assert [item.code for item in overdue.findings] == ["never_delivered"] * 3
    actions.record(store, all_events(issued[1:], FUEL_LOGS), LATER)
    waiting = examine_timeliness(store, LATER, timedelta(days=40))
    assert (waiting.lots["open_job"], waiting.lots["under_way"]) == (1, 2)
    actions.record(store, all_events(issued[:1], FUEL_LOGS), LATER)
    actions.settle(store, world_network(), world_factors(), LATER)
    done = examine_timeliness(store, LATER, timedelta(days=20))
    assert sum(done.lots.values()) == done.issued == done.lots["settled"] == 3
    assert done.settling.count == 3
    codes = {item.code for item in done.findings}
    assert codes == {"reported_late", "settled_late"}
    assert done.reporting.late == sum(item.code == "reported_late" for item in done.findings)
    assert done.reporting.median_days <= done.reporting.p95_days <= done.reporting.largest_days
    assert examine_timeliness(store, LATER, timedelta(days=40)).findings == ()
