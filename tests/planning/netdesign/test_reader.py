"""The public formats: what they say, and every fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.errors import InputError
from optimizer.planning.netdesign import read_instance

LINEAR = "3\n2\n1\n1 2 5 10\n2 3 6 10\n1 3 4\n"
CANAD = " TITLE:\n 3 2 1\n 1 2 5 10 100 1 1\n 2 3 6 10 200 1 2\n 1 3 4\n"


def test_both_formats_are_read(tmp_path: Path) -> None:
    """Nodes count from 0 inside; the Canad file has fixed costs, the other none."""
    (tmp_path / "grid0").write_text(LINEAR)
    (tmp_path / "c0.dow").write_text(CANAD)
    linear, canad = read_instance(tmp_path / "grid0"), read_instance(tmp_path / "c0.dow")
    for instance in (linear, canad):
        assert (instance.nodes, instance.arcs, instance.commodities) == (3, 2, 1)
        assert instance.tail.tolist() == [0, 1]
        assert instance.unit_cost.tolist() == [5, 6]
        assert (instance.origin[0], instance.destination[0], instance.demand[0]) == (0, 2, 4)
    assert linear.linear
    assert canad.fixed_cost.tolist() == [100, 200]


def test_all_faults_come_at_once_with_their_lines(tmp_path: Path) -> None:
    """A node beyond the last, a word for a number, a line too short, equal ends, a line too many."""
    file = tmp_path / "c1.dow"
    file.write_text("t\n3 3 2\n1 9 5 10 100\n1 2 x 10 100\n2 3 6\n1 1 4\n1 3 -4\n7 7 7\n")
    with pytest.raises(InputError) as caught:
        read_instance(file)
    found = [(fault.file, fault.row, fault.code) for fault in caught.value.faults]
    assert found == [
        ("c1.dow", 3, "bad_head"),
        ("c1.dow", 4, "bad_unit_cost"),
        ("c1.dow", 5, "too_few_numbers"),
        ("c1.dow", 6, "same_ends"),
        ("c1.dow", 7, "bad_demand"),
        ("c1.dow", 8, "left_over"),
    ]


@pytest.mark.parametrize("word", ["1_0", "４", "nan", "inf", "1e999", "0x4", "-4"])
def test_what_is_no_plain_number_is_refused_in_its_line(tmp_path: Path, word: str) -> None:
    """Python reads some of these as numbers; a file that holds them was meant otherwise."""
    file = tmp_path / "c2.dow"
    file.write_text(CANAD.replace("1 3 4", f"1 3 {word}"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_instance(file)
    assert [(fault.row, fault.code) for fault in caught.value.faults] == [(5, "bad_demand")]


@pytest.mark.parametrize(
    "text",
    ["", "3\n", "a\n2\n1\n", "3 2\n2\n1\n", "3\n2\n0\n", "3_0\n2\n1\n", "9" * 5000 + "\n2\n1\n", "3\n2\n1\n1 2 5 10\n"],
)
def test_what_ends_early_or_counts_wrongly_is_refused(tmp_path: Path, text: str) -> None:
    """With faults, never with a traceback."""
    (tmp_path / "grid1").write_text(text)
    with pytest.raises(InputError) as caught:
        read_instance(tmp_path / "grid1")
    assert caught.value.faults


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """One sentence."""
    with pytest.raises(InputError, match="none"):
        read_instance(tmp_path / "none")
