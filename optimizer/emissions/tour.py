"""A hull's tour: what it sails empty is borne by the cargo of the tour (rule ``empties-by-tour-v1`` of shift-v1).

A vessel that carries A > B, sails empty B > C and carries C > A makes one round of three voyages. The empty one was
made for both cargoes, so both bear it, by transport activity, which is how ISO 14083 allocates the emissions of a
round trip:

    own part of the empties    W / sum of W       W = planned load x distance of a loaded voyage of the tour, kg·km
    its fuel                   whole grams by largest remainder: the parts of a tour add up to its empties exactly

A tour begins where the hull lies and ends when it is back there, or with the hull's last planned voyage. There and
back with the same way empty, the one cargo bears all of it; loaded both ways over the same distance, kg·km share as
tonnes do, which is what ``round_trip`` (AM0090) does with the loaded fuel itself. What hulls without any cargo sail is
borne by all loaded voyages of their class, so that no empty voyage of a plan is left out and none is counted twice.

The tour is fixed in the waybill when it is issued, before anything is weighed or logged. On the day, the voyage's part
is shared by what was loaded on it: own kg / kg on board.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import NamedTuple

from optimizer.errors import Message
from optimizer.quantities import G_PER_KG, apportion

RULE = "empties-by-tour-v1"
"""Named in every stored tour; another way of sharing gets another name, and this one stays as it is."""


class LoadedVoyage(NamedTuple):
    """A loaded voyage of a tour and its planned transport activity, kg·km; a short list in stored records."""

    voyage_id: str
    activity_kgkm: int


@dataclass(frozen=True)
class Tour:
    """The tour that a loaded voyage is part of, complete in itself.

    ``empties``: its empty voyages, ``empty_fuel_g`` what they are planned to burn together; ``loaded``: the voyages
    that bear it, in order of sailing, ``voyage_id`` among them. ``idle_fuel_g``: this voyage's part of what hulls of
    the class sail that carry nothing at all. Raises ValueError for a voyage that is none of the tour, for activities
    that are not above zero, fuel below zero, or a rule of another name.
    """

    rule: str
    voyage_id: str
    vessel_class: str
    empty_fuel_g: int
    empties: tuple[str, ...]
    loaded: tuple[LoadedVoyage, ...]
    idle_fuel_g: int = field(default=0)

    def __post_init__(self) -> None:
        if self.rule != RULE:
            raise ValueError(f"unknown rule for empty running: {self.rule!r}")
        if [one.voyage_id for one in self.loaded].count(self.voyage_id) != 1:
            raise ValueError(f"{self.voyage_id} is not one voyage of its tour")
        if min(one.activity_kgkm for one in self.loaded) <= 0 or min(self.empty_fuel_g, self.idle_fuel_g) < 0:
            raise ValueError(f"a tour has activities above zero and no fuel below zero: {self}")

    @property
    def share(self) -> Fraction:
        """The part of the tour's empties that this voyage bears, by kg·km."""
        own = next(one.activity_kgkm for one in self.loaded if one.voyage_id == self.voyage_id)
        return Fraction(own, sum(one.activity_kgkm for one in self.loaded))

    @cached_property
    def borne_fuel_g(self) -> int:
        """Fuel of empty running that this voyage bears, whole g: its part of the tour's and of idle hulls'."""
        parts = _apportioned(self.empty_fuel_g, tuple([one.activity_kgkm for one in self.loaded]))
        at = [one.voyage_id for one in self.loaded].index(self.voyage_id)
        return parts[at] + self.idle_fuel_g

    @property
    def words(self) -> Message:
        """The sharing as a sentence."""
        empty_kg, borne_kg = self.empty_fuel_g / G_PER_KG, self.borne_fuel_g / G_PER_KG
        listed = " + ".join(one.voyage_id for one in self.loaded)
        empties, share = ", ".join(self.empties) or "—", float(self.share)
        idle_zh = f"，另计无货船舶空驶 {self.idle_fuel_g / G_PER_KG:g} 千克" if self.idle_fuel_g else ""
        idle_en = f", {self.idle_fuel_g / G_PER_KG:g} kg of hulls without cargo included" if self.idle_fuel_g else ""
        return Message(
            f"本船一程环线：空驶 {empties}（油 {empty_kg:g} 千克）按吨公里由 {listed} 分担，本航次"
            f" {share:.2%}，计 {borne_kg:g} 千克{idle_zh}（ISO 14083 按运输活动分摊，{self.rule}）。",
            f"tour of its hull: the empties {empties} ({empty_kg:g} kg of fuel) are borne by {listed} by tkm,"
            f" {share:.2%} by this voyage, {borne_kg:g} kg{idle_en} (ISO 14083: by transport activity;"
            f" {self.rule})",
        )


@lru_cache(maxsize=4_096)
def _apportioned(fuel_g: int, activities_kgkm: tuple[int, ...]) -> tuple[int, ...]:
    """What each of a tour's loaded voyages bears: every lot on board of any of them asks for the same."""
    return tuple(apportion(fuel_g, activities_kgkm))
