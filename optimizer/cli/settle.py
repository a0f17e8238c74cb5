"""``modalshift settle``: verified lots become entries of the accounts."""

from __future__ import annotations

from datetime import datetime

import click

from optimizer.cli.command import DONE, FINDINGS, Verb
from optimizer.cli.figures import kilograms, tonnes
from optimizer.cli.printing import print_findings, print_table
from optimizer.cli.session import current_session
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME


@click.command(cls=Verb, about=Message("结算已核证的批次", "settle the verified lots"))
def settle() -> int:
    """Running it again settles nothing twice. Exit 1 when a lot that is due could not be calculated."""
    from optimizer import actions

    session = current_session()
    with session.store() as store:
        result = actions.settle(store, *session.tables(store), datetime.now(CHINA_TIME))
    print_findings(result.findings)
    print_table(
        Message("本次结算", "Settled now"),
        [
            Message("批次", "Lots"),
            Message("重量 t", "Mass t"),
            Message("基准 kg CO2e", "Baseline kg CO2e"),
            Message("实际 kg CO2e", "Actual kg CO2e"),
            Message("减排期望值 kg", "Expected reduction kg"),
            Message("入账 kg", "Credited kg"),
        ],
        [
            [
                str(result.settled_lots),
                tonnes(result.mass_kg),
                kilograms(result.baseline_g),
                kilograms(result.actual_g),
                kilograms(result.expected_g),
                kilograms(result.credited_g),
            ]
        ],
        numeric_from=0,
    )
    return FINDINGS if any(finding.code == "cannot_settle" for finding in result.findings) else DONE
