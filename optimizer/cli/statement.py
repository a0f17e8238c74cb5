"""``modalshift statement``: one table that settles the reduction (减碳一表清算)."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.command import Verb, WrittenFile, option
from optimizer.cli.documents import format_of, write_whole
from optimizer.cli.printing import say
from optimizer.cli.session import current_session
from optimizer.cli.usage import BadValue
from optimizer.errors import Message
from optimizer.quantities import grouped, kilograms

FORMATS = ("json", "csv", "xlsx", "pdf")


@click.command(cls=Verb, about=Message("输出账户的月度对账单", "write the statement of an account for a month"))
@click.argument("account", metavar="ACCOUNT")
@option("--period", required=True, metavar="YYYY-MM", zh="月份", en="month")
@option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    zh="文件格式，默认按文件名的后缀，否则 json",
    en="file format; by default what the file's name ends in, else json",
)
@option("--out", required=True, type=WrittenFile(), metavar="FILE", zh="写入的文件", en="file to write")
@option(
    "--at-size",
    type=click.IntRange(1),
    metavar="N",
    zh="按树有 N 条时的账目",
    en="as the books stood when the tree had N entries",
)
@option(
    "--excel",
    is_flag=True,
    zh="CSV 前加字节顺序标记，中文可直接用 Excel 打开",
    en="begin the CSV with a byte order mark: Excel then reads Chinese",
)
def statement(account: str, period: str, form: str | None, out: Path, at_size: int | None, excel: bool) -> None:
    """ACCOUNT is an account's id, or the id of a party that has one account."""
    from optimizer import actions
    from optimizer.accounts.statement_document import statement_csv, statement_json

    form, lang = format_of(form, out, FORMATS), current_session().lang
    if excel and form != "csv":
        raise BadValue(Message("--excel 只用于 CSV；XLSX 本来就能打开。", "--excel is for CSV; XLSX opens as it is."))
    with current_session().store() as store:
        found = actions.statement(store, account, period, at_size=at_size)
    match form:
        case "pdf":
            from optimizer.documents.statement_files import statement_pdf

            write_whole(out, statement_pdf(found, lang))
        case "xlsx":
            from optimizer.documents.statement_files import statement_xlsx

            write_whole(out, statement_xlsx(found, lang))
        case "csv":
            # Only where asked for: without the mark the bytes are those that were promised for a past size of the tree.
            write_whole(out, ("\ufeff" if excel else "") + statement_csv(found))
        case _:
            write_whole(out, statement_json(found))
    count, credited_kg = len(found.movements), grouped(kilograms(found.credited_g))
    say(
        Message(
            f"{found.account.account_id} {period}：变动 {count} 条，入账 {credited_kg} kg CO2e；已写入 {out}",
            f"{found.account.account_id} {period}: {count} movement(s), credited {credited_kg} kg CO2e; wrote {out}",
        )
    )
