"""Footprint chains and iLEAP documents, both ways.

Out: every chain of a chains file that was computed inside the WTW CO2e boundary becomes a shipment. In: shipments
become rows of a chains file, their operations rows of a factor table; the footprint of those rows is the shipment's
again."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from optimizer.emissions.factor_files import column_names
from optimizer.emissions.factors import MODE_NAMES, FactorTable
from optimizer.emissions.footprint.compute import MICRO, Result
from optimizer.emissions.footprint.legs import BASES, Legs
from optimizer.emissions.footprint.rates import Rate
from optimizer.emissions.formula_text import runs_as_formula
from optimizer.errors import Fault, InputError, Message
from optimizer.exchange.decimals import decimal_text
from optimizer.exchange.ileap import Bundle, Element, Operation, ShipmentFootprint, unique_operations
from optimizer.exchange.ileap_activity import activity_chains
from optimizer.exchange.operations import HUB_TYPE, energies_of, named_operation
from optimizer.network.model import Mode
from optimizer.quantities import G_PER_KG, KG_PER_T

WTW = "wtw_co2e"
STEPS_PER_UNIT = MICRO * G_PER_KG
TWO_STEPS = Decimal(2) / STEPS_PER_UNIT
"""kg: two parts, each rounded to half a milligram, with room for the float product."""

MODE_OF = {mode.value: name for mode, name in MODE_NAMES.items()}
CHAIN_COLUMNS = ("chain_id", "seq", "kind", "mass_t", "distance_km", "factor_id", "distance_basis", "mode",
                 "energy_carrier", "energy_amount", "energy_unit", "share")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Imported:
    """Text of a chains file and of a factor table. ``skipped``: what could not be taken over, one sentence each;
    ``whole``: activities of several consignments that stand as one chain, because nothing says how to share them."""

    chains_csv: str
    factors_csv: str
    skipped: tuple[Message, ...]
    whole: tuple[Message, ...]


def chains_bundle(legs: Legs, result: Result, factors: FactorTable, on: date) -> Bundle:
    """The chains that did not fail, are WTW CO2e with both parts, and whose mass is known, as shipments. Modes are
    those of factors, Road where none says.

    Raises InputError naming every such chain that has a distance without its basis: iLEAP wants one, and none is made
    up here."""
    footprints = []
    operations: list[Operation] = []
    unstated: list[str] = []
    wanted = [name == WTW for name in result.boundaries]
    rows_of: dict[int, list[int]] = {}
    for row, chain in enumerate(legs.chain.tolist()):
        rows_of.setdefault(chain, []).append(row)
    names = legs.chain_ids.to_pylist()
    for chain, rows in rows_of.items():
        whole = bool(result.totals.has_ttw[chain]) and bool(result.totals.has_wtw[chain])
        if result.failed[chain] or not wanted[int(result.boundary[chain])] or not whole:
            continue
        if any(legs.mass_kg[row] != legs.mass_kg[row] for row in rows):
            continue
        if any(not legs.hub[row] and not BASES[int(legs.basis[row])] for row in rows):
            unstated.append(str(names[chain]))
            continue
        one, used = _shipment(str(names[chain]), rows, legs, result, factors, on)
        footprints.append(one)
        operations += used
    if unstated:
        raise InputError.of([_basis_missing(name) for name in unstated])
    return Bundle(tuple(footprints), (), unique_operations(operations))


def _basis_missing(chain: str) -> Fault:
    message = Message(
        f"运输链 {chain} 的里程没有口径；iLEAP 要求注明，请在 distance_basis 写 actual、sfd 或 gcd。",
        f"Chain {chain} has a distance without its basis; iLEAP wants one: write actual, sfd or gcd as distance_basis.",
    )
    return Fault(f"chain {chain}", None, "distance_basis", "basis_missing", message)


def _shipment(
    name: str, rows: Sequence[int], legs: Legs, result: Result, factors: FactorTable, on: date
) -> tuple[ShipmentFootprint, list[Operation]]:
    elements: list[Element] = []
    operations = []
    for row in sorted(rows, key=lambda row: int(legs.seq[row])):
        hub = bool(legs.hub[row])
        mass_kg = Decimal(decimal_text(float(legs.mass_kg[row])))
        distance_km = Decimal(0) if hub else Decimal(decimal_text(float(legs.distance_km[row])))
        activity = mass_kg * distance_km / KG_PER_T
        ttw = Decimal(int(result.rows.ttw[row])) / STEPS_PER_UNIT
        wtw = Decimal(int(result.rows.wtw[row])) / STEPS_PER_UNIT
        work = mass_kg / KG_PER_T if hub else activity
        operation = _operation(legs.rates[int(legs.rate[row])], hub, work, (ttw, wtw), factors, on)
        operations.append(operation)
        elements.append(
            Element(
                element_id=f"{name}-{int(legs.seq[row])}",
                operation_id=operation.operation_id,
                hub=hub,
                mass_kg=mass_kg,
                distance_km=distance_km,
                basis="actual" if hub else BASES[int(legs.basis[row])],
                activity_tkm=activity,
                ttw_kg=ttw,
                wtw_kg=wtw,
                before=(elements[-1].element_id,) if elements else (),
            )
        )
    return ShipmentFootprint(name, elements[0].mass_kg, tuple(elements)), operations


def _operation(
    rate: Rate,
    hub: bool,
    work: Decimal,
    emitted_kg: tuple[Decimal, Decimal],
    factors: FactorTable,
    on: date,
) -> Operation:
    """The factor as an operation where it explains the row, else what the row came to per unit of work (tkm or t):
    logged energy, an adjusted distance, a factor per TEU. ``emitted_kg``: TTW and WTW."""
    mode = Mode.HUB if hub else (rate.mode or Mode.ROAD)
    assert rate.factor is not None, "a row that was computed has a factor"
    ttw, wtw = (amount / work for amount in emitted_kg)
    if rate.unit in ("tkm", "t"):
        stated = Decimal(decimal_text(rate.ttw_kg)), Decimal(decimal_text(rate.ttw_kg + rate.wtt_kg))
        if all(abs(one * work - kg) <= TWO_STEPS for one, kg in zip(stated, emitted_kg, strict=True)):
            ttw, wtw = stated
    energies = energies_of([rate.factor], mode, factors, on, ttw, wtw)
    return named_operation(
        hub=hub,
        kind=HUB_TYPE if hub else mode.value,
        ttw_kg=ttw,
        wtw_kg=wtw,
        unit="tonnes" if hub else "tkm",
        energies=energies,
        description=f"{rate.label} ({rate.tier})",
    )


def import_bundle(document: Mapping[str, Any], on: date, file: str = "") -> Imported:
    """Chains and factors of a valid bundle (check it with ``ileap_rules`` first).

    Activity data becomes chains of its own (see ``ileap_activity``). Raises InputError for an id that a spreadsheet
    program would run as a formula: the chains are written as CSV.
    """
    footprints = [*document.get("shipmentFootprints", []), *document.get("baselineFootprints", [])]
    activities = document.get("tad", [])
    _refuse_formulas([str(one["shipmentId"]) for one in footprints], file)
    _refuse_formulas([str(one["activityId"]) for one in activities], file)
    rows: list[dict[str, str]] = []
    for footprint in footprints:
        rows += _rows(footprint, baseline=footprint in document.get("baselineFootprints", []))
    masses = {str(one["shipmentId"]): Decimal(one["mass"]) for one in document.get("shipmentFootprints", [])}
    taken = [activity_chains(activity, masses) for activity in activities]
    factors = [_factor_row(one, on) for name in ("tocs", "hocs") for one in document.get(name, [])]
    return Imported(
        _csv(CHAIN_COLUMNS, [*rows, *(row for one in taken for row in one.rows)]),
        _csv(column_names(), factors),
        tuple(one.skipped for one in taken if one.skipped is not None),
        tuple(one.whole for one in taken if one.whole is not None),
    )


def _refuse_formulas(ids: Sequence[str], file: str) -> None:
    faults = []
    for one in ids:
        if runs_as_formula(one):
            message = Message(
                f"编号“{one[:40]}”会被表格软件当作公式。", f"A spreadsheet would run the id {one[:40]!r}."
            )
            faults.append(Fault(file, None, None, "formula_text", message))
    if faults:
        raise InputError.of(faults)


def _rows(footprint: Mapping[str, Any], baseline: bool) -> list[dict[str, str]]:
    """Elements of one shipment; those of a baseline get a chain id of their own."""
    chain = f"{footprint['shipmentId']}{'#baseline' if baseline else ''}"
    rows = []
    for number, tce in enumerate(footprint["tces"], start=1):
        hub = bool(tce.get("hocId"))
        basis = next(name for name in ("sfd", "gcd", "actual") if name in tce["distance"])
        rows.append(
            {
                "chain_id": chain,
                "seq": str(number),
                "kind": "hub" if hub else "transport",
                "mass_t": decimal_text(Decimal(tce["mass"]) / KG_PER_T),
                "distance_km": "" if hub else tce["distance"][basis],
                "distance_basis": "" if hub else basis,
                "factor_id": str(tce.get("hocId") or tce.get("tocId")),
            }
        )
    return rows


def _factor_row(operation: Mapping[str, Any], on: date) -> dict[str, str]:
    """A TOC or HOC as a row of a factor table: used only where a chain names it."""
    hub = "hocId" in operation
    wtw, ttw = Decimal(operation["co2eIntensityWTW"]), Decimal(operation["co2eIntensityTTW"])
    carriers = [one["energyCarrier"] for one in operation["energyCarriers"]]
    words = operation.get("description") or "iLEAP"
    unit = operation["hubActivityUnit"] if hub else operation["transportActivityUnit"]
    return {
        "factor_id": operation["hocId"] if hub else operation["tocId"],
        "version": "1",
        "mode": "hub" if hub else MODE_OF.get(operation["mode"], "road"),
        "energy_carrier": carriers[0] if len(set(carriers)) == 1 else "",
        "use": "reference",
        "description_zh": words,
        "description_en": words,
        "unit": {"tonnes": "t"}.get(unit, unit),
        "wtt_kg": decimal_text(wtw - ttw),
        "ttw_kg": decimal_text(ttw),
        "wtw_kg": decimal_text(wtw),
        "gas_basis": "CO2e",
        "gwp_set": "unstated",
        "boundary": "wtw",
        "region": "unstated",
        "valid_from": on.isoformat(),
        "source": "iLEAP 1.0 document of a partner",
        "page": ", ".join(operation.get("certifications", [])),
        "evidence": "secondary",
        "licence": "as agreed with the partner",
    }


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
