"""A ledger with its evidence, of any size: generations of a carried-out week, each with waybills, voyages, vessels,
events and tickets of its own.

Copies that shared a voyage or a ticket would be mates or doubles of each other, so every generation sails under other
names: waybills, voyages, hulls, ship numbers, events and digests of evidence. Nor would they teach anything about books
in which no two lots are alike: so each lot of each generation weighs something else and each voyage burns something
else. What follows from names, masses and logs (inputs, results, digests, entries) the product itself reckons.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from multiprocessing import get_context

from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.ledger import Transaction, pending_by_lot
from optimizer.accounts.settlement import Desk, estimates, review, settlement_transactions
from optimizer.actions import keep_city_totals
from optimizer.actions.versions import code_version
from optimizer.bench.ledger_world import NO_PLAN, NO_PLAN_ID, LedgerWorld, copy_number, open_accounts
from optimizer.store.engine import Store
from optimizer.waybills.codec import from_json, to_json
from optimizer.waybills.event import Event
from optimizer.waybills.waybill import Waybill

FILLED = 20
"""Generations written at a time."""
AHEAD = 4
"""How many batches are made ahead."""
WORTH_ANOTHER = 20_000
"""Lots that pay for another process."""
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NAMESPACE = uuid.UUID("5b6b1a0e-41c1-5d0e-9a39-1d1f0a6a7c55")


@dataclass(frozen=True, slots=True)
class Generation:
    """What a week of one generation writes, in order."""

    waybills: dict[str, tuple[Waybill, str]]
    events: list[Event]
    runs: list[tuple[CalculationRun, str]]
    transactions: list[Transaction]


@dataclass(slots=True)
class Names:
    """The names of one generation for those of the week that is copied."""

    number: int
    waybills: dict[str, str]
    known: dict[str, str] = field(default_factory=dict)

    def renamed(self, pieces: Sequence[str]) -> str:
        """A canonical text with all names of the generation. ``pieces``: the text cut before and after each name."""
        written = list(pieces)
        written[1::2] = [self._name(old) for old in pieces[1::2]]
        return "".join(written)

    def _name(self, old: str) -> str:
        if old not in self.known:
            self.known[old] = self._new(old)
        return self.known[old]

    def _new(self, old: str) -> str:
        if old in self.waybills:
            return self.waybills[old]
        if re.fullmatch(_UUID, old):
            return str(uuid.uuid5(_NAMESPACE, f"{self.number}|{old}"))
        if re.fullmatch(r"[0-9a-f]{64}", old):
            return hashlib.sha256(f"{self.number}|{old}".encode()).hexdigest()
        if re.fullmatch(r"CN\d{11}", old):
            return f"CN{(int(old[2:]) + 7919 * self.number) % 10**11:011d}"
        return f"{old}-{self.number}"


class Generations:
    """Makes generations of a world."""

    def __init__(self, made: LedgerWorld) -> None:
        self._made = made
        legs = [leg for waybill in made.waybills for lot in waybill.lots for leg in lot.legs]
        names = {waybill.number for waybill in made.waybills} | {leg.vessel_id for leg in legs}
        names |= {leg.voyage_id for leg in legs}
        listed = sorted((re.escape(name) for name in names - {""}), key=lambda name: (-len(name), name))
        name = re.compile(f'({"|".join(listed)}|CN\\d{{11}}|{_UUID}|\\b(?!{NO_PLAN_ID})[0-9a-f]{{64}}\\b)(?=")')
        self._waybills = [name.split(to_json(waybill)) for waybill in made.waybills]
        self._events = [name.split(to_json(event)) for event in made.events]
        self._desk = Desk(made.world.network, made.world.factors, code_version(), made.at, "")

    def __call__(self, number: int) -> Generation:
        """The generation of a number."""
        made, count = self._made, len(self._made.waybills)
        numbers = {bill.number: copy_number(number * count + place) for place, bill in enumerate(made.waybills)}
        names = Names(number, numbers)
        texts = [names.renamed(text) for text in self._waybills]
        waybills = {bill.number: (bill, text) for text in texts for bill in (from_json(Waybill, text),)}
        events = [varied(from_json(Event, names.renamed(text)), number) for text in self._events]
        reviewed = review({number: bill for number, (bill, _) in waybills.items()}, events)
        pending = [entry for bill, _ in waybills.values() for entry in estimates(bill, bill.issued_at, "")]
        waiting, runs, entries = pending_by_lot(pending), [], list(pending)
        for model in made.models:
            bill, _ = waybills[numbers[model.waybill.number]]
            lot = bill.lot(model.lot.lot_no)
            state = next(item for item in reviewed.states[bill.number].lots if item.lot_no == lot.lot_no)
            run = self._desk.run_lot(bill, lot, state, reviewed.voyages)
            own = waiting.get((bill.number, lot.lot_no))
            entries += settlement_transactions(bill, lot, run, own, model.delivered_at, made.at, "")
            runs.append((run, to_json(run)))
        return Generation(waybills, events, runs, entries)


def varied(event: Event, number: int) -> Event:
    """An event of a generation with the mass and the fuel of its own lot and voyage: up to a hundredth less than in the
    week that is copied, so that what was declared still holds. One voyage in four has no fuel log: its class model
    stands for it."""
    if event.mass_kg is not None:
        drawn = _drawn(f"{number}|{event.waybill_number}|{event.lot_no}")
        event = replace(event, mass_kg=event.mass_kg - _part(drawn, event.mass_kg))
    if event.energy is not None:
        drawn, burnt_g = _drawn(f"{number}|{event.voyage_id}"), event.energy.amount_g
        energy = replace(event.energy, amount_g=burnt_g - _part(drawn, burnt_g))
        event = replace(event, energy=energy if drawn % 4 else None)
    return event


def _drawn(name: str) -> int:
    """Below 2 to the 32nd, the same for the same name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])


def _part(drawn: int, whole: int) -> int:
    """Of a whole amount between nothing and a hundredth."""
    return whole * drawn // (100 * 2**32)


class _Maker:
    """What a process holds that makes generations for another."""

    _generations: Generations

    @classmethod
    def begin(cls, made: LedgerWorld) -> None:
        """Hold the week that generations copy."""
        cls._generations = Generations(made)

    @classmethod
    def batch(cls, first: int, filled: int) -> list[Generation]:
        """So many generations from a number on."""
        return [cls._generations(number) for number in range(first, first + filled)]


def _batches(made: LedgerWorld, lots: int) -> Generator[list[Generation], None, None]:
    """Generations without end; for many lots another process makes them while this one writes."""
    if lots < WORTH_ANOTHER:
        generation = Generations(made)
        for first in count(0, FILLED):
            yield [generation(number) for number in range(first, first + FILLED)]
    with ProcessPoolExecutor(1, get_context("spawn"), _Maker.begin, (made,)) as pool:
        asked = deque(pool.submit(_Maker.batch, FILLED * place, FILLED) for place in range(AHEAD))
        try:
            for place in count(AHEAD):
                asked.append(pool.submit(_Maker.batch, FILLED * place, FILLED))
                yield asked.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def fill_with_evidence(store: Store, made: LedgerWorld, lots: int) -> int:
    """Generations until the ledger has so many lots; how many it has then."""
    open_accounts(store, made)
    with store.write() as session:
        session.add_plan(NO_PLAN_ID, NO_PLAN, made.at)
    batches, done = _batches(made, lots), 0
    while done < lots:
        batch = next(batches)
        with store.write() as session:
            bills = {bill.number: (bill, text) for item in batch for bill, text in item.waybills.values()}
            session.add_waybills([bill for bill, _ in bills.values()], {key: text for key, (_, text) in bills.items()})
            session.add_events([event for item in batch for event in item.events], made.at)
            runs = [pair for item in batch for pair in item.runs]
            session.add_runs([run for run, _ in runs], {run.run_id: document for run, document in runs})
            session.add_transactions([entry for item in batch for entry in item.transactions])
        done += len(runs)
    batches.close()
    keep_city_totals(store)
    return done
