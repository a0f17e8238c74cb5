"""The uncertainty of a statement's lots together, from the error sources that their stored runs keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from optimizer.accounts.statement import Movement
from optimizer.emissions.portfolio import Part, Portfolio, portfolio


@dataclass(frozen=True, slots=True)
class Whole:
    """``portfolio`` is None where there is nothing to bound, or where ``unknown`` runs keep no error sources (they were
    settled before results kept them): a bound that left them out would claim too much."""

    portfolio: Portfolio | None
    unknown: int


def runs_behind(movements: Iterable[Movement], replaced: Mapping[str, str]) -> list[tuple[int, str]]:
    """(sign, run id) of what the lots that a party consigned add in a period: a settlement its run, a restatement the
    new run less the one it takes back, a reversal that one taken back. ``replaced`` as ``statement_of`` takes it."""
    found: list[tuple[int, str]] = []
    for movement in movements:
        if not movement.consigned:
            continue
        if movement.kind in ("SETTLE", "RESTATE"):
            found.append((1, movement.run_id))
        if movement.kind in ("RESTATE", "REVERSE") and (taken := replaced.get(movement.transaction_id, "")):
            found.append((-1, taken))
    return found


def whole_of(behind: Iterable[tuple[int, str]], kept: Mapping[str, Part]) -> Whole:
    """The portfolio of some runs. ``kept``: what each run that keeps its error sources adds, by id."""
    listed = list(behind)
    unknown = sum(run_id not in kept for _, run_id in listed)
    if unknown:
        return Whole(None, unknown)
    signed = ((sign, kept[run_id]) for sign, run_id in listed)
    return Whole(
        portfolio(
            Part(sign * one.sign, one.expected_g, one.credited_g, one.uncertainty_version, one.exposures)
            for sign, one in signed
        ),
        0,
    )
