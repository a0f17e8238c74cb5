"""One table that settles the reduction."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.accounts.calculation import figures_of
from optimizer.accounts.ledger import Bucket, Kind, Ledger, fold_balances
from optimizer.accounts.statement import DISCLAIMER, Movement, Seal, Statement, statement_of
from optimizer.accounts.statement_document import CSV_COLUMNS, movement_row, statement_csv, statement_json
from optimizer.quantities import kilograms, tonnes
from tests.accounts.small_books import seen_entry, settled_books
from tests.waybills.world import parties

BOOKS = settled_books()
PARTIES = {party.party_id: party for party in parties()}


def of(account_id: str, period: str = "2026-10", until_seq: int | None = None) -> Statement:
    """A statement from the small books."""
    account = BOOKS.accounts[account_id]
    known = [
        entry
        for entry in BOOKS.transactions
        if (until_seq is None or entry.seq <= until_seq)
        and any(line.account_id == account_id for line in entry.postings)
    ]
    return statement_of(
        account,
        PARTIES.get(account.party_id),
        period,
        fold_balances(entry for entry in known if entry.period < period),
        fold_balances(entry for entry in known if entry.period == period),
        [seen_entry(entry, account_id) for entry in known if entry.period == period],
        {run_id: figures_of(run) for run_id, run in BOOKS.runs.items()},
        {},
        closed=False,
        last_seq=max((entry.seq for entry in known), default=0) if until_seq is None else until_seq,
    )


@pytest.mark.parametrize("account_id", ["E1.industry", "E2.energy", "E3.building", "E9.transport"])
def test_opening_and_movements_make_the_closing(account_id: str) -> None:
    """In claim and attribution alike."""
    statement = of(account_id)
    closing = {(line.ledger, line.bucket): line.amount for line in statement.closing if not line.part}
    assert statement.opening == ()
    assert closing.get((Ledger.CLAIM, Bucket.AVAILABLE), 0) == statement.credited_g
    assert closing[Ledger.ATTRIBUTION, Bucket.AVAILABLE] == sum(item.attribution_g for item in statement.movements)


def test_a_reason_does_not_run_as_a_formula_in_csv() -> None:
    """An apostrophe before it keeps spreadsheet programs from reckoning it; JSON has it as it was given."""
    statement = of("E1.industry")
    reason = '=HYPERLINK("http://example.org","invoice")'
    told = replace(statement, movements=(statement.movements[0]._replace(memo=reason),))
    row = next(row for row in csv.DictReader(io.StringIO(statement_csv(told))) if row["seq"])
    assert row["memo"] == f"'{reason}"
    assert json.loads(statement_json(told))["movements"][0]["memo"] == reason


def test_the_next_period_opens_with_the_closing() -> None:
    """Nothing moves in November; opening and closing are October's closing."""
    october, november = of("E1.industry"), of("E1.industry", "2026-11")
    assert november.opening == november.closing == october.closing
    assert november.movements == ()


def test_movements_name_lot_tonnes_and_grams() -> None:
    """E1 shipped two lots of 300 t; each expected is baseline minus actual."""
    movements = of("E1.industry").movements
    assert [(item.lot_no, item.mass_kg, item.tier) for item in movements] == [
        (1, 300_000, "primary"),
        (2, 300_000, "modelled"),
    ]
    assert all(item.expected_g == item.baseline_g - item.actual_g for item in movements)
    assert all(item.claim_g == item.credited_g > 0 for item in movements)


def test_a_receiver_holds_memos_and_no_claim() -> None:
    """The consignee's statement shows all three lots and credits nothing."""
    statement = of("E3.building")
    assert len(statement.movements) == 3
    assert statement.credited_g == 0


def test_the_statement_as_of_an_earlier_entry() -> None:
    """Read up to before the settlements, it shows the reserve and no movement."""
    first = min(entry.seq for entry in BOOKS.settlements)
    statement = of("E1.industry", until_seq=2)
    assert first > 2
    assert statement.movements == ()
    assert statement.reserved_change_g > 0


def test_what_moved_is_told_by_kind() -> None:
    """Transfers in and out, retirements, and what lots were credited are three figures that do not mix."""
    statement, (lot, _) = of("E1.industry"), of("E1.industry").movements
    moves = [("TRANSFER", 7), ("TRANSFER", -2), ("RETIRE", -3), ("SETTLE", 10), ("REVERSE", -4)]
    told = replace(statement, movements=tuple(lot._replace(kind=kind, claim_g=grams) for kind, grams in moves))
    assert (told.transferred_g, told.retired_g, told.credited_g) == (5, 3, 6)


def test_what_may_be_disposed_of_is_claim_that_is_available() -> None:
    """Memo, activity and energy are no claim, and what is reserved is not there yet; over October nothing stays
    reserved."""
    october, before = of("E1.industry"), of("E1.industry", until_seq=2)
    assert october.available_g == october.credited_g > 0
    assert october.reserved_change_g == 0
    assert before.available_g == 0 < before.reserved_change_g


def test_a_correction_shows_the_new_run_less_the_one_it_replaces() -> None:
    """Every figure and every mode; a correction that changes nothing is naught all through."""
    first, second = BOOKS.settlements[0], BOOKS.settlements[-1]
    runs = {run_id: figures_of(run) for run_id, run in BOOKS.runs.items()}
    new, old = runs[first.run_id], runs[second.run_id]
    entry = seen_entry(first, "E1.industry")._replace(kind=Kind.RESTATE)

    def shown(replaced: str) -> Movement:
        account = BOOKS.accounts["E1.industry"]
        known = {first.transaction_id: replaced}
        made = statement_of(account, None, "2026-10", {}, {}, [entry], runs, known, closed=False, last_seq=9)
        return made.movements[0]

    changed, same = shown(second.run_id), shown(first.run_id)
    for name in ("mass_kg", "baseline_wtw_g", "actual_wtw_g", "expected_wtw_g", "credited_wtw_g"):
        field = name.replace("_wtw", "")
        assert getattr(changed, field) == getattr(new, name) - getattr(old, name)
        assert getattr(same, field) == 0
    modes = {*new.activity_kgkm, *old.activity_kgkm}
    assert {mode: changed.activity_kgkm.get(mode, 0) for mode in modes} == {
        mode: new.activity_kgkm.get(mode, 0) - old.activity_kgkm.get(mode, 0) for mode in modes
    }
    assert not any(same.activity_kgkm.values())


def test_a_statement_says_when_it_reaches_beyond_its_seal() -> None:
    """A movement after the last sealed entry always does; entries that no line names do while the month is open."""
    statement = of("E1.industry")
    last = max(item.seq for item in statement.movements)

    def beyond(sealed_seq: int, closed: bool) -> bool:
        return replace(statement, seal=Seal(9, b"", sealed_seq), closed=closed, last_seq=last + 2).beyond_seal

    assert not statement.beyond_seal
    assert (beyond(last - 1, True), beyond(last - 1, False)) == (True, True)
    assert (beyond(last, True), beyond(last, False)) == (False, True)
    assert (beyond(last + 2, True), beyond(last + 2, False)) == (False, False)


def test_json_has_exact_decimals_versions_and_the_notes() -> None:
    """Amounts are decimal strings that add up exactly; both languages say what the reduction is not."""
    document = json.loads(statement_json(of("E1.industry")))
    assert sum(Decimal(row["claim_kg"]) for row in document["movements"]) == Decimal(document["credited_kg"])
    assert document["note_zh"] == DISCLAIMER.zh
    assert "CCER" in document["note_en"]
    assert document["versions"]["network"] == ["tiny"]
    assert document["boundary"] == "wtw_co2e"
    assert document["party"]["credit_code"] == PARTIES["E1"].credit_code


def test_csv_has_opening_movements_and_closing() -> None:
    """The columns as documented; closing minus opening is the sum of the claims."""
    rows = list(csv.DictReader(io.StringIO(statement_csv(of("E1.industry")))))
    assert tuple(rows[0]) == CSV_COLUMNS
    kinds = [row["kind"] for row in rows]
    assert kinds == ["opening", "SETTLE", "SETTLE", "closing", "sum", *["note"] * 8]
    claims = [Decimal(row["claim_kg"]) for row in rows[:4]]
    assert claims[0] + claims[1] + claims[2] == claims[3]
    assert rows[1]["inland_waterway_tkm"] == "30000.000"
    for name in ("mass_t", "baseline_kg", "actual_kg", "expected_kg", "credited_kg", "claim_kg"):
        assert Decimal(rows[1][name]) + Decimal(rows[2][name]) == Decimal(rows[4][name])


def test_what_got_worse_is_netted_in_sight_and_never_credited_away() -> None:
    """A lot that got worse by 1,000 g: credits stay as they are, the net expected reduction falls."""
    whole = of("E1.industry")
    better, lot = whole.movements
    bad = lot._replace(expected_g=-1000, credited_g=0, claim_g=0)
    mixed = replace(whole, movements=(better, bad))
    assert mixed.credited_g == better.claim_g
    assert mixed.net_expected_g == better.expected_g - 1000
    assert mixed.worse == (bad,)
    document = json.loads(statement_json(mixed))
    assert (document["worse_lots"], document["worse_kg"]) == (1, "-1.000")
    assert Decimal(document["net_expected_kg"]) == Decimal(better.expected_g - 1000) / 1000


def test_the_effect_belongs_to_who_shipped() -> None:
    """A receiver's statement lists the lots, but neither credits nor net expected reduction are its own."""
    assert of("E3.building").net_expected_g == 0
    assert of("E1.industry").net_expected_g == sum(item.expected_g for item in of("E1.industry").movements)


def test_rows_written_fast_are_the_rows_of_json() -> None:
    """Movements are put into the text row by row: the bytes are those of the standard encoder, also where texts look
    like the place that they are put into."""
    statement = of("E1.industry")
    first, *rest = statement.movements
    odd = first._replace(
        memo='"movements": [] ,\n "x": "{}" 退回', waybill_number="", tier='"', run_id="\\", mass_kg=-5, credited_g=0
    )
    party = replace(PARTIES["E1"], name_en='"movements": []')
    for changed in (
        statement,
        replace(statement, movements=()),
        replace(statement, movements=(odd, *rest), party=party),
    ):
        text = statement_json(changed)
        assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n"
        assert len(json.loads(text)["movements"]) == len(changed.movements)
        rows = [movement_row(item) for item in changed.movements]
        assert [list(row.items()) for row in json.loads(text)["movements"]] == [list(row.items()) for row in rows]


@given(st.integers(-(10**20), 10**20))
def test_an_amount_is_printed_exactly(amount_g: int) -> None:
    """With its sign, three decimals and a digit before the point, as decimal arithmetic has it."""
    assert kilograms(amount_g) == tonnes(amount_g) == f"{Decimal(amount_g).scaleb(-3):.3f}"
