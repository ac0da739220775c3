"""Calls that wait in the database for one another, for `test_10_tokens.py`."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic, sleep

from exercises.grading.answer import Answer
from exercises.grading.race import LONGEST_WAIT_SECONDS
from exercises.grading.subject import Subject

WAITING = """
SELECT DISTINCT waiting.pid FROM pg_locks waiting
  JOIN pg_locks own USING (pid) JOIN pg_database ON pg_database.oid = own.database
 WHERE NOT waiting.granted AND datname = current_database()
"""
GIVE_UP = f"SELECT pg_cancel_backend(pid) FROM ({WAITING}) waiting"
ANY_WRITE = "LOCK TABLE refresh_tokens IN EXCLUSIVE MODE"
ONE_ROW = "SELECT FROM refresh_tokens WHERE jti::text = %s FOR UPDATE"


@contextmanager
def held_back(
    service: Subject, calls: Sequence[Callable[[], Answer]], lock: str, *values: object
) -> Iterator[list[Future[Answer]]]:
    """Begins each call when the one before waits for what `lock`, in SQL, has locked, or has ended.

    It is let go when the block ends. Then they get it in the order in which they came, each with
    what it had read before; after the block all have their answers.
    """
    with ThreadPoolExecutor(len(calls)) as threads, service.connection().transaction():
        service.sql(lock, *values)
        begun: list[Future[Answer]] = []
        for call in calls:
            begun.append(threads.submit(call))
            _let_come_to_rest(service, begun)
        yield begun


def _let_come_to_rest(service: Subject, begun: Sequence[Future[Answer]]) -> None:
    deadline = monotonic() + LONGEST_WAIT_SECONDS
    while monotonic() < deadline:
        if len(service.sql(WAITING)) + sum(each.done() for each in begun) >= len(begun):
            return
        sleep(0.002)
