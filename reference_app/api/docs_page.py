"""Swagger UI at `/docs`, served from here under a policy of its own (R5, H1).

Its script and style sheet come with the `fastapi-swagger` package: no content delivery network is
asked, and the page runs without a line of inline script.
"""

from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from reference_app.security.headers import CONTENT_SECURITY_POLICY

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

router = APIRouter(prefix="/docs", include_in_schema=False)


@router.get("")
async def page() -> HTMLResponse:
    """The page that shows the OpenAPI document."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": PAGE_POLICY})


@router.get("/start.js")
async def start() -> Response:
    """The one line that starts it."""
    return Response(START, media_type="text/javascript")


@router.get("/swagger-ui-bundle.js")
async def script() -> Response:
    """Swagger UI itself."""
    return _asset("swagger-ui-bundle.js", "text/javascript")


@router.get("/swagger-ui.css")
async def style() -> Response:
    """How it looks."""
    return _asset("swagger-ui.css", "text/css")


def _asset(name: str, media_type: str) -> Response:
    content = files("fastapi_swagger.resources").joinpath(name).read_bytes()
    return Response(content, media_type=media_type, headers={"Cache-Control": "max-age=86400"})
