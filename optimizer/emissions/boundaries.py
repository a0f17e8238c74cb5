"""Two emission boundaries that never mix.

``WTW_CO2E``: energy provision plus operation, all greenhouse gases (ISO 14083, trade, product footprints).
``TTW_CO2``: operation only, carbon dioxide only (domestic accounts, scope of GB/T 46531-2025).

Each has its own amount type, so that a type checker refuses to subtract one from the other, and the operators refuse it
at run time with a BoundaryError.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from optimizer.errors import BoundaryError, Message


class Boundary(StrEnum):
    """What a number of emissions covers."""

    WTW_CO2E = "wtw_co2e"
    TTW_CO2 = "ttw_co2"


@dataclass(frozen=True, slots=True)
class WtwCo2e:
    """Grams of CO2e, operation (``ttw_g``) and energy provision (``wtt_g``) apart; both integers."""

    ttw_g: int
    wtt_g: int

    @property
    def total_g(self) -> int:
        """Well-to-wheel (wake): TTW + WTT."""
        return self.ttw_g + self.wtt_g

    def __add__(self, other: WtwCo2e) -> WtwCo2e:
        if not isinstance(other, WtwCo2e):
            refuse_mixing(self, other)
        return WtwCo2e(self.ttw_g + other.ttw_g, self.wtt_g + other.wtt_g)

    def __sub__(self, other: WtwCo2e) -> WtwCo2e:
        if not isinstance(other, WtwCo2e):
            refuse_mixing(self, other)
        return WtwCo2e(self.ttw_g - other.ttw_g, self.wtt_g - other.wtt_g)


@dataclass(frozen=True, slots=True)
class TtwCo2:
    """Grams of CO2 from operation, an integer."""

    ttw_g: int

    @property
    def total_g(self) -> int:
        """The operation is all there is inside this boundary."""
        return self.ttw_g

    def __add__(self, other: TtwCo2) -> TtwCo2:
        if not isinstance(other, TtwCo2):
            refuse_mixing(self, other)
        return TtwCo2(self.ttw_g + other.ttw_g)

    def __sub__(self, other: TtwCo2) -> TtwCo2:
        if not isinstance(other, TtwCo2):
            refuse_mixing(self, other)
        return TtwCo2(self.ttw_g - other.ttw_g)


def refuse_mixing(left: object, right: object) -> NoReturn:
    """Raise the BoundaryError for an operation on amounts of different kinds."""
    names = type(left).__name__, type(right).__name__
    raise BoundaryError(
        Message(
            f"排放边界不同（{names[0]} 与 {names[1]}），不能相加减；两项须在同一边界内核算。",
            f"Emission boundaries differ ({names[0]} and {names[1]}); both must be computed inside one boundary.",
        )
    )
