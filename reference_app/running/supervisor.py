"""The process that owns every server of one embedded back end, and ends them whatever happens.

Its caller speaks to it in JSON lines: one object in, one object out, on stdin and stdout.

    {"do": "spawn", "name", "argv", "directory", "log", "user", "end_signal"}   a program
    {"do": "fork", "name", "argv", "directory", "log", "environment", "replace", "port"}
                                                                  the application, from preloaded
                                                                  libraries; answers its port
    {"do": "signal", "name", "signal", "family"}          family: its descendants as well
    {"do": "state", "name"}                               {"running", "exit_code"}

When stdin ends or the caller's process does (a SIGKILL included), everything is ended and the
scratch directory removed. The supervisor lives in a session of its own: Ctrl-C in the caller's
terminal does not reach it. While nobody asks for anything it imports the application.
"""

import json
import os
import select
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reference_app.running.children import Child, fork, spawn
from reference_app.running.ports import bound_socket
from reference_app.running.preload import Preload
from reference_app.running.service_process import become_service

Message = dict[str, Any]


class Supervisor:
    """Carries out commands; knows its children by name and nothing about what they are."""

    def __init__(self, scratch: Path) -> None:
        self.preload = Preload()
        self._scratch = scratch
        self._children: dict[str, Child] = {}
        self._commands: dict[str, Callable[[Message], Message]] = {
            "spawn": self._spawn,
            "fork": self._fork,
            "signal": self._signal,
            "state": self._state,
        }

    def carry_out(self, command: Message) -> Message:
        """The answer to one command; a failure is an answer with an `error`."""
        try:
            return self._commands[command["do"]](command)
        except OSError as error:
            return {"error": str(error)}

    def end(self) -> None:
        """End all children, the patient ones in parallel, and leave no trace on disk."""
        for child in self._children.values():
            child.end()
        for child in self._children.values():
            child.bury()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _spawn(self, command: Message) -> Message:
        self._children[command["name"]] = spawn(
            command["argv"],
            directory=command["directory"],
            log=command["log"],
            user=command["user"],
            end_signal=signal.Signals[command["end_signal"]],
        )
        return {}

    def _fork(self, command: Message) -> Message:
        listener = bound_socket(command["port"])
        port: int = listener.getsockname()[1]
        self._children[command["name"]] = fork(
            lambda: become_service(command, listener, self.preload.imported)
        )
        listener.close()
        return {"port": port}

    def _signal(self, command: Message) -> Message:
        child = self._children[command["name"]]
        child.send(signal.Signals[command["signal"]], family=command["family"])
        return {}

    def _state(self, command: Message) -> Message:
        child = self._children.get(command["name"])
        exit_code = child.poll() if child else None
        return {"running": child is not None and exit_code is None, "exit_code": exit_code}


def serve(supervisor: Supervisor, commands: int, answers: int, caller: int | None) -> None:
    """Answer commands until the pipe ends or the caller is gone; import things in between."""
    watched = [commands] if caller is None else [commands, caller]
    buffer = b""
    while True:
        ready, _, _ = select.select(watched, [], [], None if supervisor.preload.done else 0)
        if caller in ready:
            return
        if not ready:
            supervisor.preload.step()
            continue
        received = os.read(commands, 1 << 16)
        if not received:
            return
        *lines, buffer = (buffer + received).split(b"\n")
        for line in lines:
            answer = supervisor.carry_out(json.loads(line))
            os.write(answers, json.dumps(answer).encode() + b"\n")


def main() -> None:
    """Arguments: scratch directory, the caller's process id."""
    scratch, caller = Path(sys.argv[1]), int(sys.argv[2])
    commands, answers = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # whatever a library prints must not look like an answer
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    supervisor = Supervisor(scratch)
    try:
        watch = os.pidfd_open(caller) if hasattr(os, "pidfd_open") else None
        serve(supervisor, commands, answers, watch)
    except (BrokenPipeError, ProcessLookupError):
        pass  # the caller is gone
    finally:
        supervisor.end()


if __name__ == "__main__":
    main()
