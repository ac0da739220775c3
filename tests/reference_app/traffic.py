"""Calls that go on while something else happens, and what became of them."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PATIENCE_SECONDS = 30.0


@dataclass
class Traffic:
    """What happened to calls that were made one after another, each kind in a thread of its own."""

    waits: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def go_on(self, call: Callable[[], object]) -> None:
        while not self.stopped.is_set():
            began = time.monotonic()
            try:
                call()
            except Exception as error:
                self.failures.append(repr(error))
            self.waits.append(time.monotonic() - began)
            time.sleep(0.002)  # leaves the processors to the service


@contextmanager
def traffic(*calls: Callable[[], object]) -> Iterator[Traffic]:
    going_on = Traffic()
    threads = [threading.Thread(target=going_on.go_on, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    try:
        yield going_on
    finally:
        going_on.stopped.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline
