"""Programs and browsers that are signed in, for tests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from optimizer import actions
from optimizer.access.user import OF_A_PARTY, Role, User
from optimizer.demo.seed_files import read_parties
from optimizer.store.engine import Store
from tests.waybills.world import LATER
from webapp import Settings, create_app

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class House:
    """An application over a fresh database with the demo parties and one user for each role.

    Users: ``planner`` and ``carrier`` of the operator E12, ``e01`` and ``e02`` of two enterprises, ``auditor``,
    ``bank``, ``admin``.
    """

    settings: Settings
    store: Store
    tokens: dict[str, str]

    @classmethod
    def at(cls, path: Path, **more: Any) -> House:
        """A house whose database lies at a path."""
        settings = Settings(db_url=f"sqlite:///{path}", demo=True, limits=False, **more)
        store = actions.open_store(settings.db_url)
        with store.write() as session:
            session.add_parties(read_parties(), LATER)
        people = {
            "planner": (Role.PLANNER, "E12"),
            "carrier": (Role.CARRIER, "E12"),
            "e01": (Role.ENTERPRISE, "E01"),
            "e02": (Role.ENTERPRISE, "E02"),
            "auditor": (Role.AUDITOR, ""),
            "bank": (Role.BANK, ""),
            "admin": (Role.ADMINISTRATOR, ""),
        }
        tokens = {}
        for number, (login, (role, party)) in enumerate(people.items()):
            assert bool(party) == (role in OF_A_PARTY)
            actions.add_user(store, User(actions.user_id_of(login), login, login, login, role, party), None, LATER)
            tokens[login], _ = actions.make_token(store, login, "", bytes([number] * 32), LATER)
        return cls(settings, store, tokens)

    @cached_property
    def app(self) -> Flask:
        """The application that all visitors share."""
        return create_app(self.settings)

    def program(self, login: str) -> Program:
        """A program with the token of a user."""
        return Program(self.app.test_client(), self.tokens[login])

    def browser(self, login: str) -> Visitor:
        """A browser in which a user has signed in."""
        visitor = Visitor(self.app.test_client())
        assert visitor.send("/login", "/login/demo", login=login).status_code == 302
        return visitor


class Program:
    """Calls the API; every POST gets a key of its own."""

    keys = count()

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client, self.headers = client, {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **options: Any) -> TestResponse:
        """GET."""
        return self.client.get(path, headers=self.headers, **options)

    def delete(self, path: str) -> TestResponse:
        """DELETE."""
        return self.client.delete(path, headers=self.headers)

    def post(self, path: str, body: Any = None, key: str | None = None) -> TestResponse:
        """POST of a JSON body."""
        key = f"key-{next(self.keys)}" if key is None else key
        return self.client.post(path, json=body, headers={**self.headers, "Idempotency-Key": key})


class Visitor:
    """Fills in forms as a browser does."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        """A page."""
        return self.client.get(path)

    def send(self, page: str, action: str, **fields: Any) -> TestResponse:
        """Send a form that stands on a page."""
        found = TOKEN.search(self.client.get(page).text)
        assert found
        return self.client.post(action, data={"csrf_token": found.group(1), **fields})
