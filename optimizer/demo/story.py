"""The whole story on one page: a month of cargo from the road to the water, and its carbon into the accounts.

    network -> quote -> plan -> check -> waybills -> events -> settlement -> closed months -> sealed statements -> audit

Everything happens at fixed times before and after the month, so the same world tells the same story; the only thing
that differs between two runs is how many seconds each step took.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO

from optimizer import actions
from optimizer.access.user import Role
from optimizer.accounts.ledger import month_after, month_of
from optimizer.accounts.statement_document import statement_csv, statement_json
from optimizer.accounts.totals import SavingsRow, total
from optimizer.actions.overview import SavingsOverview
from optimizer.actions.planning import plan as plan_together
from optimizer.actions.stating import statements
from optimizer.demo import account_steps, corridor_steps, plan_steps, seal_steps
from optimizer.demo.corridor import break_even, rederived, shift_of, ways_of_counting
from optimizer.demo.execution import execute_month
from optimizer.demo.folder import STATEMENTS, DemoFolder
from optimizer.demo.generate import shipments_csv
from optimizer.demo.people import demo_people
from optimizer.demo.planning_desk import lay_on_desk
from optimizer.demo.press import Press, press
from optimizer.demo.step import Narrator, Step
from optimizer.demo.traffic import figures, traffic_csv, traffic_of
from optimizer.demo.world import World
from optimizer.documents.statement_files import statement_xlsx
from optimizer.planning.answer.summary import summary_of
from optimizer.planning.check import Violation, check_plan
from optimizer.planning.document import plan_to_json
from optimizer.planning.plan import Plan
from optimizer.planning.quote.document import quote_to_json
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solve import Tell
from optimizer.quantities import CHINA_TIME, kilograms, tonnes, yuan
from optimizer.store.engine import Store
from optimizer.waybills.codec import to_json, to_plain
from optimizer.waybills.event import Event
from optimizer.waybills.finding import Finding
from optimizer.waybills.waybill import Waybill

GAP = 0.0125
"""Proven within 1.25 per cent: what the month reaches in a quarter of a minute on two cores."""

EXAMPLE_MASS_KG = 1_000_000
"""The quoted example is the first shipment from this mass on: more than one barge takes."""

ALL_AT_ONCE = 1000
"""Jobs to a settling transaction: nobody else waits for this database, and lots that sailed together share a batch."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of the story, for who asks further."""

    plan: Plan
    violations: Sequence[Violation]
    waybills: Sequence[Waybill]
    events: Sequence[Event]
    recorded: actions.RecordResult
    settled: actions.SettleResult
    periods: Sequence[str]
    enterprises: Sequence[SavingsRow]
    findings: Sequence[Finding]


def tell_story(
    world: World,
    folder: DemoFolder,
    *,
    clock: Callable[[], float],
    show: Callable[[Step, float], None],
    listen: Tell = lambda progress: None,
) -> Told:
    """Tell the story and leave its documents and its database in the folder.

    ``clock`` counts seconds, ``show`` gets each step with the seconds it took, ``listen`` hears the planner's progress.
    """
    narrator = Narrator(clock, show)
    narrator.tell(plan_steps.world_step(world))
    _quote(world, folder, narrator)
    plan = _plan(world, folder, clock, listen, narrator)
    violations = check_plan(plan, world.shipments, world.network, world.factors)
    narrator.tell(plan_steps.check_step(violations))
    with _database(folder) as store, press() as printing:
        before = _before(world.shipments)
        waybills = actions.accept(store, plan, world.shipments, world.parties, world.network, before)
        people = demo_people()
        actions.add_demo_users(store, people, before)
        planner = next(user for user in people if user.role is Role.PLANNER)
        lay_on_desk(store, plan, world.shipments, PlanSettings(gap=GAP), planner, before)
        folder.write("waybills.jsonl", "".join(f"{to_json(waybill)}\n" for waybill in waybills))
        narrator.tell(account_steps.accept_step(waybills))
        events = execute_month(waybills, world.incidents, world.seed)
        after = _after(events, waybills)
        recorded = actions.record(store, events, after)
        narrator.tell(account_steps.record_step(recorded, events))
        open_before = actions.lots_overview(store)
        settled = actions.settle(store, world.network, world.factors, after, batch=ALL_AT_ONCE)
        enterprises = SavingsOverview(store)
        narrator.tell(account_steps.settle_step(open_before, settled, total(enterprises.savings("month"))))
        rows = _netting(store, enterprises, folder, narrator)
        periods = _close(store, world, waybills, after, folder, narrator, printing)
        findings = actions.audit(store, world.network, world.factors)
        printing.deliver(folder)
    folder.write("audit.json", json.dumps(to_plain(findings), ensure_ascii=False, indent=1) + "\n")
    narrator.tell(account_steps.audit_step(findings))
    _corridor(world, plan, waybills, total(rows), folder, narrator)
    narrator.tell(corridor_steps.look_step(str(folder.path), rows[0].key if rows else "", periods[0]))
    return Told(plan, violations, waybills, events, recorded, settled, periods, rows, findings)


def _quote(world: World, folder: DemoFolder, narrator: Narrator) -> None:
    heavy = (shipment for shipment in world.shipments if shipment.mass_kg >= EXAMPLE_MASS_KG)
    answer = actions.quote(world.network, world.factors, next(heavy, world.shipments[0]))
    versions = {
        "product": actions.code_version(),
        "network": world.network.version,
        "factors": world.factors.version,
    }
    folder.write("quote.json", quote_to_json(answer, versions))
    narrator.tell(plan_steps.quote_step(answer, world))


def _plan(world: World, folder: DemoFolder, clock: Callable[[], float], listen: Tell, narrator: Narrator) -> Plan:
    folder.write("shipments.csv", shipments_csv(world.shipments))
    settings = PlanSettings(gap=GAP)
    plan = plan_together(world.shipments, world.network, world.factors, settings, clock=clock, tell=listen)
    folder.write("PLAN.json", plan_to_json(plan))
    summary = summary_of(plan, world.shipments)
    narrator.tell(plan_steps.plan_step(plan, summary))
    narrator.tell(plan_steps.stays_step(summary))
    narrator.tell(plan_steps.worse_step(summary))
    return plan


def _netting(store: Store, overview: SavingsOverview, folder: DemoFolder, narrator: Narrator) -> list[SavingsRow]:
    """The enterprises' rows; the same to a file, with the city as the last line."""
    rows = overview.savings("enterprise")
    narrator.tell(account_steps.netting_step(overview.lots(), rows, actions.city_bound(store).portfolio))
    folder.write("savings.csv", savings_csv(rows))
    return rows


def _close(
    store: Store,
    world: World,
    waybills: Sequence[Waybill],
    after: datetime,
    folder: DemoFolder,
    narrator: Narrator,
    printing: Press,
) -> list[str]:
    """Close every month that is over by now, seal the books, and write the statements of all accounts."""
    periods = []
    period, end = month_of(min(waybill.ready_at for waybill in waybills)), month_of(after)
    while period < end:
        actions.close(store, period, after)
        periods.append(period)
        period = month_after(period)
    seal_steps.seal_books(store, world.seed, after)
    made = statements(store, periods)
    for statement in made:
        name = f"{STATEMENTS}/{statement.account.party_id}-{statement.period}"
        folder.write(f"{name}.json", statement_json(statement))
        folder.write(f"{name}.csv", statement_csv(statement))
        folder.write(f"{name}.xlsx", statement_xlsx(statement, "zh"))
        printing.order(f"{name}.pdf", statement)
    narrator.tell(account_steps.close_step(periods, len(made), f"{folder.path}/{STATEMENTS}"))
    narrator.tell(seal_steps.export_and_verify(store, folder, made))
    return periods


def _corridor(
    world: World, plan: Plan, waybills: Sequence[Waybill], city: SavingsRow, folder: DemoFolder, narrator: Narrator
) -> None:
    shift = shift_of(waybills, world.network, world.factors)
    ways = ways_of_counting(shift, world.factors)
    published = world.network.benchmarks["co2_saving_kg_per_t"].value
    traffic = figures(traffic_of(plan.voyages, world.network), world.network)
    folder.write("traffic.csv", traffic_csv(traffic))
    narrator.tell(corridor_steps.published_step(shift, city, traffic, world.network))
    narrator.tell(corridor_steps.ways_step(shift, ways))
    rederivation = rederived(world.network, world.factors)
    narrator.tell(corridor_steps.parts_step(shift, rederivation, break_even(shift, published), published))
    folder.write("corridor.csv", corridor_steps.corridor_csv(ways, shift))


@contextmanager
def _database(folder: DemoFolder) -> Iterator[Store]:
    store = actions.open_store(folder.db_url)
    try:
        yield store
    finally:
        store.close()


def _before(shipments: Sequence[Shipment]) -> datetime:
    """When the plan is accepted: at six on the evening before the first cargo is ready."""
    first = min(shipment.ready_at for shipment in shipments).astimezone(CHINA_TIME)
    return first.replace(hour=18, minute=0, second=0, microsecond=0) - timedelta(days=1)


def _after(events: Sequence[Event], waybills: Sequence[Waybill]) -> datetime:
    """When the books are done: at nine on the first day of the month after everything was reported and due."""
    last = max([*(event.record_time for event in events), *(waybill.due_at for waybill in waybills)])
    return datetime.fromisoformat(f"{month_after(month_of(last))}-01T09:00:00").replace(tzinfo=CHINA_TIME)


def savings_csv(rows: Sequence[SavingsRow]) -> str:
    """Settled lots by enterprise as CSV, the city as the last row; t, kg CO2e and yuan as exact decimals."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(SAVINGS_COLUMNS)
    for row in [*rows, total(rows)]:
        writer.writerow(
            (
                row.key or "city",
                row.label_zh,
                row.label_en,
                row.lots,
                tonnes(row.mass_kg),
                kilograms(row.baseline_g),
                kilograms(row.actual_g),
                kilograms(row.expected_g),
                kilograms(row.credited_g),
                yuan(row.cost_saved_fen),
            )
        )
    return buffer.getvalue()


SAVINGS_COLUMNS = (
    "enterprise_id",
    "name_zh",
    "name_en",
    "lots",
    "mass_t",
    "baseline_kg",
    "actual_kg",
    "net_expected_kg",
    "credited_kg",
    "cost_saved_yuan",
)
