"""Options that ``plan`` and ``frontier`` share."""

from __future__ import annotations

import click

from optimizer.cli.command import option
from optimizer.cores import cores_here

seed_option = option(
    "--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1), zh="随机种子", en="random seed"
)
own_voyages_option = option(
    "--own-voyages",
    type=click.Choice(["all", "none"]),
    default="all",
    show_default=True,
    zh="是否安排自有船队的航次",
    en="whether the planner sails its own fleet",
)
workers_option = option(
    "--workers",
    default=cores_here,
    show_default=False,
    type=click.IntRange(1, 256),
    zh="线程数，默认等于本机核数；结果与线程数无关",
    en="threads, by default one for each core; plans do not depend on them",
)
