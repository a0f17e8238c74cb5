"""``modalshift waybill``: which there are, versions of one, and the next one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from optimizer.cli.command import DONE, FINDINGS, Program, Verb, option
from optimizer.cli.corrections import reason_option
from optimizer.cli.printing import print_json, print_table, say
from optimizer.cli.session import current_session
from optimizer.errors import Fault, InputError, Message
from optimizer.quantities import CHINA_TIME, KG_PER_T, iso, local_due_time, number_of

if TYPE_CHECKING:
    from optimizer.waybills.amendment import LegChange
    from optimizer.waybills.party import Party

MAX_TEXT = 200


@click.group(
    cls=Program,
    invoke_without_command=True,
    about=Message(
        "运单：列表、版本、改单、撤销改单、作废", "waybills: list, show versions, amend, give an amendment up, void"
    ),
)
@click.pass_context
def waybill(ctx: click.Context) -> None:
    """Show the help when no verb is given."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@waybill.command("list", cls=Verb, about=Message("列出运单", "list waybills"))
@option(
    "--find", "text", default="", metavar="TEXT", zh="运单号或货单号的开头", en="begin of a number or a shipment id"
)
@option("--party", "party_id", default=None, metavar="ID", zh="托运人或收货人", en="who ships or receives")
@option("--open", "open_only", is_flag=True, zh="只列仍待上报的", en="only those that still wait for a report")
@option("--json", "as_json", is_flag=True, zh="输出 JSON", en="print JSON")
def waybill_list(text: str, party_id: str | None, open_only: bool, as_json: bool) -> int:
    """The newest version of each, by number. Exit 1 when nothing fits."""
    from dataclasses import asdict

    with current_session().store() as store, store.read() as session:
        if party_id is not None:
            _party(session.parties(), party_id)
        found = session.waybill_headers(text=text.strip(), shipper_or_receiver_id=party_id, open_only=open_only)
    if as_json:
        print_json([asdict(header) for header in found])
        return DONE if found else FINDINGS
    columns = [
        Message("运单", "Waybill"),
        Message("版次", "Version"),
        Message("货单", "Shipment"),
        Message("托运人", "Consignor"),
        Message("收货人", "Consignee"),
        Message("货类", "Cargo"),
        Message("吨", "Tonnes"),
        Message("起讫", "From, to"),
        Message("签发", "Issued"),
    ]
    rows = [
        [
            *(one.number, str(one.version), one.shipment_id, one.consignor_id, one.consignee_id, one.cargo_code),
            *(f"{one.declared_mass_kg / KG_PER_T:,.1f}", f"{one.place_of_receipt} → {one.place_of_delivery}"),
            one.issued_at[:10],
        ]
        for one in found
    ]
    print_table(Message(f"{len(found)} 份运单", f"{len(found)} waybills"), columns, rows, numeric_from=len(columns))
    return DONE if found else FINDINGS


@waybill.command("show", cls=Verb, about=Message("列出运单的全部版本与改动", "list all versions and what each changed"))
@click.argument("number", metavar="WAYBILL")
@option("--json", "as_json", is_flag=True, zh="输出 JSON", en="print JSON")
def waybill_show(number: str, as_json: bool) -> None:
    """The first version was made from the plan."""
    from optimizer.actions.amending import versions
    from optimizer.waybills.codec import to_plain
    from optimizer.waybills.lifecycle import DocumentStatus, document_status, effective

    with current_session().store() as store:
        found = versions(store, number)
        with store.read() as session:
            void = document_status(effective(session.events([number]))) is DocumentStatus.VOIDED
    if as_json:
        print_json(
            [
                {"waybill": to_plain(item.waybill), "changed": list(item.changed), "reason": item.reason}
                for item in found
            ]
        )
        return
    for item in found:
        bill = item.waybill
        reason = f" {item.reason}" if item.reason else ""
        say(
            Message(
                f"{bill.number} 第 {bill.version} 版，{iso(bill.issued_at)} 签发。{reason}",
                f"{bill.number} version {bill.version}, issued {iso(bill.issued_at)}.{reason}",
            )
        )
        for change in item.changed:
            click.echo(f"  {change}")
    if void:
        say(Message(f"{number} 已作废。", f"{number} is void."))


@waybill.command("amend", cls=Verb, about=Message("改单：签发下一版", "amend: issue the next version"))
@click.argument("number", metavar="WAYBILL")
@reason_option
@option("--declared-mass", "masses", multiple=True, metavar="LOT=T", zh="批次申报吨数", en="declared tonnes of a lot")
@option("--vessel", "vessels", multiple=True, metavar="LOT/LEG=VESSEL", zh="换船", en="another vessel for a leg")
@option("--voyage", "voyages", multiple=True, metavar="LOT/LEG=VOYAGE", zh="换航次", en="another voyage for a leg")
@option("--discharge", "ends", multiple=True, metavar="LOT/LEG=PLACE", zh="改卸货地", en="another place of discharge")
@option("--consignee", metavar="PARTY", zh="收货人", en="consignee")
@option("--due-at", metavar="TIME", zh="约定到达时间，只写日期即当天之内", en="due time; a date alone: within that day")
@option("--reference", metavar="TEXT", zh="托运人单号", en="the shipper's own number")
@option("--goods-zh", metavar="TEXT", zh="货名（中文）", en="description of the goods, Chinese")
@option("--goods-en", metavar="TEXT", zh="货名（英文）", en="description of the goods, English")
@option(
    "--by", "reporter", default="", metavar="PARTY", zh="改单方，默认经营人", en="who amends; the operator by default"
)
def waybill_amend(
    number: str,
    reason: str,
    masses: tuple[str, ...],
    vessels: tuple[str, ...],
    voyages: tuple[str, ...],
    ends: tuple[str, ...],
    consignee: str | None,
    due_at: str | None,
    reference: str | None,
    goods_zh: str | None,
    goods_en: str | None,
    reporter: str,
) -> None:
    """Without any change it only opens the amendment; with one it issues the next version."""
    from optimizer.actions.amending import amend
    from optimizer.waybills.amendment import Amendment, changes

    faults: list[Fault] = []
    legs = _leg_changes(vessels, voyages, ends, faults)
    mass_kg = dict(_mass(word, faults) for word in masses)
    number_of_shipper = _text("reference", reference, faults)
    goods = _text("goods-zh", goods_zh, faults), _text("goods-en", goods_en, faults)
    due = _moment(due_at, faults)
    if faults:
        raise InputError.of(faults)
    session = current_session()
    with session.store() as store:
        with store.read() as reading:
            known = reading.parties()
            before = reading.waybills([number]).get(number)
        receiver = None if consignee is None else _party(known, consignee)
        if reporter:
            _party(known, reporter)
        change = Amendment(number_of_shipper, *goods, receiver, due, mass_kg or None, legs)
        new = amend(store, number, change, reason, session.tables(store)[0], datetime.now(CHINA_TIME), reporter)
    if before is None or new.version == before.version:
        say(Message(f"{number} 改单中（AMENDING）。", f"{number} is being amended (AMENDING)."))
        return
    say(Message(f"{number} 第 {new.version} 版已签发。", f"{number} version {new.version} is issued."))
    for line in changes(before, new):
        click.echo(f"  {line}")


@waybill.command("withdraw", cls=Verb, about=Message("撤销进行中的改单", "give up an amendment that is open"))
@click.argument("number", metavar="WAYBILL")
@reason_option
def waybill_withdraw(number: str, reason: str) -> None:
    """The version that stood is in force again."""
    from optimizer.actions.amending import cancel_amendment

    with current_session().store() as store:
        kept = cancel_amendment(store, number, reason, datetime.now(CHINA_TIME))
    say(Message(f"{number} 第 {kept.version} 版继续有效。", f"{number} version {kept.version} is in force again."))


@waybill.command("void", cls=Verb, about=Message("作废尚未装运的运单", "void a waybill of which nothing was loaded"))
@click.argument("number", metavar="WAYBILL")
@reason_option
def waybill_void(number: str, reason: str) -> None:
    """Its estimates are released by the next ``settle``."""
    from optimizer.actions.voiding import void

    with current_session().store() as store:
        void(store, number, reason, datetime.now(CHINA_TIME))
    say(
        Message(
            f"{number} 已作废，预留的估算由下一次 settle 释放；要再运这票货，请用新的货单号提交。",
            f"{number} is void; the next settle releases its estimates. To move the goods after all, submit them under "
            "another shipment id.",
        )
    )


def _leg_changes(
    vessels: tuple[str, ...], voyages: tuple[str, ...], ends: tuple[str, ...], faults: list[Fault]
) -> tuple[LegChange, ...]:
    from optimizer.waybills.amendment import LegChange

    asked: dict[tuple[int, int], dict[str, str]] = {}
    for name, words in (("vessel_id", vessels), ("voyage_id", voyages), ("destination", ends)):
        for word in words:
            place, _, value = word.partition("=")
            lot, _, seq = place.partition("/")
            if not (lot.isdecimal() and seq.isdecimal() and value) or len(word) > MAX_TEXT:
                faults.append(_fault(word, "应如 1/3=名称", "write it like 1/3=NAME (lot/leg)"))
                continue
            asked.setdefault((int(lot), int(seq)), {})[name] = value
    return tuple(
        LegChange(*place, words.get("vessel_id", ""), words.get("voyage_id", ""), words.get("destination", ""))
        for place, words in sorted(asked.items())
    )


def _mass(word: str, faults: list[Fault]) -> tuple[int, int]:
    lot, _, value = word.partition("=")
    mass_kg = (number_of(value) or 0) * KG_PER_T
    if lot.isdecimal() and len(lot) <= MAX_TEXT and 0 < mass_kg < 10**12 and mass_kg == int(mass_kg):
        return int(lot), int(mass_kg)
    faults.append(_fault(word, "应如 1=280.5（批次=吨）", "write it like 1=280.5 (lot=tonnes)"))
    return 0, 0


def _text(name: str, word: str | None, faults: list[Fault]) -> str | None:
    if word is not None and (len(word) > MAX_TEXT or not word.isprintable()):
        faults.append(_fault(name, f"至多 {MAX_TEXT} 字的文本", f"a text of at most {MAX_TEXT} characters"))
    return word


def _moment(word: str | None, faults: list[Fault]) -> datetime | None:
    try:
        return None if word is None else local_due_time(word)
    except ValueError:
        faults.append(_fault(str(word), "应如 2026-10-18T08:00", "write it like 2026-10-18T08:00"))
        return None


def _party(known: dict[str, Party], party_id: str) -> Party:
    if party_id not in known:
        raise InputError(Message(f"没有参与方 {party_id}。", f"There is no party {party_id}."))
    return known[party_id]


def _fault(word: str, zh: str, en: str) -> Fault:
    return Fault("waybill amend", None, None, "bad_word", Message(f"“{word}”：{zh}。", f"'{word}': {en}."))
