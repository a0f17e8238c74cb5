"""Write the statement of an account."""

from __future__ import annotations

from collections.abc import Iterable

from optimizer.accounts.ledger import Account, Kind
from optimizer.accounts.statement import Statement, statement_of
from optimizer.actions.closing import require_period
from optimizer.errors import Message, UnknownRecordError
from optimizer.store.engine import Store
from optimizer.store.session import Session
from optimizer.waybills.party import Party


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
        return _statement(session, chosen, session.parties().get(chosen.party_id), period, until_seq)


def statements(store: Store, periods: Iterable[str]) -> list[Statement]:
    """The statements of all accounts that a party holds, month by month, from one reading of the ledger.

    Raises InputError for a text that is no month.
    """
    months = list(periods)
    for period in months:
        require_period(period)
    with store.read() as session:
        accounts = [account for _, account in sorted(session.accounts().items()) if account.party_id]
        parties = session.parties()
        return [
            _statement(session, account, parties.get(account.party_id), period, None)
            for period in months
            for account in accounts
        ]


def _statement(
    session: Session, account: Account, party: Party | None, period: str, until_seq: int | None
) -> Statement:
    reader = session.account_reader
    entries = reader.entries(account.account_id, period, until_seq)
    replaced = reader.replaced_runs(item for item in entries if item.kind in (Kind.REVERSE, Kind.RESTATE))
    runs = {item.run_id for item in entries if item.run_id}
    return statement_of(
        account,
        party,
        period,
        reader.balances_before(account.account_id, period, until_seq),
        entries,
        reader.run_figures({*runs, *replaced.values()} - {""}),
        replaced,
        closed=period <= session.last_closed(),
        last_seq=reader.last_seq(account.account_id) if until_seq is None else until_seq,
    )
