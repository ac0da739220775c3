"""A bound on the head of a request: the request line, and the fields before and after a body (H2).

The parser keeps a field in memory until it has all of it, before any of the application is asked.
So what comes is counted on its way in, from one piece that the parser gives to the next: a head, a
part of a body, the end of a message. A head over the bound is never parsed to its end, and what
ends none is cut as well, such as endless fields after a chunked body.

Nothing is counted twice and no body is counted at all. A head that begins in the middle of a read,
behind the request before it, is counted from the next read on.
"""

import uuid

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from reference_app.api.envelope import HEADER, Error, Failure, Meta
from reference_app.security.headers import CONTENT_SECURITY_POLICY, HEADERS

log = structlog.get_logger()

HEAD_BYTES = 65_536


class BoundedHeads(HttpToolsProtocol):
    """One connection. A head that is too long is a 431, and ends it."""

    _came_to_nothing = 0

    def data_received(self, data: bytes) -> None:
        """Feed the parser, but never more than a head may still have."""
        while data:
            room = HEAD_BYTES - self._came_to_nothing
            piece, data = data[:room], data[room:]
            self._came_to_nothing += len(piece)
            super().data_received(piece)
            if self.transport.is_closing():
                return
            if self._came_to_nothing >= HEAD_BYTES:
                self._refuse()
                return

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._came_to_nothing = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body is there."""
        self._came_to_nothing = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request has come to its end."""
        self._came_to_nothing = 0
        super().on_message_complete()

    def _refuse(self) -> None:
        """Close; say why, unless that would get into the answer to an earlier request."""
        request_id = str(uuid.uuid4())
        log.info("head_too_large", request_id=request_id)
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(answer(request_id))
        self.transport.close()


def answer(request_id: str) -> bytes:
    """The 431, as it goes over the wire: no middleware is there to complete it."""
    error = Error(code="HEAD_TOO_LARGE", message="The request's head is too large.", details=[])
    body = Failure(error=error, meta=Meta(request_id=request_id)).model_dump_json().encode()
    headers = HEADERS | {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        HEADER: request_id,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return STATUS_LINE[431] + lines.encode() + b"\r\n" + body
