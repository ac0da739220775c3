"""A report that reads a whole table without anybody noticing: all orders as CSV (S2).

    rows       a server-side cursor: PostgreSQL hands over a few at a time, and waits in between
    memory     those few, however many orders there are
    processor  two milliseconds' worth of text, and then everybody else has a turn
    database   a connection of its own for as long as it takes: the pool is for requests, and so is
               a pooler, which would also refuse the settings that bound an export
    how many   a bound; whoever comes on top is told to come back, at once

One snapshot serves the whole export, so it must end: a reader that stops reading loses it after
30 s, and everybody after 10 minutes. PostgreSQL sees to that, and whoever sends the pieces gives up
after the same time, which frees the place. A client that leaves takes its statement with it.
"""

import csv
import io
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from reference_app.config import Settings
from reference_app.data.failures import unavailable_when_gone
from reference_app.data.models import Order, User
from reference_app.errors import Unavailable

COLUMNS = ("id", "created_at", "status", "total_amount", "customer_id", "customer_name")
ROWS_AT_A_TIME = 200
RETRY_AFTER_SECONDS = 5
IDLE_SECONDS = 30
WHOLE_SECONDS = 600

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins with one of these is a program to a spreadsheet."""


class TooManyExports(Unavailable):
    """503: as many exports run as this replica does at once."""

    code = "TOO_MANY_EXPORTS"
    message = "Too many exports are running. Please try again later."


@dataclass(frozen=True)
class OrderFilter:
    """Which orders: with this status, made from one moment on, and before another."""

    status: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


class Exports:
    """The exports of this process. Making one opens no connection."""

    def __init__(self, settings: Settings) -> None:
        self._free = settings.exports_at_once
        milliseconds = str(int(settings.database_statement_timeout_seconds * 1000))
        self._engine = create_async_engine(
            (settings.export_database_url or settings.database_url).get_secret_value(),
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={
                "timeout": settings.database_connect_timeout_seconds,
                "command_timeout": settings.database_statement_timeout_seconds + 1,
                "server_settings": {
                    "application_name": "reference_app export",
                    "statement_timeout": milliseconds,  # for each handful of rows
                    "idle_in_transaction_session_timeout": str(IDLE_SECONDS * 1000),
                    "transaction_timeout": str(WHOLE_SECONDS * 1000),
                    "client_connection_check_interval": "1000",
                },
            },
        )

    async def orders(self, wanted: OrderFilter) -> AsyncGenerator[bytes]:
        """The lines of the file in pieces, the first with the names of the columns.

        Close it (`aclose`) when it is not read to its end. Raises TooManyExports, or Unavailable
        when the database fails, before the first piece or between two.
        """
        with self._place(), unavailable_when_gone():
            async with self._engine.connect() as connection:
                await connection.execution_options(isolation_level="REPEATABLE READ")
                found = await connection.stream(
                    chosen(wanted), execution_options={"yield_per": ROWS_AT_A_TIME}
                )
                pending = lines([COLUMNS])
                async for rows in found.partitions():
                    yield pending + lines(cells(rows))
                    pending = b""
                if pending:
                    yield pending

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._free:
            raise TooManyExports(RETRY_AFTER_SECONDS)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


def chosen(wanted: OrderFilter) -> Select[*tuple[Any, ...]]:
    """In the order of the primary key: the first rows are there at once, nothing is sorted."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            Order.id,
            Order.created_at,
            Order.status,
            Order.total_amount,
            Order.user_id,
            User.full_name,
        )
        .join(User, User.id == Order.user_id)
        .order_by(Order.id)
    )
    if wanted.status is not None:
        statement = statement.where(Order.status == wanted.status)
    if wanted.created_from is not None:
        statement = statement.where(Order.created_at >= wanted.created_from)
    if wanted.created_before is not None:
        statement = statement.where(Order.created_at < wanted.created_before)
    return statement


def lines(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as RFC 4180 has them."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def cells(rows: Iterable[Any]) -> Iterator[tuple[object, ...]]:
    """What a line shows of an order; the customer is the one who chose the text in it."""
    for order_id, created_at, status, amount, customer_id, name in rows:
        moment = created_at.isoformat().replace("+00:00", "Z")
        yield order_id, moment, status, amount, customer_id, plain_text(name)


def plain_text(text: str) -> str:
    """The text, such that a spreadsheet shows it and does not calculate it."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
