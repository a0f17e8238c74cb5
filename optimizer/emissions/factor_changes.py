"""What differs between two factor tables, and which differences are allowed.

A row is identified by factor id and version and never changes: a new value is a new version. One change of an old row
is allowed, because it adds and takes nothing back: an open validity may be closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Literal

from optimizer.emissions.factor import Factor
from optimizer.emissions.factors import FactorTable

ChangeKind = Literal["added", "closed", "changed", "removed"]

ALLOWED: tuple[ChangeKind, ...] = ("added", "closed")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one row: what it was and what it is."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FactorChange:
    """One row that differs. ``fields`` is empty for a row that came or went."""

    kind: ChangeKind
    factor_id: str
    version: str
    fields: tuple[FieldChange, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether a new table may hold this change."""
        return self.kind in ALLOWED


def changes(before: FactorTable, after: FactorTable) -> list[FactorChange]:
    """Every row that differs, by id and version."""
    old = {(f.factor_id, f.version): f for f in before.factors}
    new = {(f.factor_id, f.version): f for f in after.factors}
    return [change for key in sorted(old.keys() | new.keys()) for change in _row(key, old.get(key), new.get(key))]


def closing(table: FactorTable, newer: Factor) -> Factor | None:
    """The open version of a factor that a newer one supersedes, its validity closed on the day before; None without."""
    for factor in table.factors:
        same = factor.factor_id == newer.factor_id and factor.version != newer.version
        if same and factor.valid_to is None and factor.valid_from < newer.valid_from:
            return replace(factor, valid_to=newer.valid_from - timedelta(days=1))
    return None


def _row(key: tuple[str, str], old: Factor | None, new: Factor | None) -> Iterator[FactorChange]:
    if old == new:
        return
    if old is None or new is None:
        yield FactorChange("added" if old is None else "removed", *key)
        return
    fields = tuple(_fields(old, new))
    closed = old.valid_to is None and replace(new, valid_to=None) == old
    yield FactorChange("closed" if closed else "changed", *key, fields)


def _fields(old: Factor, new: Factor) -> Iterator[FieldChange]:
    before, after = _flat(asdict(old)), _flat(asdict(new))
    for name in before:
        if before[name] != after[name]:
            yield FieldChange(name, before[name], after[name])


def _flat(values: dict[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = "" if value is None else str(value)
    return flat
