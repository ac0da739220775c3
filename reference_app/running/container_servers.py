"""PostgreSQL, Valkey and the payment provider in containers that share the network of another one.

That one does nothing: it holds the address and the published ports while a server is down, so
that a connection is refused at once then, as it is by a machine whose server is not running.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import redis
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from reference_app.running import images, memory_volume, payment_provider, postgres_settings
from reference_app.running.addresses import ADMINISTRATOR, Addresses
from reference_app.running.assembly import CACHE_DATABASES
from reference_app.running.container_process import ContainerProcess, publish
from reference_app.running.part import ControlledPart
from reference_app.running.readiness import (
    cache_answers,
    postgres_answers,
    provider_answers,
    until_answered,
)

ALIAS = "servers"
POSTGRES_PORT = 5432
CACHE_PORT = 6379
PROVIDER_PORT = 8080


def start_holder(network: Network, files: str, labels: Mapping[str, str]) -> ContainerProcess:
    """Start the container that holds the network of the servers, and the volume `files`."""
    container = (
        DockerContainer(images.CACHE)
        .with_command(["sleep", "infinity"])
        .with_volume_mapping(files, memory_volume.POSTGRES_FILES, "rw")
        .with_network(network)
        .with_network_aliases(ALIAS)
        .with_kwargs(labels=dict(labels), init=True)
    )
    publish(container, POSTGRES_PORT, CACHE_PORT, PROVIDER_PORT)
    holder = ContainerProcess("servers", container, "SIGTERM")
    holder.launch()
    return holder


def start_servers(
    holder: ContainerProcess, files: str, labels: Mapping[str, str], addresses: Addresses
) -> tuple[ControlledPart, ControlledPart]:
    """Start PostgreSQL, on the volume `files`, and Valkey side by side and wait for both."""
    where = {"labels": dict(labels), "network_mode": f"container:{holder.id()}"}
    database_url = addresses.database_url(postgres_settings.SUPERUSER, ADMINISTRATOR)
    cache = redis.Redis(addresses.host, addresses.cache_port, socket_timeout=2)
    postgres_process = ContainerProcess(
        "postgres",
        DockerContainer(images.POSTGRES)
        .with_envs(
            POSTGRES_PASSWORD=postgres_settings.SUPERUSER,
            POSTGRES_INITDB_ARGS=" ".join(postgres_settings.INITDB),
        )
        .with_command(["postgres", *postgres_settings.server_arguments()])
        .with_volume_mapping(files, memory_volume.POSTGRES_FILES, "rw")
        .with_kwargs(shm_size="256m", **where),
        "SIGINT",
    )
    cache_process = ContainerProcess(
        "cache",
        DockerContainer(images.CACHE)
        .with_command(
            [
                *("valkey-server", "--save", "", "--appendonly", "no", "--protected-mode", "no"),
                *("--databases", str(CACHE_DATABASES)),
            ]
        )
        .with_kwargs(**where),
        "SIGTERM",
    )
    parts = (
        ControlledPart(
            "postgres",
            postgres_process,
            lambda: until_answered(postgres_process, lambda: postgres_answers(database_url)),
        ),
        ControlledPart(
            "cache",
            cache_process,
            lambda: until_answered(cache_process, lambda: cache_answers(cache)),
        ),
    )
    with ThreadPoolExecutor(2) as both:
        list(both.map(ControlledPart.start, parts))
    return parts


def start_provider(
    image: str, holder: ContainerProcess, labels: Mapping[str, str], host: str, port: int
) -> None:
    """Start the payment provider from the service's image and wait until `port` answers."""
    process = ContainerProcess(
        "payments",
        DockerContainer(image)
        .with_command(
            ["python", "-m", payment_provider.__name__, "0.0.0.0", str(PROVIDER_PORT)]  # noqa: S104 - all of its own network  # nosec B104
        )
        .with_kwargs(
            labels=dict(labels),
            network_mode=f"container:{holder.id()}",
            healthcheck={"test": ["NONE"]},
            init=True,
        ),
        "SIGTERM",
    )
    process.launch()
    until_answered(process, lambda: provider_answers(host, port))
