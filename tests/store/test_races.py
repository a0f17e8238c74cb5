"""Several processes do everything at once, with clocks that disagree: whatever comes of it, the books are sound."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zlib import crc32

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from optimizer import actions
from optimizer.accounts.audit import codes
from optimizer.accounts.ledger import Kind
from optimizer.actions.amending import amend
from optimizer.actions.sealing import seal
from optimizer.errors import ModalshiftError
from optimizer.quantities import CHINA_TIME
from optimizer.store.engine import Store
from optimizer.waybills.amendment import Amendment
from optimizer.waybills.event import EventType, event_id
from tests.store.crashing import in_child, start
from tests.store.servers import Postgres
from tests.store.test_faults import EVENTS, LOTS, Tell
from tests.waybills.world import (
    ISSUED_AT,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
    world_waybills,
)

WAYBILLS = world_waybills()
KEY = Ed25519PrivateKey.from_private_bytes(bytes([7] * 32))
BOUNDARY = datetime(2026, 11, 1, tzinfo=CHINA_TIME)
ACCOUNTS = ("E1.industry", "E2.energy", "E3.building", "E9.transport")
PROCESSES, OPERATIONS = 3, 25
OPEN_ENDS = {"verified_not_settled", "settled_not_verified", "inputs_differ_from_evidence", "evidence_lost", "on_hold"}
"""What an audit may say of the evidence where reports, withdrawals and settlements came in any order."""


def everything_at_once(seed: int, operations: int) -> Callable[[Store, Tell], None]:
    """Random verbs by a clock that jumps over the end of a month and back."""

    def work(store: Store, tell: Tell) -> None:
        rng = random.Random(seed)
        for number in range(operations):
            at = BOUNDARY + timedelta(seconds=rng.choice((-1, 0, 1, -86_400 * 20, 86_400 * 20, 86_400 * 40)))
            verb = rng.choice(list(VERBS))
            try:
                VERBS[verb](store, rng, at, f"{seed}-{number}")
                tell(f"{verb} done")
            except ModalshiftError as error:
                tell(f"{verb} {type(error).__name__}")

    return work


def _report(store: Store, rng: random.Random, at: datetime, _name: str) -> None:
    actions.record(store, rng.sample(EVENTS, rng.randrange(1, 12)), max(at, BOUNDARY + timedelta(days=1)))


def _withdraw(store: Store, rng: random.Random, _at: datetime, name: str) -> None:
    known = rng.choice(EVENTS)
    told = replace(
        known,
        event_id=event_id(known.waybill_number, None, None, EventType.WDRW, crc32(name.encode()) % 10**6),
        event_type=EventType.WDRW,
        mass_kg=None,
        energy=None,
        evidence=(),
        withdraws=known.event_id,
        reason="a race",
    )
    actions.record(store, [told], BOUNDARY + timedelta(days=1))


def _amend(store: Store, rng: random.Random, at: datetime, _name: str) -> None:
    waybill = rng.choice(WAYBILLS)
    lot = rng.choice(waybill.lots)
    change = Amendment(declared_mass_kg={lot.lot_no: lot.declared_mass_kg - rng.randrange(1, 5) * 1000})
    amend(store, waybill.number, change, "a race", world_network(), at)


def _transfer(store: Store, rng: random.Random, at: datetime, name: str) -> None:
    giver, taker = rng.sample(ACCOUNTS, 2)
    actions.transfer(store, giver, taker, rng.randrange(1, 10**6), rng.choice((name, "shared")), "a race", at)


def _lot(rng: random.Random) -> tuple[str, int]:
    return rng.choice(LOTS)


VERBS: dict[str, Callable[[Store, random.Random, datetime, str], object]] = {
    "report": _report,
    "report again": _report,
    "withdraw": _withdraw,
    "settle": lambda store, rng, at, _: actions.settle(
        store, world_network(), world_factors(), at, batch=rng.choice((1, 2, 100))
    ),
    "settle again": lambda store, _, at, __: actions.settle(store, world_network(), world_factors(), at, batch=1),
    "seal": lambda store, rng, at, _: seal(store, KEY, at, batch=rng.choice((3, 1000))),
    "close": lambda store, rng, at, _: actions.close(store, rng.choice(("2026-09", "2026-10", "2026-11")), at),
    "reverse": lambda store, rng, at, _: actions.reverse(store, *_lot(rng), "a race", at),
    "restate": lambda store, rng, at, _: actions.restate(
        store, *_lot(rng), "a race", world_network(), world_factors(), at
    ),
    "restate all": lambda store, _, at, __: actions.restate_all(
        store, world_network(), world_factors(), "a race", at, batch=1
    ),
    "transfer": _transfer,
    "retire": lambda store, rng, at, name: actions.retire(
        store, rng.choice(ACCOUNTS), rng.randrange(1, 10**6), rng.choice((name, "shared")), "a race", at
    ),
    "amend": _amend,
}


def race(url: str, seed: int, processes: int, operations: int) -> Counter[str]:
    """Let so many processes work on a fresh world, and look at what became of it. What was answered how often."""
    store = actions.open_store(url)
    actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    store.close()
    children = [start(url, everything_at_once(seed * 100 + number, operations)) for number in range(processes)]
    said: Counter[str] = Counter()
    for child, reader in children:
        with os.fdopen(reader) as pipe:
            said.update(line.rstrip("\n") for line in pipe)
        _, status = os.waitpid(child, 0)
        assert status == 0, (seed, said)
    in_child(url, everything_at_once(seed * 100 + 99, 3))
    store = actions.open_store(url)
    found = codes(actions.audit(store, world_network(), world_factors()))
    assert set(found) <= OPEN_ENDS, (seed, found)
    seal(store, KEY, BOUNDARY + timedelta(days=90))
    assert actions.verify(store).findings == (), seed
    with store.read() as session:
        settled = Counter((e.waybill_number, e.lot_no) for e in session.transactions() if e.kind is Kind.SETTLE)
    assert set(settled.values()) <= {1}, (seed, settled)
    store.close()
    return said


def test_processes_that_do_everything_at_once_leave_sound_books(url: str) -> None:
    """Reports, withdrawals, amendments, settling, closing, sealing, corrections and deals: refusals are sentences, each
    lot settles at most once, the audit and the seals agree."""
    said = race(url, seed=1, processes=PROCESSES, operations=OPERATIONS)
    assert sum(said.values()) == PROCESSES * OPERATIONS


@pytest.mark.torture
def test_many_races_leave_sound_books(postgres: Postgres, sqlite_templates: dict[bool, Path], tmp_path: Path) -> None:
    """Eight of them on each database, longer ones; TORTURE_SEED draws others."""
    first = int(os.environ.get("TORTURE_SEED", "1000"))
    for seed in range(first, first + 8):
        file = tmp_path / f"{seed}.db"
        file.write_bytes(sqlite_templates[False].read_bytes())
        said = race(f"sqlite:///{file}", seed, PROCESSES, 4 * OPERATIONS)
        with postgres.database() as url:
            said += race(url, seed, PROCESSES, 4 * OPERATIONS)
        print(seed, dict(sorted(said.items())), flush=True)
