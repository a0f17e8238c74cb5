"""``modalshift sheet``: the arithmetic behind a settled lot, an entry or a planned shipment, line by line."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.command import Verb, WrittenFile, option
from optimizer.cli.documents import write_whole
from optimizer.cli.printing import say
from optimizer.cli.session import current_session
from optimizer.cli.usage import BadValue
from optimizer.errors import Message


@click.command(
    cls=Verb, about=Message("一批货减排的逐行计算书", "the calculation of a settled lot, line by line, recomputed")
)
@click.argument("number", metavar="[WAYBILL|SHIPMENT", required=False)
@click.argument("lot_no", metavar="LOT]", type=click.IntRange(1), required=False)
@option(
    "--entry",
    metavar="ID",
    zh="账本分录：结算、重述、冲销、转让、注销",
    en="an entry of the ledger instead: settlement, restatement, reversal, transfer, retirement",
)
@option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path),
    metavar="PLAN.json",
    zh="计划中一票货的计算书（写货单编号，并给出 --shipments）",
    en="of a shipment in this plan (name the shipment, and --shipments)",
)
@option(
    "--shipments",
    type=click.Path(path_type=Path),
    metavar="FILE",
    zh="计划所依据的货单文件",
    en="the shipments that the plan was made from",
)
@option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json", "xlsx"]),
    zh="格式",
    en="format",
)
@option("--out", type=WrittenFile(), metavar="FILE", zh="写入的文件", en="file to write")
def sheet(
    number: str | None,
    lot_no: int | None,
    entry: str | None,
    plan_file: Path | None,
    shipments: Path | None,
    form: str,
    out: Path | None,
) -> None:
    """Printed, or written where ``--out`` says; a workbook is only written."""
    if form == "xlsx" and out is None:
        raise BadValue(Message("XLSX 须用 --out 给出文件名。", "An XLSX workbook needs a file: name it by --out."))
    if plan_file is not None:
        if number is None or shipments is None or lot_no is not None or entry is not None:
            raise BadValue(
                Message(
                    "计划的计算书须写明货单编号，并以 --shipments 给出货单文件。",
                    "A sheet of a plan needs the shipment's id, and the shipments file by --shipments.",
                )
            )
        content, done = _planned(plan_file, shipments, number, form)
    elif entry is not None and number is None:
        content, done = _entry(entry, form)
    elif number is not None and lot_no is not None and entry is None:
        content, done = _lot(number, lot_no, form)
    else:
        raise BadValue(
            Message(
                "请给出运单与批次，或 --entry 分录号，或 --plan 计划与货单编号。",
                "Name a waybill and its lot, an entry by --entry, or a plan by --plan and a shipment of it.",
            )
        )
    if out is None:
        assert isinstance(content, str)
        click.echo(content, nl=False)
        return
    write_whole(out, content)
    say(Message(f"{done.zh}；已写入 {out}", f"{done.en}; wrote {out}"))


def _lot(number: str, lot_no: int, form: str) -> tuple[str | bytes, Message]:
    from optimizer import actions
    from optimizer.documents.calculation_sheet import sheet_json, sheet_text, sheet_xlsx

    session = current_session()
    with session.store() as store:
        found = actions.calculation_sheet(store, number, lot_no, session.tables(store)[1])
    credited_g = found.reduction.credited_g
    done = Message(f"重算一致，入账 {credited_g:,} 克", f"Recomputed to the gram, credit {credited_g:,} g")
    match form:
        case "xlsx":
            return sheet_xlsx(found, session.lang), done
        case "json":
            return sheet_json(found), done
        case _:
            return sheet_text(found, session.lang), done


def _entry(transaction_id: str, form: str) -> tuple[str | bytes, Message]:
    from optimizer import actions
    from optimizer.documents.entry_sheet import entry_sheet_json, entry_sheet_text, entry_sheet_xlsx

    session = current_session()
    with session.store() as store:
        found = actions.entry_sheet(store, transaction_id, session.tables(store)[1])
    done = Message(
        f"{found.entry.kind.value} 分录 {len(found.lines)} 行，推导与账面一致",
        f"{found.entry.kind.value} entry of {len(found.lines)} line(s), derived as it is posted",
    )
    match form:
        case "xlsx":
            return entry_sheet_xlsx(found, session.lang), done
        case "json":
            return entry_sheet_json(found), done
        case _:
            return entry_sheet_text(found, session.lang), done


def _planned(plan_file: Path, shipments: Path, shipment_id: str, form: str) -> tuple[str | bytes, Message]:
    from optimizer.cli.documents import read_document
    from optimizer.documents.quote_sheet import quote_sheet_json, quote_sheet_text, quote_sheet_xlsx
    from optimizer.planning.answer.plan_sheet import plan_sheet
    from optimizer.planning.document import plan_from_json
    from optimizer.planning.files.shipment_file import read_shipments

    session = current_session()
    network = session.network()
    plan = plan_from_json(read_document(plan_file), plan_file.name)
    given = read_shipments(shipments, network)
    found = plan_sheet(plan, shipment_id, given, network, session.factors())
    legs = sum(len(one.lines) for one in found.options)
    done = Message(f"逐段重算一致，共 {legs} 段", f"Recomputed leg by leg, {legs} leg(s)")
    match form:
        case "xlsx":
            return quote_sheet_xlsx(found, session.lang, found.shipment.ready_at), done
        case "json":
            return quote_sheet_json(found), done
        case _:
            return quote_sheet_text(found, session.lang), done
