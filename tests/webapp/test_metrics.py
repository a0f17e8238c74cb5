"""What whoever runs the server sees of it: metrics and logs."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.webapp.signed_in import House
from webapp import create_app
from webapp.request_log import write_json_lines

TOKEN = "long-enough-to-be-a-secret"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House.at(tmp_path_factory.mktemp("metrics") / "m.db", metrics_token=TOKEN)


def test_requests_and_waiting_work_are_counted(house: House) -> None:
    """By endpoint, with status; the series read back by Prometheus' own parser."""
    client = create_app(house.settings).test_client()
    client.get("/health")
    client.get("/no-such-page/MW123")
    reply = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert reply.status_code == 200
    families = {family.name: family for family in text_string_to_metric_families(reply.text)}
    counted = {
        (sample.labels["endpoint"], sample.labels["status"]): sample.value
        for sample in families["modalshift_http_requests"].samples
        if sample.name.endswith("_total")
    }
    assert counted["health.show_health", "200"] == 1
    assert counted["none", "404"] == 1
    assert families["modalshift_unsealed_records"].samples[0].value > 0  # the parties of the house
    assert families["modalshift_build_info"].samples[0].labels["network"]
    assert "MW123" not in reply.text


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", TOKEN[:-1]])
def test_metrics_are_not_there_for_others(house: House, header: str) -> None:
    """404, as if there were none."""
    client = create_app(house.settings).test_client()
    assert client.get("/metrics", headers={"Authorization": header}).status_code == 404


def test_without_a_token_nobody_reads_metrics(tmp_path: Path) -> None:
    """An empty token is no token."""
    client = create_app(House.at(tmp_path / "m.db").settings).test_client()
    for header in ({}, {"Authorization": "Bearer "}):
        assert client.get("/metrics", headers=header).status_code == 404


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Standard error, to which the logs of this process go as JSON."""
    caught = io.StringIO()
    monkeypatch.setattr("sys.stderr", caught)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    write_json_lines()
    yield caught
    root.handlers[:] = before
    root.setLevel(level)


def test_each_request_is_one_line_of_json(house: House, lines: io.StringIO) -> None:
    """With its id, which the answer carries, and who asked; neither the query nor the token."""
    program = house.program("e01")
    reply = program.client.get("/api/v1/shipments?limit=7", headers={**program.headers, "X-Request-ID": "proxy-42"})
    (line,) = [json.loads(text) for text in lines.getvalue().splitlines() if '"modalshift.request"' in text]
    assert reply.headers["X-Request-ID"] == "proxy-42"
    assert line["request_id"] == "proxy-42"
    assert (line["status"], line["endpoint"], line["method"]) == (200, "shipments_api.list_shipments", "GET")
    assert line["user_id"]
    assert line["time"].endswith("+00:00")
    assert "limit" not in lines.getvalue()
    assert program.headers["Authorization"].split()[1] not in lines.getvalue()


def test_a_forged_id_does_not_reach_the_log(house: House, lines: io.StringIO) -> None:
    """Quotes and spaces in a header make no second line; the request gets an id of ours."""
    client = create_app(house.settings).test_client()
    reply = client.get("/savings", headers={"X-Request-ID": 'x" {"level":"ERROR"}'})
    assert "ERROR" not in lines.getvalue()
    assert len(reply.headers["X-Request-ID"]) == 16


def test_what_is_asked_all_day_is_not_told(house: House, lines: io.StringIO) -> None:
    """Health and metrics; their failures would be."""
    client = create_app(house.settings).test_client()
    client.get("/health")
    client.get("/metrics")
    assert lines.getvalue() == ""
