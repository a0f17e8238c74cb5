"""What all endpoints share: tokens, idempotency, cursors, ETags, the document."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from apiflask import APIBlueprint
from flask import Flask, Response
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.quantities import CHINA_TIME
from tests.waybills.world import LATER
from webapp import Settings, create_app
from webapp.access import visitor
from webapp.api import idempotency
from webapp.api.paging import cursor_of

KEY = "Idempotency-Key"


class Counting:
    """An application with one POST that counts how often it really ran."""

    def __init__(self, path: Path) -> None:
        url = f"sqlite:///{path}"
        self.store = actions.open_store(url)
        self.tokens = {}
        for number, login in enumerate(("ann", "bob")):
            user = User(actions.user_id_of(login), login, "安", login, Role.AUDITOR)
            actions.add_user(self.store, user, None, LATER)
            self.tokens[login], _ = actions.make_token(self.store, login, "", bytes([number] * 32), LATER)
        self.app = create_app(Settings(db_url=url, limits=False))
        self.runs = 0
        self.fail = self.busy = False
        blueprint = APIBlueprint("counting", __name__, url_prefix="/api/v1")

        @blueprint.post("/count")
        @idempotency.idempotent
        def count() -> Response:
            self.runs += 1
            if self.fail:
                raise RuntimeError("a defect")
            if self.busy:
                return Response("not now", 503)
            return Response(f"run {self.runs}", 201, headers={"Location": f"/runs/{self.runs}"})

        self.app.register_blueprint(blueprint)

    def post(self, key: str | None = "k1", login: str = "ann", body: bytes = b"{}") -> object:
        """One request."""
        headers = {"Authorization": f"Bearer {self.tokens[login]}", **({KEY: key} if key is not None else {})}
        return self.app.test_client().post("/api/v1/count", data=body, headers=headers)


@pytest.fixture
def counting(tmp_path: Path) -> Counting:
    """A fresh one."""
    return Counting(tmp_path / "m.db")


def test_the_same_request_runs_once(counting: Counting) -> None:
    """The second answer is the first one, and says so."""
    first, second = counting.post(), counting.post()
    assert (first.status_code, first.text) == (second.status_code, second.text) == (201, "run 1")
    assert second.headers["Location"] == "/runs/1"
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert counting.runs == 1


def test_a_key_belongs_to_one_user_and_one_request(counting: Counting) -> None:
    """Another body is a fault, another user another request, another key another run."""
    counting.post()
    assert counting.post(body=b"[]").status_code == 422
    assert counting.post(login="bob").text == "run 2"
    assert counting.post("k2").text == "run 3"


@pytest.mark.parametrize("key", [None, "", "x" * 256])
def test_a_key_is_required(counting: Counting, key: str | None) -> None:
    """Whoever forgets it is told what it is for."""
    reply = counting.post(key)
    assert reply.status_code == 422
    assert reply.json["errors"][0]["code"] == "idempotency_key"
    assert counting.runs == 0


def test_a_defect_is_not_kept(counting: Counting) -> None:
    """The request can be tried again with the same key."""
    counting.fail = True
    assert counting.post().status_code == 500
    counting.fail, counting.busy = False, True
    assert counting.post().status_code == 503
    counting.busy = False
    assert counting.post().text == "run 3"


def test_a_running_request_is_not_run_again_until_it_was_cut_off(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """409 while it may still run; after ten minutes it counts as lost."""
    counting.post()
    user_id = actions.user_id_of("ann")
    with counting.store.write() as session:
        known = session.reply_of_key(user_id, "k1")
        assert known
        session.begin_key(user_id, "k1", known.request_sha256, known.begun_at)
    assert counting.post().status_code == 409
    later = known.begun_at + idempotency.CUT_OFF + timedelta(seconds=1)
    monkeypatch.setattr(idempotency, "now", lambda: later.astimezone(CHINA_TIME))
    assert counting.post().text == "run 2"


def test_a_key_is_kept_for_a_week(counting: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else was asked in between, it is answered again; after the week it begins anew, also for another
    request."""
    counting.post()
    user_id = actions.user_id_of("ann")
    with counting.store.read() as session:
        known = session.reply_of_key(user_id, "k1")
    assert known
    present = [(known.begun_at + idempotency.KEPT - timedelta(seconds=1)).astimezone(CHINA_TIME)]
    monkeypatch.setattr(idempotency, "now", lambda: present[0])
    assert counting.post("k2").text == "run 2"
    assert counting.post().headers["Idempotency-Replayed"] == "true"
    present[0] += timedelta(seconds=1)
    assert counting.post(body=b"[]").text == "run 3"
    assert counting.post("k2").text == "run 2"


def test_a_wrong_token_is_no_stranger(counting: Counting) -> None:
    """401 even where strangers may ask, so that a program notices."""
    client = counting.app.test_client()
    assert client.get("/api/v1/meta").status_code == 200
    for reply in (
        client.get("/api/v1/meta", headers={"Authorization": "Bearer msk_wrong"}),
        client.post("/api/v1/count", headers={"Authorization": "Bearer msk_wrong", KEY: "k"}),
    ):
        assert (reply.status_code, reply.mimetype) == (401, "application/problem+json")


def test_a_cookie_needs_the_forms_token_even_under_the_api(counting: Counting) -> None:
    """A page of another site cannot post in a signed-in visitor's name."""
    assert counting.app.test_client().post("/api/v1/count", headers={KEY: "k"}).status_code == 400


def test_a_token_in_the_query_or_on_pages_counts_for_nothing(counting: Counting) -> None:
    """Tokens in addresses end up in logs."""
    with counting.app.test_request_context("/quote", headers={"Authorization": f"Bearer {counting.tokens['ann']}"}):
        assert visitor.bearer_token() is None


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/v1/meta", "/static/style.css"])
@pytest.mark.parametrize("host", ["..", ".x", "a" * 70])
def test_a_host_that_is_none_is_refused(client: FlaskClient, path: str, host: str) -> None:
    """Without a host there are no addresses to link to: a sentence, and no defect."""
    reply = client.get(path, headers={"Host": host, "Accept-Language": "en"})
    assert reply.status_code == 400
    assert "Host" in reply.get_json()["title"]


def test_pages_by_cursor_hold_everything_once(client: FlaskClient) -> None:
    """Walking by sevens gives what one large page gives."""
    whole = client.get("/api/v1/locations?limit=500").json
    assert whole["next_cursor"] is None
    walked, cursor = [], ""
    while cursor is not None:
        page = client.get("/api/v1/locations", query_string={"limit": 7, **({"cursor": cursor} if cursor else {})}).json
        walked += page["items"]
        cursor = page["next_cursor"]
    assert walked == whole["items"]


@given(st.text(max_size=30))
def test_no_cursor_breaks_the_list(app: Flask, text: str) -> None:
    """A made-up cursor is a fault or a page, never a defect."""
    assert app.test_client().get("/api/v1/locations", query_string={"cursor": text}).status_code in (200, 422)


def test_wrong_paging_names_both_faults(client: FlaskClient) -> None:
    """At once, with the parameters' names."""
    reply = client.get("/api/v1/factors?limit=0&cursor=!")
    assert reply.status_code == 422
    assert [error["pointer"] for error in reply.json["errors"]] == ["cursor", "limit"]
    assert client.get("/api/v1/factors", query_string={"cursor": cursor_of(["zzz"])}).json["items"] == []


def test_what_has_not_changed_is_not_sent_again(client: FlaskClient) -> None:
    """304 with an empty body for the ETag of before; another language is another content."""
    first = client.get("/api/v1/locations")
    again = client.get("/api/v1/locations", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, no-cache"


def test_places_come_as_geojson_too(client: FlaskClient) -> None:
    """By format or by Accept, longitude first."""
    for reply in (
        client.get("/api/v1/locations?format=geojson"),
        client.get("/api/v1/locations", headers={"Accept": "application/geo+json"}),
    ):
        assert reply.mimetype == "application/geo+json"
        features = reply.json["features"]
        assert len(features) == len(client.get("/api/v1/locations?limit=500").json["items"])
        assert all(118 < feature["geometry"]["coordinates"][0] < 123 for feature in features)


def test_the_document_tells_every_endpoint(client: FlaskClient) -> None:
    """OpenAPI 3.1; each operation has a name, a summary, and problem documents for its errors; tags are told once."""
    spec = client.get("/api/openapi.json").json
    assert spec["openapi"].startswith("3.1")
    tags = [tag["name"] for tag in spec["tags"]]
    assert len(tags) == len(set(tags))
    names = []
    for path, methods in spec["paths"].items():
        assert path.startswith("/api/v1/")
        for operation in methods.values():
            names.append(operation["operationId"])
            assert operation["summary"]
            assert set(operation["tags"]) <= set(tags)
            assert "429" in operation["responses"]
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"]
    assert len(names) == len(set(names)) >= 4
    page = client.get("/api/docs?lang=en").text
    assert all(path in page for path in spec["paths"])


@pytest.mark.parametrize(
    ("path", "headers", "lang"),
    [
        ("/api/v1/no-such", {"Accept-Language": "en"}, "en"),
        ("/api/v1/no-such", {"Accept-Language": "fr, en-GB;q=0.5, zh;q=0.1"}, "en"),
        ("/api/v1/no-such", {"Accept-Language": "zh-CN, en;q=0.9"}, "zh"),
        ("/api/v1/no-such", {"Accept-Language": "fr"}, "zh"),
        ("/api/v1/no-such", {"Accept-Language": "*"}, "zh"),
        ("/api/v1/no-such", {"Accept-Language": "e;;n=\x7f"}, "zh"),
        ("/api/v1/no-such", {}, "zh"),
        ("/api/v1/no-such?lang=zh", {"Accept-Language": "en"}, "zh"),
        ("/api/v1/no-such?lang=en", {"Accept-Language": "zh"}, "en"),
        ("/api/v1/no-such", {"Accept-Language": "en", "Set": "lang=zh"}, "zh"),
        ("/api/v1/no-such", {"Accept-Language": "en", "Set": "modalshift=signed-in"}, "zh"),
        ("/api/v1/meta", {"Accept-Language": "en"}, "en"),
        ("/quote", {"Accept-Language": "en"}, "zh"),
    ],
)
def test_programs_are_answered_in_the_language_they_ask_for(
    client: FlaskClient, path: str, headers: dict[str, str], lang: str
) -> None:
    """The address first, then a person's choice, then Accept-Language of a program; pages and people in a browser keep
    the server's language. No cache mixes them up."""
    if "Set" in headers:
        client.set_cookie(*headers["Set"].split("="))
    reply = client.get(path, headers=headers)
    if path.startswith("/api/"):
        assert reply.headers["Content-Language"] == lang
        assert "accept-language" in {name.lower() for name in reply.vary}
    if reply.status_code == 404:
        assert (reply.json or {})["title"] == {"zh": "没有这个页面", "en": "Not found"}[lang]
    else:
        assert path.startswith("/api/") or 'lang="zh-CN"' in reply.text
