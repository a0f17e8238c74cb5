"""``modalshift report``: the one page about an account that an enterprise hands to its bank."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.command import Verb, WrittenFile, option
from optimizer.cli.documents import format_of, write_whole
from optimizer.cli.printing import say
from optimizer.cli.session import current_session
from optimizer.errors import Message

FORMATS = ("pdf", "json")


@click.command(cls=Verb, about=Message("输出供银行查阅的一页报告", "write the one-page report for a bank"))
@click.argument("account", metavar="ACCOUNT")
@option("--period", required=True, metavar="YYYY-MM", zh="月份", en="month")
@option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    zh="文件格式，默认按文件名的后缀，否则 pdf",
    en="file format; by default what the file's name ends in, else pdf",
)
@option("--out", required=True, type=WrittenFile(), metavar="FILE", zh="写入的文件", en="file to write")
@option(
    "--at-size",
    type=click.IntRange(1),
    metavar="N",
    zh="按树有 N 条时的账目",
    en="as the books stood when the tree had N entries",
)
def report(account: str, period: str, form: str | None, out: Path, at_size: int | None) -> None:
    """ACCOUNT is an account's id, or the id of a party that has one account."""
    from optimizer import actions
    from optimizer.documents.report_files import bank_report_json, bank_report_pdf

    form, session = format_of(form, out, FORMATS), current_session()
    with session.store() as store:
        found = actions.bank_report(store, account, period, at_size=at_size)
    write_whole(out, bank_report_pdf(found, session.lang) if form == "pdf" else bank_report_json(found))
    say(Message(f"已写入 {out}", f"Wrote {out}"))
