"""Finding a place or a cargo by what a person calls it, and the nearest names when there is none.

A key is the id, the UN/LOCODE or the full name in either language; width, case and spaces do not count, and a remark in
brackets at the end of a name may be left out, and so may the port before a port area (乍浦港区 of 嘉兴港乍浦港区, also
written 乍浦港). A key that two records share names neither: the person is asked to write
the id.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Generic, TypeVar

from optimizer.network.model import Cargo, Location, Network

Record = TypeVar("Record")

MAX_QUERY_CHARACTERS = 200
SUGGESTIONS = 3
LEAST_LIKENESS = 0.45
REMARK = re.compile(r"\s*[（(][^（()）]*[)）]$")
"""What a name says in brackets at its end, such as the terminals of a port area."""
OF_A_PORT = re.compile(r"[^港]+港(?!区)(.+(?:港区|港|作业区))")
"""The name of an area behind the name of its port."""
PORT_AREA = "港区"
COMMON_WORDS = {"port", "area", "terminal", "yard", "rail", "site", "works", "the", "and"}
"""Words that stand in so many names that they tell nothing."""


def name_key(text: str) -> str:
    """A name without width, case and spaces. Short ones are remembered: every quote reads the same places again."""
    return _remembered_key(text) if len(text) <= MAX_QUERY_CHARACTERS else _made_key(text)


def _made_key(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


_remembered_key = lru_cache(maxsize=8192)(_made_key)


class NameIndex(Generic[Record]):
    """Records by id first, then by their other names."""

    def __init__(
        self, records: Mapping[str, Record], names: Mapping[str, Sequence[str]], hints: Mapping[str, str] | None = None
    ) -> None:
        """``records`` by id; ``names``: id -> further names of that record; ``hints``: id -> a text that
        helps to suggest it but does not name it."""
        self._records = records
        self._shown = {i: (i, *names[i]) for i in records}
        self._hints = hints or {}
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

    @property
    def records(self) -> tuple[Record, ...]:
        """Every record, in the order of the network's tables."""
        return tuple(self._records.values())

    def nearest(self, text: str, count: int = SUGGESTIONS) -> list[Record]:
        """Up to ``count`` records whose ids, names or hints are nearest (see :func:`likeness`; a hint counts 0.6), best
        first; equal ones in the order of their ids."""
        query = text[:MAX_QUERY_CHARACTERS]
        best: dict[str, float] = {}
        for record_id, names in self._shown.items():
            hinted = 0.6 * likeness(query, self._hints.get(record_id, ""))
            best[record_id] = max(hinted, *(likeness(query, name) for name in names))
        ranked = sorted((-score, record_id) for record_id, score in best.items() if score >= LEAST_LIKENESS)
        return [self._records[record_id] for _, record_id in ranked[:count]]


def likeness(query: str, name: str) -> float:
    """How near a name is to what was written, 0..1: the greatest of

    the Ratcliff-Obershelp ratio; 0.9 where the name contains the query, 0.75 the other way round; 0.85 x the share of
    the query's telling words (three letters or more) found in the name; 0.8 x the longest common run (two characters
    or more) over the query's length.
    """
    wanted, offered = name_key(query), name_key(name)
    if not wanted or not offered:
        return 0.0
    matcher = SequenceMatcher(None, offered, wanted, autojunk=False)
    scores = [matcher.ratio()]
    if min(len(wanted), len(offered)) >= 2:
        scores += [0.9 * (wanted in offered), 0.75 * (offered in wanted)]
    words = set(re.findall(r"[a-z]{3,}", query.casefold())) - COMMON_WORDS
    scores.append(0.85 * sum(word in offered for word in words) / max(1, len(words)))
    run = matcher.find_longest_match().size
    scores.append(0.8 * run / len(wanted) if run >= 2 else 0.0)
    return max(scores)


def location_index(network: Network) -> NameIndex[Location]:
    """Places by id, UN/LOCODE and Chinese or English name, whole or without its remark."""
    places = network.locations
    names: dict[str, tuple[str, ...]] = {i: (p.unlocode, p.name_zh, p.name_en) for i, p in places.items()}
    whole = {name_key(name) for of_place in names.values() for name in of_place}
    for place_id, of_place in names.items():
        # A place that bears the short name as its whole one keeps it to itself.
        short = {name for whole_name in of_place for name in _short(whole_name)} - set(of_place)
        names[place_id] = (*of_place, *sorted(name for name in short if name_key(name) not in whole))
    return NameIndex(places, names, {i: p.city for i, p in places.items()})


def _short(name: str) -> set[str]:
    """What people call a place for short: without its remark, an area without its port, and 港 for 港区."""
    plain = REMARK.sub("", name)
    area = OF_A_PORT.fullmatch(plain)
    short = {plain, area[1]} if area else {plain}
    return short | {each[:-1] for each in short if each.endswith(PORT_AREA)}


def cargo_index(network: Network) -> NameIndex[Cargo]:
    """Cargoes by code and Chinese or English name."""
    return NameIndex(network.cargo, {code: (c.name_zh, c.name_en) for code, c in network.cargo.items()})


def resolve_location(network: Network, text: str) -> Location | None:
    """The place with this id, UN/LOCODE or exact Chinese or English name; None when unknown or ambiguous."""
    return location_index(network).find(text)


def suggest_locations(network: Network, text: str) -> list[Location]:
    """Up to :data:`SUGGESTIONS` places with names near ``text``, best first."""
    return location_index(network).nearest(text)
