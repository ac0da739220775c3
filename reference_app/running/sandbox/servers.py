"""PostgreSQL and Valkey for submissions only: bounded, and with passwords nobody else knows."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import docker  # type: ignore[import-untyped]
from testcontainers.core.container import DockerContainer

from reference_app.running import images, memory_volume, postgres_settings
from reference_app.running.addresses import Addresses, Login
from reference_app.running.assembly import CACHE_DATABASES
from reference_app.running.container_process import ContainerProcess
from reference_app.running.part import ControlledPart
from reference_app.running.readiness import postgres_answers, until_answered
from reference_app.running.sandbox.cache_users import MEMORY, CacheUsers, server_arguments
from reference_app.running.sandbox.databases import DATABASES

POSTGRES_PORT = 5432
CACHE_PORT = 6379
FILES = {
    "data": (memory_volume.POSTGRES_FILES, "256m"),
    "wal": ("/wal", "256m"),
    "databases": (DATABASES, "320m"),
}
"""Where PostgreSQL keeps what, and its bound: full databases leave the server room for itself."""

POSTGRES_BOUNDS = {
    "max_wal_size": "96MB",
    "min_wal_size": "32MB",
    "checkpoint_completion_target": "0",
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


def make_volumes(client: docker.DockerClient, run: str, labels: Mapping[str, str]) -> None:
    """Memory for the files of PostgreSQL."""
    for name, (_, size) in FILES.items():
        memory_volume.make(client, f"{run}-{name}", labels, size)


def with_volumes(container: DockerContainer, run: str) -> DockerContainer:
    """Mount them."""
    for name, (path, _) in FILES.items():
        container.with_volume_mapping(f"{run}-{name}", path, "rw")
    return container


def start_holder(network: str, labels: Mapping[str, str]) -> ContainerProcess:
    """The container that keeps the servers' address, and their files, while one is down."""
    holder = ContainerProcess(
        "servers",
        with_volumes(DockerContainer(images.CACHE), network)
        .with_command(["sleep", "infinity"])
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
    run: str,
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
        with_volumes(DockerContainer(images.POSTGRES), run)
        .with_envs(
            POSTGRES_PASSWORD=secrets.superuser.password,
            POSTGRES_INITDB_ARGS=" ".join([*postgres_settings.INITDB, "--waldir=/wal/files"]),
        )
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
                *("--databases", str(CACHE_DATABASES), "--maxmemory", MEMORY),
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
