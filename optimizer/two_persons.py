"""Two persons for whatever comes into force: what one proposes another releases, and only who proposed it may withdraw
it while it waits. Factors (``emissions.releases``) and networks (``network.releases``) come into force this way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from optimizer.errors import ConflictError, InputError, Message

MIN_REASON = 4
"""Shortest reason that says anything."""


class Proposal(Protocol):
    """What somebody wants in force."""

    @property
    def proposal_id(self) -> str: ...
    @property
    def proposed_by(self) -> str: ...


class Release(Protocol):
    """The second person's signature under a proposal."""

    @property
    def proposal_id(self) -> str: ...


class Withdrawal(Protocol):
    """The proposer's word that a proposal waits for nobody any more."""

    @property
    def proposal_id(self) -> str: ...
    @property
    def withdrawn_by(self) -> str: ...


def require_reason(reason: str, proposed: str) -> str:
    """The reason without spaces around it. Raises InputError where it says nothing; ``proposed``: what is, with its
    verb, in English."""
    if len(reason.strip()) < MIN_REASON:
        raise InputError(Message("请写明提请理由。", f"State why {proposed} proposed."))
    return reason.strip()


def require_waiting(proposal: Proposal, done: Iterable[Release], withdrawn: Iterable[Withdrawal], content: str) -> None:
    """Raise ConflictError for a proposal that is released or withdrawn already. ``content``: what it is made of, in
    English and in the plural."""
    name = proposal.proposal_id
    if any(known.proposal_id == name for known in done):
        raise ConflictError(Message(f"提请 {name} 已发布。", f"Proposal {name} is released already."))
    gone = next((known for known in withdrawn if known.proposal_id == name), None)
    if gone is not None:
        raise ConflictError(
            Message(
                f"提请 {name} 已由 {gone.withdrawn_by} 撤回；如仍需要，请另行提请。",
                f"Proposal {name} was withdrawn by {gone.withdrawn_by}; propose its {content} anew if they are wanted.",
            )
        )


def require_proposer(proposal: Proposal, by: str) -> None:
    """Raise ConflictError where somebody else would withdraw a proposal."""
    if by != proposal.proposed_by:
        raise ConflictError(
            Message(
                f"提请 {proposal.proposal_id} 由 {proposal.proposed_by} 提出，只能由本人撤回。",
                f"Proposal {proposal.proposal_id} is by {proposal.proposed_by}, who alone may withdraw it.",
            )
        )


def require_second_person(proposal: Proposal, by: str) -> None:
    """Raise ConflictError where whoever proposed would release, too."""
    if by == proposal.proposed_by:
        raise ConflictError(
            Message(
                f"提请 {proposal.proposal_id} 由 {by} 提出，须由另一人发布。",
                f"Proposal {proposal.proposal_id} is by {by}; another person must release it.",
            )
        )
