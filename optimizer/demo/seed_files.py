"""The demo world's tables as frozen records: flows, enterprises, users, incidents.

Everything in them is made up for the demonstration (see ``seeds/README.md``); the flows' directions follow published
reports where their ``source`` says so, their tonnages never do. A directory of one's own must carry the
``datapackage.json`` of ``seeds`` beside its tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from optimizer.errors import InputError
from optimizer.network.tables import TableRow, read_package
from optimizer.waybills.party import Party, parties_from_rows


@dataclass(frozen=True, slots=True)
class Flow:
    """A yearly stream of one cargo from one place to another. ``frequency``: daily | weekly | monthly, the rhythm in
    which it is called off. ``share_container`` is the share of its shipments that travel in boxes (0 or 1 so far)."""

    flow_id: str
    cargo_code: str
    origin: str
    destination: str
    kt_per_year: float
    lot_t: float
    frequency: str
    cargo_value_yuan_per_t: float
    max_days: float
    shipper_id: str
    consignee_id: str
    splittable: bool
    share_container: float


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A user of the one-click demo login: a role, no password. ``enterprise_id`` is empty for city, bank and
    administrator."""

    user_id: str
    login: str
    display_name_zh: str
    display_name_en: str
    role: str
    enterprise_id: str


@dataclass(frozen=True, slots=True)
class Incident:
    """A kind of thing that goes wrong. It meets each shipment of ``shipment_ids`` for certain (if it goes by water) and
    the others at ``rate``; ``size_min``..``size_max`` is how much, in ``size_unit``: h, or share of mass (None where a
    kind has no size)."""

    kind: str
    name_zh: str
    name_en: str
    rate: float
    size_min: float | None
    size_max: float | None
    size_unit: str
    shipment_ids: tuple[str, ...]
    expected_zh: str
    expected_en: str


def seeds_directory() -> Path:
    """The directory of the demo world that travels with the product, in a checkout and in an installed wheel."""
    return Path(str(files("seeds")))


def shipments_path() -> Path:
    """The committed shipments of the demo month."""
    return seeds_directory() / "shipments.csv"


def read_flows(directory: Path | None = None) -> list[Flow]:
    """``flows.csv`` of a directory (None: the shipped seeds), in file order. Raises InputError with every fault."""
    return [
        Flow(
            flow_id=row.values["flow_id"],
            cargo_code=row.values["cargo_code"],
            origin=row.values["origin"],
            destination=row.values["destination"],
            kt_per_year=row.values["kt_per_year"],
            lot_t=row.values["lot_t"],
            frequency=row.values["frequency"],
            cargo_value_yuan_per_t=row.values["cargo_value_yuan_per_t"],
            max_days=row.values["max_days"],
            shipper_id=row.values["shipper_id"],
            consignee_id=row.values["consignee_id"],
            splittable=row.values["splittable"],
            share_container=row.values["share_container"],
        )
        for row in _rows(directory, "flows")
    ]


def read_parties(directory: Path | None = None) -> list[Party]:
    """``enterprises.csv`` of a directory (None: the shipped seeds), in file order. Raises InputError with every fault,
    wrong credit codes among them."""
    rows = _rows(directory, "enterprises")
    return parties_from_rows(
        ({**row.values, "location_ids": ";".join(row.values["location_ids"])} for row in rows), "enterprises.csv"
    )


def read_users(directory: Path | None = None) -> list[DemoUser]:
    """``users.csv`` of a directory (None: the shipped seeds), in file order. Raises InputError with every fault."""
    return [
        DemoUser(
            user_id=row.values["user_id"],
            login=row.values["login"],
            display_name_zh=row.values["display_name_zh"],
            display_name_en=row.values["display_name_en"],
            role=row.values["role"],
            enterprise_id=row.values["enterprise_id"],
        )
        for row in _rows(directory, "users")
    ]


def read_incidents(directory: Path | None = None) -> list[Incident]:
    """``incidents.csv`` of a directory (None: the shipped seeds), in file order. Raises InputError with every fault."""
    return [
        Incident(
            kind=row.values["kind"],
            name_zh=row.values["name_zh"],
            name_en=row.values["name_en"],
            rate=row.values["rate"],
            size_min=row.values["size_min"],
            size_max=row.values["size_max"],
            size_unit=row.values["size_unit"],
            shipment_ids=row.values["shipment_ids"],
            expected_zh=row.values["expected_zh"],
            expected_en=row.values["expected_en"],
        )
        for row in _rows(directory, "incidents")
    ]


def _rows(directory: Path | None, name: str) -> list[TableRow]:
    tables, faults = read_package(directory or seeds_directory(), [name])
    if faults:
        raise InputError.of(faults)
    return tables[name]
