"""What a bank reads: intensity, water share, and where an enterprise stands among its peers."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.accounts.city import CityAmounts
from optimizer.accounts.report import COLOURS, BankReport, percentile_among_peers
from tests.accounts.test_statement import of


def report(activity_kgkm: Mapping[str, int], actual_g: int) -> BankReport:
    """A report of these figures."""
    figures = {"lots": 1, "shipped_mass_kg": 1, "verified_mass_kg": 1, "baseline_g": 1, "expected_g": 1}
    more = {"credited_g": 1, "primary_credited_g": 0, "restatements": 0, "percentile": None, "peers": 0}
    return BankReport(
        of("E1.industry"), activity_kgkm=activity_kgkm, actual_g=actual_g, scale=COLOURS, **figures, **more
    )


def test_grams_per_tonne_kilometre_and_what_went_by_water() -> None:
    """3,000 t·km, two thirds of them by river and sea, 90 kg: 30 g/tkm; nothing moved has no intensity."""
    some = report({"InlandWaterway": 1_500_000, "Sea": 500_000, "Road": 1_000_000}, 90_000)
    assert (some.intensity_g_per_tkm, some.water_kgkm) == (30.0, 2_000_000)
    nothing = report({}, 0)
    assert (nothing.intensity_g_per_tkm, nothing.water_kgkm) == (None, 0)


def test_who_emits_less_for_each_tonne_kilometre_stands_higher() -> None:
    """By intensity, whatever the size: 20 g/tkm among peers at 10, 30 and 40 and one alike are 2.5 of 4 above."""
    grams = {"P1": (10, 9), "P2": (30, 1), "P3": (40, 5), "P4": (20, 7), "ME": (20, 3)}
    settled = {name: CityAmounts(actual_g=g * size, activity_kgkm=1000 * size) for name, (g, size) in grams.items()}
    assert percentile_among_peers("ME", settled) == (62, 4)
