"""A receiver of traces: OTLP over HTTP, as a collector speaks it."""

import secrets
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1 import trace_pb2

from reference_app.running import Backend

PATIENCE_SECONDS = 10.0
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "50"}
"""Settings of a service that sends its spans after some milliseconds, not seconds."""


def endpoint(backend: Backend, port: int) -> dict[str, str]:
    """Settings of a service that sends its spans to this port of this machine."""
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{backend.this_machine}:{port}"}


@dataclass(frozen=True)
class Span:
    """One span as it was received."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, str]
    failed: bool
    message: str
    started: int
    ended: int

    @classmethod
    def read(cls, span: trace_pb2.Span) -> Self:
        """The span of an OTLP message."""
        return cls(
            name=span.name,
            kind=trace_pb2.Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_id=span.parent_span_id.hex(),
            attributes={
                one.key: one.value.string_value or str(one.value.int_value)
                for one in span.attributes
            },
            failed=span.status.code == trace_pb2.Status.STATUS_CODE_ERROR,
            message=span.status.message,
            started=span.start_time_unix_nano,
            ended=span.end_time_unix_nano,
        )

    def of(self, system: str) -> bool:
        """Whether it is a call to this database system."""
        return system in (self.attributes.get("db.system"), self.attributes.get("db.system.name"))


class Receiver:
    """Listens on every address of this machine, and keeps what it is sent."""

    def __init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.take(self.path, body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Standard error is for the tests."""

        self._server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)  # noqa: S104 - see above
        self._server.daemon_threads = True
        self._arrival = threading.Condition()
        self._bodies: list[bytes] = []
        self._spans: list[Span] = []
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    @property
    def everything(self) -> bytes:
        """All that was sent, as it was on the wire."""
        with self._arrival:
            return b"".join(self._bodies)

    def take(self, path: str, body: bytes) -> None:
        """One export request."""
        assert path == "/v1/traces"
        message = ExportTraceServiceRequest.FromString(body)
        with self._arrival:
            self._bodies.append(body)
            for resource in message.resource_spans:
                for scope in resource.scope_spans:
                    self._spans.extend(map(Span.read, scope.spans))
            self._arrival.notify_all()

    @property
    def spans(self) -> list[Span]:
        """All that have arrived."""
        with self._arrival:
            return list(self._spans)

    def trace(self, trace_id: str) -> list[Span]:
        """The spans of a trace, once its server span has arrived: it is the last to end."""
        with self._arrival:
            assert self._arrival.wait_for(
                lambda: any(span.kind == "SERVER" for span in self.so_far(trace_id)),
                PATIENCE_SECONDS,
            ), f"trace {trace_id} did not arrive; {len(self._spans)} spans did"
            return self.so_far(trace_id)

    def so_far(self, trace_id: str) -> list[Span]:
        """The spans of a trace that have arrived."""
        return [span for span in self._spans if span.trace_id == trace_id]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True)
class Caller:
    """Somebody else's span, of which a request is the child."""

    trace_id: str
    span_id: str
    sampled: bool = True

    @classmethod
    def new(cls, *, sampled: bool = True) -> Self:
        return cls(secrets.token_hex(16), secrets.token_hex(8), sampled)

    @property
    def headers(self) -> dict[str, str]:
        """What it sends (W3C Trace Context)."""
        return {"traceparent": f"00-{self.trace_id}-{self.span_id}-0{int(self.sampled)}"}
