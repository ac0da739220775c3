"""Real servers as child processes of a supervisor: no container engine, nothing to install."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from reference_app.running import scratch, snapshot
from reference_app.running.addresses import Addresses
from reference_app.running.assembly import AssembledBackend, PreparedProcess
from reference_app.running.embedded_process import ApplicationProcess
from reference_app.running.embedded_servers import (
    HOST,
    begin_initdb,
    start_cache,
    start_postgres,
    start_provider,
)
from reference_app.running.supervisor_link import SupervisorLink


class EmbeddedBackend(AssembledBackend):
    """PostgreSQL and Valkey from wheels, services forked from preloaded libraries."""

    name: ClassVar[Literal["embedded"]] = "embedded"
    this_machine = HOST

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        scratch.sweep()
        self._scratch, lock = scratch.create(in_memory=True)
        self._link = SupervisorLink(self._scratch, lock)
        try:
            initdb = begin_initdb(self._link, self._directory("postgres"))
            cache = start_cache(self._link, self._directory("cache"))
            postgres = start_postgres(self._link, initdb)
            self.cache, self.postgres = cache.part, postgres.part
            self.outside = self.inside = Addresses(HOST, postgres.port, cache.port)
            self._make_template()
        except BaseException:
            self.close()
            raise

    def _end(self) -> None:
        self._link.end()

    def _prepare(
        self, argv: Sequence[str], replace: Mapping[str, Path], environment: Mapping[str, str]
    ) -> PreparedProcess:
        name = f"{argv[0]}-{next(self._numbers)}"
        directory = self._directory(name)
        files = snapshot.take(replace, directory)
        process = ApplicationProcess(
            self._link, name, directory, "SIGTERM", argv, environment, files
        )
        return PreparedProcess(
            process,
            {str(copy): str(replace[module]) for module, copy in files.items()},
            discard=lambda: shutil.rmtree(directory, ignore_errors=True),
        )

    def _start_provider(self) -> tuple[str, str]:
        provider = start_provider(self._link, self._directory("payments"))
        address = f"http://{HOST}:{provider.port}"
        return address, address

    def _directory(self, name: str) -> Path:
        directory = self._scratch / name
        directory.mkdir(mode=0o755)
        return directory
