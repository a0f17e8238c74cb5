"""The bound of many lots together, from the error sources that their results keep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.emissions.chain import LoggedEnergy
from optimizer.emissions.portfolio import Exposure, Part, exposures_of, portfolio
from optimizer.emissions.reduction import Reduction, shift_v1, together
from optimizer.emissions.uncertainty import UNCERTAINTY, ErrorKind, ErrorSource
from tests.emissions.test_reduction import REDUCTIONS, TIERS, WTW, lot

DRAWS = 100_000


def part(reduction: Reduction, sign: int = 1) -> Part:
    """A reduction as a stored result keeps it."""
    version = reduction.uncertainty_version
    return Part(sign, reduction.expected_g, reduction.credited_g, version, exposures_of(reduction))


def lots_of_every_tier() -> list[Part]:
    """Thirty lots on one truck model, one vessel class, one set of terminals; ten of them logged apart."""
    energies = [
        replace(energy, log_id=f"V{number}") if isinstance(energy, LoggedEnergy) else energy
        for number in range(10)
        for energy in TIERS.values()
    ]
    return [part(shift_v1(*lot(energy), WTW)) for energy in energies]


def drawn(parts: Sequence[Part]) -> np.ndarray:
    """10^5 draws of the whole: every source once per draw, whatever lots it moves, and nothing of the method's own."""
    rng = np.random.default_rng(20261126)
    total = np.full(DRAWS, float(sum(one.sign * one.expected_g for one in parts)))
    factor: dict[str, np.ndarray] = {}
    for one in parts:
        for item in one.exposures:
            if item.key not in factor:
                spread = UNCERTAINTY.spread(ErrorSource(item.key, item.kind, item.rel))
                z = rng.standard_normal(DRAWS) * spread.sigma
                factor[item.key] = np.expm1(z) if spread.lognormal else z
            total += one.sign * item.exposed_g * factor[item.key]
    return total


@given(st.lists(REDUCTIONS, min_size=1, max_size=6))
def test_what_results_keep_gives_the_bound_of_the_reductions_themselves(reductions: list[Reduction]) -> None:
    """Storing loses nothing: the same expectation, and the same bound to the gram."""
    whole, exact = portfolio([part(one) for one in reductions]), together(reductions)
    assert whole is not None
    assert (whole.expected_g, whole.parts) == (exact.expected_g, len(reductions))
    assert whole.lower_g == math.floor(exact.lower_g)
    assert whole.standard_g == math.ceil(exact.standard_g)
    assert whole.credited_g == sum(one.credited_g for one in reductions)


@given(st.data(), st.lists(REDUCTIONS, min_size=1, max_size=6))
def test_the_order_of_lots_changes_nothing(data: st.DataObject, reductions: list[Reduction]) -> None:
    """Not even the last bit, so that a statement printed again is the same."""
    parts = [part(one) for one in reductions]
    assert portfolio(data.draw(st.permutations(parts))) == portfolio(parts)


@given(st.lists(REDUCTIONS, min_size=1, max_size=5))
def test_what_is_taken_back_leaves_no_trace(reductions: list[Reduction]) -> None:
    """A lot and its reversal expect nothing and are uncertain about nothing."""
    parts = [one for r in reductions for one in (part(r), part(r, -1))]
    whole = portfolio(parts)
    assert whole is not None
    assert (whole.expected_g, whole.standard_g, whole.lower_g, whole.credited_g, whole.largest) == (0, 0, 0, 0, ())


def test_the_bound_is_the_tenth_percentile_of_draws() -> None:
    """With lots that came in, one restated and one reversed: 10^5 draws agree within 4 % of the margin."""
    parts = lots_of_every_tier()
    restated = [replace(parts[1], sign=-1), replace(parts[1], expected_g=parts[1].expected_g - 400_000)]
    parts = [*parts, *restated, replace(parts[2], sign=-1)]
    whole = portfolio(parts)
    assert whole is not None
    margin_g = whole.expected_g - whole.lower_g
    assert whole.lower_g == pytest.approx(float(np.quantile(drawn(parts), 0.1)), abs=0.04 * margin_g)


def test_without_lognormal_sources_the_draws_agree_within_their_own_error() -> None:
    """Normal errors make a normal sum: the 10th percentile of N draws errs by about 1.7 deviations / root N."""
    normal = [one for place, one in enumerate(lots_of_every_tier()) if place % 3]
    whole = portfolio(normal)
    assert whole is not None
    draws = drawn(normal)
    error_g = 4 * 1.71 * whole.standard_g / math.sqrt(DRAWS)
    assert float(np.quantile(draws, 0.1)) == pytest.approx(whole.lower_g, abs=error_g)
    assert float(np.std(draws)) == pytest.approx(whole.standard_g, rel=4 / math.sqrt(2 * DRAWS))


def test_shared_errors_add_up_and_logs_average_away() -> None:
    """The bound of thirty lots lies between the sum of their bounds and that of independent lots; the largest source
    is the class model that most of them share."""
    parts = lots_of_every_tier()
    whole = portfolio(parts)
    alone = [portfolio([one]) for one in parts]
    assert whole is not None
    margins_g = [one.expected_g - one.lower_g for one in alone if one is not None]
    assert sum(margins_g) > whole.expected_g - whole.lower_g > math.sqrt(sum(margin**2 for margin in margins_g))
    assert [key.split(":")[0] for key, _ in whole.largest].count("logged") == 0
    assert sum(share for _, share in whole.largest) <= 1


def test_a_width_of_its_own_is_kept() -> None:
    """A factor that carries its own uncertainty keeps it in the stored result; the configured one is not repeated."""
    own = Exposure("combustion:Diesel", ErrorKind.ENERGY_FACTOR, 1000.0, 0.5)
    usual = own._replace(rel=None)
    wide, narrow = (portfolio([Part(1, 1000, 0, "uncertainty-v1", (item,))]) for item in (own, usual))
    assert wide is not None
    assert narrow is not None
    assert wide.standard_g == pytest.approx(10 * narrow.standard_g, abs=10)


def test_lots_that_save_nothing_for_certain_name_no_source() -> None:
    """Without variance nothing is the largest part of it."""
    certain = portfolio([Part(1, 0, 0, UNCERTAINTY.version, ())])
    assert certain is not None
    assert (certain.lower_g, certain.standard_g, certain.largest) == (0, 0, ())


def test_nothing_has_no_bound() -> None:
    """No lots, no portfolio; an unknown version of the widths is refused rather than guessed."""
    assert portfolio([]) is None
    with pytest.raises(KeyError):
        portfolio([Part(1, 0, 0, "uncertainty-v0", (Exposure("k", ErrorKind.DISTANCE, 1.0, None),))])
