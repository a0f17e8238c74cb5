"""Rows of settlements made before the lock is taken: nothing of them but the sequence number is open then.

A worker that makes, digests and packs the next batch while one is written leaves the writer with the database alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.ledger import Transaction
from optimizer.store.packed import packed
from optimizer.store.rows import line_rows, run_row, transaction_row

ReadyRun = tuple[Any, ...]
"""A row of :data:`RUN_COLUMNS`, its document packed."""
RUN_COLUMNS = (
    *("run_id", "number", "lot_no", "method", "inputs_sha256", "result_sha256", "factors_version", "network_version"),
    *("code_version", "run_at", "document", "mass_kg", "baseline_wtw_g", "actual_wtw_g", "expected_wtw_g"),
    *("credited_wtw_g", "energy_saved_g", "tier", "activity"),
)


@dataclass(frozen=True, slots=True)
class ReadyEntry:
    """A transaction with its digest and its rows; the rows lack their first column, the sequence number."""

    transaction: Transaction
    digest: str
    row: tuple[Any, ...]
    lines: tuple[tuple[Any, ...], ...]


def ready_run(run: CalculationRun, document: str | None = None) -> ReadyRun:
    """The row of a calculation run; ``document`` is its canonical JSON where that is known."""
    row = run_row(run, document)
    row["document"] = packed(row["document"])
    return tuple(row.values())


def ready_entries(
    transactions: Iterable[Transaction], digests: Sequence[str], numbers: Mapping[str, int]
) -> list[ReadyEntry]:
    """The rows of transactions. ``digests``: ``content_digest`` of each; ``numbers``: of their accounts."""
    return [
        ReadyEntry(item, digest, transaction_row(item, digest), line_rows(item, numbers))
        for item, digest in zip(transactions, digests, strict=True)
    ]
