"""Multicommodity capacitated network design, as plain arrays.

    min  sum over arcs a, commodities k of  unit_cost[a] * flow[k, a]  +  sum over arcs of fixed_cost[a] * modules[a]
    with each commodity's demand carried from its origin to its destination (it may split),
         sum over k of flow[k, a] <= capacity[a] * modules[a],  modules[a] whole, 0 <= modules[a] <= most_modules[a].

Where no arc has a fixed cost, all modules are free and this is the linear multicommodity flow problem. Quantities,
costs and capacities are in the units of the data; nothing here knows of ships.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.errors import InputError, Message
from optimizer.planning.design import Floats, Indices

MOST_DENSE = 50_000_000
"""Commodities times arcs that the fixed-charge solver keeps in memory (400 MB)."""
MOST_COST = 1e15
"""What all demand over the dearest arc and all modules may cost at most: beyond it a float does not tell units."""

MOST_NAMED = 5
"""Commodities that a message names."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A problem. Nodes count from 0. Arrays of arcs have shape (arcs,), those of commodities (commodities,).

    ``capacity``, ``unit_cost`` and ``fixed_cost`` are per module or per unit of flow; all are >= 0, demands > 0. Raises
    InputError where shapes or ranges are wrong; readers of files name lines before it comes to that.
    """

    name: str
    nodes: int
    tail: Indices
    head: Indices
    capacity: Floats
    unit_cost: Floats
    fixed_cost: Floats
    most_modules: Indices
    origin: Indices
    destination: Indices
    demand: Floats

    def __post_init__(self) -> None:
        arcs = (self.tail, self.head, self.capacity, self.unit_cost, self.fixed_cost, self.most_modules)
        commodities = (self.origin, self.destination, self.demand)
        _require(len({len(part) for part in arcs}) == 1, "弧的数组长度不一", "the arrays of arcs differ in length")
        _require(
            len({len(part) for part in commodities}) == 1,
            "货流的数组长度不一",
            "the arrays of commodities differ in length",
        )
        for ends in (self.tail, self.head, self.origin, self.destination):
            _require(
                bool(np.all((ends >= 0) & (ends < self.nodes))),
                "端点应在 0 与节点数之间",
                "ends should lie between 0 and the number of nodes",
            )
        for amounts in (self.capacity, self.unit_cost, self.fixed_cost, self.most_modules, self.demand):
            _require(
                bool(np.all(np.isfinite(amounts) & (amounts >= 0))),
                "数量、费用与能力应为非负有限数",
                "amounts, costs and capacities should be finite and not negative",
            )
        _require(bool(np.all(self.demand > 0)), "需求应为正数", "demands should be positive")
        _require(
            bool(np.all(self.origin != self.destination)),
            "货流的起点与终点应不同",
            "origin and destination of a commodity should differ",
        )

        modules = float(self.fixed_cost @ self.most_modules)
        dearest = float(self.unit_cost.max(initial=0.0)) * float(self.demand.sum()) + modules
        _require(
            dearest <= MOST_COST,
            f"全部需求走最贵的弧加全部模块的费用不应超过 {MOST_COST:g}，请换较大的单位",
            f"all demand over the dearest arc and all modules should cost at most {MOST_COST:g}; use larger units",
        )

    @property
    def arcs(self) -> int:
        """Number of arcs."""
        return len(self.tail)

    @property
    def commodities(self) -> int:
        """Number of commodities."""
        return len(self.demand)

    @property
    def linear(self) -> bool:
        """Whether modules cost nothing, so that it is a linear program."""
        return not bool(np.any(self.fixed_cost > 0))

    @property
    def most_capacity(self) -> Floats:
        """Capacity of each arc with all its modules, shape (arcs,)."""
        return np.asarray(self.capacity * self.most_modules, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Design:
    """An answer: whole modules per arc, and flow as triplets (arc, commodity, amount > 0) in ascending order."""

    modules: Indices
    flow_arc: Indices
    flow_commodity: Indices
    flow_amount: Floats


@dataclass(frozen=True, slots=True)
class Result:
    """What a solve came to.

    ``status``: optimal (gap closed to what was asked) | feasible | infeasible (proven) | no_solution (stopped before
    one was found, or infeasibility not proven). ``ending``: gap | work | time_limit | interrupt | infeasible.
    ``reason`` says why it is infeasible. ``bound`` is proven by exact pricing, in all open nodes where it was raised by
    branching, for small fixed-charge problems by branch and bound of HiGHS; it is infinite for infeasible problems.
    ``objective`` is None without a design.
    """

    status: str
    ending: str
    design: Design | None
    objective: float | None
    bound: float
    work: int
    reason: Message | None = None

    @property
    def gap(self) -> float | None:
        """(objective - bound) / |objective|; None without a design."""
        if self.objective is None:
            return None
        return max(0.0, self.objective - self.bound) / max(abs(self.objective), 1e-9)

    @classmethod
    def without_way(cls, instance: Instance, stranded: Indices) -> Result:
        """Infeasible: these commodities have no way at all. They and their nodes are named as in the files, from 1."""
        named = [f"{k + 1} ({instance.origin[k] + 1}-{instance.destination[k] + 1})" for k in stranded[:MOST_NAMED]]
        more = len(stranded) - len(named)
        reason = Message(
            f"货流 {'、'.join(named)}{f' 等 {len(stranded)} 个' if more else ''}无路可达终点",
            f"no way leads to the destination of commodity {', '.join(named)}{f' and {more} more' if more else ''}",
        )
        return cls("infeasible", "infeasible", None, None, np.inf, 0, reason)

    @classmethod
    def without_room(cls, work: int) -> Result:
        """Infeasible: arc prices prove that all modules together cannot carry the demand."""
        reason = Message("全部模块开通也装不下需求", "all modules together have too little room for the demand")
        return cls("infeasible", "infeasible", None, None, np.inf, work, reason)

    @classmethod
    def of_nothing(cls, arcs: int) -> Result:
        """The optimum where there is nothing to carry."""
        none = np.zeros(0, dtype=np.int64)
        design = Design(np.zeros(arcs, dtype=np.int64), none, none, np.zeros(0))
        return cls("optimal", "gap", design, 0.0, 0.0, 0)


@dataclass(frozen=True, slots=True)
class Progress:
    """Told while solving. ``objective`` None: no design yet. ``columns``: path columns or search steps so far."""

    stage: str
    seconds: float
    objective: float | None
    bound: float
    columns: int

    @property
    def gap(self) -> float | None:
        """(objective - bound) / |objective|; None without a design."""
        if self.objective is None:
            return None
        return max(0.0, self.objective - self.bound) / max(abs(self.objective), 1e-9)


@dataclass(frozen=True, slots=True)
class Settings:
    """When to stop: at a proven relative gap, after an amount of work, or after a time (None: no limit). Equal seeds
    give equal bytes unless the time limit or an interrupt struck. ``work`` counts rounds; None lets the solver end when
    its plan of rounds is done. ``threads``: 1 or 2 kernels at once; the answer depends on it, not on their speed."""

    gap: float = 1e-6
    time_limit_s: float | None = 60.0
    work: int | None = None
    seed: int = 0
    threads: int = 2


def cost_of(instance: Instance, design: Design) -> float:
    """The objective of a design."""
    flow = float(np.sum(instance.unit_cost[design.flow_arc] * design.flow_amount))
    return flow + float(instance.fixed_cost @ design.modules)


def _require(holds: bool, zh: str, en: str) -> None:
    if not holds:
        raise InputError(Message(f"网络设计问题有误：{zh}。", f"The network design problem is wrong: {en}."))
