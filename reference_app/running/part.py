"""A part under control, whatever engine runs its process."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from reference_app.running.backend import Part

STOP_SECONDS = 15.0
WORK_SECONDS = 60.0
POLL_SECONDS = 0.004


@dataclass(frozen=True)
class State:
    """What an engine knows about a process."""

    running: bool
    exit_code: int | None


class Process(Protocol):
    """What an engine can do to one process and all its children."""

    @property
    def name(self) -> str:
        """What it is called in messages and among its engine's processes."""

    def launch(self) -> None:
        """Start it, without waiting for it to be of use."""

    def state(self) -> State:
        """Whether it runs, and how it ended."""

    def ask_to_end(self) -> None:
        """Send the signal that means an orderly end."""

    def kill(self) -> None:
        """SIGKILL, paused or not."""

    def freeze(self) -> None:
        """Stop it where it is."""

    def thaw(self) -> None:
        """Let it go on."""


def exit_code_when_ended(process: Process) -> int | None:
    """Wait until a process ends, a minute at most; None when it then still runs."""
    deadline = time.monotonic() + WORK_SECONDS
    while (state := process.state()).running and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return state.exit_code


class ControlledPart(Part):
    """A part made of a process and a way to find out whether it answers.

    `falls` counts how often `start` found it ended though nobody had ended it: a crash, or the
    want of memory. That is a disturbance, too.
    """

    def __init__(self, name: str, process: Process, await_ready: Callable[[], None]) -> None:
        self.name = name
        self.disturbances = 0
        self.falls = 0
        self._process = process
        self._await_ready = await_ready
        self._paused = False
        self._to_run = False
        self._control = threading.RLock()

    @property
    def running(self) -> bool:
        return self._process.state().running

    @property
    def exit_code(self) -> int | None:
        return self._process.state().exit_code

    def ask_to_end(self) -> None:
        with self._control:
            self.disturbances += 1
            self._to_run = False
            self.resume()
            if self.running:
                self._process.ask_to_end()

    def stop(self) -> int | None:
        with self._control:
            if self.running:
                self.ask_to_end()
                if not self._ended_within(STOP_SECONDS):
                    self._process.kill()
                    self._ended_within(STOP_SECONDS)
            return self.exit_code

    def kill(self) -> None:
        with self._control:
            self.disturbances += 1
            self._to_run = self._paused = False
            if self.running:
                self._process.kill()
                self._ended_within(STOP_SECONDS)

    def pause(self) -> None:
        with self._control:
            self.disturbances += 1
            if not self._paused and self.running:
                self._process.freeze()
                self._paused = True

    def resume(self) -> None:
        with self._control:
            if self._paused:
                self._process.thaw()
                self._paused = False

    def start(self) -> None:
        with self._control:
            self.resume()
            if not self.running:
                if self._to_run:
                    self.falls += 1
                    self.disturbances += 1
                self._process.launch()
                self._await_ready()
            self._to_run = True

    def _ended_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.running:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True
