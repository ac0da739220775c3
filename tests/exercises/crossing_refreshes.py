"""A refresh that meets the end of its session, for `test_10_tokens.py`."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic, sleep

from exercises.grading.answer import Answer
from exercises.grading.people import People
from exercises.grading.race import LONGEST_WAIT_SECONDS, race
from exercises.grading.subject import Subject
from tests.exercises.forged_tokens import opened
from tests.exercises.token_sessions import log_out, refresh, successor

Calls = Sequence[Callable[[], Answer]]

WAITING = """
SELECT count(DISTINCT waiting.pid) AS number FROM pg_locks waiting
  JOIN pg_locks own USING (pid) JOIN pg_database ON pg_database.oid = own.database
 WHERE NOT waiting.granted AND datname = current_database()
"""


def must_not_outlive_its_session(service: Subject, people: People) -> None:
    """Whichever is first, and whatever either has read by then, the successor is dead."""
    user = people.user()
    for what, end in (("a log-out with", log_out), ("a replay of", refresh)):
        for meeting in (refresh_first, end_first, at_once):
            _, first = people.log_in(user.email)
            newest = successor(service, first)
            renewed, ended = meeting(
                service, newest, partial(refresh, service, newest), partial(end, service, first)
            )
            if renewed.status == 200:
                newest = str(renewed.data["refresh_token"])
            after = service.look_at(refresh(service, newest))
            assert after.status == 401, (
                f"A refresh with the newest token of a session and {what} its first token came at "
                f"the same moment and got {renewed.status} and {ended.status}. Afterwards the "
                f"newest token got {after.status}; expected 401: what a refresh is adding to a "
                "session while it ends has to end with it."
            )


Meeting = tuple[Answer, Answer]


def refresh_first(
    service: Subject, newest: str, renew: Callable[[], Answer], end: Callable[[], Answer]
) -> Meeting:
    renewed, ended = in_turn(service, newest, [renew, end])
    return renewed, ended


def end_first(
    service: Subject, newest: str, renew: Callable[[], Answer], end: Callable[[], Answer]
) -> Meeting:
    ended, renewed = in_turn(service, newest, [end, renew])
    return renewed, ended


def at_once(
    service: Subject, _: str, renew: Callable[[], Answer], end: Callable[[], Answer]
) -> Meeting:
    renewed, ended = race(service, [renew, end], table="refresh_tokens")
    return renewed, ended


def in_turn(service: Subject, token: str, calls: Calls) -> list[Answer]:
    """Begins each call when the one before waits for the row of this token, or has ended.

    The row is held until all have begun. Then they get it in the order in which they came, each
    with what it had read before.
    """
    row = "SELECT FROM refresh_tokens WHERE jti::text = %s FOR UPDATE"
    with ThreadPoolExecutor(len(calls)) as threads:
        with service.connection().transaction():
            service.sql(row, str(opened(token)[1].get("jti")))
            begun = []
            for call in calls:
                begun.append(threads.submit(call))
                deadline = monotonic() + LONGEST_WAIT_SECONDS
                while monotonic() < deadline:
                    [waiting] = service.sql(WAITING)
                    if waiting["number"] + sum(each.done() for each in begun) >= len(begun):
                        break
                    sleep(0.002)
        return [each.result() for each in begun]
