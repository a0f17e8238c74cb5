"""Cost against CO2e: what the next tonne of CO2e costs to avoid, from the cheapest plan to the cleanest.

Every point is a plan of least cost + price x CO2e at some price of carbon (or of least cost under a cap), with a bound
that is proven for that price or cap. The two ends come first (price 0, and a price that outweighs everything); then
the price at which two neighbours would tie is asked for, where the two lie farthest apart. Where every price gives
plans that are known, a cap on CO2e half way between two neighbours finds those that no price can. What a point costs
and emits is read from its plan, so that a point that another one beats on both counts is left out.

Time and space are laid out once for all points, wide enough for any price; each point begins from the plan and the
row prices of its neighbour (``warm``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from optimizer.emissions.factors import FactorTable
from optimizer.network.model import Network
from optimizer.planning.answer.writing import with_rejected, written
from optimizer.planning.offer import Offer
from optimizer.planning.plan import Plan
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from optimizer.planning.solving.carbon_price import repriced
from optimizer.planning.solving.problem import Problem, Start
from optimizer.planning.solving.problem_layout import lay_out, task_of
from optimizer.planning.solving.search import Search
from optimizer.planning.watch import Tell, Watch
from optimizer.quantities import G_PER_T

CLEANEST_YUAN_PER_T = 100_000.0
"""A price of carbon at which CO2e outweighs everything: a thousand times what is paid today."""
LEAST_POINTS = 2
TRIES_PER_POINT = 3
"""Prices asked for, for each point wanted: beyond that the plans between two neighbours are the neighbours again."""
CAPS_AT = (0.5, 0.75, 0.95)
"""Where between two neighbours a cap is tried, counted from the cleaner one: what is found there may be that one."""


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """One plan: ``weighed_yuan`` is money, time and lateness without carbon; ``cost_yuan`` money alone.
    ``bound_yuan`` <= weighed + price x CO2e of every plan (that keeps the cap, where there is one); ``gap`` is how
    far this plan is from it at most, of what is weighed. ``marginal_yuan_per_t``: what each tonne of CO2e costs to
    avoid since the cheaper neighbour (0: none)."""

    carbon_price_yuan_per_t: float
    co2e_cap_t: float | None
    weighed_yuan: float
    cost_yuan: float
    co2e_wtw_t: float
    water_share_t: float
    objective_yuan: float
    bound_yuan: float
    gap: float
    status: str
    seconds: float
    marginal_yuan_per_t: float = 0.0


@dataclass(frozen=True, slots=True)
class Frontier:
    """Points in order of cost, each cleaner than the one before. ``dominated`` counts plans that were left out."""

    points: tuple[FrontierPoint, ...]
    dominated: int
    seconds: float


Question = tuple[float, float | None]
"""A price of carbon, and a cap on t CO2e (None: none)."""


@dataclass(frozen=True, slots=True)
class _Solved:
    """``plan`` is handed on and forgotten: a month's plan takes some ten megabytes."""

    point: FrontierPoint
    start: Start | None
    plan: Plan | None


def frontier(
    shipments: Sequence[Shipment],
    network: Network,
    factors: FactorTable,
    settings: PlanSettings,
    points: int,
    *,
    clock: Callable[[], float],
    tell: Tell = lambda progress: None,
    tell_point: Callable[[FrontierPoint], None] = lambda point: None,
    keep_plan: Callable[[FrontierPoint, Plan], None] = lambda point, plan: None,
    go_on: Callable[[], bool] = lambda: True,
    offers: Sequence[Offer] = (),
    warm: bool = True,
) -> Frontier:
    """At least two and at most ``points`` plans between least cost and least CO2e; fewer only where no price asked for
    gave another one. ``settings``: as for a plan; its carbon price and cap do not matter, gap and time limit are those
    of each point. ``keep_plan`` is handed the plan of each point when it is found, before it is known whether another
    one beats it. Once ``go_on`` says no, or after a KeyboardInterrupt (the point being made then is the best plan so
    far), the points found so far are the frontier. Raises what ``plan_shipments`` raises, and KeyboardInterrupt where
    no point was found yet."""
    begun = clock()
    line = _Line(shipments, network, factors, settings, offers, clock, tell, warm)
    found: list[_Solved] = []
    asked: set[Question] = set()
    for _ in range(LEAST_POINTS + TRIES_PER_POINT * max(points - LEAST_POINTS, 0)):
        best = _undominated(found)
        question = _next_question(best, asked)
        if len(best) >= points or question is None or not go_on():
            break
        asked.add(question)
        try:
            solved = line.at(question, _nearest(found, question))
        except KeyboardInterrupt:
            if not found:
                raise
            break
        if solved is not None:
            found.append(_Solved(solved.point, solved.start, None))
            tell_point(solved.point)
            if solved.plan is not None:
                keep_plan(solved.point, solved.plan)
        if line.interrupted:
            break
    return _frontier(found, clock() - begun)


def frontier_of(points: Sequence[FrontierPoint], seconds: float) -> Frontier:
    """The frontier of points that were found: for whoever was interrupted and has no more than these."""
    return _frontier([_Solved(point, None, None) for point in points], seconds)


def _frontier(found: Sequence[_Solved], seconds: float) -> Frontier:
    best = _undominated(found)
    return Frontier(_with_marginals(best), len(found) - len(best), seconds)


class _Line:
    """One task, planned at one price after another."""

    def __init__(
        self,
        shipments: Sequence[Shipment],
        network: Network,
        factors: FactorTable,
        settings: PlanSettings,
        offers: Sequence[Offer],
        clock: Callable[[], float],
        tell: Tell,
        warm: bool,
    ) -> None:
        self.shipments, self.network, self.factors, self.offers = shipments, network, factors, offers
        self.settings, self.clock, self.tell, self.warm = settings, clock, tell, warm
        self.interrupted = False
        self.book, self.inside = task_of(shipments, network, factors, settings)
        self.free = self._laid_out()

    def _laid_out(self) -> Problem:
        """The task at a carbon price of 0, with every way that is cheaper or cleaner than the road."""
        return lay_out(self.inside, self.book, self._priced(0.0), self.offers, keep_cleaner=True)

    def _priced(self, price: float, cap_t: float | None = None) -> PlanSettings:
        return replace(self.settings, carbon_price_yuan_per_t=price, co2e_cap_t=cap_t)

    def at(self, question: Question, start: Start | None) -> _Solved | None:
        """The plan at a price of carbon or under a cap; None where none was found that keeps the cap."""
        settings = self._priced(*question)
        problem = repriced(self.free if self.warm else self._laid_out(), *question)
        search = Search(
            problem, settings, Watch(self.clock, settings.time_limit_s, self.tell), start if self.warm else None
        )
        search.run()
        plan = None if search.x is None else with_rejected(written(search, self.book), self.shipments, settings)
        self.interrupted = search.stopped_by == "interrupt"
        if search.x is None or plan is None:
            return None
        return _Solved(_point(plan, *question), Start(search.x, search.relaxation.prices), plan)


def _point(plan: Plan, price: float, cap_t: float | None) -> FrontierPoint:
    co2e_t = plan.totals.planned.co2e_wtw_g / G_PER_T
    return FrontierPoint(
        carbon_price_yuan_per_t=price,
        co2e_cap_t=cap_t,
        weighed_yuan=plan.objective_yuan - price * co2e_t,
        cost_yuan=plan.totals.planned.cost_fen / 100,
        co2e_wtw_t=co2e_t,
        water_share_t=plan.totals.water_share_t,
        objective_yuan=plan.objective_yuan,
        bound_yuan=plan.bound_yuan,
        gap=plan.gap,
        status=plan.status,
        seconds=plan.seconds,
    )


def _undominated(found: Sequence[_Solved]) -> list[_Solved]:
    """In order of cost, each cleaner than all cheaper ones."""
    best: list[_Solved] = []
    for solved in sorted(found, key=lambda solved: (solved.point.weighed_yuan, solved.point.co2e_wtw_t)):
        if not best or solved.point.co2e_wtw_t < best[-1].point.co2e_wtw_t:
            best.append(solved)
    return best


def _nearest(found: Sequence[_Solved], question: Question) -> Start | None:
    """What the plan made at the nearest price knows (under a cap: the nearest cleaner plan)."""
    price, cap_t = question
    if cap_t is not None:
        return max((s for s in found if s.point.co2e_wtw_t <= cap_t), key=lambda s: s.point.co2e_wtw_t).start
    by_price = [s for s in found if s.point.co2e_cap_t is None]
    return min(by_price, key=lambda s: abs(s.point.carbon_price_yuan_per_t - price)).start if by_price else None


def _next_question(best: Sequence[_Solved], asked: set[Question]) -> Question | None:
    """The ends first; then the price at which two neighbours tie, of the pair farthest apart; where all of these were
    asked, caps between two neighbours. None when these were asked as well."""
    for end in ((0.0, None), (CLEANEST_YUAN_PER_T, None)):
        if end not in asked:
            return end
    if len(best) < LEAST_POINTS:
        return None
    span_yuan = max(best[-1].point.weighed_yuan - best[0].point.weighed_yuan, 1e-9)
    span_t = max(best[0].point.co2e_wtw_t - best[-1].point.co2e_wtw_t, 1e-9)
    prices: list[tuple[float, Question]] = []
    caps: list[tuple[float, Question]] = []
    for left, right in pairwise(best):
        yuan = right.point.weighed_yuan - left.point.weighed_yuan
        tonnes = left.point.co2e_wtw_t - right.point.co2e_wtw_t
        apart = (yuan / span_yuan) ** 2 + (tonnes / span_t) ** 2
        prices.append((apart, (round(yuan / tonnes, 2), None)))
        caps += [(apart * (1 - part), (0.0, round(right.point.co2e_wtw_t + tonnes * part, 6))) for part in CAPS_AT]
    for kind in (prices, caps):
        fresh = [(apart, question) for apart, question in kind if question not in asked]
        if fresh:
            return max(fresh, key=lambda pair: pair[0])[1]
    return None


def _with_marginals(best: Sequence[_Solved]) -> tuple[FrontierPoint, ...]:
    points = [solved.point for solved in best]
    return tuple(
        replace(point, marginal_yuan_per_t=0.0)
        if number == 0
        else replace(
            point,
            marginal_yuan_per_t=(point.weighed_yuan - points[number - 1].weighed_yuan)
            / (points[number - 1].co2e_wtw_t - point.co2e_wtw_t),
        )
        for number, point in enumerate(points)
    )
