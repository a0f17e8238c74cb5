"""The bench of footprints: the same file for both, the same answer as the command, a result that can be stored."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

from optimizer.bench.chains import write_chains
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.footprint import BARE, OURS, FootprintBench, Task, compute_file, multiply_file, run
from optimizer.quantities import CHINA_TIME

AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)


def test_chains_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    """And whole: four rows each, every one computable."""
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_chains(tmp_path / name, 4_001, seed)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c
    assert a.count(b"\n") == 4_001


def test_both_methods_write_every_row(tmp_path: Path) -> None:
    """Ours has a total per chain more; barge rows agree where the bare product uses the right rate."""
    source = tmp_path / "chains.csv"
    write_chains(source, 400, 1)
    for work, name in ((compute_file, "ours"), (multiply_file, "bare")):
        assert work(Task(source, tmp_path / name)).wall_s > 0
    ours = [line for line in csv.DictReader((tmp_path / "ours").open(encoding="utf-8")) if line["seq"]]
    bare = list(csv.DictReader((tmp_path / "bare").open(encoding="utf-8")))
    assert len(ours) == len(bare) == 400
    same = [(o, b) for o, b in zip(ours, bare, strict=True) if o["factor_id"] == "iww-motor-vessel-650-999-wtw"]
    assert same
    for mine, theirs in same:
        assert abs(float(mine["co2e_wtw_kg"]) - float(theirs["co2e_wtw_kg"])) < 1e-4


def test_a_result_can_be_stored() -> None:
    """A value per run and method, ours beside its baseline."""
    result = run(FootprintBench(AT, legs=4_000, runs=1))
    assert result_from_json(result_to_json(result), "x") == result
    assert [method.name for method in result.methods] == [OURS, BARE]
    assert [method.baseline for method in result.methods] == [False, True]
    assert result.settings == {"legs": 4_000}
