"""The corridor's tables re-add: what a reader sums up by hand is what stands in the last line."""

from __future__ import annotations

import csv
import io

import pytest

from optimizer.demo.corridor import break_even, rederived, shift_of, ways_of_counting
from optimizer.demo.corridor_steps import corridor_csv, parts_step, ways_step
from optimizer.emissions.factors import load_factors
from optimizer.network.reader import read_network
from tests.demo.test_corridor import FACTORS, NETWORK, waybills

SHIFT = shift_of(waybills(), NETWORK, FACTORS)
WAYS = ways_of_counting(SHIFT, FACTORS)


def test_the_parts_add_up_to_the_saving() -> None:
    """All parts with their signs give the last line, to the rounding of two decimals, and way (a)."""
    step = parts_step(SHIFT, rederived(read_network(), load_factors()), break_even(SHIFT, 9.53), 9.53)
    *parts, saved = [float(row[-1]) for row in step.texts("en")]
    assert sum(parts) == pytest.approx(saved, abs=0.005 * (len(parts) + 1))
    assert saved == pytest.approx(WAYS[0].saving_kg_per_t, abs=0.005)


def test_each_way_is_baseline_less_project() -> None:
    """Third figure = first - second, to the rounding."""
    for row in ways_step(SHIFT, WAYS).texts("zh"):
        baseline, project, saved = map(float, row[-3:])
        assert saved == pytest.approx(baseline - project, abs=0.011)


def test_the_file_holds_every_way_and_every_part() -> None:
    """corridor.csv: five ways and twelve parts with four decimals; the parts give way (a)."""
    rows = list(csv.DictReader(io.StringIO(corridor_csv(WAYS, SHIFT))))
    figures = {row["row"]: float(row["kg_per_t"]) for row in rows}
    assert len(figures) == 5 + 12
    sides = [sum(kg for name, kg in figures.items() if name.startswith(side)) for side in ("baseline", "project")]
    assert sides[0] - sides[1] == pytest.approx(figures["way a"], abs=0.001)
