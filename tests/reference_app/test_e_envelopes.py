"""E: every answer has the same shape, and an id."""

import re
from typing import Any

import pytest

from tests.reference_app.client import Client

JSON = {"Content-Type": "application/json"}


def assert_meta(answer: Any) -> None:
    meta = answer.json()["meta"]
    assert meta["request_id"] == answer.headers["X-Request-ID"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", meta["timestamp"])


@pytest.mark.spec("E1")
def test_a_success_has_data_and_meta(client: Client) -> None:
    answer = client.get("/health")
    assert set(answer.json()) == {"success", "data", "meta"}
    assert answer.json()["success"] is True
    assert_meta(answer)


@pytest.mark.spec("E2")
def test_a_list_says_where_its_page_stands(client: Client) -> None:
    ada = client.person()
    for _ in range(4):
        client.order(ada)

    def pagination(page: int) -> dict[str, object]:
        answer = client.get(f"{ada.path}/orders?limit=2&page={page}", by=ada)
        assert_meta(answer)
        block: dict[str, object] = answer.json()["pagination"]
        return block

    whole = {"limit": 2, "total_items": 4, "total_pages": 2}
    assert pagination(1) == {"page": 1, **whole, "has_next": True, "has_prev": False}
    assert pagination(2) == {"page": 2, **whole, "has_next": False, "has_prev": True}
    assert pagination(3) == {"page": 3, **whole, "has_next": False, "has_prev": True}


@pytest.mark.spec("E2")
def test_an_empty_list_is_a_list(client: Client) -> None:
    ada = client.person()
    answer = client.get(f"{ada.path}/orders", by=ada).json()
    assert answer["data"] == []
    assert answer["pagination"]["total_pages"] == 0


@pytest.mark.spec("E3")
def test_an_error_names_each_wrong_field(client: Client) -> None:
    body = {"email": "nobody", "password": 1, "full_name": "", "role": "admin"}
    error = client.post("/api/v1/users", json=body).json()["error"]
    assert error["code"] == "VALIDATION_ERROR"
    assert {one["field"] for one in error["details"]} == {"email", "password", "full_name", "role"}


@pytest.mark.spec("E4")
@pytest.mark.parametrize(
    ("status", "method", "path", "body"),
    [
        (404, "GET", "/nowhere", None),
        (404, "GET", "/api/v1/users/", None),
        (405, "DELETE", "/health", None),
        (400, "POST", "/api/v1/users", b"{"),
        (400, "POST", "/api/v1/users", b""),
        (400, "POST", "/api/v1/users", b'"\xff"'),
        (400, "POST", "/api/v1/users", b"[" * 10_000),
        (413, "POST", "/api/v1/users", b" " * 100_000),
        (401, "GET", "/api/v1/users", None),
    ],
)
def test_framework_errors_come_in_the_envelope(
    client: Client, status: int, method: str, path: str, body: bytes | None
) -> None:
    answer = client.send(method, path, content=body, headers=JSON)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["success"] is False
    assert set(answer.json()["error"]) == {"code", "message", "details"}
    assert isinstance(answer.json()["error"]["details"], list)
    assert_meta(answer)


@pytest.mark.spec("E4")
def test_a_405_names_every_method_of_the_path(client: Client) -> None:
    assert client.send("DELETE", "/api/v1/users").headers["Allow"] == "GET, POST"


@pytest.mark.spec("E5")
def test_a_well_formed_request_id_is_kept_and_is_in_the_log(client: Client) -> None:
    answer = client.get("/health", headers={"X-Request-ID": "order-7.retry_2"})
    assert answer.headers["X-Request-ID"] == "order-7.retry_2"
    assert len(client.log("request_finished", of=answer)) == 1


@pytest.mark.spec("E5")
@pytest.mark.parametrize("given", ["", "a b", "x" * 129, '{"level":"error"}', "a\tb", "é"])
def test_any_other_request_id_is_replaced(client: Client, given: str) -> None:
    answer = client.get("/health", headers={"X-Request-ID": given.encode()})
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["X-Request-ID"])
