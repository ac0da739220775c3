"""O1: the log tells what happened, to whom and how long it took, and no secret."""

import socket
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.reference_app.client import PASSWORD, Client

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"  # pragma: allowlist secret


@pytest.mark.spec("O1")
def test_every_line_is_json_and_every_request_has_one_access_line(client: Client) -> None:
    ada = client.person()
    answers = [client.get(ada.path, by=ada), client.get("/nowhere"), client.get("/health")]
    for answer in answers:
        [line] = client.log("request_finished", of=answer)
        assert line["status"] == answer.status_code
        assert line["level"] == "info"
        assert line["duration_ms"] >= 0
        assert line["timestamp"].endswith("Z")


@pytest.mark.spec("O1")
def test_the_access_line_has_the_route_template_and_the_caller(client: Client) -> None:
    ada = client.person()
    answer = client.get(f"{ada.path}/orders?limit=1", by=ada)
    [line] = client.log("request_finished", of=answer)
    assert (line["method"], line["route"]) == ("GET", "/api/v1/users/{user_id}/orders")
    assert line["user_id"] == ada.id


@pytest.mark.spec("O1")
def test_a_new_order_is_an_event(client: Client) -> None:
    ada = client.person()
    order = client.order(ada)
    [line] = client.log("order_created")
    assert line["order_id"] == order["id"]
    assert line["user_id"] == ada.id
    assert line["total_amount"] == "37.50"
    assert line["items_count"] == 1
    assert line["duration_ms"] > 0


@pytest.mark.spec("O1")
@pytest.mark.parametrize(
    ("given", "noted"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f"00-{TRACE}-00f067aa0ba902b7-00", TRACE),
        (f"cc-{TRACE}-00f067aa0ba902b7-01-later", TRACE),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        ("00-xyz-00f067aa0ba902b7-01", None),
        ('{"a": 1}', None),
    ],
)
def test_the_callers_trace_is_in_the_log_when_it_is_valid(
    client: Client, given: str, noted: str | None
) -> None:
    answer = client.get("/health", headers={"traceparent": given})
    [line] = client.log("request_finished", of=answer)
    assert line.get("trace_id") == noted
    assert "span_id" not in line


@pytest.mark.spec("O1")
def test_no_secret_reaches_the_log_whatever_the_request(client: Client) -> None:
    ada = client.person()
    client.log_in(ada.email, "a mistyped secret")
    client.refresh(ada.refresh_token)
    client.refresh(ada.refresh_token)
    spent = {"password": PASSWORD, "refresh_token": ada.refresh_token}
    places: dict[str, dict[str, Any]] = {
        "query": {"params": spent},
        "body": {"json": spent},
        "unknown field": {"json": {"email": ada.email, "pass_word": PASSWORD}},
        "wrong type": {"json": {"email": ada.email, "password": [PASSWORD]}},
        "form": {"data": spent},
        "broken JSON": {"content": f'{{"password": "{PASSWORD}"'},
        "bad UTF-8": {"content": b"\xff" + PASSWORD.encode()},
        "too long": {"content": PASSWORD * 10_000},
        "basic": {"auth": (ada.email, PASSWORD)},
        "cookie": {"headers": {"Cookie": f"session={ada.token}"}},
        "scheme": {"headers": {"Authorization": f"Token {ada.token}"}},
        "request id": {"headers": {"X-Request-ID": f"password={PASSWORD}"}},
    }
    paths = ("/api/v1/auth/login", "/api/v1/users", f"{ada.path}/orders", f"/{ada.token}")
    for path in paths:
        for more in places.values():
            assert client.post(path, **more).status_code < 500
            assert client.get(path, by=ada, **more).status_code < 500
    client.log("request_finished")
    log = "\n".join(client.service.logs())
    [row] = client.sql("SELECT password_hash FROM users")
    key = client.service.settings["SECRET_KEY"]
    for secret in (PASSWORD, "mistyped", ada.token, ada.refresh_token, row["password_hash"], key):
        assert secret not in log


@pytest.mark.spec("O1")
def test_levels_tell_the_clients_mistakes_from_ours(client: Client) -> None:
    ada = client.person()
    mistakes = [
        client.get("/nowhere"),
        client.get(ada.path),
        client.get("/api/v1/users?page=0", by=ada),
        client.patch("/api/v1/users", by=ada),
        client.log_in(ada.email, "not the password"),
    ]
    assert [answer.status_code for answer in mistakes] == [404, 401, 400, 405, 401]
    for answer in mistakes:
        [line] = client.log("request_finished", of=answer)
        assert line["level"] == "info"
    client.sql("ALTER TABLE orders RENAME TO elsewhere")
    try:
        ours = client.get(f"{ada.path}/orders", by=ada)
    finally:
        client.sql("ALTER TABLE elsewhere RENAME TO orders")
    assert ours.status_code == 500
    [line] = client.log("request_finished", of=ours)
    assert line["level"] == "error"


@pytest.mark.spec("O1")
def test_a_client_that_leaves_is_no_error_of_ours(client: Client) -> None:
    address = urlsplit(client.service.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as connection:
        head = b"POST /api/v1/users HTTP/1.1\r\nHost: x\r\nX-Request-ID: gone\r\n"
        connection.sendall(head + b"Content-Length: 99\r\n\r\n{")
    deadline = time.monotonic() + 5
    while not (lines := client.log("request_finished")):
        assert time.monotonic() < deadline
    [line] = lines
    assert (line["request_id"], line["status"], line["level"]) == ("gone", None, "info")


@pytest.mark.spec("O1")
def test_the_traceback_of_a_defect_holds_no_values(client: Client) -> None:
    ada = client.person()
    client.sql("ALTER TABLE refresh_tokens RENAME TO elsewhere")
    try:
        assert client.log_in(ada.email).status_code == 500
    finally:
        client.sql("ALTER TABLE elsewhere RENAME TO refresh_tokens")
    [line] = client.log("unexpected_error")
    assert line["exception"][-1]["exc_type"]
    assert "refresh_tokens" in str(line["exception"])
    assert PASSWORD not in "".join(client.service.logs())


@pytest.mark.spec("O1")
def test_concurrent_requests_do_not_mix_their_context(client: Client) -> None:
    people = [client.person() for _ in range(4)]
    for ada in people:
        client.at_once(5, "GET", ada.path, by=ada, headers={"X-Request-ID": f"of-{ada.id}"})
    lines = [one for one in client.log("request_finished") if one["request_id"].startswith("of-")]
    assert len(lines) == 20
    assert all(line["request_id"] == f"of-{line['user_id']}" for line in lines)
