"""C: the status code says what happened."""

import pytest

from reference_app.running import Backend
from tests.reference_app.client import ITEMS, Client
from tests.reference_app.conftest import SETTINGS


@pytest.mark.spec("C1")
def test_created_is_201_and_deleted_is_204_without_a_body(client: Client) -> None:
    assert client.register("ada@example.com").status_code == 201
    grace = client.person()
    gone = client.send("DELETE", grace.path, by=grace)
    assert (gone.status_code, gone.content) == (204, b"")


@pytest.mark.spec("C2")
@pytest.mark.parametrize("price", ["-1", "1.234", "NaN", True, None, 1e300, "12,50"])
def test_a_body_against_the_schema_is_400(client: Client, price: object) -> None:
    ada = client.person()
    item = {"product_name": "x", "quantity": 1, "unit_price": price}
    answer = client.post(f"{ada.path}/orders", by=ada, json={"items": [item]})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == "items.0.unit_price"


@pytest.mark.spec("C3")
def test_nobody_is_401_with_a_challenge_and_a_known_caller_without_the_right_403(
    client: Client,
) -> None:
    ada, support = client.person(), client.person("support")
    refused = client.get(ada.path)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.patch(ada.path, by=support, json={"full_name": "X"}).status_code == 403


@pytest.mark.spec("C4")
def test_a_taken_address_is_409_whatever_its_case(client: Client) -> None:
    client.register("ada@example.com")
    answer = client.register("ADA@example.com")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")


@pytest.mark.spec("C5")
def test_an_order_for_a_suspended_user_is_422(client: Client) -> None:
    ada, admin = client.person(), client.person("admin")
    client.patch(ada.path, by=admin, json={"status": "suspended"})
    assert client.post(f"{ada.path}/orders", by=admin, json=ITEMS).status_code == 422


@pytest.mark.spec("C5")
def test_an_illegal_status_change_is_422(client: Client) -> None:
    ada, admin = client.person(), client.person("admin")
    path = f"/api/v1/orders/{client.order(ada)['id']}"
    assert client.patch(path, by=admin, json={"status": "delivered"}).status_code == 422
    assert client.patch(path, by=ada, json={"status": "cancelled"}).status_code == 200
    assert client.patch(path, by=admin, json={"status": "paid"}).status_code == 422


@pytest.mark.spec("C6")
def test_too_many_logins_are_429_and_say_when_to_come_back(backend: Backend) -> None:
    settings = SETTINGS | {"LOGIN_ATTEMPTS_PER_ACCOUNT": "3/day"}
    with backend.service(settings=settings) as service:
        client = Client(service)
        answers = [client.log_in("nobody@example.com", "wrong") for _ in range(4)]
        client.close()
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 86_400


@pytest.mark.spec("C7")
def test_a_defect_is_a_bare_500_and_the_log_has_the_rest(client: Client) -> None:
    ada = client.person()
    client.sql("ALTER TABLE users RENAME COLUMN full_name TO nickname")
    try:
        answer = client.get("/api/v1/users", by=ada)
    finally:
        client.sql("ALTER TABLE users RENAME COLUMN nickname TO full_name")
    assert answer.status_code == 500
    assert answer.json()["error"]["message"] == "Something went wrong on our side."
    assert "full_name" not in answer.text
    assert "Strict-Transport-Security" in answer.headers
    [line] = client.log("unexpected_error")
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert "full_name" in str(line["exception"])
