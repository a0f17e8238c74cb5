"""Lookups choose one row deterministically and say how."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.factors import FactorTable
from optimizer.errors import FactorError
from optimizer.network.model import Mode
from tests.emissions.world import DAY, factor

WTW = Boundary.WTW_CO2E


def vessel_row(factor_id: str, low: float | None, high: float | None, **more: Any) -> Any:
    """A default row of a vessel class."""
    return factor(
        factor_id, mode="inland_waterway", uses=("default",), unit="tkm", ttw_kg=0.04, wtt_kg=0.01,
        size_min_t=low, size_max_t=high, **more,
    )  # fmt: skip


CLASSES = FactorTable(
    [vessel_row("tiny", 100.0, 200.0), vessel_row("small", 200.0, 400.0), vessel_row("big", 650.0, None)]
)


@pytest.mark.parametrize(
    ("size_t", "found", "code"),
    [
        (100.0, "tiny", "wider_region"),
        (399.9, "small", "wider_region"),
        (400.0, "small", "nearest_smaller"),
        (649.0, "small", "nearest_smaller"),
        (650.0, "big", "wider_region"),
        (1e6, "big", "wider_region"),
        (50.0, "tiny", "nearest_larger"),
    ],
)
def test_size_classes(size_t: float, found: str, code: str) -> None:
    """A gap goes to the smaller class, never the bigger; below all classes the smallest stands with a warning."""
    match = CLASSES.transport_default(Mode.INLAND_WATERWAY, size_t, DAY, WTW)
    assert (match.factor.factor_id, match.code) == (found, code)
    assert match.how.zh
    assert match.how.en


def test_of_two_smaller_classes_the_nearer_stands() -> None:
    """Whatever the names and the order of the rows."""
    rows = [vessel_row("a", 100.0, 200.0), vessel_row("b", 200.0, 400.0)]
    for table in (FactorTable(rows), FactorTable(rows[::-1])):
        assert table.transport_default(Mode.INLAND_WATERWAY, 500.0, DAY, WTW).factor.factor_id == "b"


def test_no_row_at_all_and_none_for_the_day_are_told_apart() -> None:
    """One asks for a source, the other for a version."""
    with pytest.raises(FactorError, match="No emission factor fits"):
        FactorTable([]).transport_default(Mode.RAIL, None, DAY, WTW)
    with pytest.raises(FactorError, match="is valid on 2020-01-01"):
        CLASSES.transport_default(Mode.INLAND_WATERWAY, 300.0, date(2020, 1, 1), WTW)


def test_a_sized_mode_needs_a_size() -> None:
    """Without a deadweight no vessel default is guessed."""
    with pytest.raises(FactorError):
        CLASSES.transport_default(Mode.INLAND_WATERWAY, None, DAY, WTW)


@pytest.mark.parametrize(
    ("region", "found", "code"),
    [("CN-ZJ", "zj", "exact"), ("CN-JS", "cn", "wider_region"), ("FR", "cn", "other_region")],
)
def test_regions(region: str, found: str, code: str) -> None:
    """The region's own row, then the country's, then another's, each under its own code."""
    table = FactorTable(
        [
            factor("cn", ttw_kg=3.0, wtt_kg=1.0),
            factor("zj", ttw_kg=3.1, wtt_kg=1.0, region="CN-ZJ"),
            factor("gb", ttw_kg=3.2, wtt_kg=1.0, region="GB"),
        ]
    )
    match = table.energy("Diesel", "road", DAY, WTW, region)
    assert (match.factor.factor_id, match.code) == (found, code)


def test_a_region_is_not_a_mere_prefix() -> None:
    """``CN-Z`` does not hold ``CN-ZJ``."""
    table = FactorTable([factor("z", ttw_kg=3.0, wtt_kg=1.0, region="CN-Z")])
    assert table.energy("Diesel", "road", DAY, WTW, "CN-ZJ").code == "other_region"


def test_reference_rows_are_never_picked() -> None:
    """A row kept for citation is found by its id only."""
    table = FactorTable([factor("cited", uses=("reference",), ttw_kg=3.0, wtt_kg=1.0)])
    assert table.get("cited", DAY).ttw_kg == 3.0
    with pytest.raises(FactorError):
        table.energy("Diesel", "road", DAY, WTW)


@pytest.mark.parametrize(
    "fields",
    [
        {"gas_basis": "CO2"},
        {"boundary": "unstated"},
        {"boundary": "ttw"},
        {"wtt_kg": None},
        {"ttw_kg": None},
    ],
)
def test_what_does_not_state_the_boundary_does_not_serve_it(fields: dict[str, Any]) -> None:
    """CO2-only, unstated or incomplete rows stay out of the WTW CO2e boundary."""
    table = FactorTable([factor("row", **{"ttw_kg": 3.0, "wtt_kg": 1.0, **fields})])
    with pytest.raises(FactorError):
        table.energy("Diesel", "road", DAY, WTW)


def test_versions_follow_each_other() -> None:
    """The version of the day is taken; before the first day there is none, and the refusal names the spans."""
    table = FactorTable(
        [
            factor("d", version="1", ttw_kg=3.0, wtt_kg=1.0, valid_to=date(2025, 12, 31)),
            factor("d", version="2", ttw_kg=3.1, wtt_kg=1.0, valid_from=date(2026, 1, 1)),
        ]
    )
    assert table.get("d", date(2025, 12, 31)).version == "1"
    assert table.get("d", date(2026, 1, 1)).version == "2"
    assert table.get("d").version == "2"
    assert table.energy("Diesel", "road", date(2025, 6, 1), WTW).factor.version == "1"
    for refused in (lambda: table.get("d", date(2024, 12, 31)),
                    lambda: table.energy("Diesel", "road", date(2024, 12, 31), WTW)):  # fmt: skip
        with pytest.raises(FactorError, match="2025-01-01"):
            refused()


def test_unknown_id() -> None:
    """An unknown id is refused by name."""
    with pytest.raises(FactorError, match="nothing-of-the-kind"):
        CLASSES.get("nothing-of-the-kind")


def test_table_version_moves_with_any_change() -> None:
    """Same rows in another order have the same version; one changed digit or note gives another."""
    one, two = factor("a", ttw_kg=3.0), factor("b", ttw_kg=3.0)
    version = FactorTable([one, two]).version
    assert FactorTable([two, one]).version == version
    assert FactorTable([one, factor("b", ttw_kg=3.0000001)]).version != version
    assert FactorTable([one, factor("b", ttw_kg=3.0, page="7")]).version != version
