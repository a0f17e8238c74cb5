"""The calculation of a lot straight from its stored text to the text of its result, for who runs millions.

:func:`~optimizer.accounts.calculation.calculate` makes a record of every element, factor and error on the way; of a
lot that costs ten times the arithmetic. Here the same numbers are made without the records: same operations on the same
floats and whole numbers in the same order, so the texts are the same to the last byte (a property test holds the two
together). What is kept between lots is read from their own texts: an intensity, a tour, the width of an error. Nothing
else that is stored goes in.

Inputs that are not canonical, or that ``calculate`` would refuse, have no answer here; who asks takes the records then.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain
from json.encoder import encode_basestring
from typing import NamedTuple

import msgspec

from optimizer.accounts.audit.stored_elements import HUB, Chains, Error, Made, Width
from optimizer.accounts.audit.stored_inputs import Memo, StoredInputs, inputs_text
from optimizer.accounts.calculation import BOUNDARY, TIERS_BEST_FIRST
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.uncertainty import CONFIGS
from optimizer.errors import ModalshiftError
from optimizer.waybills.waybill import WATER_MODES

_RANKS = {tier: rank for rank, tier in enumerate(TIERS_BEST_FIRST)}


class Recalculated(NamedTuple):
    """A result: its canonical text, and of its figures those that a row repeats. Grams, kg·km by mode in order of its
    name; ``activity_text`` as the result has it."""

    text: bytes
    mass_kg: int
    baseline_wtw_g: int
    actual_wtw_g: int
    expected_wtw_g: int
    credited_wtw_g: int
    energy_saved_g: int
    tier: str
    activity: tuple[tuple[str, int], ...]
    activity_text: str


class Recalculation:
    """Calculates lots with one table of factors."""

    def __init__(self, factors: FactorTable) -> None:
        self._factors = factors
        self._chains: dict[str, Chains] = {}

    def __call__(self, inputs: bytes, number: str, lot_no: int) -> Recalculated | None:
        """The result of stored inputs, None where they are not the canonical text of inputs of that lot, or where
        ``calculate`` would refuse them."""
        try:
            read: StoredInputs = _DECODER.decode(inputs)
            if (read.waybill_number, read.lot_no, read.boundary) != (number, lot_no, BOUNDARY.value):
                return None
            if inputs_text(read) != inputs:
                return None
            return self._calculated(read)
        except (ModalshiftError, KeyError, TypeError, ValueError, ArithmeticError):
            return None

    def _calculated(self, read: StoredInputs) -> Recalculated | None:
        chains = self._chains.get(read.uncertainty_version)
        if chains is None:
            config = CONFIGS[read.uncertainty_version]
            chains = self._chains[read.uncertainty_version] = Chains(self._factors, config)
        on = _day(read.on)
        baseline = [chains.element(item, on) for item in read.baseline]
        project = [chains.element(item, on) for item in read.project]
        if not baseline or not project:
            return None
        return _result(read, baseline, project, chains.mass)


def _result(read: StoredInputs, baseline: Sequence[Made], project: Sequence[Made], mass: Error) -> Recalculated:
    """As ``calculation.calculate`` and ``reduction.shift_v1``: totals, what is credited, and the text of it all."""
    baseline_g, actual_g = sum(item.wtw_g for item in baseline), sum(item.wtw_g for item in project)
    expected_g = baseline_g - actual_g
    shortfall_g, exposures = _exposures(baseline, project, expected_g, mass)
    credited_g = max(0, math.floor(expected_g - shortfall_g))
    saved_g = sum(item.coal_g for item in baseline) - sum(item.coal_g for item in project)
    activity: dict[str, int] = {}
    for item in project:
        if item.mode != HUB:
            activity[item.mode] = activity.get(item.mode, 0) + item.activity_kgkm
    by_mode = tuple(sorted(activity.items()))
    activity_text = "{" + ",".join(f'"{mode}":{amount}' for mode, amount in by_mode) + "}"
    water = [item.tier for item in project if item.mode in WATER_MODES]
    tier = max(water or [item.tier for item in project], key=_RANKS.__getitem__)
    elements = ",".join(
        f'{{"activity_kgkm":{item.activity_kgkm},"co2e_wtw_g":{item.wtw_g},"mode":"{item.mode}",'
        f'"route":{encode_basestring(item.route)},"tier":"{item.tier}"}}'
        for item in project
    )
    kept = f'"exposures":[{exposures}],' if read.budget and exposures else ""
    text = (
        f'{{"activity_kgkm":{activity_text},"actual_ttw_co2_g":{_co2_text(project)},"actual_wtw_g":{actual_g},'
        f'"baseline_kgkm":{sum(item.activity_kgkm for item in baseline)},"baseline_ttw_co2_g":{_co2_text(baseline)},'
        f'"baseline_wtw_g":{baseline_g},"credited_wtw_g":{credited_g},"elements":[{elements}],'
        f'"energy_saved_g":{saved_g},"expected_wtw_g":{expected_g},{kept}'
        f'"factor_ids":[{_ids_text(chain(baseline, project))}],"mass_kg":{read.mass_kg},"tier":"{tier}"}}'
    )
    return Recalculated(
        text.encode(),
        read.mass_kg,
        baseline_g,
        actual_g,
        expected_g,
        credited_g,
        saved_g,
        tier,
        by_mode,
        activity_text,
    )


def _exposures(baseline: Sequence[Made], project: Sequence[Made], expected_g: int, mass: Error) -> tuple[float, str]:
    """How far all errors together lower the reduction, g, and the error sources as a result lists them."""
    exposed: dict[str, list[float]] = {}
    widths: dict[str, Width] = {}
    for sign, elements in ((1, baseline), (-1, project)):
        for item in elements:
            signed_g = sign * item.wtw_g
            for key, share, width in item.errors:
                if key not in exposed:
                    exposed[key], widths[key] = [signed_g * share], width
                else:
                    exposed[key].append(signed_g * share)
                    if width.value > widths[key].value:
                        widths[key] = width
    key, share, width = mass
    exposed.setdefault(key, []).append(expected_g)
    if width.value > widths.setdefault(key, width).value:
        widths[key] = width
    squares, texts = [], []
    for key in sorted(exposed):
        total = math.fsum(exposed[key])
        if total:
            _, down, up, kind_text, rel_text = widths[key]
            squares.append((abs(total) * (up if total < 0 else down)) ** 2)
            texts.append(f"[{encode_basestring(key)}{kind_text}{total!r}{rel_text}")
    return math.sqrt(math.fsum(squares)), ",".join(texts)


def _co2_text(elements: Sequence[Made]) -> str:
    total_g = 0
    for item in elements:
        if item.co2_g is None:
            return "null"
        total_g += item.co2_g
    return str(total_g)


def _ids_text(elements: Iterable[Made]) -> str:
    key = tuple(item.factor_ids for item in elements)
    known = _IDS.get(key)
    if known is None:
        known = _IDS[key] = ",".join(encode_basestring(name) for name in dict.fromkeys(chain.from_iterable(key)))
    return known


def _day(text: str) -> date:
    known = _DAYS.get(text)
    if known is None:
        known = date.fromisoformat(text)
        if known.isoformat() != text:
            raise ValueError(f"not a day as it is written here: {text}")
        _DAYS[text] = known
    return known


_DECODER = msgspec.json.Decoder(StoredInputs)
_IDS: Memo[tuple[tuple[str, ...], ...], str] = Memo()
_DAYS: Memo[str, date] = Memo()
