"""The calculation sheet of a quote: the grams of every leg again, from its inputs, in steps a reader can follow.

    leg by a service     (kg/tkm x km) x t x 1000 = g
    voyage               kg/tkm x (t x km) x 1000 = g
    hub                  kg/t x t x 1000          = g

The sheet is made by a second way through the formulas of ``emissions.workings`` and refused where a gram differs from
the quote. A quote is an estimate: it carries no credit and no lower bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from optimizer.emissions.factor import Factor
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.workings import (
    EMPTY_SHARE,
    LOAD_FACTOR,
    Input,
    Working,
    hub_working,
    rail_working,
    sea_service_working,
    truck_working,
    vessel_working,
)
from optimizer.errors import ConflictError, Message
from optimizer.network.model import Evidence, Mode, Network
from optimizer.planning.quote.records import Quote, QuoteLeg, QuoteOption
from optimizer.planning.shipment import Shipment
from optimizer.quantities import G_PER_KG, KG_PER_T, to_integer

HUB, SERVICE, VOYAGE = "hub", "service", "voyage"


@dataclass(frozen=True, slots=True)
class QuoteSheetLine:
    """One leg. ``rule``: hub | service | voyage, see above. ``working`` holds kg CO2e per tkm (hub: per t).
    ``remainders_g``: what the TTW and WTW grams of a plan have beyond the formula, by largest remainder."""

    seq: int
    mode: str
    place: str
    vehicle_class: str
    vessels: int
    rule: str
    mass_kg: int
    distance_km: float
    distance_basis: str
    working: Working
    ttw_g: int
    wtw_g: int
    remainders_g: tuple[int, int] = (0, 0)

    @property
    def wtt_g(self) -> int:
        """Energy provision, g CO2e: what WTW has beyond TTW."""
        return self.wtw_g - self.ttw_g


@dataclass(frozen=True, slots=True)
class QuoteSheetOption:
    """The legs of one option. ``number`` as on the page and the command line, ``saving_g`` against the road (WTW)."""

    number: int
    title: Message
    is_baseline: bool
    lines: tuple[QuoteSheetLine, ...]
    ttw_g: int
    wtw_g: int
    saving_g: int | None


@dataclass(frozen=True, slots=True)
class QuoteSheet:
    """The sheet of a quote. ``on``: the day whose factors hold; ``factors`` in order of appearance;
    ``of``: quote | plan."""

    shipment: Shipment
    on: date
    options: tuple[QuoteSheetOption, ...]
    factors: tuple[Factor, ...]
    network_version: str
    factors_version: str
    of: str = "quote"


def quote_sheet(answer: Quote, network: Network, factors: FactorTable, on: date) -> QuoteSheet:
    """The sheet of the options that are shown. ``on`` is the day the quote was reckoned for.

    Raises ConflictError where a leg comes out different (other tables than the quote's own).
    """
    options = tuple(
        _option(number, option, answer, network, factors, on) for number, option in enumerate(answer.shown, start=1)
    )
    ids = dict.fromkeys(one for option in options for line in option.lines for one in line.working.factor_ids)
    used = tuple(factors.get(factor_id, on) for factor_id in ids)
    return QuoteSheet(answer.shipment, on, options, used, network.version, factors.version)


def grams_of(line: QuoteSheetLine) -> tuple[int, int]:
    """TTW and WTW grams of a line from its own numbers alone."""
    ttw_kg, wtw_kg = line.working.ttw_kg, line.working.ttw_kg + line.working.wtt_kg
    mass_t = line.mass_kg / KG_PER_T
    kg = [
        {HUB: rate * mass_t, SERVICE: rate * line.distance_km * mass_t, VOYAGE: rate * (mass_t * line.distance_km)}
        for rate in (ttw_kg, wtw_kg)
    ]
    return to_integer(kg[0][line.rule] * G_PER_KG), to_integer(kg[1][line.rule] * G_PER_KG)


def _option(
    number: int, option: QuoteOption, answer: Quote, network: Network, factors: FactorTable, on: date
) -> QuoteSheetOption:
    return QuoteSheetOption(
        number=number,
        title=option.title,
        is_baseline=option == answer.baseline,
        lines=tuple(_lines(option, answer.shipment, network, factors, on)),
        ttw_g=option.amounts.co2e_ttw_g,
        wtw_g=option.amounts.co2e_wtw_g,
        saving_g=option.saving.co2e_wtw_g if option.saving else None,
    )


def _lines(
    option: QuoteOption, shipment: Shipment, network: Network, factors: FactorTable, on: date
) -> Iterator[QuoteSheetLine]:
    for leg in option.legs:
        hub = leg.mode == Mode.HUB
        line = QuoteSheetLine(
            seq=leg.seq,
            mode=leg.mode,
            place=leg.origin if hub else f"{leg.origin}>{leg.destination}",
            vehicle_class=leg.vehicle_class,
            vessels=leg.vessels,
            rule=HUB if hub else VOYAGE if leg.vessels else SERVICE,
            mass_kg=shipment.mass_kg,
            distance_km=leg.distance_km,
            distance_basis=leg.distance_basis,
            working=_working(leg, network.cargo[shipment.cargo_code].cargo_group, network, factors, on),
            ttw_g=leg.co2e_ttw_g,
            wtw_g=leg.co2e_wtw_g,
        )
        if grams_of(line) != (line.ttw_g, line.wtw_g):
            raise ConflictError(_differs(line, factors.version))
        yield line


def _working(leg: QuoteLeg, cargo_group: str, network: Network, factors: FactorTable, on: date) -> Working:
    mode = Mode(leg.mode)
    if mode is Mode.HUB:
        return hub_working(network.terminals[(leg.origin, cargo_group)], factors, on)
    if mode is Mode.ROAD:
        return truck_working(network.truck_classes[leg.vehicle_class], factors, on)
    if mode is Mode.RAIL:
        return rail_working(factors, on)
    vessel = network.vessel_classes[leg.vehicle_class]
    if leg.vessels:
        empty_share = parameter_input(network, "vessel_empty_share", "e", EMPTY_SHARE)
        return vessel_working(vessel, leg.reckoned_load_t, empty_share, factors, on)
    load_factor = parameter_input(network, "sea_load_factor", "f", LOAD_FACTOR)
    return sea_service_working(
        vessel, load_factor, parameter_input(network, "sea_empty_share", "e", EMPTY_SHARE), factors, on
    )


def parameter_input(network: Network, name: str, symbol: str, what: Message) -> Input:
    """A value of the network's table of parameters as an input of a formula."""
    row = network.parameters[name]
    evidence = Evidence.ASSUMED if "value" in row.provenance.assumed_fields else row.provenance.evidence
    return Input(symbol, row.value, "", what, row.provenance.source, evidence.value)


def _differs(line: QuoteSheetLine, version: str) -> Message:
    again = grams_of(line)
    return Message(
        f"第 {line.seq} 段 {line.place} 用因子表 {version} 重算为 TTW {again[0]}、WTW {again[1]} 克，"
        f"报价为 {line.ttw_g}、{line.wtw_g} 克；请用报价时的数据包。",
        f"Leg {line.seq} ({line.place}) recomputed with {version} gives TTW {again[0]} and WTW {again[1]} g, the quote"
        f" says {line.ttw_g} and {line.wtw_g} g; use the data package of the quote.",
    )
