"""The bound of the whole on a statement: from stored runs alone, through corrections, in every form."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

from openpyxl import load_workbook

from optimizer import actions
from optimizer.accounts.calculation import calculate, part_of
from optimizer.accounts.statement_document import statement_csv, statement_json
from optimizer.accounts.whole import Whole, whole_of
from optimizer.documents.statement_files import statement_xlsx
from optimizer.documents.statement_words import statement_words
from optimizer.quantities import kilograms
from optimizer.store.engine import Store
from optimizer.waybills.codec import to_json
from tests.waybills.world import LATER, world_factors, world_waybills

S1, S2 = world_waybills()
PERIOD = "2026-10"


def test_a_statement_bounds_its_lots_together(settled: Store) -> None:
    """E1 shipped two lots, one logged and one modelled: expected as netted, credited as posted, the bound of both
    between the sum of their own bounds and the expectation."""
    statement = actions.statement(settled, "E1", PERIOD)
    whole = statement.whole
    assert whole is not None
    assert (whole.parts, whole.expected_g, whole.credited_g) == (2, statement.net_expected_g, statement.credited_g)
    assert whole.credited_g < whole.lower_g < whole.expected_g


def test_every_form_prints_the_same_bound(settled: Store) -> None:
    """JSON, CSV, workbook and the words of the PDF."""
    statement = actions.statement(settled, "E1", PERIOD)
    assert statement.whole is not None
    lower = kilograms(statement.whole.lower_g)
    document = json.loads(statement_json(statement))
    assert document["whole"]["lower_90_kg"] == lower
    assert document["whole"]["credited_lot_by_lot_kg"] == document["credited_kg"]
    (row,) = [row for row in csv.DictReader(io.StringIO(statement_csv(statement))) if row["kind"] == "bound_90"]
    assert (row["credited_kg"], row["expected_kg"]) == (lower, document["net_expected_kg"])
    for lang in ("zh", "en"):
        assert any(value.startswith(f"{lower} kg CO2e") for _, value in statement_words(statement, lang).head)
    cells = load_workbook(io.BytesIO(statement_xlsx(statement, "zh"))).worksheets[0].iter_rows(values_only=True)
    assert any(lower in str(cell) for line in cells for cell in line if cell)


def test_a_party_that_only_holds_the_memo_has_no_bound(settled: Store) -> None:
    """The receiver consigned nothing, so there is nothing to bound, and a dash says so."""
    statement = actions.statement(settled, "E3", PERIOD)
    assert (statement.whole, statement.unbounded_runs) == (None, 0)
    assert json.loads(statement_json(statement))["whole"] is None


def test_a_reversal_takes_its_lot_out_of_the_bound(settled: Store) -> None:
    """Booked in November, it stands there alone and negative, as uncertain as the lot was."""
    actions.reverse(settled, S1.number, 2, "the ticket was forged", LATER)
    november = actions.statement(settled, "E1", "2026-11")
    assert november.whole is not None
    assert november.whole.expected_g == november.net_expected_g < 0
    assert november.whole.credited_g == november.credited_g < 0
    assert november.whole.lower_g < november.whole.expected_g


def test_runs_from_before_are_named_and_not_guessed(settled: Store) -> None:
    """A run whose stored text keeps no error sources leaves the statement without a bound, and the words say why."""
    with settled.read() as session:
        run = next(iter(session.runs().values()))
    assert part_of(to_json(run)) is not None
    old = replace(run, inputs=replace(run.inputs, budget=False), result=replace(run.result, exposures=()))
    assert "exposures" not in to_json(old)
    assert "budget" not in to_json(old)
    assert part_of(to_json(old)) is None
    assert calculate(old.inputs, world_factors()) == old.result
    assert whole_of([(1, run.run_id)], {}) == Whole(None, 1)
    statement = replace(actions.statement(settled, "E1", PERIOD), whole=None, unbounded_runs=1)
    assert "restate them" in dict(statement_words(statement, "en").head)["90 % bound of the whole"]


def test_the_city_is_bounded_as_a_whole(settled: Store) -> None:
    """All three lots: what the statements expect and credit together, bounded higher than the statements' bounds add up
    to; a reversal takes its lot out, and as of before it nothing has changed."""
    parts = [actions.statement(settled, account, PERIOD) for account in ("E1", "E2")]
    city = actions.city_bound(settled).portfolio
    assert city is not None
    bounds = [item.whole for item in parts if item.whole is not None]
    assert city.parts == sum(bound.parts for bound in bounds) == 3
    assert city.expected_g == sum(item.net_expected_g for item in parts)
    assert city.credited_g == sum(item.credited_g for item in parts)
    assert city.lower_g >= sum(bound.lower_g for bound in bounds)
    with settled.read() as session:
        before_seq = session.last_seq()
    actions.reverse(settled, S2.number, 1, "the ticket was forged", LATER)
    assert actions.city_bound(settled, before_seq).portfolio == city
    left = actions.city_bound(settled).portfolio
    assert left is not None
    assert (left.parts, left.expected_g) == (2, parts[0].net_expected_g)
