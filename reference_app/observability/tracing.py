"""Traces (O3): one request, and all that it waited for, as a tree of spans that any tool reads.

With `OTEL_EXPORTER_OTLP_ENDPOINT` set, each request is a span, named by its route's template and
continuing the caller's trace (W3C Trace Context); below it are the waits for a connection, SQL,
Redis and calls to other services, which are told the trace in turn. Without it nothing is
installed, and nothing is paid.

- Whether a trace is kept was decided by whoever started it; for those started here,
  `OTEL_TRACES_SAMPLER_ARG` is the share that is kept.
- The libraries' instrumentations work on classes, for a whole process. So one application of a
  process can be traced at a time; `close` makes room for the next.
- The server span is made here: FastAPI's own also records the raw path and query, where ids and
  tokens are, and costs several times as much.
"""

from typing import TYPE_CHECKING

from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_app.config import Settings
from reference_app.data.database import Database

if TYPE_CHECKING:
    from reference_app.observability.span_export import SpanExport

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
TRACE_CONTEXT = TraceContextTextMapPropagator()


class Tracing:
    """What is traced of one application, from `install` to `close`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._export: SpanExport | None = None

    def install(self, app: FastAPI, database: Database) -> None:
        """Trace requests to `app` and what they use, if the settings say where to send it."""
        if not self._settings.otel_exporter_otlp_endpoint:
            return
        # Imported late: half a second that only those who trace should pay.
        from reference_app.observability.span_export import SpanExport

        self._export = SpanExport(self._settings)
        self._export.instrument(database.engine.sync_engine)
        app.add_middleware(TraceRequests, tracer=self._export.tracer)

    async def close(self) -> None:
        """Send what is waiting, for two seconds at most, and trace nothing more."""
        if self._export is not None:
            await self._export.close()


class TraceRequests:
    """ASGI middleware: a server span for each request; it is an error when the service failed."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self.app = app
        self.tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        span = self.tracer.start_span(
            method,
            TRACE_CONTEXT.extract(Headers(scope=scope)),
            SpanKind.SERVER,
            {"http.request.method": method},
        )
        failure: str | None = None

        async def note_status(message: Message) -> None:
            nonlocal failure
            if message["type"] == "http.response.start":
                status: int = message["status"]
                span.set_attribute("http.response.status_code", status)
                failure = str(status) if status >= 500 else None
            await send(message)

        with trace.use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            try:
                await self.app(scope, receive, note_status)
            except BaseException as error:
                failure = type(error).__qualname__
                raise
            finally:
                if route := getattr(scope.get("route"), "path", None):
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)
                if failure:
                    span.set_attribute("error.type", failure)
                    span.set_status(StatusCode.ERROR)
