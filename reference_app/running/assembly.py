"""What both back ends do alike: databases, and services put together from their pieces."""

import contextlib
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
from reference_app.running.service import RunningService, ServiceProcess, Stores
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
        beside: Service | None = None,
        start: bool = True,
    ) -> Service:
        replace = replace or {}
        if beside is None:
            stores, environment = self._own_stores(database, settings)
        else:
            stores = Stores(beside.database, beside.cache, lambda: None)
            environment = {**beside.settings, **(settings or {})}
        try:
            prepared = self._prepare(replace, environment)
        except BaseException:
            stores.release()
            raise
        service = RunningService(
            prepared.process,
            stores=stores,
            settings=environment,
            shown=prepared.shown,
            servers=[self.postgres, self.cache],
            discard=prepared.discard,
        )
        return service.started() if start else service

    def _own_stores(
        self, given: Database | None, settings: Mapping[str, str] | None
    ) -> tuple[Stores, dict[str, str]]:
        """A cache database, a database unless one is given, and the environment that names both."""
        database = given or self.database()
        number = self._cache_databases.popleft()
        cache = redis.Redis.from_url(
            self.outside.cache_url(number), decode_responses=True, socket_timeout=2
        )

        def release() -> None:
            with contextlib.suppress(redis.RedisError):
                cache.flushdb()
            cache.close()
            self._cache_databases.append(number)
            database.close()
            if given is None:
                self._copies.drop(database)

        environment = service_settings.complete(
            self.inside.database_url(database.name), self.inside.cache_url(number), settings
        )
        return Stores(database, cache, release), environment

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
