"""How a lot's way is reported: the events of its legs, its gates and its delivery, with evidence by digest.

A digest is of one reproducible line of text (:func:`evidence_text`): the demo has documents that can be shown and
checked without shipping thousands of files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from optimizer.network.model import WATER_MODES
from optimizer.quantities import iso
from optimizer.waybills.event import Classifier, EnergyLog, Event, EventType, Evidence, event_id
from optimizer.waybills.waybill import Waybill, WaybillLeg, WaybillLot

_DELIVERED_AFTER = timedelta(minutes=30)
_RECORD_LAG_MIN = (5, 25)
_CORRECTION_MIN = (5, 15, 20)
"""Minutes after a discharge at which the wrong report, its withdrawal and the right one are recorded: all before the
delivery is, so that no later report meets the wrong mass."""
_FUEL_CARRIER = "Diesel"
"""What every vessel of the demo fleet burns."""


@dataclass(frozen=True, slots=True)
class VoyageRun:
    """How a voyage went: later than planned by ``delay``, in ``vessel_id``, with ``fuel_g`` logged (None: no log)."""

    voyage_id: str
    delay: timedelta
    vessel_id: str
    fuel_g: int | None


@dataclass(frozen=True, slots=True)
class LegRun:
    """How one transport leg of a lot went."""

    leg: WaybillLeg
    loaded_at: datetime
    departed_at: datetime
    arrived_at: datetime
    discharged_at: datetime
    loaded_kg: int
    discharged_kg: int
    voyage: VoyageRun | None


def evidence_text(kind: str, subject: str, moment: datetime, mass_kg: int | None) -> str:
    """The made-up document behind a digest: one line that says what it is; its SHA-256 is the event's evidence."""
    mass = "" if mass_kg is None else f" | {mass_kg} kg"
    return f"示范凭证 demo evidence | {kind} | {subject} | {iso(moment)}{mass}\n"


class ReportDesk:
    """Writes the reports of one lot. ``without_weighing``: the tickets of its weighings were lost."""

    def __init__(self, waybill: Waybill, lot: WaybillLot, rng: Random, without_weighing: bool) -> None:
        self._waybill = waybill
        self._lot = lot
        self._rng = rng
        self._without_weighing = without_weighing

    def reports(self, run: Sequence[LegRun], corrected: bool) -> Iterator[Event]:
        """Every event of the lot; ``corrected``: its last discharge is first reported with a tenth of the mass, then
        withdrawn and reported right."""
        for item in run:
            yield self._loading(item)
            yield self._event(EventType.DEPA, item.leg.seq, item.departed_at, item.leg.origin, item.voyage)
            yield self._arrival(item)
            if item is not run[-1] or not corrected:
                yield self._discharge(item, item.discharged_kg)
        for hub in (leg for leg in self._lot.legs if leg.mode == "Hub"):
            yield from self._gates(hub, run)
        if corrected:
            yield from self._corrected_discharge(run[-1])
        yield self._delivery(run[-1])

    def _loading(self, run: LegRun) -> Event:
        return self._event(
            EventType.LOAD,
            run.leg.seq,
            run.loaded_at,
            run.leg.origin,
            run.voyage,
            mass_kg=run.loaded_kg,
            evidence=self._weighing(EventType.LOAD, run.leg, run.loaded_at, run.loaded_kg),
        )

    def _arrival(self, run: LegRun) -> Event:
        """Arrived; with the fuel of the whole voyage, whose receipt is rightly the same for every lot on board."""
        fuel_g = run.voyage.fuel_g if run.voyage else None
        receipt = (
            (_digest("fuel_receipt", run.voyage.voyage_id, run.arrived_at, None),) if run.voyage and fuel_g else ()
        )
        return self._event(
            EventType.ARRI,
            run.leg.seq,
            run.arrived_at,
            run.leg.destination,
            run.voyage,
            energy=EnergyLog(_FUEL_CARRIER, fuel_g) if fuel_g else None,
            evidence=receipt,
        )

    def _discharge(self, run: LegRun, mass_kg: int, recorded_min: int | None = None, occurrence: int = 1) -> Event:
        return self._event(
            EventType.DISC,
            run.leg.seq,
            run.discharged_at,
            run.leg.destination,
            run.voyage,
            mass_kg=mass_kg,
            evidence=self._weighing(EventType.DISC, run.leg, run.discharged_at, mass_kg),
            recorded_min=recorded_min,
            occurrence=occurrence,
        )

    def _corrected_discharge(self, run: LegRun) -> Iterator[Event]:
        """The wrong discharge, its withdrawal, the right discharge."""
        wrong_min, withdrawn_min, right_min = _CORRECTION_MIN
        wrong = self._discharge(run, max(1, run.discharged_kg // 10), wrong_min)
        right = self._discharge(run, run.discharged_kg, right_min, occurrence=2)
        yield wrong
        yield self._event(
            EventType.WDRW,
            run.leg.seq,
            run.discharged_at,
            run.leg.destination,
            run.voyage,
            recorded_min=withdrawn_min,
            withdraws=wrong.event_id,
            corrected_by=right.event_id,
            reason="重量少写一位 / one digit of the mass was missing",
        )
        yield right

    def _gates(self, hub: WaybillLeg, run: Sequence[LegRun]) -> Iterator[Event]:
        """Into the terminal with the leg before, out of it with the leg after."""
        before = [item for item in run if item.leg.seq < hub.seq]
        after = [item for item in run if item.leg.seq > hub.seq]
        if before:
            yield self._event(EventType.GTIN, hub.seq, before[-1].arrived_at, hub.origin)
        if after:
            yield self._event(EventType.GTOT, hub.seq, after[0].departed_at, hub.origin)

    def _delivery(self, run: LegRun) -> Event:
        """The consignee's receipt."""
        moment = run.discharged_at + _DELIVERED_AFTER
        subject = f"{self._waybill.number}/{self._lot.lot_no}"
        return self._event(
            EventType.DLV,
            None,
            moment,
            self._waybill.place_of_delivery,
            mass_kg=run.discharged_kg,
            evidence=(_digest("delivery_receipt", subject, moment, run.discharged_kg),),
            reporter_id=self._waybill.consignee.party_id,
        )

    def _weighing(self, kind: EventType, leg: WaybillLeg, moment: datetime, mass_kg: int) -> tuple[Evidence, ...]:
        """A draught survey on the water, a weigh ticket elsewhere."""
        if self._without_weighing:
            return ()
        subject = f"{self._waybill.number}/{self._lot.lot_no}/{leg.seq}/{kind.value}"
        return (_digest("draught_survey" if leg.mode in WATER_MODES else "weigh_ticket", subject, moment, mass_kg),)

    def _event(
        self,
        kind: EventType,
        leg_seq: int | None,
        moment: datetime,
        location_id: str,
        voyage: VoyageRun | None = None,
        *,
        mass_kg: int | None = None,
        evidence: tuple[Evidence, ...] = (),
        energy: EnergyLog | None = None,
        reporter_id: str = "",
        recorded_min: int | None = None,
        occurrence: int = 1,
        withdraws: str = "",
        corrected_by: str = "",
        reason: str = "",
    ) -> Event:
        """One actual event of the lot, recorded ``recorded_min`` minutes after it happened (drawn when None)."""
        low, high = _RECORD_LAG_MIN
        lag_min = low + int(self._rng.random() * (high - low)) if recorded_min is None else recorded_min
        return Event(
            event_id=event_id(self._waybill.number, self._lot.lot_no, leg_seq, kind, occurrence),
            waybill_number=self._waybill.number,
            lot_no=self._lot.lot_no,
            leg_seq=leg_seq,
            classifier=Classifier.ACT,
            event_type=kind,
            event_time=moment,
            record_time=moment + timedelta(minutes=lag_min),
            reporter_id=reporter_id or self._waybill.operator.party_id,
            location_id=location_id,
            voyage_id=voyage.voyage_id if voyage else "",
            vessel_id=voyage.vessel_id if voyage else "",
            ship_identification_no=_ship_number(voyage.vessel_id) if voyage else "",
            mass_kg=mass_kg,
            energy=energy,
            evidence=evidence,
            withdraws=withdraws,
            corrected_by=corrected_by,
            reason=reason,
        )


def _digest(kind: str, subject: str, moment: datetime, mass_kg: int | None) -> Evidence:
    text = evidence_text(kind, subject, moment, mass_kg)
    return Evidence(kind, hashlib.sha256(text.encode("utf-8")).hexdigest())


def _ship_number(vessel_id: str) -> str:
    """A ship identification number of the year 2099: no ship has one yet."""
    return f"CN2099{int.from_bytes(hashlib.sha256(vessel_id.encode()).digest()[:8], 'big') % 10**7:07d}"
