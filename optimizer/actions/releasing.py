"""Factors enter accounts by two persons: one proposes, and may withdraw while it waits; another releases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from optimizer.access.user import Permission
from optimizer.accounts.calculation import CalculationRun
from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.emissions.releases import (
    FactorProposal,
    FactorRelease,
    FactorWithdrawal,
    digest_in,
    propose,
    release,
    require_released,
    unreleased,
    withdraw,
)
from optimizer.errors import ConflictError, Message, UnknownRecordError
from optimizer.store.engine import Store
from optimizer.store.session import Session

NAMED_USERS = 3
"""So many who may release are named in a refusal."""


@dataclass(frozen=True, slots=True)
class ReleaseBook:
    """All proposals, releases and withdrawals, oldest first."""

    proposals: tuple[FactorProposal, ...]
    releases: tuple[FactorRelease, ...]
    withdrawals: tuple[FactorWithdrawal, ...] = ()

    @property
    def waiting(self) -> tuple[FactorProposal, ...]:
        """The proposals that wait for a second person."""
        over = {one.proposal_id for one in self.releases} | {one.proposal_id for one in self.withdrawals}
        return tuple(one for one in self.proposals if one.proposal_id not in over)


def factor_releases(store: Store) -> ReleaseBook:
    """What was proposed, released and withdrawn."""
    with store.read() as session:
        return _book(session)


def propose_factors(store: Store, table: FactorTable, by: str, at: datetime, reason: str) -> FactorProposal:
    """Propose every row of a table that is neither shipped nor released.

    Raises UnknownRecordError for a person who is no user, ConflictError for one of another role, when there is nothing
    to propose or it is proposed already, InputError without a reason.
    """
    with store.write() as session:
        require_user(session, by, Permission.PROPOSE_FACTORS)
        book = _book(session)
        rows = unreleased(table, travelling_factors(), book.proposals, book.releases)
        made = propose(rows, table.version, by, at, reason, book.proposals)
        digest = digest_in(made.proposal_id)
        same = next((one.proposal_id for one in book.waiting if digest_in(one.proposal_id) == digest), None)
        if same is not None:
            raise ConflictError(
                Message(
                    f"这些因子已提请（{same}），待另一人发布。",
                    f"These factors are proposed already ({same}) and wait for another person.",
                )
            )
        session.add_factor_record("PROPOSE", made.proposal_id, by, at, made)
    return made


def release_factors(store: Store, proposal_id: str, by: str, at: datetime) -> FactorRelease:
    """Release a proposal as the second person.

    Raises UnknownRecordError for an unknown proposal or person, ConflictError for the proposer, for a user whom the
    proposer made, reset or promoted (whoever can enter as somebody else is no second person), and a second time.
    """
    with store.write() as session:
        require_user(session, by, Permission.RELEASE_FACTORS)
        book = _book(session)
        found = _proposal(book, proposal_id)
        require_second_person(session, found.proposed_by, by)
        done = release(found, book.releases, by, at, book.withdrawals)
        session.add_factor_record("RELEASE", proposal_id, by, at, done)
    return done


def withdraw_factors(store: Store, proposal_id: str, by: str, at: datetime) -> FactorWithdrawal:
    """Withdraw a proposal that waits, as the one who made it.

    Raises UnknownRecordError for an unknown proposal or person, ConflictError for anybody else, and where it is
    released or withdrawn already.
    """
    with store.write() as session:
        require_user(session, by, Permission.PROPOSE_FACTORS)
        book = _book(session)
        gone = withdraw(_proposal(book, proposal_id), book.releases, book.withdrawals, by, at)
        session.add_factor_record("WITHDRAW", proposal_id, by, at, gone)
    return gone


def _proposal(book: ReleaseBook, proposal_id: str) -> FactorProposal:
    found = next((one for one in book.proposals if one.proposal_id == proposal_id), None)
    if found is None:
        raise UnknownRecordError(
            Message(
                f"没有提请 {proposal_id}；见 modalshift factors releases。",
                f"There is no proposal {proposal_id}; see modalshift factors releases.",
            )
        )
    return found


def require_released_factors(store: Store, table: FactorTable) -> None:
    """Raise FactorError when a table holds rows that nobody released: they may not enter accounts.

    Every verb that writes a calculation run into the accounts (settle, restate, restate_all) calls it before its first
    row, so that no worker, page or script finds a way around the second person.
    """
    book = factor_releases(store)
    require_released(unreleased(table, travelling_factors(), book.proposals, book.releases))


def keep_factors(store: Store, table: FactorTable, at: datetime) -> None:
    """Keep the table that calculation runs are made with, whole, so that their sheets can be made when another one is
    in force. Called where runs enter the accounts."""
    with store.read() as session:
        if session.kept_factor_table(table.version) is not None:
            return
    with store.write() as session:
        session.keep_factor_table(table, at)


def factors_of_run(session: Session, run: CalculationRun, at_hand: FactorTable) -> FactorTable:
    """The table that a run was made with: the one at hand, or the kept one. The one at hand where neither is it (it may
    still give the same grams). Raises ConflictError as ``kept_factor_table``."""
    if run.factors_version == at_hand.version:
        return at_hand
    return session.kept_factor_table(run.factors_version) or at_hand


@cache
def travelling_factors() -> FactorTable:
    """The table that travels with the product, whose rows are released with it; read once, settling asks often."""
    return load_factors()


def _book(session: Session) -> ReleaseBook:
    return ReleaseBook(
        tuple(session.factor_records("PROPOSE", FactorProposal)),
        tuple(session.factor_records("RELEASE", FactorRelease)),
        tuple(session.factor_records("WITHDRAW", FactorWithdrawal)),
    )


def require_second_person(session: Session, proposed_by: str, by: str) -> None:
    """Raise ConflictError for a user whom the proposer made, reset or promoted, saying who may release instead."""
    if proposed_by not in session.makers_of(by):
        return
    others = [user.login for user in session.users() if user.may(Permission.RELEASE_FACTORS)]
    able = [login for login in others if login != proposed_by and proposed_by not in session.makers_of(login)]
    named = ", ".join(able[:NAMED_USERS]) + (", …" if len(able) > NAMED_USERS else "")
    right = Message(
        f"请由提请人未曾设立、重置或授予角色的管理员发布：{named}。",
        f"An administrator whom {proposed_by} never made, reset or gave a role may release it: {named}.",
    )
    if not able:
        right = Message(
            "须由提请人未曾设立、重置或授予角色的管理员发布，现在没有这样的人：请在服务器上以"
            " modalshift user add LOGIN --role administrator 添加一位。",
            f"It takes an administrator whom {proposed_by} never made, reset or gave a role, and there is none now: add"
            " one on the server with modalshift user add LOGIN --role administrator.",
        )
    raise ConflictError(
        Message(
            f"用户 {by} 由提请人 {proposed_by} 设立、重置或授予角色，不能作为第二人。{right.zh}",
            f"User {by} was made, reset or given its role by {proposed_by}, who proposed this, and is no second person."
            f" {right.en}",
        )
    )


def require_user(session: Session, login: str, permission: Permission) -> None:
    """Raise UnknownRecordError for a login that no active user has, ConflictError for a role that may not."""
    user = session.user_of_login(login)
    if user is None or not user.active:
        raise UnknownRecordError(
            Message(
                f"没有启用的用户 {login}；见 modalshift user list。",
                f"There is no active user {login}; see modalshift user list.",
            )
        )
    if not user.may(permission):
        raise ConflictError(
            Message(
                f"用户 {login} 的角色 {user.role.value} 不能提请或发布因子与路网；须为管理员。",
                f"User {login} is a {user.role.value}; administrators propose and release factors and networks.",
            )
        )
