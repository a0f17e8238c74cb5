"""The world of the demo: the shipped network and factors, and the made-up month of ``seeds``."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.demo.seed_files import Incident, read_incidents, read_parties, shipments_path
from optimizer.emissions.factors import FactorTable
from optimizer.network.model import Network
from optimizer.planning.files.shipment_file import read_shipments
from optimizer.planning.shipment import Shipment
from optimizer.waybills.party import Party


@dataclass(frozen=True, slots=True)
class World:
    """What a story is told of. ``seed`` decides what happens on the way (delays, scales, incidents)."""

    network: Network
    factors: FactorTable
    shipments: tuple[Shipment, ...]
    parties: tuple[Party, ...]
    incidents: tuple[Incident, ...]
    seed: int = 1


def seed_world(network: Network, factors: FactorTable) -> World:
    """The seed month on a network. Raises InputError where a place or cargo of the seeds is not in the network."""
    return World(
        network=network,
        factors=factors,
        shipments=tuple(read_shipments(shipments_path(), network)),
        parties=tuple(read_parties()),
        incidents=tuple(read_incidents()),
    )
