"""Random operations on the real ledger and on a small model of it, side by side: they never differ."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from optimizer import actions
from optimizer.accounts.audit import codes
from optimizer.accounts.checkpoint import Checkpoint
from optimizer.accounts.ledger import Bucket, Ledger
from optimizer.actions import correcting, settling
from optimizer.actions.amending import amend
from optimizer.errors import ConflictError, InputError, ModalshiftError
from optimizer.store import schema
from optimizer.store.engine import Store
from optimizer.waybills.amendment import Amendment
from optimizer.waybills.event import Event, EventType, event_id
from tests.store.ledger_model import ACCOUNTS, MASSES_KG, LedgerModel, LotModel, shipment_of, tables
from tests.store.servers import Postgres
from tests.waybills.world import ISSUED_AT, lot_events, parties, world_network

OPERATIONS = 10_000
"""On every run on SQLite; a tenth on a server; `make torture` does 10^5 on both."""
SOME = 0.5
MINUTE = timedelta(minutes=1)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOT_EVENTS = (EventType.HOLD, EventType.RELS, EventType.LOST, EventType.VOID)


@pytest.fixture(autouse=True)
def _any_factors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tables take turns; who released them is another test's matter."""
    for module in (settling, correcting):
        monkeypatch.setattr(module, "require_released_factors", lambda *_arguments: None)


class Pair:
    """The real ledger and the model; every operation is done to both, and both must answer alike."""

    def __init__(self, store: Store, rng: random.Random, leap: int) -> None:
        self.store, self.rng, self.model, self.leap = store, rng, LedgerModel(), leap
        self.at = ISSUED_AT
        self.done: Counter[str] = Counter()
        self.heads: list[Checkpoint] = []
        for _ in ACCOUNTS[:2]:  # so that every account is open
            self.step("accept")

    def step(self, name: str) -> None:
        """One operation, at a later minute; now and then much later."""
        self.at += MINUTE * self.rng.choice((1, 1, 1, 2, self.leap))
        said = getattr(self, name)()
        self.done[f"{name} {said}"] += 1

    # Operations

    def accept(self) -> str:
        place, mass_kg = len(self.model.lots), self.rng.choice(MASSES_KG)
        plan, shipment = shipment_of(place, mass_kg)
        (made,) = actions.accept(self.store, plan, [shipment], parties(), world_network(), self.at)
        self.model.accept(place, mass_kg)
        lot = self.model.lots[-1]
        assert made.number == lot.waybill.number
        lot.waybill = made
        return "done"

    def report(self) -> str:
        """Several events of a lot in any order, some for the second time."""
        lot = self._lot()
        story = lot_events(lot.waybill, lot.waybill.lots[0])
        chosen = self.rng.sample(story, self.rng.randrange(1, len(story) + 1))
        return self._record(lot, [self._occurrence(lot, event) for event in chosen])

    def alter(self) -> str:
        """An id that is taken, with other content."""
        lot = self._lot()
        known = [event for event in lot.reported.values() if event.event_type is not EventType.WDRW]
        if not known:
            return "nothing"
        return self._record(lot, [replace(self.rng.choice(known), reason="otherwise")])

    def withdraw(self) -> str:
        lot = self._lot()
        known = list(lot.reported.values()) or lot_events(lot.waybill, lot.waybill.lots[0])
        target = self.rng.choice([event for event in known if event.event_type is not EventType.WDRW] or [None])
        if target is None or target.event_type is EventType.VOID:
            return "nothing"
        return self._record(lot, [self._event(lot, EventType.WDRW, withdraws=target.event_id)])

    def mark(self) -> str:
        """Hold, release, lost, void."""
        lot = self._lot()
        kind = self.rng.choices(LOT_EVENTS, (4, 6, 1, 1))[0]
        return self._record(lot, [self._event(lot, kind)])

    def settle(self) -> str:
        table = self.rng.randrange(2)
        batch = self.rng.choice((1, 3, 100))
        real = actions.settle(self.store, world_network(), tables()[table], self.at, batch=batch).settled_lots
        assert real == self.model.settle(table)
        return "some" if real else "none"

    def reverse(self) -> str:
        lot = self._settled_lot()
        return self._both(
            lambda: actions.reverse(self.store, lot.waybill.number, 1, "test", self.at),
            self.model.reverse(lot, self.at),
        )

    def restate(self) -> str:
        lot, table = self._settled_lot(), self.rng.randrange(2)
        return self._both(
            lambda: actions.restate(
                self.store, lot.waybill.number, 1, "test", world_network(), tables()[table], self.at
            ),
            self.model.restate(lot, table, self.at),
        )

    def transfer(self) -> str:
        giver, taker = self.rng.choice(ACCOUNTS), self.rng.choice(ACCOUNTS)
        amount_g, reference = self._amount(giver), self._reference()
        return self._both(
            lambda: actions.transfer(self.store, giver, taker, amount_g, reference, "test", self.at),
            self.model.deal("TRANSFER", giver, taker, amount_g, reference, self.at),
        )

    def retire(self) -> str:
        holder = self.rng.choice(ACCOUNTS)
        amount_g, reference = self._amount(holder), self._reference()
        return self._both(
            lambda: actions.retire(self.store, holder, amount_g, reference, "test", self.at),
            self.model.deal("RETIRE", holder, "", amount_g, reference, self.at),
        )

    def close(self) -> str:
        period = (
            f"2026-{self.rng.randrange(9, 13):02d}"
            if self.rng.random() < SOME
            else f"2027-{self.rng.randrange(1, 13):02d}"
        )
        return self._both(lambda: actions.close(self.store, period, self.at), self.model.close(period, self.at))

    def amend(self) -> str:
        lot, mass_kg = self._lot(), self.rng.choice(MASSES_KG)
        change = Amendment(declared_mass_kg={1: mass_kg})
        said = self.model.amend(lot, mass_kg, self.at)
        return self._both(lambda: amend(self.store, lot.waybill.number, change, "test", world_network(), self.at), said)

    def seal(self) -> str:
        self.heads.append(actions.seal(self.store, KEY, self.at).checkpoint)
        return "done"

    # Comparing

    def compare(self) -> None:
        """Balances, entries by month and kind, events, jobs, months: nothing differs."""
        model = self.model
        reserved_g: Counter[str] = Counter()
        for lot in model.lots:
            reserved_g[lot.account] += lot.reserved_g
        wanted = {
            (account, bucket): amount
            for bucket, held in (
                (Bucket.AVAILABLE, model.available_g),
                (Bucket.RESERVED, reserved_g),
                (Bucket.RETIRED, model.retired_g),
            )
            for account, amount in held.items()
            if amount
        }
        entries = schema.transactions.c
        with self.store.read() as session:
            kept = session.account_reader.all_balances()
            by_month = session._connection.execute(
                select(entries.period, entries.kind, func.count()).group_by(entries.period, entries.kind)
            )
            assert {(row[0], row[1]): row[2] for row in by_month} == dict(model.entries)
            assert session.last_seq() == sum(model.entries.values())
            assert session.last_event_seq() == model.events
            assert session.outbox.keys() == {lot.key for lot in model.lots if lot.job_at}
            assert [item.period for item in session.periods()] == model.closed
        assert {
            (account, bucket): amount
            for (account, ledger, bucket, _), amount in kept.items()
            if ledger is Ledger.CLAIM and not account.startswith("issuance.")
        } == wanted

    def audit(self) -> None:
        """The audit names what the model knows to be open, and nothing else; everything sealed stands."""
        found = codes(actions.audit(self.store, world_network(), tables()[0]))
        lots = self.model.lots
        wanted = {
            "settled_not_verified": sum(lot.settled and not lot.reversed and lot.carbon != "VERIFIED" for lot in lots),
            "verified_not_settled": sum(lot.carbon == "VERIFIED" and not lot.settled for lot in lots),
            "evidence_lost": sum(lot.carbon == "EVIDENCE_LOST" for lot in lots),
            "on_hold": sum(lot.carbon == "DISPUTED" for lot in lots),
        }
        found.pop("inputs_differ_from_evidence", None)  # lots amended after their events were withdrawn
        assert found == {code: count for code, count in wanted.items() if count}
        self.seal()
        assert actions.verify(self.store, self.heads).findings == ()

    # Choosing

    def _lot(self) -> LotModel:
        """Often one of the newest, where most is open."""
        lots = self.model.lots
        return self.rng.choice(lots[-12:] if self.rng.random() < 0.7 else lots)

    def _settled_lot(self) -> LotModel:
        settled = [lot for lot in self.model.lots if lot.settled]
        return self.rng.choice(settled) if settled and self.rng.random() < 0.9 else self._lot()

    def _amount(self, holder: str) -> int:
        held_g = self.model.available_g[holder]
        return self.rng.choice((held_g, held_g + 1, self.rng.randrange(-1, max(2, held_g)), 1, 0))

    def _reference(self) -> str:
        known = [reference for _, reference in self.model.deals]
        fresh = not known or self.rng.random() < 0.8
        return f"R{len(known)}-{self.rng.randrange(10**9)}" if fresh else self.rng.choice(known[-20:])

    def _occurrence(self, lot: LotModel, event: Event) -> Event:
        """The event as reported before, or with an id of its own: after a withdrawal, and sometimes just so."""
        known = lot.times[event.leg_seq, event.event_type]
        own = event_id(lot.waybill.number, 1, event.leg_seq, event.event_type, known)
        if known and own not in lot.withdrawn and self.rng.random() < 0.8:
            return lot.reported.get(own, replace(event, event_id=own))
        lot.times[event.leg_seq, event.event_type] = known + 1
        return replace(event, event_id=event_id(lot.waybill.number, 1, event.leg_seq, event.event_type, known + 1))

    def _event(self, lot: LotModel, kind: EventType, **changes: str) -> Event:
        """An event of this moment; a hold and its release take turns under one place."""
        lot.times[None, kind] += 1
        number = lot.waybill.number
        template = lot_events(lot.waybill, lot.waybill.lots[0])[-1]
        of_document = kind in (EventType.VOID, EventType.WDRW)
        return replace(
            template,
            event_id=event_id(number, None, None, kind, lot.times[None, kind]),
            lot_no=None if of_document else 1,
            event_type=kind,
            event_time=self.at,
            record_time=self.at,
            location_id="",
            reason="test",
            **changes,  # type: ignore[arg-type]
        )

    def _record(self, lot: LotModel, events: list[Event]) -> str:
        """Record a batch; the real ledger takes it in order of record time and tries again what was refused."""
        result = actions.record(self.store, events, self.at)
        waiting = sorted(set(events), key=lambda event: (event.record_time, event.event_time, event.event_id))
        said: dict[str, str] = {}
        while waiting:
            answers = {event.event_id: self.model.record(lot, event, self.at) for event in waiting}
            said.update(answers)
            left = [event for event in waiting if answers[event.event_id] not in ("accepted", "known")]
            if len(left) == len(waiting):
                break
            waiting = left
        real = dict.fromkeys(result.accepted, "accepted") | {
            item.event.event_id: item.faults[0].code for item in result.refused
        }
        assert {name: answer for name, answer in said.items() if answer != "known"} == real
        return "+".join(sorted(set(said.values())))

    def _both(self, verb: Callable[[], object], wanted: str) -> str:
        try:
            said = "nothing" if verb() is None else "done"
        except ConflictError:
            said = "conflict"
        except InputError:
            said = "bad"
        assert said == wanted
        return said


WEIGHTS = {
    "accept": 4, "report": 14, "alter": 2, "withdraw": 4, "mark": 3, "settle": 5, "reverse": 4,
    "restate": 3, "transfer": 36, "retire": 14, "close": 5, "amend": 5, "seal": 1,
}  # fmt: skip


def run(store: Store, operations: int, seed: int, compare_every: int) -> Counter[str]:
    """So many random operations; what was answered how often."""
    rng = random.Random(seed)
    pair = Pair(store, rng, leap=900_000 // operations)  # some four months, however long the run
    names, weights = list(WEIGHTS), list(WEIGHTS.values())
    for number, name in enumerate(rng.choices(names, weights, k=operations), start=1):
        try:
            pair.step(name)
            if number % compare_every == 0:
                pair.compare()
        except (AssertionError, ModalshiftError) as error:
            raise AssertionError(f"operation {number} ({name}) of seed {seed}: {error}") from error
    pair.compare()
    pair.audit()
    return pair.done


@contextmanager
def quick_sqlite(template: Path) -> Iterator[Store]:
    """A copy of an empty database."""
    with tempfile.TemporaryDirectory(prefix="modalshift-") as folder:
        shutil.copyfile(template, f"{folder}/x.db")
        store = actions.open_store(f"sqlite:///{folder}/x.db")
        yield store
        store.close()


def test_ten_thousand_random_operations_and_no_difference(sqlite_templates: dict[bool, Path]) -> None:
    """Every answer, balance, entry, month and job is the model's; and every answer that can be given was given."""
    with quick_sqlite(sqlite_templates[False]) as store:
        done = run(store, OPERATIONS, seed=1, compare_every=100)
    for wanted in ("transfer done", "transfer conflict", "transfer bad", "reverse conflict", "restate nothing"):
        assert done[wanted] > 20, wanted
    for wanted in ("close done", "close conflict", "amend done", "amend bad", "amend conflict", "restate done"):
        assert done[wanted] > 1, wanted
    refusals = " ".join(done)
    for code in ("id_taken", "reported_already", "in_the_future", "already_withdrawn", "unknown_event", "voided"):
        assert code in refusals, code


def test_the_same_on_a_server(postgres: Postgres) -> None:
    """A tenth of it on PostgreSQL."""
    with postgres.database() as url:
        store = actions.open_store(url)
        assert run(store, OPERATIONS // 10, seed=2, compare_every=100)["settle some"] > 3
        store.close()


@pytest.mark.torture
def test_a_hundred_thousand_random_operations(sqlite_templates: dict[bool, Path], postgres: Postgres) -> None:
    """Fifty ledgers of 1,000 operations on each database; TORTURE_SEED draws others."""
    first = int(os.environ.get("TORTURE_SEED", "1000"))
    for seed in range(first, first + 50):
        print(f"ledger {seed - first + 1} of 50, seed {seed}", flush=True)
        with quick_sqlite(sqlite_templates[False]) as store:
            run(store, 1000, seed, compare_every=50)
        with postgres.database() as url:
            store = actions.open_store(url)
            run(store, 1000, seed, compare_every=50)
            store.close()


class Machine(RuleBasedStateMachine):
    """The same operations chosen by hypothesis, which finds the shortest way to a difference."""

    template = Path()

    @initialize(rng=st.randoms(use_true_random=False))
    def begin(self, rng: random.Random) -> None:
        self.place = quick_sqlite(self.template)
        self.pair = Pair(self.place.__enter__(), rng, leap=3000)

    @rule(name=st.sampled_from(sorted(WEIGHTS)))
    def operate(self, name: str) -> None:
        self.pair.step(name)

    @invariant()
    def alike(self) -> None:
        if hasattr(self, "pair"):
            self.pair.compare()

    def teardown(self) -> None:
        if hasattr(self, "place"):
            self.place.__exit__(None, None, None)


def test_no_short_way_to_a_difference(sqlite_templates: dict[bool, Path]) -> None:
    """Hypothesis looks for one, comparing after every step."""
    Machine.template = sqlite_templates[False]
    run_state_machine_as_test(Machine, settings=settings(max_examples=12, stateful_step_count=25, deadline=None))
