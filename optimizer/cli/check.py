"""``modalshift check``: a second opinion on a plan, independent of the planner."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from optimizer.cli.checked_plan import checked_plan, plan_files
from optimizer.cli.command import DONE, FINDINGS, Verb
from optimizer.cli.printing import print_json
from optimizer.cli.session import current_session
from optimizer.errors import Message


@click.command(
    cls=Verb,
    about=Message(
        "独立复核计划：能力、时间、费用、排放", "check a plan independently: capacity, timing, cost, emissions"
    ),
)
@plan_files
def check(plan: Path, shipments: Path, sailings: Path | None, accepted: Path | None, as_json: bool) -> int:
    """Exit 1 when anything is wrong with the plan."""
    from optimizer.planning.check import violations_to_text

    session = current_session()
    found = checked_plan(plan, shipments, sailings, accepted, session.network(), session.factors())
    if as_json:
        print_json([asdict(violation) for violation in found.violations])
    else:
        click.echo(violations_to_text(found.violations, session.lang))
    return FINDINGS if found.violations else DONE
