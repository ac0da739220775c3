"""Orders to the first process of a container: its standard input and output, over the engine.

Nobody else can write there: not another container, not another process in the same one.
"""

import json
import select
import threading
import time
from typing import Any

from docker.models.containers import Container  # type: ignore[import-untyped]

from reference_app.running.errors import RunningError

HEADER_BYTES = 8
LENGTH = slice(4, 8)
LONGEST_ANSWER = 1 << 16
ATTACHED = {"stdin": 1, "stdout": 1, "stream": 1}


class LinkBroken(RunningError):
    """The container has ended, or its first process does not answer."""


class Link:
    """JSON lines to and from a container that is about to be started; safe in any thread.

    To one that runs already it is made with `missed`: what that has written comes first then.
    """

    def __init__(self, container: Container, *, missed: bool = False) -> None:
        attached = container.attach_socket(params={**ATTACHED, "logs": int(missed)})
        self._socket = getattr(attached, "_sock", attached)  # the HTTP client's wrapper only reads
        self._attached = attached
        self._lock = threading.Lock()
        self._buffer = b""
        self._waiting = False

    def ask(self, order: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Give an order and wait for the answer.

        Raises LinkBroken: no answer in time, or it says that the order could not be carried out.
        """
        with self._lock:
            if self._waiting:
                raise LinkBroken("an earlier answer never came")
            self._waiting = True  # it stays so when this is interrupted, by Ctrl-C for instance
            try:
                self._socket.sendall(json.dumps(order).encode() + b"\n")
            except OSError as error:
                raise LinkBroken(str(error)) from error
            answer = self._line(time.monotonic() + seconds)
            self._waiting = False
        if "error" in answer:
            raise LinkBroken(answer["error"])
        return answer

    def wait(self, seconds: float) -> None:
        """Wait for the first line, which says that orders are taken. Raises LinkBroken."""
        with self._lock:
            self._line(time.monotonic() + seconds)

    def close(self) -> None:
        """Hang up: the first process reads the end of its orders."""
        self._attached.close()
        self._socket.close()

    def _line(self, deadline: float) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            length = int.from_bytes(self._read(HEADER_BYTES, deadline)[LENGTH])
            if length + len(self._buffer) > LONGEST_ANSWER:
                raise LinkBroken("an answer without an end")
            self._buffer += self._read(length, deadline)
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _read(self, size: int, deadline: float) -> bytes:
        received = b""
        while len(received) < size:
            left = max(0.0, deadline - time.monotonic())
            try:
                if not select.select([self._socket], [], [], left)[0]:
                    raise LinkBroken("no answer in time")
                piece = self._socket.recv(size - len(received))
            except (OSError, ValueError) as error:
                raise LinkBroken(str(error)) from error
            if not piece:
                raise LinkBroken("it has ended")
            received += piece
        return received
