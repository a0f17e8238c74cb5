"""Who bears what of a hull's running: the empties of its class or tour, the fuel of a round trip with return cargo.

Pure functions of a plan's voyages; what they say is written into the waybills when these are issued.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.tour import RULE, LoadedVoyage, Tour
from optimizer.planning.plan import Voyage
from optimizer.quantities import apportion, to_integer


def empty_running(voyages: Sequence[Voyage]) -> dict[str, tuple[float, float]]:
    """Per vessel class: fuel of empty voyages over fuel of loaded ones, and empty km over all km, in the plan.
    Carriers' sailings are bought one by one: the empty running of the plan's fleet is not theirs."""
    fuel_g: dict[str, list[int]] = {}
    distance_km: dict[str, list[float]] = {}
    for voyage in voyages:
        if voyage.offer is not None:
            continue
        fuel_g.setdefault(voyage.vessel_class, [0, 0])[voyage.empty] += voyage.fuel_g
        distance_km.setdefault(voyage.vessel_class, [0.0, 0.0])[voyage.empty] += voyage.distance_km
    return {
        name: (
            empty / loaded if loaded else 0.0,
            distance_km[name][1] / sum(distance_km[name]) if sum(distance_km[name]) else 0.0,
        )
        for name, (loaded, empty) in fuel_g.items()
    }


def round_trips(voyages: Sequence[Voyage]) -> dict[str, RoundTrip]:
    """Loaded voyages of one hull that follow each other there and back, by voyage id; each is in one pair at most.

    A hull's voyages are paired in the order in which they sail; an empty one in between, another place or a carrier's
    sailing makes no pair. What is not paired shares nothing and bears its class's empty running alone.
    """
    pairs: dict[str, RoundTrip] = {}
    for sailed in _by_hull(voyages).values():
        for out, back in pairwise(sailed):
            there_and_back = (out.origin, out.destination) == (back.destination, back.origin)
            if there_and_back and out.voyage_id not in pairs and _burns(out) and _burns(back):
                pairs[out.voyage_id] = _round_trip(out, back)
                pairs[back.voyage_id] = _round_trip(back, out)
    return pairs


def _burns(voyage: Voyage) -> bool:
    return not voyage.empty and voyage.load_kg > 0 and voyage.fuel_g > 0


def _round_trip(one: Voyage, other: Voyage) -> RoundTrip:
    return RoundTrip(other.voyage_id, one.load_kg, other.load_kg, one.fuel_g, other.fuel_g)


def tours(voyages: Sequence[Voyage]) -> dict[str, Tour]:
    """The tour of every loaded voyage of the plan's own and spot hulls, by voyage id (rule ``empties-by-tour-v1``).

    A hull's voyages in the order of sailing are cut where it is back at the place where the tour began. A round without
    cargo belongs to the tour after it, the last ones to the tour before. The parts of all tours, with those of hulls
    that carry nothing, add up to the fuel of all empty voyages exactly, as long as anything is loaded.
    """
    found: dict[str, Tour] = {}
    idle: dict[str, int] = {}
    for sailed in _by_hull(voyages).values():
        for tour in _cut(sailed):
            loaded = tuple(LoadedVoyage(one.voyage_id, _activity_kgkm(one)) for one in tour if _carries(one))
            empties = [one for one in tour if not _carries(one)]
            fuel_g = sum(one.fuel_g for one in empties)
            for one in loaded:
                names = tuple(empty.voyage_id for empty in empties)
                found[one.voyage_id] = Tour(RULE, one.voyage_id, tour[0].vessel_class, fuel_g, names, loaded)
            if not loaded:
                idle[tour[0].vessel_class] = idle.get(tour[0].vessel_class, 0) + fuel_g
    return {**found, **_with_idle(found, idle)}


def _with_idle(found: Mapping[str, Tour], idle: Mapping[str, int]) -> dict[str, Tour]:
    """The tours that also bear what hulls without cargo burn: those of the class, of all classes where it carries
    nothing."""
    extra_g: dict[str, int] = {}
    for vessel_class, fuel_g in sorted(idle.items()):
        bearers = [tour for tour in found.values() if tour.vessel_class == vessel_class] or list(found.values())
        if not bearers:
            break
        weights = [next(one.activity_kgkm for one in t.loaded if one.voyage_id == t.voyage_id) for t in bearers]
        for tour, part_g in zip(bearers, apportion(fuel_g, weights), strict=True):
            extra_g[tour.voyage_id] = extra_g.get(tour.voyage_id, 0) + part_g
    return {name: replace(found[name], idle_fuel_g=part_g) for name, part_g in extra_g.items()}


def _cut(sailed: Sequence[Voyage]) -> Iterator[list[Voyage]]:
    """A hull's voyages as tours, each with cargo; one without any where the hull carries nothing at all."""
    done: list[list[Voyage]] = []
    tour: list[Voyage] = []
    for voyage in sailed:
        tour.append(voyage)
        if voyage.destination == tour[0].origin and any(_carries(one) for one in tour):
            done.append(tour)
            tour = []
    if tour and done and not any(_carries(one) for one in tour):
        done[-1] += tour
    elif tour:
        done.append(tour)
    yield from done


def _by_hull(voyages: Sequence[Voyage]) -> dict[str, list[Voyage]]:
    """The voyages of each hull of the plan in the order in which it sails them; carriers' sailings are left out."""
    by_hull: dict[str, list[Voyage]] = {}
    for voyage in sorted(voyages, key=lambda item: (item.departs_at, item.voyage_id)):
        if voyage.offer is None:
            by_hull.setdefault(voyage.vessel_id, []).append(voyage)
    return by_hull


def _carries(voyage: Voyage) -> bool:
    return not voyage.empty and voyage.load_kg > 0


def _activity_kgkm(voyage: Voyage) -> int:
    return max(1, to_integer(voyage.load_kg * voyage.distance_km))
