"""A ledger of a few dictionaries, to compare the real one with: single-threaded, without a database.

It knows what may be reported, what settles, what is held, who owns how much and into which month everything is booked.
What a lot is worth it does not know: that is computed once for each mass by the pure functions.

Every lot sails alone on its own vessel, so lots are independent; all are of the tiny world's way (truck, hub, vessel,
hub). Each operation says in one word what the real ledger must answer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

from optimizer.accounts.ledger import booking_period, month_after, month_of
from optimizer.accounts.settlement import review, settle
from optimizer.emissions.factors import FactorTable
from optimizer.planning.plan import Plan
from optimizer.planning.shipment import Shipment
from optimizer.quantities import iso
from optimizer.waybills.amendment import Amendment, amended
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.issue import from_plan
from optimizer.waybills.waybill import Waybill
from tests.waybills.world import (
    ISSUED_AT,
    START,
    all_events,
    parties,
    plan_lot,
    plan_of,
    planned_shipment,
    voyage,
    world_factors,
    world_network,
)

ACCOUNTS = ("E1.industry", "E2.energy", "E3.building", "E9.transport")
MASSES_KG = (80_000, 150_000, 220_000, 300_000)
ENDS = (EventType.VOID, EventType.LOST, EventType.RETN)
MOVING = (EventType.LOAD, EventType.DEPA, EventType.ARRI, EventType.DISC)
MOVED = (EventType.DLV, EventType.LOST, EventType.RETN)
NEEDED = {(1, EventType.LOAD), (1, EventType.DISC), (3, EventType.LOAD), (3, EventType.DISC), (None, EventType.DLV)}
TICK = timedelta(minutes=1)
Place = tuple[int | None, EventType]


@cache
def tables() -> tuple[FactorTable, FactorTable]:
    """The round factors, and the same with dearer diesel."""
    plain = world_factors()
    dearer = tuple(
        replace(item, **{name: 2 * (getattr(item, name) or 0.0) for name in ("wtt_kg", "ttw_kg", "wtw_kg")})  # type: ignore[arg-type]
        if item.factor_id == "Diesel-wtw"
        else item
        for item in plain.factors
    )
    return plain, FactorTable(dearer)


def shipment_of(place: int, mass_kg: int) -> tuple[Plan, Shipment]:
    """The plan and shipment of the ``place``-th waybill: on its own vessel, within three months."""
    name, day = f"M{place}", 1 + place * 7 % 80
    shipper = ("E1", "E2")[place % 2]
    vessel = replace(voyage(f"VM{place}", f"SMALL/M/{place}", mass_kg, day), load_kg=mass_kg)
    plan = plan_of([planned_shipment(name, mass_kg, plan_lot(1, mass_kg, f"VM{place}", day))], [vessel])
    due = START + timedelta(days=day + 8)
    return plan, Shipment(name, shipper, "coal", mass_kg, "MILL", "DOWN", START, due)


def issued_for(place: int, mass_kg: int) -> Waybill:
    """The waybill that accepting that plan issues."""
    plan, shipment = shipment_of(place, mass_kg)
    return from_plan(plan, [shipment], parties(), world_network(), ISSUED_AT)[0]


@cache
def worth_g(mass_kg: int, planned_kg: int, table: int) -> int:
    """Credited grams of a lot of that mass, by the pure functions on a lot of its own."""
    waybill = heavier(issued_for(1, planned_kg), mass_kg)
    network, factors = world_network(), tables()[table]
    reviewed = review({waybill.number: waybill}, all_events([waybill]))
    done = settle({waybill.number: waybill}, reviewed, [], network, factors, "test", START, "")
    return done[0].run.result.credited_wtw_g


def heavier(waybill: Waybill, mass_kg: int) -> Waybill:
    """The waybill amended to another mass; itself where that is its mass."""
    if waybill.declared_mass_kg == mass_kg:
        return waybill
    return amended(waybill, Amendment(declared_mass_kg={1: mass_kg}), lambda leg: None, START)


@dataclass
class LotModel:
    """One waybill with its one lot."""

    waybill: Waybill
    planned_kg: int
    reported: dict[str, Event] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    times: dict[Place, int] = field(default_factory=Counter)
    standing_at: datetime = ISSUED_AT
    reserved_g: int = 0
    reserve_from: datetime = ISSUED_AT
    settled: bool = False
    reversed: bool = False
    standing: tuple[int, int] | None = None
    job_at: datetime | None = None
    held: bool = False
    voided: bool = False

    @property
    def key(self) -> tuple[str, int]:
        return self.waybill.number, 1

    @property
    def account(self) -> str:
        return {"E1": "E1.industry", "E2": "E2.energy"}[self.waybill.consignor.party_id]

    @property
    def standing_reports(self) -> list[Event]:
        """What was reported and not withdrawn."""
        reports = (item for item in self.reported.values() if item.event_type is not EventType.WDRW)
        return [item for item in reports if item.event_id not in self.withdrawn]

    @property
    def facts(self) -> dict[Place, Event]:
        """What stands."""
        return {(item.leg_seq, item.event_type): item for item in self.standing_reports}

    @property
    def under_way(self) -> bool:
        return any(kind in MOVING for _, kind in self.facts)

    @property
    def carbon(self) -> str:
        """NONE, DISPUTED, VERIFIED, EVIDENCE_LOST or OPEN."""
        facts = self.facts
        if self.voided or (None, EventType.LOST) in facts:
            return "NONE"
        hold, release = facts.get((None, EventType.HOLD)), facts.get((None, EventType.RELS))
        if hold and not (release and release.event_time >= hold.event_time):
            return "DISPUTED"
        if (None, EventType.DLV) not in facts:
            return "OPEN"
        return "VERIFIED" if facts.keys() >= NEEDED else "EVIDENCE_LOST"

    def look_again(self) -> None:
        """The job that its events call for, after a report or an amendment."""
        facts = self.facts
        self.held, self.job_at = False, None
        if facts.keys() >= NEEDED and not self.settled and self.carbon != "NONE":
            self.job_at = facts[None, EventType.DLV].event_time
        elif self.carbon == "NONE" and self.reserved_g:
            self.job_at = max(item.event_time for item in self.standing_reports if item.event_type in ENDS)
        elif self.reversed and self.carbon == "VERIFIED":  # a person has to decide
            self.held, self.job_at = True, facts[None, EventType.DLV].event_time


@dataclass
class LedgerModel:
    """All of it."""

    lots: list[LotModel] = field(default_factory=list)
    available_g: Counter[str] = field(default_factory=Counter)
    booked_g: Counter[tuple[str, str]] = field(default_factory=Counter)
    retired_g: Counter[str] = field(default_factory=Counter)
    entries: Counter[tuple[str, str]] = field(default_factory=Counter)
    deals: dict[tuple[str, str], tuple[object, ...]] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    events: int = 0

    @property
    def last_closed(self) -> str:
        return self.closed[-1] if self.closed else ""

    def book(self, kind: str, effective_at: datetime, **claim_g: int) -> None:
        """One entry more, and what it adds to the claim of accounts."""
        month = booking_period(effective_at, self.last_closed)
        self.entries[month, kind] += 1
        for account, amount_g in claim_g.items():
            self.available_g[account] += amount_g
            self.booked_g[account, month] += amount_g

    def accept(self, place: int, mass_kg: int) -> None:
        """A waybill is issued and its planned saving reserved."""
        lot = LotModel(issued_for(place, mass_kg), mass_kg)
        self.lots.append(lot)
        self._reserve(lot)

    def record(self, lot: LotModel, event: Event, at: datetime) -> str:
        """``accepted``, ``known`` or the code of the refusal."""
        if event.event_id in lot.reported:
            return "known" if lot.reported[event.event_id] == event else "id_taken"
        why = self._why_not(lot, event, at)
        if why:
            return why
        lot.reported[event.event_id] = event
        if event.event_type is EventType.WDRW:
            lot.withdrawn.add(event.withdraws)
        lot.voided = lot.voided or event.event_type is EventType.VOID
        self.events += 1
        lot.look_again()
        return "accepted"

    def settle(self, table: int) -> int:
        """All open jobs; how many lots were settled."""
        count = 0
        for lot in self.lots:
            if lot.job_at is None or lot.held:
                continue
            if lot.carbon == "DISPUTED":
                lot.held = True
            elif lot.carbon == "NONE":
                self.book("VOID", max(lot.job_at, lot.reserve_from))
                lot.reserved_g, lot.job_at = 0, None
            else:
                self._settle_lot(lot, table)
                count += 1
        return count

    def reverse(self, lot: LotModel, at: datetime) -> str:
        """``done`` or ``conflict``."""
        if not lot.settled:
            return "conflict"
        if lot.reversed:
            return "done"
        return self._correct(lot, "REVERSE", 0, at, None)

    def restate(self, lot: LotModel, table: int, at: datetime) -> str:
        """``done``, ``nothing`` or ``conflict``."""
        if lot.carbon != "VERIFIED" or not lot.settled:
            return "conflict"
        wanted = (lot.waybill.declared_mass_kg, table)
        if lot.standing == wanted:
            return "nothing"
        said = self._correct(lot, "RESTATE", self._worth(lot, wanted), at, wanted)
        if said == "done":
            lot.held, lot.job_at = False, None
        return said

    def deal(self, kind: str, giver: str, taker: str, amount_g: int, reference: str, at: datetime) -> str:
        """A transfer or retirement: ``done``, ``bad`` or ``conflict``."""
        if amount_g <= 0 or giver == taker or not reference:
            return "bad"
        content = (giver, taker, amount_g)
        known = self.deals.get((kind, reference))
        if known is not None:
            return "done" if known == content else "conflict"
        month = booking_period(at, self.last_closed)
        by_then_g = sum(
            held_g for (account, booked), held_g in self.booked_g.items() if account == giver and booked <= month
        )
        if min(self.available_g[giver], by_then_g) < amount_g:
            return "conflict"
        self.deals[kind, reference] = content
        if kind == "RETIRE":
            self.retired_g[giver] += amount_g
        self.book(kind, at, **{giver: -amount_g, **({taker: amount_g} if taker else {})})
        return "done"

    def close(self, period: str, at: datetime) -> str:
        """``done`` or ``conflict``."""
        if period in self.closed:
            return "done"
        booked = min((month for month, _ in self.entries if month > self.last_closed), default="")
        waiting = any(lot.job_at and not lot.held and month_of(lot.job_at) <= period for lot in self.lots)
        out_of_order = (booked and booked < period) or (self.last_closed and period != month_after(self.last_closed))
        first = min(self.closed, default=booked)
        before_all = month_after(period) < first if first else month_after(period) != month_of(at)
        if month_of(at) <= period or before_all or out_of_order or waiting:
            return "conflict"
        self.closed.append(period)
        return "done"

    def amend(self, lot: LotModel, mass_kg: int, at: datetime) -> str:
        """``done``, ``bad`` or ``conflict``."""
        if lot.voided:
            return "conflict"
        new = heavier(lot.waybill, mass_kg)
        if new is lot.waybill or lot.under_way:
            return "bad"
        self.events += 2
        old, lot.waybill = lot.waybill, new
        if not lot.settled and old.lots[0].estimated_saving_wtw_g != new.lots[0].estimated_saving_wtw_g:
            if lot.reserved_g:
                self.book("VOID", max(at, lot.reserve_from))
            self._reserve(lot)
        lot.look_again()
        return "done"

    def _reserve(self, lot: LotModel) -> None:
        lot.reserved_g = max(0, lot.waybill.lots[0].estimated_saving_wtw_g)
        lot.reserve_from = lot.waybill.lots[0].legs[0].planned_departs_at
        if lot.reserved_g:
            self.book("ESTIMATE", lot.reserve_from)

    def _why_not(self, lot: LotModel, event: Event, at: datetime) -> str:
        if event.event_type is EventType.WDRW:
            if event.withdraws not in lot.reported:
                return "unknown_event"
            return "already_withdrawn" if event.withdraws in lot.withdrawn else ""
        if event.event_time > at + timedelta(hours=1):
            return "in_the_future"
        if event.event_type is EventType.VOID:
            moved = lot.under_way or any(kind in MOVED for _, kind in lot.facts)
            return "already_under_way" if moved else "not_from_here" if lot.voided else ""
        if lot.voided:
            return "voided"
        place = (event.leg_seq, event.event_type)
        fixed = event.event_type in MOVING or event.event_type is EventType.DLV
        return "reported_already" if fixed and place in lot.facts else ""

    def _settle_lot(self, lot: LotModel, table: int) -> None:
        assert lot.job_at is not None
        lot.standing = (lot.waybill.declared_mass_kg, table)
        credited_g = self._worth(lot, lot.standing)
        posted_g = min(lot.reserved_g, credited_g)
        for kind, released_g in (("POST", posted_g), ("VOID", lot.reserved_g - posted_g)):
            if released_g:
                self.book(kind, max(lot.job_at, lot.reserve_from))
        self.book("SETTLE", lot.job_at, **{lot.account: credited_g})
        lot.standing_at = lot.job_at
        lot.settled, lot.reserved_g, lot.job_at = True, 0, None

    def _correct(self, lot: LotModel, kind: str, wanted_g: int, at: datetime, standing: tuple[int, int] | None) -> str:
        change_g = wanted_g - (self._worth(lot, lot.standing) if lot.standing else 0)
        if self.available_g[lot.account] + change_g < 0:
            return "conflict"
        lot.standing_at = max(at, lot.standing_at)
        self.book(kind, lot.standing_at, **{lot.account: change_g})
        lot.standing, lot.reversed = standing, kind == "REVERSE"
        return "done"

    def _worth(self, lot: LotModel, what: tuple[int, int]) -> int:
        mass_kg, table = what
        return worth_g(mass_kg, lot.planned_kg, table)


__all__ = ["ACCOUNTS", "MASSES_KG", "LedgerModel", "LotModel", "iso", "shipment_of", "tables"]
