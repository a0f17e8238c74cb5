"""``modalshift quote`` on the shipped network: words in, tables or JSON out, every fault at once."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from optimizer.cli import cli
from optimizer.cli.quote import shipment_of
from optimizer.errors import ShipmentDataError
from optimizer.network.reader import read_network

COAL = ("ZP", "QJ", "--cargo", "coal", "--mass-t", "1600", "--ready-at", "2026-11-03T08:00")


def run(*words: str) -> Result:
    """One command line in this process."""
    return CliRunner().invoke(cli, ["quote", *words])


def document(*words: str) -> Any:
    """What --json prints, with exact numbers."""
    result = run(*words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout, parse_float=Decimal)


def test_options_stand_beside_the_road_leg_by_leg_in_both_languages() -> None:
    """The road first, labels and savings, each leg with its mode and places, assumptions in words."""
    chinese, english = run(*COAL), run(*COAL, "--lang", "en")
    assert (chinese.exit_code, english.exit_code) == (0, 0)
    first = next(line for line in chinese.stdout.splitlines() if "│ 1 " in line)
    assert "公路直达" in first
    for word in ("推荐", "最快", "最低碳", "内河", "装卸", "ZP-QJ", "假定：", "排放因子："):
        assert word in chinese.stdout
    cells = [cell.strip() for line in chinese.stdout.splitlines() for cell in line.split("│")]
    assert {"模型", "假定", "2 主程", "1 码头"} <= set(cells)
    assert not any(word in chinese.stdout for word in ("modelled", "assumed", "main", "hub ", "sfd"))
    for word in ("Recommended", "[fastest]", "River", "hub", "ZP-QJ", "Assumed: ", "Emission factors: "):
        assert word in english.stdout


def test_the_json_re_adds_exactly() -> None:
    """Each option's amounts are the sums of its legs, its saving the road minus itself, to the last digit."""
    answer = document(*COAL)
    road = answer["baseline"]["amounts"]
    assert answer["versions"].keys() == {"product", "network", "factors"}
    for option in [*answer["options"], *answer["pareto"], answer["baseline"], answer["water"]]:
        for key in ("cost_yuan", "co2e_ttw_kg", "co2e_wtw_kg"):
            assert option["amounts"][key] == sum(leg[key] for leg in option["legs"])
            assert option["saving"][key] == road[key] - option["amounts"][key]
    assert "recommended" in answer["options"][0]["labels"]


def test_places_and_cargo_may_be_named() -> None:
    """A full name means what the id means, in either language."""
    network = read_network()
    place, cargo = network.locations["ZP"], network.cargo["coal"]
    by_id = document(*COAL)
    assert document(place.name_zh, "QJ", "--cargo", cargo.name_zh, *COAL[4:]) == by_id
    assert document(place.name_en, "QJ", "--cargo", cargo.name_en, *COAL[4:]) == by_id


def test_every_fault_is_listed_at_once_by_its_word() -> None:
    """Exit 2, nothing on stdout, one line for each word to mend and none for a due time that nobody gave."""
    result = run("ZPP", "QJ", "--cargo", "coil", "--mass-t", "-4", "--ready-at", "soon", "--value", "much")
    assert (result.exit_code, result.stdout) == (2, "")
    assert {line.split(": ")[0] for line in result.stderr.splitlines()[1:]} == {
        "quote:ORIGIN",
        "quote:--cargo",
        "quote:--mass-t",
        "quote:--ready-at",
        "quote:--value",
    }
    assert result.stderr.splitlines()[0].endswith("未写入任何内容。")
    assert "5" in result.stderr.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("ZP", "ZP", *COAL[2:]), "DESTINATION"),
        ((*COAL, "--due-at", "2026-11-01"), "--due-at"),
        ((*COAL, "--due-at", "then"), "--due-at"),
    ],
)
def test_words_that_contradict_each_other_are_refused(words: tuple[str, ...], named: str) -> None:
    """The same place twice, a due time before the ready time, no time at all."""
    result = run(*words)
    assert result.exit_code == 2
    assert f"quote:{named}:" in result.stderr


def test_ready_now_and_due_in_two_weeks_by_default() -> None:
    """Only the present moment of the command line enters; the due time follows from it."""
    before = datetime.now().astimezone().replace(microsecond=0)
    shipment = document(*COAL[:6])["shipment"]
    ready_at, due_at = (datetime.fromisoformat(shipment[key]) for key in ("ready_at", "due_at"))
    assert before <= ready_at <= datetime.now().astimezone()
    assert due_at - ready_at == timedelta(days=14)


def test_a_shipment_nobody_can_move_is_an_answer_with_exit_1() -> None:
    """Coal on an ore island: no terminal, no road; the reason is given."""
    result = run("LH", *COAL[1:])
    assert result.exit_code == 1
    assert "没有装卸 coal 的码头" in result.stdout


def test_faults_of_words_are_input_errors() -> None:
    """The reading of the words on its own: columns in, a shipment out, or every fault."""
    words = {
        "origin": "ZP",
        "destination": "QJ",
        "cargo_code": "coal",
        "mass_t": "0.001",
        "ready_at": "2026-10-01",
        "due_at": "",
        "cargo_value_yuan_per_t": "",
    }
    shipment = shipment_of(words, read_network())
    assert (shipment.mass_kg, shipment.due_at - shipment.ready_at) == (1, timedelta(days=14))
    with pytest.raises(ShipmentDataError) as caught:
        shipment_of({**words, "ready_at": ""}, read_network())
    assert [fault.column for fault in caught.value.faults] == ["--ready-at"]


def test_the_calculation_sheet_is_written_beside_the_quote(tmp_path: Path) -> None:
    """In the format of the file's name; its totals are those of the JSON, and equal words give equal bytes."""
    written = {}
    for suffix in ("txt", "json", "xlsx"):
        out = tmp_path / f"sheet.{suffix}"
        result = run(*COAL, "--lang", "en", "--explain", str(out))
        assert result.exit_code == 0, result.stderr
        assert "Recomputed to the gram" in result.stdout
        written[suffix] = out.read_bytes()
        run(*COAL, "--lang", "en", "--explain", str(out))
        assert out.read_bytes() == written[suffix]
    answer, sheet = document(*COAL), json.loads(written["json"])
    by_title = {one["title"]["en"]: one for one in sheet["options"]}
    for option in answer["options"]:
        assert by_title[option["title"]["en"]]["co2e_wtw_g"] == option["amounts"]["co2e_wtw_kg"] * 1000
    assert written["txt"].startswith(b"Calculation sheet")


def test_json_stays_json_with_a_sheet(tmp_path: Path) -> None:
    """Nothing else is printed; another suffix is a fault of the words and nothing is written."""
    assert document(*COAL, "--explain", str(tmp_path / "a.json"))["verdict"]
    result = run(*COAL, "--explain", str(tmp_path / "a.pdf"))
    assert result.exit_code == 2
    assert not (tmp_path / "a.pdf").exists()
