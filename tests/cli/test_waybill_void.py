"""``modalshift waybill void``: taking an issued waybill back."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer import actions
from optimizer.cli import cli
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
