"""Sessions in which every statement ends in time, whatever the database makes of it.

A service can put code into its database that runs when somebody else asks it something: a trigger,
a policy. Such code can switch `statement_timeout` off, or catch the error that it raises and go
on. So the time is taken here, and a session that is overdue is ended by a superuser's.
"""

from collections.abc import Callable
from typing import TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row

CONNECT_SECONDS = 5
INTERVAL_SECONDS = 0.1
"""How often a session that waits looks for Ctrl-C."""

T = TypeVar("T")


class Overdue(psycopg.OperationalError):
    """A statement had no answer in time, and its session is gone."""


class Session(psycopg.Connection[DictRow]):
    """A connection that waits so many `seconds` for each statement, for ever if that is None.

    `end` is then called with the number of the server's process.
    """

    seconds: float | None = None
    end: Callable[[int], None]

    def wait(
        self, gen: PQGen[T], interval: float = INTERVAL_SECONDS, timeout: float | None = None
    ) -> T:
        """What psycopg does all its waiting by, once it is connected."""
        try:
            return super().wait(gen, interval, self.seconds if timeout is None else timeout)
        except psycopg.OperationalError as error:
            if self.info.transaction_status is not TransactionStatus.ACTIVE or timeout is not None:
                raise
            pid = self.info.backend_pid
            self.close()
            self.end(pid)
            raise Overdue(
                f"it had no answer to a statement within {self.seconds:g} s, "
                "and the session was ended."
            ) from error


def connect(url: str, end: Callable[[int], None], seconds: float | None = None) -> Session:
    """A new session, autocommit, rows as dicts. Raises psycopg.OperationalError."""
    session = Session.connect(
        url, autocommit=True, row_factory=dict_row, connect_timeout=CONNECT_SECONDS
    )
    session.prepare_threshold = None
    session.end = end
    session.seconds = seconds
    return session
