"""What others see while a load runs: readers of the same user, writers, other readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from exercises.grading.answer import Answer
from exercises.grading.gate import Gate
from exercises.grading.people import People
from exercises.grading.requests import NoAnswer
from exercises.grading.subject import Subject
from tests.exercises.cached_users import (
    AT_ONCE,
    NEW,
    OLD,
    add_user,
    loads,
    loads_of_a_read,
    name_in,
    poll,
    read,
    rename,
)


def requests_begun(service: Subject) -> int:
    """How many callers' roles have been read: each request begins with that."""
    return sum(s.calls for s in service.statements() if "full_name" not in s.text)


@contextmanager
def started(
    service: Subject, call: Callable[[], Answer]
) -> Iterator[tuple[Event, Callable[[], Answer]]]:
    """A request in the background: the event of its end, and what waits for its answer."""
    ended = Event()

    def run() -> Answer:
        try:
            return call()
        finally:
            ended.set()

    with service.meanwhile(run) as result:
        yield ended, result


def check_stampede(service: Subject, people: People) -> None:
    """Fifty come while the first load waits."""
    admin, ada = people.admin(), add_user(service)
    service.forget_statements()
    fifty = [lambda: read(service, ada, admin)] * 50
    with (
        Gate(service, "users", ada) as gate,
        service.meanwhile(lambda: service.together(fifty)) as everybody,
    ):
        gate.await_arrival()
        poll(lambda: gate.waiting > 1 or requests_begun(service) >= 50, seconds=0.3)
        gate.open()
        answers = everybody()
    for answer in answers:
        assert answer.status == 200 and answer.data["full_name"] == OLD, (
            f"One of the fifty was answered with {answer.status}: "
            "those who wait for a load must get what it brings."
        )
    count = loads(service)
    assert count == 1, (
        f"Fifty simultaneous reads of a user who was not in the cache made {count} loads from the "
        "database; while one was still running, nobody else had to start another."
    )


def check_overtaken_load(service: Subject, people: People) -> None:
    """A write is committed while a load holds the old value."""
    admin, ada = people.admin(), add_user(service, "Ada")
    rename(service, ada, admin, OLD)
    with (
        Gate(service, "users", ada, holds=1) as gate,
        service.meanwhile(lambda: read(service, ada, admin)) as early,
    ):
        gate.await_arrival()
        with started(service, lambda: rename(service, ada, admin)) as (ended, result):
            ended.wait(AT_ONCE)
            gate.open()
            result()
        early()
    after = service.look_at(read(service, ada, admin))
    assert name_in(after) == NEW, (
        "A read had loaded the user but not yet stored them; then a PATCH was committed, and "
        f"`invalidate` called; then the read stored what it had: “{OLD}” is back, and stays. What "
        "was loaded before a write must not be stored after it."
    )


def check_later_read(service: Subject, people: People) -> None:
    """A read that comes after the write, while the older load still waits."""
    admin, ada = people.admin(), add_user(service)
    with (
        Gate(service, "users", ada, holds=1) as gate,
        service.meanwhile(lambda: read(service, ada, admin)) as early,
    ):
        gate.await_arrival()
        with started(service, lambda: rename(service, ada, admin)) as (ended, result):
            if not ended.wait(AT_ONCE):
                gate.open()
            result()
        with started(service, lambda: read(service, ada, admin)) as (ended, result):
            ended.wait(AT_ONCE)
            gate.open()
            late = service.look_at(result())
        early()
    assert name_in(late) == NEW, (
        "A load was running; a PATCH was committed and answered; a read that came only after that "
        f"answer was given what the older load brought: “{OLD}”."
    )


def check_other_user(service: Subject, people: People) -> None:
    """Another user is read while a load waits."""
    admin = people.admin()
    ada, grace = add_user(service), add_user(service, "Grace Hopper")
    with (
        Gate(service, "users", ada) as gate,
        service.meanwhile(lambda: read(service, ada, admin)) as slow,
    ):
        gate.await_arrival()
        try:
            other = read(service, grace, admin, timeout=AT_ONCE)
        except NoAnswer:
            other = None
        gate.open()
        slow()
    assert other is not None, (
        "While one user was being loaded, the read of another one got no answer: "
        "both waited for the same lock."
    )
    assert name_in(other) == "Grace Hopper", "The read of one user gave another one."


def check_failed_load(service: Subject, people: People) -> None:
    """Five wait for a load that fails; then the database is well again."""
    admin, ada = people.admin(), add_user(service)
    five = [lambda: read(service, ada, admin)] * 5
    with (
        Gate(service, "users", ada, fails=True) as gate,
        service.meanwhile(lambda: service.together(five)) as everybody,
    ):
        gate.await_arrival()
        gate.open()
        for answer in everybody():
            assert answer.status in (500, 503), (
                f"The database failed and the read was answered with {answer.status}, not 503."
            )
    try:
        after = read(service, ada, admin, timeout=AT_ONCE)
    except NoAnswer:
        after = None
    assert after is not None, (
        "The first load had failed with an error of the database. The next read, when the database "
        f"was well again, still had no answer after {AT_ONCE} s: what guards the load was kept."
    )
    assert name_in(after) == OLD, "The read after a failed load gave another name."
    count = loads_of_a_read(service, ada, admin)
    assert count == 0, "After a load had failed the user is no longer cached."
