"""What came of a file, for people and machines: totals by boundary, faults by code, every factor with its source."""

from __future__ import annotations

from typing import Any

from optimizer.emissions.footprint import Outcome
from optimizer.emissions.footprint.faults import SENTENCES, RowFault
from optimizer.emissions.footprint.rates import Rate
from optimizer.errors import Message

MG_PER_KG = 1_000_000

BOUNDARY_NAMES = {
    "wtw_co2e": Message("WTW CO2e（全程，全部温室气体）", "WTW CO2e (provision and operation, all gases)"),
    "ttw_co2": Message("TTW CO2（仅运行，仅二氧化碳）", "TTW CO2 (operation only, CO2 only)"),
    "wtw_co2": Message(
        "WTW CO2（全程，仅二氧化碳，不是 CO2e）", "WTW CO2 (provision and operation, CO2 only, not CO2e)"
    ),
    "ttw_co2e": Message("TTW CO2e（仅运行，全部温室气体）", "TTW CO2e (operation only, all gases)"),
    "unstated_co2e": Message("边界未说明的 CO2e", "CO2e of a boundary that nobody stated"),
    "unstated_co2": Message("边界未说明的 CO2", "CO2 of a boundary that nobody stated"),
}
"""What the numbers of a chain cover. Chains of different boundaries are never added up."""


def kilograms(amount_mg: int) -> str:
    """Milligrams as kilograms with six decimals, exact."""
    sign = "-" if amount_mg < 0 else ""
    whole, rest = divmod(abs(amount_mg), MG_PER_KG)
    return f"{sign}{whole}.{rest:06d}"


def boundary_name(boundary: str) -> Message:
    """What a boundary covers."""
    return BOUNDARY_NAMES.get(boundary, Message(boundary, boundary))


def fault_sentence(code: str) -> Message:
    """What a fault means and what would be right."""
    return SENTENCES[RowFault[code.upper()]]


def report_document(outcome: Outcome, versions: dict[str, str]) -> dict[str, Any]:
    """The report as a JSON document: decimals as text, factors with source, page, evidence and licence."""
    return {
        "document": "footprint-report",
        "versions": versions,
        "rounding": "each row and part once, half to even, to whole milligrams; totals are exact sums",
        "on": outcome.on.isoformat(),
        "rows": outcome.rows,
        "chains": outcome.chains,
        "failed_chains": outcome.failed_chains,
        "faulty_rows": dict(outcome.faults),
        "totals": [
            {
                "boundary": name,
                "covers": _both(boundary_name(name)),
                "chains": chains,
                "kg": kilograms(outcome.totals_mg[name]),
            }
            for name, chains in outcome.chains_by_boundary.items()
        ],
        "factors": [{"rows": used.rows, **_rate_document(used.rate)} for used in outcome.used],
    }


def _rate_document(rate: Rate) -> dict[str, Any]:
    factor = rate.factor
    assert factor is not None, "a rate that rows use comes from a factor"
    values = {"ttw_kg": rate.ttw_kg, "wtt_kg": rate.wtt_kg, "wtw_kg": rate.wtw_kg}
    return {
        "factor": rate.label,
        "unit": rate.unit,
        **{name: value for name, value in values.items() if value == value},
        "boundary": rate.boundary,
        "tier": rate.tier,
        "how": _both(rate.how),
        "region": factor.region,
        "gwp_set": factor.gwp_set,
        "source": factor.provenance.source,
        "page": factor.page,
        "evidence": factor.provenance.evidence.value,
        "licence": factor.licence,
        "uncertainty_rel": factor.uncertainty_rel,
    }


def _both(message: Message) -> dict[str, str]:
    return {"zh": message.zh, "en": message.en}
