"""What the database keeps of estimates is held against the ledger, and what cannot be read is said in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from optimizer import actions
from optimizer.accounts.audit import codes
from optimizer.errors import UnreadableRecordError
from optimizer.planning.shipment import Shipment
from optimizer.store.engine import Store
from tests.store.conftest import allow_changes, connect
from tests.waybills.world import (
    LATER,
    START,
    parties,
    plan_lot,
    plan_of,
    planned_shipment,
    voyage,
    world_factors,
    world_network,
)

OF_ESTIMATES = "(SELECT {pick}(seq) FROM transactions WHERE kind = 'ESTIMATE')"
FIRST, LAST = (OF_ESTIMATES.format(pick=pick) for pick in ("MIN", "MAX"))
CHANGES = {
    "another amount": f"UPDATE pendings SET reserved_g = reserved_g + 1 WHERE estimate_seq = {LAST}",
    "an old amount": f"UPDATE pendings SET reserved_g = reserved_g + 1 WHERE estimate_seq = {FIRST}",
    "open again": f"UPDATE pendings SET remaining_g = NULL WHERE estimate_seq = {FIRST}",
    "closed unseen": "UPDATE pendings SET remaining_g = 0 WHERE remaining_g IS NULL",
    "gone": f"DELETE FROM pendings WHERE estimate_seq = {FIRST}",
    "made up": "INSERT INTO pendings SELECT MIN(seq), 5, 0 FROM transactions WHERE kind = 'SETTLE'",
}


@contextmanager
def beside(url: str) -> Iterator[Connection]:
    """A second connection, which gives up its engine."""
    raw = connect(url)
    try:
        yield raw
    finally:
        raw.close()
        raw.engine.dispose()


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_kept_of_an_estimate_is_what_the_ledger_says(url: str, settled: Store, change: str) -> None:
    """It decides which estimates are released later; three are resolved and one is open (invariant 4)."""
    plan = plan_of([planned_shipment("S9", 80_000, plan_lot(1, 80_000, "V9", 3))], [voyage("V9", "SMALL/9", 80_000, 3)])
    wanted = Shipment("S9", "E1", "coal", 80_000, "MILL", "DOWN", START, START + timedelta(days=9))
    actions.accept(settled, plan, [wanted], parties(), world_network(), LATER)
    assert codes(actions.audit(settled, world_network(), world_factors())) == {}
    with beside(url) as raw:
        raw.exec_driver_sql(CHANGES[change])
    assert set(codes(actions.audit(settled, world_network(), world_factors()))) == {"pending_differs"}


@pytest.mark.parametrize(
    ("table", "change"),
    [("periods", "closed_at = closed_at || ' '"), ("calculation_runs", "activity = 'x' || activity")],
)
def test_a_row_that_nobody_can_read_is_said_in_a_sentence(url: str, settled: Store, table: str, change: str) -> None:
    """Whatever was done to it: no defect of ours, but a record to restore."""
    actions.close(settled, "2026-10", LATER)
    with beside(url) as raw:
        allow_changes(raw, table)
        raw.exec_driver_sql(f"UPDATE {table} SET {change}")
    with pytest.raises(UnreadableRecordError, match="restore a backup"):
        actions.audit(settled, world_network(), world_factors())
