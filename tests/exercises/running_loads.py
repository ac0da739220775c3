"""What others see while a load runs: readers of the same user, writers, other readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event
from time import perf_counter
from typing import TypeVar

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
    await_value,
    loads,
    loads_of_a_read,
    name_in,
    poll,
    read,
    rename,
    requests_begun,
    twin_of,
)

LONGEST_WRITE = 0.8
"""Seconds; what is not answered by then waits for the load that runs, which is allowed."""

LEAST_PATIENCE = 0.7
"""Seconds; who has waited so long for a load may load."""

WATCHED = 0.55
"""Seconds from when a second one has come; they and what else it takes are less than 0.7."""

TO_ARRIVE = 0.03
"""Seconds from when a request has begun until it has decided whether to load."""

TO_BE_ANSWERED = 0.2
"""Seconds from when a load may go on until its read is answered; who waits for it waits on."""

T = TypeVar("T")


@contextmanager
def started(service: Subject, call: Callable[[], T]) -> Iterator[tuple[Event, Callable[[], T]]]:
    """A request in the background: the event of its end, and what waits for its answer."""
    ended = Event()

    def run() -> T:
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
        poll(lambda: requests_begun(service) > 1, AT_ONCE)
        poll(lambda: gate.waiting > 1, WATCHED)
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


def check_later_read(service: Subject, people: People) -> None:
    """Five reads that come after the write, while the older load still waits, and ends first.

    Whoever waited for the older load may read again, and so wait for the newer one; and a load that
    a write has cancelled is in no count. A sixth read comes when the older load has ended, and
    another user has been written: the newer one is still there to wait for.
    """
    admin, ada, grace = people.admin(), add_user(service), add_user(service)
    service.forget_statements()
    with (
        Gate(service, "users", ada, reads_only=True) as gate,
        started(service, lambda: read(service, ada, admin)) as (early_ended, early),
    ):
        gate.await_arrival()
        with started(service, lambda: rename(service, ada, admin)) as (ended, result):
            if not ended.wait(LONGEST_WRITE):
                gate.open_to_the_first()
            result()
        before, began = requests_begun(service), perf_counter()
        five = [lambda: read(service, ada, admin)] * 5
        with service.meanwhile(lambda: service.together(five)) as late:
            poll(lambda: gate.waiting > 1 and requests_begun(service) >= before + 5, AT_ONCE)
            gate.open_to_the_first()
            early_ended.wait(TO_BE_ANSWERED)
            rename(service, grace, admin)
            before = requests_begun(service)
            with service.meanwhile(lambda: read(service, ada, admin)) as last:
                poll(lambda: requests_begun(service) > before, TO_BE_ANSWERED)
                poll(lambda: gate.waiting > 1, TO_ARRIVE)
                waited = perf_counter() - began
                gate.open()
                answers = [*late(), last()]
        must_be_answered(early())
    for answer in answers:
        assert name_in(service.look_at(answer)) == NEW, (
            "A load was running; a PATCH was committed and answered; a read that came only after "
            f"that answer was given what the older load brought: “{OLD}”."
        )
    count = loads(service)
    assert count <= 2 or waited > LEAST_PATIENCE, (
        "A load was running, a PATCH was committed and answered, five read the user while that "
        "load still ran, and one more when it had ended and another user had been written: "
        f"{count - 1} more loads, where one is enough."
    )
    after = service.look_at(read(service, ada, admin))
    assert name_in(after) == NEW, (
        "An older load ended while a newer one, begun after a PATCH, was still running; then the "
        f"newer one ended, and the next read shows “{OLD}” again: the older load stored after all."
    )


def check_other_user(service: Subject, people: People) -> None:
    """Another user is read while the loads of eight wait, and four more for one of the loads.

    Those may load, too, before that read is made: twelve connections of fifteen.
    """
    admin, ada = people.admin(), add_user(service)
    seven = [add_user(service) for _ in range(7)]
    grace = add_user(service, "Grace Hopper", twin_of(ada))
    service.forget_statements()
    twelve = [partial(read, service, user, admin) for user in (ada, *seven, *[ada] * 4)]
    with (
        Gate(service, "users", ada, others=seven) as gate,
        service.meanwhile(lambda: service.together(twelve)) as slow,
    ):
        poll(lambda: gate.waiting >= 8 and requests_begun(service) >= len(twelve), AT_ONCE)
        try:
            other = read(service, grace, admin, timeout=AT_ONCE)
        except NoAnswer:
            other = None
        gate.open()
        slow()
    assert other is not None, (
        "While eight users were being loaded, and four more reads waited for one of them, the read "
        f"of another user got no answer within {AT_ONCE} s: it waited for what one of them had."
    )
    assert name_in(other) == "Grace Hopper", "The read of one user gave another one."


def check_other_write(service: Subject, people: People) -> None:
    """A write to one user comes while another one is loaded, and when both are cached."""
    admin, ada = people.admin(), add_user(service)
    grace = add_user(service, "Grace Hopper", twin_of(ada))
    with (
        Gate(service, "users", grace) as gate,
        service.meanwhile(lambda: read(service, grace, admin)) as first,
    ):
        gate.await_arrival()
        rename(service, ada, admin)
        gate.open()
        name_in(first())
    await_value(service, grace)
    count = loads_of_a_read(service, grace, admin)
    assert count == 0, (
        "While a user was being loaded, a PATCH to another one was committed; what was loaded was "
        "not stored: the next read made a load, too."
    )
    name_in(read(service, ada, admin))
    rename(service, ada, admin)
    count = loads_of_a_read(service, grace, admin)
    assert count == 0, f"After a write to one user, reading another one made {count} load."
