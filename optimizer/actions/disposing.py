"""What a party does with its claim: pass it on, or retire it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from optimizer.accounts.corrections import Booking, retirement
from optimizer.accounts.corrections import transfer as transfer_entry
from optimizer.accounts.ledger import Account, Transaction
from optimizer.actions.correcting import MAX_REASON, append_covered, is_one_line, require_reason
from optimizer.errors import InputError, Message, UnknownRecordError
from optimizer.store.engine import Store


def transfer(
    store: Store, giver: str, taker: str, amount_g: int, reference: str, reason: str, at: datetime
) -> Transaction:
    """Move available claim (g CO2e WTW) from one account to another. The same reference is the same deal: asked again
    it answers the entry of the first time.

    Accounts by id, or by the id of a party with one account. Raises UnknownRecordError for an unknown account,
    InputError for an amount that is not positive, a missing reference or reason, ConflictError when the giver holds
    less, or when the reference was used for another deal.
    """
    require_reason(reason)
    _require_reference(reference)
    with store.write() as session:
        accounts = session.accounts()
        ends = account_named(accounts, giver).account_id, account_named(accounts, taker).account_id
        entry = transfer_entry(*ends, amount_g, reference, Booking(at, session.last_closed(), reason))
        return append_covered(session, entry, memo_before=reason)


def retire(store: Store, account: str, amount_g: int, reference: str, reason: str, at: datetime) -> Transaction:
    """Take available claim (g CO2e WTW) out of circulation for good; ``reason`` says for what. Raises as
    :func:`transfer` does."""
    require_reason(reason)
    _require_reference(reference)
    with store.write() as session:
        holder = account_named(session.accounts(), account).account_id
        entry = retirement(holder, amount_g, reference, Booking(at, session.last_closed(), reason))
        return append_covered(session, entry, memo_before=reason)


def _require_reference(reference: str) -> None:
    """Raise InputError for a reference of a deal that no line of a statement shows."""
    if not reference.strip() or not is_one_line(reference):
        raise InputError(
            Message(
                f"须给出业务编号（reference）：一行、至多 {MAX_REASON} 字的文本。",
                f"A reference of the deal is needed: one line of text of at most {MAX_REASON} characters.",
            )
        )


def account_named(accounts: Mapping[str, Account], name: str) -> Account:
    """The account of an id, or of the party that has exactly one. Raises UnknownRecordError listing the accounts."""
    own = [item for item in accounts.values() if item.party_id and name in (item.account_id, item.party_id)]
    if len(own) != 1:
        listed = ", ".join(item.account_id for item in (own or accounts.values()) if item.party_id)
        raise UnknownRecordError(
            Message(
                f"没有账户“{name}”；现有账户：{listed or '无'}。",
                f"There is no account '{name}'; accounts: {listed or 'none'}.",
            )
        )
    return own[0]
