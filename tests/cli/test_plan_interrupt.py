"""Ctrl-C on a real process: the plan so far is written, also when the solver is busy in native code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from optimizer.demo.generate import DEMO_MONTH, generate_shipments, write_shipments_csv
from optimizer.demo.seed_files import read_flows
from tests.ctrl_c import listening

ROOT = Path(__file__).resolve().parents[2]
FIRST_SIGN_S = 120.0
"""Long enough for a busy machine to lay out and bound a small month."""


def test_ctrl_c_while_solving_writes_the_best_plan_so_far(tmp_path: Path) -> None:
    """Interrupted after the first bound, the command ends by itself with a plan, its gap, and the word interrupt."""
    month, target = tmp_path / "month.csv", tmp_path / "PLAN.json"
    write_shipments_csv(generate_shipments(read_flows(), DEMO_MONTH, 60, 3), month)
    words = [sys.executable, "-m", "optimizer", "--lang", "en", "plan", str(month), "--out", str(target), "--gap", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
        env=environment,
        preexec_fn=listening,
    ) as process:
        assert process.stdout is not None
        started = time.monotonic()
        for line in process.stdout:
            if line.startswith("bounding") or time.monotonic() - started > FIRST_SIGN_S:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait() == 0, rest
    plan = json.loads(target.read_text(encoding="utf-8"))
    assert plan["settings"]["stop"] == "interrupt"
    assert plan["bound_yuan"] <= plan["objective_yuan"]
