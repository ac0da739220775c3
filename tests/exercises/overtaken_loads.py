"""Loads that a write overtakes: what they read is old by the time they store it."""

from __future__ import annotations

from exercises.grading.answer import Answer
from exercises.grading.gate import Gate
from exercises.grading.people import People, Person
from exercises.grading.subject import Subject
from tests.exercises.cached_users import (
    AT_ONCE,
    NEW,
    OLD,
    TTL_SECONDS,
    add_user,
    await_value,
    key_of,
    let_nearly_all_time_pass,
    let_time_pass,
    loads_of_a_read,
    name_in,
    poll,
    read,
    rename,
    requests_begun,
)
from tests.exercises.running_loads import LONGEST_WRITE, TO_ARRIVE, must_be_answered, started

LONG_LOAD = 10.0
"""Seconds that a load goes on after a write: nothing that guards against it may be over by then."""

LAST_SECONDS = 5.0
"""What an earlier write has left is over so soon: in the middle of a long load."""


def check_overtaken_load(service: Subject, people: People) -> None:
    """A write is committed while a load holds the old value: here, and at another replica."""
    admin = people.admin()
    must_not_be_stored(
        *(service, admin, user_under_garbage(service), "a PATCH"), found="garbage", refilled=True
    )
    must_not_be_stored(
        *(service, admin, user_to_renew(service, admin), "a PATCH"), found="a value that ends soon"
    )
    with service.replica() as other:
        ada = user_written_long_ago(service, admin, other)
        must_not_be_stored(
            *(service, admin, ada, "at another replica a PATCH"), at=other, before=LAST_SECONDS + 1
        )


def user_under_garbage(service: Subject) -> str:
    """A user for whom something lies in Redis that nobody can use."""
    ada = add_user(service)
    service.cache.set(key_of(ada), b"not what you think", ex=TTL_SECONDS)
    return ada


def user_to_renew(service: Subject, admin: Person) -> str:
    """A user who lies in Redis, though not for long."""
    ada = add_user(service)
    name_in(read(service, ada, admin))
    service.cache.expire(key_of(ada), TTL_SECONDS // 20)
    return ada


def user_written_long_ago(service: Subject, admin: Person, at: str) -> str:
    """A user who was renamed at a replica; nearly all that this has left in Redis will end soon."""
    ada = add_user(service, "Ada")
    rename(service, ada, admin, OLD, at=at)
    let_nearly_all_time_pass(service, ada, LAST_SECONDS)
    return ada


def must_not_be_stored(
    service: Subject,
    admin: Person,
    ada: str,
    write: str,
    *,
    at: str | None = None,
    found: str = "nothing",
    before: float = 0.0,
    refilled: bool = False,
) -> None:
    """A load that began before a write, and that one more may wait for, ends long after it.

    `found`: in Redis, by the read; a value is a hit, and only who wants to renew it ahead of time
    loads. `before`: seconds of the load that have passed when the write comes. `refilled`: between
    the write and the end of the load somebody reads.
    """
    two = [lambda: read(service, ada, admin)] * 2
    newer: tuple[Answer, int] | None = None
    service.forget_statements()
    with (
        Gate(service, "users", ada, holds=1, reads_only=True) as gate,
        started(service, lambda: service.together(two)) as (answered, early),
    ):
        if "value" in found:
            poll(lambda: answered.is_set() or gate.waiting > 0, AT_ONCE)
        else:
            gate.await_arrival()
            poll(lambda: requests_begun(service) > 1, AT_ONCE)
        let_time_pass(service, ada, before)
        with started(service, lambda: rename(service, ada, admin, at=at)) as (ended, result):
            if ended.wait(LONGEST_WRITE):
                newer = read_twice(service, ada, admin) if refilled else None
                let_time_pass(service, ada, LONG_LOAD - before)
            behind = answered.is_set() and gate.waiting > 0
            gate.open()
            result()
        for answer in early():
            must_be_answered(answer)
    if newer:
        must_have_filled(service, *newer)
    after = service.look_at(read(service, ada, admin))
    if behind:
        poll(lambda: service.cache.exists(key_of(ada)) > 0, TO_ARRIVE)
        after = service.look_at(read(service, ada, admin))
    assert name_in(after) == NEW, (
        f"A read had found {found} in Redis and loaded the user, but not yet stored them; then "
        f"{write} was committed, and `invalidate` called; then the read stored what it had: "
        f"“{OLD}” is back, and stays. What was loaded before a write must not be stored after it."
    )


def read_twice(service: Subject, ada: str, admin: Person) -> tuple[Answer, int]:
    """The answer to the first read, and how many loads the second one made."""
    first = read(service, ada, admin)
    await_value(service, ada)
    return first, loads_of_a_read(service, ada, admin)


def must_have_filled(service: Subject, first: Answer, loads: int) -> None:
    """The first read after a write fills the cache, whatever is still being loaded."""
    what = "A load was running; a PATCH was committed and answered"
    shown = name_in(service.look_at(first))
    assert shown == NEW, f"{what}; a read that came only after that answer shows “{shown}”."
    assert loads == 0, (
        f"{what}; a read showed the new name, and the next one, while the older load still ran, "
        "made a load too. The first read after a write should have filled the cache again."
    )
