"""The first process of a service's container: imports what it can, forks services, ends them.

    python -m reference_app.running.warden [MODULE...]

The modules are those over which files are mounted: their source is read by each service anew.

It reads JSON lines from its standard input, which only the engine can write to, and answers each
with one on its standard output; the first line, once the imports are done, is {}.

    {"do": "fork", "name", "argv", "environment", "replace", "log", "ports"}
                                                     a service, on the first of the ports that is
                                                     free (0: any); answers its port
    {"do": "signal", "name", "signal"}               SIGKILL leaves nothing of it
    {"do": "state", "name"}                          {"running", "exit_code"}
    {"do": "clear"}                                  no process, no file is left

What it forks runs as the same user and is not to be trusted. As process 1 of its container the
warden cannot be killed or stopped from inside (pid_namespaces(7)), and nobody can trace it or read
its memory (PR_SET_DUMPABLE, prctl(2)). When it dies all the same, the kernel ends everything.
"""

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from reference_app.running.preload import LIBRARIES, import_application, import_library
from reference_app.running.service_process import become_service

Message = dict[str, Any]

PR_SET_DUMPABLE = 4
EVERYBODY = -1
END_SECONDS = 10.0
WRITABLE = ("/tmp", "/dev/shm")  # noqa: S108 - of the container  # nosec B108
LIBC = ctypes.CDLL(None, use_errno=True)


class Warden:
    """Carries out orders; knows its services by name."""

    def __init__(self) -> None:
        self._running: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._orders: dict[str, Callable[[Message], Message]] = {
            "fork": self._fork,
            "signal": self._signal,
            "state": self._state,
            "clear": self._clear,
        }

    def carry_out(self, order: Message) -> Message:
        """The answer to one order; a failure is an answer with an `error`."""
        self.collect()
        try:
            return self._orders[order["do"]](order)
        except OSError as error:
            return {"error": str(error)}

    def collect(self) -> None:
        """Take note of services that have ended, and of orphans."""
        names = {pid: name for name, pid in self._running.items()}
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in names:
                self._ended[names[pid]] = os.waitstatus_to_exitcode(status)
                del self._running[names[pid]]

    def _fork(self, order: Message) -> Message:
        listener = listen_on_one_of(order["ports"])
        port: int = listener.getsockname()[1]
        pid = os.fork()
        if pid == 0:
            os.setsid()
            set_dumpable(1)
            become_service({**order, "directory": "/tmp"}, listener, {})  # noqa: S108  # nosec B108
        listener.close()
        self._running[order["name"]] = pid
        self._ended.pop(order["name"], None)
        return {"port": port}

    def _signal(self, order: Message) -> Message:
        pid = self._running.get(order["name"])
        if pid is None:
            return {}
        number = signal.Signals[order["signal"]]
        if number is signal.SIGKILL and len(self._running) == 1:
            self._end_everybody()
        else:
            os.killpg(pid, number)
        return {}

    def _state(self, order: Message) -> Message:
        name = order["name"]
        return {"running": name in self._running, "exit_code": self._ended.get(name)}

    def _clear(self, _: Message) -> Message:
        self._end_everybody()
        for directory in WRITABLE:
            empty(directory)
        return {}

    def _end_everybody(self) -> None:
        """SIGKILL to every process but this one; the kernel lets none of them fork meanwhile."""
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            try:
                os.kill(EVERYBODY, signal.SIGKILL)
            except ProcessLookupError:
                break
            self.collect()
            time.sleep(0.001)
        self.collect()


def listen_on_one_of(ports: Sequence[int]) -> socket.socket:
    """A socket on the first of them that is free. Raises OSError when none is."""
    for port in ports:
        try:
            return socket.create_server(("", port))
        except OSError as error:
            taken = error
    raise taken


def empty(directory: str) -> None:
    """Remove what is in a directory. Raises OSError when that does not work out in time."""
    if not os.listdir(directory):  # noqa: PTH208 - one system call
        return
    remover = subprocess.Popen(
        ["/usr/bin/find", directory, "-mindepth", "1", "-delete"],
        stdout=2,
        stdin=subprocess.DEVNULL,
    )
    try:
        if remover.wait(END_SECONDS) != 0:
            raise OSError(f"{directory} cannot be emptied")
    except subprocess.TimeoutExpired:
        remover.kill()
        raise OSError(f"{directory} is not empty after {END_SECONDS:.0f} s") from None


def set_dumpable(dumpable: int) -> None:
    """Whether processes of the same user may look into this one: 1 yes, 0 no."""
    LIBC.prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0)


def serve(warden: Warden) -> None:
    """Carry out orders until there is nobody left to give any."""
    answer({})
    buffer = b""
    while received := wait_for_orders(warden):
        *lines, buffer = (buffer + received).split(b"\n")
        for line in lines:
            answer(warden.carry_out(json.loads(line)))


def wait_for_orders(warden: Warden) -> bytes:
    """What comes next on standard input; orphans are buried meanwhile."""
    while not select.select([0], [], [], 0.5)[0]:
        warden.collect()
    return os.read(0, 1 << 16)


def answer(message: Message) -> None:
    """One line."""
    os.write(1, json.dumps(message).encode() + b"\n")


def main() -> None:
    """Import everything, say so, carry out orders."""
    set_dumpable(0)
    for library in LIBRARIES:
        import_library(library)
    import_application(without=sys.argv[1:])
    serve(Warden())


if __name__ == "__main__":
    main()
