"""Loads that end badly: with an error of the database, or with the process that ran them."""

from __future__ import annotations

from exercises.grading.gate import Gate
from exercises.grading.people import People
from exercises.grading.requests import NoAnswer
from exercises.grading.subject import Subject
from tests.exercises.cached_users import (
    AT_ONCE,
    NEW,
    OLD,
    add_user,
    await_value,
    key_of,
    let_time_pass,
    loads_of_a_read,
    name_in,
    poll,
    read,
    requests_begun,
)

LONGEST_LOCK = 3.0
"""Seconds for which a process that is dead may keep others from loading."""


def check_failed_load(service: Subject, people: People) -> None:
    """Five wait for a load that fails; then the database is well again.

    An older value was there once, with a name of before: it is no better than an error.
    """
    admin, ada = people.admin(), add_user(service)
    name_in(read(service, ada, admin))
    await_value(service, ada)
    service.sql("UPDATE users SET full_name = %s WHERE id = %s", NEW, ada)
    service.cache.delete(key_of(ada))
    five = [lambda: read(service, ada, admin)] * 5
    service.forget_statements()
    with (
        Gate(service, "users", ada, fails=True) as gate,
        service.meanwhile(lambda: service.together(five)) as everybody,
    ):
        gate.await_arrival()
        poll(lambda: gate.waiting > 1 or requests_begun(service) >= 5, seconds=AT_ONCE)
        gate.open()
        try:
            answers = everybody()
        except NoAnswer:
            raise AssertionError(
                "Five read a user, and the load that they waited for failed. One of them got no "
                "answer at all: who waits has to be woken when a load fails, too."
            ) from None
        for answer in answers:
            assert answer.status in (500, 503), (
                f"The database failed and the read was answered with {answer.status}, not 503."
            )
        statuses = sorted(answer.status for answer in answers)
        assert len(set(statuses)) == 1, (
            "Five read a user, and the load that they waited for failed. They were answered with "
            f"{statuses}: the error of the load is the error of each of them."
        )
    try:
        after = read(service, ada, admin, timeout=AT_ONCE)
    except NoAnswer:
        after = None
    assert after is not None, (
        "The first load had failed with an error of the database. The next read, when the database "
        f"was well again, still had no answer after {AT_ONCE} s: what guards the load was kept."
    )
    assert name_in(after) == NEW, "The read after a failed load gave another name."
    count = loads_of_a_read(service, ada, admin)
    assert count == 0, "After a load had failed the user is no longer cached."


def check_dead_loader(service: Subject, people: People) -> None:
    """A process is killed in the middle of a load, and started again."""
    admin, ada = people.admin(), add_user(service)
    with (
        Gate(service, "users", ada, holds=1) as gate,
        service.meanwhile(lambda: read(service, ada, admin)),
    ):
        gate.await_arrival()
        service.process.kill()
    service.process.start()
    let_time_pass(service, ada, LONGEST_LOCK)
    try:
        after = service.look_at(read(service, ada, admin))
    except NoAnswer:
        after = None
    assert after is not None, (
        f"A process was killed in the middle of a load. {LONGEST_LOCK:.0f} s later the next one "
        "still waited for it, and the read got no answer: whatever keeps others from loading has "
        "to end soon when its holder is dead."
    )
    assert name_in(after) == OLD, "The read after a process was killed gave another name."
