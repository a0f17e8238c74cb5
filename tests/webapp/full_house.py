"""A house in which every page has something to show, and users on both sides of every fence, for tests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from flask.testing import FlaskClient

from optimizer import actions
from optimizer.access.user import OF_A_PARTY, Role, User
from optimizer.actions.submitting import submit_shipments
from optimizer.actions.webhooks import add_webhook
from optimizer.planning.document import plan_to_json
from optimizer.planning.frontier import FrontierPoint
from optimizer.planning.plan import Plan
from optimizer.planning.run import PlanRun
from optimizer.planning.settings import PlanSettings
from optimizer.quantities import CHINA_TIME
from optimizer.store.engine import Store
from optimizer.store.evidence_files import EvidenceFiles, evidence_directory
from optimizer.waybills.event import Evidence
from optimizer.waybills.waybill import Waybill
from tests.waybills import world
from tests.webapp.signed_in import TOKEN
from webapp import Settings, create_app
from webapp.charts.plotly_script import plotly_digest
from webapp.map_ground import ground_of

JPEG = b"\xff\xd8\xff\xe0 a weigh ticket"
PERIOD = "2026-10"
RUN_ID, RETURNED_ID = "00000000-0000-5000-8000-000000000001", "a-returned-file"
FRONTIER_ID = "00000000-0000-5000-8000-000000000002"
AT = world.LATER + timedelta(days=1)

PEOPLE: Mapping[str, tuple[Role, str]] = {
    "planner": (Role.PLANNER, "E9"),
    "enterprise": (Role.ENTERPRISE, "E1"),
    "carrier": (Role.CARRIER, "E9"),
    "auditor": (Role.AUDITOR, ""),
    "bank": (Role.BANK, ""),
    "administrator": (Role.ADMINISTRATOR, ""),
    "far-planner": (Role.PLANNER, "E8"),
    "far-enterprise": (Role.ENTERPRISE, "E2"),
    "far-carrier": (Role.CARRIER, "E8"),
    "far-bank": (Role.BANK, ""),
}
"""Login -> role and party. The freight is E1's and carried by E9; E1 opened its account to ``bank``. ``far-`` users
have the same roles elsewhere."""


@dataclass(frozen=True)
class FullHouse:
    """An application with the tiny world settled and sealed; ``keys`` fill the variable parts of addresses."""

    app: Flask
    store: Store
    tokens: Mapping[str, str]
    keys: Mapping[str, str]

    @classmethod
    def at(cls, directory: Path) -> FullHouse:
        """A house whose database lies in a directory: a copy of one that is built once for a process."""
        return _built_once()[1].copied(directory)

    @classmethod
    def built(cls, directory: Path) -> FullHouse:
        """A house built from the ground, its store closed."""
        settings = Settings(db_url=f"sqlite:///{directory / 'm.db'}", demo=True, limits=False)
        store = actions.open_store(settings.db_url)
        issued = actions.accept(
            store, world.world_plan(), world.shipments(), world.parties(), world.world_network(), at=world.ISSUED_AT
        )
        with store.write() as books:
            books.add_parties([world.party("E8", "transport", "operator")], AT)
        mine = next(waybill for waybill in issued if waybill.consignor.party_id == "E1")
        digest = _carry_out(store, settings.db_url, issued, mine)
        tokens = {login: _add_person(store, number, login) for number, login in enumerate(PEOPLE)}
        clerk = User(actions.user_id_of("clerk"), "clerk", "clerk", "clerk", Role.BANK)
        actions.add_user(store, clerk, None, AT)  # for the administrator to disable
        actions.grant_account(store, _user("enterprise"), "bank", True, AT)
        submit_shipments(store, world.shipments(), _user("planner"), world.ISSUED_AT)
        submit_shipments(store, [replace(world.shipments()[0], shipment_id="FREE-1")], _user("planner"), AT)
        _keep_files(store)
        with store.read() as books:
            entry = next(item for item in books.transactions() if item.waybill_number == mine.number)
        (account,) = [
            item.account.account_id
            for item in actions.account_views.accounts_seen_by(store, _user("enterprise"))
            if item.party.party_id == "E1"
        ]
        hook = add_webhook(
            store, _user("enterprise"), "https://tms.example.com/told", ["waybill.event"], bytes(range(32)), AT
        )
        keys = {
            "number": mine.number,
            "digest": digest,
            "entry": f"transaction:{entry.transaction_id}",
            "account_id": account,
            "period": PERIOD,
            "form": "csv",
            "kind": "csv",
            "run_id": RUN_ID,
            "frontier_id": FRONTIER_ID,
            "shipment_id": "FREE-1",
            "file_id": RETURNED_ID,
            "filename": "style.css",
            "content": plotly_digest(),
            "lot_no": "1",
            "login": "clerk",
            "code": "0.0",
            "name": "links",
            "proposal_id": "none",
            "size": str(_sealed_size(store)),
            "webhook_id": hook.webhook_id,
        }
        app = create_app(settings)
        # The lots were settled with the factors of the tiny world; their sheets are recomputed with the same.
        app.extensions["modalshift.world"].factors = world.world_factors()
        keys["ground"] = ground_of(app.extensions["modalshift.world"].atlas).digest
        store.close()
        return cls(app, store, tokens, keys)

    def copied(self, directory: Path) -> FullHouse:
        """The same house on a copy of its files, for a test that changes something; quicker than another house."""
        old: Settings = self.app.extensions["modalshift.settings"]
        shutil.copytree(Path(old.db_url.removeprefix("sqlite:///")).parent, directory, dirs_exist_ok=True)
        settings = replace(old, db_url=f"sqlite:///{directory / 'm.db'}")
        app = create_app(settings)
        app.extensions["modalshift.world"].factors = world.world_factors()
        return replace(self, app=app, store=actions.open_store(settings.db_url))

    def browser(self, login: str) -> tuple[FlaskClient, str]:
        """A client in which a user has signed in (no user for ``stranger``), and its CSRF token."""
        client = self.app.test_client()
        token = _csrf(client)
        if login != "stranger":
            assert client.post("/login/demo", data={"csrf_token": token, "login": login}).status_code == 302
            token = _csrf(client, "/quote")  # its own page shows the form to sign out
        return client, token


@cache
def _built_once() -> tuple[TemporaryDirectory[str], FullHouse]:
    """The house that others are copies of, and its directory, which is gone when the process ends."""
    place = TemporaryDirectory(prefix="modalshift-house-")
    return place, FullHouse.built(Path(place.name))


def _csrf(client: FlaskClient, page: str = "/login") -> str:
    reply = client.get(page)
    found = TOKEN.search(reply.text)
    assert found, (page, reply.status_code)
    return found.group(1)


def _user(login: str) -> User:
    role, party = PEOPLE[login]
    return User(actions.user_id_of(login), login, login, login, role, party)


def _add_person(store: Store, number: int, login: str) -> str:
    user = _user(login)
    assert bool(user.party_id) == (user.role in OF_A_PARTY)
    actions.add_user(store, user, None, world.LATER)
    return actions.make_token(store, login, "", bytes([number] * 32), world.LATER)[0]


def _carry_out(store: Store, db_url: str, issued: list[Waybill], mine: Waybill) -> str:
    """Report, settle and seal everything; the digest of an evidence file that supports ``mine``."""
    digest = EvidenceFiles(evidence_directory(db_url)).add(JPEG, "ticket.jpg").sha256
    events = world.all_events(issued, {"V2": world.VOYAGE_FUEL_G})
    place = next(i for i, event in enumerate(events) if event.waybill_number == mine.number and event.evidence)
    events[place] = replace(events[place], evidence=(Evidence(events[place].evidence[0].kind, digest),))
    actions.record(store, events, world.LATER)
    actions.settle(store, world.world_network(), world.world_factors(), world.LATER)
    actions.seal(store, Ed25519PrivateKey.from_private_bytes(bytes([1] * 32)), AT)
    return digest


def _sealed_size(store: Store) -> int:
    with store.read() as books:
        head = books.tree.head()
    assert head is not None
    return head.size


def _frontier(plan: Plan) -> dict[str, Any]:
    """Seven points that all lead to the one plan."""
    points = [
        FrontierPoint(50.0 * n, None, 1e6 + 1e4 * n * n, 9e5 + 1e4 * n * n, 900.0 - 20 * n, 0.9, 1e6, 1e6, 0.0, "", 1.0)
        for n in range(7)
    ]
    return {
        "points": [{**asdict(point), "run_id": RUN_ID} for point in points],
        "baseline": asdict(plan.totals.baseline),
        "dominated": 1,
    }


def _keep_files(store: Store) -> None:
    """A finished plan and a returned upload, both of the enterprise's or its operator's user."""
    plan = world.world_plan()
    run = PlanRun(RUN_ID, _user("planner").user_id, "queued", PlanSettings(), ("S1", "S2", "S3"), AT)
    with store.write() as books:
        books.add_run(run)
        books.take_run(RUN_ID, AT)
        books.end_run(RUN_ID, AT, document=plan_to_json(plan))
        books.add_run(replace(run, run_id=FRONTIER_ID, points=7))
        books.take_run(FRONTIER_ID, AT)
        books.end_run(FRONTIER_ID, AT, document=json.dumps(_frontier(plan)))
        # As of the real day: whatever else is kept for a reader forgets the files of the day before.
        made_at = datetime.now(CHINA_TIME)
        books.keep_returned_file(RETURNED_ID, _user("enterprise").user_id, "x.xlsx", b"PK", made_at)
