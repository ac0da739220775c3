"""S1: users are cached, and nobody ever sees a stale or a broken one."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from reference_app.running import Backend
from tests.reference_app.client import Client, Person
from tests.reference_app.traffic import wait_until


def cached(client: Client, ada: Person) -> object:
    return client.service.cache.get(f"user:{ada.id}")


def read(client: Client, ada: Person) -> str:
    answer = client.get(ada.path, by=ada)
    assert answer.status_code == 200
    name: str = answer.json()["data"]["full_name"]
    return name


@pytest.mark.spec("S1")
def test_a_read_fills_the_cache_and_the_next_one_asks_only_who_is_calling(client: Client) -> None:
    ada = client.person()
    read(client, ada)
    assert 240 <= int(str(client.service.cache.ttl(f"user:{ada.id}"))) <= 300
    before = client.statements()
    read(client, ada)
    assert client.statements() - before == 1


@pytest.mark.spec("S1")
def test_the_cache_holds_what_the_api_shows_and_no_hash(client: Client) -> None:
    ada = client.person()
    shown = client.get(ada.path, by=ada).json()["data"]
    assert json.loads(str(cached(client, ada))) == shown


@pytest.mark.spec("S1")
def test_every_write_is_seen_by_the_next_read(client: Client) -> None:
    ada, admin = client.person(), client.person("admin")
    read(client, ada)
    client.patch(ada.path, by=ada, json={"full_name": "Second"})
    assert read(client, ada) == "Second"
    client.send("PUT", ada.path, by=ada, json={"full_name": "Third", "email": ada.email})
    assert read(client, ada) == "Third"
    client.send("DELETE", ada.path, by=admin)
    assert cached(client, ada) is None
    assert client.get(ada.path, by=admin).status_code == 404


@pytest.mark.spec("S1")
def test_a_stampede_loads_once(client: Client) -> None:
    ada = client.person()
    before = client.statements()
    answers = client.at_once(30, "GET", ada.path, by=ada)
    assert {answer.status_code for answer in answers} == {200}
    assert client.statements() - before == 30 + 1


@pytest.mark.spec("S1")
@pytest.mark.parametrize("value", ["", "garbage", "{}", "null", '{"id": 1}', '{"v": 9}'])
def test_a_value_that_makes_no_sense_is_replaced(client: Client, value: str) -> None:
    ada = client.person()
    client.service.cache.set(f"user:{ada.id}", value)
    assert read(client, ada) == "Ada Lovelace"
    assert json.loads(str(cached(client, ada)))["id"] == ada.id


@pytest.mark.spec("S1")
def test_a_value_of_another_type_does_no_harm(client: Client) -> None:
    ada = client.person()
    client.service.cache.rpush(f"user:{ada.id}", "a list")
    assert read(client, ada) == "Ada Lovelace"


@pytest.mark.spec("S1")
def test_a_read_that_raced_with_a_write_stores_nothing(client: Client) -> None:
    ada = client.person()
    names = []
    for turn in range(15):
        client.service.cache.delete(f"user:{ada.id}")
        client.at_once(2, "GET", ada.path, by=ada)
        client.patch(ada.path, by=ada, json={"full_name": f"Name {turn}"})
        names.append(read(client, ada))
    assert names == [f"Name {turn}" for turn in range(15)]


@pytest.mark.spec("S1")
@pytest.mark.parametrize(("method", "then"), [("PATCH", 200), ("DELETE", 404)])
def test_a_write_that_was_committed_and_not_confirmed_is_seen_by_the_next_read(
    client: Client, method: str, then: int
) -> None:
    ada, admin = client.person(), client.person("admin")
    read(client, ada)
    body = {"json": {"full_name": "Second"}} if method == "PATCH" else {}
    with unconfirmed_commits(client):
        assert client.send(method, ada.path, by=admin, **body).status_code == 503
    answer = client.get(ada.path, by=admin)
    assert answer.status_code == then
    assert "Ada Lovelace" not in answer.text


@contextmanager
def unconfirmed_commits(client: Client) -> Iterator[None]:
    """Transactions are committed, wait for a standby that is not there, and lose the connection."""
    waiting = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event = 'SyncRep'"
    )
    client.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    client.sql("SELECT pg_reload_conf()")
    with ThreadPoolExecutor(1) as threads:
        ending = threads.submit(wait_until, lambda: bool(client.sql(waiting)))
        try:
            yield
        finally:
            client.sql("ALTER SYSTEM RESET synchronous_standby_names")
            client.sql("SELECT pg_reload_conf()")
            ending.result()


@pytest.mark.spec("S1")
@pytest.mark.parametrize("how", ["kill", "pause"])
def test_without_the_cache_the_database_answers_and_nothing_is_stale_afterwards(
    backend: Backend, client: Client, how: str
) -> None:
    ada = client.person()
    read(client, ada)
    getattr(backend.cache, how)()
    try:
        started = time.monotonic()
        assert read(client, ada) == "Ada Lovelace"
        assert client.patch(ada.path, by=ada, json={"full_name": "Second"}).status_code == 200
        assert read(client, ada) == "Second"
        assert client.log_in(ada.email).status_code == 200
        assert time.monotonic() - started < 5
    finally:
        backend.cache.resume()
        backend.cache.start()
    deadline = time.monotonic() + 5
    while cached(client, ada) is None and time.monotonic() < deadline:
        assert read(client, ada) == "Second"
    assert read(client, ada) == "Second"
