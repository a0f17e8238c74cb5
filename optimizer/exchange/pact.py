"""The PACT envelope around iLEAP objects: a ProductFootprint per shipment or operation.

Version 3 is current. Version 2 is deprecated and kept for partners whose iLEAP software still asks for it. What the
envelope says of its content follows from it by iLEAP's rules: a shipment counts in ton kilometres, an operation in one
unit of its work. Specification: PACT Technical Specifications for PCF Data Exchange 3.0 and 2.3, WBCSD; iLEAP 1.0.0,
section on the PACT integration.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from optimizer.errors import Fault, Message
from optimizer.exchange.decimals import decimal_text, read_decimal
from optimizer.exchange.ileap import Bundle, Operation, ShipmentFootprint, footprint_document, operation_document

VERSIONS = {3: "3.0.0", 2: "2.3.0"}
CPC_FREIGHT = "83117"
"""Product category of logistics, fixed by iLEAP for version 2."""

SCHEMAS = "https://api.ileap.sine.dev/"
NAMESPACE = uuid.UUID("5f4d1a52-7c5f-5a0e-9a3c-0d1f5b2c7e11")
KG_PER_T = Decimal(1000)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who hands the footprints over. ``company_ids``: URNs. The reference period is when the operations took place."""

    company_name: str
    company_ids: tuple[str, ...]
    created_at: datetime
    period_start: datetime
    period_end: datetime


def envelope(bundle: Bundle, issuer: Issuer, version: int = 3) -> dict[str, Any]:
    """All objects of a bundle as ``{"data": [ProductFootprint...]}``. The same bundle and issuer give the same ids.

    Raises ValueError for a version that is not known.
    """
    if version not in VERSIONS:
        raise ValueError(f"no PACT version {version}")
    make = _v3 if version == 3 else _v2
    parts = [
        *(_of_footprint(one, "actual") for one in bundle.footprints),
        *(_of_footprint(one, "baseline") for one in bundle.baseline),
        *(_of_operation(one) for one in bundle.operations),
    ]
    return {"data": [make(part, issuer, version) for part in parts]}


@dataclass(frozen=True, slots=True)
class _Part:
    kind: str
    name: str
    words: str
    unit: str
    amount: Decimal
    mass_kg: Decimal
    wtw_kg: Decimal
    schema: str
    data: Mapping[str, Any]


def _of_footprint(footprint: ShipmentFootprint, side: str) -> _Part:
    words = f"Logistics emissions of shipment {footprint.shipment_id}, {side} way"
    # A shipment that only passed through hubs has no tonne-kilometre to count in.
    moved = footprint.activity_tkm > 0
    return _Part(
        "shipment" if side == "actual" else "shipment-baseline",
        footprint.shipment_id,
        words,
        "ton kilometer" if moved else "kilogram",
        footprint.activity_tkm if moved else footprint.mass_kg,
        footprint.mass_kg,
        footprint.wtw_kg,
        "shipment-footprint.json",
        footprint_document(footprint),
    )


def _of_operation(operation: Operation) -> _Part:
    kind = "hoc" if operation.hub else "toc"
    unit, amount = ("kilogram", KG_PER_T) if operation.hub else ("ton kilometer", Decimal(1))
    return _Part(
        kind,
        operation.operation_id,
        f"Logistics emissions of {kind.upper()} {operation.operation_id}",
        unit,
        amount,
        KG_PER_T if operation.hub else Decimal(0),
        operation.wtw_kg,
        f"{kind}.json",
        operation_document(operation),
    )


def _head(part: _Part, issuer: Issuer, version: int) -> dict[str, Any]:
    stamp = _utc(issuer.created_at)
    return {
        "id": str(uuid.uuid5(NAMESPACE, f"{version}|{part.kind}|{part.name}|{issuer.company_name}|{stamp}")),
        "specVersion": VERSIONS[version],
        "created": stamp,
        "status": "Active",
        "companyName": issuer.company_name,
        "companyIds": list(issuer.company_ids),
        "productDescription": part.words,
        "productIds": [f"urn:pathfinder:product:customcode:vendor-assigned:{part.kind}:{part.name}"],
        "productNameCompany": part.words,
        "comment": "",
    }


def _extension(part: _Part) -> dict[str, Any]:
    return {
        "specVersion": "2.0.0",
        "dataSchema": f"{SCHEMAS}{part.schema}",
        "documentation": "https://sine-fdn.github.io/ileap-extension/",
        "data": dict(part.data),
    }


def _v3(part: _Part, issuer: Issuer, version: int) -> dict[str, Any]:
    amount = part.amount or Decimal(1)
    per_unit = part.wtw_kg / amount
    mass = part.mass_kg / amount
    return {
        **_head(part, issuer, version),
        "pcf": {
            "declaredUnitOfMeasurement": part.unit,
            "declaredUnitAmount": decimal_text(amount),
            "productMassPerDeclaredUnit": decimal_text(float(mass)),
            "referencePeriodStart": _utc(issuer.period_start),
            "referencePeriodEnd": _utc(issuer.period_end),
            "geographyCountry": "CN",
            "pcfExcludingBiogenicUptake": decimal_text(float(per_unit)),
            "pcfIncludingBiogenicUptake": decimal_text(float(per_unit)),
            "fossilGhgEmissions": decimal_text(float(per_unit)),
            "fossilCarbonContent": "0",
            "ipccCharacterizationFactors": ["AR6"],
            "crossSectoralStandards": ["ISO14083"],
            "exemptedEmissionsPercent": "0",
        },
        "extensions": [_extension(part)],
    }


def _v2(part: _Part, issuer: Issuer, version: int) -> dict[str, Any]:
    whole = decimal_text(part.wtw_kg)
    return {
        **_head(part, issuer, version),
        "version": 0,
        "productCategoryCpc": CPC_FREIGHT,
        "pcf": {
            "declaredUnit": part.unit,
            "unitaryProductAmount": decimal_text(part.amount or Decimal(1)),
            "pCfExcludingBiogenic": whole,
            "fossilGhgEmissions": whole,
            "fossilCarbonContent": "0",
            "biogenicCarbonContent": "0",
            "characterizationFactors": "AR6",
            "ipccCharacterizationFactorsSources": ["AR6"],
            "crossSectoralStandardsUsed": ["ISO Standard 14067"],
            "boundaryProcessesDescription": "ISO 14083 transport chain, well to wheel, CO2e",
            "referencePeriodStart": _utc(issuer.period_start),
            "referencePeriodEnd": _utc(issuer.period_end),
            "geographyCountry": "CN",
            "exemptedEmissionsPercent": 0,
            "exemptedEmissionsDescription": "",
            "packagingEmissionsIncluded": False,
        },
        "extensions": [_extension(part)],
    }


def opened(document: Any, file: str) -> tuple[dict[str, Any], list[Fault]]:
    """The iLEAP objects inside an envelope (a response, a list or one ProductFootprint) as a bundle document.

    Anything that is no envelope comes back as it is. Envelopes whose total contradicts their content are faults.
    """
    if not _is_envelope(document):
        return document if isinstance(document, dict) else {}, []
    items = document["data"] if isinstance(document, dict) and "data" in document else document
    found: dict[str, Any] = {"specVersion": "1.0.0"}
    faults = []
    for number, item in enumerate(items if isinstance(items, list) else [items]):
        for extension in _list(item.get("extensions")):
            data = extension.get("data") if isinstance(extension, dict) else None
            data = data if isinstance(data, dict) else {}
            name = next((target for key, target in _LISTS if key in data), None)
            urns = " ".join(str(urn) for urn in _list(item.get("productIds")))
            if name == "shipmentFootprints" and ":shipment-baseline:" in urns:
                name = "baselineFootprints"
            if name is None:
                faults.append(_unknown(file, number))
            else:
                found.setdefault(name, []).append(data)
                faults += _contradictions(file, number, item, data)
    return found, faults


_LISTS = (("tces", "shipmentFootprints"), ("tocId", "tocs"), ("hocId", "hocs"), ("activityId", "tad"))


def _list(value: Any) -> list[Any]:
    """A list, empty where a partner wrote something else."""
    return value if isinstance(value, list) else []


def _is_envelope(document: Any) -> bool:
    items = document.get("data", [document]) if isinstance(document, dict) else document
    return isinstance(items, list) and bool(items) and all(isinstance(one, dict) and "pcf" in one for one in items)


def _contradictions(file: str, number: int, item: Mapping[str, Any], data: Mapping[str, Any]) -> list[Fault]:
    """A shipment's total and activity against its elements, in either version."""
    pcf = item.get("pcf", {})
    if "tces" not in data or not isinstance(pcf, Mapping) or not isinstance(data["tces"], list):
        return []
    tces = [one for one in data["tces"] if isinstance(one, Mapping)]
    wtw = sum((read_decimal(one.get("co2eWTW")) or Decimal(0) for one in tces), Decimal(0))
    activity = sum((read_decimal(one.get("transportActivity")) or Decimal(0) for one in tces), Decimal(0))
    said_activity = read_decimal(pcf.get("declaredUnitAmount") or pcf.get("unitaryProductAmount"))
    said = read_decimal(pcf.get("pcfExcludingBiogenicUptake"))
    total = (
        said * said_activity
        if said is not None and said_activity is not None
        else read_decimal(pcf.get("pCfExcludingBiogenic"))
    )
    faults = []
    sums = [("co2eWTW", wtw, total)]
    if "ton kilometer" in (pcf.get("declaredUnitOfMeasurement"), pcf.get("declaredUnit")):
        sums.append(("transportActivity", activity, said_activity))
    for name, ours, theirs in sums:
        if theirs is not None and abs(ours - theirs) > max(Decimal("0.001"), abs(ours) * Decimal("1e-9")):
            message = Message(
                f"信封所称 {name} 合计 {theirs:f} 与各段之和 {ours:f} 不符。",
                f"The envelope says {theirs:f} for the sum of {name}, its elements sum to {ours:f}.",
            )
            faults.append(Fault(file, None, f"/data/{number}/pcf", "total_not_sum", message))
    return faults


def _unknown(file: str, number: int) -> Fault:
    message = Message("扩展内容不是 iLEAP 数据。", "The extension holds no iLEAP data.")
    return Fault(file, None, f"/data/{number}/extensions", "unknown_extension", message)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
