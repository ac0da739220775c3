"""A container as a process that can be signalled, frozen and started again."""

import signal
from typing import Any, cast

import docker.errors  # type: ignore[import-untyped]
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from reference_app.running.part import State

testcontainers_config.ryuk_disabled = True  # our reaper needs no image of its own

LOOPBACK = "127.0.0.1"
SIGNAL_EXIT_BASE = 128
SIGNALS = frozenset(signal.Signals)


def publish(container: DockerContainer, *ports: int) -> None:
    """Publish ports on the loopback address only, on host ports the engine chooses."""
    container.ports = cast(dict[str, int | None], {str(port): (LOOPBACK,) for port in ports})


def as_subprocess_tells(exit_code: int) -> int:
    """An engine says 128 + N for the signal N; `subprocess`, and we, say -N."""
    number = exit_code - SIGNAL_EXIT_BASE
    return -number if number in SIGNALS else exit_code


class ContainerProcess:
    """One container, started at the first `launch`."""

    def __init__(self, name: str, container: DockerContainer, stop_signal: str) -> None:
        self.name = name
        self._container = container
        self._stop_signal = stop_signal
        self._created = False

    def launch(self) -> None:
        """Create and start the container, or start the ended one again."""
        if self._created:
            self._engine_container.start()
        else:
            self._container.start()
            self._created = True

    def state(self) -> State:
        """Asks the engine: a few milliseconds."""
        if not self._created:
            return State(running=False, exit_code=None)
        self._engine_container.reload()
        state = self._engine_container.attrs["State"]
        if state["Running"]:
            return State(running=True, exit_code=None)
        return State(running=False, exit_code=as_subprocess_tells(state["ExitCode"]))

    def ask_to_end(self) -> None:
        """Send the signal that means an orderly end to this program."""
        self._signal(self._stop_signal)

    def kill(self) -> None:
        """SIGKILL, frozen or not."""
        self._signal("SIGKILL")
        if self.state().running and self._engine_container.attrs["State"]["Paused"]:
            self._thaw_what_is_dying()

    def freeze(self) -> None:
        """Stop every process in it."""
        self._engine_container.pause()

    def thaw(self) -> None:
        """Let them go on."""
        self._engine_container.unpause()

    def remove(self) -> None:
        """End it and remove it with its volumes."""
        if self._created:
            try:
                self._engine_container.remove(force=True, v=True)
            except docker.errors.NotFound:
                return

    def id(self) -> str:
        """The engine's id of it."""
        return self._container.get_container_id()

    def host_port(self, port: int) -> int:
        """Where a published port of it is reached; 0 while it is not running."""
        self._engine_container.reload()
        published = self._engine_container.ports.get(f"{port}/tcp")
        return int(published[0]["HostPort"]) if published else 0

    def address_on(self, network: str) -> str:
        """Its address on a network, once it runs."""
        self._engine_container.reload()
        connected = self._engine_container.attrs["NetworkSettings"]["Networks"]
        return str(connected[network]["IPAddress"])

    def logs(self) -> str:
        """Everything it wrote, for messages about servers that do not start."""
        return str(self._engine_container.logs().decode(errors="replace"))

    def _thaw_what_is_dying(self) -> None:
        """A frozen process cannot die; one that has died meanwhile needs no thawing."""
        try:
            self.thaw()
        except docker.errors.APIError:
            if self.state().running:
                raise

    def _signal(self, name: str) -> None:
        try:
            self._engine_container.kill(name)
        except docker.errors.APIError:
            if self.state().running:
                raise

    @property
    def _engine_container(self) -> Any:
        return self._container.get_wrapped_container()
