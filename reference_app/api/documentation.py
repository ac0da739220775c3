"""What a route says about itself beyond its types: refusals, headers, parameters of a list (R5).

What holds for every route is added by `openapi.py`.
"""

from http import HTTPStatus
from typing import Any

from reference_app.api.collections import DEFAULT_LIMIT, MAX_LIMIT, MAX_PAGE, Collection
from reference_app.api.envelope import HEADER, WELL_FORMED, Failure
from reference_app.api.text import shown
from reference_app.errors import InvalidInput, ServiceError
from reference_app.security.headers import HEADERS as SECURITY_HEADERS

Json = dict[str, Any]
Responses = dict[int | str, Json]

RESPONSE_HEADERS: dict[str, tuple[str, Json]] = {
    HEADER: ("The id of this request.", shown(WELL_FORMED, type="string", maxLength=128)),
    "ETag": (
        "The version that is shown, for `If-None-Match` and `If-Match`.",
        {"type": "string", "pattern": '^"[^"]+"$', "maxLength": 100},
    ),
    "Idempotent-Replayed": (
        "`true` when this is the answer to an earlier request with the same `Idempotency-Key`.",
        {"type": "string", "const": "true"},
    ),
    "Location": (
        "Where the new resource is.",
        {"type": "string", "format": "uri-reference", "maxLength": 200},
    ),
    "RateLimit": (
        "What is left of the quota, and the seconds until it is whole again (H3).",
        {"type": "string", "pattern": '^"[a-z]+";r=[0-9]+;t=[0-9]+$', "maxLength": 100},
    ),
    "RateLimit-Policy": (
        "The quota of these requests: how many, in a window of how many seconds.",
        {"type": "string", "pattern": '^"[a-z]+";q=[0-9]+;w=[0-9]+$', "maxLength": 100},
    ),
    "Retry-After": (
        "Seconds to wait before trying again.",
        {"type": "integer", "minimum": 1, "maximum": 86_400},
    ),
    "WWW-Authenticate": (
        "How to authenticate (RFC 6750).",
        {"type": "string", "pattern": "^Bearer", "maxLength": 200},
    ),
    "Content-Disposition": (
        "A name for the file.",
        {"type": "string", "pattern": "^attachment; filename=", "maxLength": 200},
    ),
    "Cache-Control": ("Who may keep the answer.", {"enum": ["no-store", "private, no-cache"]}),
    "Vary": (
        "What the answer depends on beside the address.",
        {"type": "string", "pattern": "^Origin", "maxLength": 100},
    ),
    "Content-Security-Policy": (
        "What a page may load (H1).",
        {"type": "string", "pattern": "^default-src 'self'", "maxLength": 200},
    ),
    "Access-Control-Allow-Origin": (
        "There only for an `Origin` that the service is configured for.",
        {"type": "string", "format": "uri", "maxLength": 300},
    ),
    **{
        name: ("What browsers are told not to do (H1).", {"const": value})
        for name, value in SECURITY_HEADERS.items()
    },
}
"""Every header that an answer may have, beyond those of HTTP itself."""

REFUSAL_HEADERS = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}


def headers(*names: str) -> Json:
    """The entry `headers` of an answer that has these."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


TAGGED = ("ETag", "Cache-Control")

CREATED: Responses = {201: {"headers": headers("Location", *TAGGED)}}
"""What a 201 has beside its body."""

CREATED_ONCE: Responses = {201: {"headers": headers("Location", *TAGGED, "Idempotent-Replayed")}}
"""The same where an `Idempotency-Key` may come with the request."""

CHANGED: Responses = {200: {"headers": headers(*TAGGED)}}
"""What the answer to a PATCH has beside its body."""

READ: Responses = CHANGED | {
    304: {"description": "The caller has it already.", "headers": headers(*TAGGED)}
}
"""The two answers to the GET of one thing (R6)."""


def refusals(*errors: type[ServiceError]) -> Responses:
    """The error answers of a route, as its OpenAPI entry shows them."""
    return {error.status: _refusal(error) for error in errors}


def _refusal(error: type[ServiceError]) -> Json:
    details = [{"field": "email", "message": "This is not an e-mail address."}]
    example = {
        "success": False,
        "error": {
            "code": error.code,
            "message": error.message,
            "details": details if error is InvalidInput else [],
        },
        "meta": {"request_id": "3f1c9d0e-0c5e-4a6f", "timestamp": "2026-01-31T12:00:00Z"},
    }
    return {
        "model": Failure,
        "description": HTTPStatus(error.status).phrase,
        "headers": headers(*REFUSAL_HEADERS.get(error.status, [])),
        "content": {"application/json": {"example": example}},
    }


def list_parameters(collection: Collection) -> Json:
    """The query parameters of a list, which `Collection.parse` reads itself."""
    schemas: dict[str, tuple[str, Json]] = {
        "page": (
            "Page number.",
            {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1},
        ),
        "limit": (
            "Items a page.",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        ),
        "sort": _sort(collection),
        **{
            name: (f"Only those with this {name}.", dict(one.schema))
            for name, one in collection.filters.items()
        },
    }
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": description,
                "schema": schema,
            }
            for name, (description, schema) in schemas.items()
        ]
    }


def _sort(collection: Collection) -> tuple[str, Json]:
    """Each field at most once, in the words of a pattern: no word of it comes back later."""
    fields = sorted(collection.sortable)
    key = f"-?({'|'.join(fields)})"
    return (
        f"Comma separated, each at most once, `-` for descending: {', '.join(fields)}.",
        {
            "type": "string",
            "pattern": rf"^(?!.*\b(\w+)\b.*\b\1\b){key}(,{key})*$",
            "maxLength": 200,
            "default": "-created_at",
        },
    )
