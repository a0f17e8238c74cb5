"""A plan as the page shows it: totals beside the road, voyages as bars in time, loads of locks, what binds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from optimizer.errors import Lang
from optimizer.planning.answer.summary import PlanSummary, by_water
from optimizer.planning.plan import Amounts, Plan, PlannedShipment, Voyage
from optimizer.planning.shipment import Shipment
from optimizer.quantities import FEN_PER_YUAN, KG_PER_T
from webapp.charts.figure import Figure
from webapp.figures import counted, hours, kilograms, tonnes, yuan
from webapp.language import text
from webapp.list_pages import SIZES, Pages
from webapp.plan_headline import headline
from webapp.plan_loads import Load, load_chart, lock_loads, terminal_loads
from webapp.plan_map import plan_map
from webapp.plan_offers import TakenOffers, UnusableOffers, taken_offers, unusable_offers
from webapp.world import World

GANTT_WIDTH, ROW_HEIGHT, LABEL_WIDTH = 1000, 22, 150
HULLS_A_PAGE = 60
"""A month has a thousand voyages and shipments: a page shows some, the document has them all."""


@dataclass(frozen=True, slots=True)
class TotalsRow:
    """One measure: the road, the plan, what is saved, and that per tonne shifted."""

    name: str
    baseline: str
    planned: str
    saving: str
    per_t: str


@dataclass(frozen=True, slots=True)
class GanttBar:
    """One voyage in the drawing, in drawing units; ``look``: loaded | empty."""

    x: float
    y: float
    width: float
    look: str
    title: str


@dataclass(frozen=True, slots=True)
class Gantt:
    """Hulls as rows, voyages as bars, days as lines; ``voyages``: those drawn, in order of hull and time."""

    height: int
    hulls: tuple[tuple[float, str], ...]
    bars: tuple[GanttBar, ...]
    days: tuple[tuple[float, str], ...]
    voyages: tuple[Voyage, ...]


@dataclass(frozen=True, slots=True)
class ShipmentRow:
    """One shipment: where it goes, how, what it saves, why it stays."""

    shipment_id: str
    way: str
    cost: str
    saving: str
    co2e_saving: str
    late: str
    because: str
    leaves_road: bool


@dataclass(frozen=True, slots=True)
class LoadPart:
    """Locks or terminals: heading, unit, chart, and every load as the table shows it."""

    title: str
    unit: str
    figure: Figure
    loads: tuple[Load, ...]


@dataclass(frozen=True, slots=True)
class PlanView:
    """Everything the page needs, in words of one language."""

    headline: str
    verdict: str
    totals: tuple[TotalsRow, ...]
    counts: tuple[tuple[str, str], ...]
    gantt: Gantt
    hull_pages: Pages
    flows: Figure
    loads: tuple[LoadPart, ...]
    binding: tuple[str, ...]
    reasons: tuple[tuple[str, int, int], ...]
    shipments: tuple[ShipmentRow, ...]
    shipment_pages: Pages
    kept: str
    moved: tuple[tuple[str, str, str, str], ...]
    taken: TakenOffers | None
    offers: UnusableOffers | None


def plan_view(
    plan: Plan,
    shipments: Sequence[Shipment],
    summary: PlanSummary,
    world: World,
    lang: Lang,
    pages: tuple[int, int] = (1, 1),
    rows: int = SIZES[0],
    accepted: Collection[str] = (),
) -> PlanView:
    """The view of a plan in a language; ``shipments``: what was planned; ``pages``: of shipments, so many ``rows`` on
    each, and of hulls; ``accepted``: shipments that have a waybill, listed last because nothing is left to be decided
    on them."""
    hulls = _hulls(plan.voyages)
    shipment_pages = Pages.of(pages[0], len(plan.shipments), rows)
    listed = sorted(plan.shipments, key=lambda entry: entry.shipment_id in accepted)
    hull_pages = Pages.of(pages[1], len(hulls), HULLS_A_PAGE)
    locks, terminals = lock_loads(plan, world, lang), terminal_loads(plan, shipments, world, lang)
    return PlanView(
        headline=headline(plan),
        verdict=text(
            "plan.verdict",
            objective=f"{plan.objective_yuan:,.0f}",
            bound=f"{plan.bound_yuan:,.0f}",
            gap=f"{plan.gap:.2%}",
            seconds=f"{plan.seconds:,.1f}",
        ),
        totals=_totals(plan, summary),
        counts=_counts(plan, summary),
        gantt=gantt(plan.voyages, hull_pages.of_list(hulls), world, lang),
        hull_pages=hull_pages,
        flows=plan_map(plan, locks, world, lang),
        loads=tuple(
            LoadPart(title, unit, load_chart(figure_id, title, loads), tuple(loads))
            for figure_id, title, unit, loads in (
                ("locks", text("plan.locks"), text("plan.locks_unit"), locks),
                ("terminals", text("plan.terminals"), text("plan.terminals_unit"), terminals),
            )
            if loads
        ),
        binding=tuple(bound.message.text(lang) for bound in plan.binding),
        reasons=tuple((count.kind.text(lang), count.shipments, count.mass_kg) for count in summary.road_reasons),
        shipments=tuple(_shipment(entry, world, lang) for entry in shipment_pages.of_list(listed)),
        shipment_pages=shipment_pages,
        kept=_kept(plan, lang),
        moved=tuple(
            (item.shipment_id, ", ".join(item.was) or "—", ", ".join(item.now) or "—", item.message.text(lang))
            for item in plan.moved
        ),
        taken=taken_offers(plan, world, lang),
        offers=unusable_offers(plan, lang),
    )


def _kept(plan: Plan, lang: Lang) -> str:
    """How much of the accepted plan stayed, and of which plans the bound is; empty where none was kept."""
    if plan.kept is None:
        return ""
    counts = text(
        "plan.kept_counts",
        shipments=len(plan.kept.shipments),
        voyages=len(plan.kept.voyages),
        moved=len(plan.moved),
    )
    return f"{counts} {plan.kept.note.text(lang)}"


def _totals(plan: Plan, summary: PlanSummary) -> tuple[TotalsRow, ...]:
    parts = (plan.totals.baseline, plan.totals.planned, plan.totals.saving)
    tonnes_shifted = summary.shifted.mass_kg / KG_PER_T

    def row(name: str, cells: Sequence[str], per_t: str) -> TotalsRow:
        baseline, planned, saving = cells
        return TotalsRow(text(name), baseline, planned, saving, per_t)

    def per_t(amount: float) -> str:
        return f"{amount / tonnes_shifted:,.2f}" if tonnes_shifted else "—"

    return (
        row("quote.cost", [yuan(part.cost_fen) for part in parts], per_t(summary.shifted.saved_fen / FEN_PER_YUAN)),
        row("quote.co2e", [kilograms(part.co2e_wtw_g) for part in parts], per_t(summary.shifted.saved_wtw_g / 1000)),
        row("plan.hours", [hours(part.duration_s) for part in parts], "—"),
    )


def _counts(plan: Plan, summary: PlanSummary) -> tuple[tuple[str, str], ...]:
    loaded = sum(not voyage.empty for voyage in plan.voyages)
    return (
        (text("plan.shifted"), tonnes(summary.shifted.mass_kg)),
        (text("plan.share_t"), f"{plan.totals.water_share_t:.1%}"),
        (text("plan.by_water"), counted(summary.by_water + summary.partly)),
        *([(text("plan.by_rail"), counted(summary.by_rail))] if summary.by_rail else []),
        (text("plan.on_road"), counted(summary.on_road)),
        (
            text("plan.voyages"),
            text("plan.voyage_counts", loaded=counted(loaded), empty=counted(len(plan.voyages) - loaded)),
        ),
        (text("plan.late"), counted(summary.late)),
    )


def _hulls(voyages: Sequence[Voyage]) -> list[str]:
    """Every hull that carries something, in order."""
    return sorted({voyage.vessel_id for voyage in voyages if not voyage.empty})


def gantt(voyages: Sequence[Voyage], hulls: Sequence[str], world: World, lang: Lang) -> Gantt:
    """The voyages of some hulls as bars; a hull's row is as high as ROW_HEIGHT."""
    shown = {hull: number for number, hull in enumerate(hulls)}
    drawn = sorted(
        (voyage for voyage in voyages if voyage.vessel_id in shown), key=lambda v: (shown[v.vessel_id], v.departs_at)
    )
    if not drawn:
        return Gantt(0, (), (), (), ())
    first = min(voyage.berth_from for voyage in drawn).replace(hour=0, minute=0, second=0)
    span_s = (max(voyage.free_at for voyage in drawn) - first).total_seconds()
    scale = (GANTT_WIDTH - LABEL_WIDTH) / span_s

    def x(moment: datetime) -> float:
        return round(LABEL_WIDTH + (moment - first).total_seconds() * scale, 1)

    bars = tuple(
        GanttBar(
            x(voyage.berth_from),
            shown[voyage.vessel_id] * ROW_HEIGHT + 3,
            max(1.0, round(x(voyage.free_at) - x(voyage.berth_from), 1)),
            "empty" if voyage.empty else "loaded",
            _voyage_words(voyage, world, lang),
        )
        for voyage in drawn
    )
    days = int(span_s // 86_400) + 1
    step = max(1, days // 15)
    lines = tuple(
        (
            round(LABEL_WIDTH + day * 86_400 * scale, 1),
            f"{datetime.fromtimestamp(first.timestamp() + day * 86_400, first.tzinfo):%m-%d}",
        )
        for day in range(0, days, step)
    )
    rows = tuple((shown[hull] * ROW_HEIGHT + ROW_HEIGHT / 2, hull) for hull in shown)
    return Gantt(len(shown) * ROW_HEIGHT, rows, bars, lines, tuple(drawn))


def _voyage_words(voyage: Voyage, world: World, lang: Lang) -> str:
    ends = f"{world.place_name(voyage.origin, lang)} → {world.place_name(voyage.destination, lang)}"
    load = text("plan.empty") if voyage.empty else f"{tonnes(voyage.load_kg)}/{tonnes(voyage.capacity_kg)} t"
    return f"{ends}, {voyage.departs_at:%m-%d %H:%M} – {voyage.arrives_at:%m-%d %H:%M}, {load}"


def _shipment(entry: PlannedShipment, world: World, lang: Lang) -> ShipmentRow:
    reason = entry.reason or entry.on_road_because
    wet = any(by_water(lot) for lot in entry.lots)
    cost_fen = sum(leg.cost_fen for lot in entry.lots for leg in lot.legs)
    saving = entry.saving or Amounts(0, 0, 0, 0)
    return ShipmentRow(
        entry.shipment_id,
        _way(entry, world, lang),
        yuan(cost_fen) if entry.lots else "—",
        yuan(saving.cost_fen) if entry.saving else "—",
        kilograms(saving.co2e_wtw_g) if entry.saving else "—",
        hours(entry.late_s) if entry.late_s else "",
        reason.text(lang) if reason else "",
        wet,
    )


def _way(entry: PlannedShipment, world: World, lang: Lang) -> str:
    """Places of the first lot's way; how many lots travel otherwise is said by the number of lots."""
    if not entry.lots:
        return text("plan.rejected")
    legs = [leg for leg in entry.lots[0].legs if leg.mode != "Hub"]
    places = [world.place_name(legs[0].origin, lang), *(world.place_name(leg.destination, lang) for leg in legs)]
    words = " → ".join(places)
    return words if len(entry.lots) == 1 else text("plan.lots", way=words, count=len(entry.lots))
