"""``modalshift``: the command line, one module per verb."""

from __future__ import annotations

import click

from optimizer.cli.audit import audit
from optimizer.cli.backup import backup, restore
from optimizer.cli.bench import bench
from optimizer.cli.bench_plan import bench_plan
from optimizer.cli.check import check
from optimizer.cli.checkpoint import checkpoint
from optimizer.cli.close import close
from optimizer.cli.command import Program
from optimizer.cli.corrections import restate, retire, reverse, transfer
from optimizer.cli.corridor import corridor
from optimizer.cli.demo import demo
from optimizer.cli.evidence import evidence
from optimizer.cli.factors import factors
from optimizer.cli.footprint import footprint
from optimizer.cli.frontier import frontier
from optimizer.cli.generate import generate
from optimizer.cli.ileap import ileap
from optimizer.cli.key import key
from optimizer.cli.plan import plan
from optimizer.cli.product_footprint import energy, product_footprint
from optimizer.cli.proof import proof
from optimizer.cli.quote import quote
from optimizer.cli.report import report
from optimizer.cli.seal import seal
from optimizer.cli.serve import serve
from optimizer.cli.settle import settle
from optimizer.cli.sheet import sheet
from optimizer.cli.statement import statement
from optimizer.cli.user import token, user
from optimizer.cli.verify import verify
from optimizer.cli.waybill import waybill
from optimizer.errors import Message


@click.group(
    cls=Program,
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


VERBS = (
    demo,
    quote,
    plan,
    frontier,
    check,
    footprint,
    factors,
    ileap,
    waybill,
    evidence,
    settle,
    reverse,
    restate,
    transfer,
    retire,
    close,
    statement,
    sheet,
    product_footprint,
    energy,
    corridor,
    audit,
    seal,
    report,
    checkpoint,
    verify,
    proof,
    backup,
    restore,
    key,
    serve,
    generate,
    bench,
    user,
    token,
)

bench.add_command(bench_plan)
for verb in VERBS:
    cli.add_command(verb)


def main() -> None:
    """Entry point of the console script; exits with 0, 1, 2 or 3 (see ``command``)."""
    cli.main()
