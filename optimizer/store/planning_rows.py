"""Submitted shipments and plan runs: rows in, records out. A part of ``Session``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from optimizer.planning.offer import Offer
from optimizer.planning.run import PlanRun, RunProgress
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.store import schema
from optimizer.store.planning_tables import plan_runs, returned_files, shipments
from optimizer.waybills.codec import from_json, to_json, to_plain

_CHUNK = 500
"""Most ids in one IN clause."""
_SIGNS = tuple(column for column in plan_runs.c if column.name not in ("document", "offers"))
"""Of a run what is looked at again and again: not what is large."""


@dataclass(frozen=True, slots=True)
class SubmittedShipment:
    """The newest version of a shipment. ``waybill_number`` is empty until an accepted plan issued one."""

    shipment: Shipment
    version: int
    withdrawn: bool
    submitted_at: datetime
    waybill_number: str


class PlanningRows:
    """The part of a session that knows what is to be planned."""

    _connection: Connection

    def add_shipments(
        self, entries: Sequence[tuple[Shipment, int]], user_id: str | None, at: datetime, *, withdrawn: bool = False
    ) -> None:
        """Append versions of shipments; each (id, version) must be new. ``user_id``: None where no user did."""
        rows = [
            {
                "shipment_id": shipment.shipment_id,
                "version": version,
                "shipper_id": shipment.shipper_id,
                "document": to_json(shipment),
                "withdrawn": withdrawn,
                "submitted_by": user_id,
                "submitted_at": to_plain(at),
            }
            for shipment, version in entries
        ]
        if rows:
            self._connection.execute(insert(shipments), rows)

    def submitted(
        self,
        shipper_id: str | None = None,
        ids: Iterable[str] | None = None,
        *,
        after: str = "",
        limit: int | None = None,
        only_open: bool = False,
    ) -> list[SubmittedShipment]:
        """Newest versions by shipment id: all, those of a shipper, or those named; from ``after`` on, at most
        ``limit``. ``only_open``: neither withdrawn nor on a waybill."""
        newest = (
            select(shipments.c.shipment_id, func.max(shipments.c.version).label("version"))
            .group_by(shipments.c.shipment_id)
            .subquery()
        )
        bills = (
            select(schema.waybills.c.shipment_id, func.min(schema.waybills.c.number).label("number"))
            .group_by(schema.waybills.c.shipment_id)
            .subquery()
        )
        joined = shipments.join(
            newest,
            and_(shipments.c.shipment_id == newest.c.shipment_id, shipments.c.version == newest.c.version),
        ).outerjoin(bills, shipments.c.shipment_id == bills.c.shipment_id)
        query = select(shipments, bills.c.number).select_from(joined).order_by(shipments.c.shipment_id)
        query = query.where(shipments.c.shipment_id > after)
        if shipper_id is not None:
            query = query.where(shipments.c.shipper_id == shipper_id)
        if limit is not None:
            query = query.limit(limit)
        if only_open:
            query = query.where(shipments.c.withdrawn.is_(False), bills.c.number.is_(None))
        if ids is None:
            return [_submitted(row) for row in self._connection.execute(query)]
        wanted, rows = sorted(set(ids)), []
        for start in range(0, len(wanted), _CHUNK):
            chosen = shipments.c.shipment_id.in_(wanted[start : start + _CHUNK])
            rows += [_submitted(row) for row in self._connection.execute(query.where(chosen))]
        return rows[:limit]

    def keep_returned_file(self, file_id: str, user_id: str, name: str, content: bytes, at: datetime) -> None:
        """Keep a file for its uploader, and forget those of a day before."""
        day_before = to_plain(at - timedelta(days=1))
        self._connection.execute(delete(returned_files).where(returned_files.c.made_at < day_before))
        row = {"file_id": file_id, "user_id": user_id, "name": name, "content": content, "made_at": to_plain(at)}
        self._connection.execute(insert(returned_files), [row])

    def returned_file(self, file_id: str, user_id: str) -> tuple[str, bytes] | None:
        """Name and content of a file of this user."""
        own = and_(returned_files.c.file_id == file_id, returned_files.c.user_id == user_id)
        found = self._connection.execute(select(returned_files).where(own)).first()
        return None if found is None else (found.name, bytes(found.content))

    # Plan runs

    def add_run(self, run: PlanRun, offers: Sequence[Offer] = ()) -> None:
        """Append a run that is queued, with the carriers' sailings that it may take."""
        row = {
            "run_id": run.run_id,
            "user_id": run.user_id,
            "state": run.state,
            "settings": _settings_text(run),
            "shipment_ids": json.dumps(run.shipment_ids),
            "created_at": to_plain(run.created_at),
            "progress": to_json(run.progress),
            "cancelled": run.cancelled,
            "points": run.points or None,
            "frontier_id": run.frontier_id or None,
            "offers": to_json(offers) if offers else None,
        }
        self._connection.execute(insert(plan_runs), [row])

    def forget_runs(self, run_ids: Sequence[str]) -> None:
        """Forget plans that nobody can have seen: points of a frontier that other points beat."""
        of_frontier = plan_runs.c.frontier_id.is_not(None)
        self._connection.execute(delete(plan_runs).where(plan_runs.c.run_id.in_(run_ids), of_frontier))

    def run(self, run_id: str) -> PlanRun | None:
        """A run by id."""
        found = self._connection.execute(select(*_SIGNS).where(plan_runs.c.run_id == run_id)).first()
        return None if found is None else _run(found)

    def run_offers(self, run_id: str) -> list[Offer]:
        """The carriers' sailings that a run may take, in the order they were given."""
        text = self._connection.execute(select(plan_runs.c.offers).where(plan_runs.c.run_id == run_id)).scalar()
        return [] if text is None else from_json(list[Offer], text)

    def runs_of_plans(self, most: int = 50) -> list[PlanRun]:
        """The newest runs first; the points of a frontier stand on its page alone."""
        query = select(*_SIGNS).where(plan_runs.c.frontier_id.is_(None))
        query = query.order_by(plan_runs.c.created_at.desc(), plan_runs.c.run_id).limit(most)
        return [_run(row) for row in self._connection.execute(query)]

    def runs_in_state(self, state: str) -> list[str]:
        """Ids of all plans and frontiers that are in a state, the oldest first, however many came after them."""
        query = select(plan_runs.c.run_id).where(plan_runs.c.frontier_id.is_(None), plan_runs.c.state == state)
        query = query.order_by(plan_runs.c.created_at, plan_runs.c.run_id)
        return [row[0] for row in self._connection.execute(query)]

    def count_runs_by_state(self) -> dict[str, int]:
        """How many runs are in each state."""
        query = select(plan_runs.c.state, func.count()).group_by(plan_runs.c.state).order_by(plan_runs.c.state)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def run_document(self, run_id: str) -> str | None:
        """PLAN.json of a run, None while there is none."""
        document: str | None = self._connection.execute(
            select(plan_runs.c.document).where(plan_runs.c.run_id == run_id)
        ).scalar()
        return document

    def take_run(self, run_id: str, at: datetime) -> bool:
        """Begin a queued run; False when another worker took it or it is over."""
        queued = and_(plan_runs.c.run_id == run_id, plan_runs.c.state == "queued")
        done = self._connection.execute(update(plan_runs).where(queued).values(state="running", begun_at=to_plain(at)))
        return done.rowcount == 1

    def note_progress(self, run_id: str, progress: RunProgress) -> None:
        """Replace the sign of life of a run."""
        self._change_run(run_id, progress=to_json(progress))

    def cancel_run(self, run_id: str) -> None:
        """Ask a run to stop."""
        self._change_run(run_id, cancelled=True)

    def end_run(self, run_id: str, at: datetime, *, document: str | None = None, failure: str = "") -> None:
        """End a run with its plan or with what went wrong."""
        state = "failed" if document is None else "done"
        self._change_run(run_id, state=state, ended_at=to_plain(at), document=document, failure=failure)

    def _change_run(self, run_id: str, **values: Any) -> None:
        self._connection.execute(update(plan_runs).where(plan_runs.c.run_id == run_id).values(**values))


def _submitted(row: Any) -> SubmittedShipment:
    return SubmittedShipment(
        from_json(Shipment, row.document),
        row.version,
        bool(row.withdrawn),
        datetime.fromisoformat(row.submitted_at),
        row.number or "",
    )


def _run(row: Any) -> PlanRun:
    beside = json.loads(row.settings)
    return PlanRun(
        row.run_id,
        row.user_id,
        row.state,
        from_json(PlanSettings, row.settings),
        tuple(json.loads(row.shipment_ids)),
        datetime.fromisoformat(row.created_at),
        datetime.fromisoformat(row.begun_at) if row.begun_at else None,
        datetime.fromisoformat(row.ended_at) if row.ended_at else None,
        from_json(RunProgress, row.progress),
        bool(row.cancelled),
        row.failure or "",
        bool(beside.get("keep_accepted", False)),
        row.points or 0,
        row.frontier_id or "",
        beside.get("sailings", 0),
    )


def _settings_text(run: PlanRun) -> str:
    """The settings, and beside them what is no setting of one search: runs of earlier versions lack it."""
    beside: dict[str, Any] = {"keep_accepted": True} if run.keep_accepted else {}
    if run.sailings:
        beside["sailings"] = run.sailings
    return json.dumps({**json.loads(to_json(run.settings)), **beside})
