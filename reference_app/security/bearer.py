"""The access token that came with a request, read once for all that ask who is calling (A2, H3).

Checking a signature and its claims is a twelfth of the work of a request, and two need the result:
the limit of the caller's requests, before any work, and the route, for what the caller may do.
"""

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from reference_app.errors import InvalidToken

if TYPE_CHECKING:
    from reference_app.security.tokens import AccessClaims, Tokens

KEY = "reference_app.bearer"


class ReadBearer:
    """ASGI middleware: leaves in the scope what `bearer_of` finds there."""

    def __init__(self, app: ASGIApp, tokens: "Tokens") -> None:
        self.app = app
        self.tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[KEY] = self._read(Headers(scope=scope).get("authorization", ""))
        await self.app(scope, receive, send)

    def _read(self, authorization: str) -> "AccessClaims | InvalidToken | None":
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        try:
            return self.tokens.read_access(token)
        except InvalidToken as refused:
            return refused


def bearer_of(scope: Scope) -> "AccessClaims | InvalidToken | None":
    """What the token of this request says, why it is refused, or None where there is none."""
    found: AccessClaims | InvalidToken | None = scope[KEY]
    return found
