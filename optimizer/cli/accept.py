"""``modalshift accept``: a plan from a file becomes waybills, after the independent check."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from optimizer.cli.check import NOT_FOLLOWED
from optimizer.cli.command import DONE, FINDINGS, Verb, option
from optimizer.cli.documents import read_document
from optimizer.cli.printing import print_json, say
from optimizer.cli.session import current_session
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME


@click.command(
    cls=Verb,
    about=Message(
        "接受计划：先独立复核，再签发运单并预留估算减排量",
        "accept a plan: check it independently, issue its waybills and reserve the estimated savings",
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
def accept(plan: Path, shipments: Path, sailings: Path | None, accepted: Path | None, as_json: bool) -> int:
    """A file may have been changed since it was planned: one that does not pass the check is not accepted (exit 1)."""
    from optimizer import actions
    from optimizer.actions.registering import with_party_ids
    from optimizer.planning.check import check_plan, violations_to_text
    from optimizer.planning.document import plan_from_json
    from optimizer.planning.files.sailing_file import read_sailings
    from optimizer.planning.files.shipment_file import read_shipments

    session, at = current_session(), datetime.now(CHINA_TIME)
    with session.store() as store:
        network, factors = session.tables(store)
        made = plan_from_json(read_document(plan), plan.name)
        offers = read_sailings(sailings, network) if sailings else []
        before = plan_from_json(read_document(accepted), accepted.name) if accepted else None
        listed = read_shipments(shipments, network)
        if made.kept is not None and before is None:
            say(NOT_FOLLOWED, err=True)
        violations = check_plan(made, listed, network, factors, offers, before)
        if violations:
            click.echo(violations_to_text(violations, session.lang), err=True)
            say(Message("未通过复核，未签发任何运单。", "The check failed; no waybill was issued."), err=True)
            return FINDINGS
        with store.read() as reading:
            parties = reading.parties()
        issued = actions.accept(store, made, with_party_ids(listed, parties), list(parties.values()), network, at)
    if as_json:
        print_json([{"number": b.number, "shipment_id": b.shipment_id, "version": b.version} for b in issued])
        return DONE
    new = sum(bill.issued_at == at for bill in issued)
    say(
        Message(
            f"已签发 {new} 份运单，{len(issued) - new} 份此前已签发；其余货物留在公路。",
            f"Issued {new} waybills; {len(issued) - new} were issued before; other goods stay on the road.",
        )
    )
    return DONE
