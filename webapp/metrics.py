"""``GET /metrics``: what a Prometheus reads. Only for who knows the token that the server was started with.

Requests are counted by endpoint, never by address, so that no number of a waybill gets into a series. The work that
waits is counted when somebody asks.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Iterator

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from werkzeug.exceptions import NotFound

from optimizer import actions
from webapp.world import World, current_world

metrics_page = Blueprint("metrics", __name__)

BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
SEVERAL_PROCESSES = "PROMETHEUS_MULTIPROC_DIR"
"""Set by whoever runs several processes (gunicorn): the counts of all lie in that directory."""


@metrics_page.get("/metrics")
def show_metrics() -> Response:
    """The text format 0.0.4. 404 without ``Authorization: Bearer TOKEN``, and always when the server has no token."""
    world = current_world()
    wanted = world.settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if not wanted or not hmac.compare_digest(wanted.encode(), given.encode()):
        raise NotFound
    asked = CollectorRegistry()
    asked.register(Waiting(world))
    if SEVERAL_PROCESSES in os.environ:
        MultiProcessCollector(asked)  # type: ignore[no-untyped-call]
        body = generate_latest(asked)
    else:
        body = generate_latest(current_app.extensions["modalshift.metrics"].registry) + generate_latest(asked)
    return Response(body, content_type=CONTENT_TYPE_LATEST)


class Requests:
    """How many requests there were, how they ended and how long they took."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.count = Counter(
            "modalshift_http_requests", "Requests answered", ("endpoint", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "modalshift_http_request_seconds",
            "Time until the head of the answer was ready",
            ("endpoint",),
            buckets=BUCKETS_S,
            registry=self.registry,
        )


class Waiting(Collector):
    """What waits to be done, read from the database when asked."""

    def __init__(self, world: World) -> None:
        self.world = world

    def collect(self) -> Iterator[Metric]:
        """The families."""
        load = actions.workload(self.world.store)
        for name, text, counts in (
            ("modalshift_settlement_jobs", "Lots in the outbox by state", load.settlement_jobs),
            ("modalshift_plan_runs", "Plan runs by state", load.plan_runs),
        ):
            family = GaugeMetricFamily(name, text, labels=("state",))
            for state, number in counts.items():
                family.add_metric((state,), number)
            yield family
        yield GaugeMetricFamily(
            "modalshift_unsealed_records", "Records that no signed tree head covers yet", load.unsealed_records
        )
        build = GaugeMetricFamily("modalshift_build_info", "What makes the numbers", labels=tuple(self.world.versions))
        build.add_metric(tuple(self.world.versions.values()), 1)
        yield build


def register(app: Flask) -> None:
    """Count every request."""
    requests = Requests()
    app.extensions["modalshift.metrics"] = requests

    @app.before_request
    def begin() -> None:
        g.began_s = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        requests.count.labels(endpoint, request.method, response.status_code).inc()
        if "began_s" in g:
            requests.seconds.labels(endpoint).observe(time.perf_counter() - g.began_s)
        return response
