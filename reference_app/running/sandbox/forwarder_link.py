"""The forwarder's container, and the doors it has for services."""

from collections.abc import Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import docker  # type: ignore[import-untyped]
import docker.errors  # type: ignore[import-untyped]

from reference_app.running.container_process import LOOPBACK
from reference_app.running.errors import BackendUnavailable
from reference_app.running.warded_container import WardedContainer
from reference_app.running.warden_link import Link, LinkBroken

START_SECONDS = 60.0
ORDER_SECONDS = 10.0
OUTSIDE = "bridge"
SERVICE_DOORS = tuple(range(8001, 8009))

HARDENING: dict[str, Any] = {
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "read_only": True,
    "mem_limit": "256m",
    "pids_limit": 32,
    "healthcheck": {"test": ["NONE"]},
    "log_config": {"type": "none"},
    "stdin_open": True,
    "init": True,
}


class Forwarder:
    """A container on the network of a sandbox and on one that publishes ports."""

    def __init__(
        self,
        client: docker.DockerClient,
        image: str,
        network: str,
        servers: Mapping[int, str],
        labels: Mapping[str, str],
    ) -> None:
        """`servers` says which host has which port behind the door of the same number."""
        ports = [*servers, *SERVICE_DOORS]
        self._container = client.containers.create(
            image,
            ["python", "-m", "reference_app.running.sandbox.forwarder", *map(str, ports)],
            network=OUTSIDE,
            ports={f"{port}/tcp": (LOOPBACK, None) for port in ports},
            labels=dict(labels),
            **HARDENING,
        )
        try:
            client.networks.get(network).connect(self._container)
            self._link = Link(self._container)
            self._container.start()
            self._link.wait(START_SECONDS)
            self._container.reload()
        except (docker.errors.DockerException, LinkBroken) as error:
            self._container.remove(force=True)
            raise BackendUnavailable(f"The sandbox's forwarder did not start: {error}") from error
        published = self._container.attrs["NetworkSettings"]["Ports"]
        self.ports = {port: int(published[f"{port}/tcp"][0]["HostPort"]) for port in ports}
        for port, host in servers.items():
            self.lead(port, host, port)
        self._free: SimpleQueue[int] = SimpleQueue()
        for door in SERVICE_DOORS:
            self._free.put(door)

    def open_door(self) -> "Door":
        """A port of this machine for one service."""
        try:
            return Door(self, self._free.get_nowait())
        except Empty:
            raise BackendUnavailable(
                f"A sandbox has {len(SERVICE_DOORS)} services at most; close one."
            ) from None

    def lead(self, door: int, host: str, port: int) -> None:
        """Let new connections to a door lead there."""
        self._link.ask({"door": door, "to": [host, port]}, ORDER_SECONDS)

    def give_back(self, door: int) -> None:
        """Nobody uses that door any more."""
        self._free.put(door)

    def close(self) -> None:
        """Hang up: it ends."""
        with suppress(OSError):
            self._link.close()


class Door:
    """One port of this machine that leads to a service in a sandbox; see `warded_process.Door`."""

    ports = (0,)

    def __init__(self, forwarder: Forwarder, number: int) -> None:
        self._forwarder = forwarder
        self._number: int | None = number
        self.port = forwarder.ports[number]

    def lead_to(self, container: WardedContainer, port: int) -> None:
        """Let new connections lead to a port of a container."""
        if self._number is not None:
            self._forwarder.lead(self._number, container.address, port)

    def close(self) -> None:
        """Give it back; twice is no error."""
        number, self._number = self._number, None
        if number is not None:
            self._forwarder.give_back(number)
