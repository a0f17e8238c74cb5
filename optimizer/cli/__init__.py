"""``modalshift``: the command line, one module per verb.

The module of a verb is imported when the verb is asked for, so that each begins without the others.
"""

from __future__ import annotations

import click

from optimizer.cli.command import Program
from optimizer.errors import Message

VERBS = {
    "demo": "demo",
    "quote": "quote",
    "plan": "plan",
    "frontier": "frontier",
    "check": "check",
    "footprint": "footprint",
    "factors": "factors",
    "ileap": "ileap",
    "waybill": "waybill",
    "evidence": "evidence",
    "settle": "settle",
    "reverse": "corrections",
    "restate": "corrections",
    "transfer": "corrections",
    "retire": "corrections",
    "close": "close",
    "statement": "statement",
    "sheet": "sheet",
    "product-footprint": "product_footprint",
    "energy": "product_footprint",
    "corridor": "corridor",
    "audit": "audit",
    "seal": "seal",
    "report": "report",
    "checkpoint": "checkpoint",
    "verify": "verify",
    "proof": "proof",
    "backup": "backup",
    "restore": "backup",
    "key": "key",
    "serve": "serve",
    "generate": "generate",
    "bench": "bench",
    "user": "user",
    "token": "user",  # a verb, no password # nosec B105
}
"""Verb -> module of this package that has it, under the verb's name with an underscore for each hyphen."""


@click.group(
    cls=Program,
    modules=VERBS,
    invoke_without_command=True,
    about=Message(
        "大宗货物公转水：比选、计划、一单到底、减碳一表清算。",
        "Bulk freight from road to water: quotes, plans, one waybill, one table that settles the carbon saved.",
    ),
)
@click.version_option(package_name="modalshift", message="modalshift %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Show the help when no verb is given."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """Entry point of the console script; exits with 0, 1, 2 or 3 (see ``command``)."""
    cli.main()
