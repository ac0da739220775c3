"""What others see while a load runs: readers of the same user, writers, other readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from time import sleep

from exercises.grading.answer import Answer
from exercises.grading.gate import Gate
from exercises.grading.people import People, Person
from exercises.grading.requests import NoAnswer
from exercises.grading.subject import Subject
from tests.exercises.cached_users import (
    AT_ONCE,
    NEW,
    OLD,
    add_user,
    let_time_pass,
    loads,
    name_in,
    poll,
    read,
    rename,
)

LONGEST_WRITE = 0.8
"""Seconds; what is not answered by then waits for the load that runs, which is allowed."""

LONG_LOAD = 2.0
"""Seconds that a load goes on after a write: nothing that guards against it may be over by then."""

LEAST_PATIENCE = 0.6
"""Seconds for which those who wait for a load are watched; they may load themselves after one."""

TO_CATCH_UP = 0.1
"""Seconds for those who came at the same moment as one who waits already."""


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


def must_be_answered(early: Answer) -> None:
    assert early.status == 200, (
        "A read was loading the user when a PATCH was committed; the read was answered with "
        f"{early.status}. It may show the old name or the new one, but it has to be answered."
    )


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
        poll(lambda: gate.waiting > 1, seconds=LEAST_PATIENCE)
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
    """A write is committed while a load holds the old value: here, and at another replica."""
    admin = people.admin()
    must_not_be_stored(service, admin, "a PATCH")
    with service.replica() as other:
        must_not_be_stored(service, admin, "at another replica a PATCH", at=other)


def must_not_be_stored(service: Subject, admin: Person, write: str, at: str | None = None) -> None:
    """A load that began before a write ends long after it."""
    ada = add_user(service, "Ada")
    rename(service, ada, admin, OLD, at=at)
    with (
        Gate(service, "users", ada, holds=1) as gate,
        service.meanwhile(lambda: read(service, ada, admin)) as early,
    ):
        gate.await_arrival()
        with started(service, lambda: rename(service, ada, admin, at=at)) as (ended, result):
            if ended.wait(LONGEST_WRITE):
                let_time_pass(service, ada, LONG_LOAD)
            gate.open()
            result()
        must_be_answered(early())
    after = service.look_at(read(service, ada, admin))
    assert name_in(after) == NEW, (
        f"A read had loaded the user but not yet stored them; then {write} was committed, and "
        f"`invalidate` called; then the read stored what it had: “{OLD}” is back, and stays. What "
        "was loaded before a write must not be stored after it."
    )


def check_later_read(service: Subject, people: People) -> None:
    """Five reads that come after the write, while the older load still waits, and ends first."""
    admin, ada = people.admin(), add_user(service)
    service.forget_statements()
    with (
        Gate(service, "users", ada, reads_only=True) as gate,
        service.meanwhile(lambda: read(service, ada, admin)) as early,
    ):
        gate.await_arrival()
        with started(service, lambda: rename(service, ada, admin)) as (ended, result):
            if not ended.wait(LONGEST_WRITE):
                gate.open_to_the_first()
            result()
        five = [lambda: read(service, ada, admin)] * 5
        with service.meanwhile(lambda: service.together(five)) as late:
            poll(lambda: gate.waiting > 1, seconds=AT_ONCE)
            sleep(TO_CATCH_UP)
            gate.open_to_the_first()
            must_be_answered(early())
            gate.open()
            answers = late()
    for answer in answers:
        assert name_in(service.look_at(answer)) == NEW, (
            "A load was running; a PATCH was committed and answered; a read that came only after "
            f"that answer was given what the older load brought: “{OLD}”."
        )
    count = loads(service)
    assert count == 2, (
        "A load was running, a PATCH was committed and answered, and five read the user while that "
        f"load still ran: {count - 1} more loads, where one is enough."
    )
    after = service.look_at(read(service, ada, admin))
    assert name_in(after) == NEW, (
        "An older load ended while a newer one, begun after a PATCH, was still running; then the "
        f"newer one ended, and the next read shows “{OLD}” again: the older load stored after all."
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
