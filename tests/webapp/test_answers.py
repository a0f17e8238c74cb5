"""What every answer has: a language, strict headers, errors in the form the caller reads."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from optimizer.errors import (
    ConflictError,
    FactorError,
    Fault,
    InputError,
    Message,
    ModalshiftError,
    SolverError,
    StorageError,
    UnknownRecordError,
)
from webapp.problem import TITLES, problem, status_of

PAGES = ["/quote", "/savings", "/quote?origin=QJ&destination=QJ", "/nowhere"]
SENTENCE = Message("出错了", "it went wrong")


@pytest.mark.parametrize("page", [*PAGES, "/health", "/api/v1/nowhere", "/static/style.css"])
def test_no_answer_lets_anything_foreign_in(client: FlaskClient, page: str) -> None:
    """No script, no inline style, nothing from elsewhere, no framing, no sniffing."""
    headers = client.get(page).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert "script-src" not in policy
    assert not any("unsafe" in value or "http" in value or "*" in value for value in policy.values())
    assert policy["frame-ancestors"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("page", PAGES)
def test_pages_hold_nothing_inline_and_nothing_from_elsewhere(client: FlaskClient, page: str) -> None:
    """What the policy forbids is not in the pages either."""
    html = client.get(page).text
    assert not re.search(r"""<script|<style|\sstyle=|\son[a-z]+=|(href|src|action)=["'](https?:)?//""", html)


def test_results_are_not_kept_by_caches_but_the_style_sheet_may_be(client: FlaskClient) -> None:
    """An enterprise's freight stays out of shared caches."""
    assert client.get("/quote").headers["Cache-Control"] == "no-store"
    assert client.get("/static/style.css").headers["Cache-Control"] != "no-store"


def test_chinese_first_and_a_choice_is_remembered(client: FlaskClient) -> None:
    """The default is Chinese; ?lang=en switches and the cookie keeps it; nonsense changes nothing."""
    assert 'lang="zh-CN"' in client.get("/quote").text
    english = client.get("/quote?lang=en")
    assert '<html lang="en"' in english.text
    cookie = english.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert '<html lang="en"' in client.get("/quote").text
    nonsense = client.get("/quote?lang=fr")
    assert "Set-Cookie" not in nonsense.headers
    assert '<html lang="zh-CN"' in client.get("/quote?lang=zh").text


def test_the_switch_leads_to_this_very_page(client: FlaskClient) -> None:
    """The form a visitor has filled in survives the change of language."""
    html = client.get("/quote?origin=QJ&destination=ZP&mass_t=5").text
    assert 'href="/quote?origin=QJ&amp;destination=ZP&amp;mass_t=5&amp;lang=en"' in html


def test_unknown_addresses_answer_in_the_form_the_caller_reads(client: FlaskClient) -> None:
    """A page for people, problem+json under /api/."""
    page = client.get("/nowhere")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "没有这个页面" in page.text
    reply = client.get("/api/v1/nowhere?lang=en")
    assert (reply.status_code, reply.mimetype) == (404, "application/problem+json")
    assert reply.json == {"type": "about:blank", "title": "Not found", "status": 404}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError(SENTENCE), 422),
        (UnknownRecordError(SENTENCE), 404),
        (ConflictError(SENTENCE), 409),
        (FactorError(SENTENCE), 422),
        (StorageError(SENTENCE), 503),
        (SolverError(SENTENCE), 500),
    ],
)
def test_each_family_of_errors_has_its_status(error: ModalshiftError, status: int) -> None:
    """The caller's faults are 4xx, a server that cannot store just now is 503, defects of ours 500."""
    assert status_of(error) == status
    assert status in TITLES


def test_a_problem_names_every_fault_with_its_pointer(app: Flask) -> None:
    """Machines find the field, people the sentence."""
    faults = [Fault("request", None, "/0/mass_t", "negative", SENTENCE)]
    with app.test_request_context("/api/v1/quotes?lang=en"):
        reply = problem(422, TITLES[422], faults=faults)
    assert json.loads(reply.get_data(as_text=True))["errors"] == [
        {"pointer": "/0/mass_t", "code": "negative", "message": "it went wrong"}
    ]


def test_health_names_the_versions(client: FlaskClient) -> None:
    """A monitor sees that the process answers and with which data."""
    reply = client.get("/health")
    assert reply.status_code == 200
    assert reply.json["status"] == "ok"
    assert set(reply.json["versions"]) == {"product", "network", "factors"}


def test_a_large_request_is_refused(client: FlaskClient) -> None:
    """More than a megabyte is answered with 413, not read."""
    reply = client.post("/api/v1/quotes", data=b" " * 1_100_000, content_type="application/json")
    assert reply.status_code == 413
    assert reply.mimetype == "application/problem+json"
    assert "1 MB" in reply.json["title"]
