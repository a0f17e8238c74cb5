"""A running web side on the shipped network and an empty database."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, sync_playwright
from waitress.server import create_server

from optimizer import actions
from tests.waybills import world
from webapp import Settings, create_app

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    # Maps draw with WebGL, here in software.
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # Everything else is put together without it: a third less work for a page.
    "--disable-gpu-compositing",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application in demo mode; tests only read from it."""
    file = tmp_path_factory.mktemp("web") / "modalshift.db"
    return create_app(Settings(db_url=f"sqlite:///{file}", demo=True, limits=False))


@pytest.fixture(scope="session")
def settled_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database in which the two lots of S1 are settled and S2's lot is still open (see ``tests.waybills.world``)."""
    url = f"sqlite:///{tmp_path_factory.mktemp('settled') / 'modalshift.db'}"
    store = actions.open_store(url)
    network, factors = world.world_network(), world.world_factors()
    waybills = actions.accept(
        store, world.world_plan(), world.shipments(), world.parties(), network, at=world.ISSUED_AT
    )
    of_s1 = [waybill for waybill in waybills if waybill.consignor.party_id == "E1"]
    actions.record(store, world.all_events(of_s1, {"V2": world.VOYAGE_FUEL_G}), at=world.LATER)
    assert actions.settle(store, network, factors, at=world.LATER).settled_lots == 2
    store.close()
    return url


@pytest.fixture(scope="session")
def settled_app(settled_url: str) -> Flask:
    """The application over settled lots, in demo mode."""
    return create_app(Settings(db_url=settled_url, demo=True, limits=False))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor without cookies."""
    return app.test_client()


@pytest.fixture(scope="session")
def settled_address(settled_app: Flask) -> Iterator[str]:
    """The application over settled lots behind waitress on a free port."""
    server = create_server(settled_app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium of the system; tests that need it are skipped by name where there is none."""
    executable = next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)
    if executable is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=Path(executable), args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()
