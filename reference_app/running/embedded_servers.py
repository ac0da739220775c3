"""PostgreSQL and Valkey as children of the supervisor, each on a free port of this machine."""

import contextlib
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

from reference_app.running import (
    payment_provider,
    postgres_settings,
    postgres_wheel,
    valkey_wheel,
)
from reference_app.running.addresses import ADMINISTRATOR, Addresses
from reference_app.running.assembly import CACHE_DATABASES
from reference_app.running.embedded_process import ProgramProcess
from reference_app.running.errors import BackendUnavailable
from reference_app.running.part import ControlledPart, exit_code_when_ended
from reference_app.running.ports import free_port
from reference_app.running.readiness import (
    cache_answers,
    postgres_answers,
    provider_answers,
    until_answered,
)
from reference_app.running.supervisor_link import SupervisorLink

HOST = "127.0.0.1"
START_TRIES = 3


@dataclass(frozen=True)
class Server:
    """A running server and the port it keeps for its life."""

    part: ControlledPart
    port: int


def begin_initdb(link: SupervisorLink, directory: Path) -> ProgramProcess:
    """Start to make a PostgreSQL data directory inside `directory`; it takes about 0.4 s."""
    user = postgres_wheel.server_user()
    if user is not None:
        shutil.chown(directory, user)
    argv = [
        postgres_wheel.program("initdb"),
        *postgres_settings.INITDB,
        f"--username={postgres_settings.SUPERUSER}",
        "--auth=trust",  # reached from this machine only; the URL's password is not checked
        f"--pgdata={directory / 'data'}",
    ]
    initdb = ProgramProcess(link, "initdb", directory, "SIGTERM", argv, user=user)
    initdb.launch()
    return initdb


def start_postgres(link: SupervisorLink, initdb: ProgramProcess) -> Server:
    """Wait for `initdb` and start the server. Raises BackendUnavailable."""
    if exit_code_when_ended(initdb) != 0:
        raise BackendUnavailable(f"initdb failed:\n{initdb.log.read_text()}")
    return on_free_port(lambda port: postgres_on(link, initdb.directory, port))


def postgres_on(link: SupervisorLink, directory: Path, port: int) -> Server:
    """PostgreSQL on `port`: SIGINT is its fast shutdown, SIGQUIT its immediate one."""
    argv = [
        postgres_wheel.program("postgres"),
        "-D",
        str(directory / "data"),
        *postgres_settings.server_arguments(
            listen_addresses=HOST,
            port=str(port),
            unix_socket_directories="",
            dynamic_shared_memory_type="mmap",  # files of the data directory: none outlives it
        ),
    ]
    user = postgres_wheel.server_user()
    process = ProgramProcess(link, "postgres", directory, "SIGINT", argv, "SIGQUIT", user)
    url = Addresses(HOST, port, 0).database_url(postgres_settings.SUPERUSER, ADMINISTRATOR)
    return Server(started(process, lambda: postgres_answers(url)), port)


def start_cache(link: SupervisorLink, directory: Path) -> Server:
    """Start Valkey. Raises BackendUnavailable."""
    return on_free_port(lambda port: cache_on(link, directory, port))


def cache_on(link: SupervisorLink, directory: Path, port: int) -> Server:
    """Valkey on `port`, without persistence: a killed cache comes back empty."""
    argv = [
        valkey_wheel.program(),
        *("--bind", HOST, "--port", str(port), "--save", "", "--appendonly", "no"),
        *("--databases", str(CACHE_DATABASES)),
    ]
    process = ProgramProcess(link, "cache", directory, "SIGTERM", argv)
    client = redis.Redis(HOST, port, socket_timeout=2)
    return Server(started(process, lambda: cache_answers(client)), port)


def start_provider(link: SupervisorLink, directory: Path) -> Server:
    """Start the payment provider. Raises BackendUnavailable."""
    return on_free_port(lambda port: provider_on(link, directory, port))


def provider_on(link: SupervisorLink, directory: Path, port: int) -> Server:
    """The payment provider on `port`."""
    argv = [sys.executable, "-I", payment_provider.__file__, HOST, str(port)]
    process = ProgramProcess(link, "payments", directory, "SIGTERM", argv)
    return Server(started(process, lambda: provider_answers(HOST, port)), port)


def started(process: ProgramProcess, ask: Callable[[], None]) -> ControlledPart:
    """Start a server's process and wait until `ask` raises nothing."""
    part = ControlledPart(process.name, process, lambda: until_answered(process, ask))
    part.start()
    return part


def on_free_port(start: Callable[[int], Server]) -> Server:
    """Start on a port that was free just now; again on another one when it was snatched."""
    for _ in range(START_TRIES - 1):
        with contextlib.suppress(BackendUnavailable):
            return start(free_port())
    return start(free_port())
