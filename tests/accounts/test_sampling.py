"""Samples that their seed reproduces, and what is projected from them."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import random
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from optimizer.accounts.misstatement import (
    ABOVE,
    BELOW,
    OPEN,
    parse_sample,
    poisson_factor,
    roll_up,
    sample_csv,
)
from optimizer.accounts.population import COLUMNS, PopulationItem, control_totals, population_csv
from optimizer.accounts.sampling import MUS, RANDOM, draw, drawn_by, mus_size
from optimizer.errors import InputError


def item(place: int, credited_g: int) -> PopulationItem:
    """A settled lot with a book value."""
    return PopulationItem(
        place, f"t{place}", "SETTLE", f"MW{place}", 1, "2026-10", "", "E1", "coal", "primary", f"r{place}",
        *(1000, credited_g, 0, credited_g, credited_g),
    )  # fmt: skip


def lots(*credited_g: int) -> list[PopulationItem]:
    """A population of these book values."""
    return [item(place, amount) for place, amount in enumerate(credited_g, start=1)]


MANY = lots(*(random.Random(7).randrange(1, 100_000) for _ in range(2000)))


@example([1] * 20, 10, "every second gram", random.Random(0))
@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=60), st.integers(1, 80), st.text(max_size=5), st.randoms())
def test_a_draw_by_grams_takes_every_interval_once(
    values_g: list[int], size: int, seed: str, mixed: random.Random
) -> None:
    """Any population: the order it comes in changes nothing, what is as large as the interval is always drawn, nothing
    of zero grams ever is, and an item is hit when and only when a drawn gram lies in it (walked gram line by hand)."""
    items = lots(*values_g)
    total_g = sum(values_g)
    if total_g == 0:
        with pytest.raises(InputError):
            draw(items, MUS, size, seed, 9)
        return
    sample = draw(items, MUS, size, seed, 9)
    shuffled = list(items)
    mixed.shuffle(shuffled)
    assert draw(shuffled, MUS, size, seed, 9).items == sample.items
    interval_g = max(1, total_g // size)
    start = int.from_bytes(hashlib.sha256(f"{seed}|start".encode()).digest()) % interval_g
    line = sorted(
        (one for one in items if one.credited_wtw_g < interval_g),
        key=lambda one: hashlib.sha256(f"{seed}|{one.transaction_id}".encode()).digest(),
    )
    hit, begin_g = set(), 0
    for one in line:
        end_g = begin_g + one.credited_wtw_g
        if (end_g - start - 1) // interval_g > (begin_g - start - 1) // interval_g:
            hit.add(one.transaction_id)
        begin_g = end_g
    certain = {one.transaction_id for one in items if one.credited_wtw_g >= interval_g}
    assert {one.transaction_id for one in sample.items} == hit | certain
    assert sample.certain == certain


def test_every_lot_has_the_same_chance_in_a_random_sample() -> None:
    """Over 2,000 seeds of 5 out of 20 each lot is drawn about 500 times (sigma 19)."""
    items = lots(*range(1, 21))
    counts = dict.fromkeys((one.transaction_id for one in items), 0)
    for seed in range(2000):
        sample = draw(items, RANDOM, 5, str(seed), 9)
        assert len(sample.items) == 5
        for one in sample.items:
            counts[one.transaction_id] += 1
    assert max(abs(count - 500) for count in counts.values()) < 90


def test_a_heavy_lot_is_drawn_as_often_as_it_weighs() -> None:
    """By grams: 100 of 1,000 g with interval 250 has four chances in ten."""
    items = lots(100, *[9] * 100)
    seeds = 2000
    hits = sum(
        any(one.transaction_id == "t1" for one in draw(items, MUS, 4, str(seed), 9).items) for seed in range(seeds)
    )
    assert abs(hits / seeds - 0.4) < 0.04


def test_sizes_and_factors_of_the_textbook() -> None:
    """AICPA Audit Sampling, Poisson factors: 3.00, 4.75, 6.30 at 95 %, 2.31 and 3.89 at 90 %; 60 draws show 5 %."""
    assert [round(poisson_factor(k, 0.95), 2) for k in range(3)] == [3.0, 4.74, 6.3]
    assert [round(poisson_factor(k, 0.90), 2) for k in range(2)] == [2.3, 3.89]
    assert mus_size(0.95, 0.05) == 60
    for confidence, share in ((1.0, 0.05), (0.95, 0.0), (0.95, 1.0)):
        with pytest.raises(InputError):
            mus_size(confidence, share)


def test_a_clean_sample_of_the_needed_size_is_below_the_threshold() -> None:
    """Whatever the seed: no error in the planned number of draws bounds the misstatement below 5 %."""
    for seed in range(20):
        sample = draw(MANY, MUS, mus_size(0.95, 0.05), str(seed), 9)
        found = roll_up(sample, {one.transaction_id: one.credited_wtw_g for one in sample.items}, 0.95, 0.05)
        assert (found.projected_g, found.wrong, found.conclusion) == (0, 0, BELOW)


def test_the_stringer_bound_by_hand() -> None:
    """Interval 1,000: taintings 0.5 and 0.2 of sampled items, 300 g of a certain one, and 0.1 the other way."""
    sample = drawn_by(lots(2000, *[100] * 80), MUS, 1000, "s", 9)
    sampled = [one for one in sample.items if one.transaction_id not in sample.certain]
    assert len(sampled) == 8
    wrong = {sampled[0].transaction_id: 50, sampled[1].transaction_id: 80, sampled[2].transaction_id: 110, "t1": 1700}
    audited = {one.transaction_id: wrong.get(one.transaction_id, one.credited_wtw_g) for one in sample.items}
    found = roll_up(sample, audited, 0.95, 0.05)
    r = [2.995732, 4.743865, 6.295794]
    over = 300 + 1000 * (r[0] + (r[1] - r[0]) * 0.5 + (r[2] - r[1]) * 0.2)
    under = 1000 * (r[0] + (r[1] - r[0]) * 0.1)
    assert found.projected_g == 300 + 500 + 200 - 100
    assert found.overstatement_limit_g == pytest.approx(over, abs=2)
    assert found.understatement_limit_g == pytest.approx(under, abs=2)
    assert (found.wrong, found.known_g, found.conclusion) == (4, 300 + 50 + 20 - 10, ABOVE)


@pytest.mark.parametrize(("method", "size"), [(MUS, 60), (RANDOM, 200)])
def test_the_limit_covers_the_truth_as_often_as_it_says(method: str, size: int) -> None:
    """Books with 3 % overstatement spread over a tenth of the lots: over 300 seeds the 95 % limit lies above the truth
    at least 93 times in 100, and the projection is right on average."""
    rng = random.Random(3)
    truth = {
        one.transaction_id: one.credited_wtw_g * 7 // 10 if rng.random() < 0.1 else one.credited_wtw_g for one in MANY
    }
    wrong_g = sum(one.credited_wtw_g - truth[one.transaction_id] for one in MANY)
    covered, projected = 0, 0
    for seed in range(300):
        sample = draw(MANY, method, size, str(seed), 9)
        found = roll_up(sample, {one.transaction_id: truth[one.transaction_id] for one in sample.items}, 0.95, 0.05)
        covered += found.overstatement_limit_g is None or found.overstatement_limit_g >= wrong_g
        projected += found.projected_g
    assert covered >= 279
    assert projected / 300 == pytest.approx(wrong_g, rel=0.15)


def test_the_bounds_of_differences_by_hand() -> None:
    """Four lots of ten, overstated by 10, 20, 0 and 0 g: 75 g of all, and the t factor of three degrees (2.3534 at
    95 %) times ten standard errors on either side."""
    sample = draw(lots(*[100] * 10), RANDOM, 4, "s", 9)
    wrong = dict(zip((one.transaction_id for one in sample.items), (10, 20, 0, 0), strict=True))
    found = roll_up(sample, {name: 100 - grams for name, grams in wrong.items()}, 0.95, 0.05)
    margin = 2.353363 * 10 * math.sqrt(275 / 3) / 2 * math.sqrt(0.6)
    assert (found.projected_g, found.known_g, found.wrong) == (75, 30, 2)
    assert found.overstatement_limit_g == math.ceil(75 + margin)
    assert found.understatement_limit_g == math.ceil(margin - 75)


def test_a_random_sample_without_differences_does_not_pretend_to_know() -> None:
    """Difference estimation needs differences: without two there is no limit and no conclusion; the whole population
    examined is certain."""
    sample = draw(MANY, RANDOM, 50, "1", 9)
    same = {one.transaction_id: one.credited_wtw_g for one in sample.items}
    assert roll_up(sample, same, 0.95, 0.05).conclusion == OPEN
    every = draw(MANY, RANDOM, len(MANY), "1", 9)
    same = {one.transaction_id: one.credited_wtw_g for one in MANY}
    assert roll_up(every, same, 0.95, 0.05).conclusion == BELOW
    half = {name: value // 2 for name, value in same.items()}
    assert roll_up(every, half, 0.95, 0.05).conclusion == ABOVE


def test_sample_files_are_read_back_and_wrong_ones_name_their_rows() -> None:
    """Unfilled, filled with words, mixed of two draws, of another shape."""
    text = sample_csv(draw(MANY, MUS, 5, "a,b", 9))
    with pytest.raises(InputError) as refused:
        parse_sample(text)
    assert [fault.row for fault in refused.value.faults] == list(range(2, 2 + text.count("\n") - 1))
    for number in ("1" * 5000, "１２", "²"):
        with pytest.raises(InputError, match="audited grams"):
            parse_sample(text.replace(",,\n", f",{number},\n"))
    filled = text.replace(",,\n", ",12,\n")
    file = parse_sample(filled)
    assert (file.seed, file.last_seq, set(file.audited_g.values())) == ("a,b", 9, {12})
    other = sample_csv(draw(MANY, MUS, 5, "c", 9)).replace(",,\n", ",12,\n").split("\n", 1)[1]
    for wrong in (filled + other, "a,b\n1,2\n", filled.replace(",12,", ",1e3,", 1)):
        with pytest.raises(InputError):
            parse_sample(wrong)


def test_an_export_is_whole_and_its_digest_guards_every_cell() -> None:
    """Every figure of every item stands in the CSV; one gram more in one cell is another digest and another total."""
    totals = control_totals(MANY, 9, sum(one.credited_wtw_g for one in MANY))
    rows = list(csv.DictReader(io.StringIO(population_csv(MANY))))
    assert rows == [{name: str(getattr(one, name)) for name in COLUMNS} for one in MANY]
    assert totals.unexplained_g == 0
    altered = [replace(MANY[0], credited_wtw_g=MANY[0].credited_wtw_g + 1), *MANY[1:]]
    assert control_totals(altered, 9, totals.ledger_g).unexplained_g == -1
    assert control_totals(altered, 9, None).sha256 != totals.sha256
