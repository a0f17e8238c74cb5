"""A plan that is being made in the background, as a record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from optimizer.errors import Message
from optimizer.planning.settings import PlanSettings

STAGE_NAMES = {
    "layout": Message("布置时空网络", "laying out time and space"),
    "bound": Message("求下界", "bounding"),
    "dispatch": Message("派船", "dispatching"),
    "batches": Message("配载成船", "filling ships"),
    "polish": Message("打磨", "polishing"),
    "improve": Message("改进", "improving"),
    "exact": Message("精确求解", "solving exactly"),
    "write": Message("成文", "writing down"),
}
"""Stages of a run of the planner in words."""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """The newest sign of life: stage, yuan, columns, seconds. Gap is None while incumbent or bound is unknown."""

    stage: str = ""
    incumbent_yuan: float | None = None
    bound_yuan: float | None = None
    gap: float | None = None
    columns: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PlanRun:
    """``state``: queued | running | done | failed. ``cancelled``: somebody asked it to stop; it then ends with the best
    plan so far. ``failure`` holds both languages, Chinese first, line by line. ``keep_accepted``: made around the
    plan that was accepted last. ``points`` above 0: not one plan but a frontier of so many; ``frontier_id`` names the
    frontier whose point this plan is. ``sailings``: how many carriers' sailings it may take."""

    run_id: str
    user_id: str
    state: str
    settings: PlanSettings
    shipment_ids: tuple[str, ...]
    created_at: datetime
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    progress: RunProgress = RunProgress()
    cancelled: bool = False
    failure: str = ""
    keep_accepted: bool = False
    points: int = 0
    frontier_id: str = ""
    sailings: int = 0

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "failed")
