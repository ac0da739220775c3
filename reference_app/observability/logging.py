"""Logs are events, one JSON object a line on standard output, each with its context (O1, E5).

Levels: debug for developers, info for what happened, warning for what the service coped with,
error for a request that failed because of us, critical for a service that cannot go on.

`trace_id` and `span_id` are those of the active span (O3); without tracing, `trace_id` is the one
that the caller sent. `span_id` is missing then: no span of this service has it.
"""

import logging
import re
import sys
import time

import structlog
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.types import EventDict, Processor, WrappedLogger

from reference_app.api.envelope import current_request_id

LIBRARIES = {"httpx": logging.WARNING, "httpcore": logging.WARNING}
"""The least they may say: both would write addresses, and headers, of calls to other services."""

TRACE_CONTEXT = TraceContextTextMapPropagator()
SECRET = re.compile(r"password|secret|token|authorization|cookie", re.IGNORECASE)

TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=30)
)
"""Tracebacks as data. Without the local variables: those hold keys, tokens and passwords."""

log = structlog.get_logger()


def configure_logging(level: str) -> None:
    """Send structlog's events and the standard library's records the same way."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_request_id,
        _add_trace_ids,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _mask_secrets,
        TRACEBACKS,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("uvicorn.error").addFilter(_already_logged)
    for name, least in LIBRARIES.items():
        logging.getLogger(name).setLevel(least)


def _already_logged(record: logging.LogRecord) -> bool:
    """Uvicorn repeats what `CatchDefects` has logged with its request id; once is enough."""
    return not record.getMessage().startswith("Exception in ASGI application")


def _add_request_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if request_id := current_request_id():
        event["request_id"] = request_id
    return event


def _add_trace_ids(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    active = trace.get_current_span().get_span_context()
    if active.is_valid:
        event["trace_id"] = trace.format_trace_id(active.trace_id)
        event["span_id"] = trace.format_span_id(active.span_id)
    return event


def _mask_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key in event:
        if SECRET.search(key):
            event[key] = "***"
    return event


class AccessLog:
    """ASGI middleware: one line for each request, when it is finished, whatever came of it.

    `route` is the template (`/api/v1/users/{user_id}`): a path may hold what is private, and
    anybody can make up any number of paths. `status` is null when there was no answer, as when the
    client left while it sent its body.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status: int | None = None
        failed = True
        structlog.contextvars.clear_contextvars()
        if given := Headers(scope=scope).get("traceparent"):
            _bind_trace_id(given)

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note_status)
            failed = status is not None and status >= 500
        finally:
            write = log.error if failed else log.info
            write(
                "request_finished",
                method=scope["method"],
                route=getattr(scope.get("route"), "path", None),
                status=status,
                duration_ms=round((time.perf_counter() - started) * 1000, 2),
            )


def _bind_trace_id(traceparent: str) -> None:
    """Put the trace id of a valid `traceparent` (W3C Trace Context) on the request's lines."""
    context = TRACE_CONTEXT.extract({"traceparent": traceparent})
    caller = trace.get_current_span(context).get_span_context()
    if caller.is_valid:
        structlog.contextvars.bind_contextvars(trace_id=trace.format_trace_id(caller.trace_id))
