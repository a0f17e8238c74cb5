"""Return cargo: a vessel that is loaded both ways shares its round trip by tonnes (in the spirit of CDM AM0090).

    share of the cargo out    FR = T / (T + TR)               T tonnes out, TR tonnes on the way back
    what it bears             FR x (fuel out + fuel back)
    against its own voyage    k  = FR x (fuel out + fuel back) / fuel out

Per tonne both ways then emit the same. Without it the cargo of a nearly empty voyage would bear a whole vessel although
the trip is made for the other way's cargo. Nothing is lost or saved by sharing: k_out x fuel out + k_back x fuel back =
fuel out + fuel back, so the reduction of the two voyages together stays what it was. A voyage whose vessel finds no
return cargo has k = 1 and bears, as ever, its own fuel and its class's empty running.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from optimizer.errors import Message
from optimizer.quantities import KG_PER_T


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A loaded voyage and the loaded one that brings its vessel back (or brought it there), as planned together.

    ``load_kg`` and ``fuel_g`` are of the voyage itself, ``return_*`` of the other one. Both must be above zero.
    """

    return_voyage_id: str
    load_kg: int
    return_load_kg: int
    fuel_g: int
    return_fuel_g: int

    def __post_init__(self) -> None:
        if min(self.load_kg, self.return_load_kg, self.fuel_g, self.return_fuel_g) <= 0:
            raise ValueError(f"a round trip is loaded and burns fuel both ways: {self}")

    @property
    def share(self) -> Fraction:
        """FR: the part of the round trip that the cargo of this voyage bears."""
        return return_cargo_share(self.load_kg, self.return_load_kg)

    @property
    def factor(self) -> Fraction:
        """k: what the cargo bears over what its own voyage burns."""
        return self.share * Fraction(self.fuel_g + self.return_fuel_g, self.fuel_g)

    @property
    def words(self) -> Message:
        """The sharing as a sentence."""
        out_t, back_t = self.load_kg / KG_PER_T, self.return_load_kg / KG_PER_T
        share, factor = float(self.share), float(self.factor)
        return Message(
            f"与航次 {self.return_voyage_id} 构成往返（去 {out_t:g} 吨、回 {back_t:g} 吨），"
            f"往返油耗按吨分摊 {share:.2%}，即本航次的 {factor:.4f} 倍（AM0090 之意）。",
            f"round trip with voyage {self.return_voyage_id} ({out_t:g} t one way, {back_t:g} t the other), shared by"
            f" tonnes: {share:.2%} of both, {factor:.4f} x its own voyage (in the spirit of AM0090)",
        )


def return_cargo_share(cargo_kg: int, return_cargo_kg: int) -> Fraction:
    """Share of a round trip that the forward cargo bears, by tonnes: FR = T / (T + TR) (AM0090), exact.

    Raises ValueError when the forward cargo is not above zero or the return cargo is negative.
    """
    if cargo_kg <= 0 or return_cargo_kg < 0:
        raise ValueError("forward cargo above zero, return cargo zero or more")
    return Fraction(cargo_kg, cargo_kg + return_cargo_kg)
