"""Containers for services: shared by those made of the same files, and used again after them."""

import itertools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from reference_app.running.service_container import ServiceContainer
from reference_app.running.warded_container import Place

Modules = tuple[str, ...]
"""Names of the modules that have a file mounted over them."""

MOST_EMPTY = 3
"""Containers that are kept though nothing runs in them."""


class ContainerPool:
    """Gives a service its container; `make` makes one that is ready, for a number of modules."""

    def __init__(self, make: Callable[[str, Modules], ServiceContainer]) -> None:
        self._make = make
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._coming: dict[Modules, Future[None]] = {}
        self._containers: list[ServiceContainer] = []
        self._workers = ThreadPoolExecutor(4, thread_name_prefix="containers")

    def warm_up(self, modules: Modules) -> None:
        """Begin to make a container for these modules."""
        with self._lock:
            self._begin(modules)

    def take(self, name: str, files: Mapping[str, Path]) -> Place:
        """A place for the service of that name, which is made of these files.

        Raises BackendUnavailable: the engine can make none.
        """
        contents = {module: file.read_bytes() for module, file in files.items()}
        while True:
            with self._lock:
                for container in self._containers:
                    if place := container.take(name, contents):
                        return place
                coming = self._begin(tuple(sorted(contents)))
            coming.result()

    def tidy(self) -> None:
        """Remove containers that are broken, and empty ones that are too many."""
        with self._lock:
            empty = [each for each in self._containers if each.empty]
            for done in {*empty[:-MOST_EMPTY], *(e for e in self._containers if not e.alive)}:
                self._containers.remove(done)
                self._workers.submit(done.remove)

    def close(self) -> None:
        """Begin nothing more, and give no more orders; what was begun comes to its end."""
        self._workers.shutdown(cancel_futures=True)
        for container in self._containers:
            container.hang_up()

    def _begin(self, modules: Modules) -> Future[None]:
        if modules not in self._coming:
            self._coming[modules] = self._workers.submit(self._add, modules)
        return self._coming[modules]

    def _add(self, modules: Modules) -> None:
        made: list[ServiceContainer] = []
        try:
            made.append(self._make(f"container-{next(self._numbers)}", modules))
        finally:
            with self._lock:
                self._containers += made
                del self._coming[modules]
