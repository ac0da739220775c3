"""Response headers that tell browsers what not to do, on every answer there is (H1), and which
other sites' pages may ask at all (H4).

`X-XSS-Protection` is asked for by the contract, and retired: browsers have removed the filter it
switches (OWASP advises `0` or nothing). `X-Frame-Options` is superseded by `frame-ancestors`, and
still read by old browsers. The others are current.
"""

from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_app.errors import InvalidInput, respond

CONTENT_SECURITY_POLICY = "default-src 'self'"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "1; mode=block",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}


class SecurityHeaders:
    """ASGI middleware that sets them. A route may state a policy of its own, and keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            await send(message)

        await self.app(scope, receive, add)


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

SENT = ("Authorization", "If-Match", "If-None-Match", "Idempotency-Key", "X-Request-ID")
"""Headers that a page may send, beyond those that any page may."""

READABLE = (
    *("ETag", "Location", "Retry-After", "WWW-Authenticate", "X-Request-ID"),
    *("Idempotent-Replayed", "RateLimit", "RateLimit-Policy"),
)
"""Headers of an answer that a page may read, beyond those that any page may."""


class Cors(CORSMiddleware):
    """ASGI middleware: lets pages of these origins (comma separated), and no other, read answers.

    Without origins it is closed. Cookies are not allowed: the service has none, and a token is
    sent by the page on purpose. Preflights end here, and a refused one is an error like any other.
    """

    def __init__(self, app: ASGIApp, origins: str) -> None:
        super().__init__(
            app,
            allow_origins=[origin for origin in origins.split(",") if origin],
            allow_methods=METHODS,
            allow_headers=SENT,
            expose_headers=READABLE,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """Whether the page may send what it means to send."""
        answer = super().preflight_response(request_headers)
        if answer.status_code == HTTPStatus.OK:
            return answer
        refusal = respond(InvalidInput("Pages of that origin may not send such a request."))
        refusal.headers["Vary"] = answer.headers["Vary"]
        return refusal
