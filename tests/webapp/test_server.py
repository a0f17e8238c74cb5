"""`modalshift serve` as a person starts it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from threading import Event, Thread

import pytest
from click.testing import CliRunner

from optimizer.actions import create_store
from optimizer.cli import cli
from tests.ctrl_c import listening
from webapp.server import keep_running, start_worker
from webapp.settings import Settings


def test_it_serves_until_interrupted(tmp_path: Path) -> None:
    """It says where it listens, answers there, and ends on Ctrl-C without a traceback."""
    create_store(f"sqlite:///{tmp_path / 'm.db'}").close()
    command = [sys.executable, "-m", "optimizer", "serve", "--port", "0", "--db", f"sqlite:///{tmp_path / 'm.db'}"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, cwd=tmp_path, preexec_fn=listening, **pipes) as server:
        assert server.stdout
        found = re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())
        assert found
        with urllib.request.urlopen(f"{found.group()}health", timeout=30) as reply:
            assert json.load(reply)["status"] == "ok"
        server.send_signal(signal.SIGINT)
        try:
            _out, err = server.communicate(timeout=30)
        finally:
            server.kill()
    assert "Traceback" not in err
    assert server.returncode == 0


def test_a_killed_process_that_makes_plans_is_replaced() -> None:
    """Also where the first try to start another one fails; the last one ends with the server."""
    started: list[subprocess.Popen[bytes]] = []
    tries, over, second = iter([OSError("no memory"), None]), Event(), Event()

    def start() -> subprocess.Popen[bytes]:
        if started and (failure := next(tries)) is not None:
            raise failure
        started.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
        if len(started) == 2:
            second.set()
        return started[-1]

    keeper = Thread(target=keep_running, args=(start(), start, over, 0.01))
    keeper.start()
    try:
        started[0].kill()
        assert second.wait(30)
    finally:
        over.set()
        keeper.join(30)
        for process in started:
            process.kill()
    assert [process.wait(30) for process in started] == [-signal.SIGKILL, -signal.SIGTERM]


def test_plans_are_made_by_the_code_that_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder called webapp where the server was started is not run in its place."""
    (tmp_path / "webapp").mkdir()
    (tmp_path / "webapp/__init__.py").write_text("open('taken', 'w').close()\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    # There is no such folder: the process that makes plans ends as soon as it has begun.
    process = start_worker(Settings(db_url=f"sqlite:///{tmp_path / 'none' / 'm.db'}"))
    assert process.wait(60) == 1
    assert not (tmp_path / "taken").exists()


def test_a_port_in_use_is_named_with_a_way_out(tmp_path: Path) -> None:
    """Exit 2 and the advice to take another port."""
    create_store(f"sqlite:///{tmp_path / 'm.db'}").close()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(cli, ["serve", "--port", port, "--db", f"sqlite:///{tmp_path / 'm.db'}"])
    assert result.exit_code == 2
    assert f"无法监听 127.0.0.1:{port}" in result.stderr
