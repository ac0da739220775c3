"""The reference service, started once for all conformance tests and cleaned before each."""

import os
from collections.abc import Iterator
from contextlib import closing

import docker  # type: ignore[import-untyped]
import httpx
import pytest

from reference_app.running import Backend, Service, build_context, images, start
from reference_app.running.payment_account import PaymentAccount
from tests.reference_app.client import Client
from tests.reference_app.otlp import SOON, Receiver, endpoint
from tests.reference_app.shop import BREAKER, OUTBOUND_LIMITS, Shop, paid_within
from tests.reference_app.stack import IMAGE, VERSION, Stack, cannot_come_up, sweep

SETTINGS = {
    "PASSWORD_MEMORY_KIB": "1024",
    "PASSWORD_TIME_COST": "1",
    "LOGIN_ATTEMPTS_PER_ACCOUNT": "20/minute",
    "LOGIN_ATTEMPTS_PER_ADDRESS": "1000/minute",
    "RATE_LIMIT_READ": "100000/minute",
    "RATE_LIMIT_WRITE": "100000/minute",
    "DATABASE_POOL_SIZE": "5",
    "DATABASE_POOL_OVERFLOW": "0",
    "DATABASE_POOL_TIMEOUT_SECONDS": "1.5",
    "DATABASE_STATEMENT_TIMEOUT_SECONDS": "2",
}

LIMITS = {
    "RATE_LIMIT_READ": "5/day",
    "RATE_LIMIT_WRITE": "3/day",
    "RATE_LIMIT_REGISTER": "4/day",
    "LOGIN_ATTEMPTS_PER_ACCOUNT": "3/day",
    "LOGIN_ATTEMPTS_PER_ADDRESS": "8/day",
    "REDIS_TIMEOUT_SECONDS": "2",
}
"""Of a day, so no window ends within a test; with patience, so a slow Redis is not one away."""

PROXIES = "127.0.0.1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    with start(request.config.getoption("--on")) as backend:
        yield backend


@pytest.fixture(scope="session")
def running_service(backend: Backend) -> Iterator[Service]:
    with backend.service(settings=SETTINGS) as service:
        yield service


@pytest.fixture
def client(running_service: Service) -> Iterator[Client]:
    running_service.reset()
    client = Client(running_service)
    yield client
    client.close()


@pytest.fixture(scope="session")
def engine() -> docker.DockerClient:
    """A container engine with the images; it may be missing, but not in CI."""
    status = images.engine_status()
    if not status.ready:
        reason = f"{status.summary}. {status.advice}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return images.engine()


@pytest.fixture(scope="session")
def replicas(backend: Backend) -> Iterator[tuple[Service, Service]]:
    """One that is reached directly, and one behind proxies that it trusts."""
    with (
        backend.service(settings=SETTINGS | LIMITS) as direct,
        backend.service(beside=direct, settings={"TRUSTED_PROXIES": PROXIES}) as behind,
    ):
        yield direct, behind


@pytest.fixture
def both(replicas: tuple[Service, Service]) -> Iterator[tuple[Client, Client]]:
    replicas[0].reset()
    clients = Client(replicas[0]), Client(replicas[1])
    yield clients
    for client in clients:
        client.close()


@pytest.fixture
def limited(both: tuple[Client, Client]) -> Client:
    return both[0]


@pytest.fixture
def behind(both: tuple[Client, Client]) -> Client:
    return both[1]


@pytest.fixture(scope="session")
def provider(backend: Backend) -> PaymentAccount:
    return backend.payment_account()


@pytest.fixture(scope="session")
def paying_service(backend: Backend, provider: PaymentAccount) -> Iterator[Service]:
    with backend.service(
        settings={**SETTINGS, **OUTBOUND_LIMITS, "PAYMENT_URL": provider.url}
    ) as service:
        yield service


@pytest.fixture
def shop(paying_service: Service, provider: PaymentAccount) -> Iterator[Shop]:
    """A shop whose provider is well and whose breaker is closed."""
    paying_service.reset()
    provider.behave("charge")
    with closing(Client(paying_service)) as client:
        shop = Shop(client, provider, client.person(), client.person("support"))
        paid_within(shop, shop.order(), BREAKER + 3)
        yield shop


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def traced_service(
    backend: Backend, receiver: Receiver, provider: PaymentAccount
) -> Iterator[Service]:
    where = endpoint(backend, receiver.port)
    with backend.service(
        settings={**SETTINGS, **where, **SOON, "PAYMENT_URL": provider.url}
    ) as service:
        yield service


@pytest.fixture
def traced(traced_service: Service) -> Iterator[Client]:
    traced_service.reset()
    client = Client(traced_service)
    yield client
    client.close()


@pytest.fixture(scope="session")
def stack(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """compose.yaml, released as an operator would; what it needs may be missing, but not in CI."""
    if (reason := cannot_come_up(engine)) and os.environ.get("CI") != "true":
        pytest.skip(reason)
    images.build_stage(engine, build_context.read(), "service", f"{IMAGE}:{VERSION}")
    sweep()
    stack = Stack(tmp_path_factory.mktemp("stack") / "secrets")
    try:
        released = stack.run("release", VERSION)
        assert released.returncode == 0, released.stdout + released.stderr
        yield stack
    finally:
        stack.close()


@pytest.fixture
def edge(stack: Stack) -> Iterator[httpx.Client]:
    """A client of the balancer that trusts its certificate."""
    url = stack.url("balancer", 8443)
    with httpx.Client(base_url=url, verify=stack.trust(), timeout=10, trust_env=False) as client:
        yield client
