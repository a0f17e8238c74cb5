"""The container file, the units and the WSGI door say the same, and gunicorn really serves the product."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from optimizer.errors import InputError
from webapp.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "webapp/deploy"
FLAGS = ["--workers", "2", "--threads", "8", "--timeout", "120", "webapp.wsgi:application"]


def variables(text: str) -> set[str]:
    """The variables of ours that a text names."""
    return set(re.findall(r"MODALSHIFT_[A-Z_]+", text))


def test_container_and_unit_start_the_same_server() -> None:
    """Only the address differs."""
    container = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    unit = (DEPLOY / "modalshift.service").read_text(encoding="utf-8")
    assert re.findall(r'"([^"]+)"', container.rpartition("CMD")[2])[-len(FLAGS) :] == FLAGS
    assert re.search(r"ExecStart=(.*)", unit)[1].split()[-len(FLAGS) :] == FLAGS  # type: ignore[index]
    for needed in re.findall(r"COPY (\S+\.lock)", container):
        assert (ROOT / needed).exists()


def test_the_files_name_only_variables_that_are_read() -> None:
    """What the WSGI module documents is what the settings read, and the guide and the container name no others."""
    read = variables((ROOT / "webapp/settings.py").read_text(encoding="utf-8"))
    assert variables((ROOT / "webapp/wsgi.py").read_text(encoding="utf-8")) == read
    for path in (DEPLOY / "Containerfile", ROOT / "webapp/README.md"):
        assert variables(path.read_text(encoding="utf-8")) <= read, path.name


def test_everything_missing_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that starts without its key would sign everybody out by turns."""
    for name in ("MODALSHIFT_DB", "MODALSHIFT_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MODALSHIFT_LANG", "fr")
    monkeypatch.setenv("MODALSHIFT_PROXIES", "-1")
    with pytest.raises(InputError) as caught:
        Settings.from_environment()
    assert [fault.column for fault in caught.value.faults] == [
        "MODALSHIFT_DB",
        "MODALSHIFT_SECRET_KEY",
        "MODALSHIFT_LANG",
        "MODALSHIFT_PROXIES",
    ]


def test_gunicorn_serves_the_product(tmp_path: Path) -> None:
    """Two processes, one database; the metrics of both are one answer; it ends when told."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    counts = tmp_path / "counts"
    counts.mkdir()
    environment = {
        **os.environ,
        "MODALSHIFT_DB": f"sqlite:///{tmp_path / 'm.db'}",
        "MODALSHIFT_SECRET_KEY": "of this test",
        "MODALSHIFT_METRICS_TOKEN": "of this test too",
        "PROMETHEUS_MULTIPROC_DIR": str(counts),
    }
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "2"]
    server = subprocess.Popen([*command, "webapp.wsgi:application"], env=environment, cwd=ROOT, stderr=subprocess.PIPE)
    try:
        for _ in range(3):
            assert b'"ok"' in fetched(f"http://127.0.0.1:{port}/health", server)
        found = fetched(f"http://127.0.0.1:{port}/metrics", server, {"Authorization": "Bearer of this test too"})
        line = 'modalshift_http_requests_total{endpoint="health.show_health",method="GET",status="200"} 3.0'
        assert line in found.decode()
    finally:
        server.terminate()
        _, errors = server.communicate(timeout=60)
    assert b"Traceback" not in errors


def fetched(url: str, server: subprocess.Popen[bytes], headers: dict[str, str] | None = None) -> bytes:
    """The body, as soon as the server answers; it has a minute on a busy machine."""
    for _ in range(600):
        assert server.poll() is None, "the server ended by itself"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=30) as reply:
                body: bytes = reply.read()
                return body
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"no answer from {url}")
