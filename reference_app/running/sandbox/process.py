"""A service in a learner's container, as a process that can be launched again and signalled."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reference_app.running.container_process import LOOPBACK
from reference_app.running.part import State
from reference_app.running.sandbox.container import LearnerContainer
from reference_app.running.sandbox.forwarder_link import Door
from reference_app.running.sandbox.link import LinkBroken


@dataclass(frozen=True)
class Place:
    """Where it is: its container, the files it is made of, its log."""

    container: LearnerContainer
    files: Path
    log: Path


class SandboxedProcess:
    """`python -m reference_app ARGV` with files in the place of modules, reached through a door.

    When its container breaks, the next launch is in another one.
    """

    def __init__(
        self,
        name: str,
        container: Callable[[], LearnerContainer],
        door: Door,
        files: Mapping[str, Path],
        argv: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        self.name = name
        self._container = container
        self._door = door
        self._files = files
        self._argv = argv
        self._environment = environment
        self._place: Place | None = None

    def launch(self) -> None:
        """Have the warden fork it; in a container that breaks over that, it counts as killed."""
        place = self._settle()
        try:
            port = place.container.fork(self.name, self._argv, self._environment, list(self._files))
        except LinkBroken:
            return
        self._door.lead_to(place.container.address, port)

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

    def _settle(self) -> Place:
        container = self._container()
        before = self._place
        if before is not None and before.container is container:
            return before
        place = self._place = Place(container, *container.make_place(self.name))
        for module, file in self._files.items():
            copy = place.files / f"{module}.py"
            shutil.copyfile(file, copy)
            copy.chmod(0o644)
        return place

    def _signal(self, signal: str) -> None:
        if self._place is not None:
            self._place.container.signal(self.name, signal)
