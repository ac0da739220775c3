"""Stand-by containers, one per kind of use, made in the background."""

import itertools
import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from reference_app.running.standby_container import StandbyContainer

Kind = tuple[str, ...]
"""Names of the modules that have a file mounted over them."""

KINDS_KEPT = 3


class StandbyPool:
    """Keeps one warm container for each of the kinds last asked for."""

    def __init__(
        self, image: str, network: Network, labels: Mapping[str, str], directory: Path
    ) -> None:
        self._image = image
        self._network = network
        self._labels = labels
        self._directory = directory
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: OrderedDict[Kind, Future[StandbyContainer]] = OrderedDict()
        self._workers = ThreadPoolExecutor(4, thread_name_prefix="standby")

    def warm_up(self, kind: Kind) -> None:
        """Have a container of that kind made, if none is waiting or on its way."""
        with self._lock:
            if kind in self._waiting:
                return
            self._waiting[kind] = self._workers.submit(self._make, kind)
            if len(self._waiting) > KINDS_KEPT:
                _, oldest = self._waiting.popitem(last=False)
                oldest.add_done_callback(lambda made: made.result().remove())

    def take(self, kind: Kind) -> StandbyContainer:
        """The waiting container of that kind, or a new one; the next is begun."""
        with self._lock:
            waiting = self._waiting.pop(kind, None)
        container = waiting.result() if waiting else self._make(kind)
        self.warm_up(kind)
        return container

    def discard(self, container: StandbyContainer) -> None:
        """Remove a container in the background."""
        self._workers.submit(container.remove)

    def close(self) -> None:
        """Begin nothing more; what was begun comes to its end."""
        self._workers.shutdown(cancel_futures=True)

    def _make(self, kind: Kind) -> StandbyContainer:
        name = f"service-{next(self._numbers)}"
        directory = self._directory / name
        directory.mkdir()
        container = DockerContainer(self._image).with_network(self._network)
        standby = StandbyContainer(name, container, directory, kind, self._labels)
        standby.launch()
        return standby
