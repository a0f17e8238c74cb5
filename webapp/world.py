"""What the pages ask: the network, its factors and the database, opened once at the start."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import current_app

from optimizer.actions import QuoteDesk, SavingsOverview, code_version, open_store
from optimizer.actions.city_audit import FindingsDesk
from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.errors import Lang
from optimizer.network.model import Network
from optimizer.network.reader import read_network
from optimizer.network.shapes import read_shapes
from optimizer.store.engine import Store
from optimizer.store.evidence_files import EvidenceFiles, evidence_directory
from optimizer.waybills.party import Party
from webapp.background.queue import PlanQueue
from webapp.charts.atlas import Atlas
from webapp.settings import Settings


@dataclass
class World:
    """Opened once, shared by all threads."""

    settings: Settings
    network: Network
    factors: FactorTable
    store: Store
    queue: PlanQueue
    desk: QuoteDesk
    overview: SavingsOverview
    evidence: EvidenceFiles
    atlas: Atlas
    findings: FindingsDesk
    _parties: dict[str, Party] = field(default_factory=dict)

    def place_name(self, location_id: str, lang: Lang) -> str:
        """A place as people call it; its id where the network no longer has it."""
        place = self.network.locations.get(location_id)
        if place is None:
            return location_id
        return place.name_zh if lang == "zh" else place.name_en

    def cargo_name(self, cargo_code: str, lang: Lang) -> str:
        """A cargo as people call it; its code where the network no longer has it."""
        cargo = self.network.cargo.get(cargo_code)
        if cargo is None:
            return cargo_code
        return cargo.name_zh if lang == "zh" else cargo.name_en

    def party_name(self, party_id: str, lang: Lang) -> str:
        """A party as people call it; its id where it is not recorded."""
        if party_id not in self._parties:
            with self.store.read() as session:
                self._parties.update(session.parties())
        party = self._parties.get(party_id)
        if party is None:
            return party_id
        return party.name_zh if lang == "zh" else party.name_en

    def county_name(self, county_en: str, lang: Lang) -> str:
        """A county as people call it; its English name where no party is from there."""
        self.party_name("", lang)  # reads the parties
        named = (party.county_zh for party in self._parties.values() if party.county_en == county_en)
        return next(named, county_en) if lang == "zh" else county_en

    @property
    def versions(self) -> dict[str, str]:
        """What made the numbers on a page."""
        return {
            "product": code_version(),
            "network": self.network.version,
            "factors": self.factors.version,
        }


def open_world(settings: Settings) -> World:
    """Load the network and its factors. Raises NetworkDataError with every fault, InputError for a bad database."""
    network, factors = read_tables(settings)
    store = open_store(settings.db_url)
    evidence = EvidenceFiles(evidence_directory(settings.db_url))
    return World(
        settings,
        network,
        factors,
        store,
        PlanQueue(settings),
        QuoteDesk(network, factors),
        SavingsOverview(store),
        evidence,
        Atlas(network, read_shapes(settings.network_dir)),
        FindingsDesk(store, network, factors, evidence),
    )


def read_tables(settings: Settings) -> tuple[Network, FactorTable]:
    """The network and the factors of its directory, or the shipped ones. Raises NetworkDataError with every fault."""
    directory = settings.network_dir
    own_factors = directory if directory and (directory / "factors.csv").exists() else None
    return read_network(directory), load_factors(own_factors)


def current_world() -> World:
    """The world of the running application."""
    world: World = current_app.extensions["modalshift.world"]
    return world
