"""What both back ends do alike: databases, and services put together from their pieces."""

import itertools
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import redis

from reference_app.running import service_settings
from reference_app.running.addresses import Addresses
from reference_app.running.backend import Backend, Service
from reference_app.running.database import Database
from reference_app.running.service import RunningService, ServiceProcess
from reference_app.running.template import Databases, make_template

CACHE_DATABASES = 4096


@dataclass(frozen=True)
class PreparedProcess:
    """A process that can be launched as a service.

    `shown` maps paths as it sees them to the caller's files; `discard` removes what it needed.
    """

    process: ServiceProcess
    shown: Mapping[str, str]
    discard: Callable[[], None]


class AssembledBackend(Backend):
    """A back end that has started its servers and knows their addresses."""

    outside: Addresses
    """The servers as this process reaches them."""
    inside: Addresses
    """The servers as a service reaches them."""

    _databases: Databases | None = None

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self._numbers = itertools.count(1)
        self._cache_databases = deque(range(CACHE_DATABASES))

    def database(self) -> Database:
        return self._copies.take()

    def service(
        self,
        *,
        replace: Mapping[str, Path] | None = None,
        settings: Mapping[str, str] | None = None,
        database: Database | None = None,
        start: bool = True,
    ) -> Service:
        replace = replace or {}
        used_database = database or self.database()
        cache_database = self._cache_databases.popleft()
        environment = service_settings.complete(
            self.inside.database_url(used_database.name),
            self.inside.cache_url(cache_database),
            settings,
        )

        def release() -> None:
            self._cache_databases.append(cache_database)
            used_database.close()
            if database is None:
                self._copies.drop(used_database)

        try:
            prepared = self._prepare(replace, environment)
        except BaseException:
            release()
            raise

        def release_all() -> None:
            prepared.discard()
            release()

        service = RunningService(
            prepared.process,
            database=used_database,
            settings=environment,
            cache=redis.Redis.from_url(
                self.outside.cache_url(cache_database), decode_responses=True, socket_timeout=2
            ),
            shown=prepared.shown,
            servers=[self.postgres, self.cache],
            release=release_all,
        )
        return service.started() if start else service

    def close(self) -> None:
        if self._databases is not None:
            self._databases.close()
        self._end()

    @property
    def _copies(self) -> Databases:
        assert self._databases is not None, "the servers have been started"
        return self._databases

    @abstractmethod
    def _end(self) -> None:
        """End the servers and everything else that was started."""

    def _make_template(self) -> None:
        make_template(self.outside, self._migrate)
        self._databases = Databases(self.outside)

    @abstractmethod
    def _prepare(
        self, replace: Mapping[str, Path], environment: Mapping[str, str]
    ) -> PreparedProcess:
        """A process for a service; `replace` is read now. Raises ServiceDidNotStart."""

    @abstractmethod
    def _migrate(self, template: Database) -> None:
        """Run the service's migrations on a database. Raises BackendUnavailable."""
