"""L1: a process that is killed, at whatever moment, makes no order twice and loses none."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from threading import Event
from uuid import uuid4

import httpx
import pytest

from reference_app.running import Service
from tests.reference_app.client import Client, Person
from tests.reference_app.keyed import locked, orders, send

WAITS_FOR_A_LOCK = """
    SELECT FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = 'reference_app' AND wait_event_type = 'Lock'
"""


def wait_until(client: Client, question: str, *values: object) -> None:
    """Wait until the question has an answer in the database."""
    deadline = time.monotonic() + 5
    with client.service.database.connect(superuser=True) as connection:
        while connection.execute(question.encode(), values).fetchone() is None:
            assert time.monotonic() < deadline


def account(service: Service, owner: Person, sent: list[str], answered: dict[str, bytes]) -> None:
    """Send everything again: each key is one order, and each answer is what it was before."""
    with closing(Client(service)) as client:
        retried = {key: send(client, owner, key) for key in sent}
        assert {answer.status_code for answer in retried.values()} == {201}
        assert {key: retried[key].content for key in answered} == answered
        assert len({answer.json()["data"]["id"] for answer in retried.values()}) == len(sent)
        assert orders(client) == len(sent)


@pytest.mark.spec("L1")
@pytest.mark.parametrize("table", ["idempotency_keys", "orders", "order_items"])
def test_a_process_killed_in_the_middle_has_done_all_or_nothing(client: Client, table: str) -> None:
    ada, service = client.person(), client.service
    with ThreadPoolExecutor(1) as thread, locked(client, table):
        lost = thread.submit(send, client, ada, "a")
        wait_until(client, WAITS_FOR_A_LOCK)
        service.kill()
    with pytest.raises(httpx.TransportError):
        lost.result()
    service.start()
    with closing(Client(service)) as client:
        answers = [send(client, ada, "a") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].content == answers[1].content
        assert orders(client) == 1


@pytest.mark.spec("L1")
def test_a_process_killed_between_effect_and_answer_makes_no_second_order(client: Client) -> None:
    """Killed at the moment when the order can be seen in the database, again and again."""
    ada, service = client.person(), client.service
    answered: dict[str, bytes] = {}
    sent: list[str] = []
    for _ in range(3):
        sent.append(str(uuid4()))
        with closing(Client(service)) as client, ThreadPoolExecutor(1) as thread:
            attempt = thread.submit(send, client, ada, sent[-1])
            wait_until(client, "SELECT FROM orders HAVING count(*) = %s", len(sent))
            service.kill()
            if attempt.exception() is None:
                answered[sent[-1]] = attempt.result().content
        service.start()
    account(service, ada, sent, answered)


@pytest.mark.spec("L1")
def test_killed_at_any_moment_under_load_every_key_is_one_order(client: Client) -> None:
    ada, service = client.person(), client.service
    answered: dict[str, bytes] = {}
    sent: list[str] = []

    def order_until_killed(client: Client, begun: Event) -> None:
        with suppress(httpx.TransportError):
            while True:
                sent.append(key := str(uuid4()))
                answered[key] = send(client, ada, key).content
                begun.set()

    for _ in range(3):
        begun = Event()
        with closing(Client(service)) as client, ThreadPoolExecutor(4) as threads:
            for _ in range(3):
                threads.submit(order_until_killed, client, begun)
            assert begun.wait(10)
            time.sleep(random.uniform(0, 0.2))  # noqa: S311 - any moment
            service.kill()
        service.start()
    assert len(sent) > len(answered) > 0
    account(service, ada, sent, answered)
