"""Are the settings of a plan such as a planner can ask for, and does the end of the run fit them?

What was asked for cannot be recomputed: that the cap on CO2e or the price was this one is the planner's word. But a
setting that is missing, of another kind or out of range would leave a reader to guess.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from optimizer.planning.check.violation import Findings
from optimizer.planning.check.workings import MOST_HORIZON_DAYS, MOST_SETTING, Workings

ROUNDING = 1e-3
"""Of the objective: so much a gap may be wider as written down, in kilograms and seconds, than the search had it."""


def _is_number(value: object, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _is_whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


KNOWN: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "carbon_price_yuan_per_t": ("0 or more", lambda value: _is_number(value, 0, MOST_SETTING)),
    "co2e_cap_t": ("null, or 0 or more", lambda value: value is None or _is_number(value, 0, MOST_SETTING)),
    "horizon_days": (
        f"null, or 1 to {MOST_HORIZON_DAYS}",
        lambda value: value is None or _is_whole(value, 1, MOST_HORIZON_DAYS),
    ),
    "gap": ("0 to 1", lambda value: _is_number(value, 0, 1)),
    # A run may be stopped at once: it still gives a plan.
    "time_limit_s": ("null, or 0 or more", lambda value: value is None or _is_number(value, 0, MOST_SETTING)),
    "seed": ("0 to 2147483647", lambda value: _is_whole(value, 0, 2**31 - 1)),
    "own_voyages": ("true or false", lambda value: isinstance(value, bool)),
    "stop": ("a word", lambda value: isinstance(value, str)),
}
"""Every setting, what it may be, and whether a value is that."""
CHOSEN: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "corridors_by": ("cp-sat or both", lambda value: value in ("cp-sat", "both")),
}
"""Settings that are written where they are not the common ones."""


def check_settings(work: Workings, found: Findings) -> None:
    """All settings are there, each of its kind and in its range, and no other."""
    settings = work.plan.settings
    for name, (allowed, fits) in {**KNOWN, **CHOSEN}.items():
        if name not in settings:
            if name in KNOWN:
                found.add("setting", f"settings/{name}", allowed, "missing")
        elif not fits(settings[name]):
            found.add("setting", f"settings/{name}", allowed, settings[name])
    for name in sorted(settings.keys() - KNOWN.keys() - CHOSEN.keys()):
        found.add("setting", f"settings/{name}", "none of that name", settings[name])


def check_stop(work: Workings, found: Findings) -> None:
    """A run that ended at its gap has a gap no wider than was asked for, but for rounding; one that ended at its time
    limit had one. Around an accepted plan the gap that was reached is that of the rest alone."""
    plan, stop, asked = work.plan, work.plan.settings.get("stop"), work.setting("gap")
    if stop == "time_limit" and plan.settings.get("time_limit_s", "") is None:
        found.add("status_wrong", "settings/time_limit_s", "a time limit", "none")
    if stop == "gap" and asked is not None and plan.kept is None and math.isfinite(plan.objective_yuan):
        reached_yuan = (asked + ROUNDING) * max(abs(plan.objective_yuan), 1.0)
        if plan.objective_yuan - plan.bound_yuan > reached_yuan + work.slack_yuan:
            found.add("status_wrong", "settings/gap", f">= {plan.gap:.6g}", asked)
