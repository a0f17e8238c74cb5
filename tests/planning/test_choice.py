"""Which options of a quote are shown, recommended and set beside: on hand-made options."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from optimizer.errors import Message
from optimizer.planning.plan import Amounts
from optimizer.planning.quote.choice import beside, displayed, front, recommended
from optimizer.planning.quote.records import QuoteLeg, QuoteOption
from optimizer.quantities import CHINA_TIME

START = datetime(2026, 10, 1, 8, tzinfo=CHINA_TIME)


def option(cost_fen: int, wtw_g: int, hours: int, vehicle: str = "B500", late_s: int = 0) -> QuoteOption:
    """One leg by ship of a class."""
    arrives_at = START + timedelta(hours=hours)
    leg = QuoteLeg(
        *(1, "main", "InlandWaterway", "QJ", "ZP", vehicle, START, arrives_at, 300.0, "actual", 300_000, cost_fen),
        *(wtw_g, wtw_g, "default", (), 1, 1000, 1.0),
    )
    amounts = Amounts(cost_fen, wtw_g, wtw_g, hours * 3600)
    title = Message("水路", "by water")
    return QuoteOption("water", title, (leg,), amounts, None, START, arrives_at, late_s, (), False, ())


def test_what_comes_too_late_is_not_recommended() -> None:
    """However cheap and clean; unless everything is late, when the first to arrive is."""
    late, in_time = option(100, 10, 90, late_s=1), option(200, 20, 50)
    assert recommended([late, in_time], None) is in_time
    later = option(90, 5, 99, late_s=100)
    assert recommended([late, later], None) is late


def test_one_of_each_manner_is_shown_before_a_second() -> None:
    """Four of one class and one of another, none with a label: the other class is among those shown."""
    cheap = [option(100 + step, 900 - step, 100 - step, "B500") for step in range(1, 9)]
    other = option(150, 850, 50, "B1000")
    shown = displayed([*cheap, other])
    assert len(shown) == 6
    assert other in shown
    # Of the first class one counts as its first, and the others fill up by cost.
    assert [item.amounts.cost_fen for item in shown if item is not other] == [101, 102, 103, 104, 105]
    kinds = [option(200 + step, 800 - step, 40 - step, name) for step, name in enumerate(("C", "D", "E", "F", "G"))]
    assert {item.legs[0].vehicle_class for item in displayed([*cheap, *kinds])} == {"B500", "C", "D", "E", "F", "G"}


def test_an_option_beside_is_dominated_unless_the_very_same_is_in_the_front() -> None:
    """Equal in cost, grams and arrival, and by another ship: it is not the one that stands there."""
    one = option(100, 10, 50)
    (kept,) = front([one], None)
    assert beside(one, [kept], None) is kept
    twin = option(100, 10, 50, "B1000")
    assert beside(twin, [kept], None) == replace(twin, dominated=True)
    assert beside(None, [kept], None) is None
