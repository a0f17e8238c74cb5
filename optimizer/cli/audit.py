"""``modalshift audit``: every check over the whole database."""

from __future__ import annotations

from dataclasses import asdict

import click

from optimizer.cli.command import DONE, FINDINGS, Verb, option
from optimizer.cli.printing import print_findings, print_json, say
from optimizer.cli.session import current_session
from optimizer.errors import Message


@click.command(
    cls=Verb, about=Message("审计全部账目：重算、核对、查缺", "audit all books: recompute, cross-check, find gaps")
)
@option("--json", "as_json", is_flag=True, zh="输出 JSON", en="print JSON")
def audit(as_json: bool) -> int:
    """Exit 1 when there is any finding."""
    from optimizer import actions

    session = current_session()
    with session.store() as store:
        findings = actions.audit(store, session.network(), session.factors(), session.evidence())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_findings(findings)
        say(
            Message(f"审计完成，{len(findings)} 项发现。", f"Audit done, {len(findings)} finding(s).")
            if findings
            else Message("审计完成，未发现问题。", "Audit done, the books are clean.")
        )
    return FINDINGS if findings else DONE
