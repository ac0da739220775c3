"""A bound on what a client can make the service hold in memory (H2)."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_app.errors import BodyTooLarge, respond


class BodyLimit:
    """ASGI middleware: 413 for a body over `limit` bytes, whether its length is declared or not.

    A declared length is refused before anything is read. Else the body is counted as it comes in,
    and handed on once it is whole; it is never longer than `limit` and one network read.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        declared = headers.get("content-length")
        if declared is None and "transfer-encoding" not in headers:
            await self.app(scope, receive, send)
            return
        if declared is not None and int(declared) > self.limit:
            await respond(BodyTooLarge())(scope, receive, send)
            return
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > self.limit:
                await respond(BodyTooLarge())(scope, receive, send)
                return
            if not message.get("more_body", False):
                break
        await self.app(scope, once({**message, "body": bytes(body)}, receive), send)


def once(first: Message, then: Receive) -> Receive:
    """A `receive` that gives `first`, and from then on what `then` gives."""
    waiting = [first]

    async def receive() -> Message:
        return waiting.pop() if waiting else await then()

    return receive
