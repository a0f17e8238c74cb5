"""The summary of a plan: who leaves the road, who stays and why, held against the plan worked out by hand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from optimizer.planning.answer import reasons, writing
from optimizer.planning.answer.summary import OTHER_CODE, OTHER_REASON, REASON_KINDS, summary_of
from optimizer.planning.layout import waterway
from optimizer.planning.plan import Reason
from tests.planning.plan_by_hand import SHIPMENTS, plan_by_hand

PLAN = plan_by_hand("network", "factors")


def test_counts_of_the_plan_by_hand() -> None:
    """S1 partly, S2 S3 S5 S7 wholly by water, S4 by rail, S6 left out; only S2 is late."""
    summary = summary_of(PLAN, SHIPMENTS)
    assert (summary.shipments, summary.by_water, summary.partly, summary.by_rail) == (7, 4, 1, 1)
    assert (summary.on_road, summary.rejected, summary.late) == (0, 1, 1)


def test_an_island_without_a_road_does_not_leave_it() -> None:
    """600 + 700 + 400 + 100 t are shifted; the 500 t of S5 go as their baseline would."""
    assert summary_of(PLAN, SHIPMENTS).shifted.mass_kg == 1_800_000
    assert summary_of(PLAN, SHIPMENTS).shifted.lots == 4


def test_what_is_shifted_saves_what_the_plan_saves() -> None:
    """Lots on the road and on their baseline's way save nothing, so the shifted lots carry all but the train's saving
    and the rounding of one lot's share."""
    shifted = summary_of(PLAN, SHIPMENTS).shifted
    by_rail = PLAN.shipments[3].saving
    assert by_rail is not None
    for name, amount in (("cost_fen", shifted.saved_fen), ("co2e_wtw_g", shifted.saved_wtw_g)):
        assert amount == pytest.approx(getattr(PLAN.totals.saving, name) - getattr(by_rail, name), abs=2)


def test_flows_come_worst_first_and_add_up() -> None:
    """The flow that saves least per tonne leads; together they are all that was shifted."""
    summary = summary_of(PLAN, SHIPMENTS)
    rates = [flow.shifted.saved_wtw_g / flow.shifted.mass_kg for flow in summary.flows]
    assert rates == sorted(rates)
    assert sum(flow.shifted.mass_kg for flow in summary.flows) == summary.shifted.mass_kg
    assert sum(flow.shifted.saved_fen for flow in summary.flows) == summary.shifted.saved_fen


def test_what_got_worse_is_listed_worst_first() -> None:
    """S3 (half-empty hired vessel against 47 km of road) emits and costs more; nothing that saves is on the lists."""
    summary = summary_of(PLAN, SHIPMENTS)
    savings = {item.shipment_id: item.saving for item in PLAN.shipments if item.saving is not None}
    dirtier = [savings[item.shipment_id].co2e_wtw_g for item in summary.dirtier]
    assert "S3" in {item.shipment_id for item in summary.dirtier} & {item.shipment_id for item in summary.dearer}
    assert dirtier == sorted(dirtier)
    assert max(dirtier) < 0


def test_reasons_are_counted_by_kind_with_the_heaviest_as_example() -> None:
    """Two shipments that water is too dear for are one line with both masses."""
    dear = [Reason("水路较贵：…", f"Water is dearer: {figure} yuan a tonne", "water_dearer") for figure in (40, 50)]
    road = [item for item in PLAN.shipments if item.shipment_id in ("S1", "S4")]
    by_truck = PLAN.shipments[0].lots[-1:]
    dry = [replace(item, lots=by_truck, on_road_because=why) for item, why in zip(road, dear, strict=True)]
    (count,) = summary_of(replace(PLAN, shipments=tuple(dry)), SHIPMENTS).road_reasons
    assert (count.code, count.shipments, count.mass_kg, count.example_id) == ("water_dearer", 2, 1_020_000, "S1")
    assert count.example == dear[0]


def codes_of_the_planner() -> Iterator[str]:
    """The code of every Reason that the planner gives."""
    for module in (reasons, waterway, writing):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Reason":
                code = node.args[2]
                parts = [code.body, code.orelse] if isinstance(code, ast.IfExp) else [code]
                yield from (str(part.value) for part in parts if isinstance(part, ast.Constant))


def test_every_reason_of_the_planner_has_a_code_with_a_heading() -> None:
    """Nothing slips into "other", and no heading stands for a code that nobody gives."""
    assert set(codes_of_the_planner()) == set(REASON_KINDS)
    assert len(set(REASON_KINDS.values())) == len(REASON_KINDS)


def test_no_reason_or_an_unknown_code_is_other() -> None:
    """A plan of another program may lack the sentence or bring codes of its own."""
    for reason in (None, Reason("？", "?", "moon_in_the_way")):
        shipments = [replace(one, status="rejected", lots=(), reason=reason) for one in PLAN.shipments[:1]]
        (count,) = summary_of(replace(PLAN, shipments=tuple(shipments)), SHIPMENTS[:1]).rejected_reasons
        assert (count.code, count.kind) == (OTHER_CODE, OTHER_REASON)
