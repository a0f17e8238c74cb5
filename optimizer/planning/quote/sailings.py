"""The routes with a voyage, for one shipment: which (route, slot) is worth pricing in full."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optimizer.planning.quote.option import OptionMaker
from optimizer.planning.quote.records import QuoteOption
from optimizer.planning.quote.table import Candidates, Request, VoyageTable, unbeaten
from optimizer.planning.settings import MAX_LATE_H
from optimizer.quantities import FEN_PER_YUAN, G_PER_KG


class Sailings:
    """Candidates of one shipment. ``found`` is None where no route has a voyage."""

    def __init__(self, table: VoyageTable | None, maker: OptionMaker) -> None:
        shipment = maker.shipment
        self.table, self.maker = table, maker
        self.due_h = (shipment.due_at - maker.midnight).total_seconds() / 3600
        self.until_s = round((self.due_h + MAX_LATE_H) * 3600)
        self.found: Candidates | None = None
        if table is not None:
            self.found = table.candidates(
                Request(
                    mass_t=maker.mass_t,
                    value_yuan_per_t=shipment.cargo_value_yuan_per_t,
                    divisible=shipment.splittable,
                    ready_h=maker.ready_h,
                    until_h=self.due_h + MAX_LATE_H,
                    slot_zero=maker.slot_zero,
                )
            )

    def worth_comparing(self, services: Sequence[QuoteOption]) -> list[QuoteOption]:
        """Every option that might stand in the Pareto set beside these services, in the order of its routes."""
        if self.found is None:
            return []
        found = self.found
        timely = np.flatnonzero(found.arrives_s <= self.until_s)
        of_services = np.array([self._figures(option) for option in services]).reshape(-1, 3)
        kept = unbeaten(
            np.concatenate([of_services[:, 0], found.cost_yuan[timely]]),
            np.concatenate([of_services[:, 1], found.wtw_kg[timely]]),
            np.concatenate([of_services[:, 2].astype(np.int64), found.arrives_s[timely]]),
        )
        rows = timely[kept[kept >= len(services)] - len(services)]
        return [option for row in rows if (option := self._option(int(row))) is not None]

    def cheapest_by_water(self, services: Sequence[QuoteOption]) -> QuoteOption | None:
        """The cheapest way by water that arrives in time, or if none does, within the allowance. The road chain of an
        island, which cannot do without a ship, does not count."""
        options = [option for option in services if option.by_water and option.kind != "road"]
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

    def _figures(self, option: QuoteOption) -> tuple[float, float, float]:
        arrives_s = (option.arrives_at - self.maker.midnight).total_seconds()
        return option.amounts.cost_fen / FEN_PER_YUAN, option.amounts.co2e_wtw_g / G_PER_KG, arrives_s
