"""JSON that two readers could understand in two ways is understood by nobody here (H2).

Parsers differ in what they do with a key that comes twice, with `NaN`, with another encoding than
UTF-8 (RFC 8259 sections 4, 6 and 8.1): what a gateway has checked would not be what the service
reads. All of it is refused, and so is nesting without end.
"""

import json
from typing import Any, NoReturn

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from reference_app.api.text import harmless
from reference_app.errors import InvalidInput, respond
from reference_app.security.body_limit import once


class JsonBodies:
    """ASGI middleware: 400 for such a body. It stands behind `BodyLimit`: a body comes whole."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_json(Headers(scope=scope).get("content-type", "")):
            await self.app(scope, receive, send)
            return
        message = await receive()
        if wrong := what_is_wrong(message.get("body", b"")):
            await respond(InvalidInput.of_field("body", wrong))(scope, receive, send)
        else:
            await self.app(scope, once(message, receive), send)


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def what_is_wrong(body: bytes) -> str | None:
    """Why nobody should read this as JSON, in words for its author; None when it is all right."""
    try:
        if body:
            json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError:
        return "Must be UTF-8."
    except RecursionError:
        return "Is nested too deeply."
    except json.JSONDecodeError as error:
        return f"Is not JSON: {error.msg} at character {error.pos}."
    except _Refused as error:
        return str(error)
    except ValueError:
        return "Has a number that is too long."
    return None


class _Refused(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Refused(f"Has the key {harmless(repr(key))} twice.")
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise _Refused(f"Is not JSON: {name} is no number.")
