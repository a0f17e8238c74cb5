"""What the pages ask: the network, its factors and the database, opened once at the start."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from flask import current_app, g

from optimizer.actions import (
    QuoteDesk,
    TablesInForce,
    code_version,
    open_store,
    releases_mark,
    tables_in_force,
)
from optimizer.actions.city import UnsettledLots
from optimizer.actions.city_audit import FindingsDesk
from optimizer.actions.plan_shelf import PlanShelf
from optimizer.actions.seal_checks import SealDesk
from optimizer.emissions.factors import FactorTable
from optimizer.errors import Lang
from optimizer.network.model import Network
from optimizer.network.shapes import read_shapes
from optimizer.quantities import CHINA_TIME
from optimizer.store.engine import Store
from optimizer.store.evidence_files import EvidenceFiles, evidence_directory
from optimizer.waybills.party import Party
from webapp.background.queue import PlanQueue
from webapp.charts.atlas import Atlas
from webapp.settings import Settings

KEY = "modalshift.world"


@dataclass
class World:
    """Opened once, shared by all threads."""

    settings: Settings
    network: Network
    factors: FactorTable
    store: Store
    queue: PlanQueue
    desk: QuoteDesk
    unsettled: UnsettledLots
    plans: PlanShelf
    evidence: EvidenceFiles
    atlas: Atlas
    findings: FindingsDesk
    tables: TablesInForce
    seals: SealDesk
    mark: tuple[int, int] = (0, 0)
    scratch: Path | None = None
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
    store = open_store(settings.db_url)
    scratch = Path(tempfile.mkdtemp(prefix="modalshift-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    mark = releases_mark(store)
    tables = tables_in_force(store, settings.network_dir, scratch)
    network, factors = tables.network, tables.factors
    evidence = EvidenceFiles(evidence_directory(settings.db_url))
    return World(
        settings,
        network,
        factors,
        store,
        PlanQueue(settings),
        QuoteDesk(network, factors),
        UnsettledLots(store),
        PlanShelf(store),
        evidence,
        Atlas(network, read_shapes(tables.directory)),
        FindingsDesk(store, network, factors, evidence),
        tables,
        SealDesk(store, lambda: datetime.now(CHINA_TIME)),
        mark,
        scratch,
    )


def renewed(world: World) -> World:
    """The same world with the tables that are in force now. Raises NetworkDataError as :func:`open_world`."""
    mark = releases_mark(world.store)
    tables = tables_in_force(world.store, world.settings.network_dir, world.scratch)
    network, factors = tables.network, tables.factors
    return replace(
        world,
        network=network,
        factors=factors,
        desk=QuoteDesk(network, factors),
        atlas=Atlas(network, read_shapes(tables.directory)),
        findings=FindingsDesk(world.store, network, factors, world.evidence),
        tables=tables,
        mark=mark,
    )


def current_world() -> World:
    """The world of the running application, the same one throughout a request."""
    if "world" not in g:
        g.world = current_app.extensions[KEY]
    world: World = g.world
    return world
