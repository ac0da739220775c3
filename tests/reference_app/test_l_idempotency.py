"""L1: an order that is sent again with its key is made once."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.reference_app.client import ITEMS, Client
from tests.reference_app.keyed import HEADER, REPLAYED, keys, locked, orders, send

OTHER = {"items": [{"product_name": "Paper tape", "quantity": 1, "unit_price": "2.00"}]}


@pytest.mark.spec("L1")
def test_the_same_request_gets_the_first_answer_again(client: Client) -> None:
    ada = client.person()
    first, again = send(client, ada, "a"), send(client, ada, "a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert (REPLAYED in first.headers, again.headers[REPLAYED]) == (False, "true")
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert orders(client) == 1
    assert client.get(again.headers["Location"], by=ada).status_code == 200
    assert len(client.log("order_created")) == 1


@pytest.mark.spec("L1")
def test_how_key_and_body_are_written_does_not_matter(client: Client) -> None:
    ada = client.person()
    first = send(client, ada, "a")
    [item] = ITEMS["items"]
    body = json.dumps({"items": [dict(reversed(item.items()))]}, indent=3)
    again = client.post(
        f"{ada.path}/orders",
        by=ada,
        content=body,
        headers={HEADER: '"a"', "Content-Type": "application/json"},
    )
    assert again.json() == first.json()


@pytest.mark.spec("L1")
def test_without_a_key_or_with_another_one_it_is_another_order(client: Client) -> None:
    ada = client.person()
    ids = {client.order(ada)["id"], client.order(ada)["id"]}
    ids |= {send(client, ada, key).json()["data"]["id"] for key in ("a", "A", "b")}
    assert len(ids) == orders(client) == 5


@pytest.mark.spec("L1")
def test_a_key_with_another_request_is_422(client: Client) -> None:
    ada, grace, admin = client.person(), client.person(), client.person("admin")
    first = send(client, ada, "a", by=admin)
    for another in (send(client, ada, "a", OTHER, by=admin), send(client, grace, "a", by=admin)):
        assert another.status_code == 422
        assert another.json()["error"]["details"][0]["field"] == HEADER
    assert send(client, ada, "a", by=admin).content == first.content
    assert orders(client) == 1


@pytest.mark.spec("L1")
def test_a_key_is_its_users_own(client: Client) -> None:
    ada, grace = client.person(), client.person()
    answers = [send(client, ada, "a"), send(client, grace, "a", OTHER), send(client, grace, "a")]
    assert [answer.status_code for answer in answers] == [201, 201, 422]
    assert [REPLAYED in answer.headers for answer in answers] == [False, False, False]
    owners = [answer.json()["data"]["user_id"] for answer in answers[:2]]
    assert owners == [ada.id, grace.id]


@pytest.mark.spec("L1")
def test_twenty_at_once_are_one_order_and_one_answer(client: Client) -> None:
    ada = client.person()
    path = f"{ada.path}/orders"
    answers = client.at_once(20, "POST", path, by=ada, json=ITEMS, headers={HEADER: "a"})
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Counter(REPLAYED in answer.headers for answer in answers) == {True: 19, False: 1}
    assert orders(client) == 1


@pytest.mark.spec("L1")
def test_twenty_at_once_with_ten_bodies_are_one_order_and_the_rest_422(client: Client) -> None:
    ada = client.person()
    bodies = [
        {"items": [{"product_name": "x", "quantity": 1 + n % 10, "unit_price": "1"}]}
        for n in range(20)
    ]
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda body: send(client, ada, "a", body), bodies))
    assert Counter(answer.status_code for answer in answers) == {201: 2, 422: 18}
    assert orders(client) == 1


@pytest.mark.spec("L1")
def test_whoever_comes_while_the_first_is_at_work_waits_a_bounded_time_for_a_409(
    client: Client,
) -> None:
    ada = client.person()
    with client.service.database.connect(superuser=True) as connection, connection.transaction():
        connection.execute(
            "INSERT INTO idempotency_keys VALUES (%s, 'a', '', NULL, now() + '1 day'::interval)",
            (ada.id,),
        )
        started = time.monotonic()
        answer = send(client, ada, "a")
        assert time.monotonic() - started < 1.9
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
        assert send(client, ada, "b").status_code == 201
    assert orders(client) == 1


@pytest.mark.spec("L1")
def test_what_was_refused_is_not_stored_and_may_be_tried_again(client: Client) -> None:
    ada, admin = client.person(), client.person("admin")
    client.sql("UPDATE users SET status = 'suspended' WHERE id = %s", ada.id)
    assert send(client, ada, "a", by=admin).status_code == 422
    assert send(client, ada, "a", {"items": []}, by=admin).status_code == 400
    client.sql("UPDATE users SET status = 'active' WHERE id = %s", ada.id)
    assert keys(client) == 0
    made = send(client, ada, "a", OTHER, by=admin)
    assert (made.status_code, REPLAYED in made.headers) == (201, False)


@pytest.mark.spec("L1")
def test_what_failed_on_our_side_is_not_stored_and_may_be_tried_again(client: Client) -> None:
    ada = client.person()
    client.sql("ALTER TABLE order_items RENAME COLUMN quantity TO number")
    try:
        assert send(client, ada, "a").status_code == 500
    finally:
        client.sql("ALTER TABLE order_items RENAME COLUMN number TO quantity")
    with locked(client, "order_items"):
        answer = send(client, ada, "a")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert (keys(client), orders(client)) == (0, 0)
    assert send(client, ada, "a").status_code == 201
    assert orders(client) == 1


@pytest.mark.spec("L1")
def test_a_key_lives_for_a_day_and_old_ones_are_removed(client: Client) -> None:
    ada = client.person()
    first = send(client, ada, "a")
    send(client, ada, "b")
    [row] = client.sql(
        "SELECT extract(epoch FROM min(expires_at) - now())::int AS left FROM idempotency_keys"
    )
    assert 86_300 < row["left"] <= 86_400
    client.sql("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'")
    again = send(client, ada, "a")
    assert (again.status_code, REPLAYED in again.headers) == (201, False)
    assert again.json()["data"]["id"] != first.json()["data"]["id"]
    assert keys(client) == 1


@pytest.mark.spec("L1")
@pytest.mark.parametrize("key", ["", '""', "a" * 256, "two words", "tab\there", "ä", 'a"b'])
def test_a_key_that_is_not_one_is_400(client: Client, key: str) -> None:
    ada = client.person()
    answer = client.post(
        f"{ada.path}/orders", by=ada, json=ITEMS, headers={HEADER: key.encode("latin-1")}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == HEADER
    assert (keys(client), orders(client)) == (0, 0)


@pytest.mark.spec("L1")
def test_the_longest_key_is_taken(client: Client) -> None:
    ada = client.person()
    longest = "~" * 255
    assert send(client, ada, longest).content == send(client, ada, longest).content
    assert orders(client) == 1
