"""The OpenAPI 3.1 document: what FastAPI knows of the routes, and what holds for all (R5)."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from reference_app.api.documentation import RESPONSE_HEADERS, Json, headers, refusals
from reference_app.api.envelope import HEADER
from reference_app.api.examples import example_of
from reference_app.errors import BodyTooLarge, ServiceError, TooManyAttempts
from reference_app.security.headers import HEADERS as SECURITY_HEADERS
from reference_app.security.quotas import EXEMPT

DESCRIPTION = """\
Users and their orders. Every answer has the same envelope and an `X-Request-ID`, which finds the
log lines of the request. Register with `POST /api/v1/users`, log in, and press *Authorize*.
"""

WHERE = "The service that gave this document, be it local, staging or production."

TAGS = {
    "users": "Accounts, and what their owners and the staff may do with them.",
    "orders": "What a user ordered.",
    "reports": "Files for the staff.",
    "auth": "Log in, stay logged in, log out.",
    "mfa": "A second factor: one-time codes from an app.",
    "operation": "What orchestrators and operators ask.",
}

ON_EVERY_ANSWER = [
    *(HEADER, "Content-Security-Policy", "Access-Control-Allow-Origin", "Vary"),
    *SECURITY_HEADERS,
]

ON_COUNTED_ANSWERS = ("RateLimit", "RateLimit-Policy")

LENGTHS = {"uuid": 36, "date-time": 35}
"""What these formats imply, said for readers of the document that do not know it."""


def install_openapi(app: FastAPI) -> None:
    """Serve `/openapi.json`. To be called when every route is there.

    Clients made from the document call a route by the name of its function.
    """
    for route in app.routes:
        if isinstance(route, APIRoute):
            route.operation_id = route.name
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  # FastAPI's own hook


def _document(app: FastAPI) -> Json:
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version="3.1.0",
            description=DESCRIPTION,
            routes=app.routes,
            tags=[{"name": name, "description": text} for name, text in TAGS.items()],
            servers=[{"url": "/", "description": WHERE, "x-internal": False}],
            contact={"name": "Backend Dojo"},
            license_info={"name": "MIT", "identifier": "MIT"},
        )
        components = document["components"]
        components["headers"] = {
            name: {"description": description, "schema": schema}
            for name, (description, schema) in RESPONSE_HEADERS.items()
        }
        for unused in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(unused, None)
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _complete(operation, components["schemas"], limited=path not in EXEMPT)
        for schema in _schemas(document):
            _bound(schema)
        app.openapi_schema = document
    return app.openapi_schema


def _complete(operation: Json, schemas: Json, *, limited: bool) -> None:
    """Add what holds for every route, and take out the 422 that FastAPI assumes."""
    operation.setdefault("security", [])
    responses: Json = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    shared = [
        ServiceError,
        *([BodyTooLarge] if "requestBody" in operation else []),
        *([TooManyAttempts] if limited else []),
    ]
    for status, refusal in refusals(*shared).items():
        del refusal["model"]
        refusal["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/Failure"}
        responses[str(status)] = refusal
    for response in responses.values():
        response["headers"] = response.get("headers", {}) | headers(
            *ON_EVERY_ANSWER, *(ON_COUNTED_ANSWERS if limited else ())
        )
    for bodies in (operation.get("requestBody", {}), *responses.values()):
        for content in bodies.get("content", {}).values():
            content.setdefault("example", example_of(content["schema"], schemas))
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _never_null(parameter["schema"])
        if parameter["required"]:  # an optional one would stand in the form of /docs, filled in
            parameter.setdefault("example", example_of(parameter["schema"], schemas))


def _never_null(schema: Json) -> Json:
    """What may be left out of an address or a header can still not be null in it."""
    if {"type": "null"} not in schema.get("anyOf", ()):
        return schema
    given: Json = schema["anyOf"][0]
    return {name: value for name, value in schema.items() if name != "anyOf"} | given


def _schemas(part: Any) -> Iterator[Json]:
    """Every object of the document that says a type."""
    if isinstance(part, dict):
        if isinstance(part.get("type"), str):
            yield part
        for value in part.values():
            yield from _schemas(value)
    elif isinstance(part, list):
        for value in part:
            yield from _schemas(value)


def _bound(schema: Json) -> None:
    if schema["type"] == "integer":
        schema.setdefault("format", "int32")
    elif schema.get("format") in LENGTHS:
        schema.setdefault("maxLength", LENGTHS[schema["format"]])
