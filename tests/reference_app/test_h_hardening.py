"""H: headers on everything, and nothing hostile gets past the door."""

from collections.abc import Iterator

import pytest

from tests.reference_app.client import ITEMS, PASSWORD, Client

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "1; mode=block",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": "default-src 'self'",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
JSON = {"Content-Type": "application/json"}


@pytest.mark.spec("H1")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health"),
        ("GET", "/nowhere"),
        ("PUT", "/health"),
        ("HEAD", "/health"),
        ("OPTIONS", "/api/v1/users"),
        ("GET", "/api/v1/users"),
        ("POST", "/api/v1/users"),
        ("GET", "/openapi.json"),
        ("GET", "/docs/start.js"),
    ],
)
def test_security_headers_are_on_every_answer_once(client: Client, method: str, path: str) -> None:
    answer = client.send(method, path)
    for name, value in HEADERS.items():
        assert answer.headers.get_list(name) == [value]
    assert "Server" not in answer.headers


@pytest.mark.spec("H1")
def test_the_documentation_page_allows_no_more_than_it_needs(client: Client) -> None:
    policy = client.get("/docs").headers["Content-Security-Policy"]
    assert policy == "default-src 'self'; img-src 'self' data:"


@pytest.mark.spec("H2")
@pytest.mark.parametrize(
    "body",
    [
        rb'{"email": "a@example.com", "password": "%s", "full_name": "a\u0000b"}',
        rb'{"email": "a@example.com", "password": "%s", "full_name": "\ud800"}',
        rb'{"email": "a@example.com", "password": "%s", "full_name": "a\u001bb"}',
        rb'{"email": "a@example.com", "password": "%s", "full_name": "   "}',
        rb'{"email": "a@example.com", "password": "%s", "full_name": 7}',
        rb'{"email": "a@example.com", "password": "%s", "full_name": null}',
        rb'{"email": "a@example.com", "password": "%s", "full_name": "A", "id": 1}',
        rb'{"email": "a@example.com\n", "password": "%s", "full_name": "A"}',
        b'{"email": "a@example.com", "password": "%s", "full_name": "\xff"}',
        b'["%s"]',
        b'"%s"',
        b"null",
    ],
)
def test_hostile_bodies_are_400(client: Client, body: bytes) -> None:
    content = body.replace(b"%s", PASSWORD.encode())
    answer = client.post("/api/v1/users", content=content, headers=JSON)
    assert answer.status_code == 400
    assert PASSWORD not in answer.text


@pytest.mark.spec("H2")
@pytest.mark.parametrize("quantity", ["1", 1.5, True, 0, -1, 1001, 10**30, 1e400])
def test_numbers_are_numbers_within_bounds(client: Client, quantity: object) -> None:
    ada = client.person()
    text = '{"items": [{"product_name": "x", "unit_price": "1.00", "quantity": %s}]}'
    shown = {"1": '"1"', "True": "true", "inf": "1e400"}.get(str(quantity), str(quantity))
    answer = client.post(f"{ada.path}/orders", by=ada, content=text % shown, headers=JSON)
    assert answer.status_code == 400


@pytest.mark.spec("H2")
def test_lengths_are_counted_in_characters(client: Client) -> None:
    assert client.register("a@example.com", "é" * 100).status_code == 201
    assert client.register("b@example.com", "é" * 101).status_code == 400


@pytest.mark.spec("H2")
def test_markup_is_kept_as_it_is_and_sent_as_json(client: Client) -> None:
    answer = client.register("a@example.com", "<script>alert(1)</script>")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["data"]["full_name"] == "<script>alert(1)</script>"


@pytest.mark.spec("H2")
def test_a_body_is_bounded_whether_it_tells_its_length_or_not(client: Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 1024

    for content in (b" " * 65_537, endless()):
        answer = client.post("/api/v1/users", content=content, headers=JSON)
        assert answer.status_code == 413


@pytest.mark.spec("H2")
@pytest.mark.parametrize("path", ["/api/v1/users/%00", "/api/v1/users/1", "/api/v1/orders/x'--"])
def test_an_id_that_is_none_is_400(client: Client, path: str) -> None:
    assert client.get(path, by=client.person()).status_code == 400


@pytest.mark.spec("H2")
def test_a_body_of_another_type_is_refused(client: Client) -> None:
    ada = client.person()
    content = str(ITEMS).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        answer = client.post(
            f"{ada.path}/orders", by=ada, content=content, headers={"Content-Type": kind}
        )
        assert answer.status_code == 400
