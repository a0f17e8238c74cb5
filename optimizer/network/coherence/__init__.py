"""What a schema cannot say about a network: checks across rows and tables, as a list of plain functions.

Each check takes the tables as read and yields faults; all run, so that a person sees every fault at once. Checks look
at damaged rows too where absence is the question: a parameter with a wrong number is not a missing parameter. A row
whose needed cell could not be read is passed over, because that cell has its own fault already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from optimizer.errors import Fault
from optimizer.network.coherence.fleet import fleet_can_float
from optimizer.network.coherence.goods import (
    cargo_groups_are_known,
    cargo_groups_have_trucks,
    containers_are_consistent,
    modes_have_tariffs,
    tariffs_are_unique,
    vessels_are_sound,
)
from optimizer.network.coherence.links import (
    link_ends_differ,
    link_use_fits_mode,
    locks_lie_on_water,
    roads_need_access,
)
from optimizer.network.coherence.parameters import parameters_are_complete
from optimizer.network.coherence.spans import closures_name_known_items, spans_do_not_overlap
from optimizer.network.tables import Table

Check = Callable[[Mapping[str, Table]], Iterator[Fault]]

CHECKS: tuple[Check, ...] = (
    link_ends_differ,
    link_use_fits_mode,
    roads_need_access,
    modes_have_tariffs,
    tariffs_are_unique,
    cargo_groups_are_known,
    cargo_groups_have_trucks,
    containers_are_consistent,
    vessels_are_sound,
    locks_lie_on_water,
    closures_name_known_items,
    spans_do_not_overlap,
    fleet_can_float,
    parameters_are_complete,
)


def coherence_faults(tables: Mapping[str, Table]) -> list[Fault]:
    """All faults of coherence, check by check in the order of ``CHECKS``."""
    return [fault for check in CHECKS for fault in check(tables)]
