"""What every way of running the service offers, whichever engine is behind it.

    Backend                 PostgreSQL, a Redis-protocol cache, and as many services as asked for
    ├── postgres: Part      a server that can be stopped, killed, paused and started again
    ├── cache: Part
    ├── database(...)       a fresh Database (see `database.py`), migrated as far as asked for
    ├── payment_account()   an account at a stand-in payment provider, to be the setting PAYMENT_URL
    ├── service(...)        a Service: the application, with modules replaced on request
    └── command(...)        a Command: one run of the application's command line, e.g. a migration

A test written against these names cannot tell embedded servers from containers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Literal, Self

if TYPE_CHECKING:  # this module is also part of the image, which has no psycopg
    import redis

    from reference_app.running.database import Database
    from reference_app.running.payment_account import PaymentAccount


class Part(ABC):
    """One server under control: PostgreSQL, the cache, or a service. Safe in any thread."""

    name: str
    disturbances: int = 0
    """How often this part was stopped, killed or paused, or ended by itself, since it was made."""

    @property
    @abstractmethod
    def running(self) -> bool:
        """Whether its process exists (a paused part counts as running)."""

    @property
    @abstractmethod
    def exit_code(self) -> int | None:
        """None while it runs; else its exit status, or minus the signal that ended it."""

    @abstractmethod
    def ask_to_end(self) -> None:
        """Ask it to end (SIGTERM to a service) and do not wait for that."""

    @abstractmethod
    def stop(self) -> int | None:
        """`ask_to_end`, wait, kill it after 15 s; answer `exit_code`."""

    @abstractmethod
    def kill(self) -> None:
        """End it at once and without warning (SIGKILL), as a crash of the machine would."""

    @abstractmethod
    def pause(self) -> None:
        """Freeze all its processes: connections stay open and nothing is answered."""

    @abstractmethod
    def resume(self) -> None:
        """Let a paused part go on; no effect on one that is not paused."""

    @abstractmethod
    def start(self) -> None:
        """Start it after `stop` or `kill` and wait until it answers; no effect when it runs.

        Raises ServiceDidNotStart (a service) or BackendUnavailable (a server).
        """

    def restart(self) -> None:
        """`stop`, then `start`."""
        self.stop()
        self.start()


class Closing(ABC):
    """What is closed at the end of a `with` block."""

    @abstractmethod
    def close(self) -> None:
        """End it and drop what was made for it. Closing twice is no error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


class Service(Part, Closing):
    """The application in a process of its own, on its own database and cache database number."""

    database: Database
    settings: Mapping[str, str]
    """The environment the process was given, complete."""

    @property
    @abstractmethod
    def url(self) -> str:
        """Its base address without a trailing slash. It may change when the part restarts."""

    @property
    @abstractmethod
    def cache(self) -> redis.Redis:
        """A client for this service's own cache database number, answers decoded to `str`."""

    @abstractmethod
    def logs(self) -> list[str]:
        """Whole lines of stdout and stderr since the start or the last `reset`; the last 1 MiB."""

    @abstractmethod
    def reset(self) -> None:
        """Back to a clean state: no rows, no keys, no log lines, empty statement statistics.

        Servers that were stopped, killed or paused since the last reset run again, and the
        service is then restarted, so that nothing of the disturbance is left in its pools.
        What the service does after an answer, such as its access line, is not waited for.
        """


class Command(Part, Closing):
    """One run of `python -m reference_app`: it ends by itself, or can be killed halfway.

    `start` runs it once more, as somebody would who saw it fail.
    """

    @abstractmethod
    def wait(self) -> int | None:
        """Its exit status when it has ended; None when it still runs after a minute."""

    @abstractmethod
    def logs(self) -> list[str]:
        """Whole lines of stdout and stderr of all its runs; the last 1 MiB."""


class Backend(Closing):
    """Real servers, started once and shared by many services. Safe to use from any thread."""

    name: ClassVar[Literal["embedded", "containers", "sandbox"]]
    reason: str = ""
    """One line: which back end this is, why it was taken, and what would change that."""
    postgres: Part
    cache: Part
    this_machine: ClassVar[str]
    """The host by which a service reaches what listens on all addresses of the caller's machine."""

    @abstractmethod
    def database(
        self, revision: str = "head", *, replace: Mapping[str, Path] | None = None
    ) -> Database:
        """A new database: a copy of the migrated template, about 40 ms.

        With a `revision` ("base" is an empty database), or with files in the place of modules
        that migrations import, it is made by running those migrations, about half a second; a
        service on it is `service(database=...)`. Raises MigrationFailed.
        """

    @abstractmethod
    def service(
        self,
        *,
        replace: Mapping[str, Path] | None = None,
        settings: Mapping[str, str] | None = None,
        database: Database | None = None,
        beside: Service | None = None,
        start: bool = True,
    ) -> Service:
        """The application as it is, or with other files in the place of some of its modules.

        `replace` maps a module's dotted name to the file that takes its place, read as it is at
        this moment. `settings` come on top of the environment the application needs. Without a
        `database` it gets a fresh one, dropped with the service. With `start=False` the service
        is made ready and `Service.start()` starts it.

        With `beside` it is another replica of that service: the same database, cache database and
        settings, with `settings` on top. Close replicas first: theirs is only the process.

        Raises ServiceDidNotStart when it does not answer `GET /health` with 200 in time.
        """

    @abstractmethod
    def command(
        self,
        *argv: str,
        database: Database,
        replace: Mapping[str, Path] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> Command:
        """`python -m reference_app ARGV` on a database, started; the rest is as for a service."""

    @abstractmethod
    def payment_account(self) -> PaymentAccount:
        """A new account at a payment provider that fails on request; the first call starts it."""
