"""The one-page report for a bank (碳征信): what an enterprise shifted, saved and can prove, beside its peers.

Everything comes from the statement of the period and from the city's kept sums of the same month, in which corrections
count where they are booked, as in the statement; nothing is estimated here. The benchmark compares transport intensity
(g CO2e WTW per tkm, whole ways) with the other enterprises of the period that have settled lots; its colours are
versioned configuration (:data:`COLOURS`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optimizer.accounts.city import CityAmounts
from optimizer.accounts.ledger import Kind
from optimizer.accounts.statement import Movement, Statement
from optimizer.errors import Message

LEAST_PEERS = 3
"""With fewer enterprises to compare with there is no percentile: it would give their figures away."""


@dataclass(frozen=True, slots=True)
class ColourScale:
    """From which percentile on which colour: (least percentile, colour), highest first."""

    version: str
    steps: tuple[tuple[int, str], ...]

    def colour(self, percentile: int | None) -> str:
        """deep_green | green | yellow | red, or ``none`` without a percentile."""
        if percentile is None:
            return "none"
        return next(colour for least, colour in self.steps if percentile >= least)


COLOURS = ColourScale("colours-1", ((75, "deep_green"), (50, "green"), (25, "yellow"), (0, "red")))
"""Quartiles, as the four-colour labels of the city's other accounts; change them with a new version name."""

COLOUR_NAMES: Mapping[str, Message] = {
    "deep_green": Message("深绿", "deep green"),
    "green": Message("绿", "green"),
    "yellow": Message("黄", "yellow"),
    "red": Message("红", "red"),
    "none": Message("不评级", "not rated"),
}


@dataclass(frozen=True, slots=True)
class BankReport:
    """Figures of one enterprise and period. Mass in kg, activity kg·km, emissions g CO2e WTW.

    ``lots``: settled in the period, less those reversed in it. ``verified_mass_kg`` of ``shipped_mass_kg`` is settled,
    the rest still open. ``primary_credited_g``: credited to lots that rest on primary data. ``percentile``: share of
    peers with a higher intensity, 0 to 100, None with fewer than :data:`LEAST_PEERS` peers. ``restatements``:
    corrections booked in the period.
    """

    statement: Statement
    lots: int
    shipped_mass_kg: int
    verified_mass_kg: int
    activity_kgkm: Mapping[str, int]
    baseline_g: int
    actual_g: int
    expected_g: int
    credited_g: int
    primary_credited_g: int
    restatements: int
    percentile: int | None
    peers: int
    scale: ColourScale

    @property
    def colour(self) -> str:
        """The colour of the percentile."""
        return self.scale.colour(self.percentile)

    @property
    def water_kgkm(self) -> int:
        """Activity by inland waterway and sea."""
        return self.activity_kgkm.get("InlandWaterway", 0) + self.activity_kgkm.get("Sea", 0)

    @property
    def intensity_g_per_tkm(self) -> float | None:
        """Actual emissions per tkm of the whole ways, None without activity, or with less than none."""
        activity_kgkm = sum(self.activity_kgkm.values())
        return self.actual_g / (activity_kgkm / 1000) if activity_kgkm > 0 else None


def bank_report(
    statement: Statement, settled: Mapping[str, CityAmounts], open_mass_kg: int, scale: ColourScale = COLOURS
) -> BankReport:
    """The report of a statement's account. ``settled``: what each enterprise settled in the period, by its id;
    ``open_mass_kg``: the enterprise's lots that are due in the period and not settled."""
    own = [movement for movement in statement.movements if movement.consigned]
    activity: dict[str, int] = {}
    for movement in own:
        for mode, amount in movement.activity_kgkm.items():
            activity[mode] = activity.get(mode, 0) + amount
    party_id = statement.account.party_id
    own_amounts = settled.get(party_id, CityAmounts())
    percentile, peers = percentile_among_peers(party_id, settled)
    return BankReport(
        statement=statement,
        lots=own_amounts.lots,
        shipped_mass_kg=own_amounts.mass_kg + open_mass_kg,
        verified_mass_kg=own_amounts.mass_kg,
        activity_kgkm=activity,
        baseline_g=sum(movement.baseline_g for movement in own),
        actual_g=sum(movement.actual_g for movement in own),
        expected_g=sum(movement.expected_g for movement in own),
        credited_g=sum(movement.credited_g for movement in own),
        primary_credited_g=_primary_credited_g(own),
        restatements=sum(movement.kind in (Kind.RESTATE, Kind.REVERSE) for movement in own),
        percentile=percentile,
        peers=peers,
        scale=scale,
    )


def _primary_credited_g(own: Sequence[Movement]) -> int:
    """What the lots whose last entry of the period rests on primary data were credited in it. All of it: a restatement
    changes the credit by a little, and puts the whole of it on other data."""
    tier = {(movement.waybill_number, movement.lot_no): movement.tier for movement in own}
    return sum(item.credited_g for item in own if tier[item.waybill_number, item.lot_no] == "primary")


def percentile_among_peers(party_id: str, settled: Mapping[str, CityAmounts]) -> tuple[int | None, int]:
    """The share of other enterprises whose settled lots have a higher intensity, in whole per cent, and their number.

    None for an enterprise without settled lots, or with fewer than LEAST_PEERS others. Ties count as half; a month in
    which corrections leave no activity has no intensity.
    """
    intensity = {
        party: amounts.actual_g / amounts.activity_kgkm
        for party, amounts in settled.items()
        if amounts.activity_kgkm > 0
    }
    peers = len(intensity) - (party_id in intensity)
    if party_id not in intensity or peers < LEAST_PEERS:
        return None, peers
    mine = intensity.pop(party_id)
    higher = sum(1.0 if other > mine else 0.5 if other == mine else 0.0 for other in intensity.values())
    return int(100 * higher / peers), peers
