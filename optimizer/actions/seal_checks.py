"""Comparing the books with their seals in the background: a log of a million entries takes longer than a reader waits.

What was asked and what came of it is kept with its reader for a day, so that any process of the server can tell it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock, Thread
from uuid import uuid4

from optimizer.accounts.checkpoint import Checkpoint
from optimizer.accounts.seal_view import SealReport
from optimizer.actions.verifying import verify
from optimizer.errors import Message, UnknownRecordError
from optimizer.store.engine import Store
from optimizer.waybills.codec import from_json, to_json
from optimizer.waybills.finding import Finding

log = logging.getLogger("modalshift.seals")

CUT_OFF_AFTER = timedelta(hours=1)
"""A check without an answer for so long was cut off with its process."""


@dataclass(frozen=True, slots=True)
class SealCheck:
    """``report`` is None while the check runs. ``kept_size``: the size of the checkpoint handed in, 0 without one."""

    begun_at: datetime
    kept_size: int
    report: SealReport | None = None


class SealDesk:
    """Checks of one process, one at a time. Threads may share it."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store, self._now, self._turn = store, now, Lock()
        self._running: dict[str, Thread] = {}

    def begin(self, user_id: str, kept: Sequence[Checkpoint]) -> str:
        """Begin a check for a user; its id."""
        check_id = uuid4().hex
        check = SealCheck(self._now(), kept[0].size if kept else 0)
        self._keep(check_id, user_id, check)
        thread = Thread(target=self._work, args=(check_id, user_id, check, kept), daemon=True, name="seals")
        self._running = {known: one for known, one in self._running.items() if one.is_alive()} | {check_id: thread}
        thread.start()
        return check_id

    def look(self, check_id: str, user_id: str, seconds: float) -> SealCheck:
        """How a check stands, after waiting so long for one of this process. Raises UnknownRecordError for one of
        somebody else or of another day."""
        thread = self._running.get(check_id)
        if thread is not None:
            thread.join(seconds)
        with self._store.read() as session:
            found = session.returned_file(f"{check_id}.done", user_id) or session.returned_file(check_id, user_id)
        if found is None:
            raise UnknownRecordError(Message("没有这次核对；请重新核对。", "There is no such check; check again."))
        check = from_json(SealCheck, found[1].decode())
        if check.report is None and self._now() - check.begun_at > CUT_OFF_AFTER:
            said = Message("核对被中断；请重新核对。", "The check was cut off; check again.")
            return SealCheck(check.begun_at, check.kept_size, SealReport((Finding("cut_off", "database", said),), 0, 0))
        return check

    def _work(self, check_id: str, user_id: str, check: SealCheck, kept: Sequence[Checkpoint]) -> None:
        try:
            with self._turn:
                report = verify(self._store, kept)
        except Exception:
            log.exception("checking the seals failed: a defect of ours")
            said = Message("内部错误，请联系维护者。", "Internal error; tell the maintainers.")
            report = SealReport((Finding("failed", "database", said),), 0, 0)
        self._keep(f"{check_id}.done", user_id, SealCheck(check.begun_at, check.kept_size, report))

    def _keep(self, file_id: str, user_id: str, check: SealCheck) -> None:
        with self._store.write() as session:
            session.keep_returned_file(file_id, user_id, "seals.json", to_json(check).encode(), self._now())
