"""Accounts as a user may see them."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.access.user import User, sees_account_of
from optimizer.accounts.ledger import Account
from optimizer.errors import Message, UnknownRecordError
from optimizer.store.engine import Store
from optimizer.waybills.party import Party


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An account with its party and the months in which something was booked or closed."""

    account: Account
    party: Party
    periods: tuple[str, ...]


def accounts_seen_by(store: Store, user: User) -> list[AccountEntry]:
    """The accounts in a user's scope, by id: an enterprise its own, a bank those opened to it, an auditor all."""
    with store.read() as session:
        opened, parties = session.opened_to(user.user_id), session.parties()
        periods = session.account_reader.booked_periods()
        return [
            AccountEntry(account, parties[account.party_id], tuple(periods))
            for _, account in sorted(session.accounts().items())
            if account.party_id in parties and sees_account_of(user, account.party_id, opened)
        ]


def account_seen_by(store: Store, user: User, account_id: str) -> AccountEntry:
    """One account in a user's scope. Raises UnknownRecordError when there is none or it is not for this user."""
    with store.read() as session:
        account, party = session.account(account_id) or (None, None)
        opened = session.opened_to(user.user_id)
        if account is not None and party is not None and sees_account_of(user, account.party_id, opened):
            return AccountEntry(account, party, tuple(session.account_reader.booked_periods()))
    raise UnknownRecordError(Message(f"没有账户 {account_id}。", f"There is no account {account_id}."))
