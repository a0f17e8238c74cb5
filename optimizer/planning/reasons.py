"""Why a shipment stays on the road, or behind: sentences with figures for the person who asks."""

from __future__ import annotations

from optimizer.errors import Message
from optimizer.planning.design import Floats
from optimizer.planning.program import PlanProgram
from optimizer.planning.routes import Route, RouteBook
from optimizer.planning.settings import PlanSettings
from optimizer.planning.timespace import TimeSpace


class Reasons:
    """Answers for the shipments of one plan, from its columns and the row prices of its relaxation."""

    def __init__(
        self, space: TimeSpace, plan: PlanProgram, book: RouteBook, settings: PlanSettings, prices: Floats
    ) -> None:
        self.space, self.plan, self.book, self.settings, self.prices = space, plan, book, settings, prices

    def routes(self, k: int) -> tuple[Route, ...]:
        """All routes of a shipment."""
        shipment = self.space.shipments[k]
        return self.book.routes(shipment.origin, shipment.destination, shipment.cargo_code)

    def road(self, k: int) -> Route | None:
        """The road route of a shipment, its baseline."""
        return next((route for route in self.routes(k) if route.kind == "road"), None)

    def rejected(self, k: int) -> Message:
        """Why a shipment is left behind."""
        if not self.routes(k):
            return Message(
                "起讫点之间没有公路，也没有可用的水路或铁路。", "There is neither a road nor a way by water or rail."
            )
        return Message("码头作业能力已满，无法承运。", "The terminals on its way are full, and there is no road.")

    def on_road(self, k: int, *, had_to_leave: bool) -> Message:
        """Why a carried shipment did not leave the road."""
        return Message("水路较贵或运力已满。", "Water would be dearer, or there was no room.")
