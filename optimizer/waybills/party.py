"""Parties: who ships, carries, handles and receives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count

from optimizer.errors import Fault, InputError, Message
from optimizer.waybills.codes import is_credit_code

DOMAINS = ("industry", "agriculture", "energy", "building", "transport", "household", "forestry")
"""The seven domains of the city's carbon accounts."""

ROLES = ("shipper", "consignee", "operator", "port", "carrier")


@dataclass(frozen=True, slots=True)
class Party:
    """An enterprise. ``domain`` is one of :data:`DOMAINS`, ``role`` its main role, one of :data:`ROLES`;
    ``location_ids`` are the places where it receives cargo."""

    party_id: str
    credit_code: str
    name_zh: str
    name_en: str
    domain: str
    county_zh: str
    county_en: str
    role: str
    location_ids: tuple[str, ...] = ()


def parties_from_rows(
    rows: Iterable[Mapping[str, str]], file: str, numbers: Iterable[int] | None = None
) -> list[Party]:
    """Parties from the rows of a table with the columns of ``seeds/enterprises.csv`` (``enterprise_id`` is the id).
    ``numbers``: of the rows, where they do not just follow a header.

    Raises InputError with every fault: unknown domain or role, wrong check character, an id or code used twice.
    """
    parties: list[Party] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for line, row in zip(numbers or count(2), rows, strict=False):
        party = Party(
            party_id=row["enterprise_id"],
            credit_code=row["credit_code"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            domain=row["domain"],
            county_zh=row["county_zh"],
            county_en=row["county_en"],
            role=row["role"],
            location_ids=tuple(place for place in row["location_ids"].split(";") if place),
        )
        faults += _faults(party, file, line)
        for column, key in (("enterprise_id", party.party_id), ("credit_code", party.credit_code)):
            first = seen.setdefault(f"{column}={key}", line)
            if first != line:
                faults.append(
                    _fault(file, line, column, "duplicate", f"{key}（见第 {first} 行）", f"{key} (line {first})")
                )
        parties.append(party)
    if faults:
        raise InputError.of(faults)
    return parties


def _faults(party: Party, file: str, line: int) -> list[Fault]:
    faults = []
    if not party.party_id:
        faults.append(_fault(file, line, "enterprise_id", "required", "不能为空", "must not be empty"))
    if not is_credit_code(party.credit_code):
        faults.append(
            _fault(
                file,
                line,
                "credit_code",
                "check_character",
                f"“{party.credit_code}”不是有效的 18 位统一社会信用代码（GB 32100 校验）",
                f"'{party.credit_code}' is no valid 18-character credit code (GB 32100 check character)",
            )
        )
    for column, value, allowed in (("domain", party.domain, DOMAINS), ("role", party.role, ROLES)):
        if value not in allowed:
            choices = ", ".join(allowed)
            faults.append(
                _fault(
                    file,
                    line,
                    column,
                    "not_allowed",
                    f"“{value}”应为 {choices} 之一",
                    f"'{value}' must be one of {choices}",
                )
            )
    return faults


def _fault(file: str, line: int, column: str, code: str, zh: str, en: str) -> Fault:
    if code == "duplicate":
        zh, en = f"重复：{zh}", f"used twice: {en}"
    return Fault(file, line, column, code, Message(zh, en))
