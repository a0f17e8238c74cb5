"""The demo world's tables as frozen records: flows, enterprises, users.

Everything in them is made up for the demonstration (see ``seeds/README.md``); the flows' directions follow published
reports where their ``source`` says so, their tonnages never do.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Flow:
    """A yearly stream of one cargo from one place to another. ``frequency``: daily | weekly | monthly, the rhythm in
    which it is called off. ``share_container`` is the share of its tonnes that travels in boxes (0 or 1 so far)."""

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
class Enterprise:
    """A fictional enterprise. ``domain`` is one of the city's seven account domains; ``role``: shipper | consignee |
    operator | port; ``location_ids`` are the places where it sends or receives."""

    enterprise_id: str
    credit_code: str
    name_zh: str
    name_en: str
    domain: str
    industry_zh: str
    industry_en: str
    county_zh: str
    county_en: str
    role: str
    location_ids: tuple[str, ...]


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


def read_flows(directory: Path | None = None) -> list[Flow]:
    """``flows.csv`` of a directory (None: the shipped seeds), in file order."""
    return [
        Flow(
            flow_id=row["flow_id"],
            cargo_code=row["cargo_code"],
            origin=row["origin"],
            destination=row["destination"],
            kt_per_year=float(row["kt_per_year"]),
            lot_t=float(row["lot_t"]),
            frequency=row["frequency"],
            cargo_value_yuan_per_t=float(row["cargo_value_yuan_per_t"]),
            max_days=float(row["max_days"]),
            shipper_id=row["shipper_id"],
            consignee_id=row["consignee_id"],
            splittable=row["splittable"] == "true",
            share_container=float(row["share_container"]),
        )
        for row in _rows(directory, "flows.csv")
    ]


def read_enterprises(directory: Path | None = None) -> list[Enterprise]:
    """``enterprises.csv`` of a directory (None: the shipped seeds), in file order."""
    return [
        Enterprise(
            enterprise_id=row["enterprise_id"],
            credit_code=row["credit_code"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            domain=row["domain"],
            industry_zh=row["industry_zh"],
            industry_en=row["industry_en"],
            county_zh=row["county_zh"],
            county_en=row["county_en"],
            role=row["role"],
            location_ids=tuple(row["location_ids"].split(";")),
        )
        for row in _rows(directory, "enterprises.csv")
    ]


def read_users(directory: Path | None = None) -> list[DemoUser]:
    """``users.csv`` of a directory (None: the shipped seeds), in file order."""
    return [
        DemoUser(
            user_id=row["user_id"],
            login=row["login"],
            display_name_zh=row["display_name_zh"],
            display_name_en=row["display_name_en"],
            role=row["role"],
            enterprise_id=row["enterprise_id"],
        )
        for row in _rows(directory, "users.csv")
    ]


def _rows(directory: Path | None, name: str) -> list[Mapping[str, str]]:
    folder: Traversable = files("seeds") if directory is None else directory
    return list(csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()))
