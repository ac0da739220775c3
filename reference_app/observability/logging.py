"""Logs are events, one JSON object a line on standard output, each with its context (O1, E5).

Levels: debug for developers, info for what happened, warning for what the service coped with,
error for a request that failed because of us, critical for a service that cannot go on.
"""

import logging
import re
import sys
import time

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.types import EventDict, Processor, WrappedLogger

from reference_app.api.envelope import current_request_id

TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
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
    logging.getLogger("uvicorn.error").addFilter(_already_logged)


def _already_logged(record: logging.LogRecord) -> bool:
    """Uvicorn repeats what `CatchDefects` has logged with its request id; once is enough."""
    return not record.getMessage().startswith("Exception in ASGI application")


def _add_request_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if request_id := current_request_id():
        event["request_id"] = request_id
    return event


def _mask_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key in event:
        if SECRET.search(key):
            event[key] = "***"
    return event


class AccessLog:
    """ASGI middleware: one line for each request, when it is finished, whatever came of it.

    `route` is the template (`/api/v1/users/{user_id}`): a path may hold what is private, and
    anybody can make up any number of paths. `status` is null when there was no answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status: int | None = None
        structlog.contextvars.clear_contextvars()
        trace = TRACEPARENT.fullmatch(Headers(scope=scope).get("traceparent", ""))
        if trace and trace[1].strip("0"):
            structlog.contextvars.bind_contextvars(trace_id=trace[1])

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note_status)
        finally:
            write = log.error if status is None or status >= 500 else log.info
            write(
                "request_finished",
                method=scope["method"],
                route=getattr(scope.get("route"), "path", None),
                status=status,
                duration_ms=round((time.perf_counter() - started) * 1000, 2),
            )
