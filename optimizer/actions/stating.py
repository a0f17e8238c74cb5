"""Write the statement of an account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from optimizer.accounts import merkle
from optimizer.accounts.ledger import Account, Kind, month_of
from optimizer.accounts.report import BankReport
from optimizer.accounts.report import bank_report as report_of
from optimizer.accounts.sealed import Extent
from optimizer.accounts.statement import Seal, Statement, statement_of
from optimizer.accounts.whole import runs_behind, whole_of
from optimizer.actions.city import amounts_by_enterprise, keep_when_far_behind
from optimizer.actions.closing import require_period
from optimizer.actions.disposing import account_named
from optimizer.actions.garbage import collection_paused
from optimizer.errors import Message, UnknownRecordError
from optimizer.store.engine import Store
from optimizer.store.session import Session
from optimizer.waybills.party import Party


def statement(
    store: Store, account: str, period: str, until_seq: int | None = None, at_size: int | None = None
) -> Statement:
    """The statement of an account (its id, or the id of a party with one account) for a month.

    ``until_seq``: as the ledger stood after that transaction; ``at_size``: as it stood when the tree had that many
    leaves, bit for bit what was printed then. Raises UnknownRecordError for an unknown account and a tree that never
    was, InputError for a text that is no month.
    """
    require_period(period)
    with collection_paused(), store.read() as session:
        if until_seq is not None:
            as_of = AsOf(until_seq, session.last_closed(), None)
        else:
            as_of = _now(session) if at_size is None else _at_size(session, at_size)
        return _of_account(session, account, period, as_of)


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
        as_of = _now(session)
        return [
            _statement(session, account, parties.get(account.party_id), period, as_of)
            for period in months
            for account in accounts
        ]


def bank_report(store: Store, account: str, period: str, at_size: int | None = None) -> BankReport:
    """The one-page report of an account and month, compared with the other enterprises of that month. ``at_size`` and
    errors as in :func:`statement`: comparison and open lots too are those of the tree, bit for bit what was printed."""
    require_period(period)
    keep_when_far_behind(store)
    with collection_paused(), store.read() as session:
        as_of = _now(session) if at_size is None else _at_size(session, at_size)
        found = _of_account(session, account, period, as_of)
        settled = amounts_by_enterprise(session, period, as_of.until_seq)
        open_kg = _open_mass_kg(session, found.account.party_id, period, as_of.extent)
    return report_of(found, settled, open_kg)


def _open_mass_kg(session: Session, party_id: str, period: str, extent: Extent | None) -> int:
    """Declared mass of a consignor's lots that are planned to arrive in the month and are not settled."""
    unsettled = set(session.unsettled_lots(party_id, extent))
    waybills = session.waybill_versions({number for number, _, _ in unsettled})
    lots = [lot for bill in waybills for lot in bill.lots if (bill.number, bill.version, lot.lot_no) in unsettled]
    return sum(lot.declared_mass_kg for lot in lots if month_of(lot.legs[-1].planned_arrives_at) == period)


@dataclass(frozen=True, slots=True)
class AsOf:
    """How much of the books is read: transactions up to a number (None: all), what was closed, what is sealed, and what
    else the tree holds where nothing but the tree is read."""

    until_seq: int | None
    last_closed: str
    seal: Seal | None
    extent: Extent | None = None


def _now(session: Session) -> AsOf:
    """Everything recorded. Where all of it is sealed this is the newest tree, and reads the same at any later time."""
    head = session.tree.head()
    if head is None:
        return AsOf(None, session.last_closed(), None)
    sealed = _at_size(session, head.size)
    if (sealed.until_seq, sealed.last_closed) == (session.last_seq(), session.last_closed()):
        return sealed
    return AsOf(None, session.last_closed(), sealed.seal)


def _at_size(session: Session, size: int) -> AsOf:
    """What the first ``size`` leaves hold. Transactions are sealed in order, so their number is the last one's."""
    tree = session.tree
    newest = tree.head()
    if newest is None or not 0 < size <= newest.size:
        reached = 0 if newest is None else newest.size
        raise UnknownRecordError(
            Message(
                f"树没有过 {size} 条；现有 {reached} 条。",
                f"There never was a tree of {size} entries; it has {reached}.",
            )
        )
    before = tree.head(at_most=size)
    start = 0 if before is None else before.size
    sealed_seq = (before.last_transaction_seq if before else 0) + tree.count_leaves("transaction", start, size)
    event_seq = (before.last_event_seq if before else 0) + tree.count_leaves("event", start, size)
    root = merkle.root_of(tree.reader([(0, size)]), size)
    extent = Extent(size, event_seq, sealed_seq)
    return AsOf(sealed_seq, tree.last_closed(size), Seal(size, root, sealed_seq), extent)


def _of_account(session: Session, account: str, period: str, as_of: AsOf) -> Statement:
    chosen = account_named(session.accounts(), account)
    return _statement(session, chosen, session.parties().get(chosen.party_id), period, as_of)


def _statement(session: Session, account: Account, party: Party | None, period: str, as_of: AsOf) -> Statement:
    until_seq = as_of.until_seq
    reader = session.account_reader
    entries = reader.movements(account.account_id, period, until_seq)
    opening, changes = reader.balances_around(account.account_id, period, until_seq)
    replaced = reader.replaced_runs(item for item in entries if item.kind in (Kind.REVERSE, Kind.RESTATE))
    runs = {item.run_id for item in entries if item.run_id}
    found = statement_of(
        account,
        party,
        period,
        opening,
        changes,
        entries,
        reader.run_figures({*runs, *replaced.values()} - {""}),
        replaced,
        closed=period <= as_of.last_closed,
        last_seq=reader.last_seq(account.account_id) if until_seq is None else until_seq,
    )
    behind = runs_behind(found.movements, replaced)
    whole = whole_of(behind, reader.run_parts(run_id for _, run_id in behind))
    return replace(found, seal=as_of.seal, whole=whole.portfolio, unbounded_runs=whole.unknown)
