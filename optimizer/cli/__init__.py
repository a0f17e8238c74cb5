"""``modalshift``: the command line, one module per verb.

The module of a verb is imported when the verb is asked for, so that each begins without the others.
"""

from __future__ import annotations

import gc

import click

from optimizer.cli.command import Program
from optimizer.errors import Message

OBJECTS_BETWEEN_WALKS = 50_000
"""Of the collector of cycles; Python begins with 700."""

_OWN = (
    "demo",
    "quote",
    "plan",
    "accept",
    "frontier",
    "check",
    "footprint",
    "factors",
    "ileap",
    "waybill",
    "evidence",
    "settle",
    "close",
    "statement",
    "sheet",
    "corridor",
    "audit",
    "database",
    "party",
    "seal",
    "report",
    "checkpoint",
    "verify",
    "proof",
    "key",
    "serve",
    "generate",
    "bench",
)
"""Verbs with a module of their name."""
_TOGETHER = {
    "corrections": ("reverse", "restate", "transfer", "retire"),
    "product_footprint": ("product-footprint", "energy"),
    "backup": ("backup", "restore"),
    "names": ("places", "cargoes", "vessels"),
    "user": ("user", "token"),
}
"""Module -> its verbs."""
VERBS = {**{verb: verb for verb in _OWN}, **{verb: module for module, verbs in _TOGETHER.items() for verb in verbs}}
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
    # The collector of cycles would walk all modules again and again while they are imported, a sixth of the time it
    # takes a short verb to begin.
    gc.set_threshold(OBJECTS_BETWEEN_WALKS)
    cli.main()
