"""Which tables are in force: those named at the start, with what two persons released into the database since.

A released network takes the place of the directory's; rows of released factors join its factor table, each closing the
validity of the version before it. The result is written out as a directory, so that everything that reads one reads
what is in force.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from optimizer.access.user import Permission
from optimizer.actions.releasing import require_second_person, require_user
from optimizer.emissions.factor_files import ImportRules, import_factors, rows_text
from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.emissions.releases import FactorProposal, FactorRelease, row_digest
from optimizer.errors import ConflictError, Message, ModalshiftError, UnknownRecordError
from optimizer.network.archive import FACTORS, contents, packed, table_files, unpacked
from optimizer.network.model import Network
from optimizer.network.reader import read_network
from optimizer.network.releases import (
    TABLES,
    NetworkProposal,
    NetworkRelease,
    NetworkWithdrawal,
    TableChange,
    propose,
    release,
    released_since,
    withdraw,
)
from optimizer.network.row_changes import RowChange, row_changes, taken_back
from optimizer.network.row_merge import merged
from optimizer.network.schema import load_schema, shipped_directory
from optimizer.network.unplanned_tables import check_unplanned_tables
from optimizer.store.engine import Store
from optimizer.store.session import Session
from optimizer.two_persons import require_waiting

NAMED_ROWS = 3
"""So many rows are named in a sentence; the page lists them all."""


@dataclass(frozen=True, slots=True)
class TablesInForce:
    """``directory`` holds all tables; ``network_release`` is the one that stands, None where the directory named at the
    start does. ``left_out``: released factors that do not fit into the table in force, and why."""

    directory: Path
    network: Network
    factors: FactorTable
    network_release: NetworkRelease | None
    left_out: Mapping[str, Message]


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a proposal would take back of the networks ``since``, released after the tables that it was made from: no
    row where it was made from those in force, or has what the others changed as well."""

    since: tuple[NetworkRelease, ...]
    rows: tuple[RowChange, ...]


@dataclass(frozen=True, slots=True)
class NetworkBook:
    """All proposals, releases and withdrawals of networks, oldest first."""

    proposals: tuple[NetworkProposal, ...]
    releases: tuple[NetworkRelease, ...]
    withdrawals: tuple[NetworkWithdrawal, ...]


def network_releases(store: Store) -> NetworkBook:
    """What was proposed, released and withdrawn."""
    with store.read() as session:
        proposals, releases = tuple(session.network_proposals()), tuple(session.network_releases())
        return NetworkBook(proposals, releases, tuple(session.network_withdrawals()))


def releases_mark(store: Store) -> tuple[int, int]:
    """Changes whenever other tables come into force; cheap to ask."""
    with store.read() as session:
        return session.releases_mark()


def propose_network(
    store: Store,
    directory: Path,
    changes: Sequence[TableChange],
    by: str,
    at: datetime,
    reason: str,
    made_from: str | None = None,
) -> NetworkProposal:
    """Propose the tables of a directory, but for its factors. ``made_from``: the proposal whose tables they were
    changed from, empty for those of the start; None: those in force now.

    Raises NetworkDataError with every fault of the tables, InputError without a reason, UnknownRecordError and
    ConflictError for somebody who may not.
    """
    version = read_network(directory).version
    check_unplanned_tables(directory)
    files = {name: content for name, content in table_files(directory).items() if name != FACTORS}
    return _add_proposal(store, packed(files), version, changes, by, at, reason, made_from)


def propose_network_again(store: Store, proposal_id: str, by: str, at: datetime, reason: str) -> NetworkProposal:
    """Propose what was proposed before, to bring it back. Raises as :func:`propose_network`, UnknownRecordError, and
    ConflictError where it was withdrawn: it was never in force."""
    with store.read() as session:
        found = _proposal(session.network_proposals(), proposal_id)
        require_waiting(found, (), session.network_withdrawals(), TABLES)
        archive = session.network_archive(proposal_id)
    assert archive is not None  # it is written with the proposal
    return _add_proposal(store, archive, found.version, (), by, at, reason)


def propose_network_over(
    store: Store, proposal_id: str, by: str, at: datetime, base: Path | None = None
) -> NetworkProposal:
    """Propose what a waiting proposal changes once more, over the tables in force, with its reason. ``base``: the
    directory of the start (None: the shipped one).

    Raises UnknownRecordError, ConflictError where nothing was released since it was made, where both changed the same
    rows, where nothing is left to propose, and where it was withdrawn; and as :func:`propose_network`.
    """
    with store.read() as session:
        found = _proposal(session.network_proposals(), proposal_id)
        require_waiting(found, (), session.network_withdrawals(), TABLES)
        since = released_since(found, session.network_releases())
        files = _three(session, found, since, base) if since else None
    both = merged(*files, load_schema(base or shipped_directory())) if files else {}
    if files is None or both == files[1]:
        raise ConflictError(
            Message(
                f"提请 {proposal_id} 与现行表之间没有可合并的改动；请直接发布或另行提请。",
                f"Nothing of proposal {proposal_id} is left to merge into the tables in force; release it as it is, or"
                " propose something else.",
            )
        )
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch) / "network"
        unpacked(packed(both), directory)
        version = read_network(directory).version
    return _add_proposal(store, packed(both), version, (), by, at, found.reason, since[-1].proposal_id)


def proposed_rows(store: Store, proposal_id: str, directory: Path) -> list[RowChange]:
    """What a proposal would change in the tables of a directory, row by row. Raises UnknownRecordError."""
    with store.read() as session:
        _proposal(session.network_proposals(), proposal_id)
        proposed = _files(session, proposal_id)
    return row_changes(table_files(directory), proposed, load_schema(directory))


def rows_taken_back(store: Store, proposal_id: str, base: Path | None = None) -> TakenBack:
    """Which rows of networks that were released since it was made a proposal would take back. ``base``: the directory
    of the start (None: the shipped one). Raises UnknownRecordError."""
    with store.read() as session:
        return _taken_back(session, _proposal(session.network_proposals(), proposal_id), base)


def release_network(
    store: Store, proposal_id: str, by: str, at: datetime, *, base: Path | None = None, despite: str = ""
) -> NetworkRelease:
    """Put a proposal into force as the second person. ``base``: the directory of the start (None: the shipped one).
    ``despite``: the proposal in force, whose rows may be taken back, as the second person read them.

    Raises UnknownRecordError for an unknown proposal or person, ConflictError for the proposer, for a user whom the
    proposer made, reset or promoted, a second time, where it was withdrawn, and where it would take back rows of what
    was released since it was made, unless ``despite`` names the last of these.
    """
    with store.write() as session:
        require_user(session, by, Permission.RELEASE_NETWORK)
        found = _proposal(session.network_proposals(), proposal_id)
        require_second_person(session, found.proposed_by, by)
        done = release(found, session.network_releases(), session.network_withdrawals(), by, at)
        lost = _taken_back(session, found, base)
        if lost.rows and despite != lost.since[-1].proposal_id:
            raise ConflictError(_told(found, lost))
        session.add_network_release(done)
    return done


def withdraw_network(store: Store, proposal_id: str, by: str, at: datetime) -> NetworkWithdrawal:
    """Withdraw a proposal that waits, as the one who made it.

    Raises UnknownRecordError for an unknown proposal or person, ConflictError for anybody else, and where it is
    released or withdrawn already.
    """
    with store.write() as session:
        require_user(session, by, Permission.PROPOSE_NETWORK)
        found = _proposal(session.network_proposals(), proposal_id)
        gone = withdraw(found, session.network_releases(), session.network_withdrawals(), by, at)
        session.add_network_withdrawal(gone)
    return gone


def _taken_back(session: Session, proposal: NetworkProposal, base: Path | None) -> TakenBack:
    releases = session.network_releases()
    since = released_since(proposal, releases)
    if not since:
        return TakenBack((), ())
    files = _three(session, proposal, since, base)
    return TakenBack(since, tuple(taken_back(*files, load_schema(base or shipped_directory()))))


def _three(
    session: Session, proposal: NetworkProposal, since: Sequence[NetworkRelease], base: Path | None
) -> tuple[dict[str, bytes], dict[str, bytes], dict[str, bytes]]:
    """The files that a proposal was made from, those in force after ``since``, and its own, factors left out."""
    releases = session.network_releases()
    known = releases[: len(releases) - len(since)]
    before = _files(session, known[-1].proposal_id) if known else table_files(base or shipped_directory())
    return before, _files(session, since[-1].proposal_id), _files(session, proposal.proposal_id)


def _files(session: Session, proposal_id: str) -> dict[str, bytes]:
    archive = session.network_archive(proposal_id)
    assert archive is not None  # it is written with the proposal
    return contents(archive)


def _told(proposal: NetworkProposal, lost: TakenBack) -> Message:
    names = ", ".join(f"{row.table} {' · '.join(row.key)}" for row in lost.rows[:NAMED_ROWS])
    if len(lost.rows) > NAMED_ROWS:
        names += ", …"
    last = lost.since[-1]
    return Message(
        f"提请 {proposal.proposal_id} 提出之后，{last.proposal_id} 已由 {last.released_by} 发布；"
        f"现在发布会收回其改动的 {len(lost.rows)} 行（{names}）。"
        "请在路网页改提在现行表之上，或逐行看过后，勾选同意收回。",
        f"Since proposal {proposal.proposal_id} was made, {last.proposal_id} was released by {last.released_by}; to"
        f" release this one now would take back {len(lost.rows)} row(s) that changed since ({names}). Propose it"
        " over the tables in force, on the network page, or read the rows there and tick that they go back.",
    )


def tables_in_force(
    store: Store, base: Path | None, scratch: Path | None = None, *, base_stands: bool = False
) -> TablesInForce:
    """The tables in force over the directory ``base`` (None: the shipped one), laid out in a new directory below
    ``scratch`` where the database adds anything to them. ``base_stands``: the network of the directory is taken
    whatever was released, its factors are not.

    Raises NetworkDataError for a wrong directory, OSError where there is no room to lay it out; nothing is left then.
    """
    with store.read() as session:
        networks = [] if base_stands else session.network_releases()
        archive = session.network_archive(networks[-1].proposal_id) if networks else None
        proposed = {one.proposal_id: one for one in session.factor_records("PROPOSE", FactorProposal)}
        proposals = [proposed[one.proposal_id] for one in session.factor_records("RELEASE", FactorRelease)]
    directory = base or shipped_directory()
    standing = networks[-1] if networks else None
    if archive is None and not proposals:
        return _read(directory, standing, {})
    laid_out = Path(tempfile.mkdtemp(dir=scratch, prefix="tables-"))
    try:
        directory = _laid_out(directory, archive, laid_out / "network")
        return _read(directory, standing, _with_factors(directory, proposals))
    except BaseException:
        # Who looks again every few seconds must not fill the disk with what it did not finish.
        shutil.rmtree(laid_out, ignore_errors=True)
        raise


def _read(directory: Path, standing: NetworkRelease | None, left_out: Mapping[str, Message]) -> TablesInForce:
    own = directory if (directory / FACTORS).exists() else None
    return TablesInForce(directory, read_network(directory), load_factors(own), standing, left_out)


def require_fitting(store: Store, directory: Path, proposal_id: str) -> None:
    """Raise InputError with every fault when the rows of a proposal would not fit into the factors of a directory;
    asked before they are released."""
    with store.read() as session:
        found = [one for one in session.factor_records("PROPOSE", FactorProposal) if one.proposal_id == proposal_id]
    with tempfile.TemporaryDirectory() as scratch:
        for proposal in found:
            _joined(directory, proposal, Path(scratch))


def _add_proposal(
    store: Store,
    archive: bytes,
    version: str,
    changes: Sequence[TableChange],
    by: str,
    at: datetime,
    reason: str,
    made_from: str | None = None,
) -> NetworkProposal:
    with store.write() as session:
        require_user(session, by, Permission.PROPOSE_NETWORK)
        released = [one.proposal_id for one in session.network_releases()]
        if made_from is None:
            made_from = released[-1] if released else ""
        made = propose(archive, version, changes, by, at, reason, made_from)
        gone = {one.proposal_id for one in session.network_withdrawals()}
        waiting = [one for one in session.network_proposals() if one.proposal_id not in gone.union(released)]
        twin = [one.proposal_id for one in waiting if one.archive_sha256 == made.archive_sha256]
        if twin:
            raise ConflictError(
                Message(
                    f"这些表已提请（{twin[0]}），待另一人发布。",
                    f"These tables are proposed already ({twin[0]}) and wait for another person.",
                )
            )
        session.add_network_proposal(made, archive)
    return made


def _proposal(proposals: Sequence[NetworkProposal], proposal_id: str) -> NetworkProposal:
    found = [one for one in proposals if one.proposal_id == proposal_id]
    if not found:
        raise UnknownRecordError(Message(f"没有提请 {proposal_id}。", f"There is no proposal {proposal_id}."))
    return found[0]


def _laid_out(base: Path, archive: bytes | None, directory: Path) -> Path:
    """The network in force and the factors of the start, in a directory of their own."""
    files = table_files(base)
    unpacked(packed(files) if archive is None else archive, directory)
    (directory / FACTORS).write_bytes(files[FACTORS])
    return directory


def _with_factors(directory: Path, proposals: Sequence[FactorProposal]) -> dict[str, Message]:
    """Add released rows, oldest first; what could not be added, and why."""
    left_out: dict[str, Message] = {}
    for proposal in proposals:
        try:
            with tempfile.TemporaryDirectory() as scratch:
                text = _joined(directory, proposal, Path(scratch))
            if text:
                (directory / FACTORS).write_text(text, encoding="utf-8", newline="")
        except ModalshiftError as error:
            left_out[proposal.proposal_id] = error.message
    return left_out


def _joined(directory: Path, proposal: FactorProposal, scratch: Path) -> str:
    """The factor file of a directory with the rows of a proposal; empty where it has them all already."""
    known = {row_digest(factor) for factor in load_factors(directory).factors}
    ends = proposal.ends or ("",) * len(proposal.rows)
    fresh = [
        {**json.loads(text), "valid_to": end}
        for row, text, end in zip(proposal.rows, proposal.contents, ends, strict=False)
        if row.digest not in known
    ]
    if len(proposal.contents) < len(proposal.rows) and any(row.digest not in known for row in proposal.rows):
        raise ConflictError(
            Message(
                f"提请 {proposal.proposal_id} 只存了摘要，请把这些行放入 factors.csv。",
                f"Proposal {proposal.proposal_id} holds digests only; put its rows into factors.csv.",
            )
        )
    if not fresh:
        return ""
    file = scratch / f"{proposal.proposal_id}.csv"
    file.write_text(rows_text(fresh), encoding="utf-8", newline="")
    return import_factors(file, directory, ImportRules()).text


def forget(tables: TablesInForce, scratch: Path) -> None:
    """Remove the directory of tables that are no longer in force, if it is one of ours."""
    if scratch in tables.directory.parents:
        shutil.rmtree(tables.directory.parent, ignore_errors=True)
