"""``modalshift check``: a second opinion on a plan, independent of the planner."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from optimizer.cli.command import DONE, FINDINGS, Verb, option
from optimizer.cli.documents import read_document
from optimizer.cli.printing import print_json, say
from optimizer.cli.session import current_session
from optimizer.errors import Message

NOT_FOLLOWED = Message(
    "计划围绕已接受的计划作出；未给 --accepted，保留与变动未与原计划对照。",
    "The plan was made around an accepted one; without --accepted, what is kept and moved was not held against that.",
)


@click.command(
    cls=Verb,
    about=Message(
        "独立复核计划：能力、时间、费用、排放", "check a plan independently: capacity, timing, cost, emissions"
    ),
)
@click.argument("plan", metavar="PLAN.json", type=click.Path(path_type=Path))
@option(
    "--shipments",
    required=True,
    metavar="SHIPMENTS.csv",
    type=click.Path(path_type=Path),
    zh="计划所依据的货单",
    en="the shipments that were planned",
)
@option(
    "--sailings",
    metavar="FILE",
    type=click.Path(path_type=Path),
    zh="计划所依据的承运人报价航次",
    en="the sailings that carriers had offered",
)
@option(
    "--accepted",
    metavar="ACCEPTED.json",
    type=click.Path(path_type=Path),
    zh="以 --keep 保留的原计划：核对保留与变动",
    en="the plan kept with --keep: holds what is kept and moved against it",
)
@option("--json", "as_json", is_flag=True, zh="输出 JSON", en="print JSON")
def check(plan: Path, shipments: Path, sailings: Path | None, accepted: Path | None, as_json: bool) -> int:
    """Exit 1 when anything is wrong with the plan."""
    from optimizer.planning.check import check_plan, violations_to_text
    from optimizer.planning.document import plan_from_json
    from optimizer.planning.files.sailing_file import read_sailings
    from optimizer.planning.files.shipment_file import read_shipments

    session = current_session()
    network = session.network()
    document = plan_from_json(read_document(plan), plan.name)
    offers = read_sailings(sailings, network) if sailings else []
    before = plan_from_json(read_document(accepted), accepted.name) if accepted else None
    listed = read_shipments(shipments, network)
    violations = check_plan(document, listed, network, session.factors(), offers, before)
    if document.kept is not None and before is None:
        say(NOT_FOLLOWED, err=True)
    if as_json:
        print_json([asdict(violation) for violation in violations])
    else:
        click.echo(violations_to_text(violations, session.lang))
    return FINDINGS if violations else DONE
