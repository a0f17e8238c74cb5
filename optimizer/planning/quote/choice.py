"""Which options remain, what they are called, and which are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from optimizer.planning.plan import Amounts
from optimizer.planning.quote.records import CHEAPEST, FASTEST, LABEL_NAMES, LOWEST_CARBON, RECOMMENDED, QuoteOption

MAX_SHOWN = 6


def front(options: Sequence[QuoteOption], baseline: QuoteOption | None) -> tuple[QuoteOption, ...]:
    """The options that no other one matches or beats in all of cost, CO2e WTW and arrival, by cost; of equal ones the
    first. The ends and the recommended one carry their labels."""
    kept: list[QuoteOption] = []
    # By cost, then CO2e, then arrival: an option can only be beaten by one before it.
    for option in sorted(options, key=lambda o: o.vector):
        _, wtw_g, arrives_at = option.vector
        if not any(better.vector[1] <= wtw_g and better.vector[2] <= arrives_at for better in kept):
            kept.append(option)
    if not kept:
        return ()
    ends = {
        CHEAPEST: min(kept, key=lambda o: o.vector),
        FASTEST: min(kept, key=lambda o: (o.arrives_at, *o.vector)),
        LOWEST_CARBON: min(kept, key=lambda o: (o.amounts.co2e_wtw_g, *o.vector)),
        RECOMMENDED: recommended(kept, baseline),
    }
    return tuple(replace(o, labels=tuple(name for name in LABEL_NAMES if ends[name] is o)) for o in kept)


def recommended(options: Sequence[QuoteOption], baseline: QuoteOption | None) -> QuoteOption:
    """The cheapest option that arrives in time and emits no more than the road; if there is none, the one that arrives
    first. (The road itself, or what beats it, is such an option wherever the road arrives in time.)"""
    limit_g = baseline.amounts.co2e_wtw_g if baseline else None
    good = [o for o in options if o.late_s == 0 and (limit_g is None or o.amounts.co2e_wtw_g <= limit_g)]
    return min(good, key=lambda o: o.vector) if good else min(options, key=lambda o: (o.arrives_at, *o.vector))


def displayed(pareto: Sequence[QuoteOption]) -> tuple[QuoteOption, ...]:
    """At most :data:`MAX_SHOWN`: the recommended one first, then by cost. Labelled options are chosen before others,
    then one of each kind of route and vessel class before a second, cheaper before dearer."""
    order = [o for o in pareto if o.labels]
    seen = {_manner(o) for o in order}
    first_of_manner: list[QuoteOption] = []
    others: list[QuoteOption] = []
    for option in (o for o in pareto if not o.labels):
        (others if _manner(option) in seen else first_of_manner).append(option)
        seen.add(_manner(option))
    chosen = [*order, *first_of_manner, *others][:MAX_SHOWN]
    return tuple(sorted(chosen, key=lambda o: (RECOMMENDED not in o.labels, *o.vector)))


def with_saving(options: Sequence[QuoteOption], baseline: QuoteOption | None) -> tuple[QuoteOption, ...]:
    """The options with what they save against the road."""
    return tuple(replace(option, saving=saving(option, baseline)) for option in options)


def saving(option: QuoteOption, baseline: QuoteOption | None) -> Amounts | None:
    """Road minus option, negative where the option is worse; None without a road."""
    if baseline is None:
        return None
    road, own = baseline.amounts, option.amounts
    return Amounts(
        road.cost_fen - own.cost_fen,
        road.co2e_ttw_g - own.co2e_ttw_g,
        road.co2e_wtw_g - own.co2e_wtw_g,
        road.duration_s - own.duration_s,
    )


def beside(
    option: QuoteOption | None, pareto: Sequence[QuoteOption], baseline: QuoteOption | None
) -> QuoteOption | None:
    """The option as it stands in the Pareto set, or marked as dominated when it is not in it."""
    if option is None:
        return None
    same = next((o for o in pareto if o.vector == option.vector and o.legs == option.legs), None)
    return same or replace(option, saving=saving(option, baseline), dominated=True)


def _manner(option: QuoteOption) -> tuple[str, tuple[str, ...]]:
    return option.kind, tuple(leg.vehicle_class for leg in option.legs if leg.role == "main")
