"""O1: the log tells what happened, to whom and how long it took, and no secret."""

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
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
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


@pytest.mark.spec("O1")
def test_no_secret_reaches_the_log(client: Client) -> None:
    ada = client.person()
    client.log_in(ada.email, "a mistyped secret")
    client.refresh(ada.refresh_token)
    client.refresh(ada.refresh_token)
    client.get(f"/api/v1/users?token={ada.token}", by=ada)
    client.log("request_finished")
    log = "\n".join(client.service.logs())
    [row] = client.sql("SELECT password_hash FROM users")
    key = client.service.settings["SECRET_KEY"]
    for secret in (PASSWORD, "mistyped", ada.token, ada.refresh_token, row["password_hash"], key):
        assert secret not in log


@pytest.mark.spec("O1")
def test_the_traceback_of_a_defect_holds_no_values(client: Client) -> None:
    ada = client.person()
    client.sql("ALTER TABLE refresh_tokens RENAME TO elsewhere")
    try:
        assert client.log_in(ada.email).status_code == 500
    finally:
        client.sql("ALTER TABLE elsewhere RENAME TO refresh_tokens")
    [line] = client.log("unexpected_error")
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
