"""Settled lots that another scheme claims too: compared with a list that the auditor got from there.

A row of the list names a claim of another scheme and what it knows of the transport. It overlaps with a lot when a
document is the same (waybill number, the shipper's own number, a digest of evidence), or when vessel, place and mass
are the same and the loading lies within the time window of the search for doubles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from optimizer.accounts.csv_text import csv_records
from optimizer.errors import Fault, InputError, Message
from optimizer.quantities import KG_PER_T, local_time, number_of
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.finding import Finding, lot_record
from optimizer.waybills.lifecycle import effective
from optimizer.waybills.verification import SAME_MASS_REL, TIME_WINDOW
from optimizer.waybills.waybill import Waybill

CLAIM_COLUMNS = (
    "scheme",
    "claim_id",
    "document_number",
    "evidence_sha256",
    "vessel_id",
    "place",
    "loaded_at",
    "mass_t",
)
MAX_ROWS = 1_000_000
LARGEST_T = 10**9
LotKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class OtherClaim:
    """A claim of another scheme; empty text and None where it does not say."""

    scheme: str
    claim_id: str
    document_number: str
    evidence_sha256: str
    vessel_id: str
    place: str
    loaded_at: datetime | None
    mass_kg: int | None


def parse_claims(text: str, name: str = "claims") -> list[OtherClaim]:
    """The list, a CSV with the columns :data:`CLAIM_COLUMNS`. Raises InputError with every row that says nothing to
    compare by, or whose time or mass cannot be read."""
    claims: list[OtherClaim] = []
    faults: list[Fault] = []
    for number, row in csv_records(text, name, CLAIM_COLUMNS):
        values = {column: cell.strip() for column, cell in row.items()}
        try:
            claims.append(_claim(values))
        except (ValueError, ArithmeticError):
            message = Message(
                "时间或吨数无法识别，或既无单号、凭证摘要，也无船、地点、时间、吨数。",
                "A time or mass cannot be read, or there is neither a document, nor a digest, nor vessel, place, time "
                "and mass.",
            )
            faults.append(Fault(name, number, None, "claim", message))
        if number > MAX_ROWS:
            raise InputError(Message(f"至多 {MAX_ROWS} 行。", f"At most {MAX_ROWS} rows."))
    if faults:
        raise InputError.of(faults)
    return claims


def overlaps(
    claims: Sequence[OtherClaim],
    waybills: Mapping[str, Waybill],
    events: Sequence[Event],
    settled: frozenset[LotKey] | set[LotKey],
) -> Iterator[Finding]:
    """A finding for every settled lot that a claim of the list is about too, in order of the list."""
    facts = effective(events)
    by_document: dict[str, set[LotKey]] = {}
    by_digest: dict[str, set[LotKey]] = {}
    by_berth: dict[tuple[str, str], list[Event]] = {}
    for number, lot_no in settled:
        waybill = waybills.get(number)
        for name in (number, waybill.original_document_number if waybill else ""):
            if name:
                by_document.setdefault(name, set()).add((number, lot_no))
    for fact in facts:
        key = (fact.waybill_number, fact.lot_no or 0)
        if key not in settled:
            continue
        for item in fact.evidence:
            by_digest.setdefault(item.sha256, set()).add(key)
        if fact.event_type is EventType.LOAD and fact.vessel_id and fact.mass_kg is not None:
            by_berth.setdefault((fact.vessel_id, fact.location_id), []).append(fact)
    for claim in claims:
        found = {
            *by_document.get(claim.document_number, ()),
            *by_digest.get(claim.evidence_sha256, ()),
            *(
                (fact.waybill_number, fact.lot_no or 0)
                for fact in by_berth.get((claim.vessel_id, claim.place), ())
                if _same_loading(claim, fact)
            ),
        }
        for number, lot_no in sorted(found):
            yield _finding(claim, lot_record(number, lot_no))


def _claim(values: Mapping[str, str]) -> OtherClaim:
    loaded_at = local_time(values["loaded_at"]) if values["loaded_at"] else None
    mass_t = number_of(values["mass_t"])
    if values["mass_t"] and (mass_t is None or not 0 < mass_t < LARGEST_T):
        raise ValueError("no mass")
    mass_kg = None if mass_t is None else int((mass_t * KG_PER_T).to_integral_value())
    whole = values["vessel_id"] and values["place"] and loaded_at and mass_kg
    if not (values["document_number"] or values["evidence_sha256"] or whole):
        raise ValueError("nothing to compare by")
    return OtherClaim(
        values["scheme"],
        values["claim_id"],
        values["document_number"],
        values["evidence_sha256"].lower(),
        values["vessel_id"],
        values["place"],
        loaded_at,
        mass_kg,
    )


def _same_loading(claim: OtherClaim, fact: Event) -> bool:
    if claim.loaded_at is None or claim.mass_kg is None or fact.mass_kg is None:
        return False
    same_mass = abs(claim.mass_kg - fact.mass_kg) <= SAME_MASS_REL * max(claim.mass_kg, fact.mass_kg)
    return same_mass and abs(claim.loaded_at - fact.event_time) <= TIME_WINDOW


def _finding(claim: OtherClaim, record: str) -> Finding:
    return Finding(
        "claimed_elsewhere",
        record,
        Message(
            f"{record}：{claim.scheme} 的 {claim.claim_id} 也主张了同一次运输；须核实并冲正其一。",
            f"{record}: {claim.claim_id} of {claim.scheme} claims the same transport; check and reverse one.",
        ),
    )
