"""The calculation sheet of a planned shipment: the grams of every leg of PLAN.json again, from its inputs.

    leg by a service     (kg/tkm x km) x t x 1000 = g
    hub                  kg/t x t x 1000          = g
    planned voyage       kg/tkm x (t x km) x 1000 = g, and the grams by which largest remainders differ from that

A planned voyage burns (E + (L - E) W / C) kg a km and bears X kg a km of empty running: the empty voyages of its class
in the whole plan (of classes without any cargo: of all), by kg·km. That is how the plan shares them; the accounts share
them by the tour of each hull when a lot is settled (``emissions.tour``). The sheet has the form of a quote's and is
refused where a leg comes out different.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from optimizer.emissions.factors import FactorTable
from optimizer.emissions.workings import (
    EMPTY_SHARE,
    LOAD_FACTOR,
    Input,
    Working,
    hub_working,
    planned_voyage_working,
    rail_working,
    sea_service_working,
    truck_working,
)
from optimizer.errors import ConflictError, InputError, Message, UnknownRecordError
from optimizer.network.graph import NetworkGraph
from optimizer.network.model import Mode, Network
from optimizer.planning.plan import Leg, Plan, Voyage
from optimizer.planning.quote.sheet import (
    HUB,
    SERVICE,
    VOYAGE,
    QuoteSheet,
    QuoteSheetLine,
    QuoteSheetOption,
    grams_of,
    parameter_input,
)
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME, G_PER_KG, KG_PER_T

REMAINDER_G = 3
"""Grams that rounding may take a leg by voyage off its formula: its own grams, its part of the empties and the lot's
part of both are each whole grams by largest remainder."""

EMPTIES_BORNE = Message("每载货公里分担的空驶油耗", "empty running borne by each loaded km")


@dataclass(frozen=True, slots=True)
class _Sources:
    plan: Plan
    network: Network
    factors: FactorTable
    on: date
    graph: NetworkGraph
    voyages: Mapping[str, Voyage]
    empties_kg_per_km: Mapping[str, float]


def plan_sheet(
    plan: Plan, shipment_id: str, shipments: Sequence[Shipment], network: Network, factors: FactorTable
) -> QuoteSheet:
    """The sheet of one shipment: its road chain, then its lots. ``shipments``: all that the plan was made from, because
    the first day of them is the day whose factors hold.

    Raises UnknownRecordError for a shipment that neither plan nor file has, InputError for one that the plan rejects,
    ConflictError where a leg comes out different (other tables than the plan's).
    """
    planned = next((one for one in plan.shipments if one.shipment_id == shipment_id), None)
    shipment = next((one for one in shipments if one.shipment_id == shipment_id), None)
    if planned is None or shipment is None:
        where = ("计划", "the plan") if planned is None else ("货单", "the shipments file")
        raise UnknownRecordError(
            Message(f"{where[0]}中没有货单 {shipment_id}。", f"There is no shipment {shipment_id} in {where[1]}.")
        )
    if not planned.lots or planned.baseline is None:
        raise InputError(
            Message(
                f"货单 {shipment_id} 未排入计划，没有计算书。",
                f"The plan does not carry shipment {shipment_id}, so it has no sheet.",
            )
        )
    on = min(one.ready_at for one in shipments).astimezone(CHINA_TIME).date()
    voyages = {one.voyage_id: one for one in plan.voyages}
    sources = _Sources(plan, network, factors, on, NetworkGraph(network), voyages, empties_borne(plan.voyages))
    sides = [
        (Message("公路基准", "road baseline"), shipment.mass_kg, planned.baseline_legs, True),
        *((Message(f"第 {lot.lot_no} 批", f"lot {lot.lot_no}"), lot.mass_kg, lot.legs, False) for lot in planned.lots),
    ]
    options = tuple(
        _option(number, title, tuple(_lines(legs, mass_kg, shipment, sources)), is_baseline)
        for number, (title, mass_kg, legs, is_baseline) in enumerate(sides, start=1)
    )
    ids = dict.fromkeys(one for option in options for line in option.lines for one in line.working.factor_ids)
    used = tuple(factors.get(factor_id, on) for factor_id in ids)
    return QuoteSheet(shipment, on, options, used, network.version, factors.version, "plan")


def empties_borne(voyages: Sequence[Voyage]) -> dict[str, float]:
    """Fuel of empty running that each loaded km of a voyage bears, kg, by voyage id: as ``sailings.borne_by_lots``."""
    loaded = [one for one in voyages if not one.empty and one.offer is None]
    carrying = {one.vessel_class for one in loaded}
    empty_g: dict[str, int] = {}
    for one in voyages:
        if one.empty:
            group = one.vessel_class if one.vessel_class in carrying else ""
            empty_g[group] = empty_g.get(group, 0) + one.fuel_g
    moved: dict[str, float] = {}
    for one in loaded:
        for group in ("", one.vessel_class):
            moved[group] = moved.get(group, 0.0) + one.load_kg * one.distance_km
    return {
        one.voyage_id: sum(
            empty_g.get(group, 0) / G_PER_KG * one.load_kg / moved[group] for group in ("", one.vessel_class)
        )
        for one in loaded
    }


def _option(number: int, title: Message, lines: tuple[QuoteSheetLine, ...], is_baseline: bool) -> QuoteSheetOption:
    ttw_g, wtw_g = sum(line.ttw_g for line in lines), sum(line.wtw_g for line in lines)
    return QuoteSheetOption(number, title, is_baseline, lines, ttw_g, wtw_g, None)


def _lines(legs: Sequence[Leg], mass_kg: int, shipment: Shipment, sources: _Sources) -> Iterator[QuoteSheetLine]:
    for leg in legs:
        hub, mode = leg.mode == Mode.HUB, Mode(leg.mode)
        measured = None if hub else sources.graph.measured(mode, leg.origin, leg.destination, leg.vehicle_class)
        line = QuoteSheetLine(
            seq=leg.seq,
            mode=leg.mode,
            place=leg.origin if hub else f"{leg.origin}>{leg.destination}",
            vehicle_class=leg.vehicle_class,
            vessels=1 if leg.voyage_id else 0,
            rule=HUB if hub else VOYAGE if leg.voyage_id else SERVICE,
            mass_kg=mass_kg,
            distance_km=leg.distance_km,
            distance_basis=measured.basis if measured else "",
            working=_working(leg, shipment, sources),
            ttw_g=leg.co2e_ttw_g,
            wtw_g=leg.co2e_wtw_g,
        )
        found = grams_of(line)
        off = (line.ttw_g - found[0], line.wtw_g - found[1])
        if max(map(abs, off)) > (REMAINDER_G if leg.voyage_id else 1):
            raise ConflictError(_differs(line, found, sources.factors.version))
        yield replace(line, remainders_g=off)


def _working(leg: Leg, shipment: Shipment, sources: _Sources) -> Working:
    network, factors, on, mode = sources.network, sources.factors, sources.on, Mode(leg.mode)
    if mode is Mode.HUB:
        group = network.cargo[shipment.cargo_code].cargo_group
        return hub_working(network.terminals[(leg.origin, group)], factors, on)
    if mode is Mode.ROAD:
        return truck_working(network.truck_classes[leg.vehicle_class], factors, on)
    if mode is Mode.RAIL:
        return rail_working(factors, on)
    vessel = network.vessel_classes[leg.vehicle_class]
    if leg.voyage_id:
        borne = sources.empties_kg_per_km.get(leg.voyage_id, 0.0)
        empties = Input("X", borne, "kg/km", EMPTIES_BORNE)
        return planned_voyage_working(vessel, sources.voyages[leg.voyage_id].load_kg / KG_PER_T, empties, factors, on)
    return sea_service_working(
        vessel,
        parameter_input(network, "sea_load_factor", "f", LOAD_FACTOR),
        parameter_input(network, "sea_empty_share", "e", EMPTY_SHARE),
        factors,
        on,
    )


def _differs(line: QuoteSheetLine, found: tuple[int, int], version: str) -> Message:
    return Message(
        f"第 {line.seq} 段 {line.place} 用因子表 {version} 重算为 TTW {found[0]}、WTW {found[1]} 克，"
        f"计划为 {line.ttw_g}、{line.wtw_g} 克；请用计划时的数据包。",
        f"Leg {line.seq} ({line.place}) recomputed with {version} gives TTW {found[0]} and WTW {found[1]} g, the plan"
        f" says {line.ttw_g} and {line.wtw_g} g; use the data package of the plan.",
    )
