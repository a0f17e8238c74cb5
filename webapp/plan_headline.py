"""One sentence before all figures of a plan: cheaper or dearer than the road, cleaner or not, slower or faster."""

from __future__ import annotations

from optimizer.planning.plan import Plan
from webapp.language import text

SECONDS_PER_HOUR = 3_600


def headline(plan: Plan) -> str:
    """Shares are of what the road would cost and emit; the hours are the mean of the planned shipments, waiting for a
    vessel included. Empty where nothing was planned."""
    baseline, saving = plan.totals.baseline, plan.totals.saving
    planned = sum(entry.status == "planned" for entry in plan.shipments)
    if not planned or not baseline.cost_fen or not baseline.co2e_wtw_g:
        return ""
    slower_h = -saving.duration_s / SECONDS_PER_HOUR / planned
    return text(
        "plan.headline",
        cost=_part("cost", saving.cost_fen / baseline.cost_fen),
        co2e=_part("co2e", saving.co2e_wtw_g / baseline.co2e_wtw_g),
        time=text("plan.slower" if slower_h >= 0 else "plan.faster", hours=f"{abs(slower_h):,.1f}"),
    )


def _part(name: str, share: float) -> str:
    """``share``: of the road's, above zero for what is saved."""
    return text(f"plan.{name}_{'less' if share >= 0 else 'more'}", share=f"{abs(share):.1%}")
