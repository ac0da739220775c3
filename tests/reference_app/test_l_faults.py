"""L5: PostgreSQL or the cache goes away while clients write and read, and comes back.

Nothing that was acknowledged is lost, nothing is there twice or by half, no request gets a 500 or
waits for ever, and the service recovers by itself.
"""

import time
from collections.abc import Iterator

import httpx
import pytest

from reference_app.running import Backend, Service
from tests.reference_app.client import ITEMS, Client
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.load import Load, account

IMPATIENT = {
    **SETTINGS,
    "DATABASE_POOL_TIMEOUT_SECONDS": "0.3",
    "DATABASE_CONNECT_TIMEOUT_SECONDS": "0.5",
    "DATABASE_STATEMENT_TIMEOUT_SECONDS": "0.3",
}
BOUND_SECONDS = 0.3 + (0.3 + 1) + 2
"""As `data/database.py` says: to get a connection, to wait for a statement, to hang up."""
MARGIN = 2
NOTHING = dict.fromkeys(
    ("lost", "duplicates", "half done", "renames undone", "500s", "no Retry-After"), 0
)


@pytest.fixture(scope="module")
def impatient(backend: Backend) -> Iterator[Service]:
    with backend.service(settings=IMPATIENT) as service:
        yield service


@pytest.fixture
def hurried(impatient: Service) -> Iterator[Client]:
    """A client of a service with short time-outs."""
    impatient.reset()
    client = Client(impatient)
    yield client
    client.close()


def slowest(load: Load) -> float:
    return max(call.ended - call.began for call in load.calls)


def unfinished(client: Client) -> list[dict[str, object]]:
    """Sessions of the service that are in the middle of something."""
    return client.sql(
        "SELECT state, query FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'reference_app' AND state <> 'idle'"
    )


@pytest.mark.spec("L5")
@pytest.mark.spec("D7")
@pytest.mark.parametrize("how", ["kill", "pause", "stop"])
def test_clients_survive_the_database(backend: Backend, hurried: Client, how: str) -> None:
    people = [hurried.person() for _ in range(3)]
    with Load(people, hurried.service.url) as load:
        load.goes_on()
        getattr(backend.postgres, how)()
        gone = time.monotonic()
        load.until(lambda: sum(call.status == 503 for call in load.since(gone)) >= 10)
        backend.postgres.resume()
        backend.postgres.start()
        load.goes_on()
    assert account(hurried, load) == NOTHING
    assert set(load.answers()) == {200, 201, 503}, load.summary()
    assert slowest(load) < BOUND_SECONDS * MARGIN
    assert unfinished(hurried) == []


@pytest.mark.spec("L5")
@pytest.mark.parametrize("how", ["kill", "pause", "stop"])
def test_clients_do_not_notice_that_the_cache_is_away(
    backend: Backend, client: Client, how: str
) -> None:
    people = [client.person() for _ in range(3)]
    with Load(people, client.service.url) as load:
        load.goes_on()
        getattr(backend.cache, how)()
        load.goes_on()
        load.goes_on()
        backend.cache.resume()
        backend.cache.start()
        load.goes_on()
    assert account(client, load) == NOTHING
    assert set(load.answers()) == {200, 201}, load.summary()
    [row] = client.sql("SELECT full_name FROM users WHERE id = %s", people[0].id)
    shown = client.get(people[0].path, by=people[0]).json()["data"]["full_name"]
    assert shown == row["full_name"], "a name from before the fault is still in the cache"


@pytest.mark.spec("L5")
@pytest.mark.spec("D7")
def test_connections_that_die_one_by_one_cost_a_503_at_most(client: Client) -> None:
    people = [client.person() for _ in range(3)]
    with (
        Load(people, client.service.url) as load,
        client.service.database.connect(superuser=True) as connection,
    ):
        load.goes_on()
        for _ in range(25):
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'reference_app' AND random() < 0.5"
            )
            time.sleep(0.04)
        load.goes_on()
    assert account(client, load) == NOTHING
    assert set(load.answers()) <= {200, 201, 503}, load.summary()
    assert unfinished(client) == []


@pytest.mark.spec("L5")
@pytest.mark.spec("D7")
def test_a_connection_that_was_closed_while_nobody_used_it_costs_nothing(client: Client) -> None:
    ada = client.person()
    ours = "FROM pg_stat_activity WHERE application_name = 'reference_app'"
    ours += " AND datname = current_database()"
    for _ in range(5):
        client.sql(f"SELECT pg_terminate_backend(pid, 5000) {ours}")
        assert client.sql(f"SELECT pid {ours}") == []
        assert client.get("/health").status_code == 200, "the event loop has seen it by now"
        assert client.get(ada.path, by=ada).status_code == 200


@pytest.mark.spec("L5")
def test_a_service_that_is_killed_takes_nothing_along(client: Client) -> None:
    people = [client.person() for _ in range(3)]
    with Load(people, client.service.url) as load:
        load.goes_on()
        client.service.kill()
        load.until(lambda: None in load.answers())
    client.service.start()
    assert account(client, load) == NOTHING
    assert set(load.answers()) == {200, 201, None}, load.summary()
    with Load(people, client.service.url) as again:
        again.goes_on()
    assert account(client, again) == NOTHING


@pytest.mark.spec("D7")
def test_clients_that_give_up_leave_no_transaction_behind(client: Client) -> None:
    ada = client.person()
    with client.service.database.connect() as holder, holder.transaction():
        holder.execute("SELECT id FROM users WHERE id = %s FOR UPDATE", [ada.id])
        for _ in range(3):
            with pytest.raises(httpx.ReadTimeout):
                client.post(f"{ada.path}/orders", by=ada, json=ITEMS, timeout=0.05)
        assert len(unfinished(client)) > 0
    deadline = time.monotonic() + 5
    while unfinished(client):
        assert time.monotonic() < deadline
