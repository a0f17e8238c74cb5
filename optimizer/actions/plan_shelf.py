"""Plans that were read a moment ago, for pages that are opened again and again."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock, Thread

from optimizer.actions.garbage import collection_paused
from optimizer.actions.plan_runs import plan_of_run
from optimizer.errors import ModalshiftError
from optimizer.planning.answer.summary import PlanSummary, summary_of
from optimizer.planning.plan import Plan
from optimizer.planning.shipment import Shipment
from optimizer.store.engine import Store

MOST_KEPT = 4
"""Plans in memory; a month's takes some 20 MB."""
MOST_SHIPMENTS = 10_000
"""Of all plans in memory together; a single plan may be larger."""

log = logging.getLogger("modalshift.plans")


@dataclass(frozen=True, slots=True)
class _Summed:
    shipments: tuple[Shipment, ...]
    summary: PlanSummary


class PlanShelf:
    """Plans of finished runs as records. A finished run never changes, so that its document is read once: checking a
    month's plan line by line takes half a second. Threads may share it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._sums: dict[str, _Summed] = {}

    def plan(self, run_id: str) -> Plan:
        """As :func:`~optimizer.actions.plan_runs.plan_of_run`, and raising as it does; who asks for a plan that is
        being read waits for it."""
        with self._lock:
            if run_id not in self._plans:
                with collection_paused():
                    self._plans[run_id] = plan_of_run(self._store, run_id)
            self._plans.move_to_end(run_id)
            while len(self._plans) > 1 and self._is_too_full():
                gone, _ = self._plans.popitem(last=False)
                self._sums.pop(gone, None)
            return self._plans[run_id]

    def _is_too_full(self) -> bool:
        planned = sum(len(plan.shipments) for plan in self._plans.values())
        return len(self._plans) > MOST_KEPT or planned > MOST_SHIPMENTS

    def summary(self, run_id: str, shipments: Sequence[Shipment]) -> PlanSummary:
        """What the plan comes to, of these shipments: those that were planned may have got new versions since."""
        made, asked = self.plan(run_id), tuple(shipments)
        kept = self._sums.get(run_id)
        if kept is None or kept.shipments != asked:
            kept = _Summed(asked, summary_of(made, asked))
            with self._lock:
                # Another reader may have taken the plan from the shelf meanwhile; its sums would stay for ever.
                if run_id in self._plans:
                    self._sums[run_id] = kept
        return kept.summary

    def read_newest_ahead(self) -> None:
        """The plan that is opened first, as a rule; nothing where there is none."""
        with self._store.read() as session:
            runs = session.runs_of_plans()
        newest = next((run for run in runs if run.state == "done" and not run.points), None)
        if newest is not None:
            self.read_ahead(newest.run_id)

    def read_ahead(self, run_id: str) -> None:
        """Read it in the background: somebody is about to open it."""
        if run_id not in self._plans and not self._lock.locked():
            Thread(target=self._read, args=(run_id,), daemon=True, name="plan-shelf").start()

    def _read(self, run_id: str) -> None:
        try:
            self.plan(run_id)
        except ModalshiftError as error:
            log.info("plan %s is not read ahead: %s", run_id, error)
