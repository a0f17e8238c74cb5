"""The two boundaries cannot be mixed: not by a type checker's leave, not at run time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mypy import api

from optimizer.emissions.boundaries import TtwCo2, WtwCo2e
from optimizer.errors import BoundaryError

GRAMS = st.integers(-(10**15), 10**15)


@given(GRAMS, GRAMS, GRAMS)
def test_mixing_raises(ttw_g: int, wtt_g: int, co2_g: int) -> None:
    """Adding or subtracting across boundaries is refused, whichever stands first, with both languages."""
    wtw: Any = WtwCo2e(ttw_g, wtt_g)
    co2: Any = TtwCo2(co2_g)
    for mixed in (lambda: wtw - co2, lambda: co2 - wtw, lambda: wtw + co2, lambda: co2 + wtw):
        with pytest.raises(BoundaryError) as refusal:
            mixed()
        assert "边界" in refusal.value.text("zh")
        assert "boundary" in refusal.value.text("en")


@given(GRAMS, GRAMS, GRAMS, GRAMS)
def test_arithmetic_inside_a_boundary(a: int, b: int, c: int, d: int) -> None:
    """Inside one boundary amounts add and subtract part by part, exactly."""
    assert (WtwCo2e(a, b) + WtwCo2e(c, d)) - WtwCo2e(c, d) == WtwCo2e(a, b)
    assert (WtwCo2e(a, b) - WtwCo2e(c, d)).total_g == a + b - c - d
    assert (TtwCo2(a) + TtwCo2(b)) - TtwCo2(b) == TtwCo2(a)


def test_mixing_is_a_type_error(tmp_path: Path) -> None:
    """A type checker rejects every mixed line and accepts the unmixed one."""
    lines = [
        "from optimizer.emissions.boundaries import TtwCo2, WtwCo2e",
        "WtwCo2e(1, 1) - TtwCo2(1)",
        "TtwCo2(1) - WtwCo2e(1, 1)",
        "WtwCo2e(1, 1) + TtwCo2(1)",
        "TtwCo2(1) + WtwCo2e(1, 1)",
        "TtwCo2(1) + TtwCo2(1)",
    ]
    script = tmp_path / "mixing.py"
    script.write_text("\n".join(lines), encoding="utf-8")
    output, complaint, _ = api.run(["--strict", "--no-incremental", str(script)])
    assert re.findall(r"mixing\.py:(\d+): error", output) == ["2", "3", "4", "5"], output + complaint
