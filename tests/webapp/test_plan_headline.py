"""The sentence that a plan begins with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.planning.plan import Amounts, Plan
from tests.waybills.world import world_plan
from webapp import Settings, create_app
from webapp.plan_headline import headline


def saved(cost_fen: int, co2e_wtw_g: int, duration_s: int) -> Plan:
    """A plan of two shipments beside a road of 100 yuan and 10 kg."""
    plan = world_plan()
    plan = replace(plan, shipments=plan.shipments[:2])
    baseline, saving = Amounts(10_000, 0, 10_000, 36_000), Amounts(cost_fen, 0, co2e_wtw_g, duration_s)
    return replace(plan, totals=replace(plan.totals, baseline=baseline, saving=saving))


@pytest.mark.parametrize(
    ("saving", "words"),
    [
        ((2_500, 1_000, -72_000), "25.0% cheaper, 10.0% less CO2e, 10.0 h slower a shipment"),
        ((-2_500, -1_000, 3_600), "25.0% dearer, 10.0% more CO2e, 0.5 h faster a shipment"),
        ((0, 0, 0), "0.0% cheaper, 0.0% less CO2e, 0.0 h slower"),
    ],
)
def test_a_plan_says_first_what_became_of_money_carbon_and_time(
    saving: tuple[int, int, int], words: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also where water is dearer, dirtier or quicker; of nothing planned nothing is said."""
    app = create_app(Settings(db_url=f"sqlite:///{tmp_path_factory.mktemp('h') / 'a.db'}"))
    with app.test_request_context("/?lang=en"):
        assert words in headline(saved(*saving))
        assert headline(replace(saved(*saving), shipments=())) == ""
