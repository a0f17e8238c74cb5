"""One order for the rows of all tables: who saves a table sorted another way asks for nothing new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from optimizer.network.model import Network

Key = TypeVar("Key", str, tuple[str, str])
Row = TypeVar("Row")


def in_order(network: Network) -> Network:
    """The same network with every table in the order of its keys.

    Tables without one key keep equal rows apart by all that stands in them. The version stays: it names the files.
    """
    return replace(
        network,
        locations=_sorted(network.locations),
        terminals=_sorted(network.terminals),
        links=_sorted(network.links),
        locks=_sorted(network.locks),
        closures=tuple(sorted(network.closures, key=lambda row: (row.closure_id, repr(row)))),
        water_levels=tuple(sorted(network.water_levels, key=lambda row: (row.link_id, row.valid_from, repr(row)))),
        vessel_classes=_sorted(network.vessel_classes),
        fleet=tuple(sorted(network.fleet, key=lambda row: (row.fleet_id, repr(row)))),
        truck_classes=_sorted(network.truck_classes),
        tariffs=_sorted(network.tariffs),
        cargo=_sorted(network.cargo),
        parameters=_sorted(network.parameters),
        benchmarks=_sorted(network.benchmarks),
    )


def _sorted(table: Mapping[Key, Row]) -> dict[Key, Row]:
    return {key: table[key] for key in sorted(table)}
