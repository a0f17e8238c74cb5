"""The city's view: savings by month, cargo, enterprise, corridor or county, which add up to the lots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, cast

from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.ledger import Kind, Transaction, month_of
from optimizer.accounts.settlement import Review
from optimizer.network.model import WATER_MODES
from optimizer.waybills.lifecycle import TransportStatus
from optimizer.waybills.waybill import Waybill, WaybillLot

GroupBy = Literal["month", "cargo", "enterprise", "corridor", "county", "lot"]
GROUPS: tuple[GroupBy, ...] = ("month", "cargo", "enterprise", "corridor", "county", "lot")


@dataclass(frozen=True, slots=True)
class LotSaving:
    """One lot as the totals see it.

    ``labels``: for each grouping its key and names. Amounts of a settled lot come from its calculation run, of an open
    one from the plan (``settled`` tells which). ``cost_saved_fen`` is the road's freight minus the planned one, in both
    cases. ``credited_g`` is 0 until settled.
    """

    number: str
    lot_no: int
    labels: Mapping[str, tuple[str, str, str]]
    settled: bool
    mass_kg: int
    water_kgkm: int
    activity_kgkm: int
    baseline_g: int
    actual_g: int
    expected_g: int
    credited_g: int
    cost_saved_fen: int


@dataclass(frozen=True, slots=True)
class SavingsRow:
    """One group. ``key`` is stable, the labels are for people. Emissions g CO2e WTW, money in fen, activity kg·km.

    ``open_*`` are lots issued and not settled yet: estimates of the plan, never credited.
    """

    key: str
    label_zh: str
    label_en: str
    lots: int = 0
    mass_kg: int = 0
    water_kgkm: int = 0
    activity_kgkm: int = 0
    baseline_g: int = 0
    actual_g: int = 0
    expected_g: int = 0
    credited_g: int = 0
    cost_saved_fen: int = 0
    open_lots: int = 0
    open_mass_kg: int = 0
    open_expected_g: int = 0
    open_cost_saved_fen: int = 0


_AMOUNTS = tuple(field.name for field in fields(SavingsRow))[3:]


def lot_savings(
    waybills: Mapping[str, Waybill],
    reviewed: Review,
    transactions: Iterable[Transaction],
    runs: Mapping[str, CalculationRun],
) -> list[LotSaving]:
    """Every lot of every waybill that is neither cancelled nor lost, in order of number and lot.

    The month is that of the settlement's period, for an open lot that of its planned arrival. A restated lot counts by
    its newest run; one whose settlement was taken back, and not restated since, counts nowhere.
    """
    standing = _standing(transactions)
    gone = {TransportStatus.CANCELLED, TransportStatus.LOST, TransportStatus.RETURNED}
    rows = []
    for number in sorted(waybills):
        waybill = waybills[number]
        for lot, state in zip(waybill.lots, reviewed.states[number].lots, strict=True):
            period, run_id = standing.get((number, lot.lot_no), ("", ""))
            if run_id:
                rows.append(_settled(waybill, lot, period, runs[run_id]))
            elif not period and state.transport not in gone:
                rows.append(_open(waybill, lot))
    return rows


def _standing(transactions: Iterable[Transaction]) -> dict[tuple[str, int], tuple[str, str]]:
    """For each settled lot the month of its settlement and the run that counts, empty after a reversal."""
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for item in transactions:
        key = (item.waybill_number, item.lot_no)
        if item.kind in (Kind.SETTLE, Kind.RESTATE):
            found[key] = (found[key][0] if key in found else item.period, item.run_id)
        elif item.kind is Kind.REVERSE and key in found:
            found[key] = (found[key][0], "")
    return found


def grouped(
    savings: Iterable[LotSaving], group_by: GroupBy, filters: Mapping[str, str] | None = None
) -> list[SavingsRow]:
    """Sum lots into groups, sorted by key. ``filters``: grouping -> key that a lot must have to count.

    Every amount of a row is the exact sum over its lots, so rows of any grouping add up to the same total.
    """
    sums: dict[tuple[str, str, str], dict[str, int]] = {}
    for saving in savings:
        if any(saving.labels[name][0] != wanted for name, wanted in (filters or {}).items()):
            continue
        row = sums.setdefault(saving.labels[group_by], dict.fromkeys(_AMOUNTS, 0))
        for name, amount in _contribution(saving).items():
            row[name] += amount
    return [replace(SavingsRow(*label), **cast("dict[str, Any]", amounts)) for label, amounts in sorted(sums.items())]


def total(rows: Iterable[SavingsRow]) -> SavingsRow:
    """The sum of rows, labelled as the total."""
    listed = list(rows)
    amounts: dict[str, Any] = {name: sum(getattr(row, name) for row in listed) for name in _AMOUNTS}
    return replace(SavingsRow("", "合计", "Total"), **amounts)


def _contribution(saving: LotSaving) -> dict[str, int]:
    if not saving.settled:
        return {
            "open_lots": 1,
            "open_mass_kg": saving.mass_kg,
            "open_expected_g": saving.expected_g,
            "open_cost_saved_fen": saving.cost_saved_fen,
        }
    return {
        "lots": 1,
        "mass_kg": saving.mass_kg,
        "water_kgkm": saving.water_kgkm,
        "activity_kgkm": saving.activity_kgkm,
        "baseline_g": saving.baseline_g,
        "actual_g": saving.actual_g,
        "expected_g": saving.expected_g,
        "credited_g": saving.credited_g,
        "cost_saved_fen": saving.cost_saved_fen,
    }


def _settled(waybill: Waybill, lot: WaybillLot, period: str, run: CalculationRun) -> LotSaving:
    result = run.result
    return LotSaving(
        number=waybill.number,
        lot_no=lot.lot_no,
        labels=_labels(waybill, lot, period),
        settled=True,
        mass_kg=result.mass_kg,
        water_kgkm=sum(amount for mode, amount in result.activity_kgkm.items() if mode in WATER_MODES),
        activity_kgkm=sum(result.activity_kgkm.values()),
        baseline_g=result.baseline_wtw_g,
        actual_g=result.actual_wtw_g,
        expected_g=result.expected_wtw_g,
        credited_g=result.credited_wtw_g,
        cost_saved_fen=lot.baseline_cost_fen - lot.cost_fen,
    )


def _open(waybill: Waybill, lot: WaybillLot) -> LotSaving:
    return LotSaving(
        number=waybill.number,
        lot_no=lot.lot_no,
        labels=_labels(waybill, lot, month_of(lot.legs[-1].planned_arrives_at)),
        settled=False,
        mass_kg=lot.declared_mass_kg,
        water_kgkm=0,
        activity_kgkm=0,
        baseline_g=lot.baseline_wtw_g,
        actual_g=lot.planned_wtw_g,
        expected_g=lot.estimated_saving_wtw_g,
        credited_g=0,
        cost_saved_fen=lot.baseline_cost_fen - lot.cost_fen,
    )


def _labels(waybill: Waybill, lot: WaybillLot, month: str) -> dict[str, tuple[str, str, str]]:
    consignor = waybill.consignor
    corridor = f"{waybill.place_of_receipt}>{waybill.place_of_delivery}"
    lot_key = f"{waybill.number}/{lot.lot_no}"
    return {
        "month": (month, month, month),
        "cargo": (waybill.cargo_code, waybill.description_of_goods_zh, waybill.description_of_goods_en),
        "enterprise": (consignor.party_id, consignor.name_zh, consignor.name_en),
        "corridor": (corridor, corridor.replace(">", " → "), corridor.replace(">", " → ")),
        "county": (consignor.county_en, consignor.county_zh, consignor.county_en),
        "lot": (lot_key, lot_key, lot_key),
    }
