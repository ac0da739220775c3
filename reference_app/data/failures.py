"""Which failures of the database pass, and are told to the client as a 503 (D7, L5)."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from reference_app.errors import Unavailable

RETRY_AFTER_SECONDS = 1

PASSING = ("08", "40", "53", "55P03", "57")
"""SQLSTATE classes of what may work the next time: connection lost, deadlock, out of resources,
a lock not had in time, stopped by the operator or by a time-out."""


@contextmanager
def unavailable_when_gone() -> Iterator[None]:
    """Raises Unavailable in the place of an error that may be over the next time."""
    try:
        yield
    except (PoolTimeout, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(RETRY_AFTER_SECONDS) from error
    except DBAPIError as error:
        state = str(getattr(error.orig, "sqlstate", None) or "")
        if error.connection_invalidated or state.startswith(PASSING):
            raise Unavailable(RETRY_AFTER_SECONDS) from error
        raise
