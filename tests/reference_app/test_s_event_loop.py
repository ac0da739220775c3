"""S2: whatever takes the processor for long does not run on the event loop."""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from reference_app.running import Backend, Service
from tests.reference_app.client import Client
from tests.reference_app.conftest import SETTINGS

LOGINS = 8
PART_OF_A_LOGIN = 3


@pytest.fixture(scope="module")
def costly(backend: Backend) -> Iterator[Service]:
    """Passwords cost so much here that a hash on the event loop could not be overlooked."""
    dear = {"PASSWORD_MEMORY_KIB": "19456", "PASSWORD_TIME_COST": "6"}
    with backend.service(settings={**SETTINGS, **dear}) as service:
        yield service


def seconds_of_health(client: Client) -> float:
    began = time.perf_counter()
    assert client.get("/health").status_code == 200
    return time.perf_counter() - began


@pytest.fixture
def clients(costly: Service) -> Iterator[tuple[Client, Client]]:
    """Two of them: one probes while the other one logs in."""
    costly.reset()
    pair = Client(costly), Client(costly)
    yield pair
    for client in pair:
        client.close()


@pytest.mark.spec("S2")
@pytest.mark.spec("A4")
def test_a_probe_does_not_wait_for_the_passwords_of_eight_logins(
    clients: tuple[Client, Client],
) -> None:
    probing, logging_in = clients
    email = "ada@example.com"
    logging_in.register(email)
    began = time.perf_counter()
    assert logging_in.log_in(email).status_code == 200
    one_login = time.perf_counter() - began
    waits = []
    with ThreadPoolExecutor(LOGINS) as threads:
        calls = [threads.submit(logging_in.log_in, email) for _ in range(LOGINS)]
        while not all(call.done() for call in calls):
            waits.append(seconds_of_health(probing))
    assert {call.result().status_code for call in calls} == {200}
    assert len(waits) > LOGINS
    assert statistics.median(waits) < one_login / PART_OF_A_LOGIN
