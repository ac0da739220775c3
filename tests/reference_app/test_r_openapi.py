"""R5: the OpenAPI document is complete, as judged by linters that others wrote, and by its readers.

The rules that are switched off, each with its reason, are in `contract/`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reference_app.client import Client
from tests.reference_app.contract.linters import COMMANDS, lint

Json = dict[str, Any]


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


@pytest.mark.spec("R5")
@pytest.mark.parametrize("tool", COMMANDS)
def test_linters_find_nothing(client: Client, tool: str, tmp_path: Path) -> None:
    found = lint(tool, client.get("/openapi.json").json(), tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr


def _without_id(document: Json) -> None:
    del document["paths"]["/api/v1/users"]["get"]["operationId"]


def _without_limits(document: Json) -> None:
    del document["paths"]["/api/v1/users"]["get"]["responses"]["429"]


def _public(document: Json) -> None:
    document["paths"]["/api/v1/users/{user_id}"]["delete"]["security"] = []


def _failure_unknown(document: Json) -> None:
    del document["paths"]["/health"]["get"]["responses"]["500"]


def _unbounded(document: Json) -> None:
    del document["components"]["schemas"]["UserCreate"]["properties"]["email"]["maxLength"]


def _wrong_example(document: Json) -> None:
    login = document["paths"]["/api/v1/auth/login"]["post"]
    login["requestBody"]["content"]["application/json"]["example"]["email"] = 7


def _dangling(document: Json) -> None:
    del document["components"]["schemas"]["Pagination"]


BREAKS = [
    ("spectral", _without_id, "operation-operationId"),
    ("spectral", _without_limits, "owasp:api4:2023-rate-limit-responses-429"),
    ("spectral", _public, "owasp:api2:2023-write-restricted"),
    ("spectral", _failure_unknown, "owasp:api8:2023-define-error-responses-500"),
    ("spectral", _unbounded, "owasp:api4:2023-string-limit"),
    ("redocly", _wrong_example, "no-invalid-media-type-examples"),
    ("redocly", _dangling, "no-unresolved-refs"),
]


@pytest.mark.spec("R5")
@pytest.mark.parametrize("tool", COMMANDS)
def test_linters_find_what_is_wrong(client: Client, tool: str, tmp_path: Path) -> None:
    document = client.get("/openapi.json").json()
    mine = [(break_it, rule) for name, break_it, rule in BREAKS if name == tool]
    for break_it, _ in mine:
        break_it(document)
    found = lint(tool, document, tmp_path)
    assert found.returncode != 0
    for _, rule in mine:
        assert rule in found.stdout + found.stderr


@pytest.mark.spec("R5")
def test_every_body_and_every_path_has_an_example(client: Client) -> None:
    without = []
    for name, operation in operations(client.get("/openapi.json").json()):
        bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for kind, body in bodies.items():
            contents = body.get("content", {}).values()
            without += [f"{name}: {kind}" for content in contents if not content.get("example")]
        without += [
            f"{name}: {parameter['name']}"
            for parameter in operation.get("parameters", [])
            if parameter["required"] and not parameter.get("example")
        ]
    assert without == []


@pytest.mark.spec("R5")
def test_every_header_of_an_answer_is_described(client: Client) -> None:
    document = client.get("/openapi.json").json()
    ada = client.person()
    order = client.order(ada)
    asked = {
        "/health": client.get("/health"),
        "/api/v1/users/{user_id}": client.get(ada.path, by=ada),
        "/api/v1/users": client.get("/api/v1/users"),
        "/api/v1/orders/{order_id}": client.get(f"/api/v1/orders/{order['id']}", by=ada),
    }
    ordinary = {"content-length", "content-type", "date"}
    for path, answer in asked.items():
        described = document["paths"][path]["get"]["responses"][f"{answer.status_code}"]["headers"]
        sent = {name.lower() for name in answer.headers} - ordinary
        assert sent - {name.lower() for name in described} == set(), path
