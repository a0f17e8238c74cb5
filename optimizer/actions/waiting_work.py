"""How much there is to do: what whoever runs the server wants to watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.store.engine import Store


@dataclass(frozen=True, slots=True)
class Workload:
    """``settlement_jobs`` by state (ready, held, failed), ``plan_runs`` by state (queued, running, and how they ended),
    and the records that no signed head covers yet."""

    settlement_jobs: Mapping[str, int]
    plan_runs: Mapping[str, int]
    unsealed_records: int


def workload(store: Store) -> Workload:
    """Counts, read in one transaction."""
    with store.read() as session:
        return Workload(
            session.outbox.count_by_state(),
            session.count_runs_by_state(),
            session.tree.count_unsealed(session.tree.head()),
        )
