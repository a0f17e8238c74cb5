"""The month generator: deterministic, calibrated, and the committed month is its output."""

from __future__ import annotations

import calendar
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.demo.generate import (
    BOX_T,
    DEMO_MONTH,
    DEMO_SEED,
    HEADER,
    MAX_COUNT,
    generate_shipments,
    write_shipments_csv,
)
from optimizer.demo.seed_files import Flow, read_flows, shipments_path
from optimizer.errors import InputError
from optimizer.quantities import KG_PER_T

FLOWS = read_flows()


def flow(**changes: object) -> Flow:
    """A weekly flow of 120 kt a year in lots of 500 t."""
    values: dict[str, object] = {
        "flow_id": "F1",
        "cargo_code": "coal",
        "origin": "A",
        "destination": "B",
        "kt_per_year": 120.0,
        "lot_t": 500.0,
        "frequency": "weekly",
        "cargo_value_yuan_per_t": 700.0,
        "max_days": 8.0,
        "shipper_id": "E01",
        "consignee_id": "E01",
        "splittable": True,
        "share_container": 0.0,
    }
    return Flow(**{**values, **changes})  # type: ignore[arg-type]


def test_the_committed_month_is_what_the_generator_writes(tmp_path: Path) -> None:
    """seeds/shipments.csv is the generator's output byte for byte, so nobody edits it by hand."""
    path = tmp_path / "shipments.csv"
    write_shipments_csv(generate_shipments(FLOWS, DEMO_MONTH, None, DEMO_SEED), path)
    assert path.read_bytes() == shipments_path().read_bytes()


def test_header_of_the_file_is_the_interface() -> None:
    """Columns stand in the order of the shipments file's description."""
    assert shipments_path().read_text(encoding="utf-8").splitlines()[0] == (
        "shipment_id,shipper_id,cargo_code,mass_t,origin,destination,ready_at,due_at,splittable,"
        "cargo_value_yuan_per_t,reference"
    )
    assert len(HEADER) == 11


def test_the_demo_month_has_about_1200_shipments_ready_in_october() -> None:
    """About 1,200 shipments, all ready within 2026-10-01..10-31, none due before it is ready."""
    shipments = generate_shipments(FLOWS, DEMO_MONTH, None, DEMO_SEED)
    assert 1150 <= len(shipments) <= 1250
    assert {(s.ready_at.year, s.ready_at.month) for s in shipments} == {(2026, 10)}
    assert all(s.due_at >= s.ready_at + timedelta(days=1) for s in shipments)


def test_kinds_of_shipments_have_their_shares() -> None:
    """About 8 % small lots, 4 % unsplittable, 4 % due within 48 hours; each share within half a point."""
    shipments = generate_shipments(FLOWS, DEMO_MONTH, 5000, 3)
    small = sum(s.mass_kg <= 120_000 for s in shipments if s.reference not in ("D08", "D21"))
    boxed = sum(s.reference in ("D08", "D21") for s in shipments)
    urgent = sum(s.due_at - s.ready_at <= timedelta(hours=48) for s in shipments)
    whole = sum(not s.splittable for s in shipments)
    assert small / (len(shipments) - boxed) == pytest.approx(0.08, abs=0.005)
    assert whole / len(shipments) == pytest.approx(0.04, abs=0.005)
    assert urgent / len(shipments) == pytest.approx(0.04, abs=0.005)
    assert all(s.mass_kg <= 700_000 for s in shipments if not s.splittable)


def test_boxed_cargo_comes_in_whole_boxes() -> None:
    """Flows that travel in boxes have masses of whole boxes; the others are weighed to 100 kg."""
    boxed = {item.flow_id for item in FLOWS if item.share_container == 1}
    assert boxed == {"D08", "D21"}
    for s in generate_shipments(FLOWS, DEMO_MONTH, None, DEMO_SEED):
        assert s.mass_kg % (BOX_T * KG_PER_T if s.reference in boxed else 100) == 0


def test_tonnage_follows_the_flows_when_no_count_is_given() -> None:
    """The month carries kt_per_year x days / 365 of every flow together, within 2 %."""
    expected_kg = sum(item.kt_per_year for item in FLOWS) * 1e6 * 31 / 365
    for seed in range(5):
        mass_kg = sum(s.mass_kg for s in generate_shipments(FLOWS, DEMO_MONTH, None, seed))
        assert mass_kg == pytest.approx(expected_kg, rel=0.02)


def test_thin_days_are_thin() -> None:
    """Sundays and the first three days of October see less than half of an ordinary weekday."""
    by_day = Counter(s.ready_at.day for s in generate_shipments(FLOWS, DEMO_MONTH, 20_000, 1))
    ordinary = [by_day[day] for day in range(5, 31) if calendar.weekday(2026, 10, day) < 5]
    usual = sum(ordinary) / len(ordinary)
    assert max(by_day[day] for day in (1, 2, 3, 4, 11, 18, 25)) < usual / 2


def test_a_monthly_flow_is_one_campaign_and_a_weekly_one_has_call_off_days() -> None:
    """Monthly: all within eight days. Weekly: three weekdays carry most of the lots."""
    monthly = generate_shipments([flow(frequency="monthly")], "2026-10", 200, 1)
    days = [s.ready_at.date() for s in monthly]
    assert max(days) - min(days) <= timedelta(days=7)
    weekly = Counter(s.ready_at.weekday() for s in generate_shipments([flow()], "2026-10", 1000, 1))
    assert sum(number for _, number in weekly.most_common(3)) > 700


def test_adding_a_flow_leaves_the_others_alone() -> None:
    """Each flow draws from its own generator."""
    alone = generate_shipments([flow()], "2026-10", None, 1)
    both = generate_shipments([flow(), flow(flow_id="F2", cargo_code="salt")], "2026-10", None, 1)
    assert [s for s in both if s.reference == "F1"] == alone


def test_another_seed_gives_another_month() -> None:
    """The seed matters."""
    assert generate_shipments(FLOWS, "2026-10", 100, 1) != generate_shipments(FLOWS, "2026-10", 100, 2)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(0, 300),
    seed=st.integers(0, 10**6),
    month=st.sampled_from(["2026-02", "2028-02", "2026-05", "2026-12"]),
)
def test_any_month_of_any_size(count: int, seed: int, month: str) -> None:
    """Exactly the count asked for, ids unique, sorted, ready in the month, positive masses, same again for the same
    seed."""
    shipments = generate_shipments(FLOWS, month, count, seed)
    assert len(shipments) == count
    assert len({s.shipment_id for s in shipments}) == count
    assert all((a.ready_at, a.shipment_id) < (b.ready_at, b.shipment_id) for a, b in pairwise(shipments))
    assert all(f"{s.ready_at:%Y-%m}" == month and s.mass_kg > 0 and s.due_at > s.ready_at for s in shipments)
    assert generate_shipments(FLOWS, month, count, seed) == shipments


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "October", "", "2026-10-01", "20261001"])
def test_a_month_that_is_none_is_refused_in_both_languages(month: str) -> None:
    """The refusal names the value and shows the right form."""
    with pytest.raises(InputError) as caught:
        generate_shipments(FLOWS, month, None, 1)
    (fault,) = caught.value.faults
    assert fault.code == "bad_month"
    assert "2026-10" in fault.message.zh
    assert "2026-10" in fault.message.en


@pytest.mark.parametrize("count", [-1, MAX_COUNT + 1])
def test_a_count_out_of_range_is_refused(count: int) -> None:
    """Negative and absurd counts are refused before any work is done."""
    with pytest.raises(InputError) as caught:
        generate_shipments(FLOWS, "2026-10", count, 1)
    assert caught.value.faults[0].code == "bad_count"


def test_no_flows_give_no_shipments() -> None:
    """An empty world is an answer, not an accident."""
    assert generate_shipments([], "2026-10", None, 1) == []
    with pytest.raises(InputError):
        generate_shipments([], "2026-10", 5, 1)
