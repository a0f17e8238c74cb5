"""The way from the published saving to ours: each cause by hand, all of them adding up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.demo.corridor import KINDS, Kind, Part, Rederived, Shift, Side
from optimizer.demo.corridor_gap import CAUSES, gap_steps

TABLES = Rederived(363.0, 26.3, 78.0, 51.3)


def shift(parts: dict[tuple[Side, Kind], Part], mass_t: float = 1000.0) -> Shift:
    """All other parts zero."""
    every: dict[tuple[Side, Kind], Part] = {(side, kind): Part() for side in ("baseline", "project") for kind in KINDS}
    return Shift(mass_t, 1, 0.0, {**every, **parts})


def test_each_cause_by_hand() -> None:
    """1,000 t: 300 km by truck at 50 g, 400 km by barge at 25 g of which a fifth is empties, 2 kg/t at the ends."""
    moved = shift(
        {
            ("baseline", "truck"): Part(tkm=300_000.0, wtw_kg=15_000.0),
            ("project", "vessel"): Part(tkm=400_000.0, wtw_kg=10_000.0),
            ("project", "hub"): Part(handled_t=2000.0, wtw_kg=2_000.0),
        }
    )
    steps = {step.code: step for step in gap_steps(moved, 2_000.0, TABLES, 9.53)}
    assert steps["method"].change_kg_per_t == pytest.approx(363 * (78 - 51.3) / 1000 - 9.53)
    assert steps["distance"].change_kg_per_t == pytest.approx(((300 - 363) * 78 - (400 - 363) * 51.3) / 1000)
    assert steps["truck_factor"].change_kg_per_t == pytest.approx(15 - 300 * 0.078)
    assert steps["vessel_class"].change_kg_per_t == pytest.approx(400 * 0.0513 - 8)
    assert steps["empties"].change_kg_per_t == pytest.approx(-2)
    assert steps["ends"].change_kg_per_t == pytest.approx(-2)
    assert steps["ends"].saving_kg_per_t == pytest.approx(15 - 10 - 2)


AMOUNT = st.floats(0.0, 1e7)
PART = st.builds(lambda tkm, kg: Part(tkm=tkm, wtw_kg=kg), AMOUNT, AMOUNT)


@given(st.lists(PART, min_size=12, max_size=12), st.floats(1.0, 1e6), AMOUNT)
def test_causes_always_add_up_to_ours(parts: list[Part], mass_t: float, empties_kg: float) -> None:
    """Whatever the month: from the published figure to baseline minus project, nothing left over."""
    keys = [(side, kind) for side in ("baseline", "project") for kind in KINDS]
    moved = shift(dict(zip(keys, parts, strict=True)), mass_t)  # type: ignore[arg-type]
    steps = gap_steps(moved, empties_kg, TABLES, 9.53)
    ours = (moved.side("baseline").wtw_kg - moved.side("project").wtw_kg) / mass_t
    assert steps[-1].saving_kg_per_t == pytest.approx(ours, rel=1e-9, abs=1e-6 * (1 + empties_kg / mass_t))
    assert [step.code for step in steps] == list(CAUSES)


def test_nothing_shifted_nothing_explained() -> None:
    """No division by the mass of nothing."""
    assert gap_steps(shift({}, 0.0), 0.0, TABLES, 9.53) == []
