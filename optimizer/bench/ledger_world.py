"""A ledger of any size for the benches: real settlements of a planned week, copied under other waybill numbers.

Some shipments of the demo month are planned, issued, carried out and settled once by the product's own functions; each
copy differs in its waybill number alone, so every entry, run and digest of a copy is what the product would write for
such a waybill.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.ledger import Transaction, pending_by_lot
from optimizer.accounts.settlement import (
    Desk,
    accounts_for,
    estimates,
    review,
    settlement_transactions,
    verified_lots,
)
from optimizer.actions.planning import plan
from optimizer.actions.versions import code_version
from optimizer.bench.machine import library_versions
from optimizer.demo.execution import execute_month
from optimizer.demo.world import World
from optimizer.emissions.factors import FactorTable
from optimizer.network.model import Network
from optimizer.planning.settings import PlanSettings
from optimizer.store.engine import Store
from optimizer.store.outbox import Job
from optimizer.waybills.codec import sha256, to_json
from optimizer.waybills.codes import waybill_number
from optimizer.waybills.event import Event
from optimizer.waybills.issue import from_plan
from optimizer.waybills.waybill import Waybill, WaybillLot

FLOWS, SHIPMENTS = 1, 20
"""Shipments of the busiest flow of the demo month are planned to copy from."""
FIRST_DAY, WEEK, A_DAY = date(2026, 10, 1), 7, 1_000
"""Copies a day: the 256,000 lots of a ledger of a million entries are of some eight months."""


NO_PLAN = "{}"
NO_PLAN_ID = sha256(NO_PLAN)
"""What stands for the plan of the copies."""


@dataclass(frozen=True, slots=True)
class Model:
    """One settled lot to copy. ``document``: the text of its run, ``inputs_text`` that of the run's inputs."""

    waybill: Waybill
    lot: WaybillLot
    estimate: Transaction | None
    run: CalculationRun
    inputs_text: str
    document: str
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class LedgerWorld:
    """What is copied, and when it is booked."""

    world: World
    waybills: tuple[Waybill, ...]
    events: tuple[Event, ...]
    models: tuple[Model, ...]
    at: datetime

    def renumbered(self, place: int) -> Waybill:
        """The waybill of a copy."""
        return replace(self.models[place % len(self.models)].waybill, number=copy_number(place))


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a lot: what dispatch wrote (None where the plan saves nothing), and what settling it writes."""

    job: Job
    run: CalculationRun
    document: str
    estimate: Transaction | None
    transactions: tuple[Transaction, ...]


def ledger_world(world: World, clock: Callable[[], float], seed: int) -> LedgerWorld:
    """Plan, issue, carry out and settle some shipments of the demo month, in memory."""
    flows = Counter((item.origin, item.destination, item.cargo_code) for item in world.shipments)
    busiest = {flow for flow, _ in flows.most_common(FLOWS)}
    chosen = [item for item in world.shipments if (item.origin, item.destination, item.cargo_code) in busiest]
    shipments = chosen[:SHIPMENTS]
    planned = plan(shipments, world.network, world.factors, PlanSettings(gap=0.1, time_limit_s=60.0), clock=clock)
    issued_at = min(item.ready_at for item in shipments) - timedelta(days=2)
    waybills = tuple(from_plan(planned, shipments, world.parties, world.network, issued_at, NO_PLAN_ID))
    events = tuple(execute_month(waybills, (), seed))
    by_number = {waybill.number: waybill for waybill in waybills}
    at = max(event.record_time for event in events) + timedelta(hours=1)
    desk = Desk(world.network, world.factors, code_version(), at, "")
    reviewed = review(by_number, events)
    pending = pending_by_lot(entry for waybill in waybills for entry in estimates(waybill, issued_at, ""))
    models = []
    for waybill, lot, state in verified_lots(by_number, reviewed):
        run = desk.run_lot(waybill, lot, state, reviewed.voyages)
        waiting = pending.get((waybill.number, lot.lot_no))
        assert state.delivered_at is not None
        models.append(Model(waybill, lot, waiting, run, to_json(run.inputs), to_json(run), state.delivered_at))
    return LedgerWorld(world, waybills, events, tuple(models), at)


def open_accounts(store: Store, made: LedgerWorld) -> None:
    """Parties and accounts that the copies post to."""
    with store.write() as session:
        session.add_parties(made.world.parties, made.at)
        session.add_accounts(accounts_for(made.waybills), made.at)


def copy_number(place: int) -> str:
    """The waybill number of a copy. It begins with the day on which the cargo was ready: copies that are settled one
    after the other come from a week of :data:`A_DAY` waybills each, as lots that arrive together do."""
    return waybill_number(FIRST_DAY + timedelta(days=place // A_DAY + place % WEEK), f"bench {place}")


def copied_estimate(made: LedgerWorld, place: int) -> Transaction | None:
    """The estimate of a copy, as dispatch would write it; None where the plan saves nothing."""
    model = made.models[place % len(made.models)]
    if model.estimate is None:
        return None
    waybill = replace(model.waybill, number=copy_number(place), lots=(model.lot,))
    return next(iter(estimates(waybill, model.waybill.issued_at, "")))


def copies(made: LedgerWorld, first: int, count: int) -> Iterator[Copy]:
    """What settling the copies ``first`` to ``first + count - 1`` writes, built by the product's own functions."""
    for place in range(first, first + count):
        model = made.models[place % len(made.models)]
        number = copy_number(place)
        waybill = replace(model.waybill, number=number)
        run, document = _copied_run(model, number)
        pending = copied_estimate(made, place)
        transactions = settlement_transactions(waybill, model.lot, run, pending, model.delivered_at, made.at, "")
        yield Copy(Job(number, model.lot.lot_no, "ready", model.delivered_at), run, document, pending, transactions)


def _copied_run(model: Model, number: str) -> tuple[CalculationRun, str]:
    run, old = model.run, model.waybill.number
    inputs_sha256 = sha256(model.inputs_text.replace(old, number))
    versions = [run.factors_version, run.network_version, run.code_version]
    run_id = sha256(to_json([inputs_sha256, run.result_sha256, *versions]))
    document = model.document.replace(old, number).replace(run.inputs_sha256, inputs_sha256).replace(run.run_id, run_id)
    own = replace(run, run_id=run_id, inputs=replace(run.inputs, waybill_number=number), inputs_sha256=inputs_sha256)
    return own, document


def ledger_versions(network: Network, factors: FactorTable) -> dict[str, str]:
    """What a bench of the ledger names as measured."""
    return {
        "product": code_version(),
        "network": network.version,
        "factors": factors.version,
        "sqlite": sqlite3.sqlite_version,
        **library_versions("sqlalchemy"),
    }
