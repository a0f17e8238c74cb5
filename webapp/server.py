"""``modalshift serve``: the web side behind waitress."""

from __future__ import annotations

import logging
import os
import subprocess  # our own worker only, see below # nosec B404
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import click
from flask import Flask
from waitress.server import BaseWSGIServer, create_server

from optimizer.actions import add_demo_users
from optimizer.demo.people import demo_people
from optimizer.errors import InputError, Lang, Message
from webapp.app import create_app
from webapp.background.worker import SETTINGS_VARIABLE
from webapp.charts.plotly_script import zipped_script
from webapp.clock import now
from webapp.request_log import write_json_lines
from webapp.security import MAX_UPLOAD_BYTES
from webapp.settings import (
    METRICS_TOKEN_VARIABLE,
    PRIVATE_WEBHOOKS_VARIABLE,
    RATE_LIMITS_VARIABLE,
    SECRET_KEY_VARIABLE,
    Settings,
    proxies_said,
)
from webapp.upload_memory import BoundedChannel

THREADS = 16
MAX_HEAD_BYTES = 262_144
"""Of a request, as waitress has it."""
MOST_TAKEN_BYTES = 5 * MAX_UPLOAD_BYTES
"""Up to here a body that is too large is taken in, into a file, so that the application says in a sentence what would
be right; a larger one is refused by its head."""
PAUSE_S = 2.0
"""Between looks at the process that makes plans: long enough to end with it on Ctrl-C, which reaches both."""

log = logging.getLogger("modalshift.server")


def serve(
    *, host: str, port: int, demo: bool, db_url: str, network_dir: Path | None, lang: Lang, log_format: str
) -> None:
    """Serve pages and API until interrupted; prints the address when it listens.

    Raises InputError when the address cannot be listened on, and what ``create_app`` raises.
    """
    settings = Settings(
        db_url,
        network_dir,
        lang,
        demo,
        secret_key=os.environ.get(SECRET_KEY_VARIABLE, ""),
        metrics_token=os.environ.get(METRICS_TOKEN_VARIABLE, ""),
        private_webhooks=os.environ.get(PRIVATE_WEBHOOKS_VARIABLE) == "1",
        limits=os.environ.get(RATE_LIMITS_VARIABLE) != "off",
        proxies=proxies_said(),
    )
    if log_format == "json":
        write_json_lines()
    app = create_app(settings)
    if demo:
        add_demo_users(app.extensions["modalshift.world"].store, demo_people(), now())
    try:
        server = listening(app, host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            Message(
                f"无法监听 {host}:{port}（{reason}）。请换一个端口，例如 --port {port + 1}。",
                f"Cannot listen on {host}:{port} ({reason}). Try another port, for example --port {port + 1}.",
            )
        ) from error
    app.extensions["modalshift.world"].plans.read_newest_ahead()
    Thread(target=zipped_script, daemon=True).start()
    address = f"http://{host}:{server.effective_port}/"
    click.echo(Message(f"网页已打开：{address} （Ctrl-C 结束）", f"Serving on {address} (Ctrl-C ends)").text(lang))
    over = Event()
    start = partial(start_worker, settings)
    keeper = Thread(target=keep_running, args=(start(), start, over))
    keeper.start()
    try:
        server.run()
    finally:
        over.set()
        keeper.join()


def listening(app: Flask, host: str, port: int) -> BaseWSGIServer:
    """The application behind waitress, not yet running. Raises OSError when the address cannot be listened on."""
    # Bodies that are accepted stay in memory: where the disk is full, waitress would cut the connection instead of
    # letting the application say so.
    sockets: dict[int, Any] = {}
    server = create_server(
        app,
        map=sockets,
        host=host,
        port=port,
        threads=THREADS,
        ident="modalshift",
        inbuf_overflow=MAX_UPLOAD_BYTES + MAX_HEAD_BYTES,
        max_request_body_size=MOST_TAKEN_BYTES,
    )
    for one in sockets.values():
        if isinstance(one, BaseWSGIServer):
            one.channel_class = BoundedChannel
    return server


def keep_running(
    process: subprocess.Popen[bytes],
    start: Callable[[], subprocess.Popen[bytes]],
    over: Event,
    pause_s: float = PAUSE_S,
) -> None:
    """Start another process whenever the last one was killed, for want of memory perhaps, until ``over``. A new one
    ends the run that was cut off and goes on with those that wait."""
    while not over.wait(pause_s):
        if process.poll() is not None:
            log.error("the process that makes plans ended with %s; another one is started", process.returncode)
            with suppress(OSError):  # no memory for it yet: tried again
                process = start()
    process.terminate()
    process.wait()


def start_worker(settings: Settings) -> subprocess.Popen[bytes]:
    """The process that makes plans; it ends with this one."""
    # The code of this process, whatever lies in the folder it was started in: a folder called webapp there would be
    # run instead (-P), and a clone that is not installed is found by its place.
    places = [str(Path(__file__).resolve().parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places), SETTINGS_VARIABLE: settings.to_json()}
    # No shell, and not a word of a user in the command.
    command = [sys.executable, "-P", "-m", "webapp.background.worker", "--with-parent"]
    return subprocess.Popen(command, env=environment)  # nosec B603
