"""Real servers and the service's own image in containers, on a private network."""

import shutil
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal

from testcontainers.core.network import Network

from reference_app.running import images, memory_volume, reaper, scratch, snapshot
from reference_app.running.addresses import Addresses
from reference_app.running.assembly import AssembledBackend, PreparedProcess
from reference_app.running.container_pool import ContainerPool, Modules
from reference_app.running.container_process import LOOPBACK
from reference_app.running.container_servers import (
    ALIAS,
    CACHE_PORT,
    POSTGRES_PORT,
    PROVIDER_PORT,
    start_holder,
    start_provider,
    start_servers,
)
from reference_app.running.reaper_link import ReaperLink
from reference_app.running.service_container import (
    HOST_GATEWAY,
    PublishedPort,
    ServiceContainer,
    inside,
)
from reference_app.running.warded_process import WardedProcess

MOST_MEMORY = "50%"
"""For the files of PostgreSQL, of what the engine's machine has."""


class ContainerBackend(AssembledBackend):
    """PostgreSQL, Valkey and services in containers, removed by a reaper when we are gone."""

    name: ClassVar[Literal["containers"]] = "containers"
    this_machine = HOST_GATEWAY
    inside = Addresses(ALIAS, POSTGRES_PORT, CACHE_PORT)

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        engine = images.engine()
        image = images.build(engine)
        reaper.sweep(engine)
        run = uuid.uuid4().hex[:12]
        self._scratch, lock = scratch.create()
        self._image, self._labels = image, reaper.labels(run, self._scratch)
        self._reaper = ReaperLink(run, self._scratch, lock)
        self._network = Network(docker_network_kw={"labels": self._labels})
        self._pool = ContainerPool(self._new_container)
        try:
            self._network.create()
            files = f"backend-dojo-postgres-{run}"
            memory_volume.make(engine, files, self._labels, MOST_MEMORY)
            self._start(files)
        except BaseException:
            self.close()
            raise

    def _end(self) -> None:
        self._pool.close()
        self._reaper.end()

    def _start(self, files: str) -> None:
        self._pool.warm_up(())
        self._holder = holder = start_holder(self._network, files, self._labels)
        self.outside = Addresses(
            LOOPBACK, holder.host_port(POSTGRES_PORT), holder.host_port(CACHE_PORT)
        )
        self.postgres, self.cache = start_servers(holder, files, self._labels, self.outside)
        self._make_template()

    def _new_container(self, name: str, modules: Modules) -> ServiceContainer:
        directory = self._scratch / name
        return ServiceContainer(self._image, self._network, directory, modules, self._labels)

    def _prepare(
        self, argv: Sequence[str], replace: Mapping[str, Path], environment: Mapping[str, str]
    ) -> PreparedProcess:
        name = f"{argv[0]}-{next(self._numbers)}"
        directory = self._scratch / name
        directory.mkdir()
        files = snapshot.take(replace, directory)
        process = WardedProcess(
            name, partial(self._pool.take, name, files), PublishedPort(), argv, environment
        )

        def discard() -> None:
            process.discard()
            self._pool.tidy()
            shutil.rmtree(directory, ignore_errors=True)

        shown = {inside(module): str(file) for module, file in replace.items()}
        return PreparedProcess(process, shown, discard)

    def _start_provider(self) -> tuple[str, str]:
        port = self._holder.host_port(PROVIDER_PORT)
        start_provider(self._image, self._holder, self._labels, LOOPBACK, port)
        return f"http://{LOOPBACK}:{port}", f"http://{ALIAS}:{PROVIDER_PORT}"
