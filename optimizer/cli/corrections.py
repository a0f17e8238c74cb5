"""``modalshift reverse``, ``restate``, ``transfer``, ``retire``: what a person asks for, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

import click

from optimizer.accounts.ledger import Bucket, Ledger, Transaction
from optimizer.cli.command import DONE, FINDINGS, Verb, option
from optimizer.cli.printing import print_findings, say
from optimizer.cli.session import current_session
from optimizer.errors import InputError, Message
from optimizer.quantities import CHINA_TIME, G_PER_KG, grouped, kilograms, number_of

BUCKETS: Mapping[Bucket, Message] = {
    Bucket.AVAILABLE: Message("可用", "available"),
    Bucket.RESERVED: Message("预留", "reserved"),
    Bucket.RETIRED: Message("已注销", "retired"),
}
SEPARATED = re.compile(r"[1-9]\d{0,2}(,\d{3})+(\.\d{1,3})?", re.ASCII)
"""An amount as statements print it; any other comma may be meant as a decimal point, and is refused."""
MAX_DIGITS = 9
"""Of a lot's number; Python refuses to read numbers of thousands of digits."""

reason_option = option("--reason", required=True, metavar="TEXT", zh="原因，记入分录", en="reason, kept with the entry")
reference_option = option(
    "--reference",
    required=True,
    metavar="ID",
    zh="业务编号；同一编号只入账一次",
    en="your id of the deal; the same id is booked once",
)
kg_option = option("--kg", "amount", required=True, metavar="KG", zh="数量 kg CO2e", en="amount, kg CO2e")


@click.command(cls=Verb, about=Message("冲正一个已结算批次", "reverse the settlement of a lot"))
@click.argument("lot", metavar="WAYBILL/LOT")
@reason_option
def reverse(lot: str, reason: str) -> None:
    """Asked again it answers the entry of the first time."""
    from optimizer import actions

    number, lot_no = _lot(lot)
    with current_session().store() as store:
        _say_entry(actions.reverse(store, number, lot_no, reason, datetime.now(CHINA_TIME)))


@click.command(
    cls=Verb,
    about=Message("按现有证据与因子重述批次", "restate lots by present evidence and factors"),
)
@click.argument("lot", metavar="[WAYBILL/LOT]", required=False)
@option("--all", "everything", is_flag=True, zh="全部已结算批次", en="every settled lot")
@reason_option
def restate(lot: str | None, everything: bool, reason: str) -> int:
    """One lot, or with --all whatever differs (a revision of factors). Exit 1 when a lot could not be restated."""
    from optimizer import actions

    if (lot is None) != everything:
        raise InputError(Message("请给出一个批次，或 --all。", "Name one lot, or say --all."))
    session = current_session()
    with session.store() as store:
        (network, factors), at = session.tables(store), datetime.now(CHINA_TIME)
        if lot is not None:
            entry = actions.restate(store, *_lot(lot), reason, network, factors, at)
            if entry is None:
                say(Message("与现行入账一致，无需重述。", "The lot stands as it is booked; nothing to restate."))
            else:
                _say_entry(entry)
            return DONE
        result = actions.restate_all(store, network, factors, reason, at)
    print_findings(result.findings)
    change_kg = kilograms(result.credited_change_g)
    say(
        Message(
            f"核对 {result.lots} 批，重述 {result.restated} 批，减排量变动 {change_kg} kg CO2e。",
            f"Looked at {result.lots} lot(s), restated {result.restated}; claims change by {change_kg} kg CO2e.",
        )
    )
    return FINDINGS if result.findings else DONE


@click.command(cls=Verb, about=Message("转让减排量", "transfer available claim to another account"))
@click.argument("giver", metavar="FROM")
@click.argument("taker", metavar="TO")
@kg_option
@reference_option
@reason_option
def transfer(giver: str, taker: str, amount: str, reference: str, reason: str) -> None:
    """FROM and TO are account ids, or ids of parties that have one account."""
    from optimizer import actions

    amount_g = _grams(amount)
    with current_session().store() as store:
        at = datetime.now(CHINA_TIME)
        _say_entry(actions.transfer(store, giver, taker, amount_g, reference, reason, at))


@click.command(cls=Verb, about=Message("注销减排量", "retire available claim for good"))
@click.argument("account", metavar="ACCOUNT")
@kg_option
@reference_option
@reason_option
def retire(account: str, amount: str, reference: str, reason: str) -> None:
    """What is retired never comes back."""
    from optimizer import actions

    amount_g = _grams(amount)
    with current_session().store() as store:
        _say_entry(actions.retire(store, account, amount_g, reference, reason, datetime.now(CHINA_TIME)))


def _lot(text: str) -> tuple[str, int]:
    number, _, lot_no = text.partition("/")
    if not number or not lot_no.isdecimal() or len(lot_no) > MAX_DIGITS:
        raise InputError(
            Message(f"“{text}”不是批次；应如 MW…/1。", f"'{text}' is no lot; write it like MW…/1 (waybill/lot).")
        )
    return number, int(lot_no)


def _grams(text: str) -> int:
    plain = text.strip().replace(",", "") if SEPARATED.fullmatch(text.strip()) else text
    grams = (number_of(plain) or 0) * G_PER_KG
    if not 0 < grams < 10**18 or grams != int(grams):
        raise InputError(
            Message(
                f"“{text}”不是数量；应为正数，至多三位小数，单位 kg，如 1000.5 或 1,000.5。",
                f"'{text}' is no amount; write a positive number of kg with at most three decimals, like 1000.5 or"
                " 1,000.5.",
            )
        )
    return int(grams)


def _say_entry(entry: Transaction) -> None:
    from optimizer.documents.statement_words import KINDS

    kind = KINDS[entry.kind.value]
    claims = [
        (line.account_id, BUCKETS[line.bucket], f"{'+' if line.amount > 0 else ''}{grouped(kilograms(line.amount))}")
        for line in entry.postings
        if line.ledger is Ledger.CLAIM and not line.account_id.startswith("issuance.")
    ]
    moved_zh = "；".join(f"{account} {bucket.zh} {amount} kg CO2e" for account, bucket, amount in claims)
    moved_en = "; ".join(f"{account} {bucket.en} {amount} kg CO2e" for account, bucket, amount in claims)
    say(
        Message(
            f"第 {entry.seq} 号分录（{kind.zh}，{entry.transaction_id}），记入 {entry.period}。{moved_zh}",
            f"Entry {entry.seq} ({kind.en}, {entry.transaction_id}), booked in {entry.period}. {moved_en}",
        )
    )
