"""Rows of the ledger as they are stored, for who reads millions of them: tuples, and what a digest makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from optimizer.accounts.settlement import ISSUANCE

Lines = tuple[tuple[Any, ...], ...]
"""Postings as stored, without the number of their transaction: line, ledger, part, account, bucket, counter account,
counter bucket, amount."""

Names = tuple[str, str, str, str, str, str]
"""Of a posting ledger, part, account, bucket, counter account, counter bucket."""

NumberedLine = tuple[Any, ...]
"""A posting as it lies in its table: the number of its entry, its line, what stands for its :data:`Names`, amount."""

Place = tuple[str, str, str, str]
"""Where a balance lies: account, ledger, bucket, part."""

quoted = lru_cache(maxsize=65_536)(encode_basestring)
"""A text as JSON has it."""


class RunRow(NamedTuple):
    """A row of calculation runs, as stored (a tuple: there are millions)."""

    run_id: str
    number: str
    lot_no: int
    method: str
    inputs_sha256: str
    result_sha256: str
    factors_version: str
    network_version: str
    code_version: str
    run_at: str
    document: bytes
    mass_kg: int
    baseline_wtw_g: int
    actual_wtw_g: int
    expected_wtw_g: int
    credited_wtw_g: int
    energy_saved_g: int
    tier: str
    activity: str


class EntryRow(NamedTuple):
    """A row of transactions, as stored."""

    seq: int
    transaction_id: str
    kind: str
    number: str
    lot_no: int
    method: str
    run_id: str | None
    resolves: str | None
    period: str
    effective_at: str
    booked_at: str
    memo: str
    line_count: int
    content_sha256: str


class EntryBlock(NamedTuple):
    """Entries that follow one another, as JSON has them. ``columns``: for each of :class:`EntryRow` an array, texts
    instead of None; ``lines``: of all their postings in order, arrays of line, ledger, part, account, bucket, counter
    account, counter bucket (numbers but for the part); ``amounts``: of the same the amounts. Empty texts where that is
    not to be had."""

    columns: Sequence[str]
    lines: str
    amounts: str


def credit_rows(
    parties: Sequence[str], credited_g: int, actual_g: int, activity: Sequence[tuple[str, int]], energy_g: int
) -> Lines:
    """The postings of ``settlement.credit_lines`` as rows (a test compares the two). ``parties``: account ids, the
    consignor's first."""
    moves = [(parties[0], "claim", credited_g, "")]
    moves += [(account, "attribution", actual_g, "") for account in parties]
    moves += [(parties[0], "activity", amount, mode) for mode, amount in activity]
    moves.append((parties[0], "energy", energy_g, ""))
    posted = [move for move in moves if move[2]]
    return tuple(
        (number, ledger, part, account, "available", ISSUANCE.account_id, "available", amount)
        for number, (account, ledger, amount, part) in enumerate(posted, start=1)
    )


@lru_cache(maxsize=65_536)
def line_text(account: str, bucket: str, ledger: str, part: str) -> tuple[str, str]:
    """A line as the digest of an entry has it: the text before its amount and after it."""
    return (
        f'{{"account_id":{quoted(account)},"amount":',
        f',"bucket":"{bucket}","ledger":"{ledger}","part":{quoted(part)}}}',
    )
