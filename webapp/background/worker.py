"""The worker: takes plans from the queue, one at a time, in a process of its own so that pages stay quick, and sends
notices to webhooks meanwhile.

``modalshift serve`` starts one beside the server; behind gunicorn ``python -m webapp.background.worker`` is started by
itself with the same settings.
"""

from __future__ import annotations

import _thread
import atexit
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from optimizer.actions import open_store, releases_mark, tables_in_force
from optimizer.actions.frontier_runs import carry_out_frontier
from optimizer.actions.plan_runs import carry_out, end_cut_off_runs
from optimizer.store.engine import Store
from webapp.background.queue import PlanQueue
from webapp.background.webhook_sender import keep_sending
from webapp.clock import now
from webapp.request_log import write_json_lines
from webapp.settings import Settings

LOOK_EVERY_S = 0.5
PATIENCE_S = 3.0
"""How long the planner may take to notice a wish to stop by itself before its main thread is interrupted."""
SETTINGS_VARIABLE = "MODALSHIFT_WORKER"

log = logging.getLogger("modalshift.worker")


class Worker:
    """One process that makes plans."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = open_store(settings.db_url)
        self.scratch = Path(tempfile.mkdtemp(prefix="modalshift-worker-"))
        atexit.register(shutil.rmtree, self.scratch, ignore_errors=True)
        self.read_tables()
        self.queue = PlanQueue(settings, self.make)

    def read_tables(self) -> None:
        """Those in force. Raises NetworkDataError for a wrong directory, OSError for a full disk; they are read again
        with the next plan then, not those of before taken for new."""
        mark = releases_mark(self.store)
        tables = tables_in_force(self.store, self.settings.network_dir, self.scratch)
        self.network, self.factors, self.mark = tables.network, tables.factors, mark

    def work(self, parent: int | None = None) -> None:
        """Carry out plans until the process is stopped, or until its ``parent`` is gone."""
        over = Event()
        private = {"to_private": self.settings.private_webhooks}
        Thread(target=keep_sending, args=(self.store, now, over), kwargs=private, daemon=True).start()
        self.pick_up()
        while parent is None or os.getppid() == parent:
            if not self.queue.work_off_one():
                time.sleep(LOOK_EVERY_S)
        over.set()

    def pick_up(self) -> None:
        """What a worker before this one left: runs it was cut off from end as failed, queued ones are made."""
        end_cut_off_runs(self.store, now())
        with self.store.read() as session:
            queued = session.runs_in_state("queued")
        for run_id in queued:
            self.make(run_id)

    def make(self, run_id: str) -> None:
        """Carry out one run. A defect of ours, or a wish to stop that finds no plan yet, ends it as failed and leaves
        the worker alive: nobody starts another one. Raises KeyboardInterrupt for a person's Ctrl-C alone."""
        log.info("plan %s begins", run_id)
        over, interrupted, failure = Event(), Event(), ""
        watcher = Thread(target=_watch, args=(self.store, run_id, over, interrupted), daemon=True)
        watcher.start()
        try:
            try:
                self._carry_out(run_id)
            finally:
                over.set()
                watcher.join()  # its interrupt comes by now, and not in the middle of the next plan
        except KeyboardInterrupt:
            if not interrupted.is_set():
                raise
            failure = "已取消，尚无计划。\nCancelled before there was a plan."
        except Exception:
            log.exception("plan %s failed: a defect of ours", run_id)
            failure = "内部错误，请联系维护者。\nInternal error; tell the maintainers."
        # Not above, where the error would keep what was open when it came, a transaction perhaps.
        if failure:
            self._end(run_id, failure)
        log.info("plan %s is over", run_id)

    def _carry_out(self, run_id: str) -> None:
        if releases_mark(self.store) != self.mark:
            self.read_tables()
        with self.store.read() as session:
            run = session.run(run_id)
        work = carry_out_frontier if run is not None and run.points else carry_out
        work(self.store, run_id, self.network, self.factors, clock=time.monotonic, now=now)

    def _end(self, run_id: str, failure: str) -> None:
        """As failed, unless it came to an end by itself."""
        with suppress(Exception), self.store.write() as session:
            run = session.run(run_id)
            if run is not None and not run.over:
                session.end_run(run_id, now(), failure=failure)


def _watch(store: Store, run_id: str, over: Event, interrupted: Event) -> None:
    """Interrupt the planner once when somebody asked it to stop and it does not come to a place where it notices;
    ``interrupted`` says that it was us and not a person's Ctrl-C."""
    waited_s = 0.0
    while not over.wait(LOOK_EVERY_S):
        with store.read() as session:
            run = session.run(run_id)
        if run is None or run.over:
            return
        waited_s = waited_s + LOOK_EVERY_S if run.cancelled else 0.0
        if waited_s >= PATIENCE_S and not run.progress.stage.endswith("write"):
            interrupted.set()
            _thread.interrupt_main()
            return


def main() -> None:
    """As ``serve`` starts it: the settings as JSON in an environment variable, so that no list of processes shows a
    database password. Started by itself: the variables of :mod:`webapp.wsgi`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    told = os.environ.pop(SETTINGS_VARIABLE, "")
    if told:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    else:
        write_json_lines()
    settings = Settings.from_json(told) if told else Settings.from_environment()
    parent = os.getppid() if "--with-parent" in sys.argv[1:] else None
    with suppress(KeyboardInterrupt):
        Worker(settings).work(parent)


if __name__ == "__main__":
    main()
