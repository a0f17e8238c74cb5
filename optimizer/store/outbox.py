"""The outbox: lots that wait to be settled.

A job is written in the transaction that records the event which completes a lot's evidence, and deleted in the
transaction that settles the lot, so a crash anywhere leaves either the job or the settlement. Its key is the lot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from optimizer.quantities import CHINA_TIME
from optimizer.store import schema
from optimizer.store.bulk import append, delete_keys
from optimizer.waybills.codec import to_plain

REVERSED = "reversed"
"""Why a job is held: the lot was reversed and its events verify it again, so a person has to decide."""

LotKey = tuple[str, int]
"""Waybill number, lot number."""

_JOBS = schema.settlement_jobs
_CHUNK = 400


@dataclass(frozen=True, slots=True)
class Job:
    """A lot to settle. ``state``: ready | held | failed; ``reason`` why it is not settled yet, ``waits_for`` the other
    waybill whose events may free it (both empty when it is ready)."""

    number: str
    lot_no: int
    state: str
    delivered_at: datetime
    waits_for: str = ""
    reason: str = ""


class Outbox:
    """The jobs inside one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, jobs: Sequence[Job]) -> None:
        """Write jobs, each replacing the one of the same lot."""
        self.drop((job.number, job.lot_no) for job in jobs)
        append(
            self._connection,
            "settlement_jobs",
            [
                {
                    "number": job.number,
                    "lot_no": job.lot_no,
                    "state": job.state,
                    "delivered_at": to_plain(job.delivered_at),
                    "waits_for": job.waits_for,
                    "reason": job.reason,
                }
                for job in jobs
            ],
        )

    def drop(self, lots: Iterable[LotKey]) -> None:
        """Delete the jobs of these lots where there are any."""
        delete_keys(self._connection, "settlement_jobs", ("number", "lot_no"), list(lots))

    def take(self, count: int, states: Sequence[str] = ("ready",), after: Job | None = None) -> list[Job]:
        """At most ``count`` jobs in order of delivery, then of number and lot; ``after``: those that follow it."""
        key = (_JOBS.c.delivered_at, _JOBS.c.number, _JOBS.c.lot_no)
        found: list[Job] = []
        for state in states:
            query = select(_JOBS).where(_JOBS.c.state == state).order_by(*key).limit(count - len(found))
            if after is not None:
                delivered, number, lot_no = to_plain(after.delivered_at), after.number, after.lot_no
                query = query.where(
                    (key[0] > delivered)
                    | ((key[0] == delivered) & ((key[1] > number) | ((key[1] == number) & (key[2] > lot_no))))
                )
            found += [_job(row) for row in self._connection.execute(query)]
            if len(found) >= count:
                break
        return found

    def free(self, numbers: Iterable[str]) -> None:
        """Make those jobs ready again that were held for events of these waybills."""
        values = sorted(set(numbers))
        for start in range(0, len(values), _CHUNK):
            chosen = values[start : start + _CHUNK]
            self._connection.execute(
                update(_JOBS).where(_JOBS.c.waits_for.in_(chosen)).values(state="ready", waits_for="", reason="")
            )

    def retry_failed(self) -> None:
        """Make failed jobs ready again: what they lacked may be there now."""
        self._connection.execute(update(_JOBS).where(_JOBS.c.state == "failed").values(state="ready", reason=""))

    def to_decide(self) -> list[Job]:
        """Jobs that wait for a person: the lot was reversed and is verified again."""
        query = select(_JOBS).where(_JOBS.c.state == "held", _JOBS.c.reason == REVERSED)
        return [_job(row) for row in self._connection.execute(query.order_by(_JOBS.c.number, _JOBS.c.lot_no))]

    def keys(self) -> set[LotKey]:
        """The lots of all jobs."""
        return {(row.number, row.lot_no) for row in self._connection.execute(select(_JOBS.c.number, _JOBS.c.lot_no))}

    def count_by_state(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        query = select(_JOBS.c.state, func.count()).group_by(_JOBS.c.state).order_by(_JOBS.c.state)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def waiting_until(self, period: str) -> list[Job]:
        """Jobs, ready or failed, of lots delivered in a month (``2026-10``) or before."""
        open_job = _JOBS.c.state.in_(("ready", "failed")) & (func.substr(_JOBS.c.delivered_at, 1, 7) <= period)
        query = select(_JOBS).where(open_job).order_by(_JOBS.c.number, _JOBS.c.lot_no)
        return [_job(row) for row in self._connection.execute(query)]


def _job(row: Any) -> Job:
    delivered_at = datetime.fromisoformat(row.delivered_at).astimezone(CHINA_TIME)
    return Job(row.number, row.lot_no, row.state, delivered_at, row.waits_for, row.reason)
