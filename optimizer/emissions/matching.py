"""How a lookup chooses among factors: by day, by region, by size class, and the sentence that says so.

Every choice is deterministic, and every departure from an exact match is put into words for the document that prints
the number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from optimizer.emissions.factor import Factor, Match
from optimizer.errors import FactorError, Message
from optimizer.network.model import Mode


def valid_rows(found: Sequence[Factor], on: date, wanted: str) -> list[Factor]:
    """The rows valid on a day, or a FactorError that says whether there was none at all or none for the day."""
    if not found:
        raise FactorError(
            Message(
                f"没有适用于 {wanted} 的排放因子；请在 factors.csv 中补充一行并注明来源。",
                f"No emission factor fits {wanted}; add a row with its source to factors.csv.",
            )
        )
    valid = [factor for factor in found if factor.valid_on(on)]
    if not valid:
        spans = "; ".join(f"{f.factor_id} {f.valid_from}..{f.valid_to or ''}" for f in found)
        raise FactorError(
            Message(
                f"{wanted} 的因子在 {on} 均不在有效期内（{spans}）；请补充该日有效的版本。",
                f"No factor for {wanted} is valid on {on} ({spans}); add a version that covers the day.",
            )
        )
    return valid


def by_region(found: Sequence[Factor], region: str) -> Match:
    """The row of the region, else of a wider region that holds it (longest prefix), else of another region."""
    within = [f for f in found if region == f.region or region.startswith(f"{f.region}-")]
    if not within:
        factor = min(found, key=lambda f: (f.region, f.factor_id))
        return Match(
            factor,
            "other_region",
            Message(
                f"{region} 没有因子，借用 {factor.region} 的值。",
                f"no factor for {region}; the one of {factor.region} stands in",
            ),
        )
    factor = max(within, key=lambda f: len(f.region))
    if factor.region != region:
        how = Message(
            f"{region} 没有单列因子，采用 {factor.region}。", f"no row of its own for {region}; {factor.region} is used"
        )
        return Match(factor, "wider_region", how)
    return Match(factor, "exact", Message("与用途、地区完全相符。", "exact use and region"))


def by_size(found: Sequence[Factor], size_t: float | None, mode: Mode, region: str) -> Match:
    """Choose the size class, then the region inside it."""
    unsized = [f for f in found if f.size_min_t is None and f.size_max_t is None]
    sized = [f for f in found if f not in unsized]
    if not sized:
        match = by_region(unsized, region)
        note = Message("该方式不分吨级。", "one value for all sizes of this mode")
        return Match(match.factor, "unsized", _joined(note, match))
    if size_t is None:
        raise FactorError(
            Message(
                f"{mode} 的默认因子按吨级划分，请给出船舶载重吨或车辆总质量。",
                f"Default factors of {mode} go by size; give the deadweight or the gross mass.",
            )
        )
    inside = [f for f in sized if f.contains_size(size_t)]
    if inside:
        return by_region(inside, region)
    smaller = [f for f in sized if f.size_max_t is not None and f.size_max_t <= size_t]
    if smaller:
        edge = max(f.size_max_t or 0.0 for f in smaller)
        match = by_region([f for f in smaller if f.size_max_t == edge], region)
        note = Message(
            f"{size_t:g} 吨没有对应吨级，取较小的相邻吨级。", f"no class holds {size_t:g} t; nearest smaller"
        )
        return Match(match.factor, "nearest_smaller", _joined(note, match))
    edge = min(f.size_min_t or 0.0 for f in sized)
    match = by_region([f for f in sized if (f.size_min_t or 0.0) == edge], region)
    note = Message(
        f"{size_t:g} 吨小于所有吨级，只能取最小吨级，结果偏低。",
        f"{size_t:g} t is below every class; the smallest stands in and understates",
    )
    return Match(match.factor, "nearest_larger", _joined(note, match))


def _joined(note: Message, match: Match) -> Message:
    if match.code == "exact":
        return note
    return Message(f"{note.zh}{match.how.zh}", f"{note.en}; {match.how.en}")
