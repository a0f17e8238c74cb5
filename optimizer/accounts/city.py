"""The city's totals as they are kept: sums of settled lots by month, enterprise, county, cargo and corridor.

A settlement adds its calculation run to a cell. A restatement takes the run that stood before out and puts the new one
in, a reversal takes it out; both are counted in the month in which they are booked, as the accounts do. So the credited
grams of the cells are those of the claim accounts, month by month.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Literal

from optimizer.errors import InputError, Message

CityGroup = Literal["month", "county", "cargo", "corridor", "enterprise"]
CITY_GROUPS: tuple[CityGroup, ...] = ("month", "county", "cargo", "corridor", "enterprise")
CITY_FILTERS = (*CITY_GROUPS, "month_from", "month_to")


@dataclass(frozen=True, slots=True)
class CityCell:
    """Where a lot counts. ``month`` is the period it is booked in, ``enterprise`` the consignor's id, ``county`` its
    English name, ``corridor`` ``from>to`` by location ids."""

    month: str
    enterprise: str
    county: str
    cargo: str
    corridor: str


@dataclass(frozen=True, slots=True)
class CityAmounts:
    """What settled lots come to. Mass kg, activity kg·km, emissions g CO2e WTW, energy g of coal equivalent, money in
    fen (freight by road less planned freight). Any of them may be negative in a month of corrections."""

    lots: int = 0
    mass_kg: int = 0
    water_kgkm: int = 0
    activity_kgkm: int = 0
    baseline_g: int = 0
    actual_g: int = 0
    expected_g: int = 0
    credited_g: int = 0
    energy_saved_g: int = 0
    cost_saved_fen: int = 0

    def times(self, sign: int) -> CityAmounts:
        """The same amounts with a sign: -1 takes them out again."""
        return CityAmounts(*(sign * amount for amount in _amounts(self)))


AMOUNTS = tuple(field.name for field in fields(CityAmounts))
_amounts = attrgetter(*AMOUNTS)
"""All of them in order: ``astuple`` looks into each as if it were a record, and takes twenty times as long."""
CityCells = dict[CityCell, CityAmounts]
GroupKeys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CityTotals:
    """One group. ``keys`` (one for each grouping asked for) are stable, the labels are for people."""

    keys: tuple[str, ...]
    labels_zh: tuple[str, ...]
    labels_en: tuple[str, ...]
    amounts: CityAmounts


def require_city_names(group_by: Sequence[str], filters: Mapping[str, str]) -> None:
    """Raise InputError for a grouping or a filter that there is none of."""
    for names, known, what in ((group_by, CITY_GROUPS, ("汇总", "group")), (filters, CITY_FILTERS, ("筛选", "filter"))):
        unknown = [name for name in names if name not in known]
        if unknown:
            choices = ", ".join(known)
            raise InputError(
                Message(
                    f"不能按“{unknown[0]}”{what[0]}；可选 {choices}。",
                    f"Cannot {what[1]} by '{unknown[0]}'; choose {choices}.",
                )
            )


def chosen(cell: CityCell, filters: Mapping[str, str]) -> bool:
    """Whether a cell passes the filters: equal to each, months within ``month_from`` and ``month_to``."""
    for name, wanted in filters.items():
        if name == "month_from":
            passes = cell.month >= wanted
        elif name == "month_to":
            passes = cell.month <= wanted
        else:
            passes = getattr(cell, name) == wanted
        if not passes:
            return False
    return True


def grouped(
    cells: CityCells, group_by: Sequence[CityGroup], filters: Mapping[str, str]
) -> Iterator[tuple[GroupKeys, CityAmounts]]:
    """The chosen cells with the keys of their groups."""
    for cell, amounts in cells.items():
        if chosen(cell, filters):
            yield tuple(getattr(cell, name) for name in group_by), amounts


def city_groups(
    parts: Iterable[tuple[GroupKeys, CityAmounts]],
    group_by: Sequence[CityGroup],
    labels: Mapping[tuple[str, str], tuple[str, str]],
) -> list[CityTotals]:
    """Amounts of the same keys added up, sorted by keys; no grouping gives the grand total. Groups that come to nothing
    at all are left out.

    ``labels``: (grouping, key) -> Chinese and English name; a key without one stands for itself.
    """
    sums: dict[GroupKeys, list[int]] = {}
    for keys, amounts in parts:
        row = sums.setdefault(keys, [0] * len(AMOUNTS))
        for place, amount in enumerate(_amounts(amounts)):
            row[place] += amount
    found = []
    for keys, row in sorted(sums.items()):
        if any(row):
            named = [labels.get((name, key), (key, key)) for name, key in zip(group_by, keys, strict=True)]
            zh, en = tuple(one[0] for one in named), tuple(one[1] for one in named)
            found.append(CityTotals(keys, zh, en, CityAmounts(*row)))
    return found
