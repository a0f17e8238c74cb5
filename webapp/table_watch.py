"""Tables that two persons released come into force in every process, without a restart."""

from __future__ import annotations

import logging
import time
from threading import Lock

from flask import Flask, current_app

from optimizer.actions import releases_mark
from optimizer.actions.released_tables import forget
from optimizer.errors import ModalshiftError
from webapp.world import KEY, World, renewed

LOOK_EVERY_S = 2.0
"""How long a process may go on with what was in force before: it asks the database this often."""
KEEP_S = 300.0
"""How long tables that are no longer in force stay on the disk, for requests that still read them."""

log = logging.getLogger("modalshift.tables")


class TableWatch:
    """Looks for releases before requests."""

    def __init__(self, app: Flask) -> None:
        self._app, self._lock = app, Lock()
        self._looked_at = time.monotonic()
        self._old: list[tuple[float, World]] = []

    def look(self, *, at_once: bool = False) -> None:
        """Put the newest tables into force, if there are any. Tables that cannot be read leave those of before in
        force: the log says why."""
        present = time.monotonic()
        if not at_once and present - self._looked_at < LOOK_EVERY_S:
            return
        with self._lock:
            self._looked_at = present
            world: World = self._app.extensions[KEY]
            if releases_mark(world.store) != world.mark:
                self._renew(world, present)
            while self._old and present - self._old[0][0] > KEEP_S:
                _, gone = self._old.pop(0)
                if gone.scratch is not None:
                    forget(gone.tables, gone.scratch)

    def _renew(self, world: World, present: float) -> None:
        try:
            self._app.extensions[KEY] = fresh = renewed(world)
        except OSError as error:  # no room to lay them out: looked at again
            log.error("released tables cannot be laid out: %s", error)
            return
        except ModalshiftError as error:
            log.error("released tables cannot be read: %s", error.message.en)
            world.mark = releases_mark(world.store)  # once is enough
            return
        self._old.append((present, world))
        log.info("in force: network %s, %s", fresh.network.version, fresh.factors.version)


def put_into_force() -> None:
    """Look at once in this process, after a release on one of its pages; others notice within seconds."""
    watch: TableWatch = current_app.extensions["modalshift.table_watch"]
    watch.look(at_once=True)


def register(app: Flask) -> None:
    """Look before requests."""
    watch = TableWatch(app)
    app.extensions["modalshift.table_watch"] = watch
    app.before_request(watch.look)
