"""Two persons for every network that comes into force: one proposes its tables, another releases them. Who proposed
them may withdraw them while they wait.

Records are only added to: what was in force at any time can be told, and a former network comes back by being
proposed again. Factors are no part of it: they have proposals of their own (``emissions.releases``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from optimizer.two_persons import require_proposer, require_reason, require_second_person, require_waiting

TABLES = "tables"
"""What these proposals are made of."""


@dataclass(frozen=True, slots=True)
class TableChange:
    """How one table differs from the one in force when it was proposed."""

    table: str
    rows_before: int
    rows_after: int
    rows_fresh: int


@dataclass(frozen=True, slots=True)
class NetworkProposal:
    """Tables that somebody wants in force. ``version`` names them as plans do; ``archive_sha256`` is the digest of the
    tables themselves, which are kept beside this record. ``made_from``: the proposal whose tables, then in force, this
    one was made from; empty for those of the start, None where nobody wrote it down."""

    proposal_id: str
    version: str
    archive_sha256: str
    changes: tuple[TableChange, ...]
    proposed_by: str
    proposed_at: datetime
    reason: str
    made_from: str | None = field(default=None, metadata={"later": True})


@dataclass(frozen=True, slots=True)
class NetworkRelease:
    """The second person's signature under a proposal: from now on its tables are in force."""

    proposal_id: str
    released_by: str
    released_at: datetime


@dataclass(frozen=True, slots=True)
class NetworkWithdrawal:
    """The proposer's word that a proposal waits for nobody any more. Its tables stay kept."""

    proposal_id: str
    withdrawn_by: str
    withdrawn_at: datetime


def propose(
    archive: bytes,
    version: str,
    changes: Iterable[TableChange],
    by: str,
    at: datetime,
    reason: str,
    made_from: str | None = None,
) -> NetworkProposal:
    """A proposal of packed tables. Raises InputError without a reason."""
    reason = require_reason(reason, "this network is")
    digest = hashlib.sha256(archive).hexdigest()
    # The same tables may be proposed again later, to bring them back: the moment is part of the name.
    name = f"{digest}:{by}:{at.isoformat()}"
    proposal_id = hashlib.sha256(name.encode()).hexdigest()[:16]
    return NetworkProposal(proposal_id, version, digest, tuple(changes), by, at, reason, made_from)


def released_since(proposal: NetworkProposal, done: Sequence[NetworkRelease]) -> tuple[NetworkRelease, ...]:
    """The releases, of all in their order, that the maker of a proposal did not have at hand. Where nobody wrote
    down what it was made from, the moments tell."""
    if proposal.made_from is None:
        return tuple(one for one in done if one.released_at > proposal.proposed_at)
    # A network that comes back is proposed anew, so every proposal is released once.
    names = [one.proposal_id for one in done]
    known = names.index(proposal.made_from) + 1 if proposal.made_from in names else 0
    return tuple(done[known:])


def withdraw(
    proposal: NetworkProposal,
    done: Iterable[NetworkRelease],
    withdrawn: Iterable[NetworkWithdrawal],
    by: str,
    at: datetime,
) -> NetworkWithdrawal:
    """The withdrawal by whoever proposed it. Raises ConflictError for anybody else, and where it no longer waits."""
    require_proposer(proposal, by)
    require_waiting(proposal, done, withdrawn, TABLES)
    return NetworkWithdrawal(proposal.proposal_id, by, at)


def release(
    proposal: NetworkProposal,
    done: Iterable[NetworkRelease],
    withdrawn: Iterable[NetworkWithdrawal],
    by: str,
    at: datetime,
) -> NetworkRelease:
    """The release by a second person. Raises ConflictError for whoever proposed it, a second time, and where it was
    withdrawn."""
    require_second_person(proposal, by)
    require_waiting(proposal, done, withdrawn, TABLES)
    return NetworkRelease(proposal.proposal_id, by, at)
