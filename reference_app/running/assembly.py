"""What both back ends do alike: databases, and services put together from their pieces."""

import contextlib
import itertools
import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import redis

from reference_app.running import diagnosis, service_settings
from reference_app.running.addresses import Addresses, Login
from reference_app.running.backend import Backend, Service
from reference_app.running.command import RunningCommand
from reference_app.running.database import Database
from reference_app.running.errors import BackendUnavailable, MigrationFailed
from reference_app.running.payment_account import PaymentAccount
from reference_app.running.service import RunningService, ServiceProcess, Stores
from reference_app.running.template import Databases, make_template, new_database

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
        self._provider: tuple[str, str] | None = None
        self._provider_lock = threading.Lock()

    def database(
        self, revision: str = "head", *, replace: Mapping[str, Path] | None = None
    ) -> Database:
        if revision == "head" and not replace:
            return self._copies.take()
        database = self._copies.empty()
        try:
            if revision != "base":
                self._migrate(database, revision, replace)
        except BaseException:
            self._copies.drop(database)
            raise
        return database

    def service(
        self,
        *,
        replace: Mapping[str, Path] | None = None,
        settings: Mapping[str, str] | None = None,
        database: Database | None = None,
        beside: Service | None = None,
        start: bool = True,
    ) -> Service:
        if beside is None:
            stores, environment = self._own_stores(database, settings)
        else:
            stores = Stores(beside.database, beside.cache, lambda: None)
            environment = {**beside.settings, **(settings or {})}
        prepared = self._prepared(["serve"], replace, stores, environment)
        service = RunningService(
            prepared.process,
            stores=stores,
            settings=environment,
            shown=prepared.shown,
            servers=[self.postgres, self.cache],
            discard=prepared.discard,
        )
        return service.started() if start else service

    def command(
        self,
        *argv: str,
        database: Database,
        replace: Mapping[str, Path] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> RunningCommand:
        stores, environment = self._own_stores(database, settings)
        prepared = self._prepared(argv, replace, stores, environment)
        command = RunningCommand(
            prepared.process, stores=stores, shown=prepared.shown, discard=prepared.discard
        )
        command.start()
        return command

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
        try:
            make_template(self.outside, self._migrate)
        except MigrationFailed as error:
            raise BackendUnavailable(f"The migrations failed. {error}") from error
        self._databases = Databases(partial(new_database, self.outside))

    def _migrate(
        self,
        database: Database,
        revision: str = "head",
        replace: Mapping[str, Path] | None = None,
    ) -> None:
        with self.command("migrate", revision, database=database, replace=replace) as migration:
            exit_code = migration.wait()
            if exit_code != 0:
                reason = diagnosis.not_finished(exit_code)
                raise MigrationFailed(reason, exit_code, migration.log_tail())

    def _own_stores(
        self, given: Database | None, settings: Mapping[str, str] | None
    ) -> tuple[Stores, dict[str, str]]:
        """A cache database, a database unless one is given, and the environment that names both."""
        database = given or self.database()
        number = self._cache_databases.popleft()
        mine, theirs = self._cache_logins(number)
        cache = redis.Redis.from_url(
            self.outside.cache_url(number, mine), decode_responses=True, socket_timeout=2
        )

        def release() -> None:
            self._forget_cache_login(number)
            with contextlib.suppress(redis.RedisError):
                cache.flushdb()
            cache.close()
            self._cache_databases.append(number)
            database.close()
            if given is None:
                self._copies.drop(database)

        environment = service_settings.complete(
            self.inside.database_url(database.name, database.owner),
            self.inside.cache_url(number, theirs),
            settings,
        )
        return Stores(database, cache, release), environment

    def _cache_logins(self, _number: int) -> tuple[Login | None, Login | None]:
        """As whom we, and as whom a service uses this cache database; None is everybody."""
        return None, None

    def _forget_cache_login(self, number: int) -> None:
        """The service on this cache database is gone."""

    def payment_account(self) -> PaymentAccount:
        with self._provider_lock:
            if self._provider is None:
                self._provider = self._start_provider()
        return PaymentAccount(*self._provider)

    def _prepared(
        self,
        argv: Sequence[str],
        replace: Mapping[str, Path] | None,
        stores: Stores,
        environment: Mapping[str, str],
    ) -> PreparedProcess:
        """See `_prepare`; when it fails, nothing is left of the stores."""
        try:
            return self._prepare(argv, replace or {}, environment)
        except BaseException:
            stores.release()
            raise

    @abstractmethod
    def _prepare(
        self, argv: Sequence[str], replace: Mapping[str, Path], environment: Mapping[str, str]
    ) -> PreparedProcess:
        """A process for `python -m reference_app ARGV`; `replace` is read now.

        Raises ServiceDidNotStart when a file of it cannot be read.
        """

    @abstractmethod
    def _start_provider(self) -> tuple[str, str]:
        """Start the payment provider; its address from here, and from a service."""
