"""A quote for a few kilograms tries no more ways than one for a tonne: to the fen nearly all of them cost the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from optimizer.cli import cli
from optimizer.planning.quote.chains import ChainTable


def sailings_tried(monkeypatch: pytest.MonkeyPatch, mass_t: str, most: int) -> int:
    """Pairs of departures that were kept on the way to a quote on the shipped network; stopped above ``most``."""
    tried, pairs = [0], ChainTable._pairs

    def counted(*words: object) -> object:
        found = pairs(*words)  # type: ignore[arg-type]
        tried[0] += len(found)
        assert tried[0] <= most, f"{tried[0]} pairs of departures for {mass_t} t"
        return found

    with monkeypatch.context() as patch:
        patch.setattr(ChainTable, "_pairs", counted)
        words = ["quote", "ZP", "QJ", "--cargo", "coal", "--mass-t", mass_t, "--ready-at", "2026-10-08"]
        result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    return tried[0]


def test_a_kilogram_is_quoted_like_a_tonne(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It took minutes and gigabytes: nothing was beaten by more than roundings could hide."""
    monkeypatch.chdir(tmp_path)
    tonne = sailings_tried(monkeypatch, "1", 100_000)
    assert sailings_tried(monkeypatch, "0.001", 2 * tonne + 100) <= 2 * tonne + 100
