"""Problems as files in the two public formats that ``reader`` reads."""

from __future__ import annotations

from optimizer.errors import InputError, Message
from optimizer.planning.netdesign.instance import Instance


def instance_to_text(instance: Instance) -> str:
    """The problem as a CommaLab file where it is linear, else as a Canad one (then one module per arc).

    Raises InputError for more than one module on an arc, which neither format can say.
    """
    if int(instance.most_modules.max(initial=0)) > 1:
        raise InputError(Message("公开格式每条弧只有一个模块。", "The public formats have one module per arc."))
    arcs = zip(instance.tail + 1, instance.head + 1, instance.unit_cost, instance.capacity, strict=True)
    flows = zip(instance.origin + 1, instance.destination + 1, instance.demand, strict=True)
    carried = [f"{start} {end} {amount:.17g}" for start, end, amount in flows]
    counts = (instance.nodes, instance.arcs, instance.commodities)
    if instance.linear:
        roads = [f"{start} {end} {cost:.17g} {room:.17g}" for start, end, cost, room in arcs]
        return "\n".join([*map(str, counts), *roads, *carried]) + "\n"
    roads = [
        f"{start} {end} {cost:.17g} {room:.17g} {fixed:.17g} 0 0"
        for (start, end, cost, room), fixed in zip(arcs, instance.fixed_cost, strict=True)
    ]
    return "\n".join([instance.name, " ".join(map(str, counts)), *roads, *carried]) + "\n"
