"""What others see while a load runs: readers of the same user, writers, other readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event
from typing import TypeVar

from exercises.grading.answer import Answer
from exercises.grading.gate import Gate
from exercises.grading.people import People, Person
from exercises.grading.requests import NoAnswer
from exercises.grading.subject import Subject
from tests.exercises.cached_users import (
    AT_ONCE,
    NEW,
    OLD,
    TTL_SECONDS,
    add_user,
    key_of,
    let_time_pass,
    loads,
    name_in,
    poll,
    read,
    rename,
    requests_begun,
    twin_of,
)

LONGEST_WRITE = 0.8
"""Seconds; what is not answered by then waits for the load that runs, which is allowed."""

LONG_LOAD = 10.0
"""Seconds that a load goes on after a write: nothing that guards against it may be over by then."""

WATCHED = 0.55
"""Seconds from when a second one has come; who waits for a load may load after 0.7 s of waiting."""

TO_ARRIVE = 0.03
"""Seconds from when a request has begun until it has decided whether to load."""

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


def check_overtaken_load(service: Subject, people: People) -> None:
    """A write is committed while a load holds the old value: here, and at another replica."""
    admin = people.admin()
    must_not_be_stored(service, admin, add_user(service), "a PATCH")
    must_not_be_stored(service, admin, user_to_renew(service, admin), "a PATCH", ahead=True)
    with service.replica() as other:
        ada = add_user(service, "Ada")
        rename(service, ada, admin, OLD, at=other)
        must_not_be_stored(service, admin, ada, "at another replica a PATCH", at=other)


def user_to_renew(service: Subject, admin: Person) -> str:
    """A user who lies in Redis, though not for long."""
    ada = add_user(service)
    name_in(read(service, ada, admin))
    service.cache.expire(key_of(ada), TTL_SECONDS // 20)
    return ada


def must_not_be_stored(
    service: Subject,
    admin: Person,
    ada: str,
    write: str,
    *,
    at: str | None = None,
    ahead: bool = False,
) -> None:
    """A load that began before a write, and that one more may wait for, ends long after it.

    `ahead`: the read is a hit, and loads only if it wants to renew the value ahead of time.
    """
    two = [lambda: read(service, ada, admin)] * 2
    service.forget_statements()
    with (
        Gate(service, "users", ada, holds=1, reads_only=True) as gate,
        started(service, lambda: service.together(two)) as (answered, early),
    ):
        if ahead:
            poll(lambda: answered.is_set() or gate.waiting > 0, AT_ONCE)
        else:
            gate.await_arrival()
            poll(lambda: requests_begun(service) > 1, AT_ONCE)
        with started(service, lambda: rename(service, ada, admin, at=at)) as (ended, result):
            if ended.wait(LONGEST_WRITE):
                let_time_pass(service, ada, LONG_LOAD)
            behind = answered.is_set() and gate.waiting > 0
            gate.open()
            result()
        for answer in early():
            must_be_answered(answer)
    after = service.look_at(read(service, ada, admin))
    if behind:
        poll(lambda: service.cache.exists(key_of(ada)) > 0, TO_ARRIVE)
        after = service.look_at(read(service, ada, admin))
    assert name_in(after) == NEW, (
        f"A read had loaded the user but not yet stored them; then {write} was committed, and "
        f"`invalidate` called; then the read stored what it had: “{OLD}” is back, and stays. What "
        "was loaded before a write must not be stored after it."
    )


def check_later_read(service: Subject, people: People) -> None:
    """Five reads that come after the write, while the older load still waits, and ends first.

    Whoever waited for the older load may read again, and so wait for the newer one; and a load that
    a write has cancelled is in no count.
    """
    admin, ada = people.admin(), add_user(service)
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
        before = requests_begun(service)
        five = [lambda: read(service, ada, admin)] * 5
        with service.meanwhile(lambda: service.together(five)) as late:
            poll(lambda: gate.waiting > 1 and requests_begun(service) >= before + 5, AT_ONCE)
            gate.open_to_the_first()
            early_ended.wait(AT_ONCE)
            with service.meanwhile(lambda: read(service, ada, admin)) as last:
                poll(lambda: requests_begun(service) >= before + 6, AT_ONCE)
                poll(lambda: gate.waiting > 1, TO_ARRIVE)
                gate.open()
                answers = [*late(), last()]
        must_be_answered(early())
    for answer in answers:
        assert name_in(service.look_at(answer)) == NEW, (
            "A load was running; a PATCH was committed and answered; a read that came only after "
            f"that answer was given what the older load brought: “{OLD}”."
        )
    count = loads(service)
    assert count <= 2, (
        "A load was running, a PATCH was committed and answered, five read the user while that "
        f"load still ran, and one more when it had ended: {count - 1} more loads, where one is "
        "enough."
    )
    after = service.look_at(read(service, ada, admin))
    assert name_in(after) == NEW, (
        "An older load ended while a newer one, begun after a PATCH, was still running; then the "
        f"newer one ended, and the next read shows “{OLD}” again: the older load stored after all."
    )


def check_other_user(service: Subject, people: People) -> None:
    """Another user is read while the loads of eight wait."""
    admin, ada = people.admin(), add_user(service)
    seven = [add_user(service) for _ in range(7)]
    grace = add_user(service, "Grace Hopper", twin_of(ada))
    eight = [partial(read, service, user, admin) for user in (ada, *seven)]
    with (
        Gate(service, "users", ada, others=seven) as gate,
        service.meanwhile(lambda: service.together(eight)) as slow,
    ):
        poll(lambda: gate.waiting == len(eight), AT_ONCE)
        try:
            other = read(service, grace, admin, timeout=AT_ONCE)
        except NoAnswer:
            other = None
        gate.open()
        slow()
    assert other is not None, (
        "While eight users were being loaded, the read of another one got no answer: "
        "it waited for what one of them had."
    )
    assert name_in(other) == "Grace Hopper", "The read of one user gave another one."
