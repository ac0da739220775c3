"""A container of the service's image, with files mounted over modules, that waits for orders."""

import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker.errors  # type: ignore[import-untyped]
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from reference_app.running.container_process import publish
from reference_app.running.errors import BackendUnavailable
from reference_app.running.warded_container import LOGS, Place, WardedContainer, make_log
from reference_app.running.warden_link import Link, LinkBroken

PORTS = (8000, 8001, 8002, 8003)
"""One for each service that may run in it at the same time."""

FULL_CPU_SHARES = 1024
HOST_GATEWAY = "host.docker.internal"

Contents = Mapping[str, bytes]
"""For each module that has a file mounted over it, what is in that file."""

HARDENING: dict[str, Any] = {
    "mem_limit": "1280m",  # the service bounds itself at 1 GiB and gets a MemoryError there
    "memswap_limit": "1280m",
    "pids_limit": 256,
    "cpu_shares": 512,  # while it warms up, what is being judged goes first
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "stdin_open": True,
    "healthcheck": {"test": ["NONE"]},
    "extra_hosts": {HOST_GATEWAY: "host-gateway"},
    "log_config": {"type": "json-file", "config": {"max-size": "1m", "max-file": "1"}},
}


class ServiceContainer(WardedContainer):
    """Runs services that are all made of the same files, and is used again when they are gone.

    `directory` is what it sees of this machine: a file for each module, and the logs.
    """

    def __init__(
        self,
        image: str,
        network: Network,
        directory: Path,
        modules: tuple[str, ...],
        labels: Mapping[str, str],
    ) -> None:
        self.modules = modules
        self._directory = directory
        self._contents: Contents = {}
        self._places: set[str] = set()
        self._lock = threading.Lock()
        logs = directory / "logs"
        logs.mkdir(parents=True)
        logs.chmod(0o755)  # whatever the umask is
        container = (
            DockerContainer(image)
            .with_network(network)
            .with_command(["python", "-m", "reference_app.running.warden", *modules])
            .with_volume_mapping(logs, LOGS, "rw")
            .with_tmpfs_mount("/tmp", "size=64m")  # noqa: S108 - a path in the container  # nosec B108
            .with_kwargs(labels=dict(labels), **HARDENING)
        )
        publish(container, *PORTS)
        for module in modules:
            self._file_of(module).touch()
            self._file_of(module).chmod(0o644)
            container.with_volume_mapping(self._file_of(module), inside(module), "ro")
        try:
            container.start()
            engine_container = container.get_wrapped_container()
            super().__init__(engine_container, Link(engine_container, missed=True))
            engine_container.update(cpu_shares=FULL_CPU_SHARES)
        except (docker.errors.DockerException, OSError, LinkBroken) as error:
            raise BackendUnavailable(
                f"A container for the service did not start: {error}"
            ) from error

    @property
    def empty(self) -> bool:
        """Whether nothing is in it, so that it can be used for other files."""
        return not self._places

    def take(self, name: str, contents: Contents) -> Place | None:
        """A place for a service that is made of these files; None when it is not for them."""
        with self._lock:
            if not self.alive or contents.keys() != set(self.modules):
                return None
            if self.empty:
                for module, content in contents.items():
                    self._file_of(module).write_bytes(content)
                self._contents = contents
            elif self._contents != contents or len(self._places) == len(PORTS):
                return None
            self._places.add(name)
            return Place(self, make_log(self._directory / "logs", name), {})

    def leave(self, name: str) -> None:
        with self._lock:
            if self._places == {name}:
                self._clear()
            self._places.discard(name)
        (self._directory / "logs" / f"{name}.log").unlink(missing_ok=True)

    def remove(self) -> None:
        super().remove()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _file_of(self, module: str) -> Path:
        return self._directory / f"{module}.py"


class PublishedPort:
    """The port of this machine at which a service is reached; see `warded_process.Door`."""

    ports = PORTS

    def __init__(self) -> None:
        self.port = 0

    def lead_to(self, container: WardedContainer, port: int) -> None:
        """From now on it is the one at which the engine publishes that port of a container."""
        self.port = container.host_port(port)

    def close(self) -> None:
        """The engine publishes it as long as the container lives."""


def inside(module: str) -> str:
    """Where a module's file is in the image."""
    return f"/app/{module.replace('.', '/')}.py"
