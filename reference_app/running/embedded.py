"""Real servers as child processes of a supervisor: no container engine, nothing to install."""

import itertools
import shutil
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

import redis

from reference_app.running import postgres_settings, scratch, service_settings, snapshot
from reference_app.running.backend import Backend, Service
from reference_app.running.database import Database
from reference_app.running.embedded_process import ApplicationProcess
from reference_app.running.embedded_servers import (
    CACHE_DATABASES,
    HOST,
    begin_initdb,
    start_cache,
    start_postgres,
)
from reference_app.running.errors import BackendUnavailable
from reference_app.running.service import RunningService
from reference_app.running.supervisor_link import SupervisorLink
from reference_app.running.template import make_template, new_database


class EmbeddedBackend(Backend):
    """PostgreSQL and Valkey from wheels, services forked from preloaded libraries."""

    name: ClassVar[Literal["embedded"]] = "embedded"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self._numbers = itertools.count(1)
        self._cache_databases = deque(range(CACHE_DATABASES))
        scratch.sweep()
        self._scratch, lock = scratch.create()
        self._link = SupervisorLink(self._scratch, lock)
        try:
            initdb = begin_initdb(self._link, self._directory("postgres"))
            cache = start_cache(self._link, self._directory("cache"))
            postgres = start_postgres(self._link, initdb)
            self.cache, self._cache_port = cache.part, cache.port
            self.postgres, self._postgres_port = postgres.part, postgres.port
            make_template(self, self._migrate)
        except BaseException:
            self.close()
            raise

    def url_of(self, database: str, *, superuser: bool) -> str:
        """See `database.PostgresAddress`."""
        return postgres_settings.url(HOST, self._postgres_port, database, superuser=superuser)

    def database(self) -> Database:
        return new_database(self, f"dojo_{next(self._numbers)}")

    def service(
        self,
        *,
        replace: Mapping[str, Path] | None = None,
        settings: Mapping[str, str] | None = None,
        database: Database | None = None,
        start: bool = True,
    ) -> Service:
        name = f"service-{next(self._numbers)}"
        directory = self._directory(name)
        files = snapshot.take(replace or {}, directory)
        used_database = database or self.database()
        cache_database = self._cache_databases.popleft()
        cache_url = f"redis://{HOST}:{self._cache_port}/{cache_database}"
        environment = service_settings.complete(used_database.url, cache_url, settings)
        process = ApplicationProcess(
            self._link, name, directory, "SIGTERM", ["serve"], environment, files.by_module
        )

        def release() -> None:
            self._cache_databases.append(cache_database)
            shutil.rmtree(directory, ignore_errors=True)
            if database is None:
                used_database.drop()

        service = RunningService(
            process,
            database=used_database,
            settings=environment,
            cache=redis.Redis.from_url(cache_url, decode_responses=True),
            log=process.log,
            shown=files.originals,
            servers=[self.postgres, self.cache],
            release=release,
        )
        return service.started() if start else service

    def close(self) -> None:
        self._link.end()

    def _migrate(self, template: Database) -> None:
        directory = self._directory("migrate")
        environment = service_settings.complete(
            template.url, f"redis://{HOST}:{self._cache_port}/0"
        )
        process = ApplicationProcess(
            self._link, "migrate", directory, "SIGTERM", ["migrate"], environment
        )
        process.launch()
        if process.exit_code_when_ended() != 0:
            raise BackendUnavailable(f"The migrations failed:\n{process.log.read_text()}")

    def _directory(self, name: str) -> Path:
        directory = self._scratch / name
        directory.mkdir(mode=0o755)
        return directory
