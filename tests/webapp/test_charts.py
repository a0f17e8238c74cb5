"""Charts: the drawing, the plot and table twin say the same; plotly.js comes out of its wheel alone."""

from __future__ import annotations

import gzip
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from webapp.charts import plotly_script
from webapp.charts.categories import Series, category_chart
from webapp.charts.drawing import text_width, tick_text, ticks
from webapp.charts.figure import Figure
from webapp.charts.scatter import Point, scatter_chart

DRAWINGS = Path(__file__).parent / "drawings"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert("x")</script> & %{x}'


def months(**options: bool) -> Figure:
    """Two measures over three months; the last month lacks one, and one is negative."""
    return category_chart(
        "months",
        "Credited & expected",
        "Month",
        ["2026-09", "2026-10", "2026-11"],
        [
            Series("Credited", [1200.0, -300.0, None], ["1,200", "-300", ""], "water"),
            Series("Expected", [1500.0, 400.0, 250.0], ["1,500", "400", "250"], "sea", "line"),
        ],
        axis="kg CO2e",
        **options,
    )


def pairs() -> Figure:
    """Three plans and the road."""
    return scatter_chart(
        "frontier",
        "Cost against CO2e",
        "t CO2e",
        "yuan",
        [
            Point(120.0, 9_000.0, ("1", "9,000", "120"), "/plans/a"),
            Point(100.0, 9_800.0, ("2", "9,800", "100")),
            Point(95.0, 12_000.0, ("3", "12,000", "95")),
            Point(160.0, 13_000.0, ("Road", "13,000", "160"), apart=True),
        ],
        ("Plan", "Yuan", "CO2e"),
    )


DRAWN = {
    "months.svg": months,
    "stacked.svg": lambda: category_chart(
        "stacked",
        "Vessels",
        "Lock",
        ["富春江", "新坝"],
        [
            Series("own", [3.0, 1.0], ["3", "1"], "water"),
            Series("hired", [2.0, 0.0], ["2", "0"], "quiet"),
        ],
        stacked=True,
        lying=True,
    ),
    "frontier.svg": pairs,
}


@pytest.mark.parametrize("name", DRAWN)
def test_drawings_stay_as_they_are(name: str) -> None:
    """Looked at once, kept since: whoever changes one replaces the file and looks again."""
    svg = str(DRAWN[name]().svg)
    ElementTree.fromstring(svg)
    assert svg == (DRAWINGS / name).read_text(encoding="utf-8").rstrip("\n")


def test_bars_stand_on_zero_and_end_at_their_values() -> None:
    """1,200 and -300 on one scale: the negative bar hangs below the line of zero, a quarter as long."""
    root = ElementTree.fromstring(str(months().svg))
    bars = [e for e in root.iter() if e.tag.endswith("rect") and e.get("height") != "12"]
    up, down = ({key: float(bar.get(key, "")) for key in ("y", "height")} for bar in bars)
    assert down["y"] == pytest.approx(up["y"] + up["height"], abs=0.02)
    assert up["height"] == pytest.approx(4 * down["height"], abs=0.05)


def test_the_table_twin_has_every_number_and_says_where_there_is_none() -> None:
    """In the order of the drawing."""
    table = months().table
    assert table is not None
    assert table.columns == ("Month", "Credited", "Expected")
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["2026-09", "1,200", "1,500"],
        ["2026-10", "-300", "400"],
        ["2026-11", "—", "250"],
    ]


def test_a_point_opens_its_page_from_the_plot_and_from_the_table() -> None:
    """The address stands last in a point's data: there the script looks."""
    figure = pairs()
    assert figure.table is not None
    assert figure.table.rows[0][0].url == "/plans/a"
    assert [point[-1] for point in figure.plot["data"][0]["customdata"]] == ["/plans/a", "", ""]


def test_names_are_never_markup() -> None:
    """A party's name may hold anything: the drawing escapes it for XML, the plot for plotly.js."""
    figure = category_chart("x", HOSTILE, HOSTILE, [HOSTILE], [Series(HOSTILE, [1.0], [HOSTILE], "water")])
    ElementTree.fromstring(str(figure.svg))
    assert "<script" not in str(figure.svg)
    assert "<script" not in str(figure.plot)
    assert HOSTILE not in figure.plot["data"][0]["hovertemplate"]


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_ticks_hold_what_they_are_for(low: float, span: float) -> None:
    """From at or below the least to at or above the largest, few, evenly apart."""
    high = low + span
    marks = ticks(low, high)
    nothing = 1e-6 * max(1.0, span, abs(low), abs(high))
    assert marks[0] <= low + nothing
    assert marks[-1] >= high - nothing
    assert 2 <= len(marks) <= 8


def test_ticks_are_printed_as_people_write_them() -> None:
    """Separators, no zeros without meaning, no minus before zero."""
    assert [tick_text(value) for value in (0.0, -0.0, 1_500_000.0, 0.25, -2.5)] == [
        "0",
        "0",
        "1,500,000",
        "0.25",
        "-2.5",
    ]


def test_plotly_is_served_compressed_for_a_year_under_the_name_of_its_content(client: FlaskClient) -> None:
    """Under 2 MB on the wire; asked again with its tag, nothing is sent."""
    path = f"/charts/plotly-{plotly_script.plotly_digest()}.js"
    zipped = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert len(zipped.data) < 1_600_000
    assert zipped.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    whole = client.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in whole.headers
    assert gzip.decompress(zipped.data) == whole.data
    assert b"Licensed under the MIT license" in whole.data[:300]
    assert zipped.headers["ETag"] != whole.headers["ETag"]
    again = client.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": zipped.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/charts/plotly-0000.js").status_code == 404


def test_only_the_style_sheets_that_plotly_carries_are_allowed() -> None:
    """One that is empty, and that of its maps, found in the script: no page allows any other inline style."""
    empty, maps = plotly_script.style_hashes()
    assert empty == f"'sha256-{b64encode(sha256(b'').digest()).decode()}'"
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", maps)
    assert maps != empty


def test_names_of_lying_bars_stay_within_the_drawing() -> None:
    """Chinese letters are as wide as high; what is too long ends in dots and keeps its mark."""
    names = [
        "衢江港区（大路章、大安） · 化肥、碳酸钙 *",
        "嘉兴",
        "衢江港区（大路章、大安） · 砂石骨料、机制砂、天然砂、水泥熟料 *",
    ]
    chart = category_chart("c", "t", "h", names, [Series("s", [1, 2, 3], ["1", "2", "3"], "water")], lying=True)
    root = ElementTree.fromstring(str(chart.svg))
    labels = [text for text in root.iter(f"{SVG}text") if text.get("text-anchor") == "end"]
    assert [label.text for label in labels][:2] == names[:2]
    assert (labels[2].text or "").endswith("… *")
    for label in labels:
        assert float(label.get("x") or 0) - text_width(label.text or "") >= 0
