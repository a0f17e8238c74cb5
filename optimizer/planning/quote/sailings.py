"""The routes with voyages, for one shipment: which (route, slots) are worth pricing in full."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optimizer.planning.quote.chains import ChainSailing, ChainTable, Known
from optimizer.planning.quote.option import OptionMaker
from optimizer.planning.quote.records import QuoteOption
from optimizer.planning.quote.table import Request, VoyageTable, unbeaten
from optimizer.planning.settings import MAX_LATE_H
from optimizer.quantities import FEN_PER_YUAN, G_PER_KG


class Sailings:
    """Candidates of one shipment. ``found`` is None where no route has a voyage."""

    def __init__(
        self,
        table: VoyageTable | None,
        chains: ChainTable | None,
        maker: OptionMaker,
        services: Sequence[QuoteOption],
    ) -> None:
        """``services``: the options without a voyage that arrive in the allowed time."""
        shipment = maker.shipment
        self.table, self.chains, self.maker = table, chains, maker
        self.due_h = (shipment.due_at - maker.midnight).total_seconds() / 3600
        self.until_s = round((self.due_h + MAX_LATE_H) * 3600)
        request = Request(
            mass_t=maker.mass_t,
            value_yuan_per_t=shipment.cargo_value_yuan_per_t,
            divisible=shipment.splittable,
            ready_h=maker.ready_h,
            until_h=self.due_h + MAX_LATE_H,
            slot_zero=maker.slot_zero,
        )
        self.found = table.candidates(request) if table is not None else None
        self.chained = chains.sailings(request, self._known_by_water(services)) if chains is not None else []

    def worth_comparing(self, services: Sequence[QuoteOption]) -> list[QuoteOption]:
        """Every option that might stand in the Pareto set beside these services, in the order of its routes."""
        chained = [option for sailing in self.chained if (option := self._chain(sailing)) is not None]
        if self.found is None:
            return chained
        found = self.found
        timely = np.flatnonzero(found.arrives_s <= self.until_s)
        of_services = np.array([self._figures(option) for option in services]).reshape(-1, 3)
        kept = unbeaten(
            np.concatenate([of_services[:, 0], found.cost_yuan[timely]]),
            np.concatenate([of_services[:, 1], found.wtw_kg[timely]]),
            np.concatenate([of_services[:, 2].astype(np.int64), found.arrives_s[timely]]),
        )
        rows = timely[kept[kept >= len(services)] - len(services)]
        return [*(option for row in rows if (option := self._option(int(row))) is not None), *chained]

    def cheapest_by_water(self, services: Sequence[QuoteOption]) -> QuoteOption | None:
        """The cheapest way by water that arrives in time, or if none does, within the allowance. The road chain of an
        island, which cannot do without a ship, does not count."""
        options = [option for option in services if _is_way_by_water(option)]
        if self.chained:
            best_chain = min(self.chained, key=lambda s: (s.arrives_s > self.due_h * 3600, s.cost_yuan))
            options += [option] if (option := self._chain(best_chain)) is not None else []
        if self.found is not None:
            for limit_s in (self.due_h * 3600, float(self.until_s)):
                rows = np.flatnonzero(self.found.arrives_s <= limit_s)
                if len(rows):
                    best = self._option(int(rows[np.argmin(self.found.cost_yuan[rows])]))
                    options += [best] if best is not None else []
                    break
        return min(options, key=lambda option: (option.late_s > 0, *option.vector), default=None)

    def _option(self, row: int) -> QuoteOption | None:
        assert self.table is not None
        assert self.found is not None
        route = self.table.routes[self.found.route[row]]
        return self.maker.voyage(route, int(self.found.slot[row]), float(self.found.capacity_t[row]))

    def _chain(self, sailing: ChainSailing) -> QuoteOption | None:
        assert self.chains is not None
        return self.maker.voyages(self.chains.routes[sailing.route], sailing.slots, sailing.capacity_t)

    def _known_by_water(self, services: Sequence[QuoteOption]) -> Known:
        """What chains are held against: not the road, so that the cheapest way by water is found beside it."""
        figures = np.array([self._figures(option) for option in services if _is_way_by_water(option)]).reshape(-1, 3)
        known = Known(figures[:, 0], figures[:, 1], figures[:, 2].astype(np.int64))
        if self.found is None:
            return known
        timely = self.found.arrives_s <= self.until_s
        return Known(
            np.concatenate([known.cost_yuan, self.found.cost_yuan[timely]]),
            np.concatenate([known.wtw_kg, self.found.wtw_kg[timely]]),
            np.concatenate([known.arrives_s, self.found.arrives_s[timely]]),
        )

    def _figures(self, option: QuoteOption) -> tuple[float, float, float]:
        arrives_s = (option.arrives_at - self.maker.midnight).total_seconds()
        return option.amounts.cost_fen / FEN_PER_YUAN, option.amounts.co2e_wtw_g / G_PER_KG, arrives_s


def _is_way_by_water(option: QuoteOption) -> bool:
    """The road of an island cannot do without a ship and is no way by water for that."""
    return option.by_water and option.kind != "road"
