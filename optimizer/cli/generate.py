"""``modalshift generate``: a believable month of shipments of any size."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from optimizer.cli.command import Verb, WrittenFile, option
from optimizer.cli.documents import keep_apart, whole_file
from optimizer.cli.printing import say
from optimizer.cli.session import current_session
from optimizer.errors import Message


@click.command(
    cls=Verb,
    about=Message(
        "按示范流向生成一个月的货单与报价航次", "generate a month of shipments, and of sailings, from the demo flows"
    ),
)
@option("--shipments", type=int, zh="票数；默认按年流量推算", en="how many; by default what the yearly flows give")
@option("--month", default="2026-10", show_default=True, metavar="YYYY-MM", zh="月份", en="month")
@option("--seed", default=1, show_default=True, type=int, zh="随机种子", en="random seed")
@option(
    "--out",
    default="shipments.csv",
    show_default=True,
    type=WrittenFile(dir_okay=False),
    zh="写入的文件",
    en="file to write",
)
@option(
    "--sailings", type=int, default=0, zh="另生成承运人报价航次数", en="how many carriers' sailings to generate too"
)
@option(
    "--sailings-out",
    default="sailings.csv",
    show_default=True,
    type=WrittenFile(dir_okay=False),
    zh="航次文件",
    en="file for the sailings",
)
def generate(shipments: int | None, month: str, seed: int, out: Path, sailings: int, sailings_out: Path) -> None:
    """Same flows, month, counts and seed give the same files, byte for byte. The sailings are those of a market made
    up for these shipments."""
    from optimizer.demo.generate import generate_shipments, write_shipments_csv
    from optimizer.demo.generate_sailings import generate_sailings, write_sailings_csv
    from optimizer.demo.seed_files import read_flows

    generated = generate_shipments(read_flows(), month, shipments, seed)
    offers = generate_sailings(generated, current_session().network(), sailings, seed) if sailings else []
    said = [Message(f"已写入 {len(generated)} 票货单：{out}", f"Wrote {len(generated)} shipments: {out}")]
    with ExitStack() as drafts:
        # Both or none: a month without its market is not what was asked for.
        write_shipments_csv(generated, drafts.enter_context(whole_file(out)))
        if sailings:
            keep_apart(sailings_out, out)
            write_sailings_csv(offers, drafts.enter_context(whole_file(sailings_out)))
            words = len(offers), sailings_out
            said.append(Message(f"已写入 {words[0]} 个报价航次：{words[1]}", f"Wrote {words[0]} sailings: {words[1]}"))
    for message in said:
        say(message)
