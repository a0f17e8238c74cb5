"""Carriers' sailings from the records of a request: the rules of the file, faults with JSON pointers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optimizer.errors import Message, SailingDataError
from optimizer.network.model import Network
from optimizer.planning.fault_list import FaultList
from optimizer.planning.files.sailing_file import HEADERS, SailingReading
from optimizer.planning.files.shipment_file import cells_of
from optimizer.planning.offer import Offer

NO_OBJECT = Message("每个航次应为一个对象。", "Each sailing is an object.")


def sailings_from_records(records: Sequence[Any], network: Network, at: str = "") -> list[Offer]:
    """The offers of a decoded JSON list, in its order; keys as the columns of the file, ``cargo_groups`` also as a list
    of texts. ``at``: JSON pointer of the list.

    Raises SailingDataError with every fault, whose column is a JSON pointer such as ``/3/capacity_t``.
    """
    faults = FaultList("request")
    reading = SailingReading(network, faults, lambda place, column: (None, f"{at}/{place}/{column}"))
    offers: list[Offer | None] = []
    for place, record in enumerate(records):
        before = faults.count
        cells = cells_of(_with_groups(record), f"{at}/{place}", faults, HEADERS, NO_OBJECT)
        offer = reading.offer(place, cells) if cells is not None else None
        offers.append(offer if faults.count == before else None)
    faults.raise_if_any(SailingDataError)
    return [offer for offer in offers if offer is not None]


def _with_groups(record: Any) -> Any:
    """The record with its list of cargo groups as the text that a file would hold."""
    groups = record.get("cargo_groups") if isinstance(record, Mapping) else None
    if isinstance(groups, list) and all(isinstance(group, str) for group in groups):
        return {**record, "cargo_groups": ";".join(groups)}
    return record
