"""What a bench ran on. Nothing that names the machine or its owner is recorded."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from optimizer.bench.record import Machine
from optimizer.cores import cores_here

BYTES_PER_GIB = 2**30
CPU_TABLE = Path("/proc/cpuinfo")


def this_machine() -> Machine:
    """The machine at hand; what a system does not tell is given as Python's ``platform`` knows it."""
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        _cpu(),
        cores_here(),
        round(memory_bytes / BYTES_PER_GIB, 1),
        _system(),
        f"{platform.python_implementation()} {platform.python_version()}",
    )


def load_average() -> float:
    """Mean number of processes that wanted a core in the last minute; -1 where the system does not tell."""
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return -1.0


def library_versions(*distributions: str) -> dict[str, str]:
    """Installed versions by distribution name."""
    return {name: version(name) for name in distributions}


def _cpu() -> str:
    if CPU_TABLE.exists():
        for line in CPU_TABLE.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, text = line.partition(":")
            if name.strip() == "model name":
                return text.strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    try:
        distribution = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        distribution = ""
    # What follows the version in a release names a build, which says nothing about speed.
    kernel = f"{platform.system()} {platform.release().split('-')[0]}, {platform.machine()}"
    return f"{distribution} ({kernel})" if distribution else kernel
