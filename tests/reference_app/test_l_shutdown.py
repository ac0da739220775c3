"""L4: a replica that is told to end stops taking work, finishes what runs, and is gone in time."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from reference_app import payments
from reference_app.running import Backend, Service
from tests.reference_app.client import ITEMS, Client, Person
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.load import Load, account
from tests.reference_app.test_l_faults import NOTHING

DELAY_SECONDS = 0.5
LIMIT_SECONDS = 2
BOUND_SECONDS = DELAY_SECONDS + LIMIT_SECONDS + 6
"""As `serving.py` says: the delay, the limit, two seconds to answer, three to close, one more."""
ENDING = {
    **SETTINGS,
    "SHUTDOWN_DELAY_SECONDS": str(DELAY_SECONDS),
    "SHUTDOWN_SECONDS": str(LIMIT_SECONDS),
    "DATABASE_STATEMENT_TIMEOUT_SECONDS": "20",
}


@pytest.fixture(scope="module")
def ending(backend: Backend) -> Iterator[Service]:
    with backend.service(settings=ENDING) as service:
        yield service


@pytest.fixture
def client(ending: Service) -> Iterator[Client]:
    ending.reset()
    client = Client(ending)
    yield client
    client.close()


def until(seen: Callable[[], bool], seconds: float = BOUND_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def order(client: Client, owner: Person) -> httpx.Response:
    """One order on a connection of its own."""
    return httpx.post(
        f"{client.service.url}{owner.path}/orders",
        json=ITEMS,
        headers={"Authorization": f"Bearer {owner.token}"},
        timeout=BOUND_SECONDS,
        trust_env=False,
    )


def takes_nothing(service: Service) -> bool:
    """Whether a new connection is refused, or ended by whatever forwards it to the service."""
    try:
        httpx.get(f"{service.url}/health", trust_env=False)
    except httpx.TransportError:
        return True
    return False


@contextmanager
def held_up(
    client: Client, orders: int
) -> Iterator[tuple[Callable[[], object], list[Future[httpx.Response]]]]:
    """Orders that wait for a lock on their owner, and what lets them go on."""
    ada = client.person()
    with client.service.database.connect() as holder, ThreadPoolExecutor(orders) as threads:
        holder.execute("BEGIN")
        holder.execute("SELECT FROM users WHERE id = %s FOR UPDATE", [ada.id])
        waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        waiting += " AND datname = current_database()"
        calls = [threads.submit(order, client, ada) for _ in range(orders)]
        until(lambda: len(client.sql(waiting)) == orders)
        try:
            yield lambda: holder.execute("COMMIT"), calls
        finally:
            holder.execute("ROLLBACK")


@pytest.mark.spec("L4")
def test_it_is_unready_at_once_and_answers_until_the_balancer_has_seen_it(client: Client) -> None:
    ada = client.person()
    assert client.get("/ready").headers.get("Connection") is None
    client.service.ask_to_end()
    until(lambda: client.get("/ready").status_code == 503)
    unready = client.get("/ready")
    assert [one["field"] for one in unready.json()["error"]["details"]] == ["replica"]
    assert unready.headers["Retry-After"] == "1"
    until(lambda: client.get("/health").headers.get("Connection") == "close")
    assert order(client, ada).status_code == 201
    until(lambda: not client.service.running)
    assert client.service.exit_code == 0


@pytest.mark.spec("L4")
def test_what_runs_is_finished_while_nothing_new_is_taken(client: Client) -> None:
    with held_up(client, 4) as (release, calls):
        client.service.ask_to_end()
        until(lambda: takes_nothing(client.service))
        assert not any(call.done() for call in calls)
        release()
        answers = [call.result() for call in calls]
    assert [answer.status_code for answer in answers] == [201] * 4
    until(lambda: not client.service.running)
    assert client.service.exit_code == 0
    assert len(client.sql("SELECT id FROM orders")) == 4


@pytest.mark.spec("L4")
def test_what_hangs_is_cut_and_told_so(client: Client) -> None:
    with held_up(client, 2) as (_, calls):
        told = time.monotonic()
        client.service.ask_to_end()
        answers = [call.result() for call in calls]
        until(lambda: not client.service.running)
        assert LIMIT_SECONDS < time.monotonic() - told < BOUND_SECONDS
    assert [answer.status_code for answer in answers] == [503] * 2
    assert {answer.headers["Retry-After"] for answer in answers} == {"1"}
    assert answers[0].json()["error"]["code"] == "SERVICE_UNAVAILABLE"
    assert client.service.exit_code == 0
    assert client.sql("SELECT id FROM orders") == []


@pytest.mark.spec("L4")
@pytest.mark.parametrize("how", ["kill", "pause"])
def test_servers_that_hang_do_not_keep_it(backend: Backend, client: Client, how: str) -> None:
    client.get(client.person().path)
    getattr(backend.postgres, how)()
    getattr(backend.cache, how)()
    told = time.monotonic()
    assert client.service.stop() == 0
    assert time.monotonic() - told < BOUND_SECONDS


@pytest.mark.spec("L4")
@pytest.mark.parametrize(
    ("closing", "exit_code", "told"),
    [
        ("await asyncio.sleep(600)", 0, "connections_left_open"),
        ("time.sleep(600)", 1, "in close"),
    ],
    ids=["waits", "blocks the event loop"],
)
@pytest.mark.usefixtures("client")  # which sees to it that the servers run again
def test_a_close_without_an_end_does_not_keep_it(
    backend: Backend, tmp_path: Path, closing: str, exit_code: int, told: str
) -> None:
    file = tmp_path / "payments.py"
    source = Path(payments.__file__).read_text("utf-8")
    hangs = f"\n\nimport asyncio\nimport time\n\n\nasync def close(self):\n    {closing}\n"
    file.write_text(f"{source}{hangs}\n\nPayments.close = close\n", "utf-8")
    with backend.service(settings=ENDING, replace={payments.__name__: file}) as service:
        service.ask_to_end()
        until(lambda: not service.running, 2 * BOUND_SECONDS)
        assert service.exit_code == exit_code
        assert any(told in line for line in service.logs()), service.logs()


@pytest.mark.spec("L4")
def test_the_second_signal_ends_it_at_once(client: Client) -> None:
    with held_up(client, 1) as (_, [call]):
        client.service.ask_to_end()
        until(lambda: client.get("/ready").status_code == 503)
        told = time.monotonic()
        client.service.ask_to_end()
        until(lambda: not client.service.running)
        assert time.monotonic() - told < DELAY_SECONDS + LIMIT_SECONDS
        assert isinstance(call.exception(), httpx.TransportError)


@pytest.mark.spec("L4")
def test_under_load_every_request_is_answered_or_has_no_effect(client: Client) -> None:
    people = [client.person() for _ in range(3)]
    with Load(people, client.service.url) as load:
        load.goes_on()
        assert client.service.stop() == 0
    assert account(client, load) == NOTHING
    assert set(load.answers()) <= {200, 201, None}, load.summary()
    written = {row["product_name"] for row in client.sql("SELECT product_name FROM order_items")}
    unanswered = {f"{call.name} first" for call in load.calls if call.status is None}
    assert written & unanswered == set()
