"""``modalshift demo``: the whole story on the shipped data, each step as a short table."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.command import Verb, option
from optimizer.cli.plan import teller
from optimizer.cli.printing import print_table, say
from optimizer.cli.session import current_session
from optimizer.errors import Message

if TYPE_CHECKING:
    from optimizer.demo.step import Step


@click.command(
    cls=Verb,
    about=Message(
        "用随附数据演示全程：计划、运单、结算、对账单、审计",
        "tell the whole story on the shipped data: plan, waybills, settlement, statements, audit",
    ),
)
@option(
    "--out",
    default="demo-out",
    show_default=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    zh="结果目录",
    en="directory for the results",
)
def demo(out: Path) -> None:
    """Leaves DIR/modalshift.db, which `serve` opens. A directory that no demo made is left alone (exit 2)."""
    from optimizer.demo.folder import prepare
    from optimizer.demo.story import tell_story
    from optimizer.demo.world import seed_world

    session = current_session()
    began_s = time.monotonic()
    world = seed_world(session.network(), session.factors())
    tell_story(world, prepare(out), clock=time.monotonic, show=print_step, listen=teller())
    seconds = f"{time.monotonic() - began_s:.0f}"
    say(Message(f"演示完成，共 {seconds} 秒。", f"The demo took {seconds} s in all."))


def print_step(step: Step, seconds: float) -> None:
    """A step with the seconds it took; steps that only say more about the one before took none worth printing."""
    lang = current_session().lang
    took = f"  [{seconds:.1f} s]" if seconds >= TOLD_FROM_S else ""
    title = Message(f"{step.title.zh}{took}", f"{step.title.en}{took}")
    say(Message("", ""))
    if step.columns:
        print_table(title, step.columns, step.texts(lang), numeric_from=step.numeric_from)
    else:
        say(title)
    for note in step.notes:
        say(Message(f"  {note.zh}", f"  {note.en}"))


TOLD_FROM_S = 0.05
