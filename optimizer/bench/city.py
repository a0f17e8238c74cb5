"""``bench city``: the auditor's dashboard over the kept sums of a million settled lots, as served, asked over HTTP.

The sums are filled in directly, as settling a million lots would leave them: some 200 enterprises, two years, each with
a handful of cargoes and corridors. The ledger behind them is empty, so what reads single lots is not measured here.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import httpx

from optimizer.accounts.city import AMOUNTS, CityAmounts
from optimizer.actions import open_store
from optimizer.actions.versions import code_version
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.bench.serving import BYTES_PER_KB, TIMEOUT_S, served, signed_in
from optimizer.demo.seed_files import read_flows, read_parties
from optimizer.errors import InputError, Message

ENTERPRISES, MONTHS, WAYS = 200, 24, 6
"""Enterprises of the made-up city, months with entries, and (cargo, corridor) pairs of each enterprise."""
FIRST_YEAR = 2025
MASS_KG = (200_000, 3_000_000)

VIEWS: tuple[tuple[str, Message], ...] = (
    ("/city", Message("按月", "by month")),
    ("/city?by=county", Message("按区县", "by county")),
    ("/city?by=enterprise&month=2026-06", Message("按企业，一个月", "by enterprise, one month")),
    ("/city?by=corridor&county=Longyou", Message("按走廊，一个区县", "by corridor, one county")),
    ("/savings?by=county", Message("公开的节约总览", "the public overview")),
    ("/api/v1/savings?by=enterprise", Message("接口，按企业", "API, by enterprise")),
    ("/city/export.csv?by=enterprise", Message("按企业导出 CSV", "by enterprise as CSV")),
    ("/city/export.xlsx?by=corridor", Message("按走廊导出 XLSX", "by corridor as XLSX")),
)


@dataclass(frozen=True, slots=True)
class CityBench:
    """``lots`` are spread over the cells at random; each view is asked for ``runs`` times after a first one."""

    measured_at: datetime
    lots: int = 1_000_000
    runs: int = 7
    seed: int = 0


def run(options: CityBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Fill, serve, ask. Raises InputError when the server does not start."""
    before = load_average()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "city.db"
        cells = fill(file, options)
        tell(Message(f"{options.lots:,} 批，{cells:,} 个汇总格", f"{options.lots:,} lots in {cells:,} cells"))
        with served(f"sqlite:///{file}") as address:
            methods = tuple(_views(address, options.runs))
    return Result(
        bench="city",
        subject=Message(
            f"城市审计页：{options.lots:,} 批的汇总（{cells:,} 格）",
            f"the city's dashboard over the sums of {options.lots:,} lots ({cells:,} cells)",
        ),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions={"product": code_version(), **library_versions("flask", "waitress", "sqlalchemy")},
        settings={"lots": options.lots, "cells": cells, "enterprises": ENTERPRISES, "months": MONTHS},
        seed=options.seed,
        runs=options.runs,
        methods=methods,
    )


def fill(file: Path, options: CityBench) -> int:
    """A migrated database with enterprises and the kept sums of the lots; how many cells."""
    store = open_store(f"sqlite:///{file}")
    seeds = read_parties()
    shippers = [party for party in seeds if party.role == "shipper"]
    with store.write() as session:
        session.add_parties(seeds, options.measured_at)
        session.add_parties(
            [
                replace(shippers[n % len(shippers)], party_id=f"B{n:03}", credit_code=f"BENCH{n:013}")
                for n in range(ENTERPRISES)
            ],
            options.measured_at,
        )
    store.close()
    sums = _sums(options, [party.county_en for party in shippers])
    names = ("month", "enterprise", "county", "cargo", "corridor", *AMOUNTS)
    places = ", ".join("?" * len(names))
    database = sqlite3.connect(file)
    with database:
        # Names of columns of our own tables only.
        statement = f"INSERT INTO city_cells ({', '.join(names)}) VALUES ({places})"  # nosec B608
        database.executemany(statement, [(*key, *row) for key, row in sorted(sums.items())])
    database.close()
    return len(sums)


def _sums(options: CityBench, counties: Sequence[str]) -> dict[tuple[str, ...], list[int]]:
    random = Random(options.seed)  # made-up lots, no secret # nosec B311
    flows = sorted({(flow.cargo_code, f"{flow.origin}>{flow.destination}") for flow in read_flows()})
    ways = [[random.choice(flows) for _ in range(WAYS)] for _ in range(ENTERPRISES)]
    months = [f"{FIRST_YEAR + n // 12}-{n % 12 + 1:02}" for n in range(MONTHS)]
    sums: dict[tuple[str, ...], list[int]] = {}
    for _ in range(options.lots):
        n = int(random.random() * ENTERPRISES)
        cargo, corridor = ways[n][int(random.random() * WAYS)]
        month = months[int(random.random() * MONTHS)]
        key = (month, f"B{n:03}", counties[n % len(counties)], cargo, corridor)
        row = sums.setdefault(key, [0] * len(AMOUNTS))
        for place, amount in enumerate(astuple(_lot(random))):
            row[place] += amount
    return sums


def _lot(random: Random) -> CityAmounts:
    """One lot by barge, of the size and savings that the demo month has."""
    low, high = MASS_KG
    mass_kg = low + int(random.random() * (high - low))
    saved_g = int(mass_kg * (random.random() * 12 - 1))
    return CityAmounts(
        lots=1,
        mass_kg=mass_kg,
        water_kgkm=mass_kg * 340,
        activity_kgkm=mass_kg * 360,
        baseline_g=mass_kg * 18,
        actual_g=mass_kg * 18 - saved_g,
        expected_g=saved_g,
        credited_g=max(saved_g * 6 // 10, 0),
        energy_saved_g=saved_g // 3,
        cost_saved_fen=mass_kg * 6,
    )


def _views(address: str, runs: int) -> list[Method]:
    with httpx.Client(base_url=address, timeout=TIMEOUT_S) as client:
        if not signed_in(client, "auditor"):
            raise InputError(Message("演示用户里没有审计员。", "There is no auditor among the demo users."))
        return [_view(client, path, words, runs) for path, words in VIEWS]


def _view(client: httpx.Client, path: str, words: Message, runs: int) -> Method:
    times, size = [], 0
    for _ in range(runs + 1):
        start = time.perf_counter()
        reply = client.get(path)
        times.append((time.perf_counter() - start) * 1000)
        reply.raise_for_status()
        size = reply.num_bytes_downloaded
    return Method(
        name=path,
        label=words,
        baseline=False,
        does=Message(f"GET {path.partition('?')[0]}", f"GET {path.partition('?')[0]}"),
        figures=(
            Figure("first", Message("第一次", "first time"), "ms", (round(times[0], 1),)),
            Figure("median", Message("中位数", "median"), "ms", tuple(round(value, 1) for value in times[1:])),
            Figure("sent", Message("传输", "sent"), "kB", (round(size / BYTES_PER_KB, 1),)),
        ),
    )
