"""The collector of cycles rests while a lot is read, and runs again whatever happens."""

from __future__ import annotations

import gc

import pytest

from optimizer.actions.garbage import collection_paused


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
