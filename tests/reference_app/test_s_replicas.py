"""S3: any replica answers any request, and one that leaves or dies takes nothing along."""

from collections.abc import Iterator

import pytest

from reference_app.running import Backend, Service
from tests.reference_app.balancer import Balancer
from tests.reference_app.client import Client
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.load import CLIENTS, Load, account
from tests.reference_app.test_l_faults import NOTHING

REPLICA = {**SETTINGS, "SHUTDOWN_DELAY_SECONDS": "2"}


@pytest.fixture(scope="module")
def replicas(backend: Backend) -> Iterator[tuple[Service, Service]]:
    with (
        backend.service(settings=REPLICA) as first,
        backend.service(beside=first) as second,
    ):
        yield first, second


@pytest.fixture
def clients(replicas: tuple[Service, Service]) -> Iterator[tuple[Client, Client]]:
    """One client of each replica."""
    for replica in replicas:
        replica.reset()
    one, other = map(Client, replicas)
    yield one, other
    one.close()
    other.close()


@pytest.mark.spec("S3")
def test_a_session_is_known_to_every_replica(clients: tuple[Client, Client]) -> None:
    one, other = clients
    ada = one.person()
    assert other.get(ada.path, by=ada).status_code == 200
    renewed = other.refresh(ada.refresh_token)
    assert renewed.status_code == 200
    assert one.refresh(ada.refresh_token).status_code == 401, "a token was used twice"
    assert one.refresh(renewed.json()["data"]["refresh_token"]).status_code == 401


@pytest.mark.spec("S3")
def test_a_logout_is_seen_by_every_replica(clients: tuple[Client, Client]) -> None:
    one, other = clients
    ada = one.person()
    logout = other.post("/api/v1/auth/logout", json={"refresh_token": ada.refresh_token})
    assert logout.status_code == 204
    assert one.refresh(ada.refresh_token).status_code == 401


@pytest.mark.spec("S3")
def test_a_write_on_one_replica_is_read_on_the_other(clients: tuple[Client, Client]) -> None:
    one, other = clients
    ada = one.person()
    for name in ("First", "Second", "Third"):
        assert one.get(ada.path, by=ada).status_code == 200  # it is in the cache now
        assert other.patch(ada.path, by=ada, json={"full_name": name}).status_code == 200
        assert one.get(ada.path, by=ada).json()["data"]["full_name"] == name


@pytest.mark.spec("S3")
@pytest.mark.spec("L4")
def test_nobody_notices_a_replica_that_leaves(clients: tuple[Client, Client]) -> None:
    one, other = clients
    people = [one.person() for _ in range(3)]
    with Balancer(one.service.url, other.service.url) as balancer:
        with Load(people, balancer.url) as load:
            load.goes_on()
            assert one.service.stop() == 0
            load.goes_on()
        assert account(other, load) == NOTHING
        assert set(load.answers()) == {200, 201}, load.summary()


@pytest.mark.spec("S3")
@pytest.mark.spec("L5")
def test_a_replica_that_dies_costs_only_the_requests_it_was_working_on(
    clients: tuple[Client, Client],
) -> None:
    one, other = clients
    people = [one.person() for _ in range(3)]
    with Balancer(one.service.url, other.service.url) as balancer:
        with Load(people, balancer.url) as load:
            load.goes_on()
            one.service.kill()
            load.goes_on()
        assert account(other, load) == NOTHING
        assert set(load.answers()) <= {200, 201, None}, load.summary()
        assert load.answers()[None] <= CLIENTS, load.summary()
