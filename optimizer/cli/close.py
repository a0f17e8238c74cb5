"""``modalshift close``: a month is over."""

from __future__ import annotations

from datetime import datetime

import click

from optimizer.cli.command import Verb
from optimizer.cli.printing import say
from optimizer.cli.session import current_session
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME, iso


@click.command(cls=Verb, about=Message("关闭一个月的账期", "close the period of a month"))
@click.argument("period", metavar="YYYY-MM")
def close(period: str) -> None:
    """Closing a closed month says when that was."""
    from optimizer import actions

    with current_session().store() as store:
        closed = actions.close(store, period, datetime.now(CHINA_TIME))
    say(
        Message(
            f"账期 {closed.period} 已关闭（{iso(closed.closed_at)}）。",
            f"Period {closed.period} is closed ({iso(closed.closed_at)}).",
        )
    )
