"""Stand-by containers, one per kind of use, made in the background."""

import itertools
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from reference_app.running.container_service import StandbyProcess

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
        self._labels = dict(labels)
        self._directory = directory
        self._numbers = itertools.count(1)
        self._waiting: OrderedDict[Kind, Future[StandbyProcess]] = OrderedDict()
        self._workers = ThreadPoolExecutor(4, thread_name_prefix="standby")

    def warm_up(self, kind: Kind) -> None:
        """Have a container of that kind made, if none is waiting or on its way."""
        if kind not in self._waiting:
            self._waiting[kind] = self._workers.submit(self._make, kind)
            while len(self._waiting) > KINDS_KEPT:
                _, oldest = self._waiting.popitem(last=False)
                oldest.add_done_callback(lambda made: made.result().remove())

    def take(self, kind: Kind) -> StandbyProcess:
        """The waiting container of that kind, or a new one; the next is begun."""
        waiting = self._waiting.pop(kind, None)
        process = waiting.result() if waiting else self._make(kind)
        self.warm_up(kind)
        return process

    def discard(self, process: StandbyProcess) -> None:
        """Remove a container in the background."""
        self._workers.submit(process.remove)

    def close(self) -> None:
        """Begin nothing more; what was begun comes to its end."""
        self._workers.shutdown(cancel_futures=True)

    def _make(self, kind: Kind) -> StandbyProcess:
        name = f"service-{next(self._numbers)}"
        directory = self._directory / name
        directory.mkdir()
        container = DockerContainer(self._image).with_network(self._network)
        process = StandbyProcess(name, container, directory, kind, self._labels)
        process.warm_up()
        return process
