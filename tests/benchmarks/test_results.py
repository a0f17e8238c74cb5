"""The stored results: readable, consistent, and what the documents say."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.record import Result
from optimizer.bench.table import MAIN, block, summary, with_block

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "results"
ORDER = (
    *(
        "plan",
        "plan_sizes",
        "plan_caps",
        "plan_cuts",
        "plan_corridors",
        "plan_frontier",
        "plan_offers",
        "quote",
        "footprint",
        "proof",
    ),
    *("settle", "audit", "evidence", "statement", "duplicates", "serve", "pages", "city", "mcf", "mcnd"),
)
"""In the order of the README, as the Makefile has it."""
WITHOUT_BASELINE = ("pages", "city")
"""Pages of the product: nothing else draws them."""
SHOWN = tuple(name for name in ORDER if (RESULTS / f"{name}.json").exists())


def stored(name: str) -> Result:
    """A stored result."""
    file = RESULTS / f"{name}.json"
    return result_from_json(file.read_text(encoding="utf-8"), file.name)


def test_the_documents_show_the_stored_results() -> None:
    """Their blocks are what `modalshift bench table` makes of them; `make bench` writes all three."""
    results = [stored(name) for name in SHOWN]
    for name, made in (("README.md", summary(results)), ("tests/benchmarks/FIGURES.md", block(results))):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert with_block(text, made, name) == text


def test_every_main_table_has_a_stored_result_with_its_figures() -> None:
    """The README's choice names benches and figures that exist."""
    results = {result.bench: result for result in map(stored, SHOWN)}
    for bench, names in MAIN.items():
        assert set(names) <= {figure.name for method in results[bench].methods for figure in method.figures}, bench


def test_every_stored_result_is_shown() -> None:
    """Nothing is measured and then left out."""
    assert {file.stem for file in RESULTS.glob("*.json")} == set(SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_a_stored_result_is_as_it_was_written(name: str) -> None:
    """Named as its bench, a value per run (or one where nothing varies), the product beside at least one baseline."""
    result = stored(name)
    assert result_to_json(result) == (RESULTS / f"{name}.json").read_text(encoding="utf-8")
    assert result.bench.replace(" --", "_") == name
    alone = name in WITHOUT_BASELINE
    assert {method.baseline for method in result.methods} == ({False} if alone else {False, True})
    for method in result.methods:
        for figure in method.figures:
            assert len(figure.values) in (1, result.runs), figure.name


@pytest.mark.parametrize("bench", [name for name in ("plan", "plan_offers") if name in SHOWN])
def test_stored_bounds_and_plans_do_not_contradict_each_other(bench: str) -> None:
    """No proven bound of any run exceeds any plan of any run: they are of one program. The road is a plan as well.
    CP-SAT's bound is on whole shares and may."""
    result = stored(bench)
    known = {
        name: [
            value
            for method in result.methods
            for figure in method.figures
            if figure.name == name and not (name == "bound" and method.name == "cp_sat")
            for value in figure.values
            if value is not None
        ]
        for name in ("bound", "objective")
    }
    assert max(known["bound"]) <= min(known["objective"])
    road = result.method("all_road").figure("objective")
    assert road is not None
    assert road.median == max(known["objective"])
