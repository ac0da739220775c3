"""A service in a container with a warden, as a process that can be launched and signalled."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from reference_app.running.container_process import LOOPBACK
from reference_app.running.part import State
from reference_app.running.warded_container import Place, WardedContainer
from reference_app.running.warden_link import LinkBroken


class Door(Protocol):
    """A port of this machine that leads to a service in a container."""

    @property
    def port(self) -> int:
        """Of this machine."""

    @property
    def ports(self) -> Sequence[int]:
        """Those that the service may listen on in there; 0 is any."""

    def lead_to(self, container: WardedContainer, port: int) -> None:
        """Let new connections lead to a port of a container."""

    def close(self) -> None:
        """Give it back; twice is no error."""


class WardedProcess:
    """`python -m reference_app ARGV` at a place in a container, reached through a door.

    `new_place` gives one to live at; when its container breaks, the next launch is at another one.
    """

    def __init__(
        self,
        name: str,
        new_place: Callable[[], Place],
        door: Door,
        argv: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        self.name = name
        self._new_place = new_place
        self._door = door
        self._argv = argv
        self._environment = environment
        self._place: Place | None = None

    def launch(self) -> None:
        """Have the warden fork it; in a container that breaks over that, it counts as killed."""
        if self._place is None or not self._place.container.alive:
            self._place = self._new_place()
        container, ports = self._place.container, self._door.ports
        try:
            port = container.fork(self.name, self._argv, self._environment, self._place, ports)
        except LinkBroken:
            return
        self._door.lead_to(container, port)

    def state(self) -> State:
        """As the warden has it from the kernel."""
        if self._place is None:
            return State(running=False, exit_code=None)
        return State(*self._place.container.state(self.name))

    @property
    def url(self) -> str:
        """Base address, from this process."""
        return f"http://{LOOPBACK}:{self._door.port}"

    @property
    def log(self) -> Path:
        """The file that has the output of all its starts; an empty one before the first."""
        return Path(os.devnull) if self._place is None else self._place.log

    def ask_to_end(self) -> None:
        """SIGTERM."""
        self._signal("SIGTERM")

    def kill(self) -> None:
        """SIGKILL, to all that it has started as well."""
        self._signal("SIGKILL")

    def freeze(self) -> None:
        """SIGSTOP."""
        self._signal("SIGSTOP")

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal("SIGCONT")

    def abort(self) -> None:
        """SIGUSR2: it writes the stack of every thread to its log and ends."""
        self._signal("SIGUSR2")

    def discard(self) -> None:
        """Leave the container as clean as it was, and give back the door."""
        if self._place is not None:
            self._place.container.leave(self.name)
        self._door.close()

    def _signal(self, signal: str) -> None:
        if self._place is not None:
            self._place.container.signal(self.name, signal)
