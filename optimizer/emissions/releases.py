"""Two persons for every factor that accounts use: one proposes, another releases, or the first withdraws.

A proposal names rows by their digests, so that what is released is what was looked at. Rows that travel with the
product are released with it. Pure records and rules; ``store`` keeps them and ``actions`` runs them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from optimizer.emissions.factor import Factor
from optimizer.emissions.factors import FactorTable
from optimizer.errors import ConflictError, FactorError, Message
from optimizer.two_persons import require_proposer, require_reason, require_second_person, require_waiting

FACTORS = "factors"
"""What these proposals are made of."""


@dataclass(frozen=True, slots=True)
class ProposedRow:
    """A row of a proposal: id, version and the digest of everything it says but the end of its validity."""

    factor_id: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class FactorProposal:
    """Rows that somebody wants released. ``proposal_id`` is the digest of the rows, with ``-2``, ``-3`` behind it where
    the same rows were proposed before and withdrawn. ``factors_version``: of the table
    they stand in. ``contents``: what each row says, the text that its digest is of; proposals of before hold none.
    ``ends``: the last day of each row as it was proposed, empty without; no part of the digest."""

    proposal_id: str
    factors_version: str
    rows: tuple[ProposedRow, ...]
    proposed_by: str
    proposed_at: datetime
    reason: str
    contents: tuple[str, ...] = ()
    # Left out of stored records while it is empty, as those of before have none.
    ends: tuple[str, ...] = field(default=(), metadata={"later": True})


@dataclass(frozen=True, slots=True)
class FactorWithdrawal:
    """The proposer's word that a proposal waits for nobody any more."""

    proposal_id: str
    withdrawn_by: str
    withdrawn_at: datetime


@dataclass(frozen=True, slots=True)
class FactorRelease:
    """The second person's signature under a proposal."""

    proposal_id: str
    released_by: str
    released_at: datetime


def row_digest(factor: Factor) -> str:
    """SHA-256 of :func:`row_text`."""
    return hashlib.sha256(row_text(factor).encode()).hexdigest()


def row_text(factor: Factor) -> str:
    """What a row says, as JSON, without ``valid_to``: closing a validity does not need a new release."""
    return json.dumps({**asdict(factor), "valid_to": None}, default=str, ensure_ascii=False, sort_keys=True)


def rows_digest(rows: Iterable[ProposedRow]) -> str:
    """What a proposal of these rows is called: the first 16 digits of their SHA-256."""
    text = json.dumps([asdict(row) for row in rows], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def unreleased(table: FactorTable, shipped: FactorTable, proposals: Iterable[FactorProposal],
               releases: Iterable[FactorRelease]) -> list[Factor]:  # fmt: skip
    """Rows of a table that neither travel with the product nor were released."""
    released = {release.proposal_id for release in releases}
    known = {row_digest(factor) for factor in shipped.factors}
    known |= {row.digest for proposal in proposals if proposal.proposal_id in released for row in proposal.rows}
    return [factor for factor in table.factors if row_digest(factor) not in known]


def digest_in(proposal_id: str) -> str:
    """The digest of the rows that the name of a proposal holds."""
    return proposal_id.partition("-")[0]


def propose(
    rows: Sequence[Factor],
    factors_version: str,
    by: str,
    at: datetime,
    reason: str,
    before: Iterable[FactorProposal] = (),
) -> FactorProposal:
    """A proposal of rows; ``before``: those that were made already. Raises ConflictError when there is nothing to
    release, InputError without a reason."""
    if not rows:
        raise ConflictError(
            Message("所有因子均已发布，没有可提请的行。", "Every factor is released; there is nothing to propose.")
        )
    reason = require_reason(reason, "these factors are")
    proposed = tuple(ProposedRow(f.factor_id, f.version, row_digest(f)) for f in rows)
    digest = rows_digest(proposed)
    times = 1 + sum(digest_in(known.proposal_id) == digest for known in before)
    return FactorProposal(
        digest if times == 1 else f"{digest}-{times}",
        factors_version,
        proposed,
        by,
        at,
        reason,
        tuple(map(row_text, rows)),
        tuple(str(f.valid_to or "") for f in rows) if any(f.valid_to for f in rows) else (),
    )


def withdraw(
    proposal: FactorProposal,
    done: Iterable[FactorRelease],
    withdrawn: Iterable[FactorWithdrawal],
    by: str,
    at: datetime,
) -> FactorWithdrawal:
    """The withdrawal by whoever proposed it. Raises ConflictError for anybody else, and where it no longer waits."""
    require_proposer(proposal, by)
    require_waiting(proposal, done, withdrawn, FACTORS)
    return FactorWithdrawal(proposal.proposal_id, by, at)


def release(
    proposal: FactorProposal,
    done: Iterable[FactorRelease],
    by: str,
    at: datetime,
    withdrawn: Iterable[FactorWithdrawal] = (),
) -> FactorRelease:
    """The release of a proposal by a second person.

    Raises ConflictError for the person who proposed it and for a proposal that is released or withdrawn already.
    """
    require_second_person(proposal, by)
    require_waiting(proposal, done, withdrawn, FACTORS)
    return FactorRelease(proposal.proposal_id, by, at)


def require_released(rows: Sequence[Factor]) -> None:
    """Raise FactorError naming rows that nobody released, when there are any."""
    if rows:
        names = ", ".join(f"{factor.factor_id}@{factor.version}" for factor in rows[:5])
        more = Message(" 等", " and others") if len(rows) > len(rows[:5]) else Message("", "")
        raise FactorError(
            Message(
                f"{len(rows)} 个因子未经两人发布，不能入账：{names}{more.zh}。"
                "请先 factors propose，再由另一人 factors release。",
                f"{len(rows)} factor(s) were not released by two persons and may not enter accounts: {names}{more.en}. "
                "Run factors propose, and have another person run factors release.",
            )
        )
