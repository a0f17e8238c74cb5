"""Recompute an answer from nothing but the problem: in plain loops, without the solver's arrays or kernels."""

from __future__ import annotations

from collections import defaultdict

from optimizer.errors import Message
from optimizer.planning.netdesign.instance import Design, Instance

TOLERANCE = 1e-6
"""Relative to the amounts compared."""


def recomputed_cost(instance: Instance, design: Design) -> float:
    """The objective, added up one by one."""
    cost = 0.0
    for arc, amount in zip(design.flow_arc.tolist(), design.flow_amount.tolist(), strict=True):
        cost += float(instance.unit_cost[arc]) * amount
    for arc, modules in enumerate(design.modules.tolist()):
        cost += float(instance.fixed_cost[arc]) * modules
    return cost


def violations(instance: Instance, design: Design) -> list[Message]:
    """What a design breaks: modules beyond their limit, arcs beyond their room, flow that appears or vanishes."""
    found: list[Message] = []
    load: dict[int, float] = defaultdict(float)
    surplus: dict[tuple[int, int], float] = defaultdict(float)
    for arc, commodity, amount in zip(
        design.flow_arc.tolist(), design.flow_commodity.tolist(), design.flow_amount.tolist(), strict=True
    ):
        if amount < 0:
            found.append(
                Message(f"弧 {arc} 上货流 {commodity} 为负。", f"Arc {arc} has a negative flow of {commodity}.")
            )
        load[arc] += amount
        surplus[commodity, int(instance.tail[arc])] -= amount
        surplus[commodity, int(instance.head[arc])] += amount
    for arc, modules in enumerate(design.modules.tolist()):
        if not 0 <= modules <= int(instance.most_modules[arc]):
            found.append(Message(f"弧 {arc} 的模块数 {modules} 超限。", f"Arc {arc} has {modules} modules."))
        room = float(instance.capacity[arc]) * modules
        if load[arc] > room + TOLERANCE * max(1.0, room):
            found.append(
                Message(f"弧 {arc} 超载：{load[arc]:g} > {room:g}。", f"Arc {arc} carries {load[arc]:g} of {room:g}.")
            )
    for commodity in range(instance.commodities):
        amount = float(instance.demand[commodity])
        surplus[commodity, int(instance.origin[commodity])] += amount
        surplus[commodity, int(instance.destination[commodity])] -= amount
    for (commodity, node), amount in sorted(surplus.items()):
        if abs(amount) > TOLERANCE * max(1.0, float(instance.demand[commodity])):
            found.append(
                Message(
                    f"货流 {commodity} 在节点 {node} 不守恒：{amount:g}。",
                    f"Commodity {commodity} is not conserved at node {node}: {amount:g}.",
                )
            )
    return found
