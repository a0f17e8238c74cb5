"""``bench serve``: quotes and pages of the served product, asked over HTTP by people who pause, and without a pause.

The server is ``modalshift serve --demo`` in a process of its own; whoever asks shares its two cores.
"""

from __future__ import annotations

import os
import re
import subprocess  # our own server only # nosec B404
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from tempfile import TemporaryDirectory

import httpx

from optimizer.actions import create_store
from optimizer.actions.versions import code_version
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.quote import percentile, requests
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.demo.seed_files import read_flows
from optimizer.errors import InputError, Message
from optimizer.planning.shipment import Shipment
from optimizer.quantities import KG_PER_T, iso

PAUSING, STEADY, BARE, PAGES = "pausing", "steady", "bare", "pages"
SECONDS_TO_START = 120.0
TIMEOUT_S = 60.0
BYTES_PER_KB = 1000
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')

PAGES_OF: tuple[tuple[str, str], ...] = (
    ("", "/quote"),
    ("", "/savings"),
    ("planner", "/shipments"),
    ("planner", "/plans"),
    ("planner", "/waybills"),
    ("auditor", "/city"),
    ("auditor", "/accounts"),
)
"""Demo user (by the beginning of the login; empty: nobody) and page."""

Ask = Callable[[httpx.Client, Shipment], httpx.Response]


@dataclass(frozen=True, slots=True)
class ServeBench:
    """``db_url``: a demo's database; None: an empty one. Each of ``users`` people asks for a quote, reads it for
    ``pause_s`` on average (exponential), and asks again, for ``seconds``; then all of them without a pause."""

    measured_at: datetime
    db_url: str | None = None
    users: int = 20
    pause_s: float = 1.0
    seconds: float = 20.0
    runs: int = 3
    seed: int = 0


def run(options: ServeBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. Raises InputError when the server does not start."""
    before = load_average()
    flows = read_flows()
    asked = requests(flows, 20, options.seed)
    times: dict[str, list[list[float]]] = {PAUSING: [], STEADY: [], BARE: []}
    with TemporaryDirectory() as folder, served(options.db_url or _empty(f"sqlite:///{folder}/m.db")) as address:
        _warm(address, asked[: len(flows)])
        for number in range(1, options.runs + 1):
            tell(Message(f"第 {number}/{options.runs} 次", f"run {number}/{options.runs}"))
            times[PAUSING].append(_crowd(address, asked, options, _quote, options.pause_s, number))
            times[STEADY].append(_crowd(address, asked, options, _quote, 0.0, number))
            times[BARE].append(_crowd(address, asked, options, _health, 0.0, number))
        pages = _pages(address, options.runs)
    return Result(
        bench="serve",
        subject=Message(
            f"modalshift serve：{options.users} 人同时询价，每轮 {options.seconds:g} 秒",
            f"modalshift serve: {options.users} people ask for quotes at once, {options.seconds:g} s a round",
        ),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions={"product": code_version(), **library_versions("flask", "waitress", "httpx")},
        settings={
            "users": options.users,
            "pause_s": options.pause_s,
            "seconds": options.seconds,
            "database": "given" if options.db_url else "empty",
        },
        seed=options.seed,
        runs=options.runs,
        methods=(
            _crowd_method(PAUSING, options, times[PAUSING]),
            _crowd_method(STEADY, options, times[STEADY]),
            _crowd_method(BARE, options, times[BARE]),
            *pages,
        ),
    )


def _empty(db_url: str) -> str:
    """The address of a database that was made for the bench."""
    create_store(db_url).close()
    return db_url


@contextmanager
def served(db_url: str) -> Iterator[str]:
    """The address of a server that answers; it ends with the block."""
    command = [sys.executable, "-m", "optimizer", "--lang", "en", "--db", db_url, "serve", "--demo", "--port", "0"]
    # Twenty askers at one address are more than the server lets a stranger do.
    environment = {**os.environ, "MODALSHIFT_RATE_LIMITS": "off"}
    server = subprocess.Popen(  # nosec B603
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    try:
        timer = threading.Timer(SECONDS_TO_START, server.kill)
        timer.start()
        line = server.stdout.readline() if server.stdout else ""
        timer.cancel()
        found = re.search(r"http://\S+?(?=/)", line)
        if found is None:
            sentence = Message("服务没有启动；请先单独运行 serve。", "The server did not start; try serve alone.")
            raise InputError(sentence)
        yield found.group()
    finally:
        server.terminate()
        server.wait()


def _warm(address: str, asked: Sequence[Shipment]) -> None:
    with httpx.Client(base_url=address, timeout=TIMEOUT_S) as client:
        for shipment in asked:
            _quote(client, shipment).raise_for_status()


def _crowd(
    address: str, asked: Sequence[Shipment], options: ServeBench, ask: Ask, pause_s: float, number: int
) -> list[float]:
    """Milliseconds of every answer that all people got within the seconds. Raises httpx.HTTPError for a bad answer."""
    ends_at = time.monotonic() + options.seconds
    found: list[list[float]] = [[] for _ in range(options.users)]
    failed: list[Exception] = []

    def person(place: int) -> None:
        random = Random(f"{options.seed}/{number}/{place}")  # pauses, no secret # nosec B311
        try:
            with httpx.Client(base_url=address, timeout=TIMEOUT_S) as client:
                while not found[place] or time.monotonic() < ends_at:
                    if pause_s:
                        time.sleep(random.expovariate(1 / pause_s))
                    shipment = asked[int(random.random() * len(asked))]
                    start = time.perf_counter()
                    ask(client, shipment).raise_for_status()
                    found[place].append((time.perf_counter() - start) * 1000)
        except httpx.HTTPError as error:
            failed.append(error)

    people = [threading.Thread(target=person, args=(place,)) for place in range(options.users)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    if failed:
        raise failed[0]
    return [value for values in found for value in values]


def _quote(client: httpx.Client, shipment: Shipment) -> httpx.Response:
    body = {
        "origin": shipment.origin,
        "destination": shipment.destination,
        "cargo_code": shipment.cargo_code,
        "mass_t": shipment.mass_kg / KG_PER_T,
        "ready_at": iso(shipment.ready_at),
        "due_at": iso(shipment.due_at),
        "splittable": shipment.splittable,
    }
    return client.post("/api/v1/quotes", json=body)


def _health(client: httpx.Client, _: Shipment) -> httpx.Response:
    return client.get("/health")


def _pages(address: str, runs: int) -> list[Method]:
    """Each page of each demo user that there is: time to the whole document, and what travels with it."""
    found = []
    for user, path in PAGES_OF:
        with httpx.Client(base_url=address, timeout=TIMEOUT_S) as client:
            if user and not signed_in(client, user):
                continue
            times, size = [], 0
            for _ in range(runs + 1):
                start = time.perf_counter()
                reply = client.get(path)
                times.append((time.perf_counter() - start) * 1000)
                if reply.status_code != 200:
                    break
                size = reply.num_bytes_downloaded
            else:
                found.append(_page_method(user, path, times[1:], size))
    return found


def signed_in(client: httpx.Client, user: str) -> bool:
    """Sign in as the demo user whose login begins like this; False where there is none."""
    page = client.get("/login").text
    token = CSRF.search(page)
    logins = re.findall(r'name="login" value="([^"]+)"', page)
    login = next((name for name in logins if name.startswith(user)), None)
    if token is None or login is None:
        return False
    return client.post("/login/demo", data={"csrf_token": token.group(1), "login": login}).status_code == 302


def _page_method(user: str, path: str, times: Sequence[float], size: int) -> Method:
    who = Message(f"（{user}）" if user else "", f" ({user})" if user else "")
    return Method(
        name=f"{PAGES}:{path}",
        label=Message(f"页面 {path}{who.zh}", f"page {path}{who.en}"),
        baseline=False,
        does=Message("页面文档，第一次之后", "the document of a page, after the first time"),
        figures=(
            Figure("median", Message("中位数", "median"), "ms", tuple(round(value, 2) for value in times)),
            Figure("sent", Message("传输", "sent"), "kB", (round(size / BYTES_PER_KB, 1),)),
        ),
    )


def _crowd_method(name: str, options: ServeBench, times: Sequence[Sequence[float]]) -> Method:
    labels = {
        PAUSING: Message("询价，有停顿", "quotes, with pauses"),
        STEADY: Message("询价，不停顿", "quotes, without a pause"),
        BARE: Message("/health，不停顿", "/health, without a pause"),
    }
    does = {
        PAUSING: Message(
            f"POST /api/v1/quotes，每人读 {options.pause_s:g} 秒（指数分布）再问",
            f"POST /api/v1/quotes; each person reads for {options.pause_s:g} s (exponential) before asking again",
        ),
        STEADY: Message("同上，答复一到就再问：机器的极限", "the same, asking again at once: what the machine can do"),
        BARE: Message("不算任何东西的答复", "an answer that reckons nothing: server and askers alone"),
    }
    shares = (("median", Message("中位数", "median"), 0.5), ("p99", Message("p99", "p99"), 0.99))
    return Method(
        name=name,
        label=labels[name],
        baseline=name == BARE,
        does=does[name],
        figures=(
            *(
                Figure(key, label, "ms", tuple(round(percentile(run, share), 2) for run in times))
                for key, label, share in shares
            ),
            Figure(
                "per_second",
                Message("每秒", "per second"),
                "count",
                tuple(round(len(run) / options.seconds, 1) for run in times),
            ),
        ),
    )
