"""Chains written by hand and their results read back, for the tests of footprints."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from optimizer.emissions.factors import FactorTable
from optimizer.emissions.footprint import RateRules, footprint_of, read_chains
from optimizer.errors import Lang

ON = date(2026, 10, 1)
HEADER = (
    "chain_id", "seq", "kind", "mass_t", "distance_km", "factor_id",
    "energy_carrier", "energy_amount", "energy_unit", "share",
)  # fmt: skip


def row(chain_id: str, seq: object, kind: str = "transport", mass_t: object = "", **cells: object) -> dict[str, str]:
    """One row; what is not named is empty."""
    values = {"chain_id": chain_id, "seq": seq, "kind": kind, "mass_t": mass_t, **cells}
    return {name: str(value) for name, value in values.items()}


def csv_text(rows: Sequence[Mapping[str, str]]) -> str:
    """The rows as CSV, with the columns that any of them names."""
    more = dict.fromkeys(name for one in rows for name in one if name not in HEADER)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [*HEADER, *more], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def footprints(
    directory: Path,
    rows: Sequence[Mapping[str, str]] | str | bytes,
    table: FactorTable,
    on: date = ON,
    rules: RateRules | None = None,
    lang: Lang = "en",
) -> list[dict[str, str]]:
    """The result of a file with these rows, one mapping per line."""
    text = rows if isinstance(rows, str | bytes) else csv_text(rows)
    source = directory / "chains.csv"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    out = io.BytesIO()
    footprint_of(read_chains(source), table, on, out, lang, rules)
    return list(csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))


def total(lines: Sequence[Mapping[str, str]], chain_id: str) -> Mapping[str, str]:
    """The total row of a chain."""
    (found,) = [line for line in lines if line["chain_id"] == chain_id and not line["kind"]]
    return found


def codes(line: Mapping[str, str]) -> set[str]:
    """The fault codes of a line."""
    return {part.split(":")[0] for part in line["error"].split(" | ") if part}
