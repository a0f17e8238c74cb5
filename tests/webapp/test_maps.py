"""Maps: lines along the rivers, locks on them, and not an address in anything that a map is made of."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from math import dist
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from optimizer.network.reader import read_network
from optimizer.network.shapes import Shapes, read_shapes
from webapp.charts.atlas import Atlas, along
from webapp.charts.map import MapLine, MapPoint, map_chart

QUOTE = "/quote?origin=QJ&destination=ZP&cargo=coal&mass_t=1600&ready_at=2026-10-05T08:00&due_at=2026-10-15T08:00"


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    """Of the shipped network."""
    return Atlas(read_network(), read_shapes())


def test_a_leg_by_water_passes_its_links_in_order(atlas: Atlas) -> None:
    """Each stretch begins where the one before ended, both ways alike."""
    down = atlas.way("InlandWaterway", "QJ", "ZP", "B800")
    assert [stretch.link_id for stretch in down][:3] == ["QJ-LY-water", "LY-LYG-water", "LYG-MGT-water"]
    assert (down[0].origin, down[-1].destination) == ("QJ", "ZP")
    for before, after in pairwise(down):
        assert dist(before.line[-1], after.line[0]) < 0.001
    up = atlas.way("InlandWaterway", "ZP", "QJ", "B800")
    assert [stretch.line for stretch in up] == [stretch.line[::-1] for stretch in reversed(down)]
    assert {stretch.key for stretch in up} == {stretch.key for stretch in down}


def test_what_has_no_line_is_drawn_straight_and_a_hub_not_at_all(atlas: Atlas) -> None:
    """The road; a vessel that the network does not know; a place that it no longer has."""
    (truck,) = atlas.way("Road", "YL", "BE", "T49H")
    assert (len(truck.line), truck.link_id) == (2, "")
    assert len(atlas.way("InlandWaterway", "QJ", "ZP", "X9")) == 1
    assert atlas.way("Hub", "QJ", "QJ", "") == []
    assert atlas.way("Road", "NOWHERE", "BE", "T49H") == []
    assert Atlas(atlas.network, Shapes()).way("InlandWaterway", "QJ", "LY", "B800")[0].line == (
        (118.95, 29.003),
        (119.288, 29.073),
    )


def test_locks_stand_on_their_links(atlas: Atlas) -> None:
    """On the line, nearer to the end that their position says."""
    line = atlas.shapes.links["MC-TL-water"]
    where = atlas.lock_place("FCJ")
    assert where is not None
    assert min(dist(where, point) for point in line) < 0.1
    assert dist(where, line[-1]) < dist(where, line[0])
    assert atlas.lock_place("GONE") is None
    assert along(((0.0, 0.0), (0.0, 1.0), (0.0, 3.0)), 0.5) == pytest.approx((0.0, 1.5), abs=1e-4)
    assert along(((1.0, 1.0), (1.0, 1.0)), 0.5) == (1.0, 1.0)


def test_a_map_shows_all_of_its_lines_and_covers_no_label() -> None:
    """All points inside the drawing; of two names at one place the first is written."""
    figure = map_chart(
        "m",
        "Two & one",
        Shapes(),
        [],
        [
            MapLine(((118.0, 29.0), (122.0, 31.0)), "water", 5, "<b>wide</b>"),
            MapLine(((118.0, 29.0),) * 2, "road", 1, ""),
        ],
        [MapPoint(122.0, 31.0, "ink", 5, "a", "first"), MapPoint(122.0, 31.0, "ink", 5, "b", "second")],
        table=None,
    )
    root = ElementTree.fromstring(str(figure.svg))
    _, _, width, height = (float(word) for word in root.attrib["viewBox"].split())
    for line in root.iter("{http://www.w3.org/2000/svg}polyline"):
        for point in line.attrib["points"].split():
            x, y = (float(number) for number in point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height
    assert "first" in str(figure.svg)
    assert "second" not in str(figure.svg)
    assert figure.plot["data"][0]["customdata"][0] == "&lt;b&gt;wide&lt;/b&gt;"
    assert map_chart("m", "nothing", Shapes(), [], [], [], table=None).plot["layout"]["map"]["zoom"] > 0


def test_the_map_of_a_quote_asks_nobody(client: FlaskClient) -> None:
    """No address, no glyphs, no sprite, no access token in its style; the route and the truck are in the drawing."""
    page = client.get(QUOTE).text
    text = page.split('<script type="application/json">')[1].split("</script>")[0]
    assert "http" not in text
    plot = json.loads(text)
    assert set(plot["layout"]["map"]["style"]) == {"version", "sources", "layers"}
    lines = plot["layout"]["map"]["style"]["sources"]
    address = page.split('data-ground="')[1].split('"')[0]
    reply = client.get(address)
    assert "immutable" in reply.headers["Cache-Control"]
    assert client.get(address, headers={"If-None-Match": reply.headers["ETag"]}).status_code == 304
    assert client.get("/charts/ground-0000000000000000.json").status_code == 404
    ground = reply.json
    assert ground is not None
    assert set(ground) == {"coast", "lakes", "network"}
    layers = {layer["source"] for layer in plot["layout"]["map"]["style"]["layers"] if "source" in layer}
    assert layers == set(lines) | set(ground), "every layer has its source once the ground is in"
    assert all(isinstance(source["data"], dict) for source in [*lines.values(), *ground.values()])
    zipped = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert json.loads(gzip.decompress(zipped.data)) == ground
    assert "公路基准" in page
    assert page.count("<polyline") > 30
    assert client.get(QUOTE).text.count("示意图") >= 2
