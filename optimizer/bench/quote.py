"""``bench quote``: warm quotes beside shortest paths of two graph libraries on the water legs of the same shipments."""

from __future__ import annotations

import calendar
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from random import Random

from optimizer.actions.quoting import QuoteDesk
from optimizer.actions.versions import code_version
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.bench.water_graph import WaterGraph, water_graph
from optimizer.demo.generate import DEMO_MONTH
from optimizer.demo.seed_files import Flow, read_flows
from optimizer.emissions.factors import load_factors
from optimizer.errors import Message
from optimizer.network.graph import NetworkGraph
from optimizer.network.reader import read_network
from optimizer.planning.quote import Quote
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.shipment import Shipment
from optimizer.quantities import CHINA_TIME, KG_PER_T, to_integer

DESK, NETWORKX, CSGRAPH = "modalshift", "networkx", "csgraph"
NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class QuoteBench:
    """Each run asks for every flow of the demo world on ``days`` random ready hours of the demo month, the same ones
    for every run and method. ``network_dir`` None: the shipped network; its places must be those of the flows."""

    measured_at: datetime
    network_dir: Path | None = None
    days: int = 50
    runs: int = 5
    seed: int = 0


def run(options: QuoteBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. ``tell`` hears of each run before it starts. Raises InputError where the network is wrong."""
    before = load_average()
    network = read_network(options.network_dir)
    own = options.network_dir if options.network_dir and (options.network_dir / "factors.csv").exists() else None
    factors = load_factors(own)
    flows = read_flows()
    asked = requests(flows, options.days, options.seed)
    desk = QuoteDesk(network, factors)
    book = RouteBook(network, NetworkGraph(network), factors, asked[0].ready_at.date())
    graphs = water_graphs(asked, book)
    answers: dict[str, Callable[[Shipment], object]] = {
        DESK: desk.quote,
        NETWORKX: lambda s: graphs[_group(book, s)].networkx_path(s.origin, s.destination),
        CSGRAPH: lambda s: graphs[_group(book, s)].csgraph_path(s.origin, s.destination),
    }
    quotes = [desk.quote(shipment) for shipment in asked[: len(flows)]]
    times: dict[str, list[list[float]]] = {name: [] for name in answers}
    for number in range(1, options.runs + 1):
        for name, answer in answers.items():
            tell(Message(f"第 {number}/{options.runs} 次：{name}", f"run {number}/{options.runs}: {name}"))
            times[name].append(clocked_ms(answer, asked))
    methods = (
        _desk_method(times[DESK], quotes),
        _networkx_method(times[NETWORKX], graphs),
        _csgraph_method(times[CSGRAPH]),
    )
    product = {"product": code_version(), "network": network.version, "factors": factors.version}
    return Result(
        bench="quote",
        subject=Message(
            f"示范 {len(flows)} 个流向 × {options.days} 个随机提货时刻，每次 {len(asked):,} 份报价",
            f"the {len(flows)} flows of the demo on {options.days} random ready hours each,"
            f" {len(asked):,} quotes a run",
        ),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions={**product, **library_versions("networkx", "numpy", "scipy")},
        settings={
            "flows": len(flows),
            "days": options.days,
            "month": DEMO_MONTH,
            "network": "shipped" if options.network_dir is None else "directory",
        },
        seed=options.seed,
        runs=options.runs,
        methods=methods,
    )


def requests(flows: Sequence[Flow], days: int, seed: int) -> list[Shipment]:
    """For each of ``days`` rounds one shipment of every flow, of its usual lot, ready at a random hour of the demo
    month and due as the flow asks. The same arguments give the same list."""
    random = Random(seed)
    year, month = (int(part) for part in DEMO_MONTH.split("-"))
    first = datetime(year, month, 1, tzinfo=CHINA_TIME)
    hours = 24 * calendar.monthrange(year, month)[1]
    found: list[Shipment] = []
    for _ in range(days):
        for flow in flows:
            ready_at = first + timedelta(hours=int(random.random() * hours))
            found.append(
                Shipment(
                    shipment_id=f"{flow.flow_id}-{len(found) + 1}",
                    shipper_id=flow.shipper_id,
                    cargo_code=flow.cargo_code,
                    mass_kg=to_integer(flow.lot_t * KG_PER_T),
                    origin=flow.origin,
                    destination=flow.destination,
                    ready_at=ready_at,
                    due_at=ready_at + timedelta(days=flow.max_days),
                    splittable=flow.splittable,
                    cargo_value_yuan_per_t=flow.cargo_value_yuan_per_t,
                    reference=flow.flow_id,
                )
            )
    return found


def water_graphs(shipments: Sequence[Shipment], book: RouteBook) -> dict[str, WaterGraph]:
    """One graph per cargo group, of the legs of all water routes of these shipments."""
    doors: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for shipment in shipments:
        doors[_group(book, shipment)].add((shipment.origin, shipment.destination, shipment.cargo_code))
    return {
        group: water_graph((route for key in sorted(keys) for route in book.routes(*key)), book.network)
        for group, keys in doors.items()
    }


def clocked_ms(answer: Callable[[Shipment], object], asked: Sequence[Shipment]) -> list[float]:
    """Wall time of each answer, in order. The collector of garbage stays on, as in a server."""
    times = []
    for shipment in asked:
        start = time.perf_counter_ns()
        answer(shipment)
        times.append((time.perf_counter_ns() - start) / NS_PER_MS)
    return times


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least this share of all values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered)), 1) - 1]


def _group(book: RouteBook, shipment: Shipment) -> str:
    return book.network.cargo[shipment.cargo_code].cargo_group


def _desk_method(times: Sequence[Sequence[float]], quotes: Sequence[Quote]) -> Method:
    options = sum(len(quote.pareto) for quote in quotes) / len(quotes)
    by_water = sum(quote.water is not None for quote in quotes)
    return Method(
        name=DESK,
        label=Message("modalshift", "modalshift"),
        baseline=False,
        does=Message(
            "在费用、CO2e（WTW）与到达时间上精确的帕累托集，公路、水路、铁路都比，含班期、闭航与水深，逐段计价，并说明缺失的方案；"
            "热态：各流向此前已报过一次价",
            "the exact Pareto set over cost, CO2e (WTW) and arrival, by road, water and rail, with timetables, closures"
            " and depths, every leg priced, and why other ways are missing; warm: each flow was quoted once before",
        ),
        figures=_figures(times),
        notes=(
            Message(
                f"首轮 {len(quotes)} 份报价平均有 {options:.1f} 个不被支配的方案，其中 {by_water} 份可走水路",
                f"the first {len(quotes)} quotes hold {options:.1f} undominated options on average;"
                f" {by_water} of them can go by water",
            ),
        ),
    )


def _networkx_method(times: Sequence[Sequence[float]], graphs: dict[str, WaterGraph]) -> Method:
    nodes = sum(len(graph.nodes) for graph in graphs.values())
    arcs = sum(graph.arcs.number_of_edges() for graph in graphs.values())
    return Method(
        name=NETWORKX,
        label=Message("networkx dijkstra", "networkx dijkstra"),
        baseline=True,
        does=Message(
            "同样水路各段组成的图上一条最短时间路径，到终点即停；只看小时，不看费用、排放、日期（因此没有班期、闭航、水深、等待），"
            "不含公路直达与铁路，不计价；建图不计时",
            "one way of fewest hours in the graph of the same water legs, stopping at the destination; hours alone, no"
            " cost, no emissions, no date (hence no timetable, closure, depth or waiting), no direct road or rail,"
            " nothing priced; building the graph is not timed",
        ),
        figures=_figures(times),
        notes=(
            Message(
                f"{len(graphs)} 个货类组各一图，共 {nodes} 个节点、{arcs} 条弧",
                f"{len(graphs)} graphs, one per cargo group, of {nodes} nodes and {arcs} arcs together",
            ),
        ),
    )


def _csgraph_method(times: Sequence[Sequence[float]]) -> Method:
    return Method(
        name=CSGRAPH,
        label=Message("scipy.sparse.csgraph dijkstra", "scipy.sparse.csgraph dijkstra"),
        baseline=True,
        does=Message(
            "与 networkx 同图同义，编译代码，总是求到所有节点，再取出一条路径",
            "the same question on the same graphs in compiled code; always finds the way to every node, then one path"
            " is read out",
        ),
        figures=_figures(times),
    )


def _figures(times: Sequence[Sequence[float]]) -> tuple[Figure, ...]:
    """One value per run of each percentile."""
    kinds = (
        ("median", Message("中位数", "median"), 0.5),
        ("p95", Message("p95", "p95"), 0.95),
        ("p99", Message("p99", "p99"), 0.99),
    )
    return tuple(
        Figure(name, label, "ms", tuple(round(percentile(run, share), 4) for run in times))
        for name, label, share in kinds
    )
