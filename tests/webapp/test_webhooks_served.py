"""Webhooks of the product as it is started: ``serve`` and its worker in processes of their own, a receiver that hears
them over HTTP."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from optimizer.client import Client
from tests.webapp.full_house import FullHouse
from tests.webapp.test_webhooks import Receiver

LONGEST_S = 60.0


class Waiting(Receiver):
    """A receiver that says when it has heard enough."""

    wanted, enough = 0, Event()

    def finish_request(self, request: object, client_address: object) -> None:
        """As ever, and look whether that was the last one."""
        super().finish_request(request, client_address)  # type: ignore[arg-type]
        if len(self.heard) >= self.wanted:
            self.enough.set()


@pytest.fixture
def receiver() -> Iterator[Waiting]:
    server = Waiting()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, FullHouse]]:
    """The address of ``serve``, as an operator starts it in a network of his own, and the house behind it."""
    house = FullHouse.at(tmp_path)
    command = [sys.executable, "-m", "optimizer", "--db", f"sqlite:///{tmp_path / 'm.db'}", "serve", "--port", "0"]
    environment = {**os.environ, "MODALSHIFT_PRIVATE_WEBHOOKS": "1"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        found = re.search(r"http://\S+?(?=/)", server.stdout.readline())
        assert found is not None
        yield found.group(), house
        server.terminate()


def test_reports_reach_a_receiver_in_order_signed_and_again_after_a_refusal(
    served: tuple[str, FullHouse], receiver: Waiting
) -> None:
    """Three reports over the API; the first telling is refused and comes again under its id, then the others follow."""
    address, house = served
    number = house.keys["number"]
    receiver.answers, receiver.wanted = [503], 3
    with Client(address, house.tokens["carrier"]) as api:
        made = api.add_webhook(receiver.url, ["waybill.event"])
        lot = api.events(number)[0]
        place = {name: lot[name] for name in ("lot_no", "leg_seq", "location_id")}
        report = {"event_type": "ARRI", "classifier": "EST", **place}
        guesses = [{**report, "occurrence": n, "event_time": f"2026-10-07T{n}:00:00+08:00"} for n in (11, 12, 13)]
        results = api.report(number, guesses)
        assert [result.refused for result in results] == [False] * 3
        assert receiver.enough.wait(LONGEST_S)
        told = [json.loads(body)["data"] for _, body in receiver.heard]
        assert [notice["event_id"] for notice in told] == [result.event_id for result in results]
        assert [notice["seq"] for notice in told] == sorted(notice["seq"] for notice in told)
        secret = base64.b64decode(made.secret.removeprefix("whsec_"))
        for headers, body in receiver.heard:
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
            right = base64.b64encode(hmac.new(secret, signed, "sha256").digest()).decode()
            assert headers["webhook-signature"] == f"v1,{right}"
        assert receiver.answers == [], "the first telling was refused"
        api.remove_webhook(made.webhook_id)
        assert made.webhook_id not in {hook.webhook_id for hook in api.webhooks()}
