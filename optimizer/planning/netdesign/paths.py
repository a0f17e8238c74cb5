"""The path columns of the linear problem: priced by shortest paths, each kept once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from optimizer.planning.design import Bools, Floats, Indices
from optimizer.planning.netdesign.instance import Instance
from optimizer.planning.netdesign.pricing import UNREACHED, forward_star, price_paths

HASH_SEED = 20_260_701
"""Any fixed number: it makes paths comparable by one integer and changes no answer."""


@dataclass(frozen=True, slots=True)
class Priced:
    """Cheapest paths at some arc prices. ``bound``: the Lagrangian bound of these prices. ``length`` (commodities,) by
    commodity; paths stand in the sequence of ``commodity``, path p in ``arcs[start[p] : start[p + 1]]``."""

    bound: float
    length: Floats
    commodity: Indices
    start: Indices
    arcs: Indices
    load: Floats


class Pricer:
    """Prices all commodities of an instance: one shortest-path tree per origin."""

    def __init__(self, instance: Instance, unit_cost: Floats) -> None:
        self.instance, self.unit_cost = instance, unit_cost
        self.capacity = instance.most_capacity
        self.first, self.arcs = forward_star(instance.nodes, instance.tail)
        self.order = np.argsort(instance.origin, kind="stable")
        self.sources, counts = np.unique(instance.origin, return_counts=True)
        self.starts = np.concatenate([[0], np.cumsum(counts)])

    def price(self, prices: Floats, with_costs: bool = True) -> Priced:
        """Cheapest paths at capacity prices >= 0. Without costs the bound is a proof of infeasibility where it is
        positive: the prices of what must be carried exceed those of all the room there is."""
        instance = self.instance
        cost = np.where(self.capacity > 0, self.unit_cost + prices if with_costs else prices, UNREACHED)
        length, start, arcs = price_paths(
            self.sources,
            self.order,
            self.starts,
            instance.destination,
            self.first,
            self.arcs,
            instance.tail,
            instance.head,
            cost,
        )
        bound = float(instance.demand @ length) - float(prices @ self.capacity)
        amounts = np.repeat(instance.demand[self.order], np.diff(start))
        load = np.bincount(arcs, amounts, minlength=instance.arcs).astype(np.float64)
        return Priced(bound, length, self.order, start, arcs, load)

    def stranded(self) -> Indices:
        """Commodities whose destination cannot be reached over arcs with room."""
        return np.flatnonzero(self.price(np.zeros(self.instance.arcs)).length >= UNREACHED)


class PathPool:
    """Path columns, each (commodity, set of arcs) once."""

    def __init__(self, instance: Instance, unit_cost: Floats) -> None:
        self.unit_cost = unit_cost
        self.arc_key = np.random.default_rng(HASH_SEED).integers(1, 2**61, instance.arcs, dtype=np.int64)
        self.commodity_key = np.random.default_rng(HASH_SEED + 1).integers(
            1, 2**61, instance.commodities, dtype=np.int64
        )
        self.incidence = sp.csc_array((instance.arcs, 0))
        self.commodity: Indices = np.zeros(0, dtype=np.int64)
        self.cost: Floats = np.zeros(0)
        self._keys = np.zeros(0, dtype=np.int64)
        self._waiting: list[tuple[sp.csc_array, Indices, Indices]] = []

    def add(self, priced: Priced, chosen: Bools | None = None) -> int:
        """Take paths (``chosen`` by commodity; None: all) that are not there yet. Returns how many were new."""
        sums = np.concatenate([[0], np.cumsum(self.arc_key[priced.arcs])])
        keys = sums[priced.start[1:]] - sums[priced.start[:-1]] + self.commodity_key[priced.commodity]
        fresh = ~np.isin(keys, self._keys)
        if chosen is not None:
            fresh &= chosen[priced.commodity]
        if not fresh.any():
            return 0
        matrix = sp.csc_array(
            (np.ones(len(priced.arcs)), priced.arcs, priced.start),
            shape=(self.incidence.shape[0], len(priced.commodity)),
        )
        self._waiting.append((matrix[:, np.flatnonzero(fresh)], priced.commodity[fresh], keys[fresh]))
        self._keys = np.concatenate([self._keys, keys[fresh]])
        return int(fresh.sum())

    def settle(self) -> None:
        """Put what was added into the arrays."""
        if not self._waiting:
            return
        new = sp.csc_array(sp.hstack([part[0] for part in self._waiting]))
        self.incidence = sp.csc_array(sp.hstack([self.incidence, new]))
        self.commodity = np.concatenate([self.commodity, *(part[1] for part in self._waiting)])
        self.cost = np.concatenate([self.cost, new.T @ self.unit_cost])
        self._waiting = []

    def keep(self, good: Bools) -> None:
        """Drop the other columns; they may come back. Call only when nothing is waiting."""
        self.incidence = self.incidence[:, np.flatnonzero(good)]
        self.commodity, self.cost, self._keys = self.commodity[good], self.cost[good], self._keys[good]
