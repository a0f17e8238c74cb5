"""Shapes for drawing: the shipped ones lie where their links do, and a wrong table is refused with every fault."""

from __future__ import annotations

from math import dist
from pathlib import Path

import pytest

from network_data.derive_shapes import clipped, length_km, shortest, thinned
from optimizer.errors import NetworkDataError
from optimizer.network.model import Mode, Network
from optimizer.network.reader import read_network
from optimizer.network.shapes import Shapes, read_shapes

HEADER = "shape_id,kind,points,source,seen_at,evidence,assumed_fields,notes\n"


@pytest.fixture(scope="module")
def network() -> Network:
    """The shipped network."""
    return read_network()


@pytest.fixture(scope="module")
def shapes() -> Shapes:
    """The shipped shapes."""
    return read_shapes()


def test_every_waterway_has_a_line_between_its_places(network: Network, shapes: Shapes) -> None:
    """In the link's direction, from door to door; and no line stands for a link that is not there."""
    wet = {name: link for name, link in network.links.items() if link.mode in (Mode.INLAND_WATERWAY, Mode.SEA)}
    assert set(shapes.links) == set(wet)
    for name, link in wet.items():
        for place, drawn in zip((link.from_location, link.to_location), (0, -1), strict=True):
            where = network.locations[place]
            assert dist(shapes.links[name][drawn], (where.longitude, where.latitude)) < 0.001, name


def test_lines_follow_the_rivers(network: Network, shapes: Shapes) -> None:
    """From Qujiang to Zhapu the drawn way is within a fifth of what the links measure; straight lines are not."""
    chain = ("QJ-LY", "LY-LYG", "LYG-MGT", "MGT-NB", "NB-MC", "MC-TL", "TL-FY", "FY-DZ", "XB-SB", "JX-CZ", "CZ-ZJ")
    drawn = sum(length_km(shapes.links[f"{name}-water"]) for name in chain)
    measured = sum(network.links[f"{name}-water"].distance_km for name in chain)
    assert drawn == pytest.approx(measured, rel=0.2)
    assert sum(len(shapes.links[f"{name}-water"]) for name in chain) > 100


def test_the_ground_lies_around_the_network(shapes: Shapes) -> None:
    """Closed rings: the mainland, islands, lake Tai; all inside the window of the table."""
    assert len(shapes.coast) > 10
    assert shapes.lakes
    for ring in (*shapes.coast, *shapes.lakes):
        assert ring[0] == ring[-1]
        assert all(112 < x < 126 and 24 < y < 36 for x, y in ring)


def test_a_directory_without_the_table_has_no_shapes(tmp_path: Path) -> None:
    """Its links are then drawn straight."""
    assert read_shapes(tmp_path) == Shapes()


def test_every_wrong_line_is_named(tmp_path: Path) -> None:
    """Points that are none, rings that are lines, an unknown kind: all at once, with their rows."""
    end = ",own,,assumed,,x\n"
    rows = [
        "a,link,118 29;119 thirty" + end,
        "b,link,118 29" + end,
        "c,lake,118 29;119 30;118 29" + end,
        "d,border,118 29;119 30" + end,
        "e,link,118 99;119 30" + end,
        "f,link,nan 29;119 30" + end,
        "g,link,118 29;119 30" + end,
    ]
    (tmp_path / "shapes.csv").write_text(HEADER + "".join(rows), encoding="utf-8")
    with pytest.raises(NetworkDataError) as refused:
        read_shapes(tmp_path)
    assert sorted((fault.row, fault.column) for fault in refused.value.faults) == [
        (2, "points"),
        (3, "points"),
        (4, "points"),
        (5, "kind"),
        (6, "points"),
        (7, "points"),
    ]


def test_thinning_keeps_ends_and_nothing_strays() -> None:
    """A zigzag smaller than the tolerance is a straight line; a larger one stays."""
    small = [(x / 10, 0.004 * (x % 2)) for x in range(11)]
    large = [(x / 10, 0.4 * (x % 2)) for x in range(11)]
    assert thinned(small, 0.005) == [small[0], small[-1]]
    assert thinned(large, 0.005) == large


def test_clipping_keeps_what_is_inside() -> None:
    """A square that sticks out to the west is cut at the window's edge; one outside is gone."""
    cut = clipped([(116.0, 29.0), (119.0, 29.0), (119.0, 30.0), (116.0, 30.0)])
    assert sorted(cut) == [(117.6, 29.0), (117.6, 30.0), (119.0, 29.0), (119.0, 30.0)]
    assert clipped([(110.0, 29.0), (111.0, 29.0), (111.0, 30.0)]) == []


def test_the_shortest_way_is_found() -> None:
    """Two short steps beat a long one; an island is not reached."""
    roads = {"a": {"b": 1.0, "c": 5.0}, "b": {"c": 1.0}, "c": {}, "d": {}}
    assert shortest("a", "c", roads.__getitem__) == ["a", "b", "c"]
    assert shortest("a", "d", roads.__getitem__) is None
