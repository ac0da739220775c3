"""The SQL that the service has run, as PostgreSQL itself counts it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import psycopg

NOT_THE_PARTS = (
    r"^(select pg_catalog\.version\(\)|select current_schema\(\)|show [a-z_ ]+"
    r"|select query from pg_stat_activity where wait_event_type = \$1"
    r" and datname = current_database\(\))$"
)
"""What a driver asks of its own accord on a new connection, and what a suite asks as the owner.

These and nothing more: whatever is left out here, a statement could be made to look like.
"""

LONGEST_TEXT = 160
READ_OF_TEXT = 10_000
"""Characters; PostgreSQL keeps texts of any length, and as many as 5,000 of them."""

MOST_TOLD = 100
"""Statements that are shown as evidence; a verdict must fit through the line to the grader."""

_SEEN = """
SELECT left(query, %s) AS query, calls, rows, count(*) OVER () AS total FROM pg_stat_statements s
  JOIN pg_database d ON d.oid = s.dbid AND d.datdba = s.userid
 WHERE d.datname = current_database() AND toplevel AND query !~* %s
 ORDER BY calls DESC, query LIMIT %s
"""
_FORGET = """
SELECT pg_stat_statements_reset(0, oid) FROM pg_database WHERE datname = current_database()
"""

Connection = psycopg.Connection[dict[str, Any]]


@dataclass(frozen=True)
class Statement:
    """One normalised SQL statement: how often it ran and how many rows it gave in all."""

    text: str
    calls: int
    rows: int

    def __str__(self) -> str:
        """One line; a long list of columns is left out, since the rest says more."""
        text = " ".join(self.text.split())
        if len(text) > LONGEST_TEXT:
            text = re.sub(r"^(SELECT|WITH) .{30,}? FROM ", r"\1 … FROM ", text)
        if len(text) > LONGEST_TEXT:
            text = f"{text[: LONGEST_TEXT - 50]} … {text[-45:]}"
        return f"{self.calls} × {text}  ({self.rows} rows)"


def seen(connection: Connection) -> list[Statement]:
    """The statements since the last `forget`, one entry for each normalised text.

    Only the role that owns the database counts, which is the service's: what a suite asks as
    superuser is not among them, nor what a driver asks of its own accord.
    """
    return _read(connection, None)[0]


def told(connection: Connection) -> list[str]:
    """The same as evidence, a line for each of the most frequent ones; the rest is counted."""
    statements, total = _read(connection, MOST_TOLD)
    rest = total - len(statements)
    return [*map(str, statements), *([f"… {rest:,} more statements"] if rest else [])]


def forget(connection: Connection) -> None:
    """Begins a new list."""
    connection.execute(_FORGET)


def _read(connection: Connection, most: int | None) -> tuple[list[Statement], int]:
    """So many of the statements, and how many there are."""
    rows = connection.execute(_SEEN, (READ_OF_TEXT, NOT_THE_PARTS, most)).fetchall()
    statements = [Statement(row["query"], row["calls"], row["rows"]) for row in rows]
    return statements, rows[0]["total"] if rows else 0
