"""``modalshift accept``: a plan from a file becomes waybills, after the independent check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.checked_plan import checked_plan, plan_files
from optimizer.cli.command import DONE, FINDINGS, Verb
from optimizer.cli.printing import print_json, print_table, say
from optimizer.cli.session import current_session
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME

if TYPE_CHECKING:
    from optimizer.waybills.waybill import Waybill

MOST_SHOWN = 20


@click.command(
    cls=Verb,
    about=Message(
        "接受计划：先独立复核，再签发运单并预留估算减排量",
        "accept a plan: check it independently, issue its waybills and reserve the estimated savings",
    ),
)
@plan_files
def accept(plan: Path, shipments: Path, sailings: Path | None, accepted: Path | None, as_json: bool) -> int:
    """A file may have been changed since it was planned: one that does not pass the check is not accepted (exit 1)."""
    from optimizer import actions
    from optimizer.actions.registering import with_party_ids
    from optimizer.planning.check import violations_to_text

    session, at = current_session(), datetime.now(CHINA_TIME)
    with session.store() as store:
        network, factors = session.tables(store)
        found = checked_plan(plan, shipments, sailings, accepted, network, factors)
        if found.violations:
            click.echo(violations_to_text(found.violations, session.lang), err=True)
            say(Message("未通过复核，未签发任何运单。", "The check failed; no waybill was issued."), err=True)
            return FINDINGS
        with store.read() as reading:
            parties = reading.parties()
        shippers = with_party_ids(found.shipments, parties)
        issued = actions.accept(store, found.plan, shippers, list(parties.values()), network, at)
    if as_json:
        print_json([{"number": b.number, "shipment_id": b.shipment_id, "version": b.version} for b in issued])
        return DONE
    new = sum(bill.issued_at == at for bill in issued)
    _print_numbers(issued)
    say(
        Message(
            f"已签发 {new} 份运单，{len(issued) - new} 份此前已签发；其余货物留在公路。",
            f"Issued {new} waybills; {len(issued) - new} were issued before; other goods stay on the road.",
        )
    )
    return DONE


def _print_numbers(issued: Sequence[Waybill]) -> None:
    """The numbers by which other verbs and the carriers know the waybills; of many the first ones."""
    rows = [[bill.number, bill.shipment_id] for bill in issued[:MOST_SHOWN]]
    if rows:
        print_table(Message("运单", "Waybills"), [Message("运单号", "Number"), Message("货单号", "Shipment")], rows)
    if len(issued) > MOST_SHOWN:
        more = len(issued) - MOST_SHOWN
        say(Message(f"另有 {more} 份；--json 列出全部。", f"{more} more; --json lists all."))
