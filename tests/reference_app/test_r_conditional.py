"""R6: nothing is sent twice in vain, and no change overwrites another unseen."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.reference_app.client import ITEMS, Client, Person

WRITERS = 4
WAITING = (
    "SELECT count(*)::int AS waiting FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
STALE = '"of-another-version"'


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def tag(client: Client, path: str, by: Person) -> str:
    """The tag that a GET of `path` shows now."""
    return client.get(path, by=by).headers["ETag"]


@pytest.mark.spec("R6")
@pytest.mark.parametrize("kind", ["user", "order"])
def test_what_the_caller_has_already_is_304_without_a_body(client: Client, kind: str) -> None:
    ada = client.person()
    path = ada.path if kind == "user" else f"/api/v1/orders/{client.order(ada)['id']}"
    first = client.get(path, by=ada)
    known = first.headers["ETag"]
    for asked in (known, f"W/{known}", f'"other,one", {known}', "*"):
        again = client.get(path, by=ada, headers={"If-None-Match": asked})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == known
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert "Strict-Transport-Security" in again.headers
        assert "X-Request-ID" in again.headers
    assert client.get(path, by=ada, headers={"If-None-Match": STALE}).json()["data"]["id"]


@pytest.mark.spec("R6")
def test_a_condition_comes_after_the_question_who_may_see_it(client: Client) -> None:
    ada, grace = client.person(), client.person()
    any_version = {"If-None-Match": "*", "If-Match": "*"}
    assert client.get(ada.path, headers=any_version).status_code == 401
    assert client.get(ada.path, by=grace, headers=any_version).status_code == 404
    changed = client.patch(ada.path, by=grace, json={"full_name": "X"}, headers={"If-Match": STALE})
    assert changed.status_code == 404


@pytest.mark.spec("R6")
def test_a_tag_is_the_same_from_cache_and_database(client: Client) -> None:
    ada = client.person()
    loaded = tag(client, ada.path, ada)
    assert tag(client, ada.path, ada) == loaded
    client.service.cache.flushdb()
    assert tag(client, "/api/v1/users/me", ada) == loaded


@pytest.mark.spec("R6")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE orders SET status = 'paid'",
        "UPDATE order_items SET quantity = quantity + 1",
        "UPDATE order_items SET product_name = 'Another'",
        "INSERT INTO order_items (order_id, position, product_name, quantity, unit_price)"
        " SELECT id, 9, 'One more', 1, 0 FROM orders",
        "UPDATE users SET full_name = 'Countess'",
    ],
)
def test_a_tag_changes_with_everything_that_is_shown(client: Client, change: str) -> None:
    ada = client.person()
    path = f"/api/v1/orders/{client.order(ada)['id']}"
    before = tag(client, path, ada)
    client.sql(change)
    assert tag(client, path, ada) != before


@pytest.mark.spec("R6")
def test_what_is_made_or_changed_comes_with_the_tag_of_its_next_read(client: Client) -> None:
    ada = client.person()
    changed = client.patch(ada.path, by=ada, json={"full_name": "Countess"})
    assert changed.headers["ETag"] == tag(client, ada.path, ada)
    made = client.post(f"{ada.path}/orders", by=ada, json=ITEMS)
    assert made.headers["ETag"] == tag(client, made.headers["Location"], ada)


@pytest.mark.spec("R6")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_write_to_what_has_changed_since_is_412_and_does_nothing(
    client: Client, method: str
) -> None:
    ada = client.person()
    read = tag(client, ada.path, ada)
    client.patch(ada.path, by=ada, json={"full_name": "Somebody else's change"})
    body = {} if method == "DELETE" else {"json": {"email": ada.email, "full_name": "Lost"}}
    for stale in (read, f"W/{tag(client, ada.path, ada)}", f"{STALE}, {read}"):
        refused = client.send(method, ada.path, by=ada, headers={"If-Match": stale}, **body)
        assert refused.status_code == 412
        assert refused.json()["error"]["code"] == "PRECONDITION_FAILED"
    now = client.get(ada.path, by=ada)
    assert now.json()["data"]["full_name"] == "Somebody else's change"
    current = {"If-Match": f"{STALE}, {now.headers['ETag']}"}
    assert client.send(method, ada.path, by=ada, headers=current, **body).status_code < 300


@pytest.mark.spec("R6")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_write_to_what_the_caller_does_not_mean_is_412_and_does_nothing(
    client: Client, method: str
) -> None:
    ada = client.person()
    known = tag(client, ada.path, ada)
    body = {} if method == "DELETE" else {"json": {"email": ada.email, "full_name": "Lost"}}
    for unwanted in ("*", known, f"W/{known}", f"{STALE}, {known}"):
        for more in ({}, {"If-Match": known}):
            headers = {"If-None-Match": unwanted, **more}
            refused = client.send(method, ada.path, by=ada, headers=headers, **body)
            assert refused.status_code == 412
            assert refused.json()["error"]["code"] == "PRECONDITION_FAILED"
    assert tag(client, ada.path, ada) == known
    both = {"If-None-Match": STALE, "If-Match": known}
    assert client.send(method, ada.path, by=ada, headers=both, **body).status_code < 300


@pytest.mark.spec("R6")
def test_an_order_that_the_caller_does_not_mean_is_412(client: Client) -> None:
    ada = client.person()
    path = f"/api/v1/orders/{client.order(ada)['id']}"
    known = tag(client, path, ada)
    for unwanted, status in (("*", 412), (known, 412), (STALE, 200)):
        headers = {"If-None-Match": unwanted}
        answer = client.patch(path, by=ada, json={"status": "cancelled"}, headers=headers)
        assert answer.status_code == status


@pytest.mark.spec("R6")
def test_an_order_that_has_moved_on_is_412(client: Client) -> None:
    ada, support = client.person(), client.person("support")
    path = f"/api/v1/orders/{client.order(ada)['id']}"
    read = {"If-Match": tag(client, path, ada)}
    paid = client.patch(path, by=support, json={"status": "paid"}, headers=read)
    assert paid.status_code == 200
    assert client.patch(path, by=ada, json={"status": "cancelled"}, headers=read).status_code == 412
    assert client.get(path, by=ada).json()["data"]["status"] == "paid"
    latest = {"If-Match": paid.headers["ETag"]}
    assert client.patch(path, by=ada, json={"status": "cancelled"}, headers=latest).is_success


@pytest.mark.spec("R6")
@pytest.mark.parametrize("kind", ["user", "order"])
def test_of_writes_with_one_tag_that_meet_at_the_row_one_wins(client: Client, kind: str) -> None:
    ada = client.person()
    path = ada.path if kind == "user" else f"/api/v1/orders/{client.order(ada)['id']}"
    body = {"full_name": "Mine"} if kind == "user" else {"status": "cancelled"}
    read = {"If-Match": tag(client, path, ada)}
    with ThreadPoolExecutor(WRITERS) as threads, client.service.database.connect() as other:
        with other.transaction():
            other.execute(f"SELECT FROM {kind}s FOR UPDATE".encode())
            writes = [
                threads.submit(client.patch, path, by=ada, json=body, headers=read)
                for _ in range(WRITERS)
            ]
            wait_until(lambda: client.sql(WAITING) == [{"waiting": WRITERS}])
        answers = [write.result() for write in writes]
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: WRITERS - 1}


@pytest.mark.spec("R6")
def test_any_version_will_do_for_a_star(client: Client) -> None:
    ada = client.person()
    any_version = {"If-Match": "*"}
    body = {"full_name": "Countess"}
    assert client.patch(ada.path, by=ada, json=body, headers=any_version).status_code == 200
    gone = "/api/v1/users/00000000-0000-4000-8000-000000000000"
    admin = client.person("admin")
    for headers in (any_version, {"If-None-Match": "*"}):
        assert client.patch(gone, by=admin, json=body, headers=headers).status_code == 404


@pytest.mark.spec("R6")
@pytest.mark.parametrize("condition", ["", "abc", '"open', '*, "a"', 'w/"a"', '"a" b'])
def test_a_condition_that_cannot_be_read_is_400(client: Client, condition: str) -> None:
    ada = client.person()
    for header in ("If-Match", "If-None-Match"):
        body, headers = {"full_name": "X"}, {header: condition}
        written = client.patch(ada.path, by=ada, json=body, headers=headers)
        assert written.status_code == 400
        assert written.json()["error"]["details"][0]["field"] == header
    read = client.get(ada.path, by=ada, headers={"If-None-Match": condition})
    assert read.status_code == 400


@pytest.mark.spec("R6")
def test_the_documentation_tells_of_conditions(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("/api/v1/users/{user_id}", "/api/v1/orders/{order_id}"):
        for method, header, status in (
            ("get", "if-none-match", "304"),
            ("patch", "if-match", "412"),
            ("patch", "if-none-match", "412"),
        ):
            operation = paths[path][method]
            assert header in [parameter["name"].lower() for parameter in operation["parameters"]]
            assert status in operation["responses"]
            assert "ETag" in operation["responses"]["200"]["headers"]
