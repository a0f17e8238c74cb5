"""Part of the waybills, read row by row: digests, and to whose accounts the settlements of each waybill go."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from operator import attrgetter

from optimizer.accounts.ledger import account_of
from optimizer.waybills.waybill import Waybill

_CONSIGNEE, _CONSIGNOR, _OPERATOR = b'"consignee":{', b',"consignor":{', b'"operator":{'
_NAMES = (_CONSIGNEE[:-1], _CONSIGNOR[1:-1], _OPERATOR[:-1])
UNKNOWN = -1


@dataclass(slots=True)
class WaybillsRead:
    """``newest``: number -> version and place in ``parties``, :data:`UNKNOWN` where the document does not say.
    ``parties``: account ids as ``credit_lines`` posts to them, each once, the consignor's first. ``count``: rows."""

    changed: bool = False
    numbers: set[str] = field(default_factory=set)
    newest: dict[str, tuple[int, int]] = field(default_factory=dict)
    parties: list[tuple[str, ...]] = field(default_factory=list)
    count: int = 0


def seen_waybills(versions: Mapping[tuple[str, int], Waybill], changed: bool) -> WaybillsRead:
    """The same from what documents say, by number and version in this order. ``changed``: whether any of them is not
    what was written."""
    read, known = WaybillsRead(changed, count=len(versions)), dict[tuple[str, ...], int]()
    places: dict[tuple[str, ...], int] = {}
    for (number, version), bill in versions.items():
        said = _PARTIES(bill)
        place = known.get(said)
        if place is None:
            parties = (bill.consignor, bill.consignee, bill.operator)
            accounts = tuple(dict.fromkeys(account_of(party.party_id, party.domain).account_id for party in parties))
            place = known[said] = places.setdefault(accounts, len(places))
        read.newest[number] = (version, place)
    read.parties = list(places)
    return read


_PARTIES = attrgetter(
    *(f"{role}.{name}" for role in ("consignor", "consignee", "operator") for name in ("party_id", "domain"))
)


def read_waybills(rows: Iterable[tuple[str, int, str, bytes]]) -> WaybillsRead:
    """``rows``: number, version, digest, document in UTF-8; all rows of a part, in any order."""
    read = WaybillsRead()
    places: dict[tuple[str, ...], int] = {}
    for number, version, content_sha256, document in rows:
        read.count += 1
        if sha256(document).hexdigest() != content_sha256:
            read.changed = True
        accounts = _accounts(document)
        if accounts is None:
            read.numbers.add(number)
            place = UNKNOWN
        else:
            place = places.setdefault(accounts, len(places))
        if number not in read.newest or read.newest[number][0] < version:
            read.newest[number] = (version, place)
    read.parties = list(places)
    return read


def _accounts(document: bytes) -> tuple[str, ...] | None:
    """The accounts of consignor, consignee and operator; None unless each is named once, in the canonical places."""
    start = document.find(_CONSIGNEE)
    consignee_end = document.find(b"}", start)
    if start < 0 or not document.startswith(_CONSIGNOR, consignee_end + 1):
        return None
    consignor_end = document.find(b"}", consignee_end + 1)
    operator = document.rfind(_OPERATOR)
    operator_end = document.find(b"}", operator)
    # Where records begin is sooner found than each of the names.
    if not 0 <= consignor_end < operator or sum([text.endswith(_NAMES) for text in document.split(b"{")[:-1]]) != 3:
        return None
    return _party_accounts(
        document[consignee_end + len(_CONSIGNOR) : consignor_end + 1],
        document[start + len(_CONSIGNEE) - 1 : consignee_end + 1],
        document[operator + len(_OPERATOR) - 1 : operator_end + 1],
    )


@lru_cache(maxsize=65_536)
def _party_accounts(consignor: bytes, consignee: bytes, operator: bytes) -> tuple[str, ...] | None:
    """None for a text that is no party."""
    try:
        parties = [json.loads(text) for text in dict.fromkeys((consignor, consignee, operator))]
        return tuple(account_of(party["party_id"], party["domain"]).account_id for party in parties)
    except (ValueError, TypeError, KeyError):
        return None
