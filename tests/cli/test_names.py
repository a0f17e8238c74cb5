"""``modalshift places``, ``cargoes``, ``vessels``, ``waybill list``: what there is to name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from optimizer import actions
from optimizer.network.reader import read_network
from optimizer.planning.routing.places import cargo_index, location_index
from tests.cli.test_waybill_void import run
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    parties,
    shipments,
    world_network,
    world_plan,
)

NETWORK = read_network()


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    """The records that a verb prints as JSON."""
    capsys.readouterr()
    assert run(*words, "--json") == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_every_listed_name_may_stand_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Ids and the names of both languages; nothing of the network is left out."""
    found, goods = listed(capsys, "places"), listed(capsys, "cargoes")
    assert [place["location_id"] for place in found] == list(NETWORK.locations)
    assert [cargo["cargo_code"] for cargo in goods] == list(NETWORK.cargo)
    where, what = location_index(NETWORK), cargo_index(NETWORK)
    for place in found:
        for column in ("location_id", "name_zh", "name_en"):
            assert where.find(place[column]) == NETWORK.locations[place["location_id"]]
    for cargo in goods:
        for column in ("cargo_code", "name_zh", "name_en"):
            assert what.find(cargo[column]) == NETWORK.cargo[cargo["cargo_code"]]


def test_places_are_found_by_words_and_by_what_they_handle(capsys: pytest.CaptureFixture[str]) -> None:
    """A cargo is named as in a file; one that nobody knows is told with those that there are."""
    assert {place["location_id"] for place in listed(capsys, "places", "--find", "zhapu")} == {"ZP"}
    with_ore = {place["location_id"] for place in listed(capsys, "places", "--cargo", "铁矿石")}
    assert with_ore == {place for place, group in NETWORK.terminals if group == "ore"}
    assert run("--lang", "en", "places", "--cargo", "coals") == 2
    assert "unknown cargo" in capsys.readouterr().err.casefold()
    assert run("places", "--find", "Atlantis") == 1


def test_vessel_classes_are_listed_with_the_fleet(capsys: pytest.CaptureFixture[str]) -> None:
    """Every class, and every vessel of the fleet in one of them."""
    found = listed(capsys, "vessels")
    assert [vessel["vessel_class"] for vessel in found] == list(NETWORK.vessel_classes)
    assert sum(vessel["own"] + vessel["spot"] for vessel in found) == sum(entry.count for entry in NETWORK.fleet)
    assert run("--lang", "en", "vessels", "--find", "B800") == 0
    assert "190" in capsys.readouterr().out


def test_waybills_are_listed_by_begin_party_and_what_is_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the page of waybills finds them; an unknown party is refused, and no waybill that fits is exit code 1."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    store = actions.open_store(url)
    bills = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    first = [bill for bill in bills if bill.shipment_id == "S1"]
    actions.record(store, all_events(first, {}), at=LATER)
    store.close()
    words = ("--db", url, "--lang", "en", "waybill", "list")
    every = listed(capsys, *words)
    assert [one["number"] for one in every] == sorted(bill.number for bill in bills)
    assert [one["shipment_id"] for one in listed(capsys, *words, "--find", "S1")] == ["S1"]
    still = {one["shipment_id"] for one in listed(capsys, *words, "--open")}
    assert still == {bill.shipment_id for bill in bills} - {"S1"}
    shipper = first[0].consignor.party_id
    with_shipper = {one["number"] for one in listed(capsys, *words, "--party", shipper)}
    assert with_shipper == {
        bill.number for bill in bills if shipper in (bill.consignor.party_id, bill.consignee.party_id)
    }
    capsys.readouterr()
    assert run(*words) == 0
    assert bills[0].number in capsys.readouterr().out
    assert run(*words, "--find", "nothing") == 1
    assert run(*words, "--party", "E99") == 2
