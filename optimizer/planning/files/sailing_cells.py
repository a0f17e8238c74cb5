"""One cell of a sailings table to one value: tonnes, money, cargo groups. The others read as in a shipments table."""

from __future__ import annotations

import re
from decimal import Decimal

from optimizer.errors import Message
from optimizer.network.model import Cargo, Network
from optimizer.planning.files.shipment_cells import Cell, CellError, number_and_unit, parse_mass_kg, plain, quoted
from optimizer.planning.routing.places import NameIndex, name_key

MAX_YUAN = 1_000_000_000
_PER_TONNE_UNITS = {"", "元/吨", "元/t", "yuan/t", "cny/t", "rmb/t", "元", "yuan"}
_YUAN_UNITS = {"", "元", "yuan", "cny", "rmb"}
_BETWEEN_GROUPS = re.compile(r"[;,、|/，；\s]+")


def parse_capacity_kg(cell: Cell) -> int:
    """Whole kilograms that a sailing loads at most. Raises CellError as ``parse_mass_kg``."""
    return parse_mass_kg(cell)


def parse_least_kg(cell: Cell) -> int:
    """Whole kilograms that a sailing needs at least; empty or 0: none. Raises CellError as ``parse_mass_kg``."""
    text = plain(cell)
    if text == "" or number_and_unit(cell, "least load", "最低载量")[0] == 0:
        return 0
    return parse_mass_kg(cell)


def parse_price_yuan_per_t(cell: Cell) -> float:
    """Yuan per tonne. Raises CellError: missing_value, not_a_number, unknown_unit, bad_price."""
    if plain(cell) == "":
        raise CellError("missing_value", Message("此格为空；请填写运价。", "This cell is empty; enter the price."))
    return _yuan(cell, _PER_TONNE_UNITS, "price", "运价")


def parse_fixed_yuan(cell: Cell) -> float:
    """Yuan for the sailing as a whole; empty: 0. Raises CellError: not_a_number, unknown_unit, bad_price."""
    return 0.0 if plain(cell) == "" else _yuan(cell, _YUAN_UNITS, "fixed price", "固定费用")


def _yuan(cell: Cell, units: set[str], noun_en: str, noun_zh: str) -> float:
    number, unit = number_and_unit(cell.lstrip("¥￥ ") if isinstance(cell, str) else cell, noun_en, noun_zh)
    if unit.casefold() not in units:
        raise CellError(
            "unknown_unit",
            Message(
                f"“{quoted(unit)}”不是认识的{noun_zh}单位；请只写数字，例如 32.5。",
                f"'{quoted(unit)}' is no known unit of a {noun_en}; write the number alone, for example 32.5.",
            ),
        )
    if not 0 <= number <= Decimal(MAX_YUAN):
        raise CellError(
            "bad_price",
            Message(
                f"{noun_zh}“{quoted(cell)}”应在 0 到 10 亿元之间。",
                f"The {noun_en} '{quoted(cell)}' should be between 0 and 1,000,000,000 yuan.",
            ),
        )
    return float(number)


class CargoGroups:
    """Reads lists of cargo groups such as ``coal;ore`` or ``煤炭、钢材``: groups by id, or goods by code or name."""

    def __init__(self, network: Network, cargo: NameIndex[Cargo]) -> None:
        self._groups = {name_key(item.cargo_group): item.cargo_group for item in network.cargo.values()}
        self._cargo = cargo

    def parse(self, cell: Cell) -> tuple[str, ...]:
        """The groups in order, each once; empty: (), all that the vessel may carry. Raises CellError:
        unknown_cargo."""
        found: dict[str, None] = {}
        for word in _BETWEEN_GROUPS.split(plain(cell)):
            if word:
                found[self._group(word)] = None
        return tuple(found)

    def _group(self, word: str) -> str:
        goods = self._cargo.find(word)
        group = self._groups.get(name_key(word)) or (goods.cargo_group if goods is not None else None)
        if group is None:
            names = "、".join(sorted(self._groups.values())), ", ".join(sorted(self._groups.values()))
            raise CellError(
                "unknown_cargo",
                Message(
                    f"不认识的货类组“{quoted(word)}”；请用分号分隔，写：{names[0]}。",
                    f"Unknown cargo group '{quoted(word)}'; separate by semicolons, write: {names[1]}.",
                ),
            )
        return group
