"""Register parties: whoever ships, carries, handles or receives stands in the books before a waybill names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from optimizer.errors import ConflictError, Message
from optimizer.planning.routing.places import name_key
from optimizer.planning.shipment import Shipment
from optimizer.store.engine import Store
from optimizer.waybills.party import Party


def register_parties(store: Store, parties: Sequence[Party], at: datetime) -> int:
    """Append parties and say how many were new. Raises ConflictError where an id is known with other content, or a
    credit code under another id; then nothing is written."""
    with store.write() as session:
        known = session.parties()
        holders = {party.credit_code: party.party_id for party in known.values()}
        for party in parties:
            holder = holders.get(party.credit_code, party.party_id)
            if holder != party.party_id:
                raise ConflictError(
                    Message(
                        f"信用代码 {party.credit_code} 已由 {holder} 登记；请核对编号 {party.party_id}。",
                        f"Credit code {party.credit_code} is registered for {holder}; look at the id "
                        f"{party.party_id} again.",
                    )
                )
        session.add_parties(parties, at)
    return sum(party.party_id not in known for party in parties)


def with_party_ids(shipments: Iterable[Shipment], parties: Mapping[str, Party]) -> list[Shipment]:
    """The shipments with the party's id in place of its credit code or name; width, case and spaces do not count. What
    names no registered party, or two of them, stays as it is."""
    owners: dict[str, set[str]] = {}
    for party in parties.values():
        for text in {name_key(text) for text in (party.credit_code, party.name_zh, party.name_en)}:
            owners.setdefault(text, set()).add(party.party_id)
    found = []
    for shipment in shipments:
        named = owners.get(name_key(shipment.shipper_id), set())
        known = shipment.shipper_id in parties or len(named) != 1
        found.append(shipment if known else replace(shipment, shipper_id=min(named)))
    return found


def unregistered_shippers(store: Store, shipments: Iterable[Shipment]) -> list[str]:
    """The shippers of shipments that no party stands for, in order, each once: they can be planned for, but get no
    waybill."""
    with store.read() as session:
        parties = session.parties()
    return list(dict.fromkeys(s.shipper_id for s in with_party_ids(shipments, parties) if s.shipper_id not in parties))
