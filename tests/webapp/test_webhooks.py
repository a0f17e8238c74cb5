"""Webhooks: who is told what, signed how, and what happens when nobody answers."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from werkzeug.test import TestResponse

from optimizer import actions
from optimizer.access.webhook import GIVE_UP_AFTER, Notice, Topic, Webhook, retry_after, signature
from optimizer.actions.webhooks import lease_due, remove_webhook, webhooks_of
from optimizer.quantities import CHINA_TIME
from optimizer.store.engine import Store
from optimizer.waybills.event import Classifier, EventType
from tests.waybills import world
from tests.webapp.full_house import AT, FullHouse, _user
from webapp.background import webhook_sender
from webapp.background.webhook_sender import send_due

ONE_DAY = datetime(2100, 1, 1, tzinfo=CHINA_TIME)
"""When the sender runs; webhooks are made at the true time."""
TOPICS = ["waybill.event", "settlement.entry"]


class Receiver(ThreadingHTTPServer):
    """A server of a customer: keeps what it is told, and answers as it is bidden."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hearing)
        self.heard: list[tuple[dict[str, str], str]] = []
        self.answers: list[int] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/told?from=modalshift"


class Hearing(BaseHTTPRequestHandler):
    """Takes a notice."""

    server: Receiver

    def do_POST(self) -> None:
        """Answer with the next status bidden, 204 without one."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status = self.server.answers.pop(0) if self.server.answers else 204
        if status == 204:
            self.server.heard.append(({key.lower(): value for key, value in self.headers.items()}, body))
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> FullHouse:
    """A house that nobody changes."""
    return FullHouse.at(tmp_path_factory.mktemp("first"))


@pytest.fixture
def house(first: FullHouse, tmp_path: Path) -> FullHouse:
    found = first.copied(tmp_path)
    settings = found.app.extensions["modalshift.settings"]
    object.__setattr__(settings, "private_webhooks", True)
    remove_webhook(found.store, _user("enterprise"), found.keys["webhook_id"])
    return found


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> FullHouse:
    """A house that tells only the public."""
    return FullHouse.at(tmp_path_factory.mktemp("strict"))


def add(house: FullHouse, login: str, url: str, topics: list[str] | None = None, key: str = "k") -> TestResponse:
    """POST one."""
    headers = {"Authorization": f"Bearer {house.tokens[login]}", "Idempotency-Key": key}
    body = {"url": url, "topics": TOPICS if topics is None else topics}
    return house.app.test_client().post("/api/v1/webhooks", json=body, headers=headers)


def settled_again(house: FullHouse) -> None:
    """Something new in both logs: a settlement taken back, and a report."""
    (number, lot_no) = (house.keys["number"], 1)
    actions.reverse(house.store, number, lot_no, "evidence fell away", AT)
    with house.store.read() as session:
        waybill = session.waybills([number])[number]
    lot = waybill.lots[0]
    event = world.leg_event(waybill, lot, lot.legs[0], EventType.ARRI, occurrence=9, classifier=Classifier.EST)
    assert actions.record(house.store, [event], AT).refused == ()


def send(house: FullHouse, seconds: int = 0) -> int:
    """One round of the sender, some time later."""
    return send_due(house.store, lambda: ONE_DAY + timedelta(seconds=seconds), to_private=True)


def test_parties_are_told_in_order_and_can_believe_it(house: FullHouse, receiver: Receiver) -> None:
    """The signature is what the published scheme says, computed here by hand; no figure of the freight travels."""
    made = add(house, "enterprise", receiver.url)
    assert made.status_code == 201
    settled_again(house)
    assert send(house) == len(receiver.heard) == 2
    secret = base64.b64decode(made.json["secret"].removeprefix("whsec_"))
    for headers, body in receiver.heard:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
        expected = base64.b64encode(hmac.new(secret, signed, "sha256").digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
    told = [json.loads(body) for _, body in receiver.heard]
    assert [notice["type"] for notice in told] == TOPICS
    assert {notice["data"]["number"] for notice in told} == {house.keys["number"]}
    assert told[1]["data"]["kind"] == "REVERSE"
    assert not any("_g" in key or "mass" in key for notice in told for key in notice["data"])
    assert send(house, 60) == 0


def test_the_signature_is_the_published_example() -> None:
    """The known answer in the specification of Standard Webhooks."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the specification's own # nosec
    at = datetime.fromtimestamp(1614265330, UTC)
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, '{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("login", "heard"), [("carrier", 2), ("auditor", 2), ("far-enterprise", 0), ("far-carrier", 0)]
)
def test_only_what_one_may_read_is_told(house: FullHouse, receiver: Receiver, login: str, heard: int) -> None:
    """The same scope as the pages; foreign records are passed over and not held back for later."""
    add(house, login, receiver.url)
    settled_again(house)
    send(house)
    assert len(receiver.heard) == heard
    (hook,) = webhooks_of(house.store, _user(login))
    with house.store.read() as session:
        assert (hook.event_seq, hook.entry_seq) == session.last_seqs()


def test_a_user_who_was_shut_out_is_told_no_more(house: FullHouse, receiver: Receiver) -> None:
    """Rights are looked up when sending."""
    add(house, "enterprise", receiver.url)
    actions.set_active(house.store, "enterprise", False, AT)
    settled_again(house)
    send(house)
    assert receiver.heard == []


@pytest.mark.parametrize("status", [500, 302, 404])
def test_what_was_not_taken_is_repeated_under_the_same_id(house: FullHouse, receiver: Receiver, status: int) -> None:
    """After a while that doubles; what was taken before is not repeated; redirects are not followed."""
    add(house, "enterprise", receiver.url)
    settled_again(house)
    receiver.answers = [204, status]
    assert send(house) == 1
    (hook,) = webhooks_of(house.store, _user("enterprise"))
    assert (hook.failures, hook.last_outcome) == (1, str(status))
    assert send(house, 5) == 0, "too early"
    assert send(house, 11) == 1
    ids = [headers["webhook-id"] for headers, _ in receiver.heard]
    assert len(set(ids)) == 2
    (hook,) = webhooks_of(house.store, _user("enterprise"))
    assert (hook.failures, hook.last_outcome) == (0, "204")


def test_a_receiver_that_answers_byte_by_byte_holds_up_nobody(
    house: FullHouse, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cut off and counts as late; the others were told at the same time."""
    monkeypatch.setattr(webhook_sender, "LONGEST_S", 0.3)
    over = Event()

    class Dripping(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with suppress(OSError):
                self.wfile.write(b"HTTP/1.1 204 ")
                while not over.wait(0.05):
                    self.wfile.write(b"x")

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    slow = ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    Thread(target=slow.serve_forever, daemon=True).start()
    add(house, "carrier", f"http://127.0.0.1:{slow.server_port}/", key="slow")
    add(house, "enterprise", receiver.url)
    settled_again(house)
    assert send(house) == len(receiver.heard) == 2
    over.set()
    slow.shutdown()
    slow.server_close()
    (hook,) = webhooks_of(house.store, _user("carrier"))
    assert (hook.failures, hook.last_outcome) == (1, "timeout")


def test_a_turn_ends_and_goes_on_where_it_ended(house: FullHouse, receiver: Receiver) -> None:
    """What was told is not told again, what was not is told next, under no failure."""
    add(house, "enterprise", receiver.url)
    settled_again(house)
    ticks = count()
    assert send_due(house.store, lambda: ONE_DAY + 25 * timedelta(seconds=next(ticks)), to_private=True) == 1
    (hook,) = webhooks_of(house.store, _user("enterprise"))
    assert (hook.failures, hook.last_outcome) == (0, "204")
    assert send(house, 3600) == 1
    assert [json.loads(body)["type"] for _, body in receiver.heard] == TOPICS


def test_a_defect_with_one_receiver_is_not_the_others(
    house: FullHouse, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is logged; the others have their turn."""
    add(house, "enterprise", receiver.url)
    add(house, "carrier", receiver.url + "&broken", key="broken")
    settled_again(house)
    right = webhook_sender._tell

    def broken(store: Store, hook: Webhook, *rest: Any) -> int:
        if hook.url.endswith("broken"):
            raise RuntimeError("a defect")
        return right(store, hook, *rest)

    monkeypatch.setattr(webhook_sender, "_tell", broken)
    assert send(house) == 2


def test_two_senders_do_not_tell_twice(house: FullHouse, receiver: Receiver) -> None:
    """A webhook is leased; the lease of a sender that died ends."""
    add(house, "enterprise", receiver.url)
    settled_again(house)
    later = ONE_DAY
    assert len(lease_due(house.store, later)) == 1
    assert lease_due(house.store, later) == []
    assert len(lease_due(house.store, later + timedelta(minutes=6))) == 1


def test_a_dead_address_rests_in_the_end(house: FullHouse) -> None:
    """Nobody listens on port 1; waiting doubles up to an hour; after about three days nobody tries any more."""
    add(house, "enterprise", "http://127.0.0.1:1/")
    settled_again(house)
    for hours in range(GIVE_UP_AFTER):
        send(house, hours * 3600)
    (hook,) = webhooks_of(house.store, _user("enterprise"))
    assert (hook.resting, hook.last_outcome) == (True, "no_connection")
    assert lease_due(house.store, ONE_DAY + timedelta(days=9)) == []
    assert [retry_after(n).total_seconds() for n in (1, 2, 3, 50)] == [10, 20, 40, 3600]


def test_a_name_that_is_none_fails_as_an_address_that_nobody_answers(house: FullHouse) -> None:
    """One that was kept before such names were refused comes to rest as well, and is no defect each time."""
    add(house, "enterprise", "http://127.0.0.1:1/")
    (hook,) = webhooks_of(house.store, _user("enterprise"))
    kept = replace(hook, url="https://tms..example.com/")
    notice = Notice("m-1", Topic.WAYBILL_EVENT, 1, "{}")
    assert webhook_sender._post(kept, notice, ONE_DAY, to_private=False) == "no_connection"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1%eth0", "0.0.0.0", "224.0.0.1"),
        *("64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:a00:1::1", "fec0::1", "fd00::1", "::10.0.0.1", "ff02::1"),
    ],
)
def test_our_own_network_is_never_called(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Whatever the name says, where it leads is looked at; one private address among public ones is enough."""
    answers = [(0, 0, 0, "", ("93.184.216.34", 443)), (0, 0, 0, "", (address, 443))]
    monkeypatch.setattr(webhook_sender.socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(webhook_sender.RefusedAddressError):
        webhook_sender._public_address("innocent.example.com", 443, to_private=False)
    answers.pop()
    assert webhook_sender._public_address("innocent.example.com", 443, to_private=False) == "93.184.216.34"


@pytest.mark.parametrize("address", ["2606:2800:220:1::1", "64:ff9b::93.184.216.34", "::ffff:93.184.216.34"])
def test_public_addresses_of_ipv6_are_called(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Also behind NAT64, where every public receiver has an address that carries its IPv4 one."""
    monkeypatch.setattr(webhook_sender.socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (address, 443, 0, 0))])
    assert webhook_sender._public_address("example.com", 443, to_private=False) == address


@pytest.mark.parametrize(
    ("url", "topics", "pointers"),
    [
        ("http://tms.example.com/", TOPICS, ["/url"]),
        ("https://user:word@tms.example.com/", TOPICS, ["/url"]),
        ("https://:word@tms.example.com/", TOPICS, ["/url"]),
        ("https://tms.example.com:99999/", TOPICS, ["/url"]),
        ("https://tms..example.com/", TOPICS, ["/url"]),
        (f"https://{'a' * 64}.example.com/", TOPICS, ["/url"]),
        ("ftp://x", [], ["/url", "/topics"]),
        ("https://tms.example.com/", ["waybill.event", "waybill.event"], ["/topics"]),
        ("https://tms.example.com/", ["price"], ["/topics"]),
    ],
)
def test_bad_addresses_and_topics_are_named_together(
    strict: FullHouse, url: str, topics: list[str], pointers: list[str]
) -> None:
    """422 with each fault; nothing is stored."""
    reply = add(strict, "carrier", url, topics, key=url + "".join(topics))
    assert reply.status_code == 422
    assert [error["pointer"] for error in reply.json["errors"]] == pointers
    assert webhooks_of(strict.store, _user("carrier")) == []


def test_ten_are_enough_and_the_secret_is_shown_once(house: FullHouse) -> None:
    """409 for the eleventh; removed ones make room."""
    replies = [add(house, "carrier", f"https://tms.example.com/{n}", key=str(n)) for n in range(11)]
    assert [reply.status_code for reply in replies] == [201] * 10 + [409]
    client, headers = house.app.test_client(), {"Authorization": f"Bearer {house.tokens['carrier']}"}
    listed = client.get("/api/v1/webhooks", headers=headers)
    assert "secret" not in listed.text
    address = f"/api/v1/webhooks/{replies[0].json['webhook_id']}"
    foreign = {"Authorization": f"Bearer {house.tokens['planner']}"}
    assert client.delete(address, headers=foreign).status_code == 404
    assert client.delete(address, headers=headers).status_code == 204
    assert client.get(address, headers=headers).status_code == 404
    assert add(house, "carrier", "https://tms.example.com/again", key="again").status_code == 201
