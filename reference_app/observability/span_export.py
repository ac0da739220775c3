"""Spans on their way out of the process (O3): which are made, what is told of them, and where to.

They wait in a queue of bounded length and are sent in batches by a thread. When the collector is
slow or away spans are lost, and no request is late because of it.

What leaves is a list (`TOLD`), not what libraries happen to record: no addresses with ids in them,
no messages of errors (drivers quote values in them), no user of the database. SQL and Redis
commands come without their parameters.
"""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import Span, Status
from sqlalchemy import Engine

from reference_app.config import Settings

CLOSE_SECONDS = 2.0

TOLD = frozenset(
    {
        *("http.request.method", "http.route", "http.response.status_code", "error.type"),
        *("http.method", "http.status_code", "server.address"),
        *("db.system", "db.name", "db.operation", "db.statement", "db.redis.pipeline_length"),
    }
)
"""Attributes that may leave: names, numbers and texts that are the same for every user."""


class SpanExport:
    """A tracer, and the pipeline behind it."""

    def __init__(self, settings: Settings) -> None:
        self._provider = TracerProvider(
            sampler=ParentBasedTraceIdRatio(settings.otel_traces_sampler_arg),
            resource=Resource.create({SERVICE_NAME: "reference_app"}),
            shutdown_on_exit=False,
        )
        endpoint = settings.otel_exporter_otlp_endpoint.rstrip("/")
        self._provider.add_span_processor(
            BatchSpanProcessor(DiscreetExporter(endpoint=f"{endpoint}/v1/traces"))
        )
        self._instrumentors = (
            SQLAlchemyInstrumentor(),
            RedisInstrumentor(),
            HTTPXClientInstrumentor(),
        )
        self.tracer = self._provider.get_tracer("reference_app")

    def instrument(self, engine: Engine) -> None:
        """Make spans of what `engine`, Redis clients and HTTP clients do."""
        for instrumentor in self._instrumentors:
            instrumentor.instrument(
                tracer_provider=self._provider,
                engine=engine,
                async_request_hook=_name_the_server,
                skip_dep_check=True,  # SQLAlchemy's admits no 2.1; the events it uses are the same
            )

    async def close(self) -> None:
        """Stop making spans, and send those that wait; a dead collector is not waited for."""
        for instrumentor in self._instrumentors:
            instrumentor.uninstrument()
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, CLOSE_SECONDS)


class DiscreetExporter(OTLPSpanExporter):
    """Sends spans with what is `TOLD`, and nothing else."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Called by the batch processor, in its thread."""
        return super().export([_discreet(span) for span in spans])


def _discreet(span: ReadableSpan) -> ReadableSpan:
    attributes = {name: value for name, value in (span.attributes or {}).items() if name in TOLD}
    for event in span.events:
        if event.attributes and (kind := event.attributes.get("exception.type")):
            attributes["error.type"] = kind
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


async def _name_the_server(span: Span, request: Any) -> None:
    """Tell where a call goes to: its whole address, which has ids in it, is not told."""
    span.set_attribute("server.address", request.url.host)
