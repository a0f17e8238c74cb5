"""Two plans both count their voyages from V1: their cargoes never share a voyage that they were not on together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from optimizer import actions
from optimizer.planning.plan import Plan
from optimizer.planning.shipment import Shipment
from optimizer.store.engine import Store
from optimizer.waybills.waybill import Waybill
from tests.accounts.small_books import FUEL_LOGS
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
)

LATER_BY = timedelta(days=9)
ONE, TWO = "S1", "T1"


def second() -> tuple[Plan, list[Shipment]]:
    """The same plan of other shipments, nine days later, made without looking at the first."""
    plan = world_plan()
    moved = [
        replace(
            item,
            shipment_id=item.shipment_id.replace("S", "T"),
            lots=tuple(
                replace(
                    lot,
                    legs=tuple(
                        replace(leg, departs_at=leg.departs_at + LATER_BY, arrives_at=leg.arrives_at + LATER_BY)
                        for leg in lot.legs
                    ),
                )
                for lot in item.lots
            ),
        )
        for item in plan.shipments
    ]
    voyages = [
        replace(
            one, **{at: getattr(one, at) + LATER_BY for at in ("berth_from", "departs_at", "arrives_at", "free_at")}
        )
        for one in plan.voyages
    ]
    given = [
        replace(one, shipment_id=one.shipment_id.replace("S", "T"), ready_at=one.ready_at + LATER_BY,
                due_at=one.due_at + LATER_BY)
        for one in shipments()
    ]  # fmt: skip
    return replace(plan, shipments=tuple(moved), voyages=tuple(voyages)), given


def vessel_g(store: Store, waybill: Waybill) -> list[int]:
    """Grams by water of each settled lot of a waybill."""
    with store.read() as session:
        runs = [run for run in session.runs().values() if run.inputs.waybill_number == waybill.number]
    return [
        item.co2e_wtw_g
        for run in sorted(runs, key=lambda run: run.inputs.lot_no)
        for item in run.result.elements
        if item.mode == "InlandWaterway"
    ]


def test_the_cargo_of_two_plans_shares_no_voyage(tmp_path: Path) -> None:
    """Each month's lots bear their own voyages whole, as if the other plan were not there; issuing again changes
    nothing."""
    store = actions.open_store(f"sqlite:///{tmp_path / 'a.db'}")
    plan, given = second()
    first = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    later = actions.accept(store, plan, given, parties(), world_network(), ISSUED_AT)
    assert actions.accept(store, plan, given, parties(), world_network(), ISSUED_AT) == later
    assert actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT) == first
    names = [
        {leg.voyage_id for one in issued for lot in one.lots for leg in lot.legs} - {""} for issued in (first, later)
    ]
    assert names[0] == {"V1", "V2"}
    assert not names[0] & names[1]
    events = [*all_events(first, FUEL_LOGS)]
    events += all_events(later, {name: 255_000 for name in names[1] if name.startswith("V1")})
    actions.record(store, events, LATER)
    actions.settle(store, world_network(), world_factors(), LATER)
    then, now = (
        next(one for one in issued if one.shipment_id == name) for issued, name in ((first, ONE), (later, TWO))
    )
    assert vessel_g(store, then) == vessel_g(store, now) == [680_000, 1_840_000]
    assert actions.audit(store, world_network(), world_factors()) == []
    store.close()


def test_more_cargo_for_the_same_voyage_joins_it(tmp_path: Path) -> None:
    """A plan around the accepted one keeps the name of the voyage that it loads more on: same hull, same departure."""
    store = actions.open_store(f"sqlite:///{tmp_path / 'a.db'}")
    whole = world_plan()
    only = replace(whole, shipments=whole.shipments[:1])
    rest = replace(whole, shipments=whole.shipments[1:])
    actions.accept(store, only, shipments(), parties(), world_network(), ISSUED_AT)
    (joined,) = actions.accept(store, rest, shipments(), parties(), world_network(), ISSUED_AT)
    assert {leg.voyage_id for leg in joined.lots[0].legs} == {"", "V1"}
    store.close()
