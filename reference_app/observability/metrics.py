"""`/metrics`, for Prometheus (O2): what this process answered, how fast, and what it is short of.

    http_request_duration_seconds{method, route, status}   histogram: rate, errors and duration
    http_requests_in_flight                                being answered at this moment
    database_pool_size                                     connections that are kept
    database_pool_checked_out                              of all connections, those in use
    database_pool_overflow                                 connections beyond those that are kept
    cache_reads_total{result}                              "hit" or "miss"
    cache_errors_total                                     uses of Redis that failed
    process_...                                            CPU, memory and files of the process

- `route` is the template (`/api/v1/users/{user_id}`), or "unmatched" for all paths without one:
  whoever makes up paths makes no new series.
- `status` is 499 (nginx's number) when the client left before its answer was ready; a request
  that ended with an exception counts as a 500, whatever had been sent by then.
- Replicas are told apart by the Prometheus server, which also adds them up. That works for
  counters and histograms with the same buckets, and would not for quantiles computed here.
- The route is meant for the inside: what stands between it and the world must not pass it on.
"""

import time
from collections.abc import Iterator

from fastapi import FastAPI, Request
from prometheus_client import (
    CollectorRegistry,
    Gauge,
    Histogram,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.pool import QueuePool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_app.services import Services

PATH = "/metrics"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0)
"""Seconds. Close together where an objective of some hundred milliseconds is kept or missed."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BODY_HEADERS = (b"content-length", b"transfer-encoding")
CLIENT_LEFT = 499
FAILED = 500


def install_metrics(app: FastAPI, services: Services) -> None:
    """Measure every request to `app` but those for `/metrics`, and serve that."""
    registry = CollectorRegistry()
    registry.register(PoolAndCache(services))
    ProcessCollector(registry=registry)
    app.add_middleware(
        MeasureRequests,
        duration=Histogram(
            "http_request_duration_seconds",
            "From the first byte of the request's head to the end of the answer.",
            ["method", "route", "status"],
            buckets=BUCKETS,
            registry=registry,
        ),
        in_flight=Gauge(
            "http_requests_in_flight", "Requests being answered at this moment.", registry=registry
        ),
    )

    @app.get(PATH, include_in_schema=False)
    def metrics(request: Request) -> Response:  # not async: writing it takes some milliseconds
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"Content-Type": content_type})


class PoolAndCache(Collector):
    """Figures that others keep, read when Prometheus asks."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """The pool's state and the cache's counts."""
        pool = self._services.database.engine.pool
        if isinstance(pool, QueuePool):
            for name, value, meaning in (
                ("size", pool.size(), "Connections that are kept open."),
                ("checked_out", pool.checkedout(), "Connections in use."),
                ("overflow", max(0, pool.overflow()), "Connections beyond those kept open."),
            ):
                yield GaugeMetricFamily(f"database_pool_{name}", meaning, value)
        cache = self._services.cache_figures
        reads = CounterMetricFamily("cache_reads", "Reads of the cache.", labels=["result"])
        reads.add_metric(["hit"], cache.hits)
        reads.add_metric(["miss"], cache.misses)
        yield reads
        yield CounterMetricFamily("cache_errors", "Uses of Redis that failed.", cache.errors)


class MeasureRequests:
    """ASGI middleware: every request is counted and timed once, however it ends."""

    def __init__(self, app: ASGIApp, duration: Histogram, in_flight: Gauge) -> None:
        self.app = app
        self.duration = duration
        self.in_flight = in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == PATH:
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = CLIENT_LEFT
        body_is_read = not any(name in BODY_HEADERS for name, _ in scope["headers"])

        async def note_end_of_body() -> Message:
            nonlocal body_is_read
            message = await receive()
            body_is_read = not message.get("more_body", False)
            return message

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if body_is_read and _client_has_left(receive):
                    status = CLIENT_LEFT
            await send(message)

        self.in_flight.inc()
        try:
            await self.app(scope, note_end_of_body, note_status)
        except BaseException:
            status = FAILED
            raise
        finally:
            self.in_flight.dec()
            method = scope["method"] if scope["method"] in METHODS else "other"
            route = getattr(scope.get("route"), "path", "unmatched")
            self.duration.labels(method, route, str(status)).observe(time.perf_counter() - started)


def _client_has_left(receive: Receive) -> bool:
    """Whether `receive`, once the body is read, would say at once that the client is gone.

    The server drops answers to clients that are gone without a word. One step of the coroutine is
    enough to know; `Request.is_disconnected` does the same at ten times the price.
    """
    asking = receive()
    try:
        asking.send(None)  # type: ignore[attr-defined]  # an Awaitable that is a coroutine
    except StopIteration as answer:
        return bool(answer.value["type"] == "http.disconnect")
    asking.close()  # type: ignore[attr-defined]
    return False
