"""The collector of cycles rests while a lot is read, threads take short turns while lots are settled; and both are as
they were afterwards, whatever happens."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from optimizer.actions.garbage import RARELY, collected_rarely, collection_paused
from optimizer.actions.thread_turns import SHORT_TURN_S, short_turns


def test_the_collector_runs_again_afterwards() -> None:
    """Nested, after an error, and where it was off before."""
    with collection_paused():
        with collection_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="x"), collection_paused():
        raise ValueError("x")
    assert gc.isenabled()
    gc.disable()
    try:
        with collection_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.fixture
def _usual_settings() -> Iterator[None]:
    """Those that Python starts with: another test of this process may have run something that sets its own (mypy)."""
    walks, turn_s = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(700, 10, 10)
    sys.setswitchinterval(0.005)
    yield
    gc.set_threshold(*walks)
    sys.setswitchinterval(turn_s)


@pytest.mark.usefixtures("_usual_settings")
def test_settings_of_the_process_come_back_in_any_order() -> None:
    """Nested, overlapping as in two threads, and after an error."""
    walks, turn_s = gc.get_threshold(), sys.getswitchinterval()
    assert (walks[0] < RARELY, turn_s > SHORT_TURN_S) == (True, True)
    for setting in (collected_rarely, short_turns):
        first, second = setting(), setting()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        second.__exit__(None, None, None)
        assert (gc.get_threshold(), sys.getswitchinterval()) == (walks, turn_s)
    with collected_rarely(), short_turns():
        assert gc.get_threshold()[0] == RARELY
        assert sys.getswitchinterval() == pytest.approx(SHORT_TURN_S)
    with pytest.raises(ValueError, match="x"), collected_rarely(), short_turns():
        raise ValueError("x")
    assert (gc.get_threshold(), sys.getswitchinterval()) == (walks, turn_s)
