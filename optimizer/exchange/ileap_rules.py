"""What makes iLEAP objects valid: the shape of the published schemas, and the rules that a schema cannot state.

Beyond shape: a TCE names a TOC or a HOC and not both; its activity is mass times distance over 1,000; WTW is not below
TTW; shares of energy carriers sum to one; elements belong to the shipment they stand in and name elements before them
that exist; operations that are named are there, and emissions are activity (or tonnes) times their intensity. Faults
carry a JSON pointer in ``column``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from optimizer.emissions.footprint.rates import CARRIERS
from optimizer.errors import Fault, Message
from optimizer.exchange import ileap
from optimizer.exchange.decimals import read_decimal

ACTIVITY_TOLERANCE = Decimal("0.000001")
"""tkm: activities are printed to a millionth."""

SHARE_TOLERANCE = Decimal("0.000001")
EMISSION_TOLERANCE_REL = Decimal("0.000001")
EMISSION_TOLERANCE_KG = Decimal("0.001")
"""A gram an element, the rounding of accounts."""

MAX_FAULTS = 1000
COUNTRY = re.compile(r"^[A-Z]{2}$")


@dataclass(slots=True)
class RuleBook:
    """Faults found so far in one document."""

    file: str
    faults: list[Fault] = field(default_factory=list)

    def add(self, pointer: str, code: str, zh: str, en: str) -> None:
        """A fault at a JSON pointer, unless there are too many to read."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(self.file, None, pointer, code, Message(f"{zh}。", f"{en}.")))

    def number(self, item: Mapping[str, Any], name: str, pointer: str, required: bool = True) -> Decimal | None:
        """A decimal text, or a fault and None."""
        if name not in item and not required:
            return None
        value = read_decimal(item.get(name))
        if value is None:
            self.add(
                f"{pointer}/{name}", "not_a_decimal", '应为十进制文本，如 "12.5"', 'must be decimal text such as "12.5"'
            )
        return value

    def mass(self, item: Mapping[str, Any], pointer: str) -> Decimal | None:
        """A mass in kg, a fault where it is not above zero: cargo that weighs nothing bears nothing."""
        value = self.number(item, "mass", pointer)
        if value is not None and value <= 0:
            self.add(f"{pointer}/mass", "mass_not_positive", "重量须大于 0（千克）", "mass must be above 0, in kg")
        return value

    def text(self, item: Mapping[str, Any], name: str, pointer: str) -> str:
        """A non-empty text, or a fault and an empty one."""
        value = item.get(name)
        if not isinstance(value, str) or not value:
            self.add(f"{pointer}/{name}", "text_missing", "应为非空文本", "must be a non-empty text")
            return ""
        return value

    def choice(self, item: Mapping[str, Any], name: str, allowed: Sequence[str], pointer: str) -> None:
        """One of some words."""
        if item.get(name) not in allowed:
            self.add(
                f"{pointer}/{name}",
                "not_in_enum",
                f"应为：{', '.join(allowed)}",
                f"must be one of {', '.join(allowed)}",
            )

    def items(self, item: Mapping[str, Any], name: str, pointer: str) -> list[Any]:
        """A non-empty list, or a fault and an empty one."""
        value = item.get(name)
        if not isinstance(value, list) or not value:
            self.add(f"{pointer}/{name}", "list_missing", "应为非空列表", "must be a non-empty list")
            return []
        return value


def bundle_faults(document: Any, file: str) -> list[Fault]:
    """Every fault of a bundle as ``ileap.bundle_document`` writes it."""
    book = RuleBook(file)
    if not isinstance(document, Mapping):
        book.add("", "not_an_object", "应为 JSON 对象", "must be a JSON object")
        return book.faults
    operations: dict[str, tuple[Decimal, Decimal]] = {}
    for name, check in (("tocs", check_toc), ("hocs", check_hoc)):
        for pointer, item in _listed(document, name, book):
            check(item, pointer, book)
            key = str(item.get("tocId") or item.get("hocId"))
            ttw, wtw = (read_decimal(item.get(f"co2eIntensity{part}")) for part in ("TTW", "WTW"))
            if key in operations:
                book.add(pointer, "duplicate_id", f"编号 {key} 重复", f"id {key} stands twice")
            if ttw is not None and wtw is not None:
                operations[key] = ttw, wtw
    for name in ("shipmentFootprints", "baselineFootprints"):
        for pointer, item in _listed(document, name, book):
            check_footprint(item, pointer, book, operations or None)
    for pointer, item in _listed(document, "tad", book):
        check_tad(item, pointer, book)
    return book.faults


def check_footprint(
    item: Mapping[str, Any],
    pointer: str,
    book: RuleBook,
    operations: Mapping[str, tuple[Decimal, Decimal]] | None = None,
) -> None:
    """A ShipmentFootprint. ``operations``: TTW and WTW intensities by id, None where they are not at hand."""
    shipment = book.text(item, "shipmentId", pointer)
    book.mass(item, pointer)
    known: set[str] = set()
    for number, tce in enumerate(book.items(item, "tces", pointer)):
        here = f"{pointer}/tces/{number}"
        if not isinstance(tce, Mapping):
            book.add(here, "not_an_object", "应为 JSON 对象", "must be a JSON object")
            continue
        name = book.text(tce, "tceId", here)
        if name in known:
            book.add(f"{here}/tceId", "duplicate_id", "tceId 重复", "tceId stands twice")
        known.add(name)
        if tce.get("shipmentId") != shipment:
            book.add(
                f"{here}/shipmentId", "other_shipment", "与所在货运的编号不同", "differs from the shipment it stands in"
            )
        for before in _optional_list(tce, "prevTceIds", here, book):
            if not isinstance(before, str) or before not in known or before == name:
                book.add(
                    f"{here}/prevTceIds", "unknown_element", f"前面没有 {before}", f"there is no {before} before it"
                )
        _tce(tce, here, book, operations)


def check_toc(item: Mapping[str, Any], pointer: str, book: RuleBook) -> None:
    """A TOC."""
    book.text(item, "tocId", pointer)
    book.choice(item, "mode", ileap.MODES, pointer)
    book.choice(item, "transportActivityUnit", ileap.ACTIVITY_UNITS, pointer)
    _intensity(item, pointer, book)


def check_hoc(item: Mapping[str, Any], pointer: str, book: RuleBook) -> None:
    """A HOC."""
    book.text(item, "hocId", pointer)
    book.choice(item, "hubType", ileap.HUB_TYPES, pointer)
    book.choice(item, "hubActivityUnit", ileap.HUB_UNITS, pointer)
    _intensity(item, pointer, book)


def check_tad(item: Mapping[str, Any], pointer: str, book: RuleBook) -> None:
    """A TAD."""
    book.text(item, "activityId", pointer)
    _consignments(item, pointer, book)
    book.choice(item, "mode", ileap.MODES, pointer)
    _distance(item, pointer, book)
    for name in ("origin", "destination"):
        _place(item, name, pointer, book, required=True)
    for name in ("departureAt", "arrivalAt"):
        _moment(item, name, pointer, book, required=True)
    for name in ("mass", "loadFactor", "emptyDistanceFactor"):
        book.number(item, name, pointer, required=False)
    if "energyCarriers" in item:
        _energies(item, pointer, book)


def _consignments(item: Mapping[str, Any], pointer: str, book: RuleBook) -> None:
    """A list, possibly empty, of different texts: a consignment named twice would bear its share twice."""
    consignments = item.get("consignmentIds")
    if not isinstance(consignments, list):
        book.add(f"{pointer}/consignmentIds", "list_missing", "应为列表", "must be a list")
        return
    for number, one in enumerate(consignments):
        here = f"{pointer}/consignmentIds/{number}"
        if not isinstance(one, str) or not one:
            book.add(here, "text_missing", "应为非空文本", "must be a non-empty text")
        elif one in consignments[:number]:
            book.add(here, "duplicate_id", f"编号 {one} 重复", f"id {one} stands twice")


def _tce(
    tce: Mapping[str, Any], here: str, book: RuleBook, operations: Mapping[str, tuple[Decimal, Decimal]] | None
) -> None:
    toc, hoc = tce.get("tocId"), tce.get("hocId")
    if bool(toc) == bool(hoc):
        book.add(here, "toc_xor_hoc", "tocId 与 hocId 应恰有一个", "exactly one of tocId and hocId must be given")
    mass, activity = book.mass(tce, here), book.number(tce, "transportActivity", here)
    ttw, wtw = (book.number(tce, name, here) for name in ("co2eTTW", "co2eWTW"))
    distance = _distance(tce, here, book)
    if mass is not None and distance is not None and activity is not None:
        expected = mass * distance / 1000
        if abs(activity - expected) > ACTIVITY_TOLERANCE:
            book.add(
                f"{here}/transportActivity", "activity_not_product",
                f"应为重量×里程÷1000，即 {expected:f}", f"must be mass x distance / 1000, that is {expected:f}",
            )  # fmt: skip
    if ttw is not None and wtw is not None and ttw > wtw:
        book.add(f"{here}/co2eWTW", "wtw_below_ttw", "WTW 不应小于 TTW", "WTW is below TTW")
    for name in ("origin", "destination"):
        _place(tce, name, here, book, required=False)
    for name in ("departureAt", "arrivalAt"):
        _moment(tce, name, here, book, required=False)
    if operations is not None and (toc or hoc) and None not in (mass, activity, ttw, wtw):
        assert mass is not None
        assert activity is not None
        work = activity if toc else mass / 1000
        _emissions(str(toc or hoc), work, (ttw, wtw), here, book, operations)


def _emissions(
    operation: str, work: Decimal, parts: tuple[Decimal | None, Decimal | None], here: str, book: RuleBook,
    operations: Mapping[str, tuple[Decimal, Decimal]],
) -> None:  # fmt: skip
    if operation not in operations:
        book.add(here, "unknown_operation", f"没有 {operation}", f"there is no {operation}")
        return
    for name, found, rate in zip(("co2eTTW", "co2eWTW"), parts, operations[operation], strict=True):
        assert found is not None
        expected = work * rate
        if abs(found - expected) > max(EMISSION_TOLERANCE_KG, abs(expected) * EMISSION_TOLERANCE_REL):
            book.add(
                f"{here}/{name}", "emission_not_product",
                f"应为活动量×强度，即 {expected:f}", f"must be activity x intensity, that is {expected:f}",
            )  # fmt: skip


def _intensity(item: Mapping[str, Any], pointer: str, book: RuleBook) -> None:
    ttw, wtw = (book.number(item, f"co2eIntensity{part}", pointer) for part in ("TTW", "WTW"))
    if ttw is not None and wtw is not None and ttw > wtw:
        book.add(f"{pointer}/co2eIntensityWTW", "wtw_below_ttw", "WTW 不应小于 TTW", "WTW is below TTW")
    for one in _optional_list(item, "certifications", pointer, book):
        if one not in ileap.CERTIFICATIONS:
            book.add(f"{pointer}/certifications", "not_in_enum", f"不认识 {one}", f"unknown {one}")
    _energies(item, pointer, book)


def _energies(item: Mapping[str, Any], pointer: str, book: RuleBook) -> None:
    shares = []
    for number, energy in enumerate(book.items(item, "energyCarriers", pointer)):
        here = f"{pointer}/energyCarriers/{number}"
        if not isinstance(energy, Mapping):
            book.add(here, "not_an_object", "应为 JSON 对象", "must be a JSON object")
            continue
        book.choice(energy, "energyCarrier", CARRIERS, here)
        for name in ("emissionFactorTTW", "emissionFactorWTW"):
            book.number(energy, name, here)
        book.number(energy, "energyConsumption", here, required=False)
        if "energyConsumptionUnit" in energy:
            book.choice(energy, "energyConsumptionUnit", ileap.ENERGY_UNITS, here)
        shares.append(book.number(energy, "relativeShare", here))
    known = [share for share in shares if share is not None]
    if known and len(known) == len(shares) and abs(sum(known, Decimal(-1))) > SHARE_TOLERANCE:
        book.add(
            f"{pointer}/energyCarriers",
            "shares_not_one",
            f"份额之和为 {sum(known)}，应为 1",
            f"shares sum to {sum(known)}, not 1",
        )


def _distance(item: Mapping[str, Any], pointer: str, book: RuleBook) -> Decimal | None:
    """The distance that counts: shortest feasible, great circle, then actual, as ISO 14083 prefers for activity."""
    distance = item.get("distance")
    given = [name for name in ("sfd", "gcd", "actual") if isinstance(distance, Mapping) and name in distance]
    if not given or not isinstance(distance, Mapping):
        book.add(f"{pointer}/distance", "distance_missing", "应有 actual、sfd 或 gcd", "needs actual, sfd or gcd")
        return None
    numbers = [book.number(distance, name, f"{pointer}/distance") for name in given]
    return numbers[0]


def _place(item: Mapping[str, Any], name: str, pointer: str, book: RuleBook, required: bool) -> None:
    place = item.get(name)
    if place is None and not required and name not in item:
        return
    here = f"{pointer}/{name}"
    if not isinstance(place, Mapping):
        book.add(here, "place_missing", "应为地点", "must be a place")
        return
    book.text(place, "city", here)
    country = place.get("country")
    if not (isinstance(country, str) and COUNTRY.match(country)):
        book.add(
            f"{here}/country", "country_unknown", "应为两位国家代码，如 CN", "must be a code of two letters such as CN"
        )
    for part in ("lat", "lng"):
        book.number(place, part, here, required=False)


def _moment(item: Mapping[str, Any], name: str, pointer: str, book: RuleBook, required: bool) -> None:
    if name not in item and not required:
        return
    value = item.get(name)
    try:
        sound = isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        sound = False
    if not sound:
        book.add(f"{pointer}/{name}", "not_a_moment", "应为带时区的时间", "must be a time with its offset")


def _optional_list(item: Mapping[str, Any], name: str, pointer: str, book: RuleBook) -> list[Any]:
    """A list that may be missing; anything else is a fault."""
    value = item.get(name, [])
    if isinstance(value, list):
        return value
    book.add(f"{pointer}/{name}", "list_missing", "应为列表", "must be a list")
    return []


def _listed(document: Mapping[str, Any], name: str, book: RuleBook) -> Iterator[tuple[str, Mapping[str, Any]]]:
    items = document.get(name, [])
    if not isinstance(items, list):
        book.add(f"/{name}", "list_missing", "应为列表", "must be a list")
        return
    for number, item in enumerate(items):
        if isinstance(item, Mapping):
            yield f"/{name}/{number}", item
        else:
            book.add(f"/{name}/{number}", "not_an_object", "应为 JSON 对象", "must be a JSON object")
