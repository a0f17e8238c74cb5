"""Heads for everybody, proofs for whom they concern."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.accounts.checkpoint import parse_checkpoint
from optimizer.accounts.ledger import Kind
from optimizer.accounts.proof import verdict_on
from tests.accounts.small_books import FUEL_LOGS
from tests.waybills import world
from tests.webapp.signed_in import House
from webapp import Settings, create_app

KEY = Ed25519PrivateKey.from_private_bytes(bytes([1] * 32))
AT = world.LATER + timedelta(days=1)
PEOPLE: Mapping[str, tuple[Role, str]] = {
    "owner": (Role.ENTERPRISE, "E1"),
    "other": (Role.ENTERPRISE, "E2"),
    "receiver": (Role.ENTERPRISE, "E3"),
    "auditor": (Role.AUDITOR, ""),
    "bank": (Role.BANK, ""),
    "stranger-bank": (Role.BANK, ""),
    "carrier": (Role.CARRIER, "E9"),
    "admin": (Role.ADMINISTRATOR, ""),
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    """The tiny world settled and sealed in several batches; E1 has opened its account to one bank."""
    settings = Settings(db_url=f"sqlite:///{tmp_path / 'm.db'}", demo=True, limits=False)
    store = actions.open_store(settings.db_url)
    issued = actions.accept(
        store, world.world_plan(), world.shipments(), world.parties(), world.world_network(), world.ISSUED_AT
    )
    actions.record(store, world.all_events(issued, FUEL_LOGS), world.LATER)
    actions.settle(store, world.world_network(), world.world_factors(), world.LATER)
    actions.seal(store, KEY, AT, batch=20)
    tokens = {}
    for number, (login, (role, party)) in enumerate(PEOPLE.items()):
        user = User(actions.user_id_of(login), login, login, login, role, party)
        actions.add_user(store, user, None, world.LATER)
        tokens[login], _ = actions.make_token(store, login, "", bytes([number] * 32), world.LATER)
        if login == "bank":
            owner = User(actions.user_id_of("owner"), "owner", "owner", "owner", Role.ENTERPRISE, "E1")
            actions.grant_account(store, owner, "bank", True, AT)
    return House(settings, store, tokens)


def settlement_of(house: House, party: str) -> str:
    """The name of a settlement of a consignor."""
    with house.store.read() as session:
        owner = {waybill.number: waybill.consignor.party_id for waybill in session.waybills().values()}
        settled = [item for item in session.transactions() if item.kind is Kind.SETTLE]
    return next(f"transaction:{item.transaction_id}" for item in settled if owner[item.waybill_number] == party)


def test_heads_are_for_everybody(house: House) -> None:
    """Without a token, newest first, page by page; each is the signed note that `verify` takes."""
    client = create_app(house.settings).test_client()
    newest = actions.checkpoint(house.store)
    found, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/api/v1/ledger/checkpoints?limit=2{cursor and f'&cursor={cursor}'}").json
        found += page["items"]
        cursor = page["next_cursor"]
    notes = [parse_checkpoint(item["checkpoint"]) for item in found]
    assert notes[0] == newest
    assert [note.size for note in notes] == sorted({note.size for note in notes}, reverse=True)
    assert len(notes) >= 3
    assert actions.verify(house.store, notes).findings == ()


def test_a_proof_over_the_api_holds(house: House) -> None:
    """What the API answers is the file that the verifier reads."""
    answer = house.program("owner").get(f"/api/v1/ledger/entries/{settlement_of(house, 'E1')}/proof")
    assert answer.status_code == 200
    assert verdict_on(answer.text, str(actions.checkpoint(house.store).note)) == "ok"


@pytest.mark.parametrize(
    ("login", "own", "foreign", "waybill"),
    [
        ("auditor", 200, 200, 200),
        ("owner", 200, 404, 404),
        ("other", 404, 200, 404),
        ("receiver", 404, 404, 404),
        ("bank", 200, 404, 404),
        ("stranger-bank", 404, 404, 404),
        ("carrier", 403, 403, 403),
        ("admin", 403, 403, 403),
    ],
)
def test_proofs_are_for_whom_they_concern(house: House, login: str, own: int, foreign: int, waybill: int) -> None:
    """The settlement of E1, that of E2, and a waybill; a foreign entry is answered like one that is not there."""
    program = house.program(login)
    with house.store.read() as session:
        number = next(iter(session.waybills()))
    names = [settlement_of(house, "E1"), settlement_of(house, "E2"), f"waybill:{number}/1"]
    answers = [program.get(f"/api/v1/ledger/entries/{name}/proof").status_code for name in names]
    assert answers == [own, foreign, waybill]
    missing = program.get("/api/v1/ledger/entries/transaction:nobody/proof").status_code
    assert missing == (403 if own == 403 else 404)


def test_a_stranger_gets_no_proof(house: House) -> None:
    """401, whether the entry exists or not."""
    client = create_app(house.settings).test_client()
    for name in (settlement_of(house, "E1"), "transaction:nobody"):
        assert client.get(f"/api/v1/ledger/entries/{name}/proof").status_code == 401
