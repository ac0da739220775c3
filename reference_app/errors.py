"""Every way a request can fail, and the one place where failures become responses (C2–C7, E3).

    ServiceError
    ├── InvalidInput        400  what was sent is malformed; one detail for each wrong field
    ├── NotAuthenticated    401  no credentials, or wrong ones
    │   └── InvalidToken         a token that is not accepted, whatever the reason
    ├── NotAllowed          403  the caller is known and may not do this
    ├── NotFound            404  it is not there, or not for this caller
    ├── Conflict            409  it clashes with what is already there
    ├── PreconditionFailed  412  the caller's If-Match or If-None-Match does not hold
    ├── BodyTooLarge        413
    ├── RuleBroken          422  well-formed, but against a rule of the business
    ├── TooManyAttempts     429  come back after `retry_after` seconds
    └── Unavailable         503  something this service needs does not answer

Anything else that is raised is a defect: the client gets a generic 500, the log gets the traceback.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import ClassVar

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_app.api.envelope import Detail, failure

log = structlog.get_logger()


class ServiceError(Exception):
    """A failure that the client is told about: `status`, `code` and `message` are public."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"
    message: str = "Something went wrong on our side."

    def __init__(self, message: str | None = None, *, details: Sequence[Detail] = ()) -> None:
        self.message = message or self.message
        self.details = list(details)
        self.headers: dict[str, str] = {}
        super().__init__(self.message)


class InvalidInput(ServiceError):
    """400: the request itself is malformed."""

    status = 400
    code = "VALIDATION_ERROR"
    message = "The request is not valid."

    @classmethod
    def of_field(cls, field: str, message: str) -> "InvalidInput":
        """The error for one wrong field."""
        return cls(details=[Detail(field=field, message=message)])


class NotAuthenticated(ServiceError):
    """401: who is calling is not established. RFC 9110 section 11.6.1 asks for the challenge."""

    status = 401
    code = "NOT_AUTHENTICATED"
    message = "Authentication is required."
    challenge: ClassVar[str] = "Bearer"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message)
        self.headers["WWW-Authenticate"] = self.challenge


class InvalidToken(NotAuthenticated):
    """401: a token was given and is not accepted. RFC 6750 section 3.1 names the error."""

    code = "INVALID_TOKEN"
    message = "The token is not valid."
    challenge = 'Bearer error="invalid_token"'


class NotAllowed(ServiceError):
    """403: the caller is known and lacks the right."""

    status = 403
    code = "FORBIDDEN"
    message = "You are not allowed to do this."


class NotFound(ServiceError):
    """404: also the answer for what exists but is none of the caller's business (A6)."""

    status = 404
    code = "NOT_FOUND"
    message = "There is nothing here."


class Conflict(ServiceError):
    """409: the state of things does not allow it."""

    status = 409
    code = "CONFLICT"
    message = "This clashes with what is already there."


class PreconditionFailed(ServiceError):
    """412: it is not what the caller's condition says (RFC 9110 section 13.1)."""

    status = 412
    code = "PRECONDITION_FAILED"
    message = "This is not what your condition says; it may have changed since you read it."


class BodyTooLarge(ServiceError):
    """413: the body has more bytes than the service reads."""

    status = 413
    code = "BODY_TOO_LARGE"
    message = "The request body is too large."


class RuleBroken(ServiceError):
    """422: a business rule says no."""

    status = 422
    code = "RULE_BROKEN"
    message = "A business rule does not allow this."


class _RetryLater(ServiceError):
    def __init__(self, retry_after: int, message: str | None = None) -> None:
        super().__init__(message)
        self.headers["Retry-After"] = str(retry_after)


class TooManyAttempts(_RetryLater):
    """429: `retry_after` is in whole seconds."""

    status = 429
    code = "TOO_MANY_ATTEMPTS"
    message = "Too many requests. Please wait."


class Unavailable(_RetryLater):
    """503: `retry_after` is in whole seconds."""

    status = 503
    code = "SERVICE_UNAVAILABLE"
    message = "The service cannot answer right now. Please try again."


CONSTRAINTS: dict[str, tuple[type[Conflict] | type[RuleBroken], str]] = {
    "uq_users_email": (Conflict, "This e-mail address is already in use."),
    "fk_orders_user_id": (RuleBroken, "The user of this order does not exist."),
    "fk_refresh_tokens_user_id": (RuleBroken, "The user of this session does not exist."),
}
"""What a violated constraint means to a client; any other one breaks a rule we do not name."""

FRAMEWORK_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 400: "VALIDATION_ERROR"}


def install_error_handlers(app: FastAPI) -> None:
    """Have everything that is raised inside `app` answered in the envelope."""
    app.exception_handler(ServiceError)(_service_error)
    app.exception_handler(RequestValidationError)(_invalid_request)
    app.exception_handler(HTTPException)(_framework_error)
    app.exception_handler(IntegrityError)(_violated_constraint)


async def _service_error(_: Request, error: ServiceError) -> Response:
    return respond(error)


def respond(error: ServiceError) -> Response:
    """The response that tells a client about `error`."""
    if error.status >= 500:
        log.warning("request_refused", code=error.code, exc_info=error.__cause__)
    return failure(error.status, error.code, error.message, error.details, error.headers)


async def _invalid_request(_: Request, error: RequestValidationError) -> Response:
    details = [
        Detail(field=_field(one["loc"]), message=str(one["msg"]).removeprefix("Value error, "))
        for one in error.errors()
    ]
    return respond(InvalidInput(details=details))


def _field(location: Sequence[str | int]) -> str:
    """`("body", "items", 0, "quantity")` is `items.0.quantity` to whoever wrote the body."""
    parts = [str(part) for part in location[1:] if not isinstance(part, int) or len(location) > 2]
    return ".".join(parts) or str(location[0])


async def _framework_error(request: Request, error: HTTPException) -> Response:
    code = FRAMEWORK_CODES.get(error.status_code, "REQUEST_REFUSED")
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers |= _allowed_methods(request)
    return failure(error.status_code, code, str(error.detail), headers=headers)


def _allowed_methods(request: Request) -> dict[str, str]:
    """All methods of this path (RFC 9110 section 10.2.1); the framework knows one route's."""
    path = getattr(request.scope.get("route"), "path", "")
    methods = request.app.openapi()["paths"].get(path, {})
    return {"Allow": ", ".join(sorted(map(str.upper, methods)))} if methods else {}


async def _violated_constraint(_: Request, error: IntegrityError) -> Response:
    name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    kind, message = CONSTRAINTS.get(str(name), (RuleBroken, RuleBroken.message))
    log.info("constraint_violated", constraint=name)
    return respond(kind(message))


class CatchDefects:
    """ASGI middleware: an unexpected exception is logged whole and answered with a bare 500 (C7).

    It stands inside the middleware that adds headers and request ids, so that a 500 has them too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:
            log.exception("unexpected_error")
            if started or scope["type"] != "http":
                raise
            answer = failure(500, ServiceError.code, ServiceError.message)
            await answer(scope, receive, send)
