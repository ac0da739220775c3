"""The OpenAPI 3.1 document, complete (R5), and Swagger UI served from here, under its own CSP.

Swagger UI's script and style sheet come with the `fastapi-swagger` package: no content delivery
network is asked, and the page runs without a line of inline script.
"""

from http import HTTPStatus
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import HTMLResponse, Response

from reference_app.api.collections import DEFAULT_LIMIT, MAX_LIMIT, Collection
from reference_app.api.envelope import HEADER, Failure
from reference_app.errors import BodyTooLarge, ServiceError
from reference_app.security.headers import CONTENT_SECURITY_POLICY

Json = dict[str, Any]

DESCRIPTION = """\
Users and their orders. Every answer has the same envelope and an `X-Request-ID`, which finds the
log lines of the request. Register with `POST /api/v1/users`, log in, and press *Authorize*.
"""

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Users and orders</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true});\n'

PAGE_POLICY = f"{CONTENT_SECURITY_POLICY}; img-src 'self' data:"
"""Swagger UI has its icons in `data:` addresses; scripts and styles come from here alone."""

RESPONSE_HEADERS: dict[str, tuple[str, Json]] = {
    "Idempotent-Replayed": (
        "`true` when this is the answer to an earlier request with the same `Idempotency-Key`.",
        {"type": "string", "const": "true"},
    ),
    "Location": ("Where the new resource is.", {"type": "string", "format": "uri-reference"}),
    "Retry-After": ("Seconds to wait before trying again.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": ("How to authenticate (RFC 6750).", {"type": "string"}),
    HEADER: ("The id of this request.", {"type": "string", "maxLength": 128}),
}

REFUSAL_HEADERS = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}


def _headers(*names: str) -> Json:
    return {
        name: {"description": RESPONSE_HEADERS[name][0], "schema": RESPONSE_HEADERS[name][1]}
        for name in names
    }


CREATED: dict[int | str, Json] = {201: {"headers": _headers("Location")}}
"""What a 201 has beside its body."""

CREATED_ONCE: dict[int | str, Json] = {
    201: {"headers": _headers("Location", "Idempotent-Replayed")}
}
"""The same where an `Idempotency-Key` may come with the request."""


def refusals(*errors: type[ServiceError]) -> dict[int | str, Json]:
    """The error answers of a route, as its OpenAPI entry shows them."""
    return {error.status: _refusal(error) for error in errors}


def _refusal(error: type[ServiceError]) -> Json:
    example = {
        "success": False,
        "error": {"code": error.code, "message": error.message, "details": []},
        "meta": {"request_id": "3f1c9d0e-0c5e-4a6f", "timestamp": "2026-01-31T12:00:00Z"},
    }
    return {
        "model": Failure,
        "description": HTTPStatus(error.status).phrase,
        "headers": _headers(*REFUSAL_HEADERS.get(error.status, [])),
        "content": {"application/json": {"example": example}},
    }


def list_parameters(collection: Collection) -> Json:
    """The query parameters of a list, which `Collection.parse` reads itself."""
    sortable = sorted(collection.sortable)
    key = f"-?({'|'.join(sortable)})"
    schemas: dict[str, tuple[str, Json]] = {
        "page": ("Page number.", {"type": "integer", "minimum": 1, "default": 1}),
        "limit": (
            "Items a page.",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        ),
        "sort": (
            f"Comma separated, `-` for descending: {', '.join(sortable)}.",
            {"type": "string", "pattern": f"^{key}(,{key})*$", "default": "-created_at"},
        ),
        **{
            name: (f"Only those with this {name}.", {"type": "string"})
            for name in collection.filters
        },
    }
    return {
        "parameters": [
            {"name": name, "in": "query", "description": description, "schema": schema}
            for name, (description, schema) in schemas.items()
        ]
    }


def install_documentation(app: FastAPI) -> None:
    """Serve `/openapi.json` and `/docs`. To be called when every route is there."""
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  # FastAPI's own hook
    app.include_router(_pages())


def _document(app: FastAPI) -> Json:
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version="3.1.0",
            description=DESCRIPTION,
            routes=app.routes,
            servers=[{"url": "/"}],
        )
        for path in document["paths"].values():
            for operation in path.values():
                _complete(operation)
        for unused in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(unused, None)
        app.openapi_schema = document
    return app.openapi_schema


def _complete(operation: Json) -> None:
    """Add what holds for every route, and take out the 422 that FastAPI assumes."""
    responses: Json = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    shared = [ServiceError, *([BodyTooLarge] if "requestBody" in operation else [])]
    for error in shared:
        responses[str(error.status)] = {
            **_refusal(error),
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Failure"},
                    **_refusal(error)["content"]["application/json"],
                }
            },
        }
        responses[str(error.status)].pop("model")
    for response in responses.values():
        response["headers"] = response.get("headers", {}) | _headers(HEADER)


def _pages() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def page() -> HTMLResponse:
        return HTMLResponse(PAGE, headers={"Content-Security-Policy": PAGE_POLICY})

    @router.get("/docs/start.js")
    async def start() -> Response:
        return Response(START, media_type="text/javascript")

    @router.get("/docs/swagger-ui-bundle.js")
    async def script() -> Response:
        return _asset("swagger-ui-bundle.js", "text/javascript")

    @router.get("/docs/swagger-ui.css")
    async def style() -> Response:
        return _asset("swagger-ui.css", "text/css")

    return router


def _asset(name: str, media_type: str) -> Response:
    content = files("fastapi_swagger.resources").joinpath(name).read_bytes()
    return Response(content, media_type=media_type, headers={"Cache-Control": "max-age=86400"})
