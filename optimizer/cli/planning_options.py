"""Options that ``plan`` and ``frontier`` share."""

from __future__ import annotations

import click

from optimizer.cli.command import option
from optimizer.cores import cores_here
from optimizer.planning.settings import CORRIDORS_BY

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
corridors_by_option = option(
    "--corridors-by",
    type=click.Choice(CORRIDORS_BY),
    default=CORRIDORS_BY[0],
    show_default=True,
    zh="大计划改进时的走廊由谁求解：highs；cp-sat（货按整批）；both（highs 未证最优处再由 cp-sat 接着找）",
    en="solver of the corridors by which a large plan is improved: highs; cp-sat, over cargo in whole lots; both,"
    " cp-sat going on where highs has not proven its answer",
)
workers_option = option(
    "--workers",
    default=cores_here,
    show_default=False,
    type=click.IntRange(1, 256),
    zh="线程数，默认等于本机核数；结果与线程数无关",
    en="threads, by default one for each core; plans do not depend on them",
)
