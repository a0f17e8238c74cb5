"""A plan from a file with what it was made from, held by the independent check: as ``check`` and ``accept`` begin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from optimizer.cli.command import option
from optimizer.cli.documents import read_document
from optimizer.cli.printing import say
from optimizer.errors import Message

if TYPE_CHECKING:
    from optimizer.emissions.factors import FactorTable
    from optimizer.network.model import Network
    from optimizer.planning.check.violation import Violation
    from optimizer.planning.plan import Plan
    from optimizer.planning.shipment import Shipment

NOT_FOLLOWED = Message(
    "计划围绕已接受的计划作出；未给 --accepted，保留与变动未与原计划对照。",
    "The plan was made around an accepted one; without --accepted, what is kept and moved was not held against that.",
)

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class CheckedPlan:
    """A plan, the shipments that it was made for, and what the check found wrong."""

    plan: Plan
    shipments: Sequence[Shipment]
    violations: Sequence[Violation]


def plan_files(command: Command) -> Command:
    """The argument and options that name a plan and what it was made from; see :func:`checked_plan`."""
    for decorate in (
        option("--json", "as_json", is_flag=True, zh="输出 JSON", en="print JSON"),
        option(
            "--accepted",
            metavar="ACCEPTED.json",
            type=click.Path(path_type=Path),
            zh="以 --keep 保留的原计划：核对保留与变动",
            en="the plan kept with --keep: holds what is kept and moved against it",
        ),
        option(
            "--sailings",
            metavar="FILE",
            type=click.Path(path_type=Path),
            zh="计划所依据的承运人报价航次",
            en="the sailings that carriers had offered",
        ),
        option(
            "--shipments",
            required=True,
            metavar="SHIPMENTS.csv",
            type=click.Path(path_type=Path),
            zh="计划所依据的货单",
            en="the shipments that were planned",
        ),
        click.argument("plan", metavar="PLAN.json", type=click.Path(path_type=Path)),
    ):
        command = decorate(command)
    return command


def checked_plan(
    plan: Path, shipments: Path, sailings: Path | None, accepted: Path | None, network: Network, factors: FactorTable
) -> CheckedPlan:
    """Read a plan with its files and check it; says where it could not be held against the plan it was made around.
    Raises InputError and its kind for files that cannot be read."""
    from optimizer.planning.check import check_plan
    from optimizer.planning.document import plan_from_json
    from optimizer.planning.files.sailing_file import read_sailings
    from optimizer.planning.files.shipment_file import read_shipments

    made = plan_from_json(read_document(plan), plan.name)
    offers = read_sailings(sailings, network) if sailings else []
    before = plan_from_json(read_document(accepted), accepted.name) if accepted else None
    listed = read_shipments(shipments, network)
    violations = check_plan(made, listed, network, factors, offers, before)
    if made.kept is not None and before is None:
        say(NOT_FOLLOWED, err=True)
    return CheckedPlan(made, listed, violations)
