"""PostgreSQL and Valkey for submissions only: bounded, and with passwords nobody else knows."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import docker  # type: ignore[import-untyped]
from testcontainers.core.container import DockerContainer

from reference_app.running import images, postgres_settings
from reference_app.running.addresses import Addresses, Login
from reference_app.running.assembly import CACHE_DATABASES
from reference_app.running.container_process import ContainerProcess
from reference_app.running.part import ControlledPart
from reference_app.running.readiness import postgres_answers, until_answered
from reference_app.running.sandbox.cache_users import CacheUsers, server_arguments

POSTGRES_PORT = 5432
CACHE_PORT = 6379
DATA = "/var/lib/postgresql"
DATA_SIZE = "768m"
CACHE_MEMORY = "256mb"

POSTGRES_BOUNDS = {
    "max_wal_size": "128MB",
    "min_wal_size": "32MB",
    "shared_buffers": "64MB",
    "temp_file_limit": "128MB",
    "idle_in_transaction_session_timeout": "60s",
    "statement_timeout": "60s",
}
WALLS: dict[str, Any] = {
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "dns": ["127.0.0.1"],
    "log_config": {"type": "json-file", "config": {"max-size": "1m", "max-file": "1"}},
}
BECOME_POSTGRES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]


@dataclass(frozen=True)
class Secrets:
    """Who may do everything: the superuser's password, the cache's user."""

    superuser: Login
    grader: Login


def make_data_volume(client: docker.DockerClient, name: str, labels: Mapping[str, str]) -> None:
    """Memory for the files of PostgreSQL: a bound for them, and gone without a trace."""
    options = {"type": "tmpfs", "device": "tmpfs", "o": f"size={DATA_SIZE}"}
    client.volumes.create(name, driver="local", driver_opts=options, labels=dict(labels))


def start_holder(network: str, volume: str, labels: Mapping[str, str]) -> ContainerProcess:
    """The container that keeps the servers' address, and their files, while one is down."""
    holder = ContainerProcess(
        "servers",
        DockerContainer(images.CACHE)
        .with_command(["sleep", "infinity"])
        .with_volume_mapping(volume, DATA, "rw")
        .with_kwargs(
            **WALLS,
            labels=dict(labels),
            network=network,
            init=True,
            read_only=True,
            pids_limit=16,
            sysctls={"net.ipv6.conf.all.disable_ipv6": "1"},
        ),
        "SIGTERM",
    )
    holder.launch()
    return holder


def start_servers(
    holder: ContainerProcess,
    volume: str,
    labels: Mapping[str, str],
    outside: Addresses,
    secrets: Secrets,
    users: CacheUsers,
) -> tuple[ControlledPart, ControlledPart]:
    """Start PostgreSQL and Valkey side by side and wait for both."""
    walls = {k: v for k, v in WALLS.items() if k != "dns"}
    where = {**walls, "labels": dict(labels), "network_mode": f"container:{holder.id()}"}
    database_url = outside.database_url(postgres_settings.SUPERUSER, secrets.superuser)
    postgres = ContainerProcess(
        "postgres",
        DockerContainer(images.POSTGRES)
        .with_envs(
            POSTGRES_PASSWORD=secrets.superuser.password,
            POSTGRES_INITDB_ARGS=" ".join(postgres_settings.INITDB),
        )
        .with_volume_mapping(volume, DATA, "rw")
        .with_command(["postgres", *postgres_settings.server_arguments(**POSTGRES_BOUNDS)])
        .with_kwargs(
            **where,
            cap_add=BECOME_POSTGRES,
            shm_size="256m",
            mem_limit="1536m",
            memswap_limit="1536m",
            pids_limit=300,
        ),
        "SIGINT",
    )
    cache = ContainerProcess(
        "cache",
        DockerContainer(images.CACHE)
        .with_command(
            [
                *("valkey-server", "--save", "", "--appendonly", "no", "--protected-mode", "no"),
                *("--databases", str(CACHE_DATABASES), "--maxmemory", CACHE_MEMORY),
                *("--maxclients", "1000", "--client-output-buffer-limit", "normal 64mb 32mb 10"),
                *server_arguments(secrets.grader),
            ]
        )
        .with_kwargs(
            **where, mem_limit="512m", memswap_limit="512m", pids_limit=32, read_only=True
        ),
        "SIGTERM",
    )
    parts = (
        ControlledPart(
            "postgres",
            postgres,
            lambda: until_answered(postgres, lambda: postgres_answers(database_url)),
        ),
        ControlledPart("cache", cache, lambda: until_answered(cache, users.restore)),
    )
    with ThreadPoolExecutor(2) as both:
        list(both.map(ControlledPart.start, parts))
    return parts
