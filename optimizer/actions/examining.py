"""Examinations that need more than the books: a list of another scheme's claims, the present time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from optimizer.accounts.audit.overlaps import OtherClaim, overlaps
from optimizer.accounts.audit.timeliness import Timeliness, timeliness
from optimizer.accounts.settlement import review
from optimizer.store.engine import Store
from optimizer.waybills.finding import Finding


def examine_overlaps(store: Store, claims: Sequence[OtherClaim]) -> list[Finding]:
    """The settled lots that claims of another scheme are about too."""
    with store.read() as session:
        waybills = session.waybills()
        settled = session.settled_lots(waybills)
        numbers = {number for number, _ in settled}
        return list(overlaps(claims, waybills, session.events(numbers), settled))


def examine_timeliness(store: Store, at: datetime, limit: timedelta) -> Timeliness:
    """Where every lot is, how long reports and settlements took, and what took longer than ``limit``."""
    with store.read() as session:
        waybills = session.waybills()
        reviewed = review(waybills, session.events())
        arrivals, entries, jobs = session.arrivals(), session.transactions(), session.outbox.keys()
    return timeliness(waybills, reviewed.states, arrivals, entries, jobs, at, limit)
