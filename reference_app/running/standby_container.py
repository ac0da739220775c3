"""One container of the service's image that has imported its libraries and waits for orders."""

import json
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from testcontainers.core.container import DockerContainer

from reference_app.running.container_process import LOOPBACK, ContainerProcess, publish
from reference_app.running.errors import BackendUnavailable
from reference_app.running.standby import GO

PORT = 8000
LOG = "/var/log/service.log"
ORDERS_SECONDS = 30.0
FULL_CPU_SHARES = 1024
HOST_GATEWAY = "host.docker.internal"

HARDENING: dict[str, Any] = {
    "mem_limit": "1280m",  # the service bounds itself at 1 GiB and gets a MemoryError there
    "memswap_limit": "1280m",
    "pids_limit": 256,
    "cpu_shares": 512,  # while it warms up, what is being judged goes first
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "init": True,
    "healthcheck": {"test": ["NONE"]},
    "extra_hosts": {HOST_GATEWAY: "host-gateway"},
    "log_config": {"type": "json-file", "config": {"max-size": "1m", "max-file": "1"}},
}


class StandbyContainer(ContainerProcess):
    """`directory` holds its log and, by module name, the files mounted over modules."""

    def __init__(
        self,
        name: str,
        container: DockerContainer,
        directory: Path,
        modules: Sequence[str],
        labels: Mapping[str, str],
    ) -> None:
        super().__init__(name, container, "SIGTERM")
        self.log = directory / "service.log"
        self.log.touch()
        self.log.chmod(0o666)  # the user in the container is another one
        self._directory = directory
        self._host_port = 0
        container.with_command(
            ["python", "-m", "reference_app.running.standby", LOG, str(PORT), *modules]
        )
        container.with_volume_mapping(self.log, LOG, "rw")
        container.with_tmpfs_mount("/tmp", "size=64m")  # noqa: S108 - a path in the container  # nosec B108
        container.with_kwargs(labels=dict(labels), **HARDENING)
        publish(container, PORT)
        for module in modules:
            self.file_of(module).touch()
            self.file_of(module).chmod(0o644)
            container.with_volume_mapping(self.file_of(module), inside(module), "ro")

    @property
    def url(self) -> str:
        """Base address, from the orders on."""
        return f"http://{LOOPBACK}:{self._host_port}"

    def file_of(self, module: str) -> Path:
        """The file that is mounted over a module, to be written before the orders are given."""
        return self._directory / f"{module}.py"

    def give_orders(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Tell it what to become. Raises BackendUnavailable when it does not take that in 30 s."""
        self._engine_container.update(cpu_shares=FULL_CPU_SHARES)
        self._host_port = self.host_port(PORT)
        orders = json.dumps({"argv": argv, "environment": dict(environment)}).encode() + b"\n"
        deadline = time.monotonic() + ORDERS_SECONDS
        while not accepted(self._host_port, orders):
            if not self.state().running or time.monotonic() > deadline:
                raise BackendUnavailable(f"{self.name} took no orders:\n{self.log.read_text()}")
            time.sleep(0.02)

    def abort(self) -> None:
        """SIGUSR2: it writes the stack of every thread to its log and ends."""
        self._signal("SIGUSR2")


def inside(module: str) -> str:
    """Where a module's file is in the image."""
    return f"/app/{module.replace('.', '/')}.py"


def accepted(port: int, orders: bytes) -> bool:
    """Whether a waiting process took the orders; False when none listens yet."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=5) as connection:
            connection.sendall(orders)
            return connection.recv(len(GO)) == GO
    except OSError:
        return False
