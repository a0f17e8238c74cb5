"""``modalshift sheet``: the arithmetic behind a settled lot, line by line."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.command import Verb, option
from optimizer.cli.documents import write_whole
from optimizer.cli.printing import say
from optimizer.cli.session import current_session
from optimizer.cli.usage import BadValue
from optimizer.errors import Message


@click.command(
    cls=Verb, about=Message("一批货减排的逐行计算书", "the calculation of a settled lot, line by line, recomputed")
)
@click.argument("number", metavar="WAYBILL")
@click.argument("lot_no", metavar="LOT", type=click.IntRange(1))
@option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json", "xlsx"]),
    zh="格式",
    en="format",
)
@option("--out", type=click.Path(path_type=Path), metavar="FILE", zh="写入的文件", en="file to write")
def sheet(number: str, lot_no: int, form: str, out: Path | None) -> None:
    """Printed, or written where ``--out`` says; a workbook is only written."""
    from optimizer import actions
    from optimizer.documents.calculation_sheet import sheet_json, sheet_text, sheet_xlsx

    if form == "xlsx" and out is None:
        raise BadValue(Message("XLSX 须用 --out 给出文件名。", "An XLSX workbook needs a file: name it by --out."))
    session = current_session()
    with session.store() as store:
        found = actions.calculation_sheet(store, number, lot_no, session.factors())
    match form:
        case "xlsx":
            content: str | bytes = sheet_xlsx(found, session.lang)
        case "json":
            content = sheet_json(found)
        case _:
            content = sheet_text(found, session.lang)
    if out is None:
        assert isinstance(content, str)
        click.echo(content, nl=False)
        return
    write_whole(out, content)
    credited_g = found.reduction.credited_g
    say(
        Message(
            f"重算一致，入账 {credited_g:,} 克；已写入 {out}",
            f"Recomputed to the gram, credit {credited_g:,} g; wrote {out}",
        )
    )
