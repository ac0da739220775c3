"""A service in containers of its image: each start takes one that is warmed up and waits."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from reference_app.running.part import State
from reference_app.running.standby_container import StandbyContainer
from reference_app.running.standby_pool import StandbyPool


class ContainerService:
    """`python -m reference_app ARGV` in a container, with files mounted over modules.

    `files` maps module names to files that stay as they are while the service may be started.
    """

    def __init__(
        self,
        pool: StandbyPool,
        files: Mapping[str, Path],
        argv: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        self.name = "service"
        self._pool = pool
        self._files = files
        self._argv = argv
        self._environment = environment
        self._container: StandbyContainer | None = None
        pool.warm_up(self._kind)

    def launch(self) -> None:
        """Have a waiting container take the place of the one that ended, its log included."""
        fresh = self._pool.take(self._kind)
        ended, self._container = self._container, fresh
        for module, file in self._files.items():
            shutil.copyfile(file, fresh.file_of(module))
        if ended is not None:
            with fresh.log.open("ab") as log:
                log.write(ended.log.read_bytes())
            self._pool.discard(ended)
        fresh.give_orders(self._argv, self._environment)

    def state(self) -> State:
        """That of the container, once there is one."""
        if self._container is None:
            return State(running=False, exit_code=None)
        return self._container.state()

    @property
    def url(self) -> str:
        """Base address; another one after each start."""
        return self._current.url

    @property
    def log(self) -> Path:
        """The file that has the output of all its starts; an empty one before the first."""
        return Path(os.devnull) if self._container is None else self._container.log

    def ask_to_end(self) -> None:
        """SIGTERM."""
        self._current.ask_to_end()

    def kill(self) -> None:
        """SIGKILL, frozen or not."""
        self._current.kill()

    def freeze(self) -> None:
        """Stop every process in it."""
        self._current.freeze()

    def thaw(self) -> None:
        """Let them go on."""
        self._current.thaw()

    def abort(self) -> None:
        """SIGUSR2: it writes the stack of every thread to its log and ends."""
        self._current.abort()

    def discard(self) -> None:
        """Remove the container, running or not, in the background."""
        if self._container is not None:
            self._pool.discard(self._container)

    @property
    def _kind(self) -> tuple[str, ...]:
        return tuple(sorted(self._files))

    @property
    def _current(self) -> StandbyContainer:
        if self._container is None:
            raise RuntimeError("the service was not started yet")
        return self._container
