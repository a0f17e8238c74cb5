"""Finding a place or a cargo by what a person calls it, and the nearest names when there is none.

A key is the id, the UN/LOCODE or the full name in either language; width, case and spaces do not count. A key that two
records share names neither: the person is asked to write the id.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Generic, TypeVar

from optimizer.network.model import Cargo, Location, Network

Record = TypeVar("Record")

MAX_QUERY_CHARACTERS = 200
SUGGESTIONS = 3
LEAST_SIMILARITY = 0.4


def name_key(text: str) -> str:
    """A name without width, case and spaces."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


class NameIndex(Generic[Record]):
    """Records by id first, then by their other names."""

    def __init__(self, records: Mapping[str, Record], names: Mapping[str, Iterable[str]]) -> None:
        """``records`` by id; ``names``: id -> further names of that record."""
        self._records = records
        self._ids = {name_key(record_id): record_id for record_id in records}
        self._named: dict[str, set[str]] = {}
        for record_id, texts in names.items():
            for key in {name_key(text) for text in texts if text}:
                self._named.setdefault(key, set()).add(record_id)

    def find(self, text: str) -> Record | None:
        """The one record with this id or name; None when there is none or more than one."""
        if text in self._records:
            return self._records[text]
        key = name_key(text[:MAX_QUERY_CHARACTERS])
        if key in self._ids:
            return self._records[self._ids[key]]
        owners = self._named.get(key, set())
        return self._records[min(owners)] if len(owners) == 1 else None

    def nearest(self, text: str, count: int = SUGGESTIONS) -> list[Record]:
        """Up to ``count`` records whose names are nearest, best first (Ratcliff-Obershelp ratio; part of a name
        counts as near); equal ones in the order of their ids."""
        query = name_key(text[:MAX_QUERY_CHARACTERS])
        if not query:
            return []
        matcher: SequenceMatcher[str] = SequenceMatcher(autojunk=False, b=query)
        best: dict[str, float] = {}
        keyed = [(key, {record_id}) for key, record_id in self._ids.items()]
        for key, owners in [*keyed, *self._named.items()]:
            matcher.set_seq1(key)
            score = matcher.ratio() if matcher.quick_ratio() >= LEAST_SIMILARITY else 0.0
            if min(len(key), len(query)) >= 2 and (query in key or key in query):
                score = max(score, 0.9)
            for record_id in owners:
                best[record_id] = max(score, best.get(record_id, 0.0))
        ranked = sorted((-score, record_id) for record_id, score in best.items() if score >= LEAST_SIMILARITY)
        return [self._records[record_id] for _, record_id in ranked[:count]]


def location_index(network: Network) -> NameIndex[Location]:
    """Places by id, UN/LOCODE and Chinese or English name."""
    places = network.locations
    return NameIndex(places, {i: (p.unlocode, p.name_zh, p.name_en) for i, p in places.items()})


def cargo_index(network: Network) -> NameIndex[Cargo]:
    """Cargoes by code and Chinese or English name."""
    return NameIndex(network.cargo, {code: (c.name_zh, c.name_en) for code, c in network.cargo.items()})


def resolve_location(network: Network, text: str) -> Location | None:
    """The place with this id, UN/LOCODE or exact Chinese or English name; None when unknown or ambiguous."""
    return location_index(network).find(text)


def suggest_locations(network: Network, text: str, count: int = SUGGESTIONS) -> list[Location]:
    """Up to ``count`` places with names near ``text``, best first."""
    return location_index(network).nearest(text, count)
