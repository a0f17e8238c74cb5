"""Signing in and out: passwords, demo users, sessions, forged forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.actions.administering import change_role
from tests.waybills.world import LATER
from webapp import Settings, create_app
from webapp.access.session_cookie import is_loopback

PASSWORD = "vast river 42"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A database with an auditor who has a password and a demo bank reader who has none."""
    url = f"sqlite:///{tmp_path / 'm.db'}"
    store = actions.open_store(url)
    for login, role, password in (("ann", Role.AUDITOR, PASSWORD), ("bank", Role.BANK, None)):
        actions.add_user(store, User(actions.user_id_of(login), login, "安", "Ann", role), password, LATER)
    store.close()
    return url


def client_of(url: str, **settings: object) -> FlaskClient:
    """A stranger's browser."""
    return create_app(Settings(db_url=url, **settings)).test_client()  # type: ignore[arg-type]


def token_in(html: str) -> str:
    """The CSRF token of a form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found
    return found.group(1)


def sign_in(client: FlaskClient, login: str = "ann", password: str = PASSWORD, **form: str) -> object:
    """Fill in the form."""
    token = token_in(client.get("/login").text)
    return client.post("/login", data={"csrf_token": token, "login": login, "password": password, **form})


def test_the_right_pair_lets_in_and_signing_out_lets_out(url: str) -> None:
    """The header shows who is here; afterwards nobody is."""
    client = client_of(url)
    reply = sign_in(client)
    assert reply.status_code == 302
    page = client.get("/quote?lang=en").text
    assert "Ann" in page
    client.post("/logout", data={"csrf_token": token_in(page)})
    assert "Ann" not in client.get("/quote?lang=en").text


@pytest.mark.parametrize(("login", "password"), [("ann", "vast river 43"), ("bob", PASSWORD), ("bank", ""), ("", "")])
def test_a_wrong_pair_is_answered_alike(url: str, login: str, password: str) -> None:
    """Whether the login exists cannot be read from the answer, and the password is not shown again."""
    reply = sign_in(client_of(url), login, password)
    assert reply.status_code == 401
    assert "登录名或口令不对" in reply.text
    assert password == "" or password not in reply.text


def test_guessing_is_slowed_down(url: str) -> None:
    """The eleventh try of a minute is refused without looking."""
    client = client_of(url)
    statuses = [sign_in(client, "ann", "wrong password").status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]


@pytest.mark.parametrize(("proxies", "refused"), [(1, False), (0, True)])
def test_behind_a_proxy_one_who_guesses_slows_down_nobody_else(url: str, proxies: int, refused: bool) -> None:
    """The address that the last proxy saw counts, and none that a visitor makes up; where no proxy is said to be, the
    header is not believed, and all who share the address wait."""
    app = create_app(Settings(db_url=url, proxies=proxies))

    def guess(address: str) -> int:
        client = app.test_client()
        headers = {"X-Forwarded-For": f"198.51.100.77, {address}"}
        token = token_in(client.get("/login", headers=headers).text)
        form = {"csrf_token": token, "login": "ann", "password": "wrong password"}
        return client.post("/login", data=form, headers=headers).status_code

    assert [guess("203.0.113.1") for _ in range(11)] == [401] * 10 + [429]
    assert guess("203.0.113.2") == (429 if refused else 401)
    store = actions.open_store(url)
    with store.read() as session:
        addresses = {event.address for event in session.security_events() if event.kind == "login_failed"}
    store.close()
    assert addresses == ({"127.0.0.1"} if refused else {"203.0.113.1", "203.0.113.2"})


def test_a_form_without_its_token_is_refused(url: str) -> None:
    """Another site cannot sign a visitor in or out."""
    client = client_of(url)
    client.get("/login")
    assert client.post("/login", data={"login": "ann", "password": PASSWORD}).status_code == 400
    sign_in(client)
    assert client.post("/logout").status_code == 400
    assert "Ann" in client.get("/quote?lang=en").text


def test_demo_users_enter_with_one_click_in_a_demonstration_only(url: str) -> None:
    """And users with a password never do."""
    demo = client_of(url, demo=True)
    page = demo.get("/login?lang=en").text
    assert "Demo users" in page
    assert 'value="ann"' not in page
    assert demo.post("/login/demo", data={"csrf_token": token_in(page), "login": "ann"}).status_code == 404
    assert demo.post("/login/demo", data={"csrf_token": token_in(page), "login": "bank"}).status_code == 302
    real = client_of(url)
    page = real.get("/login?lang=en").text
    assert "Demo users" not in page
    assert real.post("/login/demo", data={"csrf_token": token_in(page), "login": "bank"}).status_code == 404


ODD = ["/a\r\nX-Evil: y", "//[evil", "/\t/evil.example", "/savings\x00evil", "/\n/evil.example"]
"""Targets that no header may hold, or that a browser reads in another way than Python does."""


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x", "", *ODD]
)
def test_signing_in_leads_nowhere_foreign(url: str, target: str) -> None:
    """Only a path of ours is followed."""
    location = sign_in(client_of(url), next=target).headers["Location"]
    assert location.startswith("/")
    assert "evil" not in location


def test_signing_in_leads_back_to_where_the_visitor_was_going(url: str) -> None:
    """With its query."""
    assert sign_in(client_of(url), next="/savings?by=cargo").headers["Location"] == "/savings?by=cargo"


def test_another_password_ends_every_session(url: str) -> None:
    """So does disabling the user."""
    client = client_of(url)
    sign_in(client)
    store = actions.open_store(url)
    actions.set_password(store, "ann", "another river 43", LATER)
    assert "Ann" not in client.get("/quote?lang=en").text
    sign_in(client, password="another river 43")
    assert "Ann" in client.get("/quote?lang=en").text
    actions.set_active(store, "ann", False, LATER)
    assert "Ann" not in client.get("/quote?lang=en").text
    actions.set_active(store, "ann", True, LATER)
    assert "Ann" not in client.get("/quote?lang=en").text, "a session of before woke up with the user"
    sign_in(client, password="another river 43")
    assert "Ann" in client.get("/quote?lang=en").text
    store.close()


def test_a_password_that_is_replaced_while_it_is_checked_opens_no_session(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between check and session lies a write that may wait for a lock: who knew the old password only is out."""
    store, log_in = actions.open_store(url), actions.log_in

    def and_then_reset(*args: Any) -> User | None:
        user = log_in(*args)
        actions.set_password(store, "ann", "another river 43", LATER)
        return user

    monkeypatch.setattr(actions, "log_in", and_then_reset)
    client = client_of(url)
    sign_in(client)
    assert client.get("/city").status_code == 302
    store.close()


def test_another_role_ends_every_session(url: str) -> None:
    """A browser that was left open in the old role does not wake up in the new one, nor when the old one is back."""
    client = client_of(url)
    sign_in(client)
    store = actions.open_store(url)
    root = User(actions.user_id_of("root"), "root", "管", "Root", Role.ADMINISTRATOR)
    actions.add_user(store, root, PASSWORD, LATER)
    change_role(store, "ann", Role.ADMINISTRATOR, "", LATER, root, "")
    assert client.get("/admin").status_code == 302
    sign_in(client)
    assert client.get("/admin").status_code == 200
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        change_role(store, "ann", role, "", LATER, root, "")
        assert client.get("/admin").status_code == 302
    store.close()


def test_the_session_cookie_is_secure_except_on_this_machine(url: str) -> None:
    """HttpOnly and SameSite always; Secure wherever a network could listen."""
    app = create_app(Settings(db_url=url))
    for host, secure in (("http://127.0.0.1:8000", False), ("http://port.example", True), ("https://localhost", True)):
        client = app.test_client()
        cookie = client.get("/login", base_url=host).headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) is secure, host


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.8.8.8", True), ("::1", True), ("10.0.0.1", False), ("localhost.evil.example", False)],
)
def test_loopback_is_this_machine_only(host: str, expected: bool) -> None:
    """Names that merely look like it are not."""
    assert is_loopback(host) is expected
