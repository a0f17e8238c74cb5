"""Which other waybills decide about a lot: its mates on board and the suspects of double reporting.

A lot's grams need the load and fuel of its voyages, so everything else on board; and a lot counts only if it is no
double, and neither are its mates. So: the waybills asked for, their mates on voyages, and every waybill that loaded the
same vessel at the same place within the time window, or shows the same ticket, as one of these. Reviewing this set
gives the same verdicts as reviewing everything (a test compares them), at a cost that does not grow with the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, select, text

from optimizer.accounts.ledger import china_text
from optimizer.store import schema
from optimizer.store.listed import driver_rows, list_of, listed_rows
from optimizer.waybills.verification import ONE_LOT_ONLY, WIDE_TIME_WINDOW

Item = TypeVar("Item")

_IDS = 400
_EVENTS, _EVIDENCE = schema.events.c, schema.evidence.c


class Named(NamedTuple):
    """What reports name: voyages, and of loadings vessel, place and time. ``reports``: how many of them name a voyage,
    where that was counted; ``seqs``: their numbers, where they were read."""

    voyages: set[str]
    berths: set[tuple[str, str, str]]
    reports: int | None = None
    seqs: Collection[int] = ()


Sharing = Mapping[str, Collection[str]]
"""Of each waybill that shows a ticket of one lot which stands under other numbers too: all that show it."""


def neighbourhood(
    connection: Connection,
    numbers: Collection[str],
    sharing: Sharing | None = None,
    named: Named | None = None,
    planned: Sequence[str] | None = None,
) -> set[str]:
    """These waybills and all that decide about their lots. ``sharing``: :func:`ticket_sharing`, for who asks about
    every waybill there is; without it the tickets of these are looked up. ``named``: what the reports of these name,
    ``planned``: the voyage of each of their legs, for who has read them."""
    own = set(numbers)
    if named is None:
        named = _named(connection, own)
    planned = _planned(connection, own) if planned is None else [voyage_id for voyage_id in planned if voyage_id]
    voyages = named.voyages.union(planned)
    if named.reports is None:
        on_board = own | on_voyages(connection, voyages)
    else:
        on_board = own | _mates(connection, voyages, {"waybill_legs": len(planned), "events": named.reports})
    suspects = _near(connection, named.berths | _named(connection, on_board - own).berths, named.seqs)
    if sharing is None:
        return on_board | suspects | _holders(connection, on_board)
    return on_board.union(suspects, *(sharing.get(number, ()) for number in on_board))


def ticket_sharing(connection: Connection) -> dict[str, set[str]]:
    """Who shows a ticket that stands under several numbers, read once for all waybills: in honest books nobody."""
    found: dict[str, set[str]] = {}
    holders: dict[str, set[str]] = {}
    for digest, number in connection.execute(_SHARED).all():
        holders.setdefault(digest, set()).add(number)
    for numbers in holders.values():
        if len(numbers) > 1:
            for number in numbers:
                found.setdefault(number, set()).update(numbers)
    return found


_ONE_LOT = ", ".join(f"'{kind}'" for kind in sorted(ONE_LOT_ONLY))
_SHARED = text(
    f"""SELECT s.sha256, e.number FROM (SELECT sha256 FROM evidence GROUP BY sha256 HAVING COUNT(*) > 1) AS s
    JOIN evidence AS v ON v.sha256 = s.sha256 JOIN events AS e ON e.event_id = v.event_id
    WHERE EXISTS (SELECT 1 FROM evidence AS k WHERE k.sha256 = s.sha256 AND k.kind IN ({_ONE_LOT}))"""  # nosec B608
)
"""The index alone says what stands several times; only of that the kinds are looked up."""


def _named(connection: Connection, numbers: Collection[str]) -> Named:
    if not numbers:
        return Named(set(), set())
    query = "SELECT DISTINCT voyage_id FROM events WHERE number {listed}"
    loads = (
        "SELECT vessel_id, location_id, event_time FROM events "
        "WHERE number {listed} AND event_type = 'LOAD' AND vessel_id <> ''"
    )
    listed = sorted(numbers)
    # What is no text names nothing; whoever looks at its row finds it changed.
    voyages = {row[0] for row in listed_rows(connection, query, listed) if type(row[0]) is str}
    berths = {(row[0], row[1], row[2]) for row in listed_rows(connection, loads, listed)}
    return Named(voyages, {berth for berth in berths if all(type(name) is str for name in berth)})


def _planned(connection: Connection, numbers: Collection[str]) -> list[str]:
    """The voyages of all legs of these waybills; what is no text there is none, and the audit names its row."""
    # SQLite may hold bytes in that column, which no list takes, and letters that nobody can read.
    query = f"SELECT {list_of(connection, 'CAST(voyage_id AS TEXT)')} FROM waybill_legs WHERE number {{listed}}"
    ((listed,),) = listed_rows(connection, query, sorted(numbers))
    return [voyage_id for voyage_id in json.loads(listed.decode(errors="replace")) if voyage_id]


def on_voyages(connection: Connection, voyages: Iterable[str]) -> set[str]:
    """The waybills that are planned on these voyages or reported them."""
    found: set[str] = set()
    listed = sorted(set(voyages) - {""})
    for table in ("waybill_legs", "events") if listed else ():
        found |= _of_voyages(connection, table, listed)
    return found


def _mates(connection: Connection, voyages: Iterable[str], own: Mapping[str, int]) -> set[str]:
    """As :func:`on_voyages` for who knows how many ``own`` rows of each table name these voyages. An index counts how
    many there are at all, without looking at a row: where there are no more, nobody else is on board."""
    listed = sorted(set(voyages) - {""})
    found: set[str] = set()
    for table, known in own.items() if listed else ():
        count = f"SELECT COUNT(*) FROM {table} WHERE voyage_id {{listed}}"  # nosec B608
        if listed_rows(connection, count, listed)[0][0] != known:
            found |= _of_voyages(connection, table, listed)
    return found


def _of_voyages(connection: Connection, table: str, voyages: Sequence[str]) -> set[str]:
    query = f"SELECT DISTINCT number FROM {table} WHERE voyage_id {{listed}}"  # nosec B608
    return {row[0] for row in listed_rows(connection, query, voyages)}


def _near(connection: Connection, berths: Iterable[tuple[str, str, str]], known: Collection[int]) -> set[str]:
    """Who loaded one of these vessels at its place within the window, beside the reports ``known`` by number: an index
    says which reports were made there and then, and only those that are not known are looked at."""
    windows = [(vessel_id, place, _window(moment)) for vessel_id, place, moment in sorted(berths)]
    spans = [(vessel_id, place, *window) for vessel_id, place, window in windows if window]
    if not spans:
        return set()
    if connection.dialect.name == "sqlite":
        reported = f"SELECT {list_of(connection, 'e.seq')} FROM {_NEAR_SQLITE}"  # nosec B608
        found = driver_rows(connection, reported, (json.dumps(spans),))
    else:
        reported = f"SELECT {list_of(connection, 'e.seq')} FROM {_NEAR}"  # nosec B608
        found = list(map(tuple, connection.exec_driver_sql(reported, tuple(map(list, zip(*spans, strict=True))))))
    seqs = sorted(set(json.loads(found[0][0])).difference(known))
    query = "SELECT DISTINCT number FROM events WHERE event_type = 'LOAD' AND seq {listed}"
    return {row[0] for row in listed_rows(connection, query, seqs)} if seqs else set()


_REPORTED = """{spans} JOIN events AS e
  ON e.vessel_id = {vessel} AND e.location_id = {place} AND e.event_time BETWEEN {first} AND {last}"""
_NEAR = _REPORTED.format(
    spans="unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS s (vessel, place, first, last)",
    vessel="s.vessel",
    place="s.place",
    first="s.first",
    last="s.last",
)
_NEAR_SQLITE = _REPORTED.format(
    spans="json_each(?) AS s CROSS",
    vessel="json_extract(s.value, '$[0]')",
    place="json_extract(s.value, '$[1]')",
    first="json_extract(s.value, '$[2]')",
    last="json_extract(s.value, '$[3]')",
)
"""A join in that order: for each span one look into the index."""


def _holders(connection: Connection, numbers: Iterable[str]) -> set[str]:
    """Who shows a ticket of one lot that these show."""
    tickets: set[str] = set()
    for chosen in _slices(sorted(set(numbers)), _IDS):
        shown = (
            select(_EVIDENCE.sha256)
            .join(schema.events, _EVENTS.event_id == _EVIDENCE.event_id)
            .where(_EVENTS.number.in_(chosen), _EVIDENCE.kind.in_(sorted(ONE_LOT_ONLY)))
        )
        tickets.update(row[0] for row in connection.execute(shown).all())
    found: set[str] = set()
    for chosen in _slices(sorted(tickets), _IDS):
        holders = (
            select(_EVENTS.number)
            .join(schema.evidence, _EVENTS.event_id == _EVIDENCE.event_id)
            .where(_EVIDENCE.sha256.in_(chosen))
            .distinct()
        )
        found.update(row[0] for row in connection.execute(holders).all())
    return found


@lru_cache(maxsize=4_096)
def _window(moment: str) -> tuple[str, str] | None:
    """Lots of one voyage are often reported as loaded at one time. None around what is no time, or none of the
    calendar: a row that somebody changed."""
    try:
        middle = datetime.fromisoformat(moment)
        return china_text(middle - WIDE_TIME_WINDOW), china_text(middle + WIDE_TIME_WINDOW)
    except (OverflowError, ValueError):
        return None


def _slices(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
