"""One shape for every answer (E1–E5): success, list and error bodies, and the request's id."""

import re
import uuid
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_app.api.text import MAX_SAID, PRINTABLE, harmless, shown

T = TypeVar("T")

HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
CODE = re.compile(r"[A-Z][A-Z0-9_]*")
MAX_DETAILS = 100
MAX_INTEGER = 2_147_483_647

Said = Annotated[
    str,
    AfterValidator(harmless),
    Field(json_schema_extra=shown(PRINTABLE, maxLength=MAX_SAID)),
]

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request being answered; empty outside of one."""
    return _request_id.get()


class Meta(BaseModel):
    """About the answer itself."""

    request_id: str = Field(
        default_factory=current_request_id,
        examples=["3f1c9d0e-0c5e-4a6f"],
        json_schema_extra=shown(WELL_FORMED, maxLength=128),
    )
    timestamp: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Success(BaseModel, Generic[T]):
    """E1: one thing."""

    model_config = ConfigDict(from_attributes=True)

    success: Literal[True] = True
    data: T
    meta: Meta = Field(default_factory=Meta)


class Pagination(BaseModel):
    """E2: where a page stands in its list."""

    page: Annotated[int, Field(ge=1, le=MAX_INTEGER, examples=[1])]
    limit: Annotated[int, Field(ge=1, le=100, examples=[20])]
    total_items: Annotated[int, Field(ge=0, le=MAX_INTEGER, examples=[41])]
    total_pages: Annotated[int, Field(ge=0, le=MAX_INTEGER, examples=[3])]
    has_next: Annotated[bool, Field(examples=[True])]
    has_prev: Annotated[bool, Field(examples=[False])]


class Listing(BaseModel, Generic[T]):
    """E2: one page of a list."""

    model_config = ConfigDict(from_attributes=True)

    success: Literal[True] = True
    data: Annotated[list[T], Field(json_schema_extra={"maxItems": 100})]
    pagination: Pagination
    meta: Meta = Field(default_factory=Meta)


class Detail(BaseModel):
    """E3: what is wrong with one field. Name and message may quote what the caller sent."""

    field: Annotated[Said, Field(examples=["email"])]
    message: Annotated[Said, Field(examples=["This is not an e-mail address."])]


class Error(BaseModel):
    """E3: what went wrong; `code` is for programs, `message` for people."""

    code: Annotated[
        str, Field(examples=["VALIDATION_ERROR"], json_schema_extra=shown(CODE, maxLength=50))
    ]
    message: Annotated[Said, Field(examples=["The request is not valid."])]
    details: Annotated[list[Detail], Field(json_schema_extra={"maxItems": MAX_DETAILS})]


class Failure(BaseModel):
    """E3: the body of every error."""

    success: Literal[False] = False
    error: Error
    meta: Meta = Field(default_factory=Meta)


def created(body: BaseModel, location: str) -> Response:
    """The 201 for a new resource that is found at `location`."""
    return Response(
        body.model_dump_json(), 201, {"Location": location}, media_type="application/json"
    )


def failure(
    status: int,
    code: str,
    message: str,
    details: Sequence[Detail] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response for an error, whoever found it: a route, the framework, or a middleware."""
    body = Failure(error=Error(code=code, message=message, details=list(details)[:MAX_DETAILS]))
    return Response(
        body.model_dump_json(), status, headers=dict(headers or {}), media_type="application/json"
    )


class RequestIds:
    """ASGI middleware: take the caller's request id when it is well formed, else make one (E5).

    Letters, digits, dots, dashes and underscores, at most 128: nothing that could forge a log
    line or a header, or fill a disk.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if WELL_FORMED.fullmatch(given) else str(uuid.uuid4())
        token = _request_id.set(request_id)

        async def echo(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        try:
            await self.app(scope, receive, echo)
        finally:
            _request_id.reset(token)
