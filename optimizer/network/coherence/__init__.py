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
    fuel_is_sound,
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

CHECKS: tuple[tuple[Check, tuple[str, ...]], ...] = (
    (link_ends_differ, ("links",)),
    (link_use_fits_mode, ("links",)),
    (roads_need_access, ("links", "locations")),
    (modes_have_tariffs, ("links", "tariffs", "cargo")),
    (tariffs_are_unique, ("tariffs",)),
    (cargo_groups_are_known, ("cargo", "terminals", "vessel_classes", "truck_classes")),
    (cargo_groups_have_trucks, ("cargo", "truck_classes")),
    (containers_are_consistent, ("cargo",)),
    (vessels_are_sound, ("vessel_classes",)),
    (fuel_is_sound, ("vessel_classes", "truck_classes")),
    (locks_lie_on_water, ("locks", "links")),
    (closures_name_known_items, ("closures", "links", "locks", "terminals")),
    (spans_do_not_overlap, ("water_levels", "closures")),
    (fleet_can_float, ("fleet", "vessel_classes", "links", "water_levels", "parameters")),
    (parameters_are_complete, ("parameters",)),
)
"""Each check with the tables it looks at."""


def coherence_faults(tables: Mapping[str, Table]) -> list[Fault]:
    """All faults of coherence, check by check in the order of ``CHECKS``.

    A check is passed over when a table it looks at is not complete: the file or column that is missing is the fault,
    and a hundred faults that follow from it would hide it.
    """
    return [fault for check, names in CHECKS if all(tables[name].complete for name in names) for fault in check(tables)]
