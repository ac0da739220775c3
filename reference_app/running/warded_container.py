"""A container with a warden for its first process, and orders to that."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker.errors  # type: ignore[import-untyped]
from docker.models.containers import Container  # type: ignore[import-untyped]

from reference_app.running.warden_link import Link, LinkBroken

START_SECONDS = 60.0
ORDER_SECONDS = 15.0
LOGS = "/logs"


class WardedContainer(ABC):
    """Forks services, and tells how they are, until it breaks: then all of them were killed."""

    def __init__(self, container: Container, link: Link) -> None:
        """Wait until the warden takes orders. Raises LinkBroken."""
        self._container = container
        self._link = link
        self.alive = True
        try:
            link.wait(START_SECONDS)
        except LinkBroken:
            link.close()
            raise
        container.reload()

    @property
    def address(self) -> str:
        """On the network of containers that it is in."""
        [connected] = self._container.attrs["NetworkSettings"]["Networks"].values()
        return str(connected["IPAddress"])

    def host_port(self, port: int) -> int:
        """The port of this machine at which one of its own is published."""
        [published] = self._container.attrs["NetworkSettings"]["Ports"][f"{port}/tcp"]
        return int(published["HostPort"])

    @abstractmethod
    def leave(self, name: str) -> None:
        """Remove what was made for a service; after the last one nothing is left of any."""

    def fork(
        self,
        name: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        place: "Place",
        ports: Sequence[int],
    ) -> int:
        """Start a service at its place, on one of the ports; answer which. Raises LinkBroken."""
        order = {
            "do": "fork",
            "name": name,
            "argv": list(argv),
            "environment": dict(environment),
            "replace": dict(place.replace),
            "log": f"{LOGS}/{place.log.name}",
            "ports": list(ports),
        }
        return int(self._ask(order)["port"])

    def signal(self, name: str, signal: str) -> None:
        """Send a signal to a service and its children. A broken container has none."""
        with contextlib.suppress(LinkBroken):
            self._ask({"do": "signal", "name": name, "signal": signal})

    def state(self, name: str) -> tuple[bool, int | None]:
        """Whether a service runs, and its exit status; in a broken container it was killed."""
        try:
            answer = self._ask({"do": "state", "name": name})
        except LinkBroken:
            return False, -9
        return bool(answer["running"]), answer["exit_code"]

    def hang_up(self) -> None:
        """Give no more orders."""
        self.alive = False
        self._link.close()

    def end(self) -> None:
        """SIGKILL to everything in it."""
        self.hang_up()
        with contextlib.suppress(docker.errors.APIError):
            self._container.kill()

    def remove(self) -> None:
        """Remove all that is left of it."""
        self.hang_up()
        with contextlib.suppress(docker.errors.NotFound):
            self._container.remove(force=True, v=True)

    def _clear(self) -> None:
        with contextlib.suppress(LinkBroken):
            self._ask({"do": "clear"})

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """The answer; when there is none, or an error, the container is given up."""
        if not self.alive:
            raise LinkBroken("it was given up")
        try:
            return self._link.ask(order, ORDER_SECONDS)
        except LinkBroken:
            self.end()
            raise


@dataclass(frozen=True)
class Place:
    """What was made in a container for one service.

    `log` is its output as this machine sees it; `replace` maps names of modules to the files, as
    the container sees them, that are to be loaded instead.
    """

    container: WardedContainer
    log: Path
    replace: Mapping[str, str]


def make_log(directory: Path, name: str) -> Path:
    """An empty log of a service; the user in the container is another one, and writes to it."""
    log = directory / f"{name}.log"
    log.touch()
    log.chmod(0o666)
    return log
