"""Write the statement of an account."""

from __future__ import annotations

from collections.abc import Iterable

from optimizer.accounts.ledger import Transaction
from optimizer.accounts.statement import Statement, statement_of
from optimizer.actions.closing import require_period
from optimizer.errors import Message, UnknownRecordError
from optimizer.store.engine import Store


def statement(store: Store, account: str, period: str, until_seq: int | None = None) -> Statement:
    """The statement of an account (its id, or the id of a party with one account) for a month.

    ``until_seq``: as the ledger stood after that transaction. Raises UnknownRecordError for an unknown account,
    InputError for a text that is no month.
    """
    require_period(period)
    with store.read() as session:
        accounts = session.accounts()
        own = [item for item in accounts.values() if account in (item.account_id, item.party_id)]
        if len(own) != 1:
            listed = ", ".join(item.account_id for item in (own or accounts.values()) if item.party_id)
            raise UnknownRecordError(
                Message(
                    f"没有账户“{account}”；现有账户：{listed or '无'}。",
                    f"There is no account '{account}'; accounts: {listed or 'none'}.",
                )
            )
        chosen = own[0]
        return statement_of(
            chosen,
            session.parties().get(chosen.party_id),
            period,
            session.transactions(chosen.account_id),
            session.runs(),
            closed=period <= session.last_closed(),
            until_seq=until_seq,
        )


def statements(store: Store, periods: Iterable[str]) -> list[Statement]:
    """The statements of all accounts that a party holds, month by month, from one reading of the ledger.

    Raises InputError for a text that is no month.
    """
    months = list(periods)
    for period in months:
        require_period(period)
    with store.read() as session:
        accounts = sorted(session.accounts().items())
        transactions, runs, parties = session.transactions(), session.runs(), session.parties()
        last_closed = session.last_closed()
    own = {account_id: _touching(account_id, transactions) for account_id, account in accounts if account.party_id}
    return [
        statement_of(account, parties.get(account.party_id), period, own[account_id], runs, period <= last_closed)
        for period in months
        for account_id, account in accounts
        if account.party_id
    ]


def _touching(account_id: str, transactions: Iterable[Transaction]) -> list[Transaction]:
    return [item for item in transactions if any(line.account_id == account_id for line in item.postings)]
