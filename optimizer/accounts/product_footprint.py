"""The transport part of a product's footprint: kg CO2e per tonne or per piece, per enterprise, cargo and period.

An exporter's footprint report (ISO 14067, a customer's questionnaire) needs what its goods emitted on the way. It comes
from the same settled calculations as the accounts, WTW CO2e; the CO2 of the operation alone stands beside it and is
never added to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from optimizer.accounts.calculation import CalculationRun
from optimizer.accounts.totals import LotSaving
from optimizer.errors import InputError, Message
from optimizer.quantities import G_PER_KG, KG_PER_T

PERIOD = re.compile(r"^\d{4}(-(0[1-9]|1[0-2])|-Q[1-4])?$", re.ASCII)
PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class SettledRun:
    """A settled lot as the totals see it, and the calculation behind it."""

    lot: LotSaving
    run: CalculationRun


@dataclass(frozen=True, slots=True)
class ProductTransport:
    """What one enterprise's goods of one kind emitted on their way in a period. Grams of CO2e WTW; ``ttw_co2_g`` is
    None where an element has no CO2 factor. ``primary_kgkm``: activity that rests on logged fuel. ``piece_kg``: mass of
    a piece, None where nobody said."""

    party_id: str
    party_zh: str
    party_en: str
    cargo_code: str
    cargo_zh: str
    cargo_en: str
    period: str
    lots: int
    mass_kg: int
    activity_kgkm: int
    primary_kgkm: int
    actual_wtw_g: int
    baseline_wtw_g: int
    ttw_co2_g: int | None
    factor_ids: tuple[str, ...]
    factors_versions: tuple[str, ...]
    piece_kg: Decimal | None

    @property
    def wtw_kg_per_t(self) -> Decimal:
        """kg CO2e per tonne of the product."""
        return _per_t(self.actual_wtw_g, self.mass_kg)

    @property
    def baseline_kg_per_t(self) -> Decimal:
        """kg CO2e per tonne, had it gone by road."""
        return _per_t(self.baseline_wtw_g, self.mass_kg)

    @property
    def wtw_kg_per_piece(self) -> Decimal | None:
        """kg CO2e per piece."""
        if self.piece_kg is None:
            return None
        return (Decimal(self.actual_wtw_g) / G_PER_KG * self.piece_kg / self.mass_kg).quantize(PLACES)

    @property
    def primary_share(self) -> Decimal:
        """Part of the tonne-kilometres that rests on logged fuel."""
        return (Decimal(self.primary_kgkm) / self.activity_kgkm).quantize(PLACES) if self.activity_kgkm else Decimal(0)


def settled_runs(lots: Iterable[LotSaving], runs: Mapping[str, CalculationRun]) -> list[SettledRun]:
    """Each settled lot with the run that its amounts come from: the newest one with the very same grams."""
    by_lot: dict[tuple[str, int], list[CalculationRun]] = {}
    for run in runs.values():
        by_lot.setdefault((run.inputs.waybill_number, run.inputs.lot_no), []).append(run)
    found = []
    for lot in lots:
        if not lot.settled:
            continue
        same = [
            run
            for run in by_lot.get((lot.number, lot.lot_no), [])
            if (run.result.baseline_wtw_g, run.result.actual_wtw_g) == (lot.baseline_g, lot.actual_g)
        ]
        if same:
            found.append(SettledRun(lot, max(same, key=lambda run: (run.run_at, run.run_id))))
    return found


def product_transports(
    settled: Sequence[SettledRun], period: str, pieces_kg: Mapping[str, Decimal], party_id: str = ""
) -> list[ProductTransport]:
    """One entry per enterprise and cargo for the lots delivered in a period (``2026``, ``2026-Q4`` or ``2026-10``), in
    order of their keys. Raises InputError for a period of another form and for a piece without mass."""
    require_period(period)
    for code, mass_kg in pieces_kg.items():
        if not mass_kg > 0:
            raise InputError(Message(f"{code} 的单件重量应大于 0。", f"The mass of a piece of {code} must be above 0."))
    groups: dict[tuple[str, str], list[SettledRun]] = {}
    for one in settled:
        enterprise, cargo = one.lot.labels["enterprise"], one.lot.labels["cargo"]
        if in_period(one.run.inputs.on.isoformat(), period) and party_id in ("", enterprise[0]):
            groups.setdefault((enterprise[0], cargo[0]), []).append(one)
    return [_group(items, period, pieces_kg.get(key[1])) for key, items in sorted(groups.items())]


def require_period(period: str) -> None:
    """Raise InputError unless it is a year, a quarter or a month."""
    if not PERIOD.match(period):
        raise InputError(
            Message(f"期间“{period}”应如 2026、2026-Q4 或 2026-10。", f"Period {period!r}: 2026, 2026-Q4 or 2026-10.")
        )


def in_period(day: str, period: str) -> bool:
    """Whether an ISO day lies in a year, quarter or month."""
    if "Q" in period:
        year, quarter = period.split("-Q")
        return day[:4] == year and (int(day[5:7]) + 2) // 3 == int(quarter)
    return day.startswith(period)


def _group(items: Sequence[SettledRun], period: str, piece_kg: Decimal | None) -> ProductTransport:
    enterprise, cargo = items[0].lot.labels["enterprise"], items[0].lot.labels["cargo"]
    co2 = [one.run.result.actual_ttw_co2_g for one in items]
    known = [grams for grams in co2 if grams is not None]
    elements = [element for one in items for element in one.run.result.elements]
    return ProductTransport(
        party_id=enterprise[0],
        party_zh=enterprise[1],
        party_en=enterprise[2],
        cargo_code=cargo[0],
        cargo_zh=cargo[1],
        cargo_en=cargo[2],
        period=period,
        lots=len(items),
        mass_kg=sum(one.run.result.mass_kg for one in items),
        activity_kgkm=sum(element.activity_kgkm for element in elements),
        primary_kgkm=sum(element.activity_kgkm for element in elements if element.tier == "primary"),
        actual_wtw_g=sum(one.run.result.actual_wtw_g for one in items),
        baseline_wtw_g=sum(one.run.result.baseline_wtw_g for one in items),
        ttw_co2_g=sum(known) if len(known) == len(co2) else None,
        factor_ids=tuple(sorted({name for one in items for name in one.run.result.factor_ids})),
        factors_versions=tuple(sorted({one.run.factors_version for one in items})),
        piece_kg=piece_kg,
    )


def _per_t(grams: int, mass_kg: int) -> Decimal:
    return (Decimal(grams) / G_PER_KG / (Decimal(mass_kg) / KG_PER_T)).quantize(PLACES) if mass_kg else Decimal(0)
