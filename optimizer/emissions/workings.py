"""How an intensity came about: its inputs, the formula that joins them, the factors, for a calculation sheet.

Each function stands beside one of ``operations`` and gives the same numbers to the last bit, in steps that a reader
can follow: so much energy per unit (tkm of a leg, tonne of a hub operation) from the inputs of a class, times what one
kg of fuel (kWh) emits. Tests hold the two together; a sheet is refused where they part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from optimizer.emissions.arithmetic import reckon
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.operations import ELECTRIC, energy_rates, rail_operation
from optimizer.errors import Message
from optimizer.network.model import Evidence, Provenance, Terminal, TruckClass, VesselClass

TRUCK = "(L + E * (e / (1 - e))) / P"
VESSEL = "(E + (L - E) * W / C + E * (e / (1 - e))) / W"
PLANNED_VOYAGE = "(E + (L - E) * W / C + X) / W"
SEA_SERVICE = "(E + (L - E) * (C * f) / C + E * (e / (1 - e))) / (C * f)"

LOADED = Message("满载能耗", "consumption loaded")
EMPTY = Message("空载能耗", "consumption empty")
EMPTY_SHARE = Message("空驶里程占比", "share of km empty")
PAYLOAD = Message("额定载重", "payload")
CAPACITY = Message("载货量", "capacity")
ABOARD = Message("船上货重", "cargo aboard")
LOAD_FACTOR = Message("装载率", "load factor")
HUB_ENERGY = Message("每吨装卸能耗", "energy per tonne handled")


@dataclass(frozen=True, slots=True)
class Input:
    """A number of a formula. ``source`` says where the table has it from, ``evidence`` how good that is; both are
    empty for what follows from the shipment itself."""

    symbol: str
    value: float
    unit: str
    what: Message
    source: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class EnergyStep:
    """Energy of one carrier per unit, ``formula`` over ``inputs``, in kg (kWh), and kg CO2e per kg (kWh) of it."""

    carrier: str
    unit: str
    formula: str
    inputs: tuple[Input, ...]
    ttw_kg: float
    wtt_kg: float

    @property
    def amount(self) -> float:
        """Energy per unit of the operation."""
        return reckon(self.formula, {one.symbol: one.value for one in self.inputs})


@dataclass(frozen=True, slots=True)
class Working:
    """An intensity in steps. ``unit``: tkm | t. Without steps the intensity is the factor's own (``ttw_kg`` and
    ``wtt_kg`` of the row)."""

    unit: str
    steps: tuple[EnergyStep, ...]
    factor_ttw_kg: float
    factor_wtt_kg: float
    tier: str
    factor_ids: tuple[str, ...]
    how: Message

    @property
    def ttw_kg(self) -> float:
        """Operation, kg CO2e per unit."""
        return _summed([step.amount * step.ttw_kg for step in self.steps]) if self.steps else self.factor_ttw_kg

    @property
    def wtt_kg(self) -> float:
        """Energy provision, kg CO2e per unit."""
        return _summed([step.amount * step.wtt_kg for step in self.steps]) if self.steps else self.factor_wtt_kg


def truck_working(truck: TruckClass, factors: FactorTable, on: date) -> Working:
    """As ``operations.truck_operation``."""
    inputs = (
        *_consumption(truck.fuel_loaded_kg_per_km, truck.fuel_empty_kg_per_km, truck.energy_carrier, truck.provenance),
        _input("e", truck.empty_share, "", EMPTY_SHARE, truck.provenance, "empty_share"),
        _input("P", truck.payload_t, "t", PAYLOAD, truck.provenance, "payload_t"),
    )
    what = Message(f"车型 {truck.truck_class} 油耗模型", f"fuel model of truck class {truck.truck_class}")
    return _modelled(truck.energy_carrier, "road", TRUCK, inputs, factors, on, what)


def vessel_working(vessel: VesselClass, load_t: float, empty_share: Input, factors: FactorTable, on: date) -> Working:
    """As ``operations.vessel_operation``; ``empty_share`` with the symbol ``e``."""
    inputs = (
        *_consumption(
            vessel.fuel_loaded_kg_per_km, vessel.fuel_empty_kg_per_km, vessel.energy_carrier, vessel.provenance
        ),
        Input("W", load_t, "t", ABOARD),
        _input("C", vessel.capacity_t, "t", CAPACITY, vessel.provenance, "capacity_t"),
        empty_share,
    )
    return _modelled(vessel.energy_carrier, "inland_waterway", VESSEL, inputs, factors, on, _vessel_model(vessel))


def planned_voyage_working(
    vessel: VesselClass, load_t: float, empties: Input, factors: FactorTable, on: date
) -> Working:
    """A voyage of a plan: its own fuel and ``empties`` (symbol ``X``), the empty running that each loaded km bears."""
    inputs = (
        *_consumption(
            vessel.fuel_loaded_kg_per_km, vessel.fuel_empty_kg_per_km, vessel.energy_carrier, vessel.provenance
        ),
        Input("W", load_t, "t", ABOARD),
        _input("C", vessel.capacity_t, "t", CAPACITY, vessel.provenance, "capacity_t"),
        empties,
    )
    return _modelled(
        vessel.energy_carrier, "inland_waterway", PLANNED_VOYAGE, inputs, factors, on, _vessel_model(vessel)
    )


def sea_service_working(
    vessel: VesselClass, load_factor: Input, empty_share: Input, factors: FactorTable, on: date
) -> Working:
    """As ``operations.sea_service_operation``; ``load_factor`` with the symbol ``f``, ``empty_share`` with ``e``."""
    inputs = (
        *_consumption(
            vessel.fuel_loaded_kg_per_km, vessel.fuel_empty_kg_per_km, vessel.energy_carrier, vessel.provenance
        ),
        _input("C", vessel.capacity_t, "t", CAPACITY, vessel.provenance, "capacity_t"),
        load_factor,
        empty_share,
    )
    return _modelled(vessel.energy_carrier, "sea", SEA_SERVICE, inputs, factors, on, _vessel_model(vessel))


def hub_working(terminal: Terminal, factors: FactorTable, on: date) -> Working:
    """As ``operations.hub_operation``."""
    steps: list[EnergyStep] = []
    ids: list[str] = []
    for symbol, carrier, amount, field in (
        ("D", "Diesel", terminal.diesel_kg_per_t, "diesel_kg_per_t"),
        ("K", ELECTRIC, terminal.electricity_kwh_per_t, "electricity_kwh_per_t"),
    ):
        if amount > 0:
            rates = energy_rates(carrier, "hub", factors, on)
            unit = _energy_unit(carrier)
            given = _input(symbol, amount, f"{unit}/t", HUB_ENERGY, terminal.provenance, field)
            steps.append(EnergyStep(carrier, unit, symbol, (given,), rates.ttw_kg, rates.wtt_kg))
            ids.extend(rates.factor_ids)
    how = Message(f"{terminal.location_id} 码头装卸机械", f"machines of terminal {terminal.location_id}")
    return Working("t", tuple(steps), 0.0, 0.0, "assumed", tuple(dict.fromkeys(ids)), how)


def rail_working(factors: FactorTable, on: date) -> Working:
    """As ``operations.rail_operation``: the default factor itself."""
    found = rail_operation(factors, on)
    return Working("tkm", (), found.ttw_kg, found.wtt_kg, found.tier, found.factor_ids, found.how)


def _summed(parts: Sequence[float]) -> float:
    """From left to right; ``sum`` of later Pythons carries the rounding errors along and ends in other last bits."""
    total = 0.0
    for part in parts:
        total += part
    return total


def _modelled(
    carrier: str, use: str, formula: str, inputs: Sequence[Input], factors: FactorTable, on: date, what: Message
) -> Working:
    rates = energy_rates(carrier, use, factors, on)
    step = EnergyStep(carrier, _energy_unit(carrier), formula, tuple(inputs), rates.ttw_kg, rates.wtt_kg)
    how = Message(f"{what.zh}。{rates.how.zh}", f"{what.en}; {rates.how.en}")
    return Working("tkm", (step,), 0.0, 0.0, "modelled", rates.factor_ids, how)


def _consumption(loaded: float, empty: float, carrier: str, provenance: Provenance) -> tuple[Input, Input]:
    unit = f"{_energy_unit(carrier)}/km"
    return (
        _input("L", loaded, unit, LOADED, provenance, "fuel_loaded_kg_per_km"),
        _input("E", empty, unit, EMPTY, provenance, "fuel_empty_kg_per_km"),
    )


def _input(symbol: str, value: float, unit: str, what: Message, provenance: Provenance, field: str) -> Input:
    """A cell of a table; a row may be published and one of its fields assumed all the same."""
    evidence = Evidence.ASSUMED if field in provenance.assumed_fields else provenance.evidence
    return Input(symbol, value, unit, what, provenance.source, evidence.value)


def _vessel_model(vessel: VesselClass) -> Message:
    return Message(f"船型 {vessel.vessel_class} 油耗模型", f"fuel model of vessel class {vessel.vessel_class}")


def _energy_unit(carrier: str) -> str:
    return "kWh" if carrier == ELECTRIC else "kg"
