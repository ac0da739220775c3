"""What a load stores and what a write invalidates, on their way to Redis at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from redis import Redis

from exercises.grading.gate import Gate
from exercises.grading.people import People
from exercises.grading.subject import Subject
from tests.exercises.cached_users import NEW, OLD, add_user, name_in, poll, read, rename
from tests.exercises.running_loads import must_be_answered, started

LONGEST_HOLD = 0.35
"""Seconds; then Redis goes on by itself, before a client of 0.4 s of patience gives up."""

ON_THE_WAY = 0.1
"""Seconds; what has not come to Redis by then waits for something else, or does not come."""


@contextmanager
def writes_held(cache: Redis) -> Iterator[float]:
    """Redis answers what only reads; what writes is done afterwards, in the order in which it came.

    Gives the moment before.
    """
    began = perf_counter()
    cache.client_pause(int(LONGEST_HOLD * 1000), all=False)
    try:
        yield began
    finally:
        cache.client_unpause()


def held(cache: Redis) -> int:
    """How many clients wait for Redis to go on."""
    return sum("b" in client["flags"] for client in cache.client_list())


def check_crossing(service: Subject, people: People) -> None:
    """A write comes to Redis, and before it is done there, an older load is about to store.

    Whoever looks, and then stores, has looked before the write and stores after it.
    """
    admin, ada, cache = people.admin(), add_user(service), service.cache
    with (
        Gate(service, "users", ada, holds=2) as gate,
        started(service, lambda: rename(service, ada, admin)) as (written, result),
    ):
        gate.await_arrival()
        with started(service, lambda: read(service, ada, admin)) as (answered, early):
            poll(lambda: gate.waiting > 1, ON_THE_WAY)
            with writes_held(cache) as began:
                gate.open_to_the_first()
                poll(lambda: written.is_set() or held(cache) > 0, ON_THE_WAY)
                gate.open()
                poll(lambda: answered.is_set() or held(cache) > 1, ON_THE_WAY)
                too_early = written.is_set() and perf_counter() < began + LONGEST_HOLD
            result()
            must_be_answered(early())
    assert not too_early, (
        "Redis was slow, and a PATCH was answered before Redis had taken anything from "
        f"`invalidate`: whoever reads now still finds “{OLD}”."
    )
    after = service.look_at(read(service, ada, admin))
    assert name_in(after) == NEW, (
        "A read had loaded the user; a PATCH was committed, and what `invalidate` sends and what "
        f"the read stores came to Redis at the same moment: “{OLD}” is back, and stays. Looking "
        "and storing have to be one step, and so have deleting and marking."
    )
