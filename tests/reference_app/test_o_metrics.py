"""O2: what Prometheus reads tells rate, errors, duration and what the service is short of."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import BinaryIO
from urllib.parse import urlsplit

import pytest

from reference_app.running import Backend
from tests.reference_app.client import Client, Person
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.figures import REQUESTS, Figures, rise, until

ORDERS = "/api/v1/users/{user_id}/orders"
IN_FLIGHT = "http_requests_in_flight"


@contextmanager
def orders_locked(client: Client) -> Iterator[None]:
    """Whoever reads orders waits until the block ends."""
    with client.service.database.connect(superuser=True) as blocker:
        blocker.execute("BEGIN")
        blocker.execute("LOCK TABLE orders")
        yield
        blocker.execute("ROLLBACK")


def connected(client: Client) -> socket.socket:
    address = urlsplit(client.service.url)
    return socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10)


def read_answer(lines: BinaryIO) -> None:
    """Read one answer off a connection that stays open."""
    length = 0
    while (line := lines.readline().lower()) != b"\r\n":
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    lines.read(length)


def head(method: str, path: str, by: Person, *more: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {by.token}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.spec("O2")
def test_the_official_parser_reads_all_of_it(client: Client) -> None:
    figures = Figures(client)
    assert figures.content_type.startswith("text/plain")
    kinds = {name: family.type for name, family in figures.families.items()}
    assert kinds[REQUESTS] == "histogram"
    assert kinds[IN_FLIGHT] == "gauge"
    assert kinds["cache_reads"] == "counter"
    assert figures.value("process_resident_memory_bytes") > 0
    assert all(family.documentation for family in figures.families.values())


@pytest.mark.spec("O2")
def test_requests_are_counted_by_method_route_template_and_status(client: Client) -> None:
    ada = client.person()
    before = Figures(client)
    for path in (f"{ada.path}/orders", f"{ada.path}/orders?limit=1", "/api/v1/users/x/orders"):
        client.get(path, by=ada)
    client.order(ada)
    after = Figures(client)
    count = f"{REQUESTS}_count"
    assert rise(before, after, count, method="GET", route=ORDERS, status="200") == 2
    assert rise(before, after, count, method="GET", route=ORDERS, status="400") == 1
    assert rise(before, after, count, method="POST", route=ORDERS, status="201") == 1
    assert rise(before, after, count) == 4
    assert ada.id not in after.text


@pytest.mark.spec("O2")
def test_defects_are_counted_and_leave_nothing_in_flight(client: Client) -> None:
    ada = client.person()
    before = Figures(client)
    client.sql("ALTER TABLE orders RENAME TO elsewhere")
    try:
        assert client.get(f"{ada.path}/orders", by=ada).status_code == 500
    finally:
        client.sql("ALTER TABLE elsewhere RENAME TO orders")
    after = Figures(client)
    assert rise(before, after, f"{REQUESTS}_count", route=ORDERS, status="500") == 1
    assert after.value(IN_FLIGHT) == 0


@pytest.mark.spec("O2")
def test_durations_are_seconds(client: Client) -> None:
    ada = client.person()
    before = Figures(client)
    with ThreadPoolExecutor(1) as threads:
        with orders_locked(client):
            started = time.monotonic()
            call = threads.submit(client.get, f"{ada.path}/orders", by=ada)
            until(client, lambda now: now.value(IN_FLIGHT) == 1)
            time.sleep(0.3)
        assert call.result().status_code == 200
    after = Figures(client)
    took = (
        time.monotonic() - started
    )  # the service may still have been at it when we had the answer
    assert 0.3 < rise(before, after, f"{REQUESTS}_sum", route=ORDERS) <= took
    assert rise(before, after, f"{REQUESTS}_bucket", route=ORDERS, le="0.3") == 0
    assert rise(before, after, f"{REQUESTS}_bucket", route=ORDERS, le="5.0") == 1


@pytest.mark.spec("O2")
def test_buckets_tell_a_kept_objective_from_a_missed_one(client: Client) -> None:
    client.get("/health")
    between = [bound for bound in Figures(client).bounds() if 0.1 <= bound <= 1]
    assert len(between) >= 6
    assert all(later <= 2 * earlier for earlier, later in pairwise(between))


@pytest.mark.spec("O2")
def test_requests_and_connections_in_use_are_shown_while_they_are(client: Client) -> None:
    ada = client.person()
    idle = Figures(client)
    assert (idle.value(IN_FLIGHT), idle.value("database_pool_checked_out")) == (0, 0)
    assert idle.value("database_pool_size") == int(SETTINGS["DATABASE_POOL_SIZE"])
    with ThreadPoolExecutor(3) as threads, orders_locked(client):
        for _ in range(3):
            threads.submit(client.get, f"{ada.path}/orders", by=ada)
        busy = until(client, lambda now: now.value("database_pool_checked_out") == 3)
        assert busy.value(IN_FLIGHT) == 3
        assert busy.value("database_pool_overflow") == 0
    until(client, lambda now: now.value(IN_FLIGHT) == now.value("database_pool_checked_out") == 0)


@pytest.mark.spec("O2")
@pytest.mark.parametrize("leaves", ["while it waits", "while it sends"])
def test_a_client_that_leaves_is_counted_and_no_longer_in_flight(
    client: Client, leaves: str
) -> None:
    ada = client.person()
    before = Figures(client)
    with orders_locked(client), connected(client) as connection:
        if leaves == "while it waits":
            connection.sendall(head("GET", f"{ada.path}/orders", ada))
        else:
            length, kind = "Content-Length: 100", "Content-Type: application/json"
            connection.sendall(head("POST", f"{ada.path}/orders", ada, length, kind) + b"{")
        until(client, lambda now: now.value(IN_FLIGHT) == 1)
        connection.close()
        if leaves == "while it sends":
            until(client, lambda now: now.value(IN_FLIGHT) == 0)
    count = f"{REQUESTS}_count"
    after = until(client, lambda now: rise(before, now, count, status="499") == 1)
    assert rise(before, after, count) == 1
    assert after.value(IN_FLIGHT) == 0


@pytest.mark.spec("O2")
def test_made_up_paths_and_methods_make_no_new_series(client: Client) -> None:
    ada = client.person()
    client.get("/nowhere")
    client.send("PURGE", "/nowhere")
    before = Figures(client)
    with connected(client) as connection, connection.makefile("rb") as answers:
        for batch in range(10):
            paths = [f"/{batch}/{turn}/{ada.id}" for turn in range(100)]
            connection.sendall(b"".join(head("GET", path, ada) for path in paths))
            for _ in paths:
                read_answer(answers)
    client.send("MKCOL", "/nowhere/else")
    after = Figures(client)
    assert rise(before, after, f"{REQUESTS}_count", route="unmatched", status="404") == 1_001
    assert len(after.samples) == len(before.samples)


@pytest.mark.spec("O2")
def test_reading_the_metrics_changes_none_of_the_requests(client: Client) -> None:
    client.get("/health")
    before = Figures(client)
    after = Figures(client)
    assert rise(before, after, f"{REQUESTS}_count") == 0
    assert after.value(IN_FLIGHT) == 0


@pytest.mark.spec("O2")
def test_reads_of_the_cache_are_hits_and_misses(client: Client) -> None:
    ada = client.person()
    before = Figures(client)
    for _ in range(3):
        client.get(ada.path, by=ada)
    after = Figures(client)
    assert rise(before, after, "cache_reads_total", result="miss") == 1
    assert rise(before, after, "cache_reads_total", result="hit") == 2
    assert rise(before, after, "cache_errors_total") == 0


@pytest.mark.spec("O2")
def test_a_cache_that_is_away_shows_as_errors(backend: Backend, client: Client) -> None:
    ada = client.person()
    before = Figures(client)
    backend.cache.kill()
    try:
        assert client.get(ada.path, by=ada).status_code == 200
    finally:
        backend.cache.start()
    after = Figures(client)
    assert rise(before, after, "cache_errors_total") >= 1
    assert rise(before, after, "cache_reads_total", result="miss") == 1


@pytest.mark.spec("O2")
def test_what_several_replicas_count_adds_up(backend: Backend, client: Client) -> None:
    ada = client.person()
    before = Figures(client)
    with backend.service(beside=client.service) as second:
        other = Client(second)
        for _ in range(2):
            client.get(f"{ada.path}/orders", by=ada)
        for _ in range(3):
            other.get(f"{ada.path}/orders", by=ada)
        here, there = Figures(client), Figures(other)
        other.close()
    labels = {"method": "GET", "route": ORDERS, "status": "200"}
    total = rise(before, here, f"{REQUESTS}_count", **labels) + there.requests(**labels)
    assert total == 5
    assert here.bounds() == there.bounds()
