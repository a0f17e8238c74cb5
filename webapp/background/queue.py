"""The queue of plans to be made: huey on an SQLite file of its own, no broker.

The queue only says that there is something to do. What is to be done, how it goes and what came of it stands in the
database, so a lost queue loses no plan: a worker that starts looks for runs that are still queued.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from huey import Huey, MemoryHuey, SqliteHuey

from optimizer.store.sqlite_file import sqlite_file
from webapp.settings import Settings

QUEUE_SUFFIX = ".queue"


class PlanQueue:
    """Tells workers of queued runs. ``make``: what a worker does with one; whoever only tells needs none."""

    def __init__(self, settings: Settings, make: Callable[[str], None] | None = None) -> None:
        path = queue_path(settings)
        self._huey: Huey = MemoryHuey("modalshift") if path is None else SqliteHuey("modalshift", filename=str(path))

        def make_plan(run_id: str) -> None:
            # Of this module for whoever tells and whoever works: huey finds a task by the name of its function.
            (make or _only_told)(run_id)

        self._task: Any = self._huey.task()(make_plan)

    def tell(self, run_id: str) -> None:
        """There is a run to be carried out."""
        self._task(run_id)

    def work_off_one(self) -> bool:
        """Carry out the next run in this very thread; False when there is none."""
        task = self._huey.dequeue()
        if task is None:
            return False
        self._huey.execute(task)
        return True


def queue_path(settings: Settings) -> Path | None:
    """Beside the SQLite database, or where the settings say; None: in memory, for this process only."""
    if settings.queue_file is not None:
        return settings.queue_file
    file = sqlite_file(settings.db_url)
    return None if file is None else Path(f"{file}{QUEUE_SUFFIX}")


def _only_told(run_id: str) -> None:
    raise RuntimeError(f"plan {run_id} reached a process that is no worker")
