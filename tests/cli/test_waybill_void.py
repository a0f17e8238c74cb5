"""``modalshift waybill void``: taking an issued waybill back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from optimizer import actions
from optimizer.actions.voiding import void
from optimizer.cli import cli
from optimizer.errors import ConflictError
from optimizer.planning.plan import Plan
from optimizer.waybills.event import EventType, event_id
from optimizer.waybills.lifecycle import DocumentStatus, document_status
from tests.waybills.world import ISSUED_AT, parties, shipments, world_network, world_plan


def run(*words: object) -> int:
    """Run a command line and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        cli.main([str(word) for word in words])
    return int(ended.value.code or 0)


def test_a_waybill_is_voided_once_with_a_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The answer says what becomes of estimate and goods; unknown numbers, no reason and a second time are refused."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    store = actions.open_store(url)
    number = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)[0].number
    words = ("--db", url, "--lang", "en", "waybill", "void")
    assert run(*words, "MW0", "--reason", "typed wrong") == 2
    assert run(*words, number, "--reason", " ") == 2
    capsys.readouterr()
    assert run(*words, number, "--reason", "typed wrong") == 0
    assert "another shipment id" in capsys.readouterr().out
    assert run(*words, number, "--reason", "again") == 2
    capsys.readouterr()
    assert run(*words[:-1], "show", number) == 0
    assert f"{number} is void." in capsys.readouterr().out
    with store.read() as session:
        assert document_status(session.events([number])) is DocumentStatus.VOIDED
    store.close()


def test_goods_of_a_void_waybill_travel_under_another_id() -> None:
    """The plan accepted again answers what it did. A new one with the same goods is refused with what to do, even where
    their way is the same: they would have sailed on a void document. Once the void is withdrawn it is accepted."""
    store = actions.open_store("sqlite://")
    plan = world_plan()
    first = actions.accept(store, plan, shipments(), parties(), world_network(), ISSUED_AT)
    void(store, first[0].number, "typed wrong", ISSUED_AT)

    def accepted(plan: Plan) -> list[str]:
        return [bill.number for bill in actions.accept(store, plan, shipments(), parties(), world_network(), ISSUED_AT)]

    assert accepted(plan) == [bill.number for bill in first]
    for seconds in (1.0, 2.0):
        with pytest.raises(ConflictError, match="are void") as refused:
            accepted(replace(plan, seconds=seconds))
        assert first[0].shipment_id in refused.value.message.en
        assert "请以新的货单号提交" in refused.value.message.zh
    with store.read() as session:
        (voided,) = session.events()
    undone = replace(
        voided,
        event_id=event_id(first[0].number, None, None, EventType.WDRW),
        event_type=EventType.WDRW,
        withdraws=voided.event_id,
        reason="not that one",
    )
    assert actions.record(store, [undone], ISSUED_AT).refused == ()
    assert accepted(replace(plan, seconds=3.0)) == [bill.number for bill in first]
    store.close()
