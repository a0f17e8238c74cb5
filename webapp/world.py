"""What the pages ask: the network, its factors and the database, opened once at the start."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

from flask import current_app

from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.network.model import Network
from optimizer.network.reader import read_network
from webapp.settings import Settings


@dataclass
class World:
    """Opened once, read by all threads; nothing in it changes after the start."""

    settings: Settings
    network: Network
    factors: FactorTable

    @property
    def versions(self) -> dict[str, str]:
        """What made the numbers on a page."""
        return {
            "product": version("modalshift"),
            "network": self.network.version,
            "factors": self.factors.version,
        }


def open_world(settings: Settings) -> World:
    """Load the network and its factors. Raises NetworkDataError with every fault."""
    directory = settings.network_dir
    own_factors = directory if directory and (directory / "factors.csv").exists() else None
    return World(settings, read_network(directory), load_factors(own_factors))


def current_world() -> World:
    """The world of the running application."""
    world: World = current_app.extensions["modalshift.world"]
    return world
