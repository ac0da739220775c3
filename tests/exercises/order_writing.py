"""For `test_06_queries.py`: lines that are hard to keep, and calls that have to wait."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

from exercises.grading.requests import PATIENCE
from exercises.grading.subject import Subject

LINES = [
    {"product_name": "O'Neil'); DROP TABLE orders; --", "quantity": 3, "unit_price": "0.10"},
    {"product_name": '100 % :name $1 {x} "\\" ½', "quantity": 7, "unit_price": "19.99"},
    {"product_name": "Ribbon", "quantity": 1, "unit_price": "0.01"},
    {"product_name": "Ribbon", "quantity": 1, "unit_price": "0.01"},
]

T = TypeVar("T")


def held_up(service: Subject, lock: str, call: Callable[[], T]) -> tuple[str, T]:
    """Makes a call while a transaction holds what the SQL `lock` takes, until the service waits.

    Gives the statement that waited, as it came over the wire ("" when none did), and what the call
    gave in the end.
    """
    service.sql("BEGIN")
    service.sql(lock)
    with service.meanwhile(call) as result:
        try:
            waiting = _statement_in_wait(service)
        finally:
            service.sql("COMMIT")
        return waiting, result()


def _statement_in_wait(service: Subject) -> str:
    deadline = monotonic() + PATIENCE / 2
    while monotonic() < deadline:
        rows = service.sql(
            "SELECT query FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()",
            owner=True,
        )
        if rows:
            return str(rows[0]["query"])
        sleep(0.002)
    return ""
