"""Which other waybills decide about a lot: its mates on board and the suspects of double reporting.

A lot's grams need the load and fuel of its voyages, so everything else on board; and a lot counts only if it is no
double, and neither are its mates. So: the waybills asked for, their mates on voyages, and every waybill that loaded the
same vessel at the same place within the time window, or shows the same ticket, as one of these. Reviewing this set
gives the same verdicts as reviewing everything (a test compares them), at a cost that does not grow with the ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, TextClause, select, text

from optimizer.store import schema
from optimizer.waybills.codec import to_plain
from optimizer.waybills.verification import ONE_LOT_ONLY, WIDE_TIME_WINDOW

Item = TypeVar("Item")

_IDS, _BERTHS = 400, 60
_LEGS, _EVENTS, _EVIDENCE = schema.waybill_legs.c, schema.events.c, schema.evidence.c


Sharing = Mapping[str, Collection[str]]
"""Of each waybill that shows a ticket of one lot which stands under other numbers too: all that show it."""


def neighbourhood(connection: Connection, numbers: Collection[str], sharing: Sharing | None = None) -> set[str]:
    """These waybills and all that decide about their lots. ``sharing``: :func:`ticket_sharing`, for who asks about
    every waybill there is; without it the tickets of these are looked up."""
    on_board = set(numbers) | _mates(connection, numbers)
    suspects = _near(connection, on_board)
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
    f"""SELECT s.sha256, e.number FROM (
      SELECT sha256 FROM evidence GROUP BY sha256
      HAVING COUNT(*) > 1 AND MAX(CASE WHEN kind IN ({_ONE_LOT}) THEN 1 ELSE 0 END) = 1
    ) AS s JOIN evidence AS v ON v.sha256 = s.sha256 JOIN events AS e ON e.event_id = v.event_id"""  # nosec B608
)


def _mates(connection: Connection, numbers: Iterable[str]) -> set[str]:
    voyages: set[str] = set()
    for chosen in _slices(sorted(set(numbers)), _IDS):
        for column in (_LEGS, _EVENTS):
            rows = connection.execute(select(column.voyage_id).where(column.number.in_(chosen)).distinct()).all()
            voyages.update(row[0] for row in rows)
    return on_voyages(connection, voyages)


def on_voyages(connection: Connection, voyages: Iterable[str]) -> set[str]:
    """The waybills that are planned on these voyages or reported them."""
    found: set[str] = set()
    for chosen in _slices(sorted(set(voyages) - {""}), _IDS):
        for column in (_LEGS, _EVENTS):
            rows = connection.execute(select(column.number).where(column.voyage_id.in_(chosen)).distinct()).all()
            found.update(row[0] for row in rows)
    return found


def _near(connection: Connection, numbers: Iterable[str]) -> set[str]:
    """Who loaded a vessel of these at its place within the window."""
    berths: set[tuple[str, str, str]] = set()
    for chosen in _slices(sorted(set(numbers)), _IDS):
        loads = select(_EVENTS.vessel_id, _EVENTS.location_id, _EVENTS.event_time).where(
            _EVENTS.number.in_(chosen), _EVENTS.event_type == "LOAD", _EVENTS.vessel_id != ""
        )
        berths.update((row[0], row[1], row[2]) for row in connection.execute(loads).all())
    found: set[str] = set()
    for group in _slices(sorted(berths), _BERTHS):
        asked = [value for vessel_id, place, moment in group for value in (vessel_id, place, *_window(moment))]
        values = {f"v{number}": value for number, value in enumerate(asked)}
        found.update(row[0] for row in connection.execute(_loaded_near(len(group)), values).all())
    return found


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


@cache
def _loaded_near(berths: int) -> TextClause:
    """Who loaded one of some vessels at its place within a span of time. Written out: expressions of so many terms take
    longer to make and compile than the answer takes."""
    near = " OR ".join(
        f"(vessel_id = :v{n} AND location_id = :v{n + 1} AND event_time BETWEEN :v{n + 2} AND :v{n + 3})"
        for n in range(0, 4 * berths, 4)
    )
    return text(f"SELECT DISTINCT number FROM events WHERE event_type = 'LOAD' AND ({near})")  # nosec B608


def _window(moment: str) -> tuple[Any, Any]:
    middle = datetime.fromisoformat(moment)
    return to_plain(middle - WIDE_TIME_WINDOW), to_plain(middle + WIDE_TIME_WINDOW)


def _slices(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
