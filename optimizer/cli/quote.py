"""``modalshift quote``: one shipment, road and water side by side, leg by leg."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.command import DONE, FINDINGS, Verb, WrittenFile, option
from optimizer.cli.documents import write_whole
from optimizer.cli.printing import print_table, say
from optimizer.cli.session import current_session
from optimizer.cli.usage import BadValue
from optimizer.errors import Message, ShipmentDataError
from optimizer.quantities import CHINA_TIME, iso

if TYPE_CHECKING:
    from optimizer.network.model import Network
    from optimizer.planning.quote import Quote, QuoteLeg, QuoteOption
    from optimizer.planning.quote.sheet import QuoteSheet
    from optimizer.planning.shipment import Shipment

DEFAULT_DAYS = 14
"""Days from ready to due when nobody says."""

WORDS = {
    "origin": "ORIGIN",
    "destination": "DESTINATION",
    "cargo_code": "--cargo",
    "mass_t": "--mass-t",
    "ready_at": "--ready-at",
    "due_at": "--due-at",
    "cargo_value_yuan_per_t": "--value",
}
"""Columns of a shipment and the words of the command line that fill them."""

ROLES: Mapping[str, Message] = {
    "pre": Message("接运", "pre"),
    "main": Message("主程", "main"),
    "post": Message("送运", "post"),
    "hub": Message("码头", "hub"),
}
"""What a leg is for, as waybills call it."""
NO_BASIS = Message("", "")
BASES: Mapping[str, Message] = {
    "actual": Message("实际", "actual"),
    "sfd": Message("最短", "sfd"),
    "gcd": Message("大圆", "gcd"),
}
CLOCK = "%m-%d %H:%M"
SHEET_SUFFIXES = (".txt", ".json", ".xlsx")


@click.command(
    cls=Verb,
    about=Message(
        "比选一票货的门到门方案：费用、排放、时间", "compare the door-to-door options of one shipment: cost, CO2e, time"
    ),
)
@click.argument("origin")
@click.argument("destination")
@option("--cargo", required=True, metavar="CODE", zh="货类编号或名称", en="cargo code or name")
@option("--mass-t", required=True, metavar="T", zh="重量（吨）", en="mass in tonnes")
@option("--ready-at", metavar="TIME", zh="可提货时间，默认现在", en="when the cargo is ready; now by default")
@option(
    "--due-at",
    metavar="TIME",
    zh="最晚到达，默认可提货后 14 天；只写日期即当天之内",
    en="when it is due, 14 days later by default; a date alone: within that day",
)
@option("--value", metavar="YUAN_PER_T", zh="货值（元/吨）", en="cargo value in yuan per tonne")
@option("--json", "as_json", is_flag=True, zh="输出 JSON", en="print JSON")
@option(
    "--explain",
    type=WrittenFile(),
    metavar="FILE.{txt,json,xlsx}",
    zh="写出逐段计算书",
    en="write the calculation sheet, leg by leg",
)
def quote(
    origin: str,
    destination: str,
    cargo: str,
    mass_t: str,
    ready_at: str | None,
    due_at: str | None,
    value: str | None,
    as_json: bool,
    explain: Path | None,
) -> int:
    """Places by id, UN/LOCODE or name. Exit 1 when nobody can move the shipment, 2 with every fault of the words."""
    if explain is not None and explain.suffix not in SHEET_SUFFIXES:
        known = ", ".join(SHEET_SUFFIXES)
        raise BadValue(Message(f"--explain 的文件名须以 {known} 结尾。", f"--explain: a file name ending in {known}."))
    from optimizer import actions
    from optimizer.planning.quote.document import quote_to_json

    session = current_session()
    network, factors = session.network(), session.factors()
    words = {
        "origin": origin,
        "destination": destination,
        "cargo_code": cargo,
        "mass_t": mass_t,
        "ready_at": ready_at or iso(datetime.now(CHINA_TIME)),
        "due_at": due_at or "",
        "cargo_value_yuan_per_t": value or "",
    }
    desk = actions.QuoteDesk(network, factors)
    answer = desk.quote(shipment_of(words, network))
    if as_json:
        versions = {"product": actions.code_version(), "network": network.version, "factors": factors.version}
        click.echo(quote_to_json(answer, versions), nl=False)
    else:
        print_quote(answer, network)
    if explain is not None:
        _write_sheet(desk.explain(answer), explain, quiet=as_json)
    return DONE if answer.options else FINDINGS


def _write_sheet(sheet: QuoteSheet, out: Path, quiet: bool) -> None:
    """The calculation sheet in the format of the file's name; its only date is when the cargo is ready."""
    from optimizer.documents.quote_sheet import quote_sheet_json, quote_sheet_text, quote_sheet_xlsx

    lang = current_session().lang
    match out.suffix:
        case ".xlsx":
            content: str | bytes = quote_sheet_xlsx(sheet, lang, sheet.shipment.ready_at)
        case ".json":
            content = quote_sheet_json(sheet)
        case _:
            content = quote_sheet_text(sheet, lang)
    write_whole(out, content)
    if not quiet:
        legs = sum(len(option.lines) for option in sheet.options)
        say(
            Message(
                f"逐段重算一致（{len(sheet.options)} 个方案，{legs} 段）；计算书已写入 {out}",
                f"Recomputed to the gram ({len(sheet.options)} options, {legs} legs); wrote {out}",
            )
        )


def shipment_of(words: Mapping[str, str], network: Network) -> Shipment:
    """The shipment described by the words of a command line, keyed by column.

    Raises ShipmentDataError with every fault; its column is the word to mend, such as ``--mass-t``.
    """
    from optimizer.planning.files.shipment_cells import CellError, parse_moment
    from optimizer.planning.files.shipment_file import shipments_from_records

    due_at = words["due_at"]
    if not due_at:
        try:
            due_at = iso(parse_moment(words["ready_at"]) + timedelta(days=DEFAULT_DAYS))
        except CellError:
            # The ready time is a fault of its own; the due time that follows from it must not be a second one.
            due_at = words["ready_at"]
    record = {"shipment_id": "quote", "shipper_id": "quote", **words, "due_at": due_at}
    try:
        (shipment,) = shipments_from_records([record], network, "quote")
    except ShipmentDataError as error:
        named = [replace(f, column=WORDS.get((f.column or "").removeprefix("/0/"), f.column)) for f in error.faults]
        given = [f for f in named if words["due_at"] or f.column != WORDS["due_at"] or len(named) == 1]
        raise ShipmentDataError.of(given) from error
    return shipment


def print_quote(answer: Quote, network: Network) -> None:
    """The verdict and why, the options beside the road, each leg of each, what is missing, what was assumed."""
    from optimizer.planning.quote.words import place_name, reasons_why

    shipment = answer.shipment
    start, end = place_name(network, shipment.origin), place_name(network, shipment.destination)
    cargo = network.cargo[shipment.cargo_code]
    mass_t, ready = f"{shipment.mass_kg / 1000:,.3f}", f"{shipment.ready_at:{CLOCK}}"
    due = f"{shipment.due_at:{CLOCK}}"
    title = Message(
        f"{start.zh} → {end.zh}，{cargo.name_zh} {mass_t} 吨，{ready} 可提，{due} 前到",
        f"{start.en} → {end.en}, {cargo.name_en}, {mass_t} t, ready {ready}, due {due}",
    )
    say(answer.verdict)
    for reason in reasons_why(answer):
        say(reason)
    shown = list(answer.shown)
    if shown:
        _print_options(title, shown)
    for number, item in enumerate(shown, 1):
        _print_legs(number, item)
    for missing in answer.missing:
        say(Message(f"说明：{missing.message.zh}", f"Note: {missing.message.en}"))
    said = dict.fromkeys([*(words for item in shown for words in item.assumptions), *answer.assumptions])
    for words in said:
        say(Message(f"假定：{words.zh}", f"Assumed: {words.en}"))


def _print_options(title: Message, shown: list[QuoteOption]) -> None:
    columns = [
        Message("方案", "Option"),
        Message("费用 元", "Cost yuan"),
        Message("排放 kg CO2e", "CO2e kg WTW"),
        Message("全程 h", "Hours"),
        Message("送达", "Arrives"),
        Message("省 元", "Saves yuan"),
        Message("减排 kg", "Saves kg CO2e"),
    ]
    rows = []
    for number, item in enumerate(shown, 1):
        saved = item.saving
        rows.append(
            [
                f"{number} {option_name(item).text(current_session().lang)}",
                _yuan(item.amounts.cost_fen),
                _kilograms(item.amounts.co2e_wtw_g),
                f"{item.amounts.duration_s / 3600:,.1f}",
                f"{item.arrives_at:{CLOCK}}",
                _yuan(saved.cost_fen) if saved else "",
                _kilograms(saved.co2e_wtw_g) if saved else "",
            ]
        )
    print_table(title, columns, rows)


def option_name(item: QuoteOption) -> Message:
    """Title and labels, and what is bad about it."""
    from optimizer.planning.quote import LABEL_NAMES

    notes = [LABEL_NAMES[label] for label in item.labels]
    if item.late_s:
        hours = f"{item.late_s / 3600:,.1f}"
        notes.append(Message(f"晚 {hours} 小时", f"{hours} h late"))
    if item.dominated:
        notes.append(Message("有更优方案", "beaten by another"))
    zh = f"[{'、'.join(note.zh for note in notes)}]" if notes else ""
    en = f"[{', '.join(note.en for note in notes)}]" if notes else ""
    return Message(f"{item.title.zh} {zh}".strip(), f"{item.title.en} {en}".strip())


def _print_legs(number: int, item: QuoteOption) -> None:
    columns = [
        Message("段", "Leg"),
        Message("方式", "Mode"),
        Message("起讫", "From, to"),
        Message("车船型", "Vehicle"),
        Message("里程 km", "Distance km"),
        Message("起止", "Start, end"),
        Message("费用 元", "Cost yuan"),
        Message("TTW kg", "TTW kg"),
        Message("WTW kg", "WTW kg"),
        Message("数据等级", "Tier"),
    ]
    title = Message(f"{number} {item.title.zh}", f"{number} {item.title.en}")
    print_table(title, columns, [_leg_row(leg) for leg in item.legs], numeric_from=len(columns))
    # Ids are too long for a column; the JSON has them leg by leg.
    factor_ids = ", ".join(dict.fromkeys(factor_id for leg in item.legs for factor_id in leg.factor_ids))
    say(Message(f"排放因子：{factor_ids}", f"Emission factors: {factor_ids}"))


def _leg_row(leg: QuoteLeg) -> list[str]:
    from optimizer.documents.statement_words import TIERS
    from optimizer.planning.quote.words import MODE_NAMES

    lang = current_session().lang
    basis = BASES.get(leg.distance_basis, NO_BASIS).text(lang)
    vehicle = f"{leg.vessels} x {leg.vehicle_class}" if leg.vessels > 1 else leg.vehicle_class
    return [
        f"{leg.seq} {ROLES[leg.role].text(lang)}",
        MODE_NAMES[leg.mode].text(lang),
        leg.origin if leg.origin == leg.destination else f"{leg.origin}-{leg.destination}",
        vehicle,
        f"{leg.distance_km:,.1f} {basis}".strip() if leg.distance_km else "",
        f"{leg.departs_at:{CLOCK}} {leg.arrives_at:{CLOCK}}",
        _yuan(leg.cost_fen),
        _kilograms(leg.co2e_ttw_g),
        _kilograms(leg.co2e_wtw_g),
        TIERS[leg.data_tier].text(lang),
    ]


def _yuan(amount_fen: int) -> str:
    return f"{amount_fen / 100:,.2f}"


def _kilograms(mass_g: int) -> str:
    return f"{mass_g / 1000:,.1f}"
